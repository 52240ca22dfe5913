//! The first hits of a segment, while its matches are walked.

use crate::search::intake::Features;
use crate::search::order::{Keys, Order};
use crate::search::packed::AreaWorth;
use crate::search::view::SegmentData;
use crate::search::weights::REST;
use crate::search::window::Stretch;
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
    /// The score below which it does.
    pub least: u32,
    /// No document of the window has a lesser tie rank.
    pub floor: u32,
    /// Score and tie rank of a hit that so many others are not behind that the last of the first is no worse.
    pub known: Option<(u32, u32)>,
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
        self.floor = self.data.tie_floor(base);
        self.rise();
        bound >= self.least
    }

    /// Begins to look at documents of any window.
    pub(crate) fn everywhere(&mut self) {
        self.floor = 0;
        self.rise();
    }

    /// Sets the least score by the last of the first: where scores are all, one that came later with the same is too late.
    pub(crate) fn rise(&mut self) {
        let last = self.top.last.as_ref().map(|last| (last.score, last.tie));
        let known = last.into_iter().chain(self.known).filter(|_| self.prune);
        let least = known.map(|(score, tie)| score + u32::from(K::IS_SCORE && tie < self.floor)).max();
        self.least = least.unwrap_or(0);
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

    fn rank(&mut self, order: &Order, doc: DocId, score: u32) {
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
            self.rise();
        }
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
    found: Vec<Entry<K>>,
    /// The last of the first, once there are enough.
    last: Option<Entry<K>>,
}

impl<K: SortKey> Top<K> {
    /// Room for so many.
    pub(crate) fn new(keep: usize) -> Top<K> {
        Top { keep, found: Vec::with_capacity(keep.min(1024) * 2), last: None }
    }

    /// Whether a first key is too late to enter.
    #[inline]
    fn too_late(&self, first: u64) -> bool {
        self.last.as_ref().is_some_and(|last| first > last.key.first())
    }

    /// Whether a hit is among the first so far.
    #[inline]
    fn takes(&self, entry: &Entry<K>) -> bool {
        self.last.as_ref().is_none_or(|last| entry < last)
    }

    fn push(&mut self, entry: Entry<K>) {
        self.found.push(entry);
        if self.found.len() >= self.keep.saturating_mul(2) {
            self.shrink();
        }
    }

    fn shrink(&mut self) {
        if self.found.len() > self.keep && self.keep > 0 {
            let (_, last, _) = self.found.select_nth_unstable(self.keep - 1);
            self.last = Some(*last);
            self.found.truncate(self.keep);
        }
    }

    /// The hits, in no order.
    pub(crate) fn finish(mut self) -> Vec<Entry<K>> {
        self.shrink();
        self.found
    }
}

/// What a record loses for its rest.
pub(crate) fn rest_points(features: Features) -> u32 {
    REST[usize::from(features.rest() & 3)]
}
