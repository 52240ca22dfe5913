//! Terms looked up once per query in every segment, from which each segment's cursors are opened.

use crate::error::Result;
use crate::resources::Audience;
use crate::search::cursor::{Leaf, Worth};
use crate::search::evidence::NameLength;
use crate::search::facets;
use crate::search::fields;
use crate::search::view::{SegmentData, View};
use std::sync::Arc;
use tantivy::TERMINATED;
use tantivy::index::InvertedIndexReader;
use tantivy::postings::TermInfo;
use tantivy::schema::IndexRecordOption;

/// Which field a term stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
    pub(crate) found: Vec<Option<Vec<TermInfo>>>,
    /// What an occurrence counts.
    pub worth: Worth,
    /// How good a way to match it is, of 1000.
    pub base: u32,
    /// What a worth of 1000 becomes.
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
        Ok(TermsLeaf { field, found, worth, base: 1000, weight: 0, frequency })
    }

    /// The leaf's cursor in a segment; `None` when nothing there matches.
    pub(crate) fn open(&self, view: &View, segment: usize) -> Result<Option<Leaf>> {
        let Some(infos) = self.found.get(segment).and_then(Option::as_ref) else { return Ok(None) };
        let index = self.field.index(&view.segment(segment)?.data);
        let option = match self.worth {
            Worth::Same(..) => IndexRecordOption::Basic,
            _ => IndexRecordOption::WithFreqs,
        };
        let mut postings = Vec::with_capacity(infos.len());
        for info in infos {
            postings.push(index.read_postings_from_terminfo(info, option)?);
        }
        Ok(Leaf::new(postings, self.worth, self.weight))
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

/// A signal that adds to a score without being required: looked at only where it can still matter.
pub(crate) struct Optional {
    leaves: Vec<Leaf>,
    most: u32,
    /// Whether it tells people where a record matched.
    pub telling: bool,
}

impl Optional {
    /// A signal of these leaves; the best of them counts.
    pub(crate) fn new(leaves: Vec<Leaf>, telling: bool) -> Optional {
        let most = leaves.iter().map(Leaf::most).max().unwrap_or(0);
        Optional { leaves, most, telling }
    }

    /// The most that it can add.
    pub(crate) fn most(&self) -> u32 {
        self.most
    }

    /// What it adds to a document; documents must come in order.
    #[inline]
    pub(crate) fn points(&mut self, doc: u32, length: NameLength) -> u32 {
        let mut best = 0;
        for leaf in &mut self.leaves {
            if leaf.seek(doc) == doc {
                best = best.max(leaf.points(length));
            }
        }
        best
    }

    /// The places of the best leaf at a document that `points` was asked for.
    pub(crate) fn places(&self, doc: u32) -> crate::search::evidence::Places {
        self.leaves.iter().filter(|leaf| leaf.doc() == doc).fold(0, |places, leaf| places | leaf.places())
    }
}
