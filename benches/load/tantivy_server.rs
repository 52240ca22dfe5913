//! The bare search program: tantivy and actix, stemmed words, filters, an exact total, 20 whole documents as prepared
//! bytes, four facets from packed arrays. No typing errors, no compounds, no beginnings, no rights, no other language:
//! what the engine can do at most for queries like ours.

use crate::{Outcome, fixed};
use actix_web::http::header::ContentType;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use tantivy::collector::{Collector, Count, SegmentCollector, TopDocs};
use tantivy::columnar::Column;
use tantivy::directory::{Directory, MmapDirectory, OwnedBytes, TerminatingWrite};
use tantivy::query::{BooleanQuery, ConstScoreQuery, Occur, Query, TermQuery};
use tantivy::schema::{FAST, Field, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{
    AsciiFoldingFilter, Language, LowerCaser, RemoveLongFilter, SimpleTokenizer, Stemmer, TextAnalyzer,
};
use tantivy::{DocId, Index, IndexWriter, Score, SegmentOrdinal, SegmentReader, TantivyDocument, Term};

const ANALYSIS: &str = "swedish";
const FILTERS: [&str; 3] = ["municipality", "topic", "kind"];
/// Properties that are counted.
const FACETS: [&str; 4] = ["seatMunicipality", "kind", "activityAreas", "levels"];

/// The prepared bytes, one document after the other, and where each ends.
const BYTES: &str = "documents";
const ENDS: &str = "ends";
/// The values of facets, one a line.
const VALUES: &str = "values";

/// Makes the index unless it is there, then serves it.
pub(crate) fn serve(file: &Path, folder: &Path) -> Outcome<()> {
    let made = folder.join(VALUES);
    if !made.exists() {
        let start = Instant::now();
        build(file, folder)?;
        println!("built in {:.1} s", start.elapsed().as_secs_f64());
    }
    let bare = web::Data::new(Bare::open(folder)?);
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

fn analysis() -> TextAnalyzer {
    // Folding comes before stemming, so that a word without å, ä and ö has the same stem.
    TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(60))
        .filter(LowerCaser)
        .filter(AsciiFoldingFilter)
        .filter(Stemmer::new(Language::Swedish))
        .build()
}

fn schema() -> Schema {
    let mut builder = Schema::builder();
    let indexing = TextFieldIndexing::default().set_tokenizer(ANALYSIS).set_index_option(IndexRecordOption::WithFreqs);
    builder.add_text_field("all", TextOptions::default().set_indexing_options(indexing));
    builder.add_text_field("filter", STRING);
    builder.add_u64_field("row", FAST);
    builder.add_u64_field("packed", FAST);
    builder.build()
}

fn texts<'a>(record: &'a Value, name: &str) -> Vec<&'a str> {
    match record.get(name) {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn build(file: &Path, folder: &Path) -> Outcome<()> {
    let index_folder = folder.join("index");
    std::fs::create_dir_all(&index_folder)?;
    let index = Index::create_in_dir(&index_folder, schema())?;
    index.tokenizers().register(ANALYSIS, analysis());
    let field = |name: &str| index.schema().get_field(name);
    let (all, filter, row, packed) = (field("all")?, field("filter")?, field("row")?, field("packed")?);
    let mut writer: IndexWriter = index.writer(200_000_000)?;
    let directory = MmapDirectory::open(folder)?;
    let mut bytes = directory.open_write(Path::new(BYTES))?;
    let mut ends = directory.open_write(Path::new(ENDS))?;
    let mut values: HashMap<String, u16> = HashMap::new();
    let mut end: u64 = 0;
    for (number, line) in (0_u64..).zip(BufReader::new(File::open(file)?).lines()) {
        let line = line?;
        let record: Value = serde_json::from_str(&line)?;
        let mut document = TantivyDocument::new();
        let names = record["names"].as_array().into_iter().flatten().filter_map(|name| name["value"].as_str());
        let description = record["description"]["sv"].as_str();
        let text: Vec<&str> = names.chain(description).chain(texts(&record, "topics")).collect();
        document.add_text(all, text.join(" "));
        for (name, property) in [("municipality", "activeIn"), ("topic", "topics"), ("kind", "kind")] {
            for value in texts(&record, property) {
                document.add_text(filter, format!("{name}={value}"));
            }
        }
        let mut four = 0_u64;
        for name in FACETS {
            let value = format!("{name}={}", texts(&record, name).first().copied().unwrap_or_default());
            let next = u16::try_from(values.len())?;
            four = four << 16 | u64::from(*values.entry(value).or_insert(next));
        }
        document.add_u64(packed, four);
        document.add_u64(row, number);
        writer.add_document(document)?;
        bytes.write_all(line.as_bytes())?;
        end += u64::try_from(line.len())?;
        ends.write_all(&end.to_le_bytes())?;
    }
    bytes.terminate()?;
    ends.terminate()?;
    writer.commit()?;
    let segments = index.searchable_segment_ids()?;
    if segments.len() > 1 {
        writer.merge(&segments).wait()?;
    }
    writer.wait_merging_threads()?;
    let mut names: Vec<(&String, &u16)> = values.iter().collect();
    names.sort_by_key(|(_, number)| **number);
    let names: Vec<&str> = names.into_iter().map(|(name, _)| name.as_str()).collect();
    std::fs::write(folder.join(VALUES), names.join("\n"))?;
    Ok(())
}

struct Bare {
    searcher: tantivy::Searcher,
    analysis: TextAnalyzer,
    all: Field,
    filter: Field,
    /// For each segment the place of its documents, opened once.
    rows: Vec<Column<u64>>,
    packed: Vec<Arc<Vec<[u16; 4]>>>,
    bytes: OwnedBytes,
    ends: Vec<u64>,
    values: Vec<String>,
}

impl Bare {
    fn open(folder: &Path) -> Outcome<Bare> {
        let index = Index::open_in_dir(folder.join("index"))?;
        index.tokenizers().register(ANALYSIS, analysis());
        let searcher = index.reader()?.searcher();
        let (mut rows, mut packed) = (Vec::new(), Vec::new());
        for segment in searcher.segment_readers() {
            rows.push(segment.fast_fields().u64("row")?);
            let column = segment.fast_fields().u64("packed")?;
            let four = |doc| {
                let four = column.first(doc).unwrap_or_default();
                let part = |shift: u64| u16::try_from(four >> shift & 0xffff).unwrap_or_default();
                [part(48), part(32), part(16), part(0)]
            };
            packed.push(Arc::new((0..segment.max_doc()).map(four).collect()));
        }
        let directory = MmapDirectory::open(folder)?;
        let bytes = directory.open_read(Path::new(BYTES))?.read_bytes()?;
        let ends = std::fs::read(folder.join(ENDS))?;
        let ends = ends
            .chunks_exact(8)
            .map(|eight| Ok(u64::from_le_bytes(eight.try_into()?)))
            .collect::<Outcome<Vec<u64>>>()?;
        let values = std::fs::read_to_string(folder.join(VALUES))?.lines().map(str::to_owned).collect();
        let schema = index.schema();
        let (all, filter) = (schema.get_field("all")?, schema.get_field("filter")?);
        Ok(Bare { searcher, analysis: analysis(), all, filter, rows, packed, bytes, ends, values })
    }

    fn answer(&self, query_string: &str) -> Outcome<Vec<u8>> {
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        let mut faceted = false;
        for (name, value) in url::form_urlencoded::parse(query_string.as_bytes()) {
            if name == "q" {
                let mut analysis = self.analysis.clone();
                analysis.token_stream(&value).process(&mut |token| {
                    let term = Term::from_field_text(self.all, &token.text);
                    clauses.push((Occur::Must, Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs))));
                });
            } else if name == "facets" {
                faceted = true;
            } else if FILTERS.contains(&name.as_ref()) {
                let term = Term::from_field_text(self.filter, &format!("{name}={value}"));
                let query = TermQuery::new(term, IndexRecordOption::Basic);
                clauses.push((Occur::Must, Box::new(ConstScoreQuery::new(Box::new(query), 0.0))));
            }
        }
        let query = BooleanQuery::new(clauses);
        let best = TopDocs::with_limit(20).order_by_score();
        let (total, best, counts) = if faceted {
            let facets = Facets { packed: self.packed.clone(), values: self.values.len() };
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
        let row = self.rows.get(usize::try_from(segment).ok()?)?.first(doc)?;
        let row = usize::try_from(row).ok()?;
        let start = row.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        let end = *self.ends.get(row)?;
        self.bytes.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
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
    packed: Vec<Arc<Vec<[u16; 4]>>>,
    values: usize,
}

struct FacetsOfSegment {
    packed: Arc<Vec<[u16; 4]>>,
    counts: Vec<u32>,
}

impl Collector for Facets {
    type Fruit = Vec<u32>;
    type Child = FacetsOfSegment;

    fn for_segment(&self, segment: SegmentOrdinal, _: &SegmentReader) -> tantivy::Result<FacetsOfSegment> {
        let packed = usize::try_from(segment).ok().and_then(|segment| self.packed.get(segment)).cloned();
        Ok(FacetsOfSegment { packed: packed.unwrap_or_default(), counts: vec![0; self.values] })
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
        let four = usize::try_from(doc).ok().and_then(|doc| self.packed.get(doc));
        for value in four.into_iter().flatten() {
            if let Some(count) = self.counts.get_mut(usize::from(*value)) {
                *count += 1;
            }
        }
    }

    fn harvest(self) -> Vec<u32> {
        self.counts
    }
}
