//! One pass over the matches of a query: exact total, facets and the best hits.

use crate::error::Result;
use crate::resources::Audience;
use crate::search::best::{Bar, Best, SortKey, Top};
use crate::search::columns_pass::ColumnsPass;
use crate::search::counting::Counting;
use crate::search::intake::Features;
use crate::search::known::Areas;
use crate::search::masks::Mask;
use crate::search::order::{After, Keys, Order, metres};
use crate::search::query::Query;
use crate::search::source::Source;
use crate::search::sparse::List;
use crate::search::view::{Segment, View};
use crate::search::window::{Spare, Stretch, WINDOW, Window, is_set};
use std::sync::Arc;
use tantivy::DocId;

/// Conditions that columns decide, without posting lists.
#[derive(Debug, Clone)]
pub(crate) struct Conditions<'q> {
    /// Who asks.
    pub asker: Audience,
    /// Kinds as bits.
    pub kinds: u8,
    /// Kinds that are neither found nor counted, as bits.
    pub hidden: u8,
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
        Conditions { asker, kinds, hidden: 0, query, ranges }
    }

    /// The same without some kinds.
    pub(crate) const fn hiding(self, hidden: u8) -> Self {
        Conditions { hidden, ..self }
    }

    /// The kinds that are found, as bits.
    pub(crate) const fn found_kinds(&self) -> u8 {
        self.kinds & !self.hidden
    }

    /// Whether ranges were asked for.
    pub(crate) const fn has_ranges(&self) -> bool {
        self.ranges
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
    /// What matches.
    pub source: Source,
    /// Signals.
    pub signals: Vec<Source>,
    /// The documents that are shown where a filter is met by the mask already.
    pub shown: Option<Arc<Mask>>,
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
    /// Facets that are counted.
    pub facets: &'a [&'static str],
    /// Whether kinds that were not asked for are counted too.
    pub count_kinds: bool,
    /// What areas are worth.
    pub areas: &'a Areas,
    /// Whether there are scores.
    pub scored: bool,
    /// The pass ends after so many matches.
    pub enough: usize,
}

impl Pass<'_> {
    /// Makes the pass; `open` gives what matches in a segment, and is told whether a mask may decide filters.
    pub(crate) fn run(&self, open: &dyn Fn(usize, bool) -> Result<Option<Matches>>) -> Result<Collected> {
        let mut collected = Collected::default();
        if !self.facets.is_empty() {
            collected.counts = vec![0; self.view.slots.len()];
        }
        for (at, segment) in self.view.segments.iter().enumerate() {
            if let Some(matches) = open(at, self.is_masked())? {
                self.segment(at, segment, matches, &mut collected)?;
            }
        }
        Ok(collected)
    }

    /// Whether a mask can decide which documents are shown.
    const fn is_masked(&self) -> bool {
        !self.count_kinds && !self.conditions.ranges
    }

    fn verdicts(&self) -> [u8; 256] {
        let mut verdicts = [HIDDEN; 256];
        for (bits, verdict) in (0..=u8::MAX).zip(&mut verdicts) {
            let features = Features(bits);
            let hidden = self.conditions.hidden >> features.kind() & 1 == 1;
            if features.visible_to(self.conditions.asker) && !hidden {
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
        if self.order.is_some_and(Order::has_several_keys) {
            self.read::<Keys>(at, segment, matches, out)
        } else {
            self.read::<u64>(at, segment, matches, out)
        }
    }

    fn read<K: SortKey>(&self, at: usize, segment: &Segment, matches: Matches, out: &mut Collected) -> Result<()> {
        let Matches { mut source, mut signals, shown } = matches;
        let shown = match shown {
            None if self.is_masked() => segment.shown(self.conditions.asker, self.conditions.found_kinds())?,
            shown => shown,
        };
        let sieve = Sieve::new(self, segment, shown.as_deref());
        let data = &*segment.data;
        let ranked = self.order.filter(|_| self.keep > 0);
        let bound = match (ranked, self.after) {
            (Some(order), Some(after)) => Some(order.bound(data, after)?),
            _ => None,
        };
        let mut best: Best<'_, K> = Best {
            data,
            bound,
            areas: self.areas.within(&data.packed, at),
            scored: self.scored,
            least: 0,
            floor: 0,
            followed: None,
            prune: self.scored && ranked.is_some_and(Order::best_first),
            bar: Bar::NONE,
            top: Top::new(self.keep),
        };
        let mut counting = Counting::new(&data.packed, self.facets);
        if source.is_sparse(data) {
            let mut list = source.list(data, self.scored && ranked.is_some());
            sieve.sift_list(&mut list, &mut out.kinds);
            out.total += list.len();
            counting.add(&list.docs);
            if let Some(order) = ranked {
                best.consider_all(order, list, &mut signals, self.keep);
            }
        } else {
            self.seed(&source, &signals, ranked, &sieve, &mut best);
            if let Some((shown, columns)) = shown.as_deref().zip(source.columns()) {
                let mut pass = ColumnsPass::new(columns, &mut signals, shown, &mut best);
                pass.count(self.enough, &mut counting, out);
                if let Some(order) = ranked {
                    pass.rank(order);
                }
            } else {
                self.windows(&mut source, &mut signals, ranked, &sieve, &mut best, &mut counting, out);
            }
        }
        counting.finish(&mut out.counts);
        out.found.extend(best.top.finish().into_iter().map(|entry| Found {
            keys: entry.key.keys(),
            tie: data.ties.get_val(entry.doc),
            segment: at,
            doc: entry.doc,
            score: entry.score,
        }));
        Ok(())
    }

    /// Learns from some matches what the first must count at least.
    fn seed<K: SortKey>(
        &self,
        source: &Source,
        signals: &[Source],
        ranked: Option<&Order>,
        sieve: &Sieve<'_>,
        best: &mut Best<'_, K>,
    ) {
        if ranked.is_some()
            && best.prune
            && best.bound.is_none()
            && let Some(mut list) = source.champions(best.data, self.keep * 2 + 8)
        {
            sieve.sift_list(&mut list, &mut [0; 8]);
            best.learn(list, signals, self.keep);
        }
    }

    /// Walks a segment window by window.
    fn windows<K: SortKey>(
        &self,
        source: &mut Source,
        signals: &mut [Source],
        ranked: Option<&Order>,
        sieve: &Sieve<'_>,
        best: &mut Best<'_, K>,
        counting: &mut Counting,
        out: &mut Collected,
    ) {
        let data = best.data;
        let mut spare = Spare::default();
        let mut window = spare.take();
        let mut docs: Vec<DocId> = Vec::with_capacity(if counting.is_empty() { 0 } else { WINDOW });
        let signals_most: u32 = signals.iter().map(Source::most_of_all).sum();
        let mut next = source.next(0);
        while next < data.documents && out.total < self.enough {
            let mut stretch = Stretch::new(next, data);
            // Where nobody can be among the first any more, it is only counted who matches. Signals are looked for only where
            // it depends on them.
            let most = source.most(stretch);
            let open = ranked.is_some()
                && best.open(stretch, most + signals_most)
                && best.open(stretch, most + signals.iter_mut().map(|signal| signal.most(stretch)).sum::<u32>());
            stretch.counted = self.scored && open;
            if source.sets_points() {
                window.clear_bits();
            } else {
                window.clear();
            }
            source.fill(stretch, &mut window, &mut spare);
            sieve.sift(stretch.base, &mut window, &mut out.kinds);
            let count = window.count();
            out.total += count;
            if !counting.is_empty() {
                docs.clear();
                window.each(|at| docs.push(stretch.base + at as DocId));
                counting.add(&docs);
            }
            if let Some(order) = ranked.filter(|_| open && count > 0) {
                if self.scored {
                    signals.iter_mut().for_each(|signal| signal.signal(stretch, &mut window, &mut spare));
                }
                let mut threshold = best.threshold();
                window.each(|at| {
                    let points = window.points[at % WINDOW];
                    if points >= threshold {
                        best.consider(order, stretch.base + at as DocId, points);
                        threshold = best.threshold();
                    }
                });
            }
            next = source.next(stretch.end());
        }
        spare.give(window);
    }
}

/// A document is not to be seen, or only counted by kind, or a match.
const HIDDEN: u8 = 0;
const COUNTED: u8 = 1;
const WANTED: u8 = 2;

/// Takes out of a window what the asker must not see, what is deleted and what columns rule out.
struct Sieve<'a> {
    pass: &'a Pass<'a>,
    segment: &'a Segment,
    /// The documents that are shown, where that says all.
    shown: Option<&'a Mask>,
    verdicts: [u8; 256],
}

impl<'a> Sieve<'a> {
    fn new(pass: &'a Pass<'a>, segment: &'a Segment, shown: Option<&'a Mask>) -> Sieve<'a> {
        let verdicts = if shown.is_some() { [HIDDEN; 256] } else { pass.verdicts() };
        Sieve { pass, segment, shown, verdicts }
    }

    /// The same for a list.
    fn sift_list(&self, list: &mut List, kinds: &mut [u32; 8]) {
        match self.shown {
            Some(shown) => list.retain(|doc, _| is_set(&shown.bits, doc)),
            None => list.retain(|doc, _| self.passes(doc, kinds)),
        }
    }

    fn passes(&self, doc: DocId, kinds: &mut [u32; 8]) -> bool {
        let features = self.segment.data.features(doc);
        let verdict = self.verdicts[usize::from(features.0)];
        let shown = verdict != HIDDEN
            && self.segment.lives(doc)
            && (!self.pass.conditions.ranges || self.pass.conditions.in_ranges(self.segment, doc));
        if shown && self.pass.count_kinds {
            kinds[usize::from(features.kind())] += 1;
        }
        shown && verdict == WANTED
    }

    fn sift(&self, base: DocId, window: &mut Window, kinds: &mut [u32; 8]) {
        if let Some(shown) = self.shown {
            let shown = shown.bits.get(base as usize / 64..).unwrap_or_default();
            for (word, shown) in window.bits.iter_mut().zip(shown) {
                *word &= shown;
            }
            return;
        }
        window.retain(|at, _| self.passes(base + at as DocId, kinds));
    }
}
