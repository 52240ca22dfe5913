//! One pass over the matches of a query: exact total, facets and the best hits.

use crate::error::Result;
use crate::resources::Audience;
use crate::search::cursor::Node;
use crate::search::facets::Slots;
use crate::search::order::{After, Keys, Order, metres};
use crate::search::query::Query;
use crate::search::terms::Optional;
use crate::search::view::{Segment, View};
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

    fn segment(&self, at: usize, segment: &Segment, matches: Matches, out: &mut Collected) -> Result<()> {
        let Matches { mut node, signals } = matches;
        let bound = match (self.order, self.after) {
            (Some(order), Some(after)) => Some(order.bound(&segment.data, after)?),
            _ => None,
        };
        let most: u32 = signals.iter().map(Optional::most).sum::<u32>()
            + self.area_worth.iter().map(|worth| u32::from(*worth)).max().unwrap_or(0);
        let mut work = Work {
            pass: self,
            at,
            segment,
            signals,
            bound,
            prune: self.scored && self.order.is_some_and(Order::best_first),
            most,
            top: Top::new(self.keep),
        };
        while node.doc() != TERMINATED && out.total < self.enough {
            work.document(node.doc(), &node, out);
            node.advance();
        }
        out.found.append(&mut work.top.finish());
        Ok(())
    }
}

/// A pass over one segment.
struct Work<'a> {
    pass: &'a Pass<'a>,
    at: usize,
    segment: &'a Segment,
    signals: Vec<Optional>,
    bound: Option<(Keys, u64)>,
    /// Whether a low score alone rules a document out.
    prune: bool,
    /// The most that signals and areas can add.
    most: u32,
    top: Top,
}

impl Work<'_> {
    #[inline]
    fn document(&mut self, doc: DocId, node: &Node, out: &mut Collected) {
        let (pass, data) = (self.pass, &self.segment.data);
        let features = data.features(doc);
        if !features.visible_to(pass.conditions.asker) || !self.segment.lives(doc) {
            return;
        }
        let wanted = pass.conditions.kinds >> features.kind() & 1 == 1;
        if !wanted && !pass.count_kinds || pass.conditions.ranges && !pass.conditions.in_ranges(self.segment, doc) {
            return;
        }
        if let Some(count) = out.kinds.get_mut(usize::from(features.kind())) {
            *count += 1;
        }
        if !wanted {
            return;
        }
        out.total += 1;
        if pass.facets {
            for slot in data.packed.of(doc) {
                if let Some(count) = out.counts.get_mut(usize::from(*slot)) {
                    *count += 1;
                }
            }
        }
        let Some(order) = pass.order else { return };
        if pass.keep == 0 {
            return;
        }
        let mut score = 0;
        if pass.scored {
            score = node.points(features.name_length());
            if self.prune && self.top.rules_out(score + self.most) {
                return;
            }
            for signal in &mut self.signals {
                score += signal.points(doc, features.name_length());
            }
            if !pass.area_worth.is_empty() {
                score += area_points(self.segment, doc, pass.area_worth);
            }
            score = score.saturating_sub(REST[usize::from(features.rest())]);
        }
        let keys = order.keys(data, doc, score);
        if self.top.full(&keys) {
            return;
        }
        let tie = data.ties.get_val(doc);
        if self.bound.is_none_or(|bound| (keys, tie) > bound) {
            self.top.push(Found { keys, tie, segment: self.at, doc, score });
        }
    }
}

/// What the best area of a document is worth.
pub(crate) fn area_points(segment: &Segment, doc: DocId, worth: &[u16]) -> u32 {
    let slots = segment.data.packed.of(doc).iter();
    slots.filter_map(|slot| worth.get(usize::from(*slot))).max().map_or(0, |worth| u32::from(*worth))
}

/// What a record loses for its rest, as a part of explanations.
pub(crate) fn rest_points(rest: u8) -> u32 {
    REST[usize::from(rest & 3)]
}

/// The worth of areas by slot; empty when no place was named.
pub(crate) fn area_worth(slots: &Slots, areas: &[u16]) -> Vec<u16> {
    if areas.is_empty() { Vec::new() } else { slots.area_worth(areas) }
}

/// The first so many of what is pushed.
struct Top {
    keep: usize,
    found: Vec<Found>,
    /// The last of the first, once there are enough.
    last: Option<Found>,
}

impl Top {
    fn new(keep: usize) -> Top {
        Top { keep, found: Vec::with_capacity(keep.min(1024) * 2), last: None }
    }

    /// Whether a score is too low to enter, best scores coming first.
    #[inline]
    fn rules_out(&self, score: u32) -> bool {
        self.last.is_some_and(|last| score < last.score)
    }

    /// Whether keys are too late to enter.
    #[inline]
    fn full(&self, keys: &Keys) -> bool {
        self.last.as_ref().is_some_and(|last| *keys > last.keys)
    }

    fn push(&mut self, found: Found) {
        if self.last.is_some_and(|last| found > last) {
            return;
        }
        self.found.push(found);
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

    fn finish(mut self) -> Vec<Found> {
        self.shrink();
        self.found
    }
}
