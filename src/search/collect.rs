//! One pass over the matches of a query: exact total, facets and the best hits.

use crate::error::Result;
use crate::resources::Audience;
use crate::search::evidence::Places;
use crate::search::facets::Slots;
use crate::search::intake::Features;
use crate::search::order::{After, Keys, Order, metres};
use crate::search::query::Query;
use crate::search::terms::Optional;
use crate::search::tree::{Node, Shape, Walk};
use crate::search::view::{Segment, SegmentData, View};
use tantivy::{DocId, TERMINATED};

/// What a record that is less alive loses, by its rest.
const REST: [u32; 4] = [0, 0, 300, 600];

/// Conditions that columns decide, without posting lists.
#[derive(Debug, Clone)]
pub(crate) struct Conditions<'q> {
    /// Who asks.
    pub asker: Audience,
    /// Kinds as bits.
    pub kinds: u8,
    /// The query, for ranges.
    pub query: &'q Query,
    ranges: bool,
}

impl<'q> Conditions<'q> {
    /// The conditions of a query.
    pub(crate) fn new(asker: Audience, kinds: u8, query: &'q Query) -> Self {
        let ranges = query.near.is_some_and(|near| near.radius_km.is_some())
            || query.bbox.is_some()
            || query.updated_after.is_some()
            || query.between != (None, None);
        Conditions { asker, kinds, query, ranges }
    }

    /// Whether a document that may be seen lies in every range that was asked for.
    #[inline(never)]
    fn in_ranges(&self, segment: &Segment, doc: DocId) -> bool {
        let data = &segment.data;
        let query = self.query;
        if query.near.is_some_and(|near| near.radius_km.is_some()) || query.bbox.is_some() {
            let (Some(lat), Some(lon)) = (data.lat.first(doc), data.lon.first(doc)) else { return false };
            if let Some(near) = query.near
                && near.radius_km.is_some_and(|radius| metres(near, lat, lon) as f64 > radius * 1000.0)
            {
                return false;
            }
            if let Some([west, south, east, north]) = query.bbox {
                let across = if west <= east { (west..=east).contains(&lon) } else { lon >= west || lon <= east };
                if !across || !(south..=north).contains(&lat) {
                    return false;
                }
            }
        }
        if let Some(after) = query.updated_after
            && data.updated.first(doc).is_none_or(|at| at <= after)
        {
            return false;
        }
        let (from, to) = query.between;
        from.is_none_or(|from| data.end.first(doc).is_some_and(|end| end >= from))
            && to.is_none_or(|to| data.start.first(doc).is_some_and(|start| start < to))
    }
}

/// What matches in a segment and what adds to its score.
pub(crate) struct Matches {
    /// The walk.
    pub node: Node,
    /// Signals.
    pub signals: Vec<Optional>,
}

/// A hit by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    /// Sort keys in its segment.
    pub keys: Keys,
    /// Change number of its creation.
    pub tie: u64,
    /// Which segment.
    pub segment: usize,
    /// Which document of it.
    pub doc: DocId,
    /// Points.
    pub score: u32,
    /// Where words stand in it.
    pub places: Places,
}

/// What a pass found.
#[derive(Debug, Default)]
pub(crate) struct Collected {
    /// Exact number of matches.
    pub total: usize,
    /// The first hits of every segment, not yet in one order.
    pub found: Vec<Found>,
    /// Facet counts by slot.
    pub counts: Vec<u32>,
    /// Matches by kind, as if no kinds had been asked for.
    pub kinds: [u32; 8],
}

/// A pass to make.
pub(crate) struct Pass<'a> {
    /// Where.
    pub view: &'a View,
    /// What columns decide.
    pub conditions: Conditions<'a>,
    /// In which order; `None` when only counts are wanted.
    pub order: Option<&'a Order>,
    /// How many of the first hits of each segment to keep.
    pub keep: usize,
    /// Hits up to here are counted but not kept.
    pub after: Option<&'a After>,
    /// Whether facets are counted.
    pub facets: bool,
    /// Whether kinds that were not asked for are counted too.
    pub count_kinds: bool,
    /// What areas are worth, by slot.
    pub area_worth: &'a [u16],
    /// Whether there are scores.
    pub scored: bool,
    /// The pass ends after so many matches.
    pub enough: usize,
}

impl Pass<'_> {
    /// Makes the pass; `open` gives what matches in a segment.
    pub(crate) fn run(&self, open: &dyn Fn(usize) -> Result<Option<Matches>>) -> Result<Collected> {
        let mut collected = Collected::default();
        if self.facets {
            collected.counts = vec![0; self.view.slots.len()];
        }
        for (at, segment) in self.view.segments.iter().enumerate() {
            if let Some(matches) = open(at)? {
                self.segment(at, segment, matches, &mut collected)?;
            }
        }
        Ok(collected)
    }

    fn verdicts(&self) -> [u8; 256] {
        let mut verdicts = [HIDDEN; 256];
        for (bits, verdict) in (0..=u8::MAX).zip(&mut verdicts) {
            let features = Features(bits);
            if features.visible_to(self.conditions.asker) {
                let wanted = self.conditions.kinds >> features.kind() & 1 == 1;
                *verdict = match (wanted, self.count_kinds) {
                    (true, _) => WANTED,
                    (false, true) => COUNTED,
                    (false, false) => HIDDEN,
                };
            }
        }
        verdicts
    }

    fn segment(&self, at: usize, segment: &Segment, matches: Matches, out: &mut Collected) -> Result<()> {
        // Almost every order has one key: comparing and keeping one number instead of several shows.
        let several = self.order.is_some_and(Order::has_several_keys);
        let signals = matches.signals;
        match (matches.node.shape(), several) {
            (Shape::Leaf(walk), false) => self.walk::<_, u64>(at, segment, walk, signals, out),
            (Shape::Together(walk), false) => self.walk::<_, u64>(at, segment, walk, signals, out),
            (Shape::Node(walk), false) => self.walk::<_, u64>(at, segment, walk, signals, out),
            (Shape::Leaf(walk), true) => self.walk::<_, Keys>(at, segment, walk, signals, out),
            (Shape::Together(walk), true) => self.walk::<_, Keys>(at, segment, walk, signals, out),
            (Shape::Node(walk), true) => self.walk::<_, Keys>(at, segment, walk, signals, out),
        }
    }

    fn walk<W: Walk, K: SortKey>(
        &self,
        at: usize,
        segment: &Segment,
        mut walk: W,
        signals: Vec<Optional>,
        out: &mut Collected,
    ) -> Result<()> {
        let bound = match (self.order, self.after) {
            (Some(order), Some(after)) => Some(order.bound(&segment.data, after)?),
            _ => None,
        };
        let signals_most = signals.iter().map(Optional::most).sum::<u32>();
        let areas_most = self.area_worth.iter().max().map_or(0, |worth| u32::from(*worth));
        let mut work: Work<'_, K> = Work {
            pass: self,
            segment,
            signals,
            bound,
            prune: self.scored && self.order.is_some_and(Order::best_first),
            most: signals_most + areas_most,
            signals_most,
            top: Top::new(self.keep),
            batch: Vec::with_capacity(BATCH),
        };
        let (data, verdicts, ranges) = (&*segment.data, self.verdicts(), self.conditions.ranges);
        let (facets, scored, ranked) = (self.facets, self.scored, self.order.is_some() && self.keep > 0);
        let (mut total, mut least) = (0, 0);
        let mut doc = walk.doc();
        while doc != TERMINATED && total < self.enough {
            let features = data.features(doc);
            let verdict = verdicts[usize::from(features.0)];
            if verdict != HIDDEN && segment.lives(doc) && (!ranges || self.conditions.in_ranges(segment, doc)) {
                if self.count_kinds {
                    out.kinds[usize::from(features.kind())] += 1;
                }
                if verdict == WANTED {
                    total += 1;
                    if facets {
                        work.batch(doc, out);
                    }
                    let score = if scored && ranked { walk.points(features.name_length()) } else { 0 };
                    if ranked && score >= least {
                        least = work.consider(doc, features, score, &walk);
                    }
                }
            }
            doc = walk.advance();
        }
        work.count(out);
        out.total += total;
        out.found.extend(work.top.finish().into_iter().map(|entry| Found {
            keys: entry.key.keys(),
            tie: data.ties.get_val(entry.doc),
            segment: at,
            doc: entry.doc,
            score: entry.score,
            places: entry.places,
        }));
        Ok(())
    }
}

/// A document is not to be seen, or only counted by kind, or a match.
const HIDDEN: u8 = 0;
const COUNTED: u8 = 1;
const WANTED: u8 = 2;

/// A pass over one segment.
struct Work<'a, K> {
    pass: &'a Pass<'a>,
    segment: &'a Segment,
    signals: Vec<Optional>,
    bound: Option<(Keys, u64)>,
    /// Whether a low score alone rules a document out.
    prune: bool,
    /// The most that signals and areas can add.
    most: u32,
    /// The same for signals alone.
    signals_most: u32,
    top: Top<K>,
    /// Documents whose facet values are still to be counted: together, so that one need not wait for the other.
    batch: Vec<DocId>,
}

/// So many documents' facet values are counted at once.
const BATCH: usize = 64;

impl<K: SortKey> Work<'_, K> {
    fn count(&mut self, out: &mut Collected) {
        let packed = &self.segment.data.packed;
        for doc in self.batch.drain(..) {
            for slot in packed.of(doc) {
                if let Some(count) = out.counts.get_mut(usize::from(*slot)) {
                    *count += 1;
                }
            }
        }
    }

    #[inline]
    fn batch(&mut self, doc: DocId, out: &mut Collected) {
        self.batch.push(doc);
        if self.batch.len() == BATCH {
            self.count(out);
        }
    }

    /// Takes a match in if it is among the first; gives the score that words must reach to be considered from now on.
    #[inline]
    fn consider(&mut self, doc: DocId, features: Features, words: u32, walk: &impl Walk) -> u32 {
        let (pass, data) = (self.pass, &self.segment.data);
        let Some(order) = pass.order else { return u32::MAX };
        let mut score = words;
        if pass.scored {
            if !pass.area_worth.is_empty() {
                score += data.packed.area_worth(doc, pass.area_worth);
                if self.prune && self.top.rules_out(score + self.signals_most) {
                    return self.least();
                }
            }
            for signal in &mut self.signals {
                score += signal.points(doc, features.name_length());
            }
            score = score.saturating_sub(REST[usize::from(features.rest())]);
        }
        let first = order.first(data, doc, score);
        if self.top.too_late(first) {
            return self.least();
        }
        let key = K::of(order, first, data, doc, score);
        if let Some((bound, tie)) = &self.bound {
            let keys = key.keys();
            if keys < *bound || keys == *bound && data.ties.get_val(doc) <= *tie {
                return self.least();
            }
        }
        let mut entry = Entry { key, tie: data.tie_rank(doc), doc, score, places: 0 };
        if self.top.takes(&entry) {
            if pass.scored {
                let signals = self.signals.iter().filter(|signal| signal.telling);
                entry.places = signals.fold(walk.places(), |places, signal| places | signal.places(doc));
            }
            self.top.push(entry);
        }
        self.least()
    }

    #[inline]
    fn least(&self) -> u32 {
        match &self.top.last {
            Some(last) if self.prune => last.score.saturating_sub(self.most),
            _ => 0,
        }
    }
}

/// Sort keys as they are kept while a segment is walked.
trait SortKey: Copy + Ord {
    fn of(order: &Order, first: u64, data: &SegmentData, doc: DocId, score: u32) -> Self;
    fn first(&self) -> u64;
    fn keys(&self) -> Keys;
}

impl SortKey for u64 {
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

/// What a record loses for its rest, as a part of explanations.
pub(crate) fn rest_points(rest: u8) -> u32 {
    REST[usize::from(rest & 3)]
}

/// The worth of areas by slot; empty when no place was named.
pub(crate) fn area_worth(slots: &Slots, areas: &[u16]) -> Vec<u16> {
    if areas.is_empty() { Vec::new() } else { slots.area_worth(areas) }
}

/// A hit while its segment is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry<K> {
    key: K,
    tie: u32,
    doc: DocId,
    score: u32,
    places: Places,
}

/// The first so many of what is pushed.
struct Top<K> {
    keep: usize,
    found: Vec<Entry<K>>,
    /// The last of the first, once there are enough.
    last: Option<Entry<K>>,
}

impl<K: SortKey> Top<K> {
    fn new(keep: usize) -> Top<K> {
        Top { keep, found: Vec::with_capacity(keep.min(1024) * 2), last: None }
    }

    /// Whether a score is too low to enter, best scores coming first.
    #[inline]
    fn rules_out(&self, score: u32) -> bool {
        self.last.is_some_and(|last| score < last.score)
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

    fn finish(mut self) -> Vec<Entry<K>> {
        self.shrink();
        self.found
    }
}
