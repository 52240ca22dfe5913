//! What matches and what it counts, for a window of documents at a time.
//!
//! The loop over all matches is where the time of a search goes. Words and filters write their postings into bits and
//! points of a window that fits the first cache, block by block and without a decision per document; only where few
//! documents are left do the other words look them up one by one.

use crate::search::cursor::Worth;
use crate::search::evidence::NameLength;
use crate::search::intake::Features;
use crate::search::view::SegmentData;
use tantivy::postings::BlockSegmentPostings;
use tantivy::{DocId, TERMINATED};

/// Documents of a window.
pub(crate) const WINDOW: usize = 4096;
/// Words of 64 bits that a window's documents take.
pub(crate) const WORDS: usize = WINDOW / 64;
/// What a match of every word adds where some of the words would do: it comes before all that lack one.
pub(crate) const EVERYTHING: u32 = 15_000;
/// What steps cost beside reading one posting of many in a row: to look one document up in a posting list,
const LOOK_UP: f32 = 25.0;
/// and to join a window of its own with another.
const JOIN: f32 = 500.0;

/// Bits and points of the documents of a window.
pub(crate) struct Window {
    /// Which match.
    pub bits: [u64; WORDS],
    /// What each counts.
    pub points: [u32; WINDOW],
}

impl Window {
    /// An empty one.
    pub(crate) fn new() -> Box<Window> {
        Box::new(Window { bits: [0; WORDS], points: [0; WINDOW] })
    }

    /// Makes it empty.
    pub(crate) fn clear(&mut self) {
        self.bits.fill(0);
        self.points.fill(0);
    }

    /// How many documents match.
    pub(crate) fn count(&self) -> usize {
        self.bits.iter().map(|word| word.count_ones() as usize).sum()
    }

    fn add_points(&mut self, other: &Window) {
        for (points, more) in self.points.iter_mut().zip(&other.points) {
            *points += more;
        }
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
                self.bits[word] |= bits;
                (word, bits) = (at / 64, 0);
            }
            bits |= 1 << (at % 64);
        }
        self.bits[word] |= bits;
    }
}

/// Calls `work` with the place of every set bit, in order.
#[inline]
pub(crate) fn each_bit(bits: &[u64; WORDS], mut work: impl FnMut(usize)) {
    for (word, bits) in bits.iter().enumerate() {
        let mut bits = *bits;
        while bits != 0 {
            work(word * 64 + bits.trailing_zeros() as usize);
            bits &= bits - 1;
        }
    }
}

/// Where a window lies, and what is known of its segment.
#[derive(Clone, Copy)]
pub(crate) struct Stretch<'a> {
    /// The first document.
    pub base: DocId,
    documents: DocId,
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

    /// How many postings it has to read at most.
    fn postings(&self) -> f32 {
        match self {
            Source::Everything => f32::MAX,
            Source::Any(ways) => ways.iter().map(Way::frequency).sum(),
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
                let documents = stretch.documents;
                for (at, word) in (stretch.base..).step_by(64).zip(&mut out.bits) {
                    *word = match documents.saturating_sub(at) {
                        0 => 0,
                        left @ 1..64 => (1 << left) - 1,
                        _ => u64::MAX,
                    };
                }
            }
            Source::Any(ways) => ways.iter_mut().for_each(|way| way.fill(stretch, out, spare)),
            Source::All(sources) => {
                let Some((first, others)) = sources.split_first_mut() else { return };
                first.fill(stretch, out, spare);
                for other in others {
                    if out.bits.iter().all(|word| *word == 0) {
                        return;
                    }
                    other.keep(stretch, out, spare);
                }
            }
            Source::Either(sources) => {
                for source in sources {
                    source.add(stretch, out, spare, |out, found| {
                        for (word, more) in out.bits.iter_mut().zip(&found.bits) {
                            *word |= more;
                        }
                    });
                }
            }
            Source::Enough { sources, need, complete } => {
                let mut reached = spare.take();
                let mut every = [u64::MAX; WORDS];
                for (source, share) in sources {
                    source.add(stretch, out, spare, |out, found| {
                        each_bit(&found.bits, |at| reached.points[at] += *share);
                        for ((word, more), every) in out.bits.iter_mut().zip(&found.bits).zip(&mut every) {
                            *word |= more;
                            *every &= more;
                        }
                    });
                }
                if *complete {
                    each_bit(&every, |at| out.points[at] += EVERYTHING);
                }
                let bits = out.bits;
                each_bit(&bits, |at| {
                    if reached.points[at] < *need {
                        out.bits[at / 64] &= !(1 << (at % 64));
                    }
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
            let bits = out.bits;
            each_bit(&bits, |at| match best(ways, stretch, at) {
                Some(points) => out.points[at] += points,
                None => out.bits[at / 64] &= !(1 << (at % 64)),
            });
            return;
        }
        self.add(stretch, out, spare, |out, found| {
            for (word, also) in out.bits.iter_mut().zip(&found.bits) {
                *word &= also;
            }
        });
    }

    /// Adds what matches count, and lets `join` put the bits together.
    fn add(
        &mut self,
        stretch: Stretch<'_>,
        out: &mut Window,
        spare: &mut Spare,
        join: impl FnOnce(&mut Window, &Window),
    ) {
        let mut found = spare.take();
        self.fill(stretch, &mut found, spare);
        if self.counts() {
            out.add_points(&found);
        }
        join(out, &found);
        spare.give(found);
    }

    /// Adds what a signal counts to documents that match: it decides nothing.
    pub(crate) fn signal(&mut self, stretch: Stretch<'_>, out: &mut Window, spare: &mut Spare) {
        if self.next(stretch.base) >= stretch.end() {
            return;
        }
        if let Source::Any(ways) = self
            && is_cheaper_looked_up(ways, stretch, out)
        {
            let bits = out.bits;
            each_bit(&bits, |at| out.points[at] += best(ways, stretch, at).unwrap_or(0));
            return;
        }
        self.add(stretch, out, spare, |_, _| {});
    }
}

/// Whether to look up the documents of a window one by one costs less than to read all its postings.
fn is_cheaper_looked_up(ways: &[Way], stretch: Stretch<'_>, out: &Window) -> bool {
    let one_by_one: f32 = ways.iter().map(|way| way.terms() as f32 * LOOK_UP).sum();
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

    fn terms(&self) -> usize {
        match self {
            Way::Term(_) => 1,
            Way::Terms(readers) => readers.len(),
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
                let other = |other: &Reader| (JOIN + other.within(stretch)).min(first * LOOK_UP);
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
            if count as f32 * LOOK_UP < JOIN + other.within(stretch) {
                let bits = found.bits;
                each_bit(&bits, |at| match other.look_up(stretch.base + at as DocId, stretch) {
                    Some(points) => found.points[at] = found.points[at].min(points),
                    None => found.bits[at / 64] &= !(1 << (at % 64)),
                });
            } else {
                let mut also = spare.take();
                other.fill(stretch, &mut also);
                for (points, other) in found.points.iter_mut().zip(&also.points) {
                    *points = (*points).min(*other);
                }
                for (word, other) in found.bits.iter_mut().zip(&also.bits) {
                    *word &= other;
                }
                spare.give(also);
            }
        }
        for (word, more) in out.bits.iter_mut().zip(&found.bits) {
            *word |= more;
        }
        each_bit(&found.bits, |at| out.points[at] = out.points[at].max(found.points[at]));
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
    /// Boxed: it carries its decoded block, over a kilobyte, and would be moved about with it.
    blocks: Box<BlockSegmentPostings>,
    /// Where in its block it stands.
    at: usize,
    worth: Worth,
    weight: u32,
    frequency: u32,
    /// Points by length of the name and frequency, where that many are looked at that it pays to have them ready.
    table: Option<Box<[u32; TABLE]>>,
}

/// Four lengths of names and 256 frequencies.
const TABLE: usize = 1024;
/// From so many postings on the points are kept ready.
const MANY: u32 = 2_000;

/// Full blocks have so many documents; one with fewer is the last.
const BLOCK: usize = 128;

impl Reader {
    /// The reader of a term; `weight` is what a worth of 1000 becomes.
    pub(crate) fn new(blocks: BlockSegmentPostings, worth: Worth, weight: u32) -> Reader {
        let frequency = blocks.doc_freq();
        let table = (frequency >= MANY && !matches!(worth, Worth::Same(..))).then(|| {
            let mut table = Box::new([0; TABLE]);
            for (length, row) in (0..).zip(table.chunks_mut(256)) {
                for (frequency, points) in (0..).zip(row) {
                    *points = worth.of(frequency, length) * weight / 1000;
                }
            }
            table
        });
        Reader { blocks: Box::new(blocks), at: 0, worth, weight, frequency, table }
    }

    /// About how many postings a window has.
    fn within(&self, stretch: Stretch<'_>) -> f32 {
        self.frequency as f32 * WINDOW as f32 / stretch.documents.max(1) as f32
    }

    /// Goes to a document or the next that matches.
    fn seek(&mut self, target: DocId) -> DocId {
        let docs = self.blocks.docs();
        if docs.get(self.at).is_some_and(|doc| *doc >= target) {
            // It is there already.
        } else if docs.last().is_some_and(|last| *last >= target) {
            self.at += docs.get(self.at..).map_or(0, |rest| rest.partition_point(|doc| *doc < target));
        } else if docs.len() == BLOCK {
            self.at = self.blocks.seek(target);
        } else {
            self.at = docs.len();
        }
        self.blocks.docs().get(self.at).copied().unwrap_or(TERMINATED)
    }

    fn fill(&mut self, stretch: Stretch<'_>, out: &mut Window) {
        let (base, end) = (stretch.base, stretch.end());
        if self.seek(base) >= end {
            return;
        }
        let (worth, weight) = (self.worth, self.weight);
        loop {
            let docs = self.blocks.docs().get(self.at..).unwrap_or_default();
            let within = if docs.last().is_some_and(|last| *last < end) {
                docs.len()
            } else {
                docs.partition_point(|doc| *doc < end)
            };
            let docs = docs.get(..within).unwrap_or_default();
            let frequencies = self.blocks.freqs().get(self.at..).unwrap_or_default();
            match (worth, &self.table) {
                (Worth::Same(worth, _), _) => {
                    let points = worth * weight / 1000;
                    out.pour(stretch, docs, docs, |_, _| points);
                }
                (_, Some(table)) => out.pour(stretch, docs, frequencies, |features, frequency| {
                    table[usize::from(features.name_length()) << 8 | frequency as usize & 0xff]
                }),
                (_, None) => out.pour(stretch, docs, frequencies, |features, frequency| {
                    worth.of(frequency, features.name_length()) * weight / 1000
                }),
            }
            self.at += within;
            if self.at < BLOCK {
                return;
            }
            self.blocks.advance();
            self.at = 0;
        }
    }

    /// What a document counts; `None` when it does not match. Documents must come in order.
    fn look_up(&mut self, doc: DocId, stretch: Stretch<'_>) -> Option<u32> {
        if self.seek(doc) != doc {
            return None;
        }
        let frequency = self.blocks.freqs().get(self.at).copied().unwrap_or(1);
        let length = stretch.length((doc - stretch.base) as usize);
        Some(self.worth.of(frequency, length) * self.weight / 1000)
    }
}

impl Stretch<'_> {
    /// The class of the name's length of a document of the window.
    #[inline]
    fn length(self, at: usize) -> NameLength {
        Features(self.features[at % WINDOW]).name_length()
    }
}
