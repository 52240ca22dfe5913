//! Matches as a list: where only few documents can match, to go from one to the next costs less than to go through all
//! windows of a segment.

use crate::search::best::{Best, SortKey, rest_points};
use crate::search::order::Order;
use crate::search::postings::Way;
use crate::search::source::Source;
use crate::search::view::SegmentData;
use std::cmp::{Ordering, Reverse};
use tantivy::DocId;

/// Lists are for conditions that at most one of so many documents can meet. Tests have few documents and are to have lists of
/// many matches too.
const SPARSE: f32 = if cfg!(test) { 8.0 } else { 64.0 };

/// Documents in order, with what each counts.
#[derive(Default)]
pub(crate) struct List {
    /// Which documents.
    pub docs: Vec<DocId>,
    /// What they count.
    pub points: Vec<u32>,
}

impl List {
    /// An empty one.
    pub(crate) fn with_capacity(capacity: usize) -> List {
        List { docs: Vec::with_capacity(capacity), points: Vec::with_capacity(capacity) }
    }

    /// How many documents it has.
    pub(crate) fn len(&self) -> usize {
        self.docs.len()
    }

    /// Keeps only documents of which this is true; it may change what they count.
    #[inline]
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(DocId, &mut u32) -> bool) {
        let mut kept = 0;
        for at in 0..self.docs.len().min(self.points.len()) {
            let (doc, mut points) = (self.docs[at], self.points[at]);
            let stays = keep(doc, &mut points);
            (self.docs[kept], self.points[kept]) = (doc, points);
            kept += usize::from(stays);
        }
        self.docs.truncate(kept);
        self.points.truncate(kept);
    }

    /// The documents of both; the best of what they count.
    fn either(self, other: List) -> List {
        self.merge(other, u32::max)
    }

    /// The documents of both; the sum of what they count.
    pub(crate) fn sum(self, other: List) -> List {
        self.merge(other, |one, other| one + other)
    }

    fn merge(self, other: List, both_count: impl Fn(u32, u32) -> u32) -> List {
        if self.docs.is_empty() {
            return other;
        }
        if other.docs.is_empty() {
            return self;
        }
        let mut both = List::with_capacity(self.len() + other.len());
        let (mut ours, mut theirs) = (0, 0);
        while let (Some(one), Some(two)) = (self.docs.get(ours), other.docs.get(theirs)) {
            let (points, more) = (self.points[ours], other.points[theirs]);
            let (doc, points) = match one.cmp(two) {
                Ordering::Less => (*one, points),
                Ordering::Equal => (*one, both_count(points, more)),
                Ordering::Greater => (*two, more),
            };
            both.docs.push(doc);
            both.points.push(points);
            ours += usize::from(one <= two);
            theirs += usize::from(two <= one);
        }
        for (list, behind) in [(&self, ours), (&other, theirs)] {
            both.docs.extend_from_slice(list.docs.get(behind..).unwrap_or_default());
            both.points.extend_from_slice(list.points.get(behind..).unwrap_or_default());
        }
        both
    }
}

impl Source {
    /// Whether so few documents of a segment can match that they are better had as a list.
    pub(crate) fn is_sparse(&self, data: &SegmentData) -> bool {
        self.postings() * SPARSE <= data.documents as f32 && self.lists()
    }

    fn lists(&self) -> bool {
        match self {
            Source::Any(_) | Source::Few(_) => true,
            Source::All(sources) => {
                matches!(sources.first(), Some(Source::Any(_) | Source::Few(_)))
                    && sources
                        .iter()
                        .all(|source| matches!(source, Source::Any(_) | Source::Few(_) | Source::Column(..)))
            }
            _ => false,
        }
    }

    /// What matches in a segment, where it `is_sparse`.
    pub(crate) fn list(&mut self, data: &SegmentData, counted: bool) -> List {
        match self {
            Source::Any(ways) => ways.iter_mut().map(|way| way.list(data, counted)).fold(List::default(), List::either),
            Source::Few(few) => {
                let (docs, points) = few.all();
                List { docs, points }
            }
            Source::All(sources) => {
                let Some((first, others)) = sources.split_first_mut() else { return List::default() };
                let mut list = first.list(data, counted);
                others.iter_mut().for_each(|other| other.thin(data, &mut list));
                list
            }
            _ => List::default(),
        }
    }

    /// Some matches that count much, where that is known without looking at all: those of the rarest word that has a column.
    pub(crate) fn champions(&self, data: &SegmentData, wanted: usize) -> Option<List> {
        let sources = match self {
            Source::Column(..) => std::slice::from_ref(self),
            Source::All(sources) => sources,
            _ => return None,
        };
        let Some((Source::Column(column, of), others)) = sources.split_first() else { return None };
        let mut docs: Vec<DocId> = column.champions().iter().take(wanted).copied().collect();
        docs.sort_unstable();
        let points = docs.iter().map(|doc| column.code(*doc).map_or(0, |code| of.of[usize::from(code)])).collect();
        let mut list = List { docs, points };
        for other in others {
            if !matches!(other, Source::Any(_) | Source::Column(..) | Source::Few(_)) {
                return None;
            }
            // Readers only go forward, and what comes after begins at the front.
            other.clone().thin(data, &mut list);
        }
        Some(list)
    }

    /// Keeps of a list what matches here too and adds what that counts.
    fn thin(&mut self, data: &SegmentData, list: &mut List) {
        match self {
            Source::Column(column, of) => list.retain(|doc, points| match column.code(doc) {
                Some(code) => {
                    *points += of.of[usize::from(code)];
                    true
                }
                None => false,
            }),
            Source::Few(few) => list.retain(|doc, points| {
                let more = few.look_up(doc);
                *points += more.unwrap_or(0);
                more.is_some()
            }),
            Source::Any(ways) => list.retain(|doc, points| {
                let more = best(ways, data, doc);
                *points += more.unwrap_or(0);
                more.is_some()
            }),
            _ => {}
        }
    }

    /// Adds what a signal counts to the documents of a list.
    fn add_to(&mut self, data: &SegmentData, list: &mut List) {
        let each = list.docs.iter().zip(&mut list.points);
        match self {
            Source::Any(ways) => each.for_each(|(doc, points)| *points += best(ways, data, *doc).unwrap_or(0)),
            Source::Few(few) => each.for_each(|(doc, points)| *points += few.look_up(*doc).unwrap_or(0)),
            Source::Column(column, of) => each.for_each(|(doc, points)| {
                *points += column.code(*doc).map_or(0, |code| of.of[usize::from(code)]);
            }),
            _ => {}
        }
    }

    /// What a document counts at most, wherever it stands.
    pub(crate) fn most_of_all(&self) -> u32 {
        match self {
            Source::Any(ways) => ways.iter().map(Way::most).max().unwrap_or(0),
            Source::Few(few) => few.most(),
            Source::Column(column, of) => of.most(column),
            _ => 0,
        }
    }
}

/// What the best of these ways counts for a document; `None` when it matches in none. Documents must come in order.
fn best(ways: &mut [Way], data: &SegmentData, doc: DocId) -> Option<u32> {
    ways.iter_mut().filter_map(|way| way.look_up(doc, || data.features(doc))).max()
}

impl<K: SortKey> Best<'_, K> {
    /// Takes in all of a list that are among the first, with what signals add.
    pub(crate) fn consider_all(&mut self, order: &Order, mut list: List, signals: &mut [Source], keep: usize) {
        if self.scored {
            let more: u32 = signals.iter().map(Source::most_of_all).sum();
            if self.prune && self.bound.is_none() && more > 0 && list.len() > keep {
                self.drop_hopeless(&mut list, more, keep);
            }
            signals.iter_mut().for_each(|signal| signal.add_to(self.data, &mut list));
        }
        if self.prune && self.bound.is_none() && list.len() > keep && keep > 0 {
            // All scores in one go, then only those that reach the last of the first.
            let scores = self.wholes(&list);
            let mut sorted = scores.clone();
            let (_, last, _) = sorted.select_nth_unstable_by(keep - 1, |one, other| other.cmp(one));
            self.raise(*last, u32::MAX);
            for (doc, score) in list.docs.into_iter().zip(scores) {
                self.follow(doc);
                if score >= self.least {
                    self.rank(order, doc, score);
                }
            }
            return;
        }
        for (doc, points) in list.docs.into_iter().zip(list.points) {
            if points >= self.threshold() {
                self.consider(order, doc, points);
            }
        }
    }

    fn wholes(&self, list: &List) -> Vec<u32> {
        list.docs.iter().zip(&list.points).map(|(doc, points)| self.whole(*doc, *points)).collect()
    }

    /// What a match counts with its area and its rest, without signals that were not added.
    fn whole(&self, doc: DocId, points: u32) -> u32 {
        (points + self.areas.of(doc)).saturating_sub(rest_points(self.data.features(doc)))
    }

    /// Learns from some matches how much the last of the first counts at least: what counts less is then not looked at.
    pub(crate) fn learn(&mut self, mut list: List, signals: &[Source], keep: usize) {
        if list.len() < keep || keep == 0 {
            return;
        }
        // Readers only go forward, and what comes after begins at the front.
        signals.iter().for_each(|signal| signal.clone().add_to(self.data, &mut list));
        let rank = |(doc, points): (&DocId, &u32)| (Reverse(self.whole(*doc, *points)), self.data.tie_rank(*doc));
        let mut ranks: Vec<(Reverse<u32>, u32)> = list.docs.iter().zip(&list.points).map(rank).collect();
        let (_, (Reverse(score), tie), _) = ranks.select_nth_unstable(keep - 1);
        self.raise(*score, *tie);
    }

    /// Signals that add so much at most need not be looked up for documents that have too little beside the last of the first
    /// without them.
    fn drop_hopeless(&self, list: &mut List, more: u32, keep: usize) {
        let scores = self.wholes(list);
        let mut sorted = scores.clone();
        let Some(last) = keep.checked_sub(1).filter(|last| *last < sorted.len()) else { return };
        let (_, least, _) = sorted.select_nth_unstable_by(last, |one, other| other.cmp(one));
        let least = *least;
        let mut scores = scores.into_iter();
        list.retain(|_, _| scores.next().is_some_and(|score| score + more >= least));
    }
}
