//! The matches of a word that few documents have, kept as they were read once: to open the posting lists of all its ways to
//! match again takes longer than what is read from them.

use crate::error::Result;
use crate::search::cursor;
use crate::search::evidence::Places;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::hash::Hash;
use std::ops::Range;
use std::sync::Arc;
use tantivy::{DocId, TERMINATED};

/// So many postings are few; of more a column is made. Tests have few documents and are to read posting lists too.
const MOST: u64 = if cfg!(test) { 24 } else { 4_096 };
/// All that is kept of a segment takes so many bytes at most,
const MOST_BYTES: u64 = 6 << 20;
/// which is so many words as far as can be told; a segment of few documents is not asked for so many.
const WORDS: usize = 8_192;

/// What a match counts at a weight of 1000, and where the word stands in it.
pub(crate) type Told = (u32, Places);

/// Documents in their order, with what each counts and where the word stands in it.
#[derive(Debug, Default)]
pub(crate) struct Few {
    docs: Box<[DocId]>,
    /// Which of `told` each has; empty where nothing is told.
    codes: Box<[u8]>,
    /// From low to high.
    told: Box<[Told]>,
}

impl Few {
    /// Documents that count nothing.
    pub(crate) fn uncounted(docs: Vec<DocId>) -> Few {
        Few { docs: docs.into(), ..Few::default() }
    }

    /// What a word's ways to match tell of documents, in any order; `None` when too many different things are told.
    fn of(mut found: Vec<(DocId, Told)>) -> Option<Few> {
        found.sort_unstable();
        found.dedup_by(|(later, (value, places)), (kept, told)| {
            if later == kept {
                // The best way counts; the word stands wherever any of them says.
                *told = (told.0.max(*value), told.1 | *places);
            }
            later == kept
        });
        let mut told: Vec<Told> = Vec::new();
        for (_, one) in &found {
            if let Err(at) = told.binary_search(one) {
                told.insert(at, *one);
            }
        }
        let code = |one: &Told| told.binary_search(one).ok().and_then(|at| u8::try_from(at).ok());
        let codes = found.iter().map(|(_, one)| code(one)).collect::<Option<_>>()?;
        Some(Few { docs: found.iter().map(|(doc, _)| *doc).collect(), codes, told: told.into() })
    }

    /// How many documents match.
    pub(crate) fn count(&self) -> usize {
        self.docs.len()
    }

    /// Whether a document matches.
    pub(crate) fn has(&self, doc: DocId) -> bool {
        self.docs.binary_search(&doc).is_ok()
    }

    fn told(&self, at: usize) -> Told {
        let code = self.codes.get(at).copied().unwrap_or(0);
        self.told.get(usize::from(code)).copied().unwrap_or((0, 0))
    }
}

/// Goes through a word's matches for a query.
#[derive(Clone)]
pub(crate) struct FewReader {
    few: Arc<Few>,
    /// What a value of 1000 counts.
    weight: u32,
    /// How many documents are behind.
    behind: usize,
}

impl FewReader {
    /// Begins at the first.
    pub(crate) fn new(few: Arc<Few>, weight: u32) -> FewReader {
        FewReader { few, weight, behind: 0 }
    }

    /// How many documents match.
    pub(crate) fn count(&self) -> usize {
        self.few.count()
    }

    /// What a document counts at most.
    pub(crate) fn most(&self) -> u32 {
        self.few.told.last().map_or(0, |(value, _)| cursor::points(*value, self.weight))
    }

    fn points(&self, at: usize) -> u32 {
        cursor::points(self.few.told(at).0, self.weight)
    }

    /// Goes to a document or the next that matches.
    pub(crate) fn seek(&mut self, target: DocId) -> DocId {
        let ahead = self.few.docs.get(self.behind..).unwrap_or_default();
        // Steps that grow: most often it is not far.
        let mut step = 1;
        while ahead.get(step - 1).is_some_and(|doc| *doc < target) {
            step *= 2;
        }
        let from = step / 2;
        let near = ahead.get(from..ahead.len().min(step)).unwrap_or_default();
        self.behind += from + near.partition_point(|doc| *doc < target);
        self.few.docs.get(self.behind).copied().unwrap_or(TERMINATED)
    }

    /// What a document counts; `None` when it does not match. Documents must come in order.
    pub(crate) fn look_up(&mut self, doc: DocId) -> Option<u32> {
        (self.seek(doc) == doc).then(|| self.points(self.behind))
    }

    /// The same, and where the word stands in it.
    pub(crate) fn look_up_places(&mut self, doc: DocId) -> Option<(u32, Places)> {
        let points = self.look_up(doc)?;
        Some((points, self.few.told(self.behind).1))
    }

    /// The matches of a range, and what each counts.
    pub(crate) fn within(&mut self, range: Range<DocId>) -> impl Iterator<Item = (DocId, u32)> {
        self.seek(range.start);
        let ahead = self.few.docs.get(self.behind..).unwrap_or_default();
        let docs = ahead.iter().take_while(move |doc| **doc < range.end);
        (self.behind..).zip(docs).map(|(at, doc)| (*doc, self.points(at)))
    }

    /// All matches, and what each counts.
    pub(crate) fn all(&self) -> (Vec<DocId>, Vec<u32>) {
        // As many different values as there are codes at most.
        let of: Vec<u32> = self.few.told.iter().map(|(value, _)| cursor::points(*value, self.weight)).collect();
        let codes = self.few.codes.iter().copied();
        let points = codes.map(|code| of.get(usize::from(code)).copied().unwrap_or(0));
        let mut points: Vec<u32> = points.collect();
        points.resize(self.few.count(), 0);
        (self.few.docs.to_vec(), points)
    }
}

#[derive(Clone)]
struct Bytes;

impl<K> Weighter<Vec<K>, Arc<Few>> for Bytes {
    fn weight(&self, key: &Vec<K>, few: &Arc<Few>) -> u64 {
        let own = size_of_val(&*few.docs) + size_of_val(&*few.codes) + size_of_val(&*few.told);
        (size_of::<Few>() + size_of_val(key.as_slice()) + own) as u64
    }
}

/// Words of a segment that were asked for last, by their terms.
pub(crate) struct Kept<K>(Cache<Vec<K>, Arc<Few>, Bytes>);

impl<K: Hash + Eq + Clone> Kept<K> {
    /// Nothing yet, of a segment with so many documents: room for words is taken at once, and every commit makes a small segment.
    pub(crate) fn new(documents: DocId) -> Kept<K> {
        let words = usize::try_from(documents).unwrap_or(WORDS).min(WORDS);
        Kept(Cache::with_weighter(words, MOST_BYTES, Bytes))
    }

    /// The matches of a word with so many postings; `None` when they are not few or cannot be kept. `read` reads what its ways
    /// to match tell.
    pub(crate) fn get(
        &self,
        key: &[K],
        postings: u64,
        read: impl FnOnce() -> Result<Vec<(DocId, Told)>>,
    ) -> Result<Option<Arc<Few>>> {
        if postings > MOST {
            return Ok(None);
        }
        if let Some(few) = self.0.get(key) {
            return Ok(Some(few));
        }
        let Some(few) = Few::of(read()?).map(Arc::new) else { return Ok(None) };
        self.0.insert(key.to_vec(), Arc::clone(&few));
        Ok(Some(few))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    proptest! {
        #[test]
        fn every_document_is_looked_up_in_order(
            found in proptest::collection::vec((0..600_u32, (0..3_000_u32, any::<Places>())), 0..200),
            asked in proptest::collection::btree_set(0..700_u32, 0..60),
            weight in 0..10_000_u32,
        ) {
            // Several ways may tell of the same document.
            let mut of: BTreeMap<DocId, Told> = BTreeMap::new();
            for (doc, (value, places)) in &found {
                let told = of.entry(*doc).or_default();
                *told = (told.0.max(*value), told.1 | places);
            }
            let few = Arc::new(Few::of(found).unwrap());
            let mut reader = FewReader::new(Arc::clone(&few), weight);
            for doc in asked {
                let expected = of.get(&doc).map(|(value, places)| (cursor::points(*value, weight), *places));
                prop_assert_eq!(reader.look_up_places(doc), expected);
                prop_assert_eq!(few.has(doc), expected.is_some());
                let next = of.range(doc..).next().map_or(TERMINATED, |(doc, _)| *doc);
                prop_assert_eq!(reader.seek(doc), next);
            }
            let all = FewReader::new(few, weight).all();
            let points: Vec<u32> = of.values().map(|(value, _)| cursor::points(*value, weight)).collect();
            prop_assert_eq!(all, (of.keys().copied().collect(), points));
        }
    }

    #[test]
    fn what_is_told_in_too_many_ways_is_not_kept() {
        let of = |count: u32| (0..count).map(|doc| (doc, (doc, 0))).collect();
        assert_eq!(Few::of(of(256)).map(|few| few.count()), Some(256));
        assert!(Few::of(of(257)).is_none());
    }

    #[test]
    fn documents_alone_count_nothing() {
        let mut reader = FewReader::new(Arc::new(Few::uncounted(vec![3, 9])), 10_000);
        assert_eq!((reader.most(), reader.look_up(3), reader.look_up(4), reader.seek(5)), (0, Some(0), None, 9));
    }
}
