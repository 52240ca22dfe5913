//! Posting lists, read into windows or looked up document by document, and the ways to match that are made of them.

use crate::search::cursor::{self, Worth};
use crate::search::evidence::Places;
use crate::search::intake::Features;
use crate::search::sparse::List;
use crate::search::view::SegmentData;
use crate::search::window::{Spare, Stretch, WINDOW, Window, each_of};
use tantivy::postings::BlockSegmentPostings;
use tantivy::{DocId, TERMINATED};

/// What steps cost beside reading one posting of many in a row: to look one document up in a posting list,
const LOOK_UP: f32 = 20.0;
/// and to join a window of its own with another.
pub(crate) const JOIN: f32 = 200.0;

/// One way for a word to match.
#[derive(Clone)]
pub(crate) enum Way {
    /// A term.
    Term(Reader),
    /// Terms that must all be there, the rarest first; the least of them counts.
    Terms(Vec<Reader>),
}

impl Way {
    /// The way of these terms.
    pub(crate) fn new(mut readers: Vec<Reader>) -> Way {
        if readers.len() == 1
            && let Some(reader) = readers.pop()
        {
            return Way::Term(reader);
        }
        readers.sort_by_key(|reader| reader.frequency);
        Way::Terms(readers)
    }

    /// What it costs to look a document up.
    pub(crate) fn look_up_cost(&self) -> f32 {
        match self {
            Way::Term(_) => LOOK_UP,
            // Most documents lack the rarest already.
            Way::Terms(_) => LOOK_UP * 1.5,
        }
    }

    pub(crate) fn counts(&self) -> bool {
        let counts = |reader: &Reader| reader.weight > 0 && reader.worth != Worth::NOTHING;
        match self {
            Way::Term(reader) => counts(reader),
            Way::Terms(readers) => readers.iter().all(counts),
        }
    }

    /// What a document counts at most.
    pub(crate) fn most(&self) -> u32 {
        let most = |reader: &Reader| cursor::points(cursor::value(reader.worth.most(), reader.base), reader.weight);
        match self {
            Way::Term(reader) => most(reader),
            Way::Terms(readers) => readers.iter().map(most).min().unwrap_or(0),
        }
    }

    /// In how many documents it is, at most.
    pub(crate) fn frequency(&self) -> f32 {
        match self {
            Way::Term(reader) => reader.frequency as f32,
            Way::Terms(readers) => readers.first().map_or(0.0, |reader| reader.frequency as f32),
        }
    }

    /// What it costs to read the postings of a window.
    pub(crate) fn cost(&self, stretch: Stretch<'_>) -> f32 {
        match self {
            Way::Term(reader) => reader.within(stretch),
            Way::Terms(readers) => {
                let Some((first, others)) = readers.split_first() else { return 0.0 };
                let first = first.within(stretch);
                let other = |other: &Reader| (JOIN + other.within(stretch)).min(first * LOOK_UP);
                first + others.iter().map(other).sum::<f32>()
            }
        }
    }

    /// A document that no match before lies at, from a document on.
    pub(crate) fn next(&mut self, from: DocId) -> DocId {
        match self {
            Way::Term(reader) => reader.seek(from),
            Way::Terms(readers) => readers.iter_mut().fold(from, |from, reader| reader.seek(from)),
        }
    }

    pub(crate) fn fill(&mut self, stretch: Stretch<'_>, out: &mut Window, spare: &mut Spare) {
        let readers = match self {
            Way::Term(reader) => return reader.fill(stretch, out),
            Way::Terms(readers) => readers,
        };
        let Some((first, others)) = readers.split_first_mut() else { return };
        if first.seek(stretch.base) >= stretch.end() {
            return;
        }
        let mut found = spare.take();
        first.fill(stretch, &mut found);
        for other in others {
            let count = found.count();
            if count == 0 {
                break;
            }
            if count as f32 * LOOK_UP < JOIN + other.within(stretch) {
                found.retain(|at, points| {
                    match other.look_up(stretch.base + at as DocId, || stretch.features_at(at)) {
                        Some(less) => {
                            *points = less.min(*points);
                            true
                        }
                        None => false,
                    }
                });
            } else {
                let mut also = spare.take();
                other.fill(stretch, &mut also);
                found.join(found.touched, &also, |bits, others, points, less| {
                    *bits &= others;
                    if stretch.counted {
                        points.iter_mut().zip(less).for_each(|(points, less)| *points = (*points).min(*less));
                    }
                });
                spare.give(also);
            }
        }
        out.join(found.touched, &found, |bits, more, points, others| {
            let before = std::mem::replace(bits, *bits | more);
            if stretch.counted {
                each_of(more, |bit| {
                    let held = if before >> bit & 1 == 1 { points[bit] } else { 0 };
                    points[bit] = held.max(others[bit]);
                });
            }
        });
        spare.give(found);
    }

    /// What a document counts; `None` when it does not match. Documents must come in order.
    pub(crate) fn look_up(&mut self, doc: DocId, features: impl Fn() -> Features + Copy) -> Option<u32> {
        match self {
            Way::Term(reader) => reader.look_up(doc, features),
            Way::Terms(readers) => readers
                .iter_mut()
                .try_fold(u32::MAX, |least, reader| reader.look_up(doc, features).map(|points| points.min(least))),
        }
    }

    /// Tells of each match before a document that was not told yet: the document, what it counts and where the word stands in it.
    pub(crate) fn tell(&mut self, end: DocId, data: &SegmentData, mut told: impl FnMut(DocId, u32, Places)) {
        match self {
            Way::Term(reader) => {
                let counts = reader.counts();
                reader.each_before(end, |doc, frequency| {
                    let (points, places) = counts(frequency, data.features(doc));
                    told(doc, points, places);
                });
            }
            Way::Terms(readers) => {
                let Some((first, others)) = readers.split_first_mut() else { return };
                let counts = first.counts();
                first.each_before(end, |doc, frequency| {
                    let features = data.features(doc);
                    let all = others.iter_mut().try_fold(counts(frequency, features), |(least, all), other| {
                        let (points, places) = other.counts()(other.frequency_in(doc)?, features);
                        Some((points.min(least), places | all))
                    });
                    if let Some((points, places)) = all {
                        told(doc, points, places);
                    }
                });
            }
        }
    }

    /// All its matches, as a list.
    pub(crate) fn list(&mut self, data: &SegmentData, counted: bool) -> List {
        let readers = match self {
            Way::Term(reader) => return reader.list(data, counted),
            Way::Terms(readers) => readers,
        };
        let Some((first, others)) = readers.split_first_mut() else { return List::default() };
        let mut list = first.list(data, counted);
        for other in others {
            list.retain(|doc, points| {
                let less = other.look_up(doc, || data.features(doc));
                *points = less.unwrap_or(0).min(*points);
                less.is_some()
            });
        }
        list
    }
}

/// A posting list, and what its postings count.
#[derive(Clone)]
pub(crate) struct Reader {
    /// Boxed: it carries its decoded block, over a kilobyte, and would be moved about with it.
    blocks: Box<BlockSegmentPostings>,
    /// Where in its block it stands.
    at: usize,
    worth: Worth,
    base: u32,
    weight: u32,
    frequency: u32,
    /// Points by length of the name and frequency; made when so many postings are to be read that it pays.
    table: Option<Box<[u32; TABLE]>>,
}

/// Four lengths of names and 256 frequencies.
const TABLE: usize = 1024;
/// From so many postings on the points are kept ready.
const MANY: u32 = 2_000;
/// Full blocks have so many documents; one with fewer is the last.
const BLOCK: usize = 128;

impl Reader {
    /// The reader of a term; `base` is how good a way to match it is, of 1000, and `weight` what a worth of 1000 becomes
    /// in the best way.
    pub(crate) fn new(blocks: BlockSegmentPostings, worth: Worth, base: u32, weight: u32) -> Reader {
        let frequency = blocks.doc_freq();
        Reader { blocks: Box::new(blocks), at: 0, worth, base, weight, frequency, table: None }
    }

    /// Makes the table of points, where it pays.
    fn prepare(&mut self) {
        if self.table.is_some() || self.frequency < MANY || matches!(self.worth, Worth::Same(..)) {
            return;
        }
        let mut table = Box::new([0; TABLE]);
        for (length, row) in (0..).zip(table.chunks_mut(256)) {
            for (frequency, points) in (0..).zip(row) {
                *points = cursor::points(cursor::value(self.worth.of(frequency, length), self.base), self.weight);
            }
        }
        self.table = Some(table);
    }

    /// About how many postings a window has.
    fn within(&self, stretch: Stretch<'_>) -> f32 {
        self.frequency as f32 * WINDOW as f32 / stretch.documents.max(1) as f32
    }

    /// Goes to a document or the next that matches.
    fn seek(&mut self, target: DocId) -> DocId {
        let (blocks, at) = (&mut self.blocks, &mut self.at);
        let docs = blocks.docs();
        if docs.get(*at).is_some_and(|doc| *doc >= target) {
            // It is there already.
        } else if docs.last().is_some_and(|last| *last >= target) {
            *at += docs.get(*at..).map_or(0, |rest| rest.partition_point(|doc| *doc < target));
        } else if docs.len() == BLOCK {
            *at = blocks.seek(target);
        } else {
            *at = docs.len();
        }
        blocks.docs().get(*at).copied().unwrap_or(TERMINATED)
    }

    fn fill(&mut self, stretch: Stretch<'_>, out: &mut Window) {
        let (base, end) = (stretch.base, stretch.end());
        if self.seek(base) >= end {
            return;
        }
        if stretch.counted {
            self.prepare();
        }
        let (worth, base_value, weight) = (self.worth, self.base, self.weight);
        let counted = |worth: u32| cursor::points(cursor::value(worth, base_value), weight);
        let (blocks, at) = (&mut self.blocks, &mut self.at);
        loop {
            let docs = blocks.docs().get(*at..).unwrap_or_default();
            let within = if docs.last().is_some_and(|last| *last < end) {
                docs.len()
            } else {
                docs.partition_point(|doc| *doc < end)
            };
            let docs = docs.get(..within).unwrap_or_default();
            let frequencies = blocks.freqs().get(*at..).unwrap_or_default();
            match (worth, &self.table) {
                _ if !stretch.counted => out.pour_bits(stretch, docs),
                (Worth::Same(worth, _), _) => {
                    let points = counted(worth);
                    out.pour(stretch, docs, docs, |_, _| points);
                }
                (_, Some(table)) => {
                    out.pour(stretch, docs, frequencies, |features, frequency| table[place(features, frequency)])
                }
                (_, None) => out.pour(stretch, docs, frequencies, |features, frequency| {
                    counted(worth.of(frequency, features.name_length()))
                }),
            }
            *at += within;
            if *at < BLOCK {
                return;
            }
            blocks.advance();
            *at = 0;
        }
    }

    /// What a posting counts and where the word stands there, by its frequency.
    fn counts(&self) -> impl Fn(u32, Features) -> (u32, Places) + use<> {
        let (worth, base, weight) = (self.worth, self.base, self.weight);
        move |frequency, features| {
            let points = cursor::points(cursor::value(worth.of(frequency, features.name_length()), base), weight);
            (points, worth.places(frequency))
        }
    }

    /// Calls `work` with every posting before a document that was not read yet, and its frequency.
    fn each_before(&mut self, end: DocId, mut work: impl FnMut(DocId, u32)) {
        loop {
            let docs = self.blocks.docs().get(self.at..).unwrap_or_default();
            let within = docs.partition_point(|doc| *doc < end);
            let frequencies = self.blocks.freqs().get(self.at..).unwrap_or_default();
            // Of filters no frequencies are read.
            for (at, doc) in docs.iter().take(within).enumerate() {
                work(*doc, frequencies.get(at).copied().unwrap_or(1));
            }
            self.at += within;
            if self.at < BLOCK {
                return;
            }
            self.blocks.advance();
            self.at = 0;
        }
    }

    /// How often the term is in a document; `None` when it is not. Documents must come in order.
    fn frequency_in(&mut self, doc: DocId) -> Option<u32> {
        (self.seek(doc) == doc).then(|| self.blocks.freqs().get(self.at).copied().unwrap_or(1))
    }

    /// What a document counts; `None` when it does not match. Documents must come in order.
    fn look_up(&mut self, doc: DocId, features: impl Fn() -> Features) -> Option<u32> {
        let frequency = self.frequency_in(doc)?;
        let worth = match self.worth {
            Worth::Same(worth, _) => worth,
            worth => worth.of(frequency, features().name_length()),
        };
        Some(cursor::points(cursor::value(worth, self.base), self.weight))
    }

    /// All postings that are left, as a list.
    fn list(&mut self, data: &SegmentData, counted: bool) -> List {
        let mut list = List::with_capacity(self.frequency as usize);
        let (worth, base, weight) = (self.worth, self.base, self.weight);
        let counts = |frequency: u32, doc: DocId| {
            let worth = match worth {
                Worth::Same(worth, _) => worth,
                worth => worth.of(frequency, data.features(doc).name_length()),
            };
            cursor::points(cursor::value(worth, base), weight)
        };
        loop {
            let docs = self.blocks.docs().get(self.at..).unwrap_or_default();
            let frequencies = self.blocks.freqs().get(self.at..).unwrap_or_default();
            list.docs.extend_from_slice(docs);
            match worth {
                _ if !counted => list.points.resize(list.docs.len(), 0),
                Worth::Same(..) => list.points.resize(list.docs.len(), counts(1, 0)),
                _ => list.points.extend(docs.iter().zip(frequencies).map(|(doc, frequency)| counts(*frequency, *doc))),
            }
            if self.blocks.docs().len() < BLOCK {
                self.at = self.blocks.docs().len();
                return list;
            }
            self.blocks.advance();
            self.at = 0;
        }
    }
}

/// Where a table of points has those of a document.
#[inline]
fn place(features: Features, frequency: u32) -> usize {
    usize::from(features.name_length()) << 8 | frequency as usize & 0xff
}
