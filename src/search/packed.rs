//! Facet values of a segment's documents, packed.
//!
//! Documents share few sets of values, so each holds for every facet the number of its set: to count a document is one
//! step, however many values it has. Each facet has an array of its own, as narrow as its sets allow: rows of all facets
//! were tried and are slower, since they do not fit the second cache.

use crate::error::Result;
use crate::search::facets::{MUNICIPALITY, NAMED, STATED, Slots, name_hash, name_of};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use tantivy::DocId;
use tantivy::columnar::Column;

/// The set of a document that came when all numbers were taken. Tests have few sets and are to have others too.
const OTHER: u16 = if cfg!(test) { 30 } else { u16::MAX };

/// Documents are counted by sets once there is one for so many sets.
const SETS_FOR_EACH: usize = 8;

/// The facet values of all documents of a segment.
#[derive(Debug)]
pub(crate) struct Packed {
    facets: HashMap<u32, Facet>,
    /// All that documents state of areas, and all that covers those.
    areas: Facet,
}

/// The set of each document.
#[derive(Debug)]
enum Sets {
    Few(Box<[u8]>),
    Many(Box<[u16]>),
}

/// The sets of one facet.
#[derive(Debug)]
struct Facet {
    of: Sets,
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

    /// The number of a document's set; `OTHER` where it came when all numbers were taken.
    #[inline]
    fn number(&self, doc: DocId) -> usize {
        match &self.of {
            Sets::Few(of) => of.get(doc as usize).copied().map_or(0, usize::from),
            Sets::Many(of) => of.get(doc as usize).copied().map_or(0, usize::from),
        }
    }

    /// The slots of a document.
    fn of(&self, doc: DocId) -> &[u16] {
        let set = self.number(doc);
        if set == usize::from(OTHER) { self.other(doc) } else { self.set(set) }
    }

    fn other(&self, doc: DocId) -> &[u16] {
        self.others.binary_search_by_key(&doc, |(doc, _)| *doc).map_or(&[], |at| &self.others[at].1)
    }
}

/// A facet while a column is read.
struct Reading {
    of: Vec<u16>,
    slots: Vec<u16>,
    ends: Vec<u32>,
    others: Vec<(DocId, Box<[u16]>)>,
    known: HashMap<Box<[u16]>, u16>,
}

impl Reading {
    fn new(documents: DocId) -> Reading {
        let of = vec![0; documents as usize];
        Reading { of, slots: Vec::new(), ends: vec![0], others: Vec::new(), known: HashMap::new() }
    }

    fn put(&mut self, doc: DocId, slots: &[u16]) {
        let set = match self.known.get(slots) {
            Some(set) => *set,
            None => match u16::try_from(self.ends.len()).ok().filter(|set| *set < OTHER) {
                Some(set) => {
                    self.slots.extend_from_slice(slots);
                    self.ends.push(u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
                    self.known.insert(slots.into(), set);
                    set
                }
                None => {
                    self.others.push((doc, slots.into()));
                    OTHER
                }
            },
        };
        if let Some(place) = self.of.get_mut(doc as usize) {
            *place = set;
        }
    }

    fn finish(self) -> Facet {
        let narrow: Option<Box<[u8]>> = self.of.iter().map(|set| u8::try_from(*set).ok()).collect();
        let of = narrow.map_or_else(|| Sets::Many(self.of.into()), Sets::Few);
        Facet { of, slots: self.slots, ends: self.ends, others: self.others }
    }
}

impl Packed {
    /// Reads the column of a segment; new values get slots.
    pub(crate) fn load(column: &Column<u64>, documents: DocId, slots: &mut Slots) -> Result<Packed> {
        let of_area = [STATED, NAMED, MUNICIPALITY].map(name_hash);
        let mut facets: HashMap<u32, Reading> = HashMap::new();
        let mut areas = Reading::new(documents);
        let (mut values, mut of_areas, mut of_facet) = (Vec::new(), Vec::new(), Vec::new());
        for doc in 0..documents {
            values.clear();
            values.extend(column.values_for_doc(doc));
            of_areas.clear();
            // Values come in order, so those of a facet stand together.
            for group in values.chunk_by(|one, other| name_of(*one) == name_of(*other)) {
                let Some(name) = group.first().map(|value| name_of(*value)) else { continue };
                let of = if of_area.contains(&name) { &mut of_areas } else { &mut of_facet };
                for value in group {
                    of.push(slots.add(*value)?);
                }
                if !of_facet.is_empty() {
                    facets.entry(name).or_insert_with(|| Reading::new(documents)).put(doc, &of_facet);
                    of_facet.clear();
                }
            }
            if !of_areas.is_empty() {
                areas.put(doc, &of_areas);
            }
        }
        let facets = facets.into_iter().map(|(name, reading)| (name, reading.finish())).collect();
        Ok(Packed { facets, areas: areas.finish() })
    }

    fn facet(&self, name: &str) -> Option<&Facet> {
        if name == MUNICIPALITY { Some(&self.areas) } else { self.facets.get(&name_hash(name)) }
    }

    /// The most that areas are worth to any document, by the worth of slots.
    pub(crate) fn most_worth(&self, by_slot: &[u16]) -> u16 {
        let areas = &self.areas;
        let sets = (0..areas.ends.len()).map(|set| areas.set(set));
        let others = areas.others.iter().map(|(_, slots)| &**slots);
        sets.chain(others).map(|slots| worth(slots, by_slot)).max().unwrap_or(0)
    }

    /// The documents to which areas may be worth anything, as bits.
    fn worthy(&self, by_slot: &[u16]) -> Box<[u64]> {
        let areas = &self.areas;
        let by_set: Vec<bool> = (0..areas.ends.len()).map(|set| worth(areas.set(set), by_slot) > 0).collect();
        let worthy = |set: usize| by_set.get(set).is_none_or(|worthy| *worthy);
        match &areas.of {
            Sets::Few(of) => bits(of, |set| worthy(usize::from(*set))),
            Sets::Many(of) => bits(of, |set| worthy(usize::from(*set))),
        }
    }
}

fn bits<T>(of: &[T], is_set: impl Fn(&T) -> bool) -> Box<[u64]> {
    of.chunks(64).map(|some| some.iter().rev().fold(0, |word, one| word << 1 | u64::from(is_set(one)))).collect()
}

/// What a facet counts, by slot.
pub(crate) type Counts = Arc<[(u16, u32)]>;

/// Counts the documents of a segment by several facets.
pub(crate) struct Counting<'a> {
    facets: Vec<Counted<'a>>,
    /// What was known without counting.
    known: Vec<Counts>,
}

struct Counted<'a> {
    name: &'static str,
    facet: &'a Facet,
    /// Documents that are not counted yet: to count few of them by sets would mean to go through many sets for nothing.
    waiting: Vec<DocId>,
    /// Two counts for each set, taken in turn: neighbours often have the same set, and to count on would have to wait for
    /// what was written just before. Empty as long as documents wait.
    by_set: Vec<[u32; 2]>,
    others: Vec<DocId>,
}

impl<'a> Counted<'a> {
    fn new(name: &'static str, facet: &'a Facet) -> Counted<'a> {
        Counted { name, facet, waiting: Vec::new(), by_set: Vec::new(), others: Vec::new() }
    }

    /// Calls `add` with the slots of sets and documents, and how many were counted.
    fn each(&self, mut add: impl FnMut(&[u16], u32)) {
        for (set, [one, other]) in self.by_set.iter().enumerate().filter(|(_, counts)| **counts != [0; 2]) {
            add(self.facet.set(set), one + other);
        }
        self.others.iter().for_each(|doc| add(self.facet.other(*doc), 1));
        self.waiting.iter().for_each(|doc| add(self.facet.of(*doc), 1));
    }

    fn counts(&self) -> Counts {
        let mut counts: foldhash::HashMap<u16, u32> = foldhash::HashMap::default();
        self.each(|slots, count| slots.iter().for_each(|slot| *counts.entry(*slot).or_default() += count));
        counts.into_iter().collect()
    }

    fn add(&mut self, docs: &[DocId]) {
        let sets = self.facet.ends.len();
        if !self.by_set.is_empty() {
            self.count(docs);
        } else if (self.waiting.len() + docs.len()) * SETS_FOR_EACH < sets {
            self.waiting.extend_from_slice(docs);
        } else {
            self.by_set = vec![[0; 2]; sets];
            let waiting = std::mem::take(&mut self.waiting);
            self.count(&waiting);
            self.count(docs);
        }
    }

    fn count(&mut self, docs: &[DocId]) {
        match &self.facet.of {
            Sets::Few(of) => self.count_by(docs, |doc| of.get(doc as usize).copied().unwrap_or(0).into()),
            Sets::Many(of) => self.count_by(docs, |doc| of.get(doc as usize).copied().unwrap_or(0).into()),
        }
    }

    #[inline]
    fn count_by(&mut self, docs: &[DocId], set: impl Fn(DocId) -> usize) {
        for (at, doc) in docs.iter().enumerate() {
            match self.by_set.get_mut(set(*doc)) {
                Some(counts) => counts[at % 2] += 1,
                None => self.others.push(*doc),
            }
        }
    }
}

impl<'a> Counting<'a> {
    /// Begins to count; facets that no document of the segment has are left out.
    pub(crate) fn new(packed: &'a Packed, facets: &[&'static str]) -> Counting<'a> {
        let counted = |name: &&'static str| Some(Counted::new(name, packed.facet(name)?));
        Counting { facets: facets.iter().filter_map(counted).collect(), known: Vec::new() }
    }

    /// Whether there is nothing to count.
    pub(crate) fn is_empty(&self) -> bool {
        self.facets.is_empty()
    }

    /// Leaves out facets that are known without counting.
    pub(crate) fn know(&mut self, known: impl Fn(&'static str) -> Option<Counts>) {
        self.facets.retain(|counted| match known(counted.name) {
            Some(counts) => {
                self.known.push(counts);
                false
            }
            None => true,
        });
    }

    /// Tells what every facet that was counted has counted.
    pub(crate) fn tell(&self, mut told: impl FnMut(&'static str, Counts)) {
        self.facets.iter().for_each(|counted| told(counted.name, counted.counts()));
    }

    /// Counts documents.
    pub(crate) fn add(&mut self, docs: &[DocId]) {
        self.facets.iter_mut().for_each(|counted| counted.add(docs));
    }

    /// Adds what was counted to counts by slot.
    pub(crate) fn finish(self, counts: &mut [u32]) {
        let mut add = |slot: u16, count: u32| {
            if let Some(slot) = counts.get_mut(usize::from(slot)) {
                *slot += count;
            }
        };
        for counted in &self.facets {
            counted.each(|slots, count| slots.iter().for_each(|slot| add(*slot, count)));
        }
        self.known.iter().flat_map(|known| known.iter()).for_each(|(slot, count)| add(*slot, *count));
    }
}

/// What the areas of the documents of a segment are worth.
pub(crate) struct AreaWorth<'a> {
    packed: &'a Packed,
    by_slot: &'a [u16],
    most: u32,
    /// The documents to which they may be worth anything, as bits, once these are made.
    worthy: Option<&'a OnceLock<Box<[u64]>>>,
}

impl<'a> AreaWorth<'a> {
    /// By the worth of slots, with the most of `most_worth` and room for bits; nothing without these.
    pub(crate) fn new(
        packed: &'a Packed,
        by_slot: &'a [u16],
        known: Option<(u16, &'a OnceLock<Box<[u64]>>)>,
    ) -> AreaWorth<'a> {
        let (most, worthy) = known.unzip();
        AreaWorth { packed, by_slot, most: most.unwrap_or(0).into(), worthy }
    }

    /// From a document on, those to which the areas may be worth anything, as bits.
    pub(crate) fn worthy_from(&self, doc: DocId) -> &'a [u64] {
        let wanted = self.worthy.filter(|_| self.most > 0);
        let worthy = wanted.map(|worthy| worthy.get_or_init(|| self.packed.worthy(self.by_slot)));
        worthy.and_then(|bits| bits.get(doc as usize / 64..)).unwrap_or_default()
    }

    /// The most that any area is worth.
    #[inline]
    pub(crate) fn most(&self) -> u32 {
        self.most
    }

    /// What the best area of a document is worth.
    #[inline]
    pub(crate) fn of(&self, doc: DocId) -> u32 {
        if self.most == 0 {
            return 0;
        }
        // Where the bits are made, they are told far quicker.
        let bits = self.worthy.and_then(OnceLock::get);
        let worthless =
            bits.and_then(|bits| bits.get(doc as usize / 64)).is_some_and(|word| word >> (doc % 64) & 1 == 0);
        if worthless { 0 } else { worth(self.packed.areas.of(doc), self.by_slot).into() }
    }
}

/// What the best of these slots is worth.
fn worth(slots: &[u16], by_slot: &[u16]) -> u16 {
    slots.iter().filter_map(|slot| by_slot.get(usize::from(*slot))).max().copied().unwrap_or(0)
}
