//! Terms looked up once per query in every segment, from which each segment's cursors are opened.

use crate::error::Result;
use crate::resources::Audience;
use crate::search::column::{Column, ColumnTerm};
use crate::search::cursor::{self, Clause, Leaf, Worth};
use crate::search::evidence::Places;
use crate::search::facets;
use crate::search::few::{Few, FewReader};
use crate::search::fields;
use crate::search::masks::Mask;
use crate::search::postings::{Reader, Way};
use crate::search::source::Source;
use crate::search::view::{SegmentData, View};
use std::sync::Arc;
use tantivy::index::InvertedIndexReader;
use tantivy::postings::TermInfo;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, TERMINATED};

/// A word that one of so many documents has, and that at least so many have, may become a column. Tests have few
/// documents and are to go through columns too.
const COLUMN: u32 = 64;
const LEAST_COLUMN: u64 = if cfg!(test) { 100 } else { 2_000 };

/// A filter that at least one of so many documents meets has a mask. Tests filter by what fewer have.
const MOST_DOCUMENTS: u64 = if cfg!(test) { 4 } else { 2 };

/// Which field a term stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum In {
    /// Stems, vocabulary numbers, whole names.
    All,
    /// Words as written.
    Surface,
    /// Words and stems of names.
    Named,
    /// Beginnings of words of names.
    Prefix,
    /// Filter values.
    Filter,
    /// Exact keys.
    Key,
}

impl In {
    /// The field's inverted index in a segment.
    pub(crate) fn index(self, segment: &SegmentData) -> &Arc<InvertedIndexReader> {
        match self {
            In::All => &segment.all,
            In::Surface => &segment.surface,
            In::Named => &segment.named,
            In::Prefix => &segment.prefix,
            In::Filter => &segment.filter,
            In::Key => &segment.key,
        }
    }
}

/// A way to match: terms of one field that must all be there, as they were found in each segment.
#[derive(Debug, Clone)]
pub(crate) struct TermsLeaf {
    pub(crate) field: In,
    /// Per segment, the terms; `None` when one of them is not in it.
    pub(crate) found: Arc<[Option<Vec<TermInfo>>]>,
    /// What an occurrence counts.
    pub worth: Worth,
    /// How good a way to match it is, of 1000.
    pub base: u32,
    /// What a worth of 1000 becomes in the best way.
    pub weight: u32,
    /// In how many records it is, at most; deleted ones count.
    pub frequency: u64,
}

impl TermsLeaf {
    /// Looks terms up.
    pub(crate) fn find(view: &View, field: In, terms: &[&str], worth: Worth) -> Result<TermsLeaf> {
        let mut found = Vec::with_capacity(view.segments.len());
        let mut frequency = 0;
        for segment in &view.segments {
            let dictionary = field.index(&segment.data).terms();
            let mut infos = Some(Vec::with_capacity(terms.len()));
            for term in terms {
                let info = dictionary.get(term)?;
                infos = infos.zip(info).map(|(mut infos, info)| {
                    infos.push(info);
                    infos
                });
            }
            frequency += infos.iter().flatten().map(|info| u64::from(info.doc_freq)).min().unwrap_or(0);
            found.push(infos.filter(|infos| !infos.is_empty()));
        }
        Ok(TermsLeaf { field, found: found.into(), worth, base: 1000, weight: 0, frequency })
    }

    /// The same without points.
    pub(crate) fn uncounted(&self) -> TermsLeaf {
        TermsLeaf { worth: Worth::NOTHING, ..self.clone() }
    }

    /// The leaf's cursor in a segment; `None` when nothing there matches.
    pub(crate) fn open(&self, view: &View, segment: usize) -> Result<Option<Leaf>> {
        let Some(infos) = self.found.get(segment).and_then(Option::as_ref) else { return Ok(None) };
        let index = self.field.index(&view.segment(segment)?.data);
        let mut postings = Vec::with_capacity(infos.len());
        for info in infos {
            postings.push(index.read_postings_from_terminfo(info, self.option())?);
        }
        Ok(Leaf::new(postings, self.worth, self.base, self.weight))
    }

    /// The leaf as a pass over a segment reads it; `None` when nothing there matches.
    fn way(&self, view: &View, segment: usize, weight: u32) -> Result<Option<Way>> {
        let Some(infos) = self.found.get(segment).and_then(Option::as_ref) else { return Ok(None) };
        let index = self.field.index(&view.segment(segment)?.data);
        let mut readers = Vec::with_capacity(infos.len());
        for info in infos {
            let blocks = index.read_block_postings_from_terminfo(info, self.option())?;
            readers.push(Reader::new(blocks, self.worth, self.base, weight));
        }
        Ok(Some(Way::new(readers)))
    }

    fn option(&self) -> IndexRecordOption {
        match self.worth {
            Worth::Same(..) => IndexRecordOption::Basic,
            _ => IndexRecordOption::WithFreqs,
        }
    }

    /// Whether a record that this asker may see matches.
    pub(crate) fn shows(&self, view: &View, asker: Audience) -> Result<bool> {
        if self.frequency == 0 {
            return Ok(false);
        }
        for (at, segment) in view.segments.iter().enumerate() {
            let single = self.found.get(at).and_then(Option::as_ref).is_some_and(|infos| infos.len() == 1);
            if single && segment.open_to(asker) {
                return Ok(true);
            }
            let Some(mut leaf) = self.open(view, at)? else { continue };
            let mut doc = leaf.doc();
            while doc != TERMINATED {
                if segment.shows(doc, asker) {
                    return Ok(true);
                }
                doc = leaf.seek(doc + 1);
            }
        }
        Ok(false)
    }
}

/// Leaves of an area: records that cover it, without points.
pub(crate) fn covering(view: &View, area: u16) -> Result<Vec<TermsLeaf>> {
    let mut leaves = vec![TermsLeaf::find(view, In::Filter, &[&fields::within_area(area)], Worth::NOTHING)?];
    for broader in facets::ancestors(area) {
        leaves.push(TermsLeaf::find(view, In::Filter, &[&fields::stated_area(*broader)], Worth::NOTHING)?);
    }
    Ok(leaves)
}

/// Any of these ways to match in a segment; `None` when nothing there does.
pub(crate) fn any(leaves: &[TermsLeaf], view: &View, segment: usize) -> Result<Option<Source>> {
    let ways = ways(leaves, view, segment, None)?;
    Ok((!ways.is_empty()).then_some(Source::Any(ways)))
}

fn ways(leaves: &[TermsLeaf], view: &View, segment: usize, weight: Option<u32>) -> Result<Vec<Way>> {
    let ways = leaves.iter().map(|leaf| leaf.way(view, segment, weight.unwrap_or(leaf.weight)));
    ways.filter_map(Result::transpose).collect()
}

/// The same for a word of a query or a filter: the matches of one that few documents have are kept, and one that many have
/// gets a column when it is asked for again.
pub(crate) fn word(leaves: &[TermsLeaf], share: u32, view: &View, segment: usize) -> Result<Option<Source>> {
    let data = &view.segment(segment)?.data;
    let key = Key::of(leaves, segment);
    if !key.may_be_column(data) {
        return match key.few(leaves, view, segment)? {
            Some(few) => Ok((few.count() > 0).then(|| Source::Few(FewReader::new(few, share)))),
            None => any(leaves, view, segment),
        };
    }
    let make = || Ok(Column::of(ways(leaves, view, segment, Some(1000))?, data));
    match data.columns.get(&key.terms, key.frequency, data.documents, make)? {
        Some(column) => Ok(Some(Source::column(column, share))),
        None => any(leaves, view, segment),
    }
}

/// The documents of a segment that are shown to who filters by these, where that may be most; `None` where it is not, or where
/// there is no room for that.
pub(crate) fn mask(
    leaves: &[TermsLeaf],
    asker: Audience,
    kinds: u8,
    view: &View,
    at: usize,
) -> Result<Option<Arc<Mask>>> {
    let segment = view.segment(at)?;
    let key = Key::of(leaves, at);
    if key.frequency * MOST_DOCUMENTS < u64::from(segment.data.documents) {
        return Ok(None);
    }
    segment.shown_with(asker, kinds, key.terms, |add| {
        for mut way in ways(leaves, view, at, Some(0))? {
            way.tell(TERMINATED, &segment.data, |doc, _, _| add(doc));
        }
        Ok(())
    })
}

/// What a word's column is known by in its segment.
struct Key {
    terms: Vec<ColumnTerm>,
    frequency: u64,
}

impl Key {
    fn of(leaves: &[TermsLeaf], segment: usize) -> Key {
        let mut key = Key { terms: Vec::with_capacity(leaves.len()), frequency: 0 };
        for leaf in leaves {
            let infos = leaf.found.get(segment).and_then(Option::as_ref).map_or(&[][..], Vec::as_slice);
            let TermsLeaf { field, worth, base, .. } = *leaf;
            let (terms, start) = (infos.len(), |info: &TermInfo| info.postings_range.start);
            let term = |info: &TermInfo| ColumnTerm { field, worth, base, terms, postings: start(info) };
            key.terms.extend(infos.iter().map(term));
            key.frequency += infos.iter().map(|info| u64::from(info.doc_freq)).min().unwrap_or(0);
        }
        key
    }

    /// The word's matches where they are few.
    fn few(&self, leaves: &[TermsLeaf], view: &View, segment: usize) -> Result<Option<Arc<Few>>> {
        let data = &view.segment(segment)?.data;
        data.few.get(&self.terms, self.frequency, || {
            let mut found = Vec::new();
            for mut way in ways(leaves, view, segment, Some(1000))? {
                way.tell(TERMINATED, data, |doc, value, places| found.push((doc, (value, places))));
            }
            Ok(found)
        })
    }

    /// Whether so many documents have it that it may become a column.
    fn may_be_column(&self, data: &SegmentData) -> bool {
        self.frequency >= LEAST_COLUMN && self.frequency >= u64::from(data.documents / COLUMN)
    }
}

/// A word of a query for documents of a segment that are looked up one by one.
pub(crate) enum Lookup {
    /// In its column.
    Column(Arc<Column>, u32),
    /// Among its few matches.
    Few(FewReader),
    /// In its posting lists.
    Clause(Clause),
}

impl Lookup {
    /// The word's look-up; `None` when nothing in the segment matches.
    pub(crate) fn new(leaves: &[TermsLeaf], share: u32, view: &View, segment: usize) -> Result<Option<Lookup>> {
        let data = &view.segment(segment)?.data;
        let key = Key::of(leaves, segment);
        if key.may_be_column(data) {
            let column = data.columns.held(&key.terms).filter(|column| column.tells_places());
            if let Some(column) = column {
                return Ok(Some(Lookup::Column(column, share)));
            }
        } else if let Some(few) = key.few(leaves, view, segment)? {
            return Ok((few.count() > 0).then(|| Lookup::Few(FewReader::new(few, share))));
        }
        Ok(clause(leaves, view, segment)?.map(Lookup::Clause))
    }

    /// What a document counts and where the word stands in it; `None` when it does not match. Documents must come in order.
    pub(crate) fn look_up(&mut self, doc: DocId, data: &SegmentData) -> Option<(u32, Places)> {
        match self {
            Lookup::Column(column, share) => {
                column.look_up(doc).map(|(value, places)| (cursor::points(value, *share), places))
            }
            Lookup::Few(few) => few.look_up_places(doc),
            Lookup::Clause(clause) => {
                (clause.seek(doc) == doc).then(|| (clause.points(data.features(doc).name_length()), clause.places()))
            }
        }
    }
}

/// The same in its posting lists.
pub(crate) fn clause(leaves: &[TermsLeaf], view: &View, segment: usize) -> Result<Option<Clause>> {
    let leaves = leaves.iter().map(|leaf| leaf.open(view, segment));
    let leaves: Vec<Leaf> = leaves.filter_map(Result::transpose).collect::<Result<_>>()?;
    Ok((!leaves.is_empty()).then(|| Clause::new(leaves)))
}
