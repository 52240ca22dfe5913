//! The first hits of a segment, while its matches are walked.

use crate::search::intake::Features;
use crate::search::order::{Keys, Order};
use crate::search::packed::AreaWorth;
use crate::search::view::SegmentData;
use crate::search::weights::REST;
use crate::search::window::{Stretch, WINDOW};
use std::collections::BinaryHeap;
use tantivy::DocId;

/// The first hits of a segment.
pub(crate) struct Best<'a, K> {
    pub data: &'a SegmentData,
    /// Hits up to here are not among them.
    pub bound: Option<(Keys, u64)>,
    /// What areas are worth.
    pub areas: AreaWorth<'a>,
    /// Whether there are scores.
    pub scored: bool,
    /// Whether a low score alone rules a document out.
    pub prune: bool,
    /// The score below which it does in the window that is looked at.
    pub least: u32,
    /// No document of the window has a lesser tie rank.
    pub floor: u32,
    /// Where the window of the document begins that `follow` looked at last.
    pub followed: Option<DocId>,
    /// What rules out anywhere.
    pub bar: Bar,
    /// The hits.
    pub top: Top<K>,
}

impl<K: SortKey> Best<'_, K> {
    /// Whether a document of a window that counts so much at most can be among the first.
    pub(crate) fn open(&mut self, stretch: Stretch<'_>, bound: u32) -> bool {
        self.opens(stretch.base, bound + self.areas.most())
    }

    /// The same where what areas are worth is part of the bound; of the window that begins there.
    pub(crate) fn opens(&mut self, base: DocId, bound: u32) -> bool {
        if bound < self.bar.score {
            return false;
        }
        self.enter(base);
        self.followed = None;
        bound >= self.least
    }

    fn enter(&mut self, base: DocId) {
        self.floor = self.data.tie_floor(base);
        self.least = self.bar.least(self.floor);
    }

    /// Looks at a document next, one after the other: where all of its window came later than the last of the first, they have to
    /// count more.
    #[inline]
    pub(crate) fn follow(&mut self, doc: DocId) {
        let base = doc - doc % WINDOW as DocId;
        if self.followed != Some(base) {
            self.followed = Some(base);
            self.enter(base);
        }
    }

    /// Begins to look at documents of any window.
    pub(crate) fn everywhere(&mut self) {
        self.floor = 0;
        self.followed = None;
        self.least = self.bar.least(self.floor);
    }

    /// Raises the bar to a hit that so many others are not behind that the last of the first is no worse.
    pub(crate) fn raise(&mut self, score: u32, tie: u32) {
        if self.prune {
            let bar = Bar { score, tie: if K::IS_SCORE { tie } else { u32::MAX } };
            self.bar = self.bar.max(bar);
            self.least = self.bar.least(self.floor);
        }
    }

    /// A match with fewer points, before what its area is worth, is not among the first.
    #[inline]
    pub(crate) fn threshold(&self) -> u32 {
        self.least.saturating_sub(self.areas.most())
    }

    /// Takes a match in if it is among the first.
    pub(crate) fn consider(&mut self, order: &Order, doc: DocId, points: u32) {
        let mut score = points;
        if self.scored {
            score += self.areas.of(doc);
            if score < self.least {
                return;
            }
            score = score.saturating_sub(rest_points(self.data.features(doc)));
        }
        self.rank(order, doc, score);
    }

    /// Takes a match of this score in if it is among the first.
    pub(crate) fn rank(&mut self, order: &Order, doc: DocId, score: u32) {
        let data = self.data;
        let first = order.first(data, doc, score);
        if self.top.too_late(first) {
            return;
        }
        let key = K::of(order, first, data, doc, score);
        if let Some((bound, tie)) = &self.bound {
            let keys = key.keys();
            if keys < *bound || keys == *bound && data.ties.get_val(doc) <= *tie {
                return;
            }
        }
        let entry = Entry { key, tie: data.tie_rank(doc), doc, score };
        if self.top.takes(&entry) {
            self.top.push(entry);
            if let Some((score, tie)) = self.top.last().map(|last| (last.score, last.tie)) {
                self.raise(score, tie);
            }
        }
    }
}

/// What a document must reach to be among the first. Where scores are all, one that came later with the same score is too
/// late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bar {
    /// A score.
    pub score: u32,
    /// Documents of a greater tie rank must reach more.
    tie: u32,
}

impl Bar {
    /// Everything reaches it.
    pub(crate) const NONE: Bar = Bar { score: 0, tie: u32::MAX };

    fn max(self, other: Bar) -> Bar {
        let higher = other.score > self.score || other.score == self.score && other.tie < self.tie;
        if higher { other } else { self }
    }

    /// The least score of documents of which none has a lesser tie rank.
    fn least(self, floor: u32) -> u32 {
        self.score + u32::from(self.tie < floor)
    }
}

/// Sort keys as they are kept while a segment is walked.
pub(crate) trait SortKey: Copy + Ord {
    /// Whether there is nothing but the score, when that comes first.
    const IS_SCORE: bool;
    /// The keys of a document whose first is known.
    fn of(order: &Order, first: u64, data: &SegmentData, doc: DocId, score: u32) -> Self;
    /// The first.
    fn first(&self) -> u64;
    /// All.
    fn keys(&self) -> Keys;
}

impl SortKey for u64 {
    const IS_SCORE: bool = true;

    #[inline]
    fn of(_: &Order, first: u64, _: &SegmentData, _: DocId, _: u32) -> u64 {
        first
    }

    #[inline]
    fn first(&self) -> u64 {
        *self
    }

    #[inline]
    fn keys(&self) -> Keys {
        let mut keys = Keys::default();
        keys[0] = *self;
        keys
    }
}

impl SortKey for Keys {
    const IS_SCORE: bool = false;

    fn of(order: &Order, first: u64, data: &SegmentData, doc: DocId, score: u32) -> Keys {
        order.keys(first, data, doc, score)
    }

    fn first(&self) -> u64 {
        self[0]
    }

    fn keys(&self) -> Keys {
        *self
    }
}

/// A hit while its segment is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry<K> {
    /// Its sort keys.
    pub key: K,
    tie: u32,
    /// Which document.
    pub doc: DocId,
    /// Its points.
    pub score: u32,
}

/// The first so many of what is pushed.
pub(crate) struct Top<K> {
    keep: usize,
    found: BinaryHeap<Entry<K>>,
}

impl<K: SortKey> Top<K> {
    /// Room for so many.
    pub(crate) fn new(keep: usize) -> Top<K> {
        Top { keep, found: BinaryHeap::with_capacity(keep.min(1024)) }
    }

    /// The last of the first, once there are enough.
    #[inline]
    fn last(&self) -> Option<&Entry<K>> {
        self.found.peek().filter(|_| self.found.len() >= self.keep)
    }

    /// Whether a first key is too late to enter.
    #[inline]
    fn too_late(&self, first: u64) -> bool {
        self.last().is_some_and(|last| first > last.key.first())
    }

    /// Whether a hit is among the first so far.
    #[inline]
    fn takes(&self, entry: &Entry<K>) -> bool {
        self.last().is_none_or(|last| entry < last)
    }

    /// Takes in a hit that is among the first so far.
    fn push(&mut self, entry: Entry<K>) {
        if self.found.len() < self.keep {
            self.found.push(entry);
        } else if let Some(mut last) = self.found.peek_mut() {
            *last = entry;
        }
    }

    /// The hits, in no order.
    pub(crate) fn finish(self) -> Vec<Entry<K>> {
        self.found.into_vec()
    }
}

/// What a record loses for its rest.
pub(crate) fn rest_points(features: Features) -> u32 {
    REST[usize::from(features.rest() & 3)]
}
