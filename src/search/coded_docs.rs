//! Documents with a code each, such as the matches of a word: as bits where they are many, as a list where they are few.

use crate::search::window::{WINDOW, WORDS, each_of, is_set, touched};
use tantivy::{DocId, TERMINATED};

/// A word that fewer than one of so many documents match has a list: it takes half the room of bits. Tests have few documents
/// and are to have both.
const ARRAY: usize = if cfg!(test) { 4 } else { 32 };
/// Matches are counted for so many words of bits together: for each word it would take a quarter more room.
const GROUP: usize = 4;

/// Documents in their order, each with a code.
pub(crate) struct CodedDocs {
    form: Form,
    /// None where all have the same.
    codes: Box<[u8]>,
}

enum Form {
    /// Of what many documents match.
    Bitmap(Bitmap),
    /// Of what few match.
    Array(Array),
}

/// A bit for every document.
struct Bitmap {
    /// Which documents, with a window of none behind the last.
    bits: Box<[u64]>,
    /// How many matches of its window come before each group of words of bits,
    before: Box<[u16]>,
    /// and how many before each window that begins at a multiple of its length.
    windows: Box<[u32]>,
    /// The greatest code in each word of bits; none where all have the same.
    greatest: Box<[u8]>,
}

/// A number for every match.
struct Array {
    /// Where in its window each match lies.
    places: Box<[u16]>,
    /// Which match is the first of each window that begins at a multiple of its length, and how many there are.
    windows: Box<[u32]>,
    /// The greatest code in each of these windows.
    greatest: Box<[u8]>,
}

impl CodedDocs {
    /// The matches that bits tell, with a window of none behind the last, and their codes; none where all have the same.
    pub(crate) fn new(bits: Vec<u64>, codes: Box<[u8]>) -> CodedDocs {
        let count = bits.iter().map(|word| word.count_ones() as usize).sum();
        let form = if is_array(count, bits.len().saturating_sub(WORDS) * 64) {
            Form::Array(Array::new(&bits, &codes, count))
        } else {
            Form::Bitmap(Bitmap::new(bits, &codes))
        };
        CodedDocs { form, codes }
    }

    /// About how many bytes so many matches take in a segment of so many documents.
    pub(crate) fn estimate(count: usize, documents: usize) -> usize {
        if is_array(count, documents) { Array::estimate(count, documents) } else { Bitmap::estimate(count, documents) }
    }

    /// How many bytes they take.
    pub(crate) fn bytes(&self) -> usize {
        let own = match &self.form {
            Form::Bitmap(of) => size_of_val(&*of.bits) + size_of_val(&*of.before) + of.greatest.len(),
            Form::Array(of) => size_of_val(&*of.places) + size_of_val(&*of.windows) + of.greatest.len(),
        };
        own + self.codes.len()
    }

    /// The first match from a document on.
    pub(crate) fn next(&self, from: DocId) -> DocId {
        let next = match &self.form {
            Form::Bitmap(of) => of.next(from),
            Form::Array(of) => of.next(from),
        };
        next.unwrap_or(TERMINATED)
    }

    /// A code that none is greater than in a window that begins where a word of bits does.
    pub(crate) fn greatest(&self, base: DocId) -> u8 {
        let here = match &self.form {
            Form::Bitmap(of) => {
                let from = of.greatest.get(base as usize / 64..).unwrap_or_default();
                from.get(..WORDS).unwrap_or(from)
            }
            Form::Array(of) => touched(&of.greatest, base),
        };
        here.iter().fold(0, |greatest, code| greatest.max(*code))
    }

    /// A code that none is greater than near a document.
    #[inline]
    pub(crate) fn greatest_near(&self, doc: DocId) -> u8 {
        let near = match &self.form {
            Form::Bitmap(of) => of.greatest.get(doc as usize / 64),
            Form::Array(of) => of.greatest.get(doc as usize / WINDOW),
        };
        near.copied().unwrap_or(0)
    }

    /// Whether a document matches.
    #[inline]
    pub(crate) fn has(&self, doc: DocId) -> bool {
        match &self.form {
            Form::Bitmap(of) => of.has(doc),
            Form::Array(of) => of.find(doc).is_some(),
        }
    }

    /// The code of a document; `None` when it does not match.
    #[inline]
    pub(crate) fn code(&self, doc: DocId) -> Option<u8> {
        match &self.form {
            Form::Bitmap(of) if !of.has(doc) => None,
            _ if self.codes.is_empty() => self.has(doc).then_some(0),
            Form::Bitmap(of) => self.codes.get(of.place(doc)?).copied(),
            Form::Array(of) => self.codes.get(of.find(doc)?).copied(),
        }
    }

    /// The window that begins at a document where a word of bits does.
    pub(crate) fn part(&self, base: DocId) -> Part<'_> {
        let here = match &self.form {
            Form::Bitmap(of) => Here::kept(of, base),
            Form::Array(of) => {
                let mut unpacked = Box::new(Unpacked { bits: [0; WORDS], behind: [0; WORDS] });
                of.unpack(base, &mut unpacked);
                Here::Unpacked(of, unpacked)
            }
        };
        Part { codes: &self.codes, here }
    }
}

/// Whether so many matches of so many documents are had as a list.
fn is_array(count: usize, documents: usize) -> bool {
    count * ARRAY < documents
}

impl Bitmap {
    /// Of every document a bit, of every 64 a byte, of every 256 a number, with a window behind the last; of every match a
    /// code.
    fn estimate(count: usize, documents: usize) -> usize {
        (documents + WINDOW) * 19 / 128 + count
    }

    fn new(bits: Vec<u64>, codes: &[u8]) -> Bitmap {
        let mut left = codes;
        let greatest = bits.iter().take(if codes.is_empty() { 0 } else { bits.len() }).map(|word| {
            let (here, rest) = left.split_at_checked(word.count_ones() as usize).unwrap_or_default();
            left = rest;
            here.iter().max().copied().unwrap_or(0)
        });
        let greatest = greatest.collect();
        let (mut before, mut windows, mut all) = (Vec::with_capacity(bits.len().div_ceil(GROUP)), Vec::new(), 0);
        for window in bits.chunks(WORDS) {
            windows.push(all);
            let mut sum = 0_u16;
            for group in window.chunks(GROUP) {
                before.push(sum);
                sum += group.iter().map(|word| u16::try_from(word.count_ones()).unwrap_or(0)).sum::<u16>();
            }
            all += u32::from(sum);
        }
        Bitmap { bits: bits.into(), before: before.into(), windows: windows.into(), greatest }
    }

    fn next(&self, from: DocId) -> Option<DocId> {
        let start = from as usize / 64;
        let mut words = (start..).zip(self.bits.get(start..)?);
        let (_, first) = words.next()?;
        let first = (start, first & (u64::MAX << (from % 64)));
        let mut words = std::iter::once(first).chain(words.map(|(at, word)| (at, *word)));
        let (at, word) = words.find(|(_, word)| *word != 0)?;
        DocId::try_from(at * 64 + word.trailing_zeros() as usize).ok()
    }

    #[inline]
    fn has(&self, doc: DocId) -> bool {
        is_set(&self.bits, doc)
    }

    /// Which match a document is that matches.
    #[inline]
    fn place(&self, doc: DocId) -> Option<usize> {
        let (word, bit) = (doc as usize / 64, doc % 64);
        let here = *self.bits.get(word)? & ((1 << bit) - 1);
        Some(self.before(word)? + here.count_ones() as usize)
    }

    /// How many matches come before a word of bits.
    #[inline]
    fn before(&self, word: usize) -> Option<usize> {
        let group = word / GROUP;
        let rest = self.bits.get(group * GROUP..word)?.iter().map(|word| word.count_ones()).sum::<u32>();
        Some((*self.windows.get(word / WORDS)? + u32::from(*self.before.get(group)?) + rest) as usize)
    }
}

impl Array {
    /// Of every match a place and a code, of every window two numbers.
    fn estimate(count: usize, documents: usize) -> usize {
        count * 3 + documents / 512
    }

    fn new(bits: &[u64], codes: &[u8], count: usize) -> Array {
        let mut places = Vec::with_capacity(count);
        let (mut windows, mut greatest) = (Vec::new(), Vec::new());
        let mut first = 0;
        for window in bits.chunks(WORDS) {
            windows.push(first);
            for (start, word) in (0_u16..).step_by(64).zip(window) {
                each_of(*word, |bit| places.push(start + bit as u16));
            }
            let here = codes.get(first as usize..places.len()).unwrap_or_default();
            greatest.push(here.iter().max().copied().unwrap_or(0));
            first = places.len() as u32;
        }
        windows.push(first);
        Array { places: places.into(), windows: windows.into(), greatest: greatest.into() }
    }

    /// The matches of a window that begins at a multiple of its length: which is the first, and the places of all.
    #[inline]
    fn window(&self, window: usize) -> Option<(usize, &[u16])> {
        let [first, end] = self.windows.get(window..)?.first_chunk()?;
        Some((*first as usize, self.places.get(*first as usize..*end as usize)?))
    }

    fn next(&self, from: DocId) -> Option<DocId> {
        let (first, places) = self.window(from as usize / WINDOW)?;
        let at = first + places.partition_point(|place| u32::from(*place) < from % WINDOW as DocId);
        let place = *self.places.get(at)?;
        let window = self.windows.partition_point(|first| *first as usize <= at).checked_sub(1)?;
        DocId::try_from(window * WINDOW + usize::from(place)).ok()
    }

    /// Which match a document is; `None` when it does not match.
    #[inline]
    fn find(&self, doc: DocId) -> Option<usize> {
        let (first, places) = self.window(doc as usize / WINDOW)?;
        let at = places.binary_search(&((doc as usize % WINDOW) as u16)).ok()?;
        Some(first + at)
    }

    /// Writes bits of a window that begins where a word of bits does.
    fn unpack(&self, base: DocId, out: &mut Unpacked) {
        out.bits = [0; WORDS];
        let base = base as usize;
        for window in base / WINDOW..(base + WINDOW).div_ceil(WINDOW) {
            let Some((first, places)) = self.window(window) else { return };
            // Of a window that begins earlier some lie before the base, of the next some behind the end.
            let shift = (window * WINDOW).wrapping_sub(base);
            for (behind, place) in (first as u32 + 1..).zip(places) {
                let at = usize::from(*place).wrapping_add(shift);
                if at < WINDOW {
                    out.bits[at / 64] |= 1 << (at % 64);
                    out.behind[at / 64] = behind;
                }
            }
        }
    }
}

/// The matches of a window.
pub(crate) struct Part<'a> {
    /// Of all matches.
    codes: &'a [u8],
    here: Here<'a>,
}

enum Here<'a> {
    /// Bits as they are kept.
    Kept {
        of: &'a Bitmap,
        /// Which of its words is the first of the window.
        start: usize,
        bits: &'a [u64; WORDS],
        greatest: &'a [u8; WORDS],
    },
    /// A list written as bits.
    Unpacked(&'a Array, Box<Unpacked>),
}

struct Unpacked {
    bits: [u64; WORDS],
    /// Which match comes behind those of each word of bits that has any.
    behind: [u32; WORDS],
}

impl<'a> Here<'a> {
    fn kept(of: &'a Bitmap, base: DocId) -> Here<'a> {
        let start = base as usize / 64;
        let bits = of.bits.get(start..).and_then(|rest| rest.first_chunk()).unwrap_or(&[0; WORDS]);
        let greatest = of.greatest.get(start..).and_then(|rest| rest.first_chunk()).unwrap_or(&[0; WORDS]);
        Here::Kept { of, start, bits, greatest }
    }
}

impl Part<'_> {
    /// Goes to the window that begins at a document where a word of bits does.
    #[inline]
    pub(crate) fn go_to(&mut self, base: DocId) {
        match &mut self.here {
            Here::Kept { of, .. } => self.here = Here::kept(of, base),
            Here::Unpacked(of, unpacked) => of.unpack(base, unpacked),
        }
    }

    /// Which documents match.
    #[inline]
    pub(crate) fn bits(&self) -> &[u64; WORDS] {
        match &self.here {
            Here::Kept { bits, .. } => bits,
            Here::Unpacked(_, unpacked) => &unpacked.bits,
        }
    }

    /// The greatest code in a word of bits.
    #[inline]
    pub(crate) fn greatest(&self, word: usize) -> u8 {
        match &self.here {
            Here::Kept { greatest, .. } => greatest[word % WORDS],
            // One or two: it is not worth a number of its own.
            Here::Unpacked(_, unpacked) => {
                let here = unpacked.bits[word % WORDS].count_ones() as usize;
                self.codes(word).iter().take(here).fold(0, |greatest, code| greatest.max(*code))
            }
        }
    }

    /// The codes of the matches of a word of bits and of all behind; none where all have the same.
    #[inline]
    fn codes(&self, word: usize) -> &[u8] {
        if self.codes.is_empty() {
            return &[];
        }
        let first = match &self.here {
            Here::Kept { of, start, .. } => of.before(start + word).unwrap_or(0),
            Here::Unpacked(_, unpacked) => {
                let (bits, behind) = (unpacked.bits[word % WORDS], unpacked.behind[word % WORDS]);
                behind.saturating_sub(bits.count_ones()) as usize
            }
        };
        self.codes.get(first..).unwrap_or_default()
    }

    /// Calls `work` with the place in its word and the code of each of some matches of a word of bits.
    #[inline]
    pub(crate) fn each(&self, word: usize, some: u64, mut work: impl FnMut(usize, u8)) {
        let (all, codes) = (self.bits()[word % WORDS], self.codes(word));
        if codes.is_empty() {
            each_of(some, |bit| work(bit, 0));
        } else if some == all {
            let mut codes = codes.iter();
            each_of(some, |bit| work(bit, codes.next().copied().unwrap_or(0)));
        } else {
            each_of(some, |bit| {
                let at = (all & ((1 << bit) - 1)).count_ones() as usize;
                work(bit, codes.get(at).copied().unwrap_or(0));
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    const DOCUMENTS: DocId = 3 * WINDOW as DocId - 70;

    /// Both forms of the same matches.
    fn both(of: &BTreeMap<DocId, u8>, alike: bool) -> [CodedDocs; 2] {
        let mut bits = vec![0; (DOCUMENTS as usize).div_ceil(64) + WORDS];
        of.keys().for_each(|doc| bits[*doc as usize / 64] |= 1 << (doc % 64));
        let codes: Box<[u8]> = if alike { Box::default() } else { of.values().copied().collect() };
        let array = Form::Array(Array::new(&bits, &codes, of.len()));
        let bitmap = Form::Bitmap(Bitmap::new(bits, &codes));
        [array, bitmap].map(|form| CodedDocs { form, codes: codes.clone() })
    }

    fn matches() -> impl Strategy<Value = (BTreeMap<DocId, u8>, bool)> {
        let some = |most: DocId, count: usize| proptest::collection::btree_map(0..most, any::<u8>(), 0..count);
        (prop_oneof![some(DOCUMENTS, 4), some(DOCUMENTS, 900), some(200, 150)], any::<bool>()).prop_map(
            |(of, alike)| {
                let of = of.into_iter().map(|(doc, code)| (doc, if alike { 0 } else { code }));
                (of.collect(), alike)
            },
        )
    }

    proptest! {
        #[test]
        fn both_forms_tell_the_same(
            (of, alike) in matches(),
            asked in proptest::collection::vec(0..DOCUMENTS + 100, 40),
            bases in proptest::collection::vec(0..DOCUMENTS / 64, 6),
            some in any::<u64>(),
        ) {
            let greatest = |range: std::ops::Range<DocId>| of.range(range).map(|(_, code)| *code).max().unwrap_or(0);
            for matches in both(&of, alike) {
                for doc in asked.iter().chain(of.keys()).copied() {
                    prop_assert_eq!(matches.code(doc), of.get(&doc).copied());
                    prop_assert_eq!(matches.has(doc), of.contains_key(&doc));
                    let next = of.range(doc..).next().map_or(TERMINATED, |(doc, _)| *doc);
                    prop_assert_eq!(matches.next(doc), next);
                    prop_assert!(matches.greatest_near(doc) >= of.get(&doc).copied().unwrap_or(0));
                }
                let mut part = matches.part(0);
                for base in bases.iter().map(|word| word * 64) {
                    let window = base..base + WINDOW as DocId;
                    prop_assert!(matches.greatest(base) >= greatest(window.clone()));
                    let whole = base - base % WINDOW as DocId;
                    prop_assert_eq!(matches.greatest(whole), greatest(whole..whole + WINDOW as DocId));
                    part.go_to(base);
                    for (word, first) in (window.start..window.end).step_by(64).enumerate() {
                        let here = |bits: u64| of.range(first..first + 64).filter(move |(doc, _)| bits >> (*doc - first) & 1 == 1);
                        let bits = here(u64::MAX).fold(0, |bits, (doc, _)| bits | 1 << (doc - first));
                        prop_assert_eq!(part.bits()[word], bits);
                        prop_assert_eq!(part.greatest(word), greatest(first..first + 64));
                        for some in [bits, bits & some] {
                            let mut told = Vec::new();
                            part.each(word, some, |bit, code| told.push((first + bit as DocId, code)));
                            prop_assert_eq!(told, here(some).map(|(doc, code)| (*doc, *code)).collect::<Vec<_>>());
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn few_are_a_list_and_many_are_bits() {
        let is_list = |every: usize| {
            let mut bits = vec![0_u64; 5 * WORDS];
            (0..4 * WINDOW).step_by(every).for_each(|doc| bits[doc / 64] |= 1 << (doc % 64));
            matches!(CodedDocs::new(bits, Box::default()).form, Form::Array(_))
        };
        assert!(is_list(ARRAY + 1));
        assert!(!is_list(ARRAY));
    }

    #[test]
    fn what_few_documents_match_takes_less_room_as_a_list() {
        let of: BTreeMap<DocId, u8> = (0..DOCUMENTS).step_by(40).map(|doc| (doc, 1)).collect();
        let [array, bitmap] = both(&of, false);
        assert!(array.bytes() * 2 < bitmap.bytes());
        for matches in [array, bitmap] {
            let count = matches.codes.len();
            let estimate = match &matches.form {
                Form::Array(_) => Array::estimate(count, DOCUMENTS as usize),
                Form::Bitmap(_) => Bitmap::estimate(count, DOCUMENTS as usize),
            };
            assert!(estimate.abs_diff(matches.bytes()) * 8 < matches.bytes(), "{estimate} {}", matches.bytes());
        }
    }
}
