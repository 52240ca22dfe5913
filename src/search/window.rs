//! Bits and points of a window of documents: where words and filters write what matches and what it counts.
//!
//! The loop over all matches is where the time of a search goes. A window fits the first cache; postings are written into
//! it block by block and without a decision per document (`postings`), and put together word by word of 64 documents.

use crate::search::intake::Features;
use crate::search::view::SegmentData;
use std::cell::Cell;
use tantivy::{DocId, TERMINATED};

/// Documents of a window.
pub(crate) const WINDOW: usize = 4096;
/// So many windows a thread keeps.
const MOST_SPARE: usize = 8;
/// Words of 64 bits that a window's documents take.
pub(crate) const WORDS: usize = WINDOW / 64;

/// Bits and points of the documents of a window.
pub(crate) struct Window {
    /// Which match.
    pub bits: [u64; WORDS],
    /// What each counts.
    pub points: [u32; WINDOW],
    /// Words of `bits` that were written, with the points of their documents: most windows have few.
    pub touched: u64,
    /// Whether documents that do not match may have points left from before.
    stale: bool,
}

impl Window {
    /// An empty one.
    pub(crate) fn new() -> Box<Window> {
        Box::new(Window { bits: [0; WORDS], points: [0; WINDOW], touched: 0, stale: false })
    }

    /// Makes it empty.
    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.stale) {
            self.points.fill(0);
        }
        each_of(self.touched, |word| {
            self.bits[word] = 0;
            self.points[word * 64..][..64].fill(0);
        });
        self.touched = 0;
    }

    /// Makes it empty but leaves points where they are: for what sets them with every match, and never only adds.
    pub(crate) fn clear_bits(&mut self) {
        each_of(self.touched, |word| self.bits[word] = 0);
        self.touched = 0;
        self.stale = true;
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
    pub(crate) fn join(&mut self, words: u64, other: &Window, mut work: impl FnMut(&mut u64, u64, &mut [u32], &[u32])) {
        each_of(words, |word| {
            let (points, others) = (&mut self.points[word * 64..][..64], &other.points[word * 64..][..64]);
            work(&mut self.bits[word], other.bits[word], points, others);
        });
        self.touched |= words;
    }

    /// Keeps what matches in the other window too and adds what that counts.
    pub(crate) fn intersect(&mut self, other: &Window, counts: bool) {
        self.join(self.touched, other, |bits, others, points, more| {
            *bits &= others;
            if counts && *bits != 0 {
                points.iter_mut().zip(more).for_each(|(points, more)| *points += more);
            }
        });
    }

    /// Takes out what matches in the other window.
    pub(crate) fn subtract(&mut self, other: &Window) {
        each_of(self.touched & other.touched, |word| self.bits[word] &= !other.bits[word]);
    }

    /// Adds what the other window's matches count.
    pub(crate) fn add(&mut self, other: &Window) {
        self.join(self.touched & other.touched, other, |_, _, points, more| {
            points.iter_mut().zip(more).for_each(|(points, more)| *points += more);
        });
    }

    /// Takes the other window's matches in and adds what they count.
    pub(crate) fn unite(&mut self, other: &Window, counts: bool) {
        self.join(other.touched, other, |bits, others, points, more| {
            *bits |= others;
            if counts {
                points.iter_mut().zip(more).for_each(|(points, more)| *points += more);
            }
        });
    }

    /// Puts postings in without what they count.
    pub(crate) fn pour_bits(&mut self, stretch: Stretch<'_>, docs: &[DocId]) {
        // Bits are gathered and written word by word: to change the same word again and again would have to wait for
        // what was written just before.
        let (mut word, mut bits) = (0, 0);
        for doc in docs {
            let at = (doc - stretch.base) as usize % WINDOW;
            if at / 64 != word {
                self.put(word, bits);
                (word, bits) = (at / 64, 0);
            }
            bits |= 1 << (at % 64);
        }
        self.put(word, bits);
    }

    /// Puts postings in; the best of what is put for a document counts.
    #[inline]
    pub(crate) fn pour(
        &mut self,
        stretch: Stretch<'_>,
        docs: &[DocId],
        frequencies: &[u32],
        points: impl Fn(Features, u32) -> u32,
    ) {
        for (doc, frequency) in docs.iter().zip(frequencies) {
            let at = (doc - stretch.base) as usize % WINDOW;
            let points = points(Features(stretch.features[at]), *frequency);
            // What stands there counts only when the document matches already.
            let matches = 0_u32.wrapping_sub((self.bits[at / 64] >> (at % 64) & 1) as u32);
            self.points[at] = (self.points[at] & matches).max(points);
        }
        self.pour_bits(stretch, docs);
    }

    #[inline]
    pub(crate) fn put(&mut self, word: usize, bits: u64) {
        if bits != 0 {
            self.bits[word] |= bits;
            self.touched |= 1 << word;
        }
    }
}

/// Whether a document's bit is set.
#[inline]
pub(crate) fn is_set(bits: &[u64], doc: DocId) -> bool {
    bits.get(doc as usize / 64).is_some_and(|word| word >> (doc % 64) & 1 == 1)
}

/// Of what is known of each window that begins at a multiple of the length: that of those which a window touches.
pub(crate) fn touched<T>(known: &[T], base: DocId) -> &[T] {
    let from = known.get(base as usize / WINDOW..).unwrap_or_default();
    from.get(..if (base as usize).is_multiple_of(WINDOW) { 1 } else { 2 }).unwrap_or(from)
}

/// Calls `work` with every set bit of a number, in order.
#[inline]
pub(crate) fn each_of(mut bits: u64, mut work: impl FnMut(usize)) {
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
    pub features: &'a [u8; WINDOW],
    /// Whether points are wanted, or only what matches.
    pub counted: bool,
}

impl<'a> Stretch<'a> {
    /// A window with a document; it begins where a word of its bits does.
    pub(crate) fn new(doc: DocId, data: &'a SegmentData) -> Stretch<'a> {
        let base = doc & !63;
        Stretch { base, documents: data.documents, features: data.features_from(base), counted: true }
    }

    /// The features of the document at a place.
    #[inline]
    pub(crate) fn features_at(self, at: usize) -> Features {
        Features(self.features[at % WINDOW])
    }

    /// The document behind the last.
    pub(crate) fn end(self) -> DocId {
        self.base.saturating_add(WINDOW as DocId).min(TERMINATED)
    }
}

thread_local! {
    /// The windows of the last query of this thread: to make and to zero them anew would show.
    static LAST: Cell<Vec<Box<Window>>> = const { Cell::new(Vec::new()) };
}

/// Windows for what is between a query and its answer, used again and again.
pub(crate) struct Spare(Vec<Box<Window>>);

impl Default for Spare {
    fn default() -> Spare {
        Spare(LAST.take())
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        self.0.truncate(MOST_SPARE);
        LAST.set(std::mem::take(&mut self.0));
    }
}

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
