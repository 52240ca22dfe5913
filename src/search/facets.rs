//! Facet values: how documents hold them, packed per segment, and how counts are read.
//!
//! A value is the hash of the facet's name and a vocabulary number. Per index every value that occurs has a slot; per
//! segment one array holds the slots of all documents, one where each document's begin.

use crate::error::{Error, Result};
use crate::search::document::Document;
use crate::search::fields::Fnv;
use crate::vocabulary::{self, Vocabulary};
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use tantivy::DocId;
use tantivy::columnar::Column;

/// The facet that counts areas; its values are computed, not stated.
pub(crate) const MUNICIPALITY: &str = "municipality";
/// The facet that counts kinds of records.
pub(crate) const TYPE: &str = "type";
/// Areas that records state themselves; not a facet to ask for.
const STATED: &str = "municipality@";

/// The hash that stands for a facet's name.
pub(crate) fn name_hash(name: &str) -> u32 {
    let mut hash = Fnv::new();
    hash.write(name.as_bytes());
    hash.finish32()
}

fn encode(name: u32, number: u16) -> u64 {
    u64::from(name) << 16 | u64::from(number)
}

fn number_of(value: u64) -> u16 {
    u16::try_from(value & 0xffff).unwrap_or(0)
}

fn name_of(value: u64) -> u32 {
    u32::try_from(value >> 16).unwrap_or(0)
}

/// Areas without those that a broader one among them covers, in order.
pub(crate) fn reduced(areas: &[u16]) -> Vec<u16> {
    let all: BTreeSet<u16> = areas.iter().copied().collect();
    all.iter().copied().filter(|area| !ancestors(*area).iter().any(|broader| all.contains(broader))).collect()
}

/// These areas and all broader ones, in order.
pub(crate) fn within(areas: &[u16]) -> BTreeSet<u16> {
    areas.iter().flat_map(|area| ancestors(*area).iter().chain([area])).copied().collect()
}

/// The broader areas of one.
pub(crate) fn ancestors(area: u16) -> &'static [u16] {
    vocabulary::by_number(area).map_or(&[], |term| &term.ancestors)
}

/// The values that a document holds, `areas` being reduced.
pub(crate) fn values(document: &Document, areas: &[u16]) -> BTreeSet<u64> {
    let mut values: BTreeSet<u64> = document
        .facets
        .iter()
        .filter(|(name, _)| *name != MUNICIPALITY)
        .map(|(name, number)| encode(name_hash(name), *number))
        .collect();
    let (stated, covered) = (name_hash(STATED), name_hash(MUNICIPALITY));
    values.extend(areas.iter().map(|area| encode(stated, *area)));
    values.extend(within(areas).into_iter().map(|area| encode(covered, area)));
    values
}

/// A hasher for values that are hashes already.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Mix(u64);

impl Hasher for Mix {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

/// The slot of every value that occurs in an index; slots are only ever added.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slots {
    slots: HashMap<u64, u16, BuildHasherDefault<Mix>>,
    by_name: HashMap<u32, Vec<(u16, u16)>>,
}

impl Slots {
    /// How many slots there are.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    fn add(&mut self, value: u64) -> Result<u16> {
        if let Some(slot) = self.slots.get(&value) {
            return Ok(*slot);
        }
        let slot = u16::try_from(self.slots.len()).ok();
        let slot = slot.ok_or_else(|| Error::internal("too many facet values"))?;
        self.slots.insert(value, slot);
        self.by_name.entry(name_of(value)).or_default().push((number_of(value), slot));
        Ok(slot)
    }

    fn of(&self, name: u32, number: u16) -> Option<u16> {
        self.slots.get(&encode(name, number)).copied()
    }

    /// The counts of a facet: from high to low, then by number.
    pub(crate) fn counted(&self, name: &str, counts: &[u32]) -> Vec<(u16, usize)> {
        let count = |slot: u16| counts.get(usize::from(slot)).map_or(0, |count| *count as usize);
        let mut counted: Vec<(u16, usize)> = if name == MUNICIPALITY {
            self.areas(&count)
        } else {
            let slots = self.by_name.get(&name_hash(name)).map_or(&[][..], Vec::as_slice);
            slots.iter().map(|(number, slot)| (*number, count(*slot))).collect()
        };
        counted.retain(|(_, count)| *count > 0);
        counted.sort_unstable_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(&other.0)));
        counted
    }

    /// A record counts for an area when it states it or one within it, or one that covers it; never for both reasons,
    /// since what a broader area covers was left out.
    fn areas(&self, count: &dyn Fn(u16) -> usize) -> Vec<(u16, usize)> {
        let (stated, covered) = (name_hash(STATED), name_hash(MUNICIPALITY));
        let of = |name: u32, number: u16| self.of(name, number).map_or(0, count);
        Vocabulary::Municipalities
            .terms()
            .iter()
            .map(|area| {
                let broader: usize = area.ancestors.iter().map(|broader| of(stated, *broader)).sum();
                (area.number, of(covered, area.number) + broader)
            })
            .collect()
    }

    /// What being found in these areas is worth, by slot: naming it before covering it from the county before from
    /// the country.
    pub(crate) fn area_worth(&self, areas: &[u16]) -> Vec<u16> {
        let stated = name_hash(STATED);
        let mut worth = vec![0; self.len()];
        let mut set = |number: u16, value: u16| {
            if let Some(slot) = self.of(stated, number).and_then(|slot| worth.get_mut(usize::from(slot))) {
                *slot = value.max(*slot);
            }
        };
        for area in areas {
            // Records state the area itself or one within it, or one that covers it.
            for within in Vocabulary::Municipalities.terms().iter().filter(|term| term.ancestors.contains(area)) {
                set(within.number, AREA_NAMED);
            }
            set(*area, AREA_NAMED);
            for broader in ancestors(*area) {
                let country = ancestors(*broader).is_empty();
                set(*broader, if country { AREA_COUNTRY } else { AREA_COUNTY });
            }
        }
        worth
    }
}

/// What it is worth to be active in the very area that is asked for, of some 10,000 for a full hit in a name.
pub(crate) const AREA_NAMED: u16 = 1600;
/// The same for the county that covers it.
pub(crate) const AREA_COUNTY: u16 = 1000;
/// The same for the country.
pub(crate) const AREA_COUNTRY: u16 = 400;

/// The slots of all documents of a segment, by facet.
#[derive(Debug)]
pub(crate) struct Packed {
    facets: HashMap<u32, Facet>,
    /// All that documents state of areas, and all that covers those.
    areas: Facet,
}

/// The slots of one facet. Documents share few sets of slots, so each holds the number of its set: to count a document
/// is one step, however many values it has.
#[derive(Debug, Default)]
pub(crate) struct Facet {
    /// The set of each document; empty when no document has any.
    of: Box<[u16]>,
    /// The slots of every set; the first has none.
    sets: Vec<Box<[u16]>>,
    /// Documents whose set came when all numbers were taken, in order.
    others: Vec<(DocId, Box<[u16]>)>,
}

/// The set of documents that are among the others.
const OTHER: u16 = u16::MAX;

/// Facets while a column is read.
#[derive(Default)]
struct Reading {
    facet: Facet,
    known: HashMap<Box<[u16]>, u16>,
}

impl Reading {
    fn put(&mut self, documents: DocId, doc: DocId, slots: &[u16]) {
        let facet = &mut self.facet;
        if facet.of.is_empty() {
            facet.of = vec![0; documents as usize].into();
            facet.sets.push(Box::default());
        }
        let set = match self.known.get(slots) {
            Some(set) => *set,
            None => match u16::try_from(facet.sets.len()).ok().filter(|set| *set < OTHER) {
                Some(set) => {
                    facet.sets.push(slots.into());
                    self.known.insert(slots.into(), set);
                    set
                }
                None => {
                    facet.others.push((doc, slots.into()));
                    OTHER
                }
            },
        };
        if let Some(place) = facet.of.get_mut(doc as usize) {
            *place = set;
        }
    }
}

impl Facet {
    fn set(&self, doc: DocId) -> u16 {
        self.of.get(doc as usize).copied().unwrap_or(0)
    }

    fn other(&self, doc: DocId) -> &[u16] {
        self.others.binary_search_by_key(&doc, |(doc, _)| *doc).map_or(&[], |at| &self.others[at].1)
    }
}

/// Counts the documents of a segment by a facet.
pub(crate) struct Counting<'a> {
    facet: &'a Facet,
    by_set: Vec<u32>,
    others: Vec<DocId>,
}

impl<'a> Counting<'a> {
    /// Begins to count.
    pub(crate) fn new(facet: &'a Facet) -> Counting<'a> {
        Counting { facet, by_set: vec![0; facet.sets.len()], others: Vec::new() }
    }

    /// Counts documents.
    pub(crate) fn add(&mut self, docs: &[DocId]) {
        for doc in docs {
            match self.by_set.get_mut(usize::from(self.facet.set(*doc))) {
                Some(count) => *count += 1,
                None => self.others.push(*doc),
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
        for (slots, count) in self.facet.sets.iter().zip(&self.by_set).filter(|(_, count)| **count > 0) {
            add(slots, *count);
        }
        self.others.iter().for_each(|doc| add(self.facet.other(*doc), 1));
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

fn best(by_slot: &[u16], slots: &[u16]) -> u16 {
    slots.iter().filter_map(|slot| by_slot.get(usize::from(*slot))).max().copied().unwrap_or(0)
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
        let facets = facets.into_iter().map(|(name, reading)| (name, reading.facet)).collect();
        Ok(Packed { facets, areas: areas.facet })
    }

    /// The slots of a facet; `None` when no document of the segment has any.
    pub(crate) fn facet(&self, name: &str) -> Option<&Facet> {
        if name == MUNICIPALITY { Some(&self.areas) } else { self.facets.get(&name_hash(name)) }
    }

    /// What the best area of one document is worth.
    pub(crate) fn area_worth(&self, doc: DocId, by_slot: &[u16]) -> u32 {
        let slots = match self.areas.set(doc) {
            OTHER => self.areas.other(doc),
            set => self.areas.sets.get(usize::from(set)).map_or(&[][..], |slots| slots),
        };
        u32::from(best(by_slot, slots))
    }
}

/// What a value of the column stands for, for the canonical dump.
pub(crate) fn shown(value: u64) -> String {
    format!("{:08x}/{}", name_of(value), number_of(value))
}
