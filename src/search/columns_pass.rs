//! The pass over a segment where every word and filter has a column: their bits are put together, and only documents are
//! counted that may be among the first. What few documents have beyond that, signals and areas, is taken first: whatever
//! lacks it then has to count more by its words alone.

use crate::search::best::{Best, SortKey};
use crate::search::coded_docs::Part;
use crate::search::collect::Collected;
use crate::search::column::Column;
use crate::search::counting::Counting;
use crate::search::masks::Mask;
use crate::search::order::Order;
use crate::search::source::{Points, Source};
use crate::search::sparse::List;
use crate::search::window::{WINDOW, WORDS, each_of, is_set};
use std::sync::Arc;
use tantivy::DocId;

/// Facet counts are kept of what at least one of so many documents matches: they take a kilobyte or more, and fewer matches are
/// counted quickly.
const KEPT: usize = 16;

type Counted<'a> = (&'a Column, &'a Points);
type Bits = [u64; WORDS];

impl Source {
    fn as_column(&self) -> Option<Counted<'_>> {
        match self {
            Source::Column(column, points) => Some((column, points)),
            _ => None,
        }
    }

    /// The columns that all must match; `None` where there is something else to meet.
    pub(crate) fn columns(&self) -> Option<Vec<Counted<'_>>> {
        match self {
            Source::Everything => Some(Vec::new()),
            Source::All(sources) => sources.iter().map(Source::as_column).collect(),
            source => source.as_column().map(|column| vec![column]),
        }
    }
}

/// A pass over columns.
pub(crate) struct ColumnsPass<'a, 'b, K> {
    /// What must match.
    columns: Vec<Counted<'b>>,
    /// Signals that have columns too.
    bonuses: Vec<Counted<'b>>,
    /// Signals that have none, because few documents have them.
    sparse: Vec<&'b mut Source>,
    /// The documents that are shown.
    shown: &'b Mask,
    best: &'b mut Best<'a, K>,
}

/// Which documents of a window to look at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Those for which areas are worth anything.
    Worthy,
    /// All others.
    Plain,
}

impl<'a, 'b, K: SortKey> ColumnsPass<'a, 'b, K> {
    /// A pass over what all columns match.
    pub(crate) fn new(
        columns: Vec<Counted<'b>>,
        signals: &'b mut [Source],
        shown: &'b Mask,
        best: &'b mut Best<'a, K>,
    ) -> Self {
        let (mut bonuses, mut sparse) = (Vec::new(), Vec::new());
        for signal in signals {
            match signal {
                Source::Column(column, points) => bonuses.push((&**column, &**points)),
                signal => sparse.push(signal),
            }
        }
        ColumnsPass { columns, bonuses, sparse, shown, best }
    }

    fn bits(&self, parts: &[Part<'_>], base: DocId) -> Bits {
        let mut bits = [0; WORDS];
        let shown = self.shown.bits.get(base as usize / 64..).unwrap_or_default();
        bits.iter_mut().zip(shown).for_each(|(bits, own)| *bits = *own);
        for part in parts {
            bits.iter_mut().zip(part.bits()).for_each(|(bits, own)| *bits &= own);
        }
        bits
    }

    fn windows(&self) -> impl Iterator<Item = DocId> + use<K> {
        (0..self.best.data.documents).step_by(WINDOW)
    }

    /// Counts all matches, or until there are so many.
    pub(crate) fn count(&self, enough: usize, counting: &mut Counting, out: &mut Collected) {
        let tally = match self.columns.as_slice() {
            [] => Some(Arc::clone(&self.shown.tally)),
            [(column, _)] => Some(column.tally(self.shown)),
            _ => None,
        };
        if let Some(tally) = &tally {
            counting.recall(tally);
            if counting.is_empty() {
                out.total += tally.count(|| {
                    let mut parts = parts_of(&self.columns);
                    let count = |base| {
                        go_to(&mut parts, base);
                        ones(&self.bits(&parts, base))
                    };
                    self.windows().map(count).sum()
                });
                return;
            }
        }
        let before = out.total;
        let mut docs = vec![0; if counting.is_empty() { 0 } else { WINDOW }];
        let mut parts = parts_of(&self.columns);
        for base in self.windows() {
            go_to(&mut parts, base);
            let bits = self.bits(&parts, base);
            let count = ones(&bits);
            out.total += count;
            if let Some(docs) = docs.first_chunk_mut::<WINDOW>().filter(|_| count > 0) {
                let mut at = 0;
                for (first, bits) in (base..).step_by(64).zip(bits) {
                    each_of(bits, |bit| {
                        docs[at % WINDOW] = first + bit as DocId;
                        at += 1;
                    });
                }
                counting.add(docs.get(..count).unwrap_or_default());
            }
            if out.total >= enough {
                return;
            }
        }
        if let Some(tally) = tally.filter(|_| (out.total - before) * KEPT >= self.best.data.documents as usize) {
            counting.keep(&tally);
        }
    }

    /// Takes in what is among the first.
    pub(crate) fn rank(&mut self, order: &Order) {
        let columns = self.columns.iter().chain(&self.bonuses);
        let most: u32 = columns.map(|(column, points)| points.most(column)).sum();
        let extras = self.rank_extras(order, most);
        if self.best.areas.most() > 0 {
            self.rank_windows(order, Look::Worthy, most, &extras.docs);
        }
        self.rank_windows(order, Look::Plain, most, &extras.docs);
    }

    /// Takes in what sparse signals add to, if it may be among the first, and tells what that was.
    fn rank_extras(&mut self, order: &Order, most: u32) -> List {
        let more: u32 = self.sparse.iter().map(|signal| signal.most_of_all()).sum();
        self.best.everywhere();
        if more == 0 || most + more < self.best.threshold() {
            return List::default();
        }
        let data = self.best.data;
        let lists = self.sparse.iter_mut().map(|signal| signal.list(data, true));
        let extras = lists.fold(List::default(), List::sum);
        for (doc, extra) in extras.docs.iter().zip(&extras.points) {
            self.best.follow(*doc);
            let columns = || self.columns.iter().chain(&self.bonuses);
            let near: u32 =
                columns().map(|(column, counted)| counted.of[usize::from(column.greatest_near(*doc))]).sum();
            if extra + near < self.best.threshold() || !is_set(&self.shown.bits, *doc) {
                continue;
            }
            // The bits first: most fail by them, and codes lie further away.
            if !self.columns.iter().all(|(column, _)| column.has(*doc)) {
                continue;
            }
            let own = |(column, counted): &Counted<'_>| Some(counted.of[usize::from(column.code(*doc)?)]);
            let points: u32 = columns().filter_map(own).sum();
            self.best.consider(order, *doc, points + extra);
        }
        extras
    }

    fn rank_windows(&mut self, order: &Order, look: Look, most: u32, taken: &[DocId]) {
        let area = if look == Look::Worthy { self.best.areas.most() } else { 0 };
        let (mut parts, mut bonuses) = (parts_of(&self.columns), parts_of(&self.bonuses));
        let mut worthy = self.best.areas.worthy().map(|worthy| worthy.part(0));
        let mut behind = 0;
        for base in self.windows() {
            if most + area < self.best.bar.score {
                return;
            }
            if !self.best.opens(base, self.most_of(base) + area) {
                continue;
            }
            go_to(&mut parts, base);
            go_to(&mut bonuses, base);
            let mut bits = self.bits(&parts, base);
            if let Some(worthy) = &mut worthy {
                worthy.go_to(base);
                for (bits, worthy) in bits.iter_mut().zip(worthy.bits()) {
                    *bits &= if look == Look::Worthy { *worthy } else { !worthy };
                }
            }
            behind += taken.get(behind..).map_or(0, |ahead| ahead.partition_point(|doc| *doc < base));
            let here = taken.get(behind..).unwrap_or_default().iter();
            for doc in here.take_while(|doc| **doc - base < WINDOW as DocId) {
                bits[(doc - base) as usize / 64] &= !(1 << (doc % 64));
            }
            for (word, bits) in bits.into_iter().enumerate().filter(|(_, bits)| *bits != 0) {
                let columns = || {
                    let both = parts.iter().zip(&self.columns).chain(bonuses.iter().zip(&self.bonuses));
                    both.filter(|(part, (_, counted))| counted.counts && bits & part.bits()[word] != 0)
                };
                let greatest =
                    |(part, (_, counted)): (&Part<'_>, &Counted<'_>)| counted.of[usize::from(part.greatest(word))];
                if columns().map(greatest).sum::<u32>() + area < self.best.least {
                    continue;
                }
                let mut points = [0_u32; 64];
                for (part, (_, counted)) in columns() {
                    let here = bits & part.bits()[word];
                    part.each(word, here, |bit, code| points[bit % 64] += counted.of[usize::from(code)]);
                }
                let first = base + word as DocId * 64;
                each_of(bits, |bit| {
                    if points[bit % 64] + area >= self.best.least {
                        self.best.consider(order, first + bit as DocId, points[bit % 64]);
                    }
                });
            }
        }
    }

    /// The most that a match of a window counts without sparse signals and without its area.
    fn most_of(&self, base: DocId) -> u32 {
        let greatest = |(column, points): &Counted<'_>| points.of[usize::from(column.greatest(base))];
        self.columns.iter().chain(&self.bonuses).map(greatest).sum()
    }
}

fn ones(bits: &Bits) -> usize {
    bits.iter().map(|bits| bits.count_ones() as usize).sum()
}

fn parts_of<'b>(columns: &[Counted<'b>]) -> Vec<Part<'b>> {
    columns.iter().map(|(column, _)| column.part(0)).collect()
}

fn go_to(parts: &mut [Part<'_>], base: DocId) {
    parts.iter_mut().for_each(|part| part.go_to(base));
}
