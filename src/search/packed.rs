//! Facet values of a segment's documents, packed.
//!
//! Documents share few sets of values, so each holds for every facet the number of its set, all in one row: to count a
//! document by several facets is to read one place in memory and a step for each facet, however many values it has.

use crate::error::Result;
use crate::search::facets::{MUNICIPALITY, STATED, Slots, name_hash, name_of};
use std::collections::HashMap;
use tantivy::DocId;
use tantivy::columnar::Column;

/// The set of a document that came when all numbers were taken.
const OTHER: u16 = u16::MAX;

/// The facet values of all documents of a segment.
#[derive(Debug)]
pub(crate) struct Packed {
    /// A row for each document, with the number of its set for each facet.
    rows: Box<[u16]>,
    /// How long a row is.
    width: usize,
    facets: HashMap<u32, Facet>,
    /// All that documents state of areas, and all that covers those.
    areas: Facet,
    /// The sets of areas once more, apart: scores ask for nothing else.
    of_areas: Box<[u16]>,
}

/// The sets of one facet.
#[derive(Debug, Default)]
pub(crate) struct Facet {
    /// Its place in a row.
    place: usize,
    /// The slots of all sets, one after the other.
    slots: Vec<u16>,
    /// Where those of each set end; the first set has none.
    ends: Vec<u32>,
    /// Documents whose set came when all numbers were taken, in order.
    others: Vec<(DocId, Box<[u16]>)>,
}

impl Facet {
    /// The slots of a set.
    fn set(&self, set: usize) -> &[u16] {
        let end = |set: usize| self.ends.get(set).map_or(0, |end| *end as usize);
        let start = set.checked_sub(1).map_or(0, end);
        self.slots.get(start..end(set)).unwrap_or_default()
    }

    fn other(&self, doc: DocId) -> &[u16] {
        self.others.binary_search_by_key(&doc, |(doc, _)| *doc).map_or(&[], |at| &self.others[at].1)
    }
}

/// A facet while a column is read.
#[derive(Default)]
struct Reading {
    facet: Facet,
    /// The set of each document.
    of: Vec<u16>,
    known: HashMap<Box<[u16]>, u16>,
}

impl Reading {
    fn put(&mut self, documents: DocId, doc: DocId, slots: &[u16]) {
        let facet = &mut self.facet;
        if facet.ends.is_empty() {
            facet.ends.push(0);
            self.of = vec![0; documents as usize];
        }
        let set = match self.known.get(slots) {
            Some(set) => *set,
            None => match u16::try_from(facet.ends.len()).ok().filter(|set| *set < OTHER) {
                Some(set) => {
                    facet.slots.extend_from_slice(slots);
                    facet.ends.push(u32::try_from(facet.slots.len()).unwrap_or(u32::MAX));
                    self.known.insert(slots.into(), set);
                    set
                }
                None => {
                    facet.others.push((doc, slots.into()));
                    OTHER
                }
            },
        };
        if let Some(place) = self.of.get_mut(doc as usize) {
            *place = set;
        }
    }
}

impl Packed {
    /// Reads the column of a segment; new values get slots.
    pub(crate) fn load(column: &Column<u64>, documents: DocId, slots: &mut Slots) -> Result<Packed> {
        let (stated, covered) = (name_hash(STATED), name_hash(MUNICIPALITY));
        let mut facets: HashMap<u32, Reading> = HashMap::new();
        let mut areas = Reading::default();
        let (mut values, mut of_areas, mut of_facet) = (Vec::new(), Vec::new(), Vec::new());
        for doc in 0..documents {
            values.clear();
            values.extend(column.values_for_doc(doc));
            of_areas.clear();
            // Values come in order, so those of a facet stand together.
            for group in values.chunk_by(|one, other| name_of(*one) == name_of(*other)) {
                let Some(name) = group.first().map(|value| name_of(*value)) else { continue };
                let of = if name == stated || name == covered { &mut of_areas } else { &mut of_facet };
                for value in group {
                    of.push(slots.add(*value)?);
                }
                if !of_facet.is_empty() {
                    facets.entry(name).or_default().put(documents, doc, &of_facet);
                    of_facet.clear();
                }
            }
            if !of_areas.is_empty() {
                areas.put(documents, doc, &of_areas);
            }
        }
        let width = facets.len() + 1;
        let mut rows = vec![0; documents as usize * width];
        for (place, reading) in std::iter::once(&mut areas).chain(facets.values_mut()).enumerate() {
            reading.facet.place = place;
            for (row, set) in rows.chunks_exact_mut(width).zip(&reading.of) {
                row[place] = *set;
            }
        }
        let facets = facets.into_iter().map(|(name, reading)| (name, reading.facet)).collect();
        Ok(Packed { rows: rows.into(), width, facets, areas: areas.facet, of_areas: areas.of.into() })
    }

    fn facet(&self, name: &str) -> Option<&Facet> {
        if name == MUNICIPALITY { Some(&self.areas) } else { self.facets.get(&name_hash(name)) }
    }

    /// What the best area of one document is worth.
    pub(crate) fn area_worth(&self, doc: DocId, by_slot: &[u16]) -> u32 {
        let slots = match self.of_areas.get(doc as usize).copied().unwrap_or(0) {
            OTHER => self.areas.other(doc),
            set => self.areas.set(usize::from(set)),
        };
        let worth = slots.iter().filter_map(|slot| by_slot.get(usize::from(*slot))).max();
        worth.copied().unwrap_or(0).into()
    }
}

/// Counts the documents of a segment by several facets.
pub(crate) struct Counting<'a> {
    packed: &'a Packed,
    facets: Vec<Counted<'a>>,
}

struct Counted<'a> {
    facet: &'a Facet,
    place: usize,
    by_set: Vec<u32>,
    others: Vec<DocId>,
}

impl<'a> Counting<'a> {
    /// Begins to count; facets that no document of the segment has are left out.
    pub(crate) fn new(packed: &'a Packed, facets: &[&str]) -> Counting<'a> {
        let counted = |facet: &'a Facet| Counted {
            facet,
            place: facet.place,
            by_set: vec![0; facet.ends.len()],
            others: Vec::new(),
        };
        let facets = facets.iter().filter_map(|name| packed.facet(name)).map(counted).collect();
        Counting { packed, facets }
    }

    /// Whether there is nothing to count.
    pub(crate) fn is_empty(&self) -> bool {
        self.facets.is_empty()
    }

    /// Counts documents.
    pub(crate) fn add(&mut self, docs: &[DocId]) {
        let width = self.packed.width;
        for doc in docs {
            let row = self.packed.rows.get(*doc as usize * width..).unwrap_or_default();
            for counted in &mut self.facets {
                let set = row.get(counted.place).copied().unwrap_or(0);
                match counted.by_set.get_mut(usize::from(set)) {
                    Some(count) => *count += 1,
                    None => counted.others.push(*doc),
                }
            }
        }
    }

    /// Adds what was counted to counts by slot.
    pub(crate) fn finish(self, counts: &mut [u32]) {
        let mut add = |slots: &[u16], count: u32| {
            for slot in slots {
                if let Some(slot) = counts.get_mut(usize::from(*slot)) {
                    *slot += count;
                }
            }
        };
        for counted in self.facets {
            for (set, count) in counted.by_set.iter().enumerate().filter(|(_, count)| **count > 0) {
                add(counted.facet.set(set), *count);
            }
            counted.others.iter().for_each(|doc| add(counted.facet.other(*doc), 1));
        }
    }
}

/// What the areas of the documents of a segment are worth.
pub(crate) struct AreaWorth<'a> {
    packed: &'a Packed,
    by_slot: &'a [u16],
    most: u32,
}

impl<'a> AreaWorth<'a> {
    /// By the worth of slots.
    pub(crate) fn new(packed: &'a Packed, by_slot: &'a [u16]) -> AreaWorth<'a> {
        AreaWorth { packed, by_slot, most: by_slot.iter().max().copied().unwrap_or(0).into() }
    }

    /// The most that any area is worth.
    #[inline]
    pub(crate) fn most(&self) -> u32 {
        self.most
    }

    /// What the best area of a document is worth.
    #[inline]
    pub(crate) fn of(&self, doc: DocId) -> u32 {
        if self.most == 0 { 0 } else { self.packed.area_worth(doc, self.by_slot) }
    }
}
