//! Conditions together: trees of words and filters, and the walks over what meets them.

use crate::search::cursor::{Clause, Leaf};
use crate::search::evidence::{self, NameLength};
use tantivy::{DocId, TERMINATED};

/// What a match of every word adds where some of the words would do: it comes before all that lack one.
pub(crate) const EVERYTHING: u32 = 15_000;

/// A walk over documents in order. The common shapes have walks of their own, since the loop over all matches is where
/// the time of a search goes.
pub(crate) trait Walk {
    /// The document it stands at.
    fn doc(&self) -> DocId;
    /// Goes to the next document.
    fn advance(&mut self) -> DocId;
    /// What the document it stands at counts.
    fn points(&self, length: NameLength) -> u32;
    /// Where words stand in the document it stands at.
    fn places(&self) -> evidence::Places;
}

impl Walk for Leaf {
    #[inline]
    fn doc(&self) -> DocId {
        Leaf::doc(self)
    }

    #[inline]
    fn advance(&mut self) -> DocId {
        Leaf::advance(self)
    }

    #[inline]
    fn points(&self, length: NameLength) -> u32 {
        Leaf::points(self, length)
    }

    fn places(&self) -> evidence::Places {
        Leaf::places(self)
    }
}

impl Walk for Node {
    fn doc(&self) -> DocId {
        Node::doc(self)
    }

    fn advance(&mut self) -> DocId {
        Node::advance(self)
    }

    fn points(&self, length: NameLength) -> u32 {
        Node::points(self, length)
    }

    fn places(&self) -> evidence::Places {
        Node::places(self)
    }
}

/// Words and filters that must all be there, the rarest first.
pub(crate) struct Together(Vec<Clause>);

impl Together {
    #[inline]
    fn align(&mut self, mut doc: DocId) -> DocId {
        let Some((first, others)) = self.0.split_first_mut() else { return TERMINATED };
        'again: while doc != TERMINATED {
            for other in others.iter_mut() {
                let there = other.seek(doc);
                if there > doc {
                    doc = first.seek(there);
                    continue 'again;
                }
            }
            break;
        }
        doc
    }
}

impl Walk for Together {
    #[inline]
    fn doc(&self) -> DocId {
        self.0.first().map_or(TERMINATED, |clause| clause.doc)
    }

    #[inline]
    fn advance(&mut self) -> DocId {
        let doc = self.0.first_mut().map_or(TERMINATED, Clause::advance);
        self.align(doc)
    }

    #[inline]
    fn points(&self, length: NameLength) -> u32 {
        self.0.iter().map(|clause| clause.points(length)).sum()
    }

    fn places(&self) -> evidence::Places {
        self.0.iter().fold(0, |places, clause| places | clause.places())
    }
}

/// A tree in the shape that is walked fastest.
pub(crate) enum Shape {
    /// One term.
    Leaf(Leaf),
    /// Words and filters that must all be there.
    Together(Together),
    /// Anything else.
    Node(Node),
}

impl Node {
    /// The fastest shape.
    pub(crate) fn shape(self) -> Shape {
        match self {
            Node::Clause(mut clause) if clause.leaves.len() == 1 => match clause.leaves.pop() {
                Some(leaf) => Shape::Leaf(leaf),
                None => Shape::Node(Node::Nothing),
            },
            Node::And(nodes) if nodes.iter().all(|node| matches!(node, Node::Clause(_))) => {
                let clauses = nodes.into_iter().filter_map(|node| match node {
                    Node::Clause(clause) => Some(clause),
                    _ => None,
                });
                Shape::Together(Together(clauses.collect()))
            }
            other => Shape::Node(other),
        }
    }
}

/// A tree of conditions.
pub(crate) enum Node {
    /// Every document.
    All { doc: DocId, documents: DocId },
    /// None.
    Nothing,
    /// A word or a filter.
    Clause(Clause),
    /// All of these.
    And(Vec<Node>),
    /// Any of these.
    Or(Vec<Node>),
    /// Enough of these, each with its share.
    Enough { nodes: Vec<(Node, u32)>, need: u32, doc: DocId },
}

impl Node {
    /// Every document of a segment.
    pub(crate) fn all(documents: DocId) -> Node {
        Node::All { doc: if documents == 0 { TERMINATED } else { 0 }, documents }
    }

    /// All of these; the rarest leads.
    pub(crate) fn and(mut nodes: Vec<Node>) -> Node {
        if nodes.len() == 1 {
            return nodes.pop().unwrap_or(Node::Nothing);
        }
        nodes.sort_by_key(Node::cost);
        let mut node = Node::And(nodes);
        node.align(0);
        node
    }

    /// Any of these.
    pub(crate) fn or(mut nodes: Vec<Node>) -> Node {
        if nodes.len() == 1 { nodes.pop().unwrap_or(Node::Nothing) } else { Node::Or(nodes) }
    }

    /// So many of these that their shares reach `need`.
    pub(crate) fn enough(nodes: Vec<(Node, u32)>, need: u32) -> Node {
        let mut node = Node::Enough { nodes, need: need.max(1), doc: 0 };
        node.reach(0);
        node
    }

    fn cost(&self) -> u64 {
        match self {
            Node::All { documents, .. } => u64::from(*documents),
            Node::Nothing => 0,
            Node::Clause(clause) => clause.cost(),
            Node::And(nodes) => nodes.iter().map(Node::cost).min().unwrap_or(0),
            Node::Or(nodes) => nodes.iter().map(Node::cost).sum(),
            Node::Enough { nodes, .. } => nodes.iter().map(|(node, _)| node.cost()).sum(),
        }
    }

    /// The document it stands at.
    #[inline]
    pub(crate) fn doc(&self) -> DocId {
        match self {
            Node::All { doc, .. } | Node::Enough { doc, .. } => *doc,
            Node::Nothing => TERMINATED,
            Node::Clause(clause) => clause.doc,
            Node::And(nodes) => nodes.first().map_or(TERMINATED, Node::doc),
            Node::Or(nodes) => nodes.iter().map(Node::doc).min().unwrap_or(TERMINATED),
        }
    }

    /// Goes to the next document.
    #[inline]
    pub(crate) fn advance(&mut self) -> DocId {
        match self {
            Node::All { doc, documents } => {
                *doc = if *doc != TERMINATED && *doc + 1 < *documents { *doc + 1 } else { TERMINATED };
                *doc
            }
            Node::Nothing => TERMINATED,
            Node::Clause(clause) => clause.advance(),
            Node::And(nodes) => {
                let Some(first) = nodes.first_mut() else { return TERMINATED };
                let doc = first.advance();
                self.align(doc)
            }
            Node::Or(_) | Node::Enough { .. } => {
                let doc = self.doc();
                if doc == TERMINATED { doc } else { self.seek(doc + 1) }
            }
        }
    }

    /// Goes to a document or the next that matches.
    pub(crate) fn seek(&mut self, target: DocId) -> DocId {
        if self.doc() >= target {
            return self.doc();
        }
        match self {
            Node::All { doc, documents } => {
                *doc = if target < *documents { target } else { TERMINATED };
                *doc
            }
            Node::Nothing => TERMINATED,
            Node::Clause(clause) => clause.seek(target),
            Node::And(_) => self.align(target),
            Node::Or(nodes) => nodes.iter_mut().map(|node| node.seek(target)).min().unwrap_or(TERMINATED),
            Node::Enough { .. } => self.reach(target),
        }
    }

    fn align(&mut self, target: DocId) -> DocId {
        let Node::And(nodes) = self else { return self.doc() };
        let mut doc = target;
        'again: loop {
            for node in nodes.iter_mut() {
                let there = node.seek(doc);
                if there > doc {
                    doc = there;
                    if doc == TERMINATED {
                        // The leader tells where the whole stands.
                        if let Some(first) = nodes.first_mut() {
                            first.seek(TERMINATED);
                        }
                        return TERMINATED;
                    }
                    continue 'again;
                }
            }
            return doc;
        }
    }

    fn reach(&mut self, target: DocId) -> DocId {
        let Node::Enough { nodes, need, doc } = self else { return self.doc() };
        let mut target = target;
        loop {
            let mut next = TERMINATED;
            for (node, _) in nodes.iter_mut() {
                next = next.min(node.seek(target));
            }
            *doc = next;
            if next == TERMINATED {
                return next;
            }
            let reached: u32 = nodes.iter().filter(|(node, _)| node.doc() == next).map(|(_, share)| *share).sum();
            if reached >= *need {
                return next;
            }
            target = next + 1;
        }
    }

    /// Where words stand in the document it stands at.
    pub(crate) fn places(&self) -> evidence::Places {
        let doc = self.doc();
        match self {
            Node::All { .. } | Node::Nothing => 0,
            Node::Clause(clause) => clause.places(),
            Node::And(nodes) | Node::Or(nodes) => {
                nodes.iter().filter(|node| node.doc() == doc).fold(0, |places, node| places | node.places())
            }
            Node::Enough { nodes, .. } => {
                nodes.iter().filter(|(node, _)| node.doc() == doc).fold(0, |places, (node, _)| places | node.places())
            }
        }
    }

    /// What the document it stands at counts.
    #[inline]
    pub(crate) fn points(&self, length: NameLength) -> u32 {
        match self {
            Node::All { .. } | Node::Nothing => 0,
            Node::Clause(clause) => clause.points(length),
            Node::And(nodes) => nodes.iter().map(|node| node.points(length)).sum(),
            Node::Or(nodes) => {
                let doc = self.doc();
                nodes.iter().filter(|node| node.doc() == doc).map(|node| node.points(length)).sum()
            }
            Node::Enough { nodes, doc, .. } => {
                let here = || nodes.iter().filter(|(node, _)| node.doc() == *doc);
                let all = if here().count() == nodes.len() { EVERYTHING } else { 0 };
                here().map(|(node, _)| node.points(length)).sum::<u32>() + all
            }
        }
    }
}
