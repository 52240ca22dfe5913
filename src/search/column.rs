//! What a word matches in a segment, document by document: kept for words that many documents have and that are asked for
//! again, so that their posting lists need not be put together each time.

use crate::error::Result;
use crate::search::cursor::Worth;
use crate::search::source::Source;
use crate::search::terms::In;
use crate::search::view::SegmentData;
use crate::search::window::{Spare, Stretch, WINDOW, WORDS, Window};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tantivy::{DocId, TERMINATED};

/// One term of a word's ways to match: its field, worth and base, how many terms its way has, and where its postings begin.
pub(crate) type ColumnTerm = (In, Worth, u32, usize, usize);

/// All columns of a segment take so many bytes at most,
const MOST_BYTES: usize = 48 << 20;
/// and there are so many.
const MOST_COLUMNS: usize = 160;
/// So many words without a column are remembered.
const MOST_ASKED: usize = 4_096;

/// What a word matches.
pub(crate) struct Column {
    /// Which documents, with a window of none behind the last.
    bits: Box<[u64]>,
    /// By document the place of its value, 0 without a match.
    codes: Box<[u8]>,
    /// Values, from low to high; the first stands for no match.
    values: Vec<u32>,
    count: usize,
}

impl Column {
    /// The column of a source whose points are values; `None` when there are too many different ones.
    pub(crate) fn of(mut source: Source, data: &SegmentData) -> Option<Column> {
        let documents = data.documents as usize + WINDOW;
        let mut bits = vec![0; documents.div_ceil(64) + WORDS];
        let mut found: Vec<u16> = vec![0; documents];
        let mut seen = vec![false; usize::from(u16::MAX) + 1];
        let (mut spare, mut window) = (Spare::default(), Window::new());
        let mut next = source.next(0);
        let mut count = 0;
        while next < data.documents {
            let stretch = Stretch::new(next, data);
            window.clear();
            source.fill(stretch, &mut window, &mut spare);
            count += window.count();
            for (word, more) in bits.iter_mut().skip(stretch.base as usize / 64).zip(&window.bits) {
                *word |= more;
            }
            window.each(|at| {
                let value = u16::try_from(window.points[at % WINDOW]).unwrap_or(u16::MAX);
                seen[usize::from(value)] = true;
                if let Some(place) = found.get_mut(stretch.base as usize + at) {
                    *place = value;
                }
            });
            next = source.next(stretch.end());
        }
        let values: Vec<u32> =
            std::iter::once(0).chain((0..).zip(&seen).filter(|(_, seen)| **seen).map(|(value, _)| value)).collect();
        let mut places = vec![0_u8; seen.len()];
        for (place, value) in values.iter().enumerate().skip(1) {
            places[*value as usize] = u8::try_from(place).ok()?;
        }
        let is_set = |doc: usize| bits.get(doc / 64).is_some_and(|word| *word >> (doc % 64) & 1 == 1);
        let code = |(doc, value): (usize, &u16)| if is_set(doc) { places[usize::from(*value)] } else { 0 };
        let codes = found.iter().enumerate().map(code).collect();
        Some(Column { bits: bits.into(), codes, values, count })
    }

    /// How many documents match.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The values that codes stand for.
    pub(crate) fn values(&self) -> &[u32] {
        &self.values
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

    /// Bits and codes of a window.
    pub(crate) fn from(&self, base: DocId) -> (&[u64; WORDS], &[u8; WINDOW]) {
        const NO_BITS: &[u64; WORDS] = &[0; WORDS];
        const NO_CODES: &[u8; WINDOW] = &[0; WINDOW];
        let bits = self.bits.get(base as usize / 64..).and_then(|rest| rest.first_chunk());
        let codes = self.codes.get(base as usize..).and_then(|rest| rest.first_chunk());
        bits.zip(codes).unwrap_or((NO_BITS, NO_CODES))
    }
}

/// The columns of a segment: of the words whose lists cost most, by how long they are and how often they are asked for.
#[derive(Default)]
pub(crate) struct Columns(Mutex<Held>);

#[derive(Default)]
struct Held {
    /// By word, with how often it was asked for; words with too many values never get one.
    columns: HashMap<Vec<ColumnTerm>, (Option<Arc<Column>>, u64)>,
    /// How often words without a column were asked for.
    asked: HashMap<Vec<ColumnTerm>, u64>,
    since_aging: u64,
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
            self.columns.values_mut().for_each(|(_, asked)| *asked = (*asked / 2).max(1));
        }
    }

    /// The column that saves least, and how much that is.
    fn least(&self) -> Option<(&Vec<ColumnTerm>, u64)> {
        let count = |column: &Option<Arc<Column>>| column.as_ref().map_or(0, |column| column.count as u64);
        let saved = self.columns.iter().map(|(key, (column, asked))| (key, asked.saturating_mul(count(column))));
        saved.min_by_key(|(_, saved)| *saved)
    }

    /// Whether a word is worth a column by now; makes room for it.
    fn admits(&mut self, key: &[ColumnTerm], frequency: u64, most: usize) -> bool {
        let asked = self.asked.entry(key.to_vec()).or_default();
        *asked += 1;
        let asked = *asked;
        if asked < 2 {
            return false;
        }
        if self.columns.len() < most {
            return true;
        }
        let Some((least, saved)) = self.least() else { return true };
        if saved >= asked.saturating_mul(frequency) {
            return false;
        }
        let least = least.clone();
        if let Some((_, asked)) = self.columns.remove(&least) {
            self.asked.insert(least, asked);
        }
        true
    }
}

impl Columns {
    /// The column of a word that about so many documents have; `None` while it is not worth one.
    pub(crate) fn get(
        &self,
        key: &[ColumnTerm],
        frequency: u64,
        documents: DocId,
        make: impl FnOnce() -> Result<Option<Column>>,
    ) -> Result<Option<Arc<Column>>> {
        // A byte a document, and a bit.
        let most = MOST_BYTES / (documents as usize + documents as usize / 8).max(1);
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.age();
        if let Some((column, asked)) = held.columns.get_mut(key) {
            *asked += 1;
            return Ok(column.clone());
        }
        if !held.admits(key, frequency, most.clamp(1, MOST_COLUMNS)) {
            return Ok(None);
        }
        drop(held);
        let column = make()?.map(Arc::new);
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = held.asked.remove(key).unwrap_or(1);
        held.columns.insert(key.to_vec(), (column.clone(), asked));
        Ok(column)
    }
}
