//! The columns of a segment: which words have one.

use crate::error::Result;
use crate::search::coded_docs::CodedDocs;
use crate::search::column::{Column, ColumnTerm};
use foldhash::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tantivy::DocId;

/// All columns of a segment take so many bytes for each of its documents at most: most words of names and topics find room then.
const ROOM_OF_DOCUMENT: usize = 208;
/// That they may take always, and never more than this.
const LEAST_ROOM: usize = 8 << 20;
const MOST_ROOM: usize = 512 << 20;
/// So many words without a column are remembered.
const MOST_ASKED: usize = 4_096;
/// A word takes another's place when its column would save so many times as much: words that are asked for alike are not
/// to drive each other out again and again.
const CLEARLY: u64 = 2;

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
        let count = usize::try_from(frequency).unwrap_or(usize::MAX).min(documents as usize);
        let bytes = CodedDocs::estimate(count, documents as usize);
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
