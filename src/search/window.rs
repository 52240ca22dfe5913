//! What matches and what it counts, for a window of documents at a time.
//!
//! The loop over all matches is where the time of a search goes. Words and filters write their postings into bits and
//! points of a window that fits the first cache, block by block and without a decision per document; only where few
//! documents are left do the other words look them up one by one.

use crate::search::column::Column;
use crate::search::cursor::{self, Worth};
use crate::search::intake::Features;
use crate::search::view::SegmentData;
use std::sync::Arc;
use tantivy::postings::BlockSegmentPostings;
use tantivy::{DocId, TERMINATED};

/// Documents of a window.
pub(crate) const WINDOW: usize = 4096;
/// Words of 64 bits that a window's documents take.
pub(crate) const WORDS: usize = WINDOW / 64;
/// What a match of every word adds where some of the words would do: it comes before all that lack one.
pub(crate) const EVERYTHING: u32 = 15_000;
/// What steps cost beside reading one posting of many in a row: to look one document up in a posting list,
const LOOK_UP: f32 = 20.0;
/// to do so where every document has its place,
const LOOK_UP_DENSE: f32 = 1.5;
/// and to join a window of its own with another.
const JOIN: f32 = 200.0;

/// Bits and points of the documents of a window.
pub(crate) struct Window {
    /// Which match.
    pub bits: [u64; WORDS],
    /// What each counts.
    pub points: [u32; WINDOW],
    /// Words of `bits` that were written, with the points of their documents: most windows have few.
    touched: u64,
}

impl Window {
    /// An empty one.
    pub(crate) fn new() -> Box<Window> {
        Box::new(Window { bits: [0; WORDS], points: [0; WINDOW], touched: 0 })
    }

    /// Makes it empty.
    pub(crate) fn clear(&mut self) {
        each_of(self.touched, |word| {
            self.bits[word] = 0;
            self.points[word * 64..][..64].fill(0);
        });
        self.touched = 0;
    }

    /// How many documents match.
    pub(crate) fn count(&self) -> usize {
        let mut count = 0;
        each_of(self.touched, |word| count += self.bits[word].count_ones() as usize);
        count
    }

    /// Calls `work` with the place of every match, in order.
    #[inline]
    pub(crate) fn each(&self, mut work: impl FnMut(usize)) {
        each_of(self.touched, |word| each_of(self.bits[word], |bit| work(word * 64 + bit)));
    }

    /// Keeps only matches of which this is true; it may change what they count.
    #[inline]
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(usize, &mut u32) -> bool) {
        each_of(self.touched, |word| {
            each_of(self.bits[word], |bit| {
                let at = word * 64 + bit;
                if !keep(at, &mut self.points[at % WINDOW]) {
                    self.bits[word] &= !(1 << bit);
                }
            });
        });
    }

    /// Goes through the words that both or either have touched, with the bits and the points of each.
    #[inline]
    fn join(&mut self, words: u64, other: &Window, mut work: impl FnMut(&mut u64, u64, &mut [u32], &[u32])) {
        each_of(words, |word| {
            let (points, others) = (&mut self.points[word * 64..][..64], &other.points[word * 64..][..64]);
            work(&mut self.bits[word], other.bits[word], points, others);
        });
        self.touched |= words;
    }

    /// Keeps what matches in the other window too and adds what that counts.
    fn intersect(&mut self, other: &Window, counts: bool) {
        self.join(self.touched, other, |bits, others, points, more| {
            *bits &= others;
            if counts && *bits != 0 {
                points.iter_mut().zip(more).for_each(|(points, more)| *points += more);
            }
        });
    }

    /// Adds what the other window's matches count.
    fn add(&mut self, other: &Window) {
        self.join(self.touched & other.touched, other, |_, _, points, more| {
            points.iter_mut().zip(more).for_each(|(points, more)| *points += more);
        });
    }

    /// Takes the other window's matches in and adds what they count.
    fn unite(&mut self, other: &Window) {
        self.join(other.touched, other, |bits, others, points, more| {
            *bits |= others;
            points.iter_mut().zip(more).for_each(|(points, more)| *points += more);
        });
    }

    /// Puts postings in; the best of what is put for a document counts.
    #[inline]
    fn pour(
        &mut self,
        stretch: Stretch<'_>,
        docs: &[DocId],
        frequencies: &[u32],
        points: impl Fn(Features, u32) -> u32,
    ) {
        // Bits are gathered and written word by word: to change the same word again and again would have to wait for
        // what was written just before.
        let (mut word, mut bits) = (0, 0);
        for (doc, frequency) in docs.iter().zip(frequencies) {
            let at = (doc - stretch.base) as usize % WINDOW;
            let points = points(Features(stretch.features[at]), *frequency);
            self.points[at] = self.points[at].max(points);
            if at / 64 != word {
                self.put(word, bits);
                (word, bits) = (at / 64, 0);
            }
            bits |= 1 << (at % 64);
        }
        self.put(word, bits);
    }

    /// The same for a list that has every document.
    fn pour_dense(&mut self, stretch: Stretch<'_>, frequencies: &[u8; WINDOW], table: &[u32; TABLE]) {
        for word in 0..WORDS {
            let mut bits = 0;
            for bit in 0..64 {
                let at = word * 64 + bit;
                let points = table[place(Features(stretch.features[at]), u32::from(frequencies[at]))];
                self.points[at] = self.points[at].max(points);
                bits |= u64::from(frequencies[at] > 0) << bit;
            }
            self.put(word, bits);
        }
    }

    #[inline]
    fn put(&mut self, word: usize, bits: u64) {
        if bits != 0 {
            self.bits[word] |= bits;
            self.touched |= 1 << word;
        }
    }
}

/// Calls `work` with every set bit of a number, in order.
#[inline]
fn each_of(mut bits: u64, mut work: impl FnMut(usize)) {
    while bits != 0 {
        work(bits.trailing_zeros() as usize);
        bits &= bits - 1;
    }
}

/// Where a window lies, and what is known of its segment.
#[derive(Clone, Copy)]
pub(crate) struct Stretch<'a> {
    /// The first document.
    pub base: DocId,
    /// How many documents the segment has.
    pub documents: DocId,
    /// Features of its documents.
    features: &'a [u8; WINDOW],
}

impl<'a> Stretch<'a> {
    /// A window with a document; it begins where a word of its bits does.
    pub(crate) fn new(doc: DocId, data: &'a SegmentData) -> Stretch<'a> {
        let base = doc & !63;
        Stretch { base, documents: data.documents, features: data.features_from(base) }
    }

    /// The document behind the last.
    pub(crate) fn end(self) -> DocId {
        self.base.saturating_add(WINDOW as DocId).min(TERMINATED)
    }
}

/// Windows for what is between a query and its answer, used again and again.
#[derive(Default)]
pub(crate) struct Spare(Vec<Box<Window>>);

impl Spare {
    /// An empty window.
    pub(crate) fn take(&mut self) -> Box<Window> {
        match self.0.pop() {
            Some(mut window) => {
                window.clear();
                window
            }
            None => Window::new(),
        }
    }

    /// Takes a window back.
    pub(crate) fn give(&mut self, window: Box<Window>) {
        self.0.push(window);
    }
}

/// Conditions as they are met in a segment.
pub(crate) enum Source {
    /// Every document.
    Everything,
    /// A word or a filter: the best of these ways to match counts.
    Any(Vec<Way>),
    /// A word or filter whose matches are ready, and what each of its values counts.
    Column(Arc<Column>, Box<[u32; 256]>),
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

impl Source {
    /// All of these; `None` when one of them matches nothing.
    pub(crate) fn all(sources: impl IntoIterator<Item = Option<Source>>) -> Option<Source> {
        let mut sources: Vec<Source> = sources.into_iter().collect::<Option<_>>()?;
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
        let mut points = Box::new([0; 256]);
        for (points, value) in points.iter_mut().zip(column.values()) {
            *points = cursor::points(*value, weight);
        }
        Source::Column(column, points)
    }

    /// How many postings it has to read at most.
    fn postings(&self) -> f32 {
        match self {
            Source::Everything => f32::MAX,
            Source::Any(ways) => ways.iter().map(Way::frequency).sum(),
            Source::Column(column, _) => column.count() as f32,
            Source::All(sources) => sources.first().map_or(0.0, Source::postings),
            Source::Either(sources) => sources.iter().map(Source::postings).sum(),
            Source::Enough { sources, .. } => sources.iter().map(|(source, _)| source.postings()).sum(),
        }
    }

    /// Whether matches have points: those of filters have none.
    fn counts(&self) -> bool {
        match self {
            Source::Everything => false,
            Source::Any(ways) => ways.iter().any(Way::counts),
            Source::Column(_, points) => points.iter().any(|points| *points > 0),
            Source::All(_) | Source::Either(_) | Source::Enough { .. } => true,
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
            Source::Column(column, table) => {
                let (bits, codes) = column.from(stretch.base);
                for (word, bits) in bits.iter().enumerate() {
                    out.put(word, *bits);
                    each_of(*bits, |bit| {
                        let at = (word * 64 + bit) % WINDOW;
                        out.points[at] = table[usize::from(codes[at])];
                    });
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
                    source.beside(stretch, spare, |found, _| out.unite(found));
                }
            }
            Source::Enough { sources, need, complete } => {
                let mut reached = spare.take();
                let mut every = [u64::MAX; WORDS];
                for (source, share) in sources {
                    source.beside(stretch, spare, |found, _| {
                        out.unite(found);
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
        let counts = self.counts();
        if let Source::Column(column, table) = self {
            let (bits, codes) = column.from(stretch.base);
            if !counts {
                each_of(out.touched, |word| out.bits[word] &= bits[word]);
                return;
            }
            out.retain(|at, points| {
                let code = codes[at % WINDOW];
                *points += table[usize::from(code)];
                code > 0
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
        self.beside(stretch, spare, |found, _| out.add(found));
    }

    /// Writes what matches in a window of its own, and lets `join` put that to another.
    fn beside(&mut self, stretch: Stretch<'_>, spare: &mut Spare, join: impl FnOnce(&Window, bool)) {
        let mut found = spare.take();
        self.fill(stretch, &mut found, spare);
        join(&found, self.counts());
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
    ways.iter_mut().filter_map(|way| way.look_up(doc, stretch)).max()
}

/// One way for a word to match.
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
    fn look_up_cost(&self) -> f32 {
        match self {
            Way::Term(reader) => reader.look_up_cost(),
            // Most documents lack the rarest already.
            Way::Terms(readers) => readers.first().map_or(0.0, Reader::look_up_cost) * 1.5,
        }
    }

    fn counts(&self) -> bool {
        let counts = |reader: &Reader| reader.weight > 0 && reader.worth != Worth::NOTHING;
        match self {
            Way::Term(reader) => counts(reader),
            Way::Terms(readers) => readers.iter().all(counts),
        }
    }

    /// In how many documents it is, at most.
    fn frequency(&self) -> f32 {
        match self {
            Way::Term(reader) => reader.frequency as f32,
            Way::Terms(readers) => readers.first().map_or(0.0, |reader| reader.frequency as f32),
        }
    }

    /// What it costs to read the postings of a window.
    fn cost(&self, stretch: Stretch<'_>) -> f32 {
        match self {
            Way::Term(reader) => reader.within(stretch),
            Way::Terms(readers) => {
                let Some((first, others)) = readers.split_first() else { return 0.0 };
                let first = first.within(stretch);
                let other = |other: &Reader| (JOIN + other.within(stretch)).min(first * other.look_up_cost());
                first + others.iter().map(other).sum::<f32>()
            }
        }
    }

    /// A document that no match before lies at, from a document on.
    fn next(&mut self, from: DocId) -> DocId {
        match self {
            Way::Term(reader) => reader.seek(from),
            Way::Terms(readers) => readers.iter_mut().fold(from, |from, reader| reader.seek(from)),
        }
    }

    fn fill(&mut self, stretch: Stretch<'_>, out: &mut Window, spare: &mut Spare) {
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
            if count as f32 * other.look_up_cost() < JOIN + other.within(stretch) {
                found.retain(|at, points| match other.look_up(stretch.base + at as DocId, stretch) {
                    Some(less) => {
                        *points = less.min(*points);
                        true
                    }
                    None => false,
                });
            } else {
                let mut also = spare.take();
                other.fill(stretch, &mut also);
                found.join(found.touched, &also, |bits, others, points, less| {
                    *bits &= others;
                    points.iter_mut().zip(less).for_each(|(points, less)| *points = (*points).min(*less));
                });
                spare.give(also);
            }
        }
        out.join(found.touched, &found, |bits, more, points, others| {
            *bits |= more;
            each_of(more, |bit| points[bit] = points[bit].max(others[bit]));
        });
        spare.give(found);
    }

    /// What a document counts; `None` when it does not match. Documents must come in order.
    fn look_up(&mut self, doc: DocId, stretch: Stretch<'_>) -> Option<u32> {
        match self {
            Way::Term(reader) => reader.look_up(doc, stretch),
            Way::Terms(readers) => readers
                .iter_mut()
                .try_fold(u32::MAX, |least, reader| reader.look_up(doc, stretch).map(|points| points.min(least))),
        }
    }
}

/// A posting list, and what its postings count.
pub(crate) struct Reader {
    list: List,
    worth: Worth,
    base: u32,
    weight: u32,
    frequency: u32,
    /// Points by length of the name and frequency, where that many are looked at that it pays to have them ready.
    table: Option<Box<[u32; TABLE]>>,
}

/// A posting list as it is read.
pub(crate) enum List {
    /// Block by block, and where in its block it stands. Boxed: it carries its decoded block, over a kilobyte, and
    /// would be moved about with it.
    Blocks(Box<BlockSegmentPostings>, usize),
    /// The frequency of every document, as `dense` holds it.
    Dense(Arc<[u8]>),
}

/// Four lengths of names and 256 frequencies.
const TABLE: usize = 1024;
/// From so many postings on the points are kept ready.
const MANY: u32 = 2_000;
/// Full blocks have so many documents; one with fewer is the last.
const BLOCK: usize = 128;

/// The frequency of every document in a list that many are in, and none for a window behind the last: to look one up
/// is then one step.
pub(crate) fn dense(mut blocks: BlockSegmentPostings, documents: DocId) -> Arc<[u8]> {
    let mut frequencies = vec![0; documents as usize + WINDOW];
    loop {
        for (doc, frequency) in blocks.docs().iter().zip(blocks.freqs()) {
            if let Some(place) = frequencies.get_mut(*doc as usize) {
                *place = u8::try_from(*frequency).unwrap_or(u8::MAX);
            }
        }
        if blocks.block_len() < BLOCK {
            return frequencies.into();
        }
        blocks.advance();
    }
}

impl Reader {
    /// The reader of a list that so many documents are in; `weight` is what a worth of 1000 becomes.
    pub(crate) fn new(list: List, frequency: u32, worth: Worth, base: u32, weight: u32) -> Reader {
        let many = frequency >= MANY || matches!(list, List::Dense(_));
        let table = (many && !matches!(worth, Worth::Same(..))).then(|| {
            let mut table = Box::new([0; TABLE]);
            for (length, row) in (0..).zip(table.chunks_mut(256)) {
                // Nothing counts nothing: the first stays 0.
                for (frequency, points) in (0..).zip(row).skip(1) {
                    *points = cursor::points(cursor::value(worth.of(frequency, length), base), weight);
                }
            }
            table
        });
        Reader { list, worth, base, weight, frequency, table }
    }

    fn look_up_cost(&self) -> f32 {
        match self.list {
            List::Blocks(..) => LOOK_UP,
            List::Dense(_) => LOOK_UP_DENSE,
        }
    }

    /// About how many postings a window has.
    fn within(&self, stretch: Stretch<'_>) -> f32 {
        self.frequency as f32 * WINDOW as f32 / stretch.documents.max(1) as f32
    }

    /// Goes to a document or the next that matches.
    fn seek(&mut self, target: DocId) -> DocId {
        let (blocks, at) = match &mut self.list {
            List::Blocks(blocks, at) => (blocks, at),
            List::Dense(frequencies) => {
                let rest = frequencies.get(target as usize..).unwrap_or_default();
                let gap = rest.iter().position(|frequency| *frequency > 0).and_then(|gap| DocId::try_from(gap).ok());
                return gap.map_or(TERMINATED, |gap| target + gap);
            }
        };
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
        let (worth, base_value, weight) = (self.worth, self.base, self.weight);
        let counted = |worth: u32| cursor::points(cursor::value(worth, base_value), weight);
        let (blocks, at) = match &mut self.list {
            List::Blocks(blocks, at) => (blocks, at),
            List::Dense(frequencies) => {
                let here = frequencies.get(base as usize..).and_then(|rest| rest.first_chunk());
                if let (Some(frequencies), Some(table)) = (here, &self.table) {
                    out.pour_dense(stretch, frequencies, table);
                }
                return;
            }
        };
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

    /// What a document counts; `None` when it does not match. Documents must come in order.
    fn look_up(&mut self, doc: DocId, stretch: Stretch<'_>) -> Option<u32> {
        let features = Features(stretch.features[(doc - stretch.base) as usize % WINDOW]);
        if let List::Dense(frequencies) = &self.list {
            let frequency = frequencies.get(doc as usize).copied().filter(|frequency| *frequency > 0)?;
            return self.table.as_ref().map(|table| table[place(features, u32::from(frequency))]);
        }
        if self.seek(doc) != doc {
            return None;
        }
        let List::Blocks(blocks, at) = &self.list else { return None };
        let frequency = blocks.freqs().get(*at).copied().unwrap_or(1);
        let value = cursor::value(self.worth.of(frequency, features.name_length()), self.base);
        Some(cursor::points(value, self.weight))
    }
}

/// Where a table of points has those of a document.
#[inline]
fn place(features: Features, frequency: u32) -> usize {
    usize::from(features.name_length()) << 8 | frequency as usize & 0xff
}
