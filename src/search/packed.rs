//! Facet values of a segment's documents, packed.
//!
//! Documents share few sets of values, so each holds for every facet the number of its set: to count a document is one
//! step, however many values it has. Each facet has an array of its own, as narrow as its sets allow: rows of all facets
//! were tried and are slower, since they do not fit the second cache. Facets that are asked for together are counted together
//! as far as documents share few sets of their values too.

use crate::error::Result;
use crate::search::coded_docs::CodedDocs;
use crate::search::facets::{MUNICIPALITY, NAMED, STATED, Slots, name_hash, name_of};
use crate::search::window::WORDS;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tantivy::DocId;
use tantivy::columnar::Column;

/// The set of a document that came when all numbers were taken. Tests have few sets and are to have others too.
const OTHER: u16 = if cfg!(test) { 30 } else { u16::MAX };

/// Facets are counted together when they have so many sets at most. Tests have few sets and are to have too many.
const MOST_SETS: usize = if cfg!(test) { 24 } else { 4_096 };
/// So many facets are counted together at most.
const MOST_TOGETHER: usize = 4;
/// For so many requests it is kept which facets are counted together: each takes a byte or two a document.
const MOST_KEPT: usize = 8;

/// The facet values of all documents of a segment.
#[derive(Debug)]
pub(crate) struct Packed {
    documents: DocId,
    facets: HashMap<u32, Arc<Facet>>,
    /// All that documents state of areas, and all that covers those.
    areas: Arc<Facet>,
    /// How facets are counted that were asked for together.
    grouped: Mutex<Vec<Grouped>>,
}

/// Facets that were asked for, and how they are counted once that is told.
type Grouped = (Vec<&'static str>, Arc<OnceLock<Arc<[Group]>>>);

/// Facets that are counted together.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    /// Their names.
    pub names: Arc<[&'static str]>,
    /// Their values as if they were those of one facet.
    pub facet: Arc<Facet>,
}

impl Group {
    fn of(named: &[(&'static str, Arc<Facet>)], facet: Arc<Facet>) -> Group {
        Group { names: named.iter().map(|(name, _)| *name).collect(), facet }
    }
}

/// The set of each document.
#[derive(Debug)]
pub(crate) enum Sets {
    Few(Box<[u8]>),
    Many(Box<[u16]>),
}

/// The sets of one facet, the commonest first.
#[derive(Debug)]
pub(crate) struct Facet {
    /// Which set each document has.
    pub of: Sets,
    /// The slots of all sets, one after the other.
    slots: Vec<u16>,
    /// Where those of each set end.
    ends: Vec<u32>,
    /// Documents whose set came when all numbers were taken, in order.
    others: Vec<(DocId, Box<[u16]>)>,
}

impl Facet {
    /// How many sets there are.
    pub(crate) fn sets(&self) -> usize {
        self.ends.len()
    }

    /// The slots of a set.
    pub(crate) fn set(&self, set: usize) -> &[u16] {
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
    pub(crate) fn of(&self, doc: DocId) -> &[u16] {
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
        let known = self.known.get(slots).copied();
        let set = known.or_else(|| {
            let set = self.add(slots)?;
            self.known.insert(slots.into(), set);
            Some(set)
        });
        if set.is_none() {
            self.others.push((doc, slots.into()));
        }
        if let Some(place) = self.of.get_mut(doc as usize) {
            *place = set.unwrap_or(OTHER);
        }
    }

    /// Takes in another set; `None` where all numbers are taken.
    fn add(&mut self, slots: &[u16]) -> Option<u16> {
        let set = u16::try_from(self.ends.len()).ok().filter(|set| *set < OTHER)?;
        self.slots.extend_from_slice(slots);
        self.ends.push(u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
        Some(set)
    }

    fn finish(self) -> Facet {
        let mut counts = vec![0_u32; self.ends.len()];
        for set in &self.of {
            if let Some(count) = counts.get_mut(usize::from(*set)) {
                *count += 1;
            }
        }
        let mut order: Vec<usize> = (0..counts.len()).collect();
        // The first set has no slots: it is that of documents that are not there.
        order.sort_by_key(|set| (*set > 0, Reverse(counts[*set])));
        let (mut slots, mut ends, mut numbers) =
            (Vec::with_capacity(self.slots.len()), Vec::new(), vec![OTHER; order.len()]);
        for (number, set) in (0..OTHER).zip(order) {
            let end = |set: usize| self.ends.get(set).map_or(0, |end| *end as usize);
            let start = set.checked_sub(1).map_or(0, end);
            slots.extend_from_slice(self.slots.get(start..end(set)).unwrap_or_default());
            ends.push(u32::try_from(slots.len()).unwrap_or(u32::MAX));
            numbers[set] = number;
        }
        let number = |set: &u16| numbers.get(usize::from(*set)).copied().unwrap_or(OTHER);
        let of: Vec<u16> = self.of.iter().map(number).collect();
        let narrow: Option<Box<[u8]>> = of.iter().map(|set| u8::try_from(*set).ok()).collect();
        Facet { of: narrow.map_or_else(|| Sets::Many(of.into()), Sets::Few), slots, ends, others: self.others }
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
        let facets = facets.into_iter().map(|(name, reading)| (name, Arc::new(reading.finish()))).collect();
        Ok(Packed { documents, facets, areas: Arc::new(areas.finish()), grouped: Mutex::default() })
    }

    /// How facets are counted; those that no document has are left out.
    pub(crate) fn groups(&self, names: &[&'static str]) -> Arc<[Group]> {
        let known = if names.len() > 1 { self.grouped(names) } else { None };
        let alone = |named: &(&'static str, Arc<Facet>)| Group::of(std::slice::from_ref(named), Arc::clone(&named.1));
        match known {
            Some(known) => Arc::clone(known.get_or_init(|| self.group(names))),
            None => self.named(names).iter().map(alone).collect(),
        }
    }

    /// Where it is kept how these facets are counted, as long as there is room.
    fn grouped(&self, names: &[&'static str]) -> Option<Arc<OnceLock<Arc<[Group]>>>> {
        let mut names = names.to_vec();
        names.sort_unstable();
        let mut grouped = self.grouped.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, groups)) = grouped.iter().find(|(known, _)| *known == names) {
            return Some(Arc::clone(groups));
        }
        if grouped.len() == MOST_KEPT {
            return None;
        }
        let groups = Arc::default();
        grouped.push((names, Arc::clone(&groups)));
        Some(groups)
    }

    /// The facets of these names that there are.
    fn named(&self, names: &[&'static str]) -> Vec<(&'static str, Arc<Facet>)> {
        let facet =
            |name: &str| if name == MUNICIPALITY { Some(&self.areas) } else { self.facets.get(&name_hash(name)) };
        names.iter().filter_map(|name| Some((*name, Arc::clone(facet(name)?)))).collect()
    }

    /// Puts facets together, those with the fewest sets first.
    fn group(&self, names: &[&'static str]) -> Arc<[Group]> {
        let mut left = self.named(names);
        left.sort_by_key(|(_, facet)| Reverse(facet.sets()));
        let mut groups = Vec::new();
        while !left.is_empty() {
            let most = left.len().min(MOST_TOGETHER);
            let (from, facet) = (2..=most)
                .rev()
                .map(|count| left.len() - count)
                .find_map(|from| Some((from, Arc::new(self.together(&left[from..])?))))
                .unwrap_or_else(|| (left.len() - 1, Arc::clone(&left[left.len() - 1].1)));
            groups.push(Group::of(&left[from..], facet));
            left.truncate(from);
        }
        groups.into()
    }

    /// Facets as one; `None` where that has too many sets.
    fn together(&self, named: &[(&'static str, Arc<Facet>)]) -> Option<Facet> {
        let facets: Vec<&Facet> = named.iter().map(|(_, facet)| &**facet).collect();
        if facets.iter().any(|facet| facet.sets() > MOST_SETS || !facet.others.is_empty()) {
            return None;
        }
        let mut together = Reading::new(0);
        let mut known: foldhash::HashMap<u64, u16> = foldhash::HashMap::default();
        let mut slots = Vec::new();
        for doc in 0..self.documents {
            let sets = facets.iter().fold(0, |sets, facet| sets << 16 | facet.number(doc) as u64);
            let set = match known.get(&sets) {
                Some(set) => *set,
                None if known.len() == MOST_SETS => return None,
                None => {
                    slots.clear();
                    facets.iter().for_each(|facet| slots.extend_from_slice(facet.of(doc)));
                    let set = together.add(&slots)?;
                    known.insert(sets, set);
                    set
                }
            };
            together.of.push(set);
        }
        Some(together.finish())
    }

    /// The most that areas are worth to any document, by the worth of slots.
    pub(crate) fn most_worth(&self, by_slot: &[u16]) -> u16 {
        let areas = &self.areas;
        let sets = (0..areas.ends.len()).map(|set| areas.set(set));
        let others = areas.others.iter().map(|(_, slots)| &**slots);
        sets.chain(others).map(|slots| worth(slots, by_slot)).max().unwrap_or(0)
    }

    /// The documents to which areas may be worth anything.
    fn worthy(&self, by_slot: &[u16]) -> CodedDocs {
        let areas = &self.areas;
        let by_set: Vec<bool> = (0..areas.ends.len()).map(|set| worth(areas.set(set), by_slot) > 0).collect();
        let worthy = |set: usize| by_set.get(set).is_none_or(|worthy| *worthy);
        let bits = match &areas.of {
            Sets::Few(of) => bits(of, |set| worthy(usize::from(*set))),
            Sets::Many(of) => bits(of, |set| worthy(usize::from(*set))),
        };
        CodedDocs::new(bits, Box::default())
    }
}

/// Bits, with a window of none behind the last.
fn bits<T>(of: &[T], is_set: impl Fn(&T) -> bool) -> Vec<u64> {
    let word = |some: &[T]| some.iter().rev().fold(0, |word, one| word << 1 | u64::from(is_set(one)));
    of.chunks(64).map(word).chain([0; WORDS]).collect()
}

/// What the areas of the documents of a segment are worth.
pub(crate) struct AreaWorth<'a> {
    packed: &'a Packed,
    by_slot: &'a [u16],
    most: u32,
    /// The documents to which they may be worth anything, once these are made.
    worthy: Option<&'a OnceLock<CodedDocs>>,
}

impl<'a> AreaWorth<'a> {
    /// By the worth of slots, with the most of `most_worth` and room for documents; nothing without these.
    pub(crate) fn new(
        packed: &'a Packed,
        by_slot: &'a [u16],
        known: Option<(u16, &'a OnceLock<CodedDocs>)>,
    ) -> AreaWorth<'a> {
        let (most, worthy) = known.unzip();
        AreaWorth { packed, by_slot, most: most.unwrap_or(0).into(), worthy }
    }

    /// The documents to which the areas may be worth anything; `None` where they are worth nothing to any.
    pub(crate) fn worthy(&self) -> Option<&'a CodedDocs> {
        let wanted = self.worthy.filter(|_| self.most > 0)?;
        Some(wanted.get_or_init(|| self.packed.worthy(self.by_slot)))
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
        // Where they are made, these are told far quicker.
        if self.worthy.and_then(OnceLock::get).is_some_and(|worthy| !worthy.has(doc)) {
            0
        } else {
            worth(self.packed.areas.of(doc), self.by_slot).into()
        }
    }
}

/// What the best of these slots is worth.
fn worth(slots: &[u16], by_slot: &[u16]) -> u16 {
    slots.iter().filter_map(|slot| by_slot.get(usize::from(*slot))).max().copied().unwrap_or(0)
}
