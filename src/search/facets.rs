//! Facet values: what documents hold, and how counts are read.
//!
//! A value is the hash of the facet's name and a vocabulary number. Per index every value that occurs has a slot.

use crate::error::{Error, Result};
use crate::search::document::Document;
use crate::search::fields::Fnv;
use crate::search::weights;
use crate::vocabulary::{self, Term, Vocabulary};
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::OnceLock;

/// The facet that counts areas; its values are computed, not stated.
pub(crate) const MUNICIPALITY: &str = "municipality";
/// The facet that counts kinds of records.
pub(crate) const TYPE: &str = "type";
/// Areas that records state themselves; not a facet to ask for.
pub(crate) const STATED: &str = "municipality@";
/// Areas that records state beside a broader one: they count for nothing, but who names them means them.
pub(crate) const NAMED: &str = "municipality!";

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

/// The hash of the facet's name in a value.
pub(crate) fn name_of(value: u64) -> u32 {
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
    let (stated, covered, named) = (name_hash(STATED), name_hash(MUNICIPALITY), name_hash(NAMED));
    values.extend(document.areas.iter().filter(|area| !areas.contains(area)).map(|area| encode(named, *area)));
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
    /// Where the counts of areas lie; found when they are first asked for.
    areas: OnceLock<Vec<AreaSlots>>,
}

/// The slots that count for an area.
#[derive(Debug, Clone)]
struct AreaSlots {
    number: u16,
    /// The area, stated or covering what is stated.
    own: Option<u16>,
    /// What covers it, stated.
    broader: Vec<u16>,
}

impl Slots {
    /// How many slots there are.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The slot of a value; a new one gets one.
    pub(crate) fn add(&mut self, value: u64) -> Result<u16> {
        if let Some(slot) = self.slots.get(&value) {
            return Ok(*slot);
        }
        let slot = u16::try_from(self.slots.len()).ok();
        let slot = slot.ok_or_else(|| Error::internal("too many facet values"))?;
        self.slots.insert(value, slot);
        self.by_name.entry(name_of(value)).or_default().push((number_of(value), slot));
        self.areas = OnceLock::new();
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
        let slots = |area: &Term| AreaSlots {
            number: area.number,
            own: self.of(covered, area.number),
            broader: area.ancestors.iter().filter_map(|broader| self.of(stated, *broader)).collect(),
        };
        let areas = self.areas.get_or_init(|| Vocabulary::Municipalities.terms().iter().map(slots).collect());
        let total = |area: &AreaSlots| area.own.iter().chain(&area.broader).map(|slot| count(*slot)).sum();
        areas.iter().map(|area| (area.number, total(area))).collect()
    }

    /// What being found in these areas is worth, by slot: naming it before covering it from the county before from
    /// the country.
    pub(crate) fn area_worth(&self, areas: &[u16]) -> Vec<u16> {
        let names = [STATED, NAMED].map(name_hash);
        let mut worth = vec![0; self.len()];
        let mut set = |number: u16, value: u16| {
            for slot in names.iter().filter_map(|name| self.of(*name, number)) {
                if let Some(slot) = worth.get_mut(usize::from(slot)) {
                    *slot = value.max(*slot);
                }
            }
        };
        for area in areas {
            // Records state the area itself or one within it, or one that covers it.
            for within in Vocabulary::Municipalities.terms().iter().filter(|term| term.ancestors.contains(area)) {
                set(within.number, weights::AREA_NAMED);
            }
            set(*area, weights::AREA_NAMED);
            for broader in ancestors(*area) {
                let country = ancestors(*broader).is_empty();
                set(*broader, if country { weights::AREA_COUNTRY } else { weights::AREA_COUNTY });
            }
        }
        worth
    }
}

/// What a value of the column stands for, for the canonical dump.
pub(crate) fn shown(value: u64) -> String {
    format!("{:08x}/{}", name_of(value), number_of(value))
}
