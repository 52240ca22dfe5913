//! Walks over the documents of a segment that a word or filter leads to, and says what each counts.
//!
//! Points are whole numbers: their sum is the same in whatever order it is made, so scores do not depend on how
//! documents are spread over segments.

use crate::search::evidence::{self, NameLength};
use tantivy::postings::{Postings, SegmentPostings};
use tantivy::{DocId, DocSet, TERMINATED};

/// What a posting counts, of 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
            Worth::Vocabulary => evidence::TERM_WORTH.into_iter().max().unwrap_or(0),
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

/// What a worth is in a way that is so good. Of a word's ways the best counts, so this comes before the word's weight:
/// then which is best does not depend on the query.
#[inline]
pub(crate) fn value(worth: u32, base: u32) -> u32 {
    worth * base / 1000
}

/// What a value counts for a word of so much weight.
#[inline]
pub(crate) fn points(value: u32, weight: u32) -> u32 {
    value * weight / 1000
}

/// One way for a word to match: a term, or several terms that must all be there.
pub(crate) struct Leaf {
    /// Boxed: posting lists carry their decoded blocks, over a kilobyte, and would be moved about with them.
    first: Box<SegmentPostings>,
    others: Vec<SegmentPostings>,
    worth: Worth,
    base: u32,
    weight: u32,
    /// Worths by places, at hand because most leaves count by them.
    table: &'static evidence::Table,
}

impl Leaf {
    /// A leaf of at least one posting list; `base` is how good a way to match it is, of 1000, and `weight` what a worth
    /// of 1000 becomes in the best way.
    pub(crate) fn new(mut postings: Vec<SegmentPostings>, worth: Worth, base: u32, weight: u32) -> Option<Leaf> {
        postings.sort_by_key(|postings| postings.size_hint());
        let mut postings = postings.into_iter();
        let first = Box::new(postings.next()?);
        let mut leaf = Leaf { first, others: postings.collect(), worth, base, weight, table: evidence::table() };
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
        points(value(worth, self.base), self.weight)
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
        points(value(self.worth.most(), self.base), self.weight)
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
    pub(crate) leaves: Vec<Leaf>,
    /// The document it stands at.
    pub(crate) doc: DocId,
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

    /// Where the word stands in the document it stands at.
    pub(crate) fn places(&self) -> evidence::Places {
        self.leaves.iter().filter(|leaf| leaf.doc() == self.doc).fold(0, |places, leaf| places | leaf.places())
    }
}
