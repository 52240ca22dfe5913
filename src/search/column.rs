//! What a word matches in a segment, document by document: kept for words that many documents have and that are asked for
//! again, so that their posting lists need not be put together each time.

use crate::search::coded_docs::{CodedDocs, Part};
use crate::search::counting::Tally;
use crate::search::cursor::Worth;
use crate::search::evidence::Places;
use crate::search::masks::Mask;
use crate::search::postings::Way;
use crate::search::terms::In;
use crate::search::view::SegmentData;
use crate::search::window::{WINDOW, WORDS, each_of};
use foldhash::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use tantivy::DocId;

/// One term of a word's ways to match in a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ColumnTerm {
    /// Where it stands.
    pub field: In,
    /// What an occurrence counts,
    pub worth: Worth,
    /// and how good a way to match it is, of 1000.
    pub base: u32,
    /// How many terms its way has.
    pub terms: usize,
    /// Where its postings begin.
    pub postings: usize,
}

impl Hash for ColumnTerm {
    /// Of what tells most terms apart: to take in all would show in every search.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.postings << 3 | self.field as usize);
    }
}

/// So many different values, with where the word stands, fit a code. Tests have few words and are to have some with too
/// many.
const MOST_KINDS: usize = if cfg!(test) { 24 } else { 256 };

/// So many codes there are.
const MOST_CODES: usize = 256;
/// It is kept what was counted with so many masks, those that were made last.
const MOST_TALLIES: usize = 4;
/// So many of the matches that count most are at hand.
const MOST_CHAMPIONS: usize = 256;

/// What a word matches, and for every match the place of its value as its code.
pub(crate) struct Column {
    matches: CodedDocs,
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
        let champions = champions(&bits, &codes, found.len());
        Some(Column {
            matches: CodedDocs::new(bits, codes),
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

    /// How many bytes it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.matches.bytes()
    }

    /// The first match from a document on.
    pub(crate) fn next(&self, from: DocId) -> DocId {
        self.matches.next(from)
    }

    /// A code that none is greater than in a window that begins where a word of bits does; greater codes stand for greater
    /// values.
    pub(crate) fn greatest(&self, base: DocId) -> u8 {
        self.matches.greatest(base)
    }

    /// A code that none is greater than near a document.
    #[inline]
    pub(crate) fn greatest_near(&self, doc: DocId) -> u8 {
        self.matches.greatest_near(doc)
    }

    /// Whether it tells where words stand.
    pub(crate) fn tells_places(&self) -> bool {
        !self.standing.is_empty()
    }

    /// Whether a document matches.
    #[inline]
    pub(crate) fn has(&self, doc: DocId) -> bool {
        self.matches.has(doc)
    }

    /// The code of a document's value; `None` when it does not match.
    #[inline]
    pub(crate) fn code(&self, doc: DocId) -> Option<u8> {
        self.matches.code(doc)
    }

    /// What a document counts and where the word stands in it; `None` when it does not match.
    pub(crate) fn look_up(&self, doc: DocId) -> Option<(u32, Places)> {
        let code = usize::from(self.code(doc)?);
        Some((*self.values.get(code)?, *self.standing.get(code)?))
    }

    /// What matches in a window; it begins where a word of bits does.
    pub(crate) fn part(&self, base: DocId) -> Part<'_> {
        self.matches.part(base)
    }
}

/// Different numbers, from low to high.
fn distinct(numbers: &[u32]) -> Vec<u32> {
    // Put in one by one: there are few, and to collect them would take room for as many as there are numbers.
    let mut found: HashSet<u32> = HashSet::default();
    for number in numbers {
        found.insert(*number);
    }
    let mut distinct: Vec<u32> = found.into_iter().collect();
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
