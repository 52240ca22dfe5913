//! Walks over the documents of a segment that match, in order, and says what each match counts.
//!
//! Points are whole numbers: their sum is the same in whatever order it is made, so scores do not depend on how
//! documents are spread over segments.

use crate::search::evidence::{self, NameLength};
use tantivy::postings::{Postings, SegmentPostings};
use tantivy::{DocId, DocSet, TERMINATED};

/// A full hit of a whole query in a name.
pub(crate) const FULL: u32 = 10_000;

/// What a posting counts, of 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Worth {
    /// By the places that its frequency stands for.
    Places,
    /// By how a vocabulary number is stated.
    Vocabulary,
    /// Fully in a name (frequency 2), less elsewhere.
    NameFirst(u32),
    /// Always the same, and where that is.
    Same(u32, evidence::Places),
}

impl Worth {
    /// Of filters.
    pub(crate) const NOTHING: Worth = Worth::Same(0, 0);

    /// What a frequency counts.
    #[inline]
    pub(crate) fn of(self, frequency: u32, length: NameLength) -> u32 {
        match self {
            Worth::Places => evidence::worth(frequency, length),
            Worth::Vocabulary => evidence::TERM_WORTH.get(frequency as usize).copied().unwrap_or(0),
            Worth::NameFirst(elsewhere) => {
                if frequency > 1 {
                    1000
                } else {
                    elsewhere
                }
            }
            Worth::Same(worth, _) => worth,
        }
    }

    /// The most that anything can count.
    pub(crate) fn most(self) -> u32 {
        match self {
            Worth::Places => evidence::worth(u32::from(evidence::code(u8::MAX)), 0),
            Worth::Vocabulary => 640,
            Worth::NameFirst(_) => 1000,
            Worth::Same(worth, _) => worth,
        }
    }

    /// The places that a frequency stands for.
    pub(crate) fn places(self, frequency: u32) -> evidence::Places {
        match self {
            Worth::Places => evidence::places(frequency),
            Worth::Vocabulary => evidence::TERM_PLACES.get(frequency as usize).copied().unwrap_or(0),
            Worth::Same(_, places) => places,
            Worth::NameFirst(_) if frequency > 1 => evidence::NAME,
            Worth::NameFirst(_) => evidence::ALIAS,
        }
    }
}

/// One way for a word to match: a term, or several terms that must all be there.
pub(crate) struct Leaf {
    /// Boxed: posting lists carry their decoded blocks, over a kilobyte, and would be moved about with them.
    first: Box<SegmentPostings>,
    #[expect(clippy::vec_box, reason = "posting lists are large and are moved when sorted")]
    others: Vec<Box<SegmentPostings>>,
    worth: Worth,
    weight: u32,
    /// Worths by places, at hand because most leaves count by them.
    table: &'static evidence::Table,
}

impl Leaf {
    /// A leaf of at least one posting list; `weight` is what a worth of 1000 becomes.
    #[expect(clippy::vec_box, reason = "posting lists are large and are moved when sorted")]
    pub(crate) fn new(mut postings: Vec<Box<SegmentPostings>>, worth: Worth, weight: u32) -> Option<Leaf> {
        postings.sort_by_key(|postings| postings.size_hint());
        let mut postings = postings.into_iter();
        let first = postings.next()?;
        let mut leaf = Leaf { first, others: postings.collect(), worth, weight, table: evidence::table() };
        leaf.align();
        Some(leaf)
    }

    /// The document it stands at.
    #[inline]
    pub(crate) fn doc(&self) -> DocId {
        self.first.doc()
    }

    fn align(&mut self) -> DocId {
        let mut doc = self.first.doc();
        'again: while doc != TERMINATED {
            for other in &mut self.others {
                let there = if other.doc() < doc { other.seek(doc) } else { other.doc() };
                if there > doc {
                    doc = self.first.seek(there);
                    continue 'again;
                }
            }
            break;
        }
        doc
    }

    #[inline]
    fn advance(&mut self) -> DocId {
        let doc = self.first.advance();
        if self.others.is_empty() { doc } else { self.align() }
    }

    /// Goes to a document or the next that matches.
    #[inline]
    pub(crate) fn seek(&mut self, target: DocId) -> DocId {
        if self.first.doc() < target {
            self.first.seek(target);
            if !self.others.is_empty() {
                self.align();
            }
        }
        self.first.doc()
    }

    /// What the document it stands at counts.
    #[inline]
    pub(crate) fn points(&self, length: NameLength) -> u32 {
        let mut worth = self.worth_of(self.first.term_freq(), length);
        for other in &self.others {
            worth = worth.min(self.worth_of(other.term_freq(), length));
        }
        worth * self.weight / 1000
    }

    #[inline]
    fn worth_of(&self, frequency: u32, length: NameLength) -> u32 {
        match self.worth {
            Worth::Places => evidence::worth_in(self.table, frequency, length),
            worth => worth.of(frequency, length),
        }
    }

    /// The most that any document counts.
    pub(crate) fn most(&self) -> u32 {
        self.worth.most() * self.weight / 1000
    }

    /// Where the word stands in the document it stands at.
    pub(crate) fn places(&self) -> evidence::Places {
        self.others
            .iter()
            .fold(self.worth.places(self.first.term_freq()), |all, other| all | self.worth.places(other.term_freq()))
    }
}

/// Ways for one word to match: the best of them counts.
pub(crate) struct Clause {
    leaves: Vec<Leaf>,
    doc: DocId,
}

impl Clause {
    /// A clause of these ways.
    pub(crate) fn new(leaves: Vec<Leaf>) -> Clause {
        let mut clause = Clause { leaves, doc: 0 };
        clause.settle();
        clause
    }

    #[inline]
    fn settle(&mut self) -> DocId {
        self.doc = match self.leaves.as_slice() {
            [only] => only.doc(),
            leaves => leaves.iter().map(Leaf::doc).min().unwrap_or(TERMINATED),
        };
        self.doc
    }

    #[inline]
    fn advance(&mut self) -> DocId {
        let doc = self.doc;
        if doc == TERMINATED {
            return doc;
        }
        if let [only] = self.leaves.as_mut_slice() {
            self.doc = only.advance();
            return self.doc;
        }
        for leaf in &mut self.leaves {
            if leaf.doc() == doc {
                leaf.advance();
            }
        }
        self.settle()
    }

    #[inline]
    pub(crate) fn seek(&mut self, target: DocId) -> DocId {
        if self.doc < target {
            if let [only] = self.leaves.as_mut_slice() {
                self.doc = only.seek(target);
                return self.doc;
            }
            for leaf in &mut self.leaves {
                leaf.seek(target);
            }
            self.settle();
        }
        self.doc
    }

    /// What the document it stands at counts.
    #[inline]
    pub(crate) fn points(&self, length: NameLength) -> u32 {
        if let [only] = self.leaves.as_slice() {
            return only.points(length);
        }
        self.leaves.iter().filter(|leaf| leaf.doc() == self.doc).map(|leaf| leaf.points(length)).max().unwrap_or(0)
    }

    /// The most that any document counts.
    pub(crate) fn most(&self) -> u32 {
        self.leaves.iter().map(Leaf::most).max().unwrap_or(0)
    }

    /// Where the word stands in the document it stands at.
    pub(crate) fn places(&self) -> evidence::Places {
        self.leaves.iter().filter(|leaf| leaf.doc() == self.doc).fold(0, |places, leaf| places | leaf.places())
    }

    fn cost(&self) -> u64 {
        self.leaves.iter().map(|leaf| leaf.first.cost()).sum()
    }
}

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
                nodes.iter().filter(|(node, _)| node.doc() == *doc).map(|(node, _)| node.points(length)).sum()
            }
        }
    }
}
