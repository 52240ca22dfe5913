//! The first records of a posting list in the order of suggestions: without reading all of a long list again and again.
//!
//! Of the long lists of a segment the first of all its documents are kept; who is deleted or hidden is passed over when
//! they are read.

use crate::error::Result;
use crate::search::fields;
use crate::search::source::Source;
use crate::search::terms::TermsLeaf;
use crate::search::view::{SegmentData, View};
use crate::search::weights;
use crate::search::window::{Spare, Stretch, is_set};
use std::collections::{BinaryHeap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use tantivy::index::InvertedIndexReader;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, TERMINATED};

/// Of a list with at least so many documents the first are kept. Tests have few documents and are to go through this too.
const LONG: u64 = if cfg!(test) { 40 } else { 1_000 };
/// So many of them.
const KEPT: usize = if cfg!(test) { 25 } else { 250 };
/// So many lists: with all of one and two letters there are fewer.
const MOST: usize = 4_096;

/// Where a document of a segment stands among suggestions; less comes first. The last is its tie.
pub(crate) type Rank = (u64, u32);

/// The first documents of long lists, by where their postings begin.
#[derive(Default)]
pub(crate) struct Beginnings(Mutex<HashMap<usize, Arc<[DocId]>>>);

impl SegmentData {
    /// What is alive before what is not, what many know before what few know, then by name.
    pub(crate) fn rank(&self, doc: DocId) -> Rank {
        (self.standing(doc) << 32 | u64::from(self.name(doc)), self.tie_rank(doc))
    }

    /// The part of the rank that is the same in every segment.
    pub(crate) fn standing(&self, doc: DocId) -> u64 {
        let known = is_set(&self.prominent, doc);
        u64::from(self.features(doc).rest()) << 1 | u64::from(!known)
    }
}

/// The documents of a segment that many know, as bits.
pub(crate) fn prominent(filter: &InvertedIndexReader, documents: DocId) -> Result<Box<[u64]>> {
    let mut bits = vec![0_u64; (documents as usize).div_ceil(64)];
    for (name, value) in weights::PROMINENT {
        if let Some(info) = filter.terms().get(fields::filter_term(name, value))? {
            let mut postings = filter.read_postings_from_terminfo(&info, IndexRecordOption::Basic)?;
            while postings.doc() != TERMINATED {
                if let Some(word) = bits.get_mut(postings.doc() as usize / 64) {
                    *word |= 1 << (postings.doc() % 64);
                }
                postings.advance();
            }
        }
    }
    Ok(bits.into())
}

/// The first so many documents of a segment that meet all of these conditions, each any of its terms, and are accepted;
/// in no order.
pub(crate) fn first(
    conditions: &[Vec<TermsLeaf>],
    view: &View,
    segment: usize,
    keep: usize,
    accepts: &dyn Fn(DocId) -> bool,
) -> Result<Vec<DocId>> {
    let data = &view.segment(segment)?.data;
    if let [leaves] = conditions
        && let [leaf] = leaves.as_slice()
        && let Some([info]) = leaf.found.get(segment).and_then(Option::as_deref)
        && u64::from(info.doc_freq) >= LONG
    {
        let key = info.postings_range.start;
        let held = data.beginnings.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let kept = match held {
            Some(kept) => kept,
            None => {
                let mut kept = walk(conditions, view, segment, KEPT, &|_| true)?;
                kept.sort_unstable_by_key(|doc| data.rank(*doc));
                let kept: Arc<[DocId]> = kept.into();
                let mut held = data.beginnings.0.lock().unwrap_or_else(PoisonError::into_inner);
                if held.len() < MOST {
                    held.insert(key, Arc::clone(&kept));
                }
                kept
            }
        };
        let found: Vec<DocId> = kept.iter().copied().filter(|doc| accepts(*doc)).take(keep).collect();
        if found.len() == keep || kept.len() < KEPT {
            return Ok(found);
        }
    }
    walk(conditions, view, segment, keep, accepts)
}

fn walk(
    conditions: &[Vec<TermsLeaf>],
    view: &View,
    segment: usize,
    keep: usize,
    accepts: &dyn Fn(DocId) -> bool,
) -> Result<Vec<DocId>> {
    let data = &*view.segment(segment)?.data;
    let mut sources = Vec::with_capacity(conditions.len());
    for leaves in conditions {
        sources.push(crate::search::terms::any(leaves, view, segment)?);
    }
    let Some(mut source) = Source::all(sources).filter(|_| keep > 0) else { return Ok(Vec::new()) };
    let mut best: BinaryHeap<(Rank, DocId)> = BinaryHeap::new();
    let mut spare = Spare::default();
    let mut window = spare.take();
    let mut next = source.next(0);
    while next < data.documents {
        let stretch = Stretch { counted: false, ..Stretch::new(next, data) };
        window.clear();
        source.fill(stretch, &mut window, &mut spare);
        window.each(|at| {
            let doc = stretch.base + at as DocId;
            let entry = (data.rank(doc), doc);
            let enters = best.len() < keep || best.peek().is_some_and(|last| entry < *last);
            if enters && accepts(doc) {
                if best.len() == keep {
                    best.pop();
                }
                best.push(entry);
            }
        });
        next = source.next(stretch.end());
    }
    spare.give(window);
    Ok(best.into_iter().map(|(_, doc)| doc).collect())
}
