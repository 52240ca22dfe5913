//! The whole content of an index in a form that does not depend on how it came about, to compare two.

use crate::error::{Error, Result};
use crate::search::facets;
use crate::search::searcher::Searcher;
use crate::search::stored::Stored;
use crate::search::terms::In;
use crate::search::view::{NO_NAME, Segment};
use std::collections::BTreeMap;
use std::fmt::Write;
use tantivy::postings::Postings;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, TERMINATED};

const FIELDS: [(In, &str); 6] = [
    (In::All, "all"),
    (In::Surface, "surface"),
    (In::Named, "named"),
    (In::Prefix, "prefix"),
    (In::Filter, "filter"),
    (In::Key, "key"),
];

impl Searcher {
    /// Every document by kind and id, with all terms and their frequencies, columns, facet values and stored bytes.
    /// Meant for tests: it reads everything.
    pub fn dump(&self) -> Result<Vec<(String, String)>> {
        let mut documents = Vec::new();
        for segment in &self.view.segments {
            let mut texts = terms(segment)?;
            for doc in (0..segment.data.documents).filter(|doc| segment.lives(*doc)) {
                let mut text = texts.remove(&doc).unwrap_or_default();
                columns(segment, doc, &mut text)?;
                let bytes = segment.data.ready.get(doc).unwrap_or_default();
                let stored = Stored::read(bytes).ok_or_else(|| Error::internal("a stored record is damaged"))?;
                writeln!(text, "stored {}", String::from_utf8_lossy(bytes).escape_debug())?;
                documents.push((format!("{}:{}", stored.kind.name(), stored.id), text));
            }
        }
        documents.sort();
        Ok(documents)
    }
}

fn terms(segment: &Segment) -> Result<BTreeMap<u32, String>> {
    let mut texts: BTreeMap<u32, String> = BTreeMap::new();
    let mut positions = Vec::new();
    for (field, name) in FIELDS {
        let index = field.index(&segment.data);
        let mut stream = index.terms().stream()?;
        while stream.advance() {
            let mut postings =
                index.read_postings_from_terminfo(stream.value(), IndexRecordOption::WithFreqsAndPositions)?;
            let term = String::from_utf8_lossy(stream.key()).escape_debug().to_string();
            while postings.doc() != TERMINATED {
                if segment.lives(postings.doc()) {
                    postings.positions(&mut positions);
                    let frequency = postings.term_freq();
                    writeln!(texts.entry(postings.doc()).or_default(), "{name} {term} {frequency} {positions:?}")?;
                }
                postings.advance();
            }
        }
    }
    Ok(texts)
}

fn columns(segment: &Segment, doc: u32, text: &mut String) -> Result<()> {
    let data = &segment.data;
    let mut name = Vec::new();
    if let Some(column) = data.name_column.as_ref().filter(|_| data.name(doc) != NO_NAME) {
        column.ord_to_bytes(u64::from(data.name(doc)), &mut name)?;
    }
    writeln!(text, "features {:?} tie {} name {name:?}", data.features(doc), data.ties.get_val(doc))?;
    let place = (data.lat.first(doc), data.lon.first(doc));
    let time = (data.updated.first(doc), data.start.first(doc), data.end.first(doc));
    writeln!(text, "place {place:?} times {time:?}")?;
    let mut values: Vec<String> = data.facets.values_for_doc(doc).map(facets::shown).collect();
    values.sort();
    writeln!(text, "facets {}", values.join(" "))?;
    Ok(())
}
