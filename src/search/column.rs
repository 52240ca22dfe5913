//! What a word matches in a segment, document by document: kept for words that many documents have and that are asked for
//! again, so that their posting lists need not be put together each time.

use crate::error::Result;
use crate::search::counting::Tally;
use crate::search::cursor::Worth;
use crate::search::evidence::Places;
use crate::search::masks::Mask;
use crate::search::postings::Way;
use crate::search::terms::In;
use crate::search::view::SegmentData;
use crate::search::window::{WINDOW, WORDS, each_of, is_set};
use foldhash::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use tantivy::{DocId, TERMINATED};

/// One term of a word's ways to match: its field, worth and base, how many terms its way has, and where its postings begin.
pub(crate) type ColumnTerm = (In, Worth, u32, usize, usize);

/// All columns of a segment take so many bytes for each of its documents at most: most words of names and topics find room then.
const ROOM_OF_DOCUMENT: usize = 232;
/// That they may take always, and never more than this.
const LEAST_ROOM: usize = 8 << 20;
const MOST_ROOM: usize = 512 << 20;
/// So many words without a column are remembered.
const MOST_ASKED: usize = 4_096;
/// A word takes another's place when its column would save so many times as much: words that are asked for alike are not
/// to drive each other out again and again.
const CLEARLY: u64 = 2;
/// So many different values, with where the word stands, fit a code. Tests have few words and are to have some with too
/// many.
const MOST_KINDS: usize = if cfg!(test) { 24 } else { 256 };

/// So many codes there are.
const MOST_CODES: usize = 256;
/// Matches are counted for so many words of bits together: for each word it would take a quarter more room.
const GROUP: usize = 4;
/// It is kept what was counted with so many masks, those that were made last.
const MOST_TALLIES: usize = 4;
/// So many of the matches that count most are at hand.
const MOST_CHAMPIONS: usize = 256;

/// What a word matches: bits, and for every match the place of its value.
pub(crate) struct Column {
    /// Which documents, with a window of none behind the last.
    bits: Box<[u64]>,
    /// How many matches of its window come before each group of words of bits,
    before: Box<[u16]>,
    /// and how many before each window that begins at a multiple of its length.
    windows: Box<[u32]>,
    /// The place of every match's value; empty when there is one value only.
    codes: Box<[u8]>,
    /// The greatest code in each word of bits.
    greatest: Box<[u8]>,
    /// Values, from low to high.
    values: Vec<u32>,
    /// Where in a record the word stands, for each value; empty when these are too many different ones together.
    standing: Vec<Places>,
    count: usize,
    /// What was counted of the matches that masks show, by their numbers.
    tallies: Mutex<Vec<(u64, Arc<Tally>)>>,
    /// Matches that count most, the best first.
    champions: Box<[DocId]>,
}

impl Column {
    /// The column of a word by its ways to match, of a weight of 1000; `None` when there are too many different values.
    pub(crate) fn of(mut ways: Vec<Way>, data: &SegmentData) -> Option<Column> {
        let mut bits = vec![0; (data.documents as usize).div_ceil(64) + WORDS];
        // What each match counts and, below, where the word stands in it.
        let mut found: Vec<u32> = Vec::new();
        let mut told = vec![0; WINDOW];
        for (base, words) in (0..data.documents).step_by(WINDOW).zip(bits.chunks_mut(WORDS)) {
            for way in &mut ways {
                way.tell(base + WINDOW as DocId, data, |doc, value, places| {
                    let at = (doc - base) as usize % WINDOW;
                    let (word, bit) = (&mut words[at / 64 % WORDS], 1 << (at % 64));
                    let held = if *word & bit == 0 { 0 } else { told[at] };
                    *word |= bit;
                    let value = value.min(u32::from(u16::MAX)).max(held >> Places::BITS);
                    told[at] = value << Places::BITS | held & u32::from(Places::MAX) | u32::from(places);
                });
            }
            for (first, bits) in (0..).step_by(64).zip(words) {
                each_of(*bits, |bit| found.push(told[(first + bit) % WINDOW]));
            }
        }
        let mut kinds = distinct(&found);
        let whole = kinds.len() <= MOST_KINDS;
        if !whole {
            found.iter_mut().for_each(|kind| *kind &= !u32::from(Places::MAX));
            kinds.iter_mut().for_each(|kind| *kind &= !u32::from(Places::MAX));
            kinds.dedup();
        }
        if kinds.len() > MOST_KINDS {
            return None;
        }
        let codes = match kinds.len() {
            0 | 1 => Box::default(),
            _ => {
                let of: HashMap<u32, u8> = kinds.iter().copied().zip(0..=u8::MAX).collect();
                found.iter().map(|kind| of.get(kind).copied().unwrap_or(0)).collect()
            }
        };
        let values = kinds.iter().map(|kind| kind >> Places::BITS).collect();
        let standing = if whole { kinds.iter().map(|kind| kind.to_le_bytes()[0]).collect() } else { Vec::new() };
        let mut left: &[u8] = &codes;
        let greatest = bits.iter().map(|word: &u64| {
            let (here, rest) = left.split_at_checked(word.count_ones() as usize).unwrap_or_default();
            left = rest;
            here.iter().max().copied().unwrap_or(0)
        });
        let greatest = greatest.collect();
        let champions = champions(&bits, &codes, found.len());
        let (mut before, mut windows, mut all) = (Vec::with_capacity(bits.len()), Vec::new(), 0);
        for window in bits.chunks(WORDS) {
            windows.push(all);
            let mut sum = 0_u16;
            for group in window.chunks(GROUP) {
                before.push(sum);
                sum += group.iter().map(|word| u16::try_from(word.count_ones()).unwrap_or(0)).sum::<u16>();
            }
            all += u32::from(sum);
        }
        Some(Column {
            bits: bits.into(),
            before: before.into(),
            windows: windows.into(),
            codes,
            greatest,
            values,
            standing,
            count: found.len(),
            tallies: Mutex::default(),
            champions,
        })
    }

    /// How many documents match.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// What was counted of the matches that a mask shows.
    pub(crate) fn tally(&self, mask: &Mask) -> Arc<Tally> {
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, tally)) = tallies.iter().find(|(number, _)| *number == mask.number) {
            return Arc::clone(tally);
        }
        if tallies.len() >= MOST_TALLIES
            && let Some(oldest) = (0..tallies.len()).min_by_key(|at| tallies[*at].0)
        {
            tallies.swap_remove(oldest);
        }
        let tally = Arc::default();
        tallies.push((mask.number, Arc::clone(&tally)));
        tally
    }

    /// Some of the matches that count most, the best first.
    pub(crate) fn champions(&self) -> &[DocId] {
        &self.champions
    }

    /// The values that codes stand for.
    pub(crate) fn values(&self) -> &[u32] {
        &self.values
    }

    fn bytes(&self) -> usize {
        size_of_val(&*self.bits) + size_of_val(&*self.before) + self.greatest.len() + self.codes.len()
    }

    /// The first match from a document on.
    pub(crate) fn next(&self, from: DocId) -> DocId {
        let start = from as usize / 64;
        let mut words = (start..).zip(self.bits.get(start..).unwrap_or_default());
        let Some((_, first)) = words.next() else { return TERMINATED };
        let first = (start, first & (u64::MAX << (from % 64)));
        std::iter::once(first)
            .chain(words.map(|(at, word)| (at, *word)))
            .find(|(_, word)| *word != 0)
            .and_then(|(at, word)| DocId::try_from(at * 64 + word.trailing_zeros() as usize).ok())
            .unwrap_or(TERMINATED)
    }

    /// The greatest code in a window that begins where a word of bits does; greater codes stand for greater values.
    pub(crate) fn greatest(&self, base: DocId) -> u8 {
        let here = self.greatest.get(base as usize / 64..).unwrap_or_default().iter().take(WORDS);
        here.fold(0, |greatest, code| greatest.max(*code))
    }

    /// A code that none is greater than in the word of bits that a document is in.
    #[inline]
    pub(crate) fn greatest_near(&self, doc: DocId) -> u8 {
        self.greatest.get(doc as usize / 64).copied().unwrap_or(0)
    }

    /// Whether it tells where words stand.
    pub(crate) fn tells_places(&self) -> bool {
        !self.standing.is_empty()
    }

    /// Whether a document matches.
    #[inline]
    pub(crate) fn has(&self, doc: DocId) -> bool {
        is_set(&self.bits, doc)
    }

    /// The code of a document's value; `None` when it does not match.
    #[inline]
    pub(crate) fn code(&self, doc: DocId) -> Option<u8> {
        let (word, bit) = (doc as usize / 64, doc % 64);
        let bits = *self.bits.get(word)?;
        if bits >> bit & 1 == 0 {
            return None;
        }
        if self.codes.is_empty() {
            return Some(0);
        }
        let at = self.before(word)? + (bits & ((1 << bit) - 1)).count_ones();
        self.codes.get(at as usize).copied()
    }

    /// How many matches come before a word of bits.
    #[inline]
    fn before(&self, word: usize) -> Option<u32> {
        let group = word / GROUP;
        let rest = self.bits.get(group * GROUP..word)?.iter().map(|word| word.count_ones()).sum::<u32>();
        Some(*self.windows.get(word / WORDS)? + u32::from(*self.before.get(group)?) + rest)
    }

    /// What a document counts and where the word stands in it; `None` when it does not match.
    pub(crate) fn look_up(&self, doc: DocId) -> Option<(u32, Places)> {
        let code = usize::from(self.code(doc)?);
        Some((*self.values.get(code)?, *self.standing.get(code)?))
    }

    /// What matches in a window; it begins where a word of bits does.
    pub(crate) fn part(&self, base: DocId) -> Part<'_> {
        let start = base as usize / 64;
        let bits = self.bits.get(start..).and_then(|rest| rest.first_chunk());
        let greatest = self.greatest.get(start..).and_then(|rest| rest.first_chunk());
        Part { column: self, bits: bits.unwrap_or(&[0; WORDS]), greatest: greatest.unwrap_or(&[0; WORDS]), start }
    }
}

/// Different numbers, from low to high.
fn distinct(numbers: &[u32]) -> Vec<u32> {
    let mut distinct: Vec<u32> = numbers.iter().copied().collect::<HashSet<u32>>().into_iter().collect();
    distinct.sort_unstable();
    distinct
}

/// The first so many of those matches that have the greatest codes.
fn champions(bits: &[u64], codes: &[u8], count: usize) -> Box<[DocId]> {
    let mut by_code = [0_usize; MOST_CODES];
    codes.iter().for_each(|code| by_code[usize::from(*code)] += 1);
    if codes.is_empty() {
        by_code[0] = count;
    }
    // Codes from here on are all taken, of the one before as many as there is room for.
    let mut left = MOST_CHAMPIONS;
    let least = by_code.iter().rposition(|count| {
        let full = *count >= left;
        left = if full { left } else { left - count };
        full
    });
    let mut best: Vec<(u8, DocId)> = Vec::with_capacity(MOST_CHAMPIONS);
    let mut codes = codes.iter().copied();
    for (at, word) in (0..).step_by(64).zip(bits) {
        each_of(*word, |bit| {
            let code = codes.next().unwrap_or(0);
            let takes = match least {
                Some(least) if usize::from(code) == least && left > 0 => {
                    left -= 1;
                    true
                }
                Some(least) => usize::from(code) > least,
                None => true,
            };
            if takes {
                best.push((u8::MAX - code, at + bit as DocId));
            }
        });
    }
    best.sort_unstable();
    best.into_iter().map(|(_, doc)| doc).collect()
}

/// What a word matches in a window.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    column: &'a Column,
    /// Which documents.
    pub bits: &'a [u64; WORDS],
    /// The greatest code in each word of bits.
    pub greatest: &'a [u8; WORDS],
    /// Which of the column's words is the first.
    start: usize,
}

impl Part<'_> {
    /// The codes of the matches of a word of bits and of all behind; none where there is one value only.
    #[inline]
    fn codes(&self, word: usize) -> &[u8] {
        if self.column.codes.is_empty() {
            return &[];
        }
        let before = self.column.before(self.start + word).unwrap_or(0);
        self.column.codes.get(before as usize..).unwrap_or_default()
    }

    /// Calls `work` with the place in its word and the code of each of some matches of a word of bits.
    #[inline]
    pub(crate) fn each(&self, word: usize, some: u64, mut work: impl FnMut(usize, u8)) {
        let (all, codes) = (self.bits[word], self.codes(word));
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

/// The columns of a segment: of the words whose lists cost most, by how long they are and how often they are asked for.
#[derive(Default)]
pub(crate) struct Columns(Mutex<Held>);

#[derive(Default)]
struct Held {
    /// By word; words with too many values never get one.
    columns: HashMap<Vec<ColumnTerm>, Place>,
    /// What they take.
    bytes: usize,
    /// No column saves less than this, as far as is known: to go through all of them for each word that asks would show.
    floor: u64,
    /// How often words without a column were asked for.
    asked: HashMap<Vec<ColumnTerm>, u64>,
    since_aging: u64,
}

/// A word's place among the columns.
struct Place {
    column: Option<Arc<Column>>,
    asked: u64,
    /// How many postings the word has.
    frequency: u64,
}

impl Place {
    fn bytes(&self) -> usize {
        self.column.as_ref().map_or(0, |column| column.bytes())
    }

    /// What the column saves; a word without one takes no room and loses its place to nobody.
    fn saved(&self) -> Option<u64> {
        self.column.as_ref().map(|_| self.asked.saturating_mul(self.frequency))
    }
}

/// After so many questions what was asked before counts half: words come and go.
const AGING: u64 = 50_000;

impl Held {
    fn age(&mut self) {
        self.since_aging += 1;
        if self.since_aging >= AGING || self.asked.len() >= MOST_ASKED {
            self.since_aging = 0;
            self.asked.values_mut().for_each(|asked| *asked /= 2);
            self.asked.retain(|_, asked| *asked > 0);
            self.columns.values_mut().for_each(|place| place.asked = (place.asked / 2).max(1));
            self.floor = 0;
        }
    }

    /// The column that saves least, and how much that is.
    fn least(&self) -> Option<(&Vec<ColumnTerm>, u64)> {
        let saved = self.columns.iter().filter_map(|(key, place)| Some((key, place.saved()?)));
        saved.min_by_key(|(_, saved)| *saved)
    }

    /// Whether a word is worth a column of so many bytes by now, where all may take so many; makes room for it.
    fn admits(&mut self, key: &[ColumnTerm], frequency: u64, bytes: usize, room: usize) -> bool {
        let asked = self.asked.entry(key.to_vec()).or_default();
        *asked += 1;
        let asked = *asked;
        if asked < 2 || bytes > room {
            return false;
        }
        while self.bytes + bytes > room {
            if self.floor.saturating_mul(CLEARLY) >= asked.saturating_mul(frequency) {
                return false;
            }
            let Some((least, saved)) = self.least() else { return true };
            let least = least.clone();
            self.floor = saved;
            if saved.saturating_mul(CLEARLY) >= asked.saturating_mul(frequency) {
                return false;
            }
            if let Some(place) = self.columns.remove(&least) {
                self.bytes -= place.bytes();
                self.asked.insert(least, place.asked);
            }
        }
        true
    }
}

impl Columns {
    /// How many words have one.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.columns.values().filter(|place| place.column.is_some()).count()
    }

    /// The column of a word, if there is one; this does not count as asked for.
    pub(crate) fn held(&self, key: &[ColumnTerm]) -> Option<Arc<Column>> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.columns.get(key).and_then(|place| place.column.clone())
    }

    /// The column of a word that about so many documents have; `None` while it is not worth one.
    pub(crate) fn get(
        &self,
        key: &[ColumnTerm],
        frequency: u64,
        documents: DocId,
        make: impl FnOnce() -> Result<Option<Column>>,
    ) -> Result<Option<Arc<Column>>> {
        // Of every document a bit, of every 64 a byte, of every 256 a number, of every match at most a byte.
        let bytes =
            documents as usize * 19 / 128 + usize::try_from(frequency).unwrap_or(usize::MAX).min(documents as usize);
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.age();
        if let Some(place) = held.columns.get_mut(key) {
            place.asked += 1;
            return Ok(place.column.clone());
        }
        let room = (documents as usize).saturating_mul(ROOM_OF_DOCUMENT).clamp(LEAST_ROOM, MOST_ROOM);
        if !held.admits(key, frequency, bytes, room) {
            return Ok(None);
        }
        drop(held);
        let column = make()?.map(Arc::new);
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = held.asked.remove(key).unwrap_or(1);
        let place = Place { column: column.clone(), asked, frequency };
        held.bytes += place.bytes();
        held.floor = held.floor.min(place.saved().unwrap_or(u64::MAX));
        if let Some(twin) = held.columns.insert(key.to_vec(), place) {
            // Another thread made it too.
            held.bytes -= twin.bytes();
        }
        Ok(column)
    }
}
