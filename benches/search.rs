//! How fast searches are: `cargo bench --bench search -- ORGS.jsonl QUERIES.jsonl`, files as the generators of the
//! design made them. One thread, in process, every answer with an exact total and 20 whole records.

use criterion::Criterion;
use samverkan::resources::values::{NameKind, TextLanguage};
use samverkan::resources::{Audience, Kind};
use samverkan::search::document::{Document, DocumentName};
use samverkan::search::query::{Filter, Query};
use samverkan::search::{Index, Options, Position, Searcher, folder_in_use, schema_version};
use samverkan::vocabulary::Vocabulary;
use serde_json::Value;
use std::collections::BTreeMap;
use std::error::Error;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::time::Instant;
use uuid::Uuid;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let files: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let [organisations, queries] = files.as_slice() else {
        println!("two files are needed: organisations and queries, one JSON object a line");
        return Ok(());
    };
    let folder = std::env::temp_dir().join("samverkan-bench-index");
    let index = Index::open(&folder, Options::default())?;
    if index.position().is_none() {
        build(&index, Path::new(organisations))?;
    }
    let searcher = index.searcher();
    println!("{} records in {} segments", searcher.records(), searcher.segments());
    let queries = read(Path::new(queries))?;
    for facets in [false, true] {
        if facets && std::env::var_os("NO_FACETS").is_some() {
            continue;
        }
        let mut times: Vec<f64> = vec![f64::MAX; queries.len()];
        let mut outcomes = Vec::new();
        // The best of several rounds: other work on the machine only ever adds.
        for round in 0..5 {
            for (at, (asked, query)) in queries.iter().enumerate() {
                let query = Query {
                    facets: if facets { vec!["type", "activityArea", "municipality", "level"] } else { Vec::new() },
                    ..query.clone()
                };
                let start = Instant::now();
                let answer = searcher.find(Audience::Public, &query)?;
                times[at] = times[at].min(start.elapsed().as_secs_f64() * 1e6);
                if round == 0 {
                    let good = answer.hits.iter().any(|hit| expected(asked, &hit.record));
                    outcomes.push((asked["kind"].as_str().unwrap_or_default(), good, answer.total));
                }
            }
        }
        report(facets, &times, &outcomes);
    }
    bare(&queries)?;
    if std::env::var_os("NO_LISTS").is_some() {
        return Ok(());
    }
    lists(&index)
}

fn bare(queries: &[(Value, Query)]) -> Outcome<()> {
    use tantivy::collector::{Count, TopDocs};
    use tantivy::query::{BooleanQuery, Occur, Query as Q, TermQuery};
    use tantivy::schema::IndexRecordOption;
    let folder = std::env::temp_dir().join("samverkan-bench-index");
    let index = tantivy::Index::open_in_dir(folder_in_use(&folder)?.ok_or("the index is not there")?)?;
    let reader = index.reader()?;
    let searcher = reader.searcher();
    let all = index.schema().get_field("all")?;
    let mut best: Vec<f64> = vec![f64::MAX; queries.len()];
    for _ in 0..5 {
        let mut times: BTreeMap<String, (f64, usize, usize)> = BTreeMap::new();
        for (at, (asked, query)) in queries.iter().enumerate() {
            let start = Instant::now();
            let words = samverkan::search::text::words(query.text.as_deref().unwrap_or_default());
            let parts: Vec<(Occur, Box<dyn Q>)> = words
                .iter()
                .map(|word| {
                    (
                        Occur::Must,
                        Box::new(TermQuery::new(
                            tantivy::Term::from_field_text(all, &word.stem),
                            IndexRecordOption::WithFreqs,
                        )) as Box<dyn Q>,
                    )
                })
                .collect();
            let (count, _top) =
                searcher.search(&BooleanQuery::new(parts), &(Count, TopDocs::with_limit(20).order_by_score()))?;
            let entry = times.entry(asked["kind"].as_str().unwrap_or_default().to_owned()).or_default();
            best[at] = best[at].min(start.elapsed().as_secs_f64() * 1e6);
            entry.0 += best[at];
            entry.1 += count;
            entry.2 += 1;
        }
        for (kind, (time, hits, count)) in &times {
            print!("{kind} {:.1} µs {} hits, ", time / *count as f64, hits / count);
        }
        println!("bare all {:.1}", times.values().map(|t| t.0).sum::<f64>() / queries.len() as f64);
    }
    Ok(())
}

fn lists(index: &Index) -> Outcome<()> {
    let searcher = index.searcher();
    for (name, query) in [
        ("list by name", Query { limit: 20, ..Query::default() }),
        (
            "list with 4 facets",
            Query { limit: 20, facets: vec!["type", "activityArea", "municipality", "level"], ..Query::default() },
        ),
        ("page 500", Query { limit: 20, start: samverkan::search::query::Start::Offset(9_980), ..Query::default() }),
    ] {
        let start = Instant::now();
        for _ in 0..20 {
            searcher.find(Audience::Public, &query)?;
        }
        println!("{name}: {:.0} µs", start.elapsed().as_secs_f64() * 1e6 / 20.0);
    }
    suggestions(&searcher);
    operators(&searcher);
    Ok(())
}

/// Suggestions by what was typed: the first time a beginning is asked for its list is read, later not.
fn suggestions(searcher: &Searcher) {
    const TYPED: [(&str, &[&str]); 8] = [
        ("one letter", &["s", "f", "k", "l", "b", "h", "x", "ö"]),
        ("two letters", &["lu", "fö", "he", "st", "ka", "id"]),
        ("a word begun", &["lule", "hemb", "fören", "idrotts", "kvinno"]),
        ("a long word", &["hembygdsförening", "idrottsförening", "pensionärsorganisation"]),
        ("several words", &["röda k", "föreningen n", "s f", "k i l", "luleå hembygdsförening"]),
        ("a typing error", &["hembgyd", "idrotsf", "föernin", "kvinojour"]),
        ("nothing", &["qqqq", "xyz 12345", "förening qqqqqqqqqqqq"]),
        ("a place or topic", &["giron", "integr", "norrb"]),
    ];
    let mut criterion = Criterion::default();
    for (kind, typed) in TYPED {
        let suggest = |text: &str| searcher.suggest(Audience::Public, text, &[], TextLanguage::Sv, 10);
        let start = Instant::now();
        typed.iter().for_each(|text| drop(black_box(suggest(text))));
        let first = start.elapsed().as_secs_f64() * 1e6 / typed.len() as f64;
        println!("suggest {kind}: {first:.0} µs the first time");
        let mut at = 0;
        criterion.bench_function(&format!("suggest/{kind}"), |bencher| {
            bencher.iter(|| {
                at = (at + 1) % typed.len();
                black_box(suggest(typed[at]))
            });
        });
    }
    criterion.final_summary();
}

/// Operators: phrases of rare and of common words, and exclusions.
fn operators(searcher: &Searcher) {
    let mut criterion = Criterion::default();
    for text in ["\"röda korset\"", "\"i luleå\"", "\"och\"", "förening -luleå", "-förening", "förening kommun:luleå"]
    {
        let query = Query { text: Some(text.to_owned()), limit: 20, ..Query::default() };
        criterion.bench_function(&format!("operators/{text}"), |bencher| {
            bencher.iter(|| black_box(searcher.find(Audience::Public, &query)));
        });
    }
    criterion.final_summary();
}

fn report(facets: bool, times: &[f64], outcomes: &[(&str, bool, usize)]) {
    print!("facets {facets}: ");
    for kind in ["name", "typo", "nodia", "filter", "prefix", ""] {
        let of = || outcomes.iter().zip(times).filter(|((other, ..), _)| *other == kind || kind.is_empty());
        let mut sorted: Vec<f64> = of().map(|(_, time)| *time).collect();
        if sorted.is_empty() {
            continue;
        }
        sorted.sort_by(f64::total_cmp);
        let count = sorted.len();
        let good = of().filter(|((_, good, _), _)| *good).count() as f64 / count as f64;
        let hits = of().map(|((.., hits), _)| hits).sum::<usize>() / count;
        let mean = sorted.iter().sum::<f64>() / count as f64;
        let name = if kind.is_empty() { "all" } else { kind };
        print!(
            "{name} {mean:.1} µs (p50 {:.0}, p99 {:.0}, good {good:.2}, {hits} hits), ",
            sorted[count / 2],
            sorted[count * 99 / 100]
        );
    }
    println!();
}

fn fold(text: &str) -> String {
    text.to_lowercase()
        .chars()
        .map(|letter| match letter {
            'å' | 'ä' => 'a',
            'ö' => 'o',
            'é' => 'e',
            'ü' => 'u',
            other => other,
        })
        .collect()
}

fn expected(asked: &Value, record: &[u8]) -> bool {
    let record = fold(&String::from_utf8_lossy(record));
    asked["expect"]
        .as_array()
        .is_some_and(|words| words.iter().all(|word| word.as_str().is_some_and(|word| record.contains(word))))
}

fn read(path: &Path) -> Outcome<Vec<(Value, Query)>> {
    BufReader::new(File::open(path)?)
        .lines()
        .map(|line| {
            let asked: Value = serde_json::from_str(&line?)?;
            let mut query = Query { text: asked["q"].as_str().map(str::to_owned), limit: 20, ..Query::default() };
            if let Some(name) = asked["municipality"].as_str() {
                query.areas = vec![area(name).into_iter().collect()];
            }
            if let Some(code) = asked["activity"].as_str() {
                query.filters.push(Filter { name: "activityArea", any: vec![code.to_owned()] });
            }
            Ok((asked, query))
        })
        .collect()
}

fn area(name: &str) -> Option<u16> {
    let areas = Vocabulary::Municipalities.terms();
    areas.iter().find(|term| term.label.sv.as_deref().is_some_and(|label| label == name)).map(|term| term.number)
}

fn build(index: &Index, path: &Path) -> Outcome<()> {
    let start = Instant::now();
    let lines = BufReader::new(File::open(path)?).lines();
    let mut documents = lines.enumerate().map(|(number, line)| {
        let line = line?;
        let record: Value = serde_json::from_str(&line)?;
        Ok(document(number as u64 + 1, &record, line))
    });
    let position =
        Position { epoch: "bench".to_owned(), sequence: 1, schema: schema_version(), statistics: 1, expunged: 0 };
    index.rebuild(&mut documents, position)?;
    println!("built in {:.1} s", start.elapsed().as_secs_f64());
    let start = Instant::now();
    let statistics = index.compute_statistics()?;
    println!("statistics: {:.1} s, {} bytes", start.elapsed().as_secs_f64(), statistics.len());
    index.set_statistics(1, &statistics)?;
    Ok(())
}

fn document(tie: u64, record: &Value, line: String) -> Document {
    let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
    let activity = Vocabulary::ActivityAreas
        .term(&text("activity"))
        .or_else(|| Vocabulary::ActivityAreas.terms().iter().find(|term| term.key.starts_with(&text("activity")[..1])));
    let id = Uuid::from_u128(u128::from(tie));
    let mut facets: Vec<(&'static str, u16)> = activity.map(|term| ("activityArea", term.number)).into_iter().collect();
    facets.extend(
        Vocabulary::Levels.terms().get(usize::from(text("level") != "lokal")).map(|term| ("level", term.number)),
    );
    Document {
        kind: Kind::Organisation,
        id,
        audience: Audience::Public,
        tie,
        updated_at: 0,
        titles: vec![(TextLanguage::Sv, text("name"))],
        names: vec![DocumentName { value: text("name"), lang: TextLanguage::Sv, kind: NameKind::Official }],
        topics: Vec::new(),
        areas: area(&text("municipality")).into_iter().collect(),
        seat: None,
        terms: activity.map(|term| term.number).into_iter().collect(),
        texts: vec![
            text("description"),
            record["keywords"]
                .as_array()
                .map(|words| words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "))
                .unwrap_or_default(),
        ],
        related_names: Vec::new(),
        keys: vec![id.to_string(), text("orgnr")],
        filters: vec![("activityArea", text("activity")), ("status", "active".to_owned())],
        facets,
        location: None,
        rest: 0,
        span: None,
        record: line.into_bytes(),
    }
}
