//! The bare search program: tantivy and actix over the index of the service, stemmed words that must all be there,
//! filters, an exact total, 20 whole documents as prepared bytes, four facets from packed arrays. No typing errors, no
//! compounds, no synonyms, no rights, no other language: what the engine can do at most for queries like ours.

use crate::{Outcome, fixed};
use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse, web};
use samverkan::search::{folder_in_use, text};
use samverkan::vocabulary::Vocabulary;
use serde_json::Value;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::sync::Arc;
use tantivy::collector::{Collector, Count, SegmentCollector, TopDocs};
use tantivy::directory::{Directory, MmapDirectory, OwnedBytes, TerminatingWrite};
use tantivy::query::{BooleanQuery, ConstScoreQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocId, Index, Score, SegmentOrdinal, SegmentReader, Term};

/// Properties that are counted.
const FACETS: [&str; 4] = ["seatMunicipality", "kind", "activityAreas", "levels"];

/// The prepared bytes, one document after the other.
const BYTES: &str = "documents";
/// How keys of organisations begin, and what comes after all of them.
const KEY: &str = "organisation:";
const KEYS_END: &str = "organisation;";

/// Serves the service's index; `export` holds the documents as the service gives them.
pub(crate) fn serve(index: &Path, export: &Path, folder: &Path) -> Outcome<()> {
    let bare = web::Data::new(Bare::open(index, export, folder)?);
    fixed::listen(move |service| {
        service.app_data(bare.clone()).default_service(web::to(answer));
    })
}

async fn answer(bare: web::Data<Bare>, request: HttpRequest) -> HttpResponse {
    match bare.answer(request.query_string()) {
        Ok(body) => HttpResponse::Ok().content_type(ContentType::json()).body(body),
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}

fn texts<'a>(record: &'a Value, name: &str) -> Vec<&'a str> {
    match record.get(name) {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// A document: where its bytes lie, and its facet values.
#[derive(Clone, Copy, Default)]
struct Document {
    start: usize,
    end: usize,
    facets: [u16; 4],
}

struct Bare {
    searcher: tantivy::Searcher,
    all: Field,
    filter: Field,
    /// The documents of each segment.
    documents: Vec<Arc<Vec<Document>>>,
    bytes: OwnedBytes,
    values: Vec<String>,
}

impl Bare {
    fn open(index: &Path, export: &Path, folder: &Path) -> Outcome<Bare> {
        std::fs::create_dir_all(folder)?;
        let directory = MmapDirectory::open(folder)?;
        if directory.exists(Path::new(BYTES))? {
            directory.delete(Path::new(BYTES))?;
        }
        let mut bytes = directory.open_write(Path::new(BYTES))?;
        let mut values: HashMap<String, u16> = HashMap::new();
        let mut by_id: HashMap<String, Document> = HashMap::new();
        let mut end = 0;
        // The first line of an export tells of the export itself.
        for line in BufReader::new(File::open(export)?).lines().skip(1) {
            let line = line?;
            let record: Value = serde_json::from_str(&line)?;
            let mut document = Document { start: end, end: end + line.len(), ..Document::default() };
            for (place, name) in document.facets.iter_mut().zip(FACETS) {
                let value = format!("{name}={}", texts(&record, name).first().copied().unwrap_or_default());
                let next = u16::try_from(values.len())?;
                *place = *values.entry(value).or_insert(next);
            }
            bytes.write_all(line.as_bytes())?;
            end = document.end;
            by_id.insert(record["id"].as_str().ok_or("a record has no id")?.to_owned(), document);
        }
        bytes.terminate()?;
        let index = folder_in_use(index)?.ok_or("the service has no index")?;
        let searcher = Index::open_in_dir(index)?.reader()?.searcher();
        let schema = searcher.schema();
        let (all, filter, key) = (schema.get_field("all")?, schema.get_field("filter")?, schema.get_field("key")?);
        let mut documents = Vec::new();
        for segment in searcher.segment_readers() {
            let mut here = vec![Document::default(); usize::try_from(segment.max_doc())?];
            let keys = segment.inverted_index(key)?;
            let mut terms = keys.terms().range().ge(KEY).lt(KEYS_END).into_stream()?;
            while terms.advance() {
                let id = std::str::from_utf8(terms.key())?.trim_start_matches(KEY);
                let postings = keys.read_block_postings_from_terminfo(terms.value(), IndexRecordOption::Basic)?;
                let doc = postings.docs().first().copied().ok_or("a key leads nowhere")?;
                here[usize::try_from(doc)?] = by_id.get(id).copied().unwrap_or_default();
            }
            documents.push(Arc::new(here));
        }
        let bytes = directory.open_read(Path::new(BYTES))?.read_bytes()?;
        let mut names: Vec<(String, u16)> = values.into_iter().collect();
        names.sort_by_key(|(_, number)| *number);
        let values = names.into_iter().map(|(name, _)| name).collect();
        Ok(Bare { searcher, all, filter, documents, bytes, values })
    }

    fn answer(&self, query_string: &str) -> Outcome<Vec<u8>> {
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        let mut faceted = false;
        for (name, value) in url::form_urlencoded::parse(query_string.as_bytes()) {
            if name == "q" {
                for word in text::words(&value) {
                    let term = Term::from_field_text(self.all, &word.stem);
                    clauses.push((Occur::Must, Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))));
                }
                continue;
            }
            let filter = match name.as_ref() {
                "facets" => {
                    faceted = true;
                    continue;
                }
                // The index names areas by their numbers.
                "municipality" => match Vocabulary::Municipalities.term(&value) {
                    Some(area) => format!("\u{1}in={}", area.number),
                    None => continue,
                },
                name => format!("{name}={value}"),
            };
            let query = TermQuery::new(Term::from_field_text(self.filter, &filter), IndexRecordOption::Basic);
            clauses.push((Occur::Must, Box::new(ConstScoreQuery::new(Box::new(query), 0.0))));
        }
        let query = BooleanQuery::new(clauses);
        let best = TopDocs::with_limit(20).order_by_score();
        let (total, best, counts) = if faceted {
            let facets = Facets { documents: self.documents.clone(), values: self.values.len() };
            self.searcher.search(&query, &(Count, best, facets))?
        } else {
            let (total, best) = self.searcher.search(&query, &(Count, best))?;
            (total, best, Vec::new())
        };
        let mut body = Vec::with_capacity(24 << 10);
        write!(body, "{{\"_meta\":{{\"totalRecords\":{total}}},\"items\":[")?;
        for (at, (_, address)) in best.into_iter().enumerate() {
            if at > 0 {
                body.push(b',');
            }
            body.extend_from_slice(
                self.document(address.segment_ord, address.doc_id).ok_or("a document is not there")?,
            );
        }
        body.push(b']');
        if faceted {
            self.write_facets(&mut body, &counts)?;
        }
        body.push(b'}');
        Ok(body)
    }

    fn document(&self, segment: SegmentOrdinal, doc: DocId) -> Option<&[u8]> {
        let document = self.documents.get(usize::try_from(segment).ok()?)?.get(usize::try_from(doc).ok()?)?;
        self.bytes.get(document.start..document.end)
    }

    fn write_facets(&self, body: &mut Vec<u8>, counts: &[u32]) -> Outcome<()> {
        body.extend_from_slice(b",\"facets\":{");
        let mut first = true;
        for (value, count) in self.values.iter().zip(counts).filter(|(_, count)| **count > 0) {
            let comma = if first { "" } else { "," };
            write!(body, "{comma}\"{value}\":{count}")?;
            first = false;
        }
        body.push(b'}');
        Ok(())
    }
}

/// Counts the values of four facets in one pass.
struct Facets {
    documents: Vec<Arc<Vec<Document>>>,
    values: usize,
}

struct FacetsOfSegment {
    documents: Arc<Vec<Document>>,
    counts: Vec<u32>,
}

impl Collector for Facets {
    type Fruit = Vec<u32>;
    type Child = FacetsOfSegment;

    fn for_segment(&self, segment: SegmentOrdinal, _: &SegmentReader) -> tantivy::Result<FacetsOfSegment> {
        let documents = usize::try_from(segment).ok().and_then(|segment| self.documents.get(segment)).cloned();
        Ok(FacetsOfSegment { documents: documents.unwrap_or_default(), counts: vec![0; self.values] })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, fruits: Vec<Vec<u32>>) -> tantivy::Result<Vec<u32>> {
        let mut sums = vec![0; self.values];
        for counts in fruits {
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += count;
            }
        }
        Ok(sums)
    }
}

impl SegmentCollector for FacetsOfSegment {
    type Fruit = Vec<u32>;

    fn collect(&mut self, doc: DocId, _: Score) {
        let document = usize::try_from(doc).ok().and_then(|doc| self.documents.get(doc));
        for value in document.map(|document| document.facets).into_iter().flatten() {
            if let Some(count) = self.counts.get_mut(usize::from(value)) {
                *count += 1;
            }
        }
    }

    fn harvest(self) -> Vec<u32> {
        self.counts
    }
}
