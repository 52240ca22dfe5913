//! Counts of facet values over the matches of a query, set by set.

use crate::search::packed::{Facet, Group, Packed, Sets};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tantivy::DocId;

/// So many of the commonest sets are counted in a table from the beginning: it stays in the first cache. Tests have few sets
/// and are to have rarer ones too.
const COMMON: usize = if cfg!(test) { 4 } else { 512 };
/// The table holds all sets once there is a document of a rarer one for so many sets.
const SETS_FOR_EACH: usize = 8;

/// What facets count, by slot.
pub(crate) type Counts = Arc<[(u16, u32)]>;

/// Facet counts of so many values are kept of a word or a filter: some kilobytes.
const MOST_KEPT: usize = 1_024;

/// What was counted of matches once, kept for who asks the same again.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    count: OnceLock<usize>,
    facets: Mutex<Vec<(Box<[&'static str]>, Counts)>>,
}

impl Tally {
    /// How many matches there are.
    pub(crate) fn count(&self, count: impl FnOnce() -> usize) -> usize {
        *self.count.get_or_init(count)
    }

    fn known(&self, facets: &[&'static str]) -> Option<Counts> {
        let known = self.facets.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|(names, _)| **names == *facets).map(|(_, counts)| Arc::clone(counts))
    }

    /// As far as there is room.
    fn keep(&self, facets: &[&'static str], counts: Counts) {
        let mut known = self.facets.lock().unwrap_or_else(PoisonError::into_inner);
        let values: usize = known.iter().map(|(_, counts)| counts.len()).sum();
        if values + counts.len() <= MOST_KEPT && known.iter().all(|(names, _)| **names != *facets) {
            known.push((facets.into(), counts));
        }
    }
}

/// Counts the documents of a segment by several facets.
pub(crate) struct Counting {
    groups: Vec<Counted>,
    /// What was known without counting.
    known: Vec<Counts>,
}

impl Counting {
    /// Begins to count; facets that no document of the segment has are left out.
    pub(crate) fn new(packed: &Packed, facets: &[&'static str]) -> Counting {
        let groups =
            if facets.is_empty() { Vec::new() } else { packed.groups(facets).iter().map(Counted::new).collect() };
        Counting { groups, known: Vec::new() }
    }

    /// Whether there is nothing to count.
    pub(crate) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Leaves out facets that were counted before.
    pub(crate) fn recall(&mut self, tally: &Tally) {
        self.groups.retain(|counted| match tally.known(&counted.group.names) {
            Some(counts) => {
                self.known.push(counts);
                false
            }
            None => true,
        });
    }

    /// Keeps what was counted, now that it was all.
    pub(crate) fn keep(&self, tally: &Tally) {
        self.groups.iter().for_each(|counted| tally.keep(&counted.group.names, counted.counts()));
    }

    /// Counts documents.
    pub(crate) fn add(&mut self, docs: &[DocId]) {
        self.groups.iter_mut().for_each(|counted| counted.add(docs));
    }

    /// Adds what was counted to counts by slot.
    pub(crate) fn finish(self, counts: &mut [u32]) {
        let mut add = |slot: u16, count: u32| {
            if let Some(slot) = counts.get_mut(usize::from(slot)) {
                *slot += count;
            }
        };
        for counted in &self.groups {
            counted.each(|slots, count| slots.iter().for_each(|slot| add(*slot, count)));
        }
        self.known.iter().flat_map(|known| known.iter()).for_each(|(slot, count)| add(*slot, *count));
    }
}

/// The counts of facets that are counted together.
struct Counted {
    group: Group,
    /// Two counts for each of the commonest sets or of all, taken in turn: neighbours often have the same set, and to count on
    /// would have to wait for what was written just before.
    by_set: Vec<[u32; 2]>,
    /// Documents of other sets.
    rare: Vec<DocId>,
}

impl Counted {
    fn new(group: &Group) -> Counted {
        Counted { group: group.clone(), by_set: Vec::new(), rare: Vec::new() }
    }

    /// Calls `add` with the slots of sets and documents, and how many were counted.
    fn each(&self, mut add: impl FnMut(&[u16], u32)) {
        let facet = &*self.group.facet;
        for (set, [one, other]) in self.by_set.iter().enumerate().filter(|(_, counts)| **counts != [0; 2]) {
            add(facet.set(set), one + other);
        }
        self.rare.iter().for_each(|doc| add(facet.of(*doc), 1));
    }

    fn counts(&self) -> Counts {
        let mut counts: foldhash::HashMap<u16, u32> = foldhash::HashMap::default();
        self.each(|slots, count| slots.iter().for_each(|slot| *counts.entry(*slot).or_default() += count));
        counts.into_iter().collect()
    }

    fn add(&mut self, docs: &[DocId]) {
        let sets = self.group.facet.sets();
        if self.by_set.is_empty() {
            self.by_set = vec![[0; 2]; sets.min(COMMON)];
        }
        self.count(docs);
        if self.by_set.len() < sets && self.rare.len() * SETS_FOR_EACH >= sets {
            self.by_set.resize(sets, [0; 2]);
            let rare = std::mem::take(&mut self.rare);
            self.count(&rare);
        }
    }

    fn count(&mut self, docs: &[DocId]) {
        let Counted { group, by_set, rare } = self;
        let Facet { of, .. } = &*group.facet;
        match of {
            Sets::Few(of) => count(docs, by_set, rare, |doc| of.get(doc as usize).copied().unwrap_or(0).into()),
            Sets::Many(of) => count(docs, by_set, rare, |doc| of.get(doc as usize).copied().unwrap_or(0).into()),
        }
    }
}

#[inline]
fn count(docs: &[DocId], by_set: &mut [[u32; 2]], rare: &mut Vec<DocId>, set: impl Fn(DocId) -> usize) {
    for (at, doc) in docs.iter().enumerate() {
        match by_set.get_mut(set(*doc)) {
            Some(counts) => counts[at % 2] += 1,
            None => rare.push(*doc),
        }
    }
}
