//! Conditions of a query as they are met in a segment, window by window: only where few documents are left do words look
//! them up one by one.

use crate::search::column::Column;
use crate::search::cursor;
use crate::search::few::FewReader;
use crate::search::postings::{JOIN, Way};
use crate::search::weights::EVERYTHING;
use crate::search::window::{Spare, Stretch, WINDOW, WORDS, Window, each_of};
use std::sync::Arc;
use tantivy::{DocId, TERMINATED};

/// Conditions as they are met in a segment.
#[derive(Clone)]
pub(crate) enum Source {
    /// Every document.
    Everything,
    /// A word or a filter: the best of these ways to match counts.
    Any(Vec<Way>),
    /// A word or filter whose matches are ready, and what each of its values counts.
    Column(Arc<Column>, Box<Points>),
    /// A word, a filter or a phrase whose few matches are ready.
    Few(FewReader),
    /// What matches the first and none of the others.
    Except(Box<Source>, Vec<Source>),
    /// All of these; the rarest first.
    All(Vec<Source>),
    /// One of these; what they count is added.
    Either(Vec<Source>),
    /// So many of these that their shares reach `need`.
    Enough {
        /// Conditions, each with its share.
        sources: Vec<(Source, u32)>,
        /// What shares must reach.
        need: u32,
        /// Whether every condition of the query can be met in this segment.
        complete: bool,
    },
}

/// What each value of a column counts.
#[derive(Clone)]
pub(crate) struct Points {
    pub of: [u32; 256],
    /// Whether any counts anything: those of filters do not.
    pub counts: bool,
}

impl Points {
    /// What the greatest value of a column counts.
    pub(crate) fn most(&self, column: &Column) -> u32 {
        column.values().len().checked_sub(1).and_then(|last| self.of.get(last)).copied().unwrap_or(0)
    }
}

impl Source {
    /// All of these; `None` when one of them matches nothing.
    pub(crate) fn all(sources: impl IntoIterator<Item = Option<Source>>) -> Option<Source> {
        let mut flat = Vec::new();
        for source in sources {
            match source? {
                Source::All(mut inner) => flat.append(&mut inner),
                source => flat.push(source),
            }
        }
        let mut sources = flat;
        if sources.len() == 1 {
            return sources.pop();
        }
        sources.sort_by(|one, other| one.postings().total_cmp(&other.postings()));
        Some(Source::All(sources))
    }

    /// Enough of these; `None` when not even all together are.
    pub(crate) fn enough(sources: Vec<(Option<Source>, u32)>, need: u32) -> Option<Source> {
        let all = sources.len();
        let sources: Vec<(Source, u32)> =
            sources.into_iter().filter_map(|(source, share)| Some((source?, share))).collect();
        let reachable: u32 = sources.iter().map(|(_, share)| *share).sum();
        (reachable >= need).then_some(Source::Enough { complete: sources.len() == all, sources, need })
    }

    /// A word whose matches are ready.
    pub(crate) fn column(column: Arc<Column>, weight: u32) -> Source {
        let mut points = Box::new(Points { of: [0; 256], counts: false });
        for (of, value) in points.of.iter_mut().zip(column.values()) {
            *of = cursor::points(*value, weight);
        }
        points.counts = points.of.iter().any(|of| *of > 0);
        Source::Column(column, points)
    }

    /// This without what any of these match.
    pub(crate) fn except(source: Source, others: impl IntoIterator<Item = Option<Source>>) -> Source {
        let others: Vec<Source> = others.into_iter().flatten().collect();
        if others.is_empty() { source } else { Source::Except(Box::new(source), others) }
    }

    /// How many postings it has to read at most.
    pub(crate) fn postings(&self) -> f32 {
        match self {
            Source::Everything => f32::MAX,
            Source::Any(ways) => ways.iter().map(Way::frequency).sum(),
            Source::Column(column, _) => column.count() as f32,
            Source::Few(few) => few.count() as f32,
            Source::Except(source, _) => source.postings(),
            Source::All(sources) => sources.first().map_or(0.0, Source::postings),
            Source::Either(sources) => sources.iter().map(Source::postings).sum(),
            Source::Enough { sources, .. } => sources.iter().map(|(source, _)| source.postings()).sum(),
        }
    }

    /// Whether matches have points: those of filters have none.
    fn counts(&self) -> bool {
        match self {
            Source::Everything => false,
            Source::Few(few) => few.most() > 0,
            Source::Except(source, _) => source.counts(),
            Source::Any(ways) => ways.iter().any(Way::counts),
            Source::Column(_, points) => points.counts,
            Source::All(_) | Source::Either(_) | Source::Enough { .. } => true,
        }
    }

    /// Whether filling a window sets the points of every match, so that those of before do no harm.
    pub(crate) fn sets_points(&self) -> bool {
        match self {
            Source::Any(_) | Source::Column(..) | Source::Few(_) => true,
            Source::All(sources) => sources.first().is_some_and(Source::sets_points),
            Source::Except(source, _) => source.sets_points(),
            Source::Everything | Source::Either(_) | Source::Enough { .. } => false,
        }
    }

    /// What a document of a window counts at most.
    pub(crate) fn most(&mut self, stretch: Stretch<'_>) -> u32 {
        match self {
            Source::Everything => 0,
            Source::Except(source, _) => source.most(stretch),
            // What is rare is in few windows.
            Source::Any(ways) => {
                let here =
                    ways.iter_mut().filter_map(|way| (way.next(stretch.base) < stretch.end()).then(|| way.most()));
                here.max().unwrap_or(0)
            }
            Source::Few(few) => {
                if few.seek(stretch.base) < stretch.end() {
                    few.most()
                } else {
                    0
                }
            }
            Source::Column(column, points) => points.of[usize::from(column.greatest(stretch.base))],
            Source::All(sources) | Source::Either(sources) => {
                sources.iter_mut().map(|source| source.most(stretch)).sum()
            }
            Source::Enough { sources, .. } => {
                EVERYTHING + sources.iter_mut().map(|(source, _)| source.most(stretch)).sum::<u32>()
            }
        }
    }

    /// A document that no match before lies at, from a document on.
    pub(crate) fn next(&mut self, from: DocId) -> DocId {
        let least = |mut sources: std::slice::IterMut<'_, Source>| {
            sources.try_fold(TERMINATED, |least, source| {
                let next = source.next(from).min(least);
                if next > from { Some(next) } else { None }
            })
        };
        match self {
            Source::Everything => from,
            Source::Any(ways) => ways.iter_mut().map(|way| way.next(from)).min().unwrap_or(TERMINATED),
            Source::Column(column, _) => column.next(from),
            Source::Few(few) => few.seek(from),
            Source::Except(source, _) => source.next(from),
            Source::All(sources) => {
                sources.iter_mut().fold(from, |next, source| if next == TERMINATED { next } else { source.next(next) })
            }
            Source::Either(sources) => least(sources.iter_mut()).unwrap_or(from),
            Source::Enough { sources, .. } => {
                sources.iter_mut().map(|(source, _)| source.next(from)).min().unwrap_or(TERMINATED)
            }
        }
    }

    /// Writes what matches in a window that is empty.
    pub(crate) fn fill(&mut self, stretch: Stretch<'_>, out: &mut Window, spare: &mut Spare) {
        match self {
            Source::Everything => {
                for (word, at) in (stretch.base..).step_by(64).take(WORDS).enumerate() {
                    let bits = match stretch.documents.saturating_sub(at) {
                        0 => 0,
                        left @ 1..64 => (1 << left) - 1,
                        _ => u64::MAX,
                    };
                    out.put(word, bits);
                }
            }
            Source::Any(ways) => ways.iter_mut().for_each(|way| way.fill(stretch, out, spare)),
            Source::Column(column, points) => {
                let part = column.part(stretch.base);
                for (word, bits) in part.bits().iter().enumerate().filter(|(_, bits)| **bits != 0) {
                    out.put(word, *bits);
                    let of = &mut out.points[word * 64..][..64];
                    if points.counts && stretch.counted {
                        part.each(word, *bits, |bit, code| of[bit % 64] = points.of[usize::from(code)]);
                    } else if stretch.counted {
                        each_of(*bits, |bit| of[bit % 64] = 0);
                    }
                }
            }
            Source::Few(few) => {
                for (doc, points) in few.within(stretch.base..stretch.end()) {
                    let at = (doc - stretch.base) as usize % WINDOW;
                    out.put(at / 64, 1 << (at % 64));
                    out.points[at] = points;
                }
            }
            Source::Except(source, others) => {
                source.fill(stretch, out, spare);
                for other in others {
                    if out.count() == 0 {
                        return;
                    }
                    other.beside(stretch, spare, |found, _| out.subtract(found));
                }
            }
            Source::All(sources) => {
                let Some((first, others)) = sources.split_first_mut() else { return };
                first.fill(stretch, out, spare);
                for other in others {
                    if out.count() == 0 {
                        return;
                    }
                    other.keep(stretch, out, spare);
                }
            }
            Source::Either(sources) => {
                for source in sources {
                    source.beside(stretch, spare, |found, counts| {
                        out.unite(found, false);
                        if counts {
                            // Only matches count: what has some of several words has points left of these.
                            found.each(|at| out.points[at % WINDOW] += found.points[at % WINDOW]);
                        }
                    });
                }
            }
            Source::Enough { sources, need, complete } => {
                let mut reached = spare.take();
                let mut every = [u64::MAX; WORDS];
                for (source, share) in sources {
                    source.beside(stretch, spare, |found, counts| {
                        out.unite(found, counts);
                        found.each(|at| reached.points[at % WINDOW] += *share);
                        every.iter_mut().zip(&found.bits).for_each(|(every, bits)| *every &= bits);
                    });
                }
                reached.touched = out.touched;
                out.retain(|at, points| {
                    if *complete && every[at / 64 % WORDS] >> (at % 64) & 1 == 1 {
                        *points += EVERYTHING;
                    }
                    reached.points[at % WINDOW] >= *need
                });
                spare.give(reached);
            }
        }
    }

    /// Keeps of a window what matches here too and adds what that counts.
    fn keep(&mut self, stretch: Stretch<'_>, out: &mut Window, spare: &mut Spare) {
        if let Source::Any(ways) = self
            && is_cheaper_looked_up(ways, stretch, out)
        {
            out.retain(|at, points| {
                let more = best(ways, stretch, at);
                *points += more.unwrap_or(0);
                more.is_some()
            });
            return;
        }
        if let Source::Few(few) = self {
            let mut found = [0; WORDS];
            for (doc, points) in few.within(stretch.base..stretch.end()) {
                let at = (doc - stretch.base) as usize % WINDOW;
                let bit = 1 << (at % 64);
                found[at / 64] |= bit;
                if out.bits[at / 64] & bit != 0 {
                    out.points[at] += points;
                }
            }
            each_of(out.touched, |word| out.bits[word] &= found[word]);
            return;
        }
        if let Source::Column(column, counted) = self {
            let part = column.part(stretch.base);
            each_of(out.touched, |word| {
                let both = out.bits[word] & part.bits()[word];
                out.bits[word] = both;
                if counted.counts && stretch.counted {
                    let of = &mut out.points[word * 64..][..64];
                    part.each(word, both, |bit, code| of[bit % 64] += counted.of[usize::from(code)]);
                }
            });
            return;
        }
        self.beside(stretch, spare, |found, counts| out.intersect(found, counts));
    }

    /// Adds what a signal counts to documents that match: it decides nothing.
    pub(crate) fn signal(&mut self, stretch: Stretch<'_>, out: &mut Window, spare: &mut Spare) {
        if self.next(stretch.base) >= stretch.end() {
            return;
        }
        if let Source::Any(ways) = self
            && is_cheaper_looked_up(ways, stretch, out)
        {
            out.retain(|at, points| {
                *points += best(ways, stretch, at).unwrap_or(0);
                true
            });
            return;
        }
        if let Source::Few(few) = self {
            for (doc, points) in few.within(stretch.base..stretch.end()) {
                let at = (doc - stretch.base) as usize % WINDOW;
                if out.bits[at / 64] & 1 << (at % 64) != 0 {
                    out.points[at] += points;
                }
            }
            return;
        }
        self.beside(stretch, spare, |found, _| out.add(found));
    }

    /// Writes what matches in a window of its own, and lets `join` put that to another.
    fn beside(&mut self, stretch: Stretch<'_>, spare: &mut Spare, join: impl FnOnce(&Window, bool)) {
        let mut found = spare.take();
        self.fill(stretch, &mut found, spare);
        join(&found, self.counts() && stretch.counted);
        spare.give(found);
    }
}

/// Whether to look up the documents of a window one by one costs less than to read all its postings.
fn is_cheaper_looked_up(ways: &[Way], stretch: Stretch<'_>, out: &Window) -> bool {
    let one_by_one: f32 = ways.iter().map(Way::look_up_cost).sum();
    let in_a_row: f32 = ways.iter().map(|way| way.cost(stretch)).sum();
    out.count() as f32 * one_by_one < JOIN + in_a_row
}

/// What the best of these ways counts for a document of a window; `None` when it matches in none.
fn best(ways: &mut [Way], stretch: Stretch<'_>, at: usize) -> Option<u32> {
    let doc = stretch.base + at as DocId;
    ways.iter_mut().filter_map(|way| way.look_up(doc, || stretch.features_at(at))).max()
}
