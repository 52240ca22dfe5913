//! What matches and what it counts, for a window of documents at a time.
//!
//! The loop over all matches is where the time of a search goes. Words and filters write their postings into bits and
//! points of a window that fits the first cache, block by block and without a decision per document; only where few
//! documents are left do the other words look them up one by one.

use crate::search::cursor::{Leaf, Worth};
use crate::search::evidence;
use crate::search::intake::Features;
use tantivy::postings::BlockSegmentPostings;
use tantivy::{DocId, TERMINATED};

/// Documents of a window.
pub(crate) const WINDOW: usize = 4096;
/// Words of 64 bits that a window's documents take.
pub(crate) const WORDS: usize = WINDOW / 64;
/// What a match of every word adds where some of the words would do: it comes before all that lack one.
pub(crate) const EVERYTHING: u32 = 15_000;
/// To look one document up in a posting list costs about as much as to read so many postings in a row.
const LOOK_UP: f32 = 40.0;

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

    fn count(&self) -> u32 {
        self.bits.iter().map(|word| word.count_ones()).sum()
    }

    fn add_points(&mut self, other: &Window) {
        for (points, more) in self.points.iter_mut().zip(&other.points) {
            *points += more;
        }
    }

    #[inline]
    fn put(&mut self, at: usize, points: u32) {
        let at = at % WINDOW;
        self.bits[at / 64] |= 1 << (at % 64);
        self.points[at] = self.points[at].max(points);
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
    /// Features of all documents of the segment.
    pub features: &'a [u8],
}

impl Stretch<'_> {
    fn end(self) -> DocId {
        self.base.saturating_add(WINDOW as DocId).min(TERMINATED)
    }

    fn documents(self) -> DocId {
        DocId::try_from(self.features.len()).unwrap_or(TERMINATED)
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
    Any(Vec<Reader>),
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
            Source::Any(readers) => readers.iter().map(|reader| reader.frequency as f32).sum(),
            Source::All(sources) => sources.first().map_or(0.0, Source::postings),
            Source::Either(sources) => sources.iter().map(Source::postings).sum(),
            Source::Enough { sources, .. } => sources.iter().map(|(source, _)| source.postings()).sum(),
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
            Source::Any(readers) => readers.iter_mut().map(|reader| reader.seek(from)).min().unwrap_or(TERMINATED),
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
                let documents = stretch.documents();
                for (at, word) in (stretch.base..).step_by(64).zip(&mut out.bits) {
                    *word = match documents.saturating_sub(at) {
                        0 => 0,
                        left @ 1..64 => (1 << left) - 1,
                        _ => u64::MAX,
                    };
                }
            }
            Source::Any(readers) => readers.iter_mut().for_each(|reader| reader.fill(stretch, out)),
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
        if let Source::Any(readers) = self
            && is_cheaper_looked_up(readers, stretch, out)
        {
            let bits = out.bits;
            each_bit(&bits, |at| match best(readers, stretch, at) {
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
        out.add_points(&found);
        join(out, &found);
        spare.give(found);
    }

    /// Adds what a signal counts to documents that match: it decides nothing.
    pub(crate) fn signal(&mut self, stretch: Stretch<'_>, out: &mut Window, spare: &mut Spare) {
        if self.next(stretch.base) >= stretch.end() {
            return;
        }
        if let Source::Any(readers) = self
            && is_cheaper_looked_up(readers, stretch, out)
        {
            let bits = out.bits;
            each_bit(&bits, |at| out.points[at] += best(readers, stretch, at).unwrap_or(0));
            return;
        }
        self.add(stretch, out, spare, |_, _| {});
    }
}

/// Whether to look up the documents of a window one by one costs less than to read all its postings.
fn is_cheaper_looked_up(readers: &[Reader], stretch: Stretch<'_>, out: &Window) -> bool {
    let postings: f32 = readers.iter().map(|reader| reader.frequency as f32).sum();
    let here = postings * WINDOW as f32 / stretch.documents().max(1) as f32;
    out.count() as f32 * readers.len() as f32 * LOOK_UP < here
}

/// What the best of these ways counts for a document of a window; `None` when it matches in none.
fn best(readers: &mut [Reader], stretch: Stretch<'_>, at: usize) -> Option<u32> {
    let doc = stretch.base + at as DocId;
    readers.iter_mut().filter_map(|reader| reader.look_up(doc, stretch)).max()
}

/// A posting list, or several whose terms must all be there, and what its postings count.
pub(crate) struct Reader {
    postings: Postings,
    worth: Worth,
    weight: u32,
    /// In how many documents it is, at most.
    frequency: u32,
}

enum Postings {
    /// One term, and where in its block it stands.
    One(Box<BlockSegmentPostings>, usize),
    /// Several terms.
    Several(Leaf),
}

/// Full blocks have so many documents; one with fewer is the last.
const BLOCK: usize = 128;

impl Reader {
    /// The reader of one term; `weight` is what a worth of 1000 becomes.
    pub(crate) fn of_one(postings: BlockSegmentPostings, worth: Worth, weight: u32) -> Reader {
        let frequency = postings.doc_freq();
        Reader { postings: Postings::One(Box::new(postings), 0), worth, weight, frequency }
    }

    /// The reader of several terms.
    pub(crate) fn of_several(leaf: Leaf, worth: Worth, weight: u32, frequency: u32) -> Reader {
        Reader { postings: Postings::Several(leaf), worth, weight, frequency }
    }

    /// Goes to a document or the next that matches.
    fn seek(&mut self, target: DocId) -> DocId {
        match &mut self.postings {
            Postings::One(blocks, at) => {
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
            Postings::Several(leaf) => leaf.seek(target),
        }
    }

    fn fill(&mut self, stretch: Stretch<'_>, out: &mut Window) {
        let (base, end) = (stretch.base, stretch.end());
        if self.seek(base) >= end {
            return;
        }
        let (worth, weight) = (self.worth, self.weight);
        match &mut self.postings {
            Postings::Several(leaf) => {
                while leaf.doc() < end {
                    let at = (leaf.doc() - base) as usize;
                    out.put(at, leaf.points(stretch.length(at)));
                    leaf.advance();
                }
            }
            Postings::One(blocks, at) => loop {
                let docs = blocks.docs().get(*at..).unwrap_or_default();
                let within = if docs.last().is_some_and(|last| *last < end) {
                    docs.len()
                } else {
                    docs.partition_point(|doc| *doc < end)
                };
                let docs = docs.get(..within).unwrap_or_default();
                match worth {
                    Worth::Same(worth, _) => {
                        let points = worth * weight / 1000;
                        docs.iter().for_each(|doc| out.put((doc - base) as usize, points));
                    }
                    Worth::Places => {
                        let table = evidence::table();
                        let frequencies = blocks.freqs().get(*at..).unwrap_or_default();
                        for (doc, frequency) in docs.iter().zip(frequencies) {
                            let at = (doc - base) as usize;
                            let worth = evidence::worth_in(table, *frequency, stretch.length(at));
                            out.put(at, worth * weight / 1000);
                        }
                    }
                    Worth::Vocabulary | Worth::NameFirst(_) => {
                        let frequencies = blocks.freqs().get(*at..).unwrap_or_default();
                        for (doc, frequency) in docs.iter().zip(frequencies) {
                            out.put((doc - base) as usize, worth.of(*frequency, 0) * weight / 1000);
                        }
                    }
                }
                *at += within;
                if *at < BLOCK {
                    return;
                }
                blocks.advance();
                *at = 0;
            },
        }
    }

    /// What a document counts; `None` when it does not match. Documents must come in order.
    fn look_up(&mut self, doc: DocId, stretch: Stretch<'_>) -> Option<u32> {
        if self.seek(doc) != doc {
            return None;
        }
        let length = stretch.length((doc - stretch.base) as usize);
        Some(match &self.postings {
            Postings::Several(leaf) => leaf.points(length),
            Postings::One(blocks, at) => {
                let frequency = blocks.freqs().get(*at).copied().unwrap_or(1);
                self.worth.of(frequency, length) * self.weight / 1000
            }
        })
    }
}

impl Stretch<'_> {
    /// The class of the name's length of a document of the window.
    #[inline]
    fn length(self, at: usize) -> evidence::NameLength {
        Features(self.features.get(self.base as usize + at).copied().unwrap_or(u8::MAX)).name_length()
    }
}
