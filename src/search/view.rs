//! What searches read: one committed state of the index with every column open and packed, swapped as a whole.

use crate::error::{Error, Result};
use crate::resources::Audience;
use crate::search::beginnings::{self, Beginnings};
use crate::search::column::ColumnTerm;
use crate::search::columns::Columns;
use crate::search::facets::Slots;
use crate::search::few;
use crate::search::fields::Fields;
use crate::search::indexer::Position;
use crate::search::intake::{Features, default_kinds};
use crate::search::known::Known;
use crate::search::masks::{Mask, Masks, Shown};
use crate::search::packed::Packed;
use crate::search::ready::Ready;
use crate::search::statistics::Statistics;
use crate::search::window::{WINDOW, touched};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tantivy::columnar::{BytesColumn, Column, ColumnValues};
use tantivy::fastfield::AliveBitSet;
use tantivy::index::{InvertedIndexReader, SegmentId};
use tantivy::{DocId, Opstamp, SegmentReader};

/// No name: last in every order.
pub(crate) const NO_NAME: u32 = u32::MAX;

/// What never changes about a segment: opened once and kept by its id.
pub(crate) struct SegmentData {
    /// How many documents it has, deleted ones too.
    pub documents: DocId,
    /// Of every document, and of a window of documents that are not there.
    features: Box<[u8]>,
    /// As bits: what everyone and what partners are shown when they name no kinds.
    usual: [Arc<[u64]>; 2],
    /// Whether some documents are not for everyone.
    restricted: bool,
    /// Change numbers of creations.
    pub ties: Arc<dyn ColumnValues<u64>>,
    tie_ranks: Box<[u32]>,
    /// The least of them in each window that begins at a multiple of its length.
    tie_floors: Box<[u32]>,
    names: Box<[u32]>,
    /// Sort keys of titles.
    pub name_column: Option<BytesColumn>,
    /// Last changes.
    pub updated: Column<i64>,
    /// Latitudes.
    pub lat: Column<f64>,
    /// Longitudes.
    pub lon: Column<f64>,
    /// First moments.
    pub start: Column<i64>,
    /// Last moments.
    pub end: Column<i64>,
    /// Facet values.
    pub packed: Packed,
    /// The same as the column holds them.
    pub facets: Column<u64>,
    /// Ready-made records.
    pub ready: Ready,
    /// Stems, vocabulary numbers, whole names.
    pub all: Arc<InvertedIndexReader>,
    /// Words as written.
    pub surface: Arc<InvertedIndexReader>,
    /// Words and stems of names.
    pub named: Arc<InvertedIndexReader>,
    /// Beginnings of words of names.
    pub prefix: Arc<InvertedIndexReader>,
    /// Filter values.
    pub filter: Arc<InvertedIndexReader>,
    /// Exact keys.
    pub key: Arc<InvertedIndexReader>,
    /// Matches of words that many documents have.
    pub columns: Columns,
    /// Matches of words that few documents have.
    pub few: few::Kept<ColumnTerm>,
    /// Documents that many know, as bits.
    pub prominent: Box<[u64]>,
    /// The first documents of what begins with few letters.
    pub beginnings: Beginnings,
    /// Whether anything was asked of it before it was shown.
    warmed: AtomicBool,
}

impl SegmentData {
    fn open(fields: &Fields, reader: &SegmentReader, slots: &mut Slots) -> Result<SegmentData> {
        let documents = reader.max_doc();
        let columns = reader.fast_fields();
        let features = columns.u64("features")?;
        let features: Box<[u8]> = (0..documents)
            .map(|doc| features.first(doc).and_then(|value| u8::try_from(value).ok()).unwrap_or(u8::MAX))
            .chain(std::iter::repeat_n(u8::MAX, WINDOW))
            .collect();
        let known = features.get(..documents as usize).unwrap_or_default();
        let name_column = columns.bytes("name")?;
        let names = match &name_column {
            Some(column) => (0..documents)
                .map(|doc| column.ords().first(doc).and_then(|ord| u32::try_from(ord).ok()).unwrap_or(NO_NAME))
                .collect(),
            None => vec![NO_NAME; documents as usize].into(),
        };
        let ties = columns.u64("tie")?.first_or_default_col(0);
        let tie_ranks = ranks(&*ties, documents);
        let floor = |ranks: &[u32]| ranks.iter().min().copied().unwrap_or(u32::MAX);
        Ok(SegmentData {
            documents,
            tie_floors: tie_ranks.chunks(WINDOW).map(floor).collect(),
            tie_ranks,
            ties,
            usual: [Audience::Public, Audience::Partners].map(|asker| shown(known, asker, default_kinds())),
            restricted: known.iter().any(|bits| Features(*bits).partners_only()),
            features,
            names,
            name_column,
            updated: columns.i64("updated")?,
            lat: columns.f64("lat")?,
            lon: columns.f64("lon")?,
            start: columns.i64("start")?,
            end: columns.i64("end")?,
            packed: Packed::load(&columns.u64("facets")?, documents, slots)?,
            facets: columns.u64("facets")?,
            ready: Ready::open(reader)?,
            all: reader.inverted_index(fields.all)?,
            surface: reader.inverted_index(fields.surface)?,
            named: reader.inverted_index(fields.named)?,
            prefix: reader.inverted_index(fields.prefix)?,
            prominent: beginnings::prominent(&*reader.inverted_index(fields.filter)?, documents)?,
            beginnings: Beginnings::default(),
            filter: reader.inverted_index(fields.filter)?,
            key: reader.inverted_index(fields.key)?,
            columns: Columns::default(),
            few: few::Kept::new(documents),
            warmed: AtomicBool::new(false),
        })
    }

    /// True the first time that this is asked.
    pub(crate) fn is_first_time(&self) -> bool {
        !self.warmed.swap(true, Ordering::Relaxed)
    }

    /// The features of a document. One that the segment does not have is nobody's.
    #[inline]
    pub(crate) fn features(&self, doc: DocId) -> Features {
        Features(self.features.get(doc as usize).copied().unwrap_or(u8::MAX))
    }

    /// The documents of some kinds, deleted ones too, that an asker is shown, as bits.
    fn shown(&self, asker: Audience, kinds: u8) -> Arc<[u64]> {
        shown(self.features.get(..self.documents as usize).unwrap_or_default(), asker, kinds)
    }

    /// The features of a window of documents from one on.
    pub(crate) fn features_from(&self, doc: DocId) -> &[u8; WINDOW] {
        const NOBODY: &[u8; WINDOW] = &[u8::MAX; WINDOW];
        self.features.get(doc as usize..).and_then(|rest| rest.first_chunk()).unwrap_or(NOBODY)
    }

    /// A number that compares with others of the segment as the ties do; far quicker to read.
    #[inline]
    pub(crate) fn tie_rank(&self, doc: DocId) -> u32 {
        self.tie_ranks.get(doc as usize).copied().unwrap_or(u32::MAX)
    }

    /// A number that the tie rank of no document in a window is less than.
    pub(crate) fn tie_floor(&self, base: DocId) -> u32 {
        touched(&self.tie_floors, base).iter().min().copied().unwrap_or(u32::MAX)
    }

    /// The place of a document's title among the segment's, `NO_NAME` without one.
    #[inline]
    pub(crate) fn name(&self, doc: DocId) -> u32 {
        self.names.get(doc as usize).copied().unwrap_or(NO_NAME)
    }
}

fn shown(features: &[u8], asker: Audience, kinds: u8) -> Arc<[u64]> {
    let is_shown = |bits: &u8| {
        let features = Features(*bits);
        features.visible_to(asker) && kinds >> features.kind() & 1 == 1
    };
    let word = |some: &[u8]| some.iter().rev().fold(0, |word, bits| word << 1 | u64::from(is_shown(bits)));
    features.chunks(64).map(word).collect()
}

fn both(one: &[u64], other: &[u64]) -> Arc<[u64]> {
    one.iter().zip(other).map(|(one, other)| one & other).collect()
}

fn set(bits: &mut [u64], doc: DocId) {
    if let Some(word) = bits.get_mut(doc as usize / 64) {
        *word |= 1 << (doc % 64);
    }
}

/// Ties less the least of them, or their ranks where those differences are too large.
fn ranks(ties: &dyn ColumnValues<u64>, documents: DocId) -> Box<[u32]> {
    let ties: Vec<u64> = (0..documents).map(|doc| ties.get_val(doc)).collect();
    let least = ties.iter().min().copied().unwrap_or(0);
    let near: Option<Box<[u32]>> = ties.iter().map(|tie| u32::try_from(tie - least).ok()).collect();
    near.unwrap_or_else(|| {
        let mut sorted = ties.clone();
        sorted.sort_unstable();
        let rank = |tie: &u64| u32::try_from(sorted.partition_point(|other| other < tie)).unwrap_or(u32::MAX);
        ties.iter().map(rank).collect()
    })
}

/// A segment as of a commit.
#[derive(Clone)]
pub(crate) struct Segment {
    /// What never changes.
    pub data: Arc<SegmentData>,
    alive: Option<AliveBitSet>,
    /// What its deletions are known by.
    deletions: Option<Opstamp>,
    /// How many documents live.
    pub living: u32,
    masks: Arc<Masks<ColumnTerm>>,
}

impl Segment {
    /// Whether a document has not been deleted.
    #[inline]
    pub(crate) fn lives(&self, doc: DocId) -> bool {
        self.alive.as_ref().is_none_or(|alive| alive.is_alive(doc))
    }

    /// The documents of some kinds that an asker is shown; `None` where there is no room for that.
    pub(crate) fn shown(&self, asker: Audience, kinds: u8) -> Result<Option<Arc<Mask>>> {
        if kinds == default_kinds() {
            return Ok(Some(Arc::clone(self.masks.usual(asker, || self.living_of(asker, kinds)))));
        }
        self.masks.other(Shown { asker, kinds, filter: Vec::new() }, || Ok(self.living_of(asker, kinds)))
    }

    /// The same with a filter that is known by its terms; `add` tells what it matches.
    pub(crate) fn shown_with(
        &self,
        asker: Audience,
        kinds: u8,
        filter: Vec<ColumnTerm>,
        add: impl FnOnce(&mut dyn FnMut(DocId)) -> Result<()>,
    ) -> Result<Option<Arc<Mask>>> {
        self.masks.other(Shown { asker, kinds, filter }, || {
            let shown = self.living_of(asker, kinds);
            let mut bits = vec![0; shown.len()];
            add(&mut |doc| set(&mut bits, doc))?;
            Ok(both(&bits, &shown))
        })
    }

    fn living_of(&self, asker: Audience, kinds: u8) -> Arc<[u64]> {
        let shown = match kinds == default_kinds() {
            true => Arc::clone(asker.own(&self.data.usual)),
            false => self.data.shown(asker, kinds),
        };
        let Some(alive) = &self.alive else { return shown };
        let mut bits = vec![0; shown.len()];
        alive.iter_alive().for_each(|doc| set(&mut bits, doc));
        both(&bits, &shown)
    }

    /// Whether this asker may see every document of the segment that a term leads to.
    pub(crate) fn open_to(&self, asker: Audience) -> bool {
        self.alive.is_none() && (asker == Audience::Partners || !self.data.restricted)
    }

    /// Whether this asker may see the document.
    #[inline]
    pub(crate) fn shows(&self, doc: DocId, asker: Audience) -> bool {
        self.lives(doc) && self.data.features(doc).visible_to(asker)
    }
}

/// One state of the index.
pub(crate) struct View {
    /// A number that no other state of this process has.
    pub state: u64,
    /// Keeps the files of the segments in place.
    _searcher: Option<tantivy::Searcher>,
    /// The segments.
    pub segments: Vec<Segment>,
    /// Slots of facet values.
    pub slots: Arc<Slots>,
    /// Statistics for scores.
    pub statistics: Option<Arc<Statistics>>,
    /// Number of the statistics, 0 without.
    pub statistics_number: u64,
    /// Position in the change log.
    pub position: Option<Position>,
    /// How many documents live.
    pub living: u64,
    /// What is known of words.
    pub known: Known,
}

fn next_state() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

/// Segments that are open, by id.
pub(crate) type Opened = HashMap<SegmentId, Segment>;

impl View {
    /// Nothing.
    pub(crate) fn empty() -> View {
        View {
            state: next_state(),
            _searcher: None,
            segments: Vec::new(),
            slots: Arc::default(),
            statistics: None,
            statistics_number: 0,
            position: None,
            living: 0,
            known: Known::default(),
        }
    }

    /// Opens what is new of a commit and keeps what is known; forgets segments that are no more.
    pub(crate) fn open(
        fields: &Fields,
        searcher: tantivy::Searcher,
        opened: &mut Opened,
        slots: &mut Arc<Slots>,
        position: Option<Position>,
        statistics: (u64, Option<Arc<Statistics>>),
    ) -> Result<View> {
        let mut segments = Vec::with_capacity(searcher.segment_readers().len());
        let mut kept = Opened::new();
        for reader in searcher.segment_readers() {
            let (id, deletions) = (reader.segment_id(), reader.delete_opstamp());
            let segment = match opened.get(&id) {
                Some(known) if known.deletions == deletions => known.clone(),
                known => Segment {
                    data: match known {
                        Some(known) => Arc::clone(&known.data),
                        None => Arc::new(SegmentData::open(fields, reader, Arc::make_mut(slots))?),
                    },
                    alive: reader.alive_bitset().cloned(),
                    deletions,
                    living: reader.num_docs(),
                    masks: Arc::default(),
                },
            };
            kept.insert(id, segment.clone());
            segments.push(segment);
        }
        *opened = kept;
        let living = segments.iter().map(|segment| u64::from(segment.living)).sum();
        Ok(View {
            state: next_state(),
            _searcher: Some(searcher),
            segments,
            slots: Arc::clone(slots),
            statistics: statistics.1,
            statistics_number: statistics.0,
            position,
            living,
            known: Known::default(),
        })
    }

    /// The same state with other statistics.
    pub(crate) fn with_statistics(&self, number: u64, statistics: Option<Arc<Statistics>>) -> View {
        View {
            state: next_state(),
            _searcher: self._searcher.clone(),
            segments: self.segments.clone(),
            slots: Arc::clone(&self.slots),
            statistics,
            statistics_number: number,
            position: self.position.clone(),
            living: self.living,
            known: Known::default(),
        }
    }

    /// How many records there are, by the statistics that scores are computed with.
    pub(crate) fn documents(&self) -> u64 {
        self.statistics.as_ref().map_or(self.living, |statistics| statistics.documents)
    }

    /// Change number up to which everything is taken in.
    pub(crate) fn sequence(&self) -> u64 {
        self.position.as_ref().map_or(0, |position| position.sequence)
    }

    /// The segment of that place.
    pub(crate) fn segment(&self, at: usize) -> Result<&Segment> {
        self.segments.get(at).ok_or_else(|| Error::internal("a hit lies outside the index"))
    }
}
