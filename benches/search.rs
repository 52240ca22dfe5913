//! How long the engine takes by itself, in process and on one thread, over the index that a run of the load bench left behind:
//!
//! ```sh
//! cargo bench --bench load                                   # 250,000 organisations
//! cargo bench --bench search
//! cargo bench --bench search -- --organisations 6000         # after a run with as many
//! ```

use clap::Parser;
use criterion::Criterion;
use samverkan::resources::Audience;
use samverkan::resources::values::TextLanguage;
use samverkan::search::query::{Filter, Query, Start};
use samverkan::search::{Index, Options, Searcher};
use samverkan::vocabulary::Vocabulary;
use std::error::Error;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

type Outcome<T> = Result<T, Box<dyn Error>>;

const FACETS: [&str; 4] = ["municipality", "kind", "activityArea", "level"];

/// Measures searches, lists, suggestions and operators.
#[derive(Parser)]
struct Settings {
    /// How many organisations the load bench ran with.
    #[arg(long, default_value_t = 250_000)]
    organisations: u64,
    /// Its seed.
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Given by cargo; without it nothing is measured, so that tests of all targets stay quick.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Outcome<()> {
    let settings = Settings::parse();
    if !settings.bench {
        println!("run me with `cargo bench --bench search`");
        return Ok(());
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("load");
    let run = format!("{}-{}", settings.organisations, settings.seed);
    let (data, paths) = (folder.join(format!("data-{run}")), folder.join(format!("search-{run}")));
    let Ok(paths) = std::fs::read_to_string(&paths) else {
        return Err(
            format!("run `cargo bench --bench load -- --organisations {}` first", settings.organisations).into()
        );
    };
    let index = Index::open(&data.join("index"), Options::default())?;
    let statistics = index.compute_statistics()?;
    index.set_statistics(1, &statistics)?;
    let searcher = index.searcher();
    println!("{} records in {} segments", searcher.records(), searcher.segments());
    let queries: Vec<Query> = paths.lines().map(query).collect();
    let mut criterion = Criterion::default();
    searches(&mut criterion, &searcher, &queries);
    lists(&mut criterion, &searcher);
    suggestions(&mut criterion, &searcher);
    operators(&mut criterion, &searcher);
    criterion.final_summary();
    Ok(())
}

/// What the API shows when no status is asked for.
fn shown() -> Query {
    Query { limit: 20, filters: vec![Filter::usual_statuses()], ..Query::default() }
}

/// A query by its path.
fn query(path: &str) -> Query {
    let mut query = shown();
    let parameters = path.split_once('?').map_or("", |(_, parameters)| parameters);
    for (name, value) in url::form_urlencoded::parse(parameters.as_bytes()) {
        match &*name {
            "q" => query.text = Some(value.into_owned()),
            "municipality" => {
                let area = Vocabulary::Municipalities.term(&value).map(|term| term.number);
                query.areas.push(area.into_iter().collect());
            }
            "kind" => query.filters.push(Filter { name: "kind", any: vec![value.into_owned()] }),
            "topic" => query.filters.push(Filter { name: "topic", any: vec![value.into_owned()] }),
            _ => {}
        }
    }
    query
}

/// Measures one query after another, round and round.
fn each(criterion: &mut Criterion, name: &str, searcher: &Searcher, queries: &[Query]) {
    let mut queries = queries.iter().cycle();
    criterion.bench_function(name, |bencher| {
        bencher.iter(|| queries.next().map(|query| black_box(searcher.find(Audience::Public, query))));
    });
}

/// The mixed queries of the load run, and how long the slowest of them take.
fn searches(criterion: &mut Criterion, searcher: &Searcher, queries: &[Query]) {
    for (name, facets) in [("search/mixed", &[][..]), ("search/mixed, 4 facets", &FACETS)] {
        let queries: Vec<Query> =
            queries.iter().map(|query| Query { facets: facets.to_vec(), ..query.clone() }).collect();
        let time = |query: &Query| {
            let start = Instant::now();
            let _ = black_box(searcher.find(Audience::Public, query));
            start.elapsed().as_secs_f64() * 1e6
        };
        let mut times: Vec<f64> = queries.iter().map(time).collect();
        times.sort_by(f64::total_cmp);
        let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or(0.0);
        println!("{name}, the first time: half within {:.0} µs, 99 % within {:.0} µs", at(50), at(99));
        each(criterion, name, searcher, &queries);
    }
}

fn lists(criterion: &mut Criterion, searcher: &Searcher) {
    for (name, query) in [
        ("list/by name", shown()),
        ("list/4 facets", Query { facets: FACETS.to_vec(), ..shown() }),
        ("list/page 500", Query { start: Start::Offset(9_980), ..shown() }),
    ] {
        each(criterion, name, searcher, &[query]);
    }
}

/// Suggestions by what was typed: the first time a beginning is asked for its list is read, later not.
fn suggestions(criterion: &mut Criterion, searcher: &Searcher) {
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
    let suggest = |text: &str| searcher.suggest(Audience::Public, text, &[], TextLanguage::Sv, 10);
    for (kind, typed) in TYPED {
        let start = Instant::now();
        typed.iter().for_each(|text| drop(black_box(suggest(text))));
        let first = start.elapsed().as_secs_f64() * 1e6 / typed.len() as f64;
        println!("suggest/{kind}: {first:.0} µs the first time");
        let mut typed = typed.iter().cycle();
        criterion.bench_function(&format!("suggest/{kind}"), |bencher| {
            bencher.iter(|| typed.next().map(|text| black_box(suggest(text))));
        });
    }
}

/// Operators: phrases of rare and of common words, and exclusions.
fn operators(criterion: &mut Criterion, searcher: &Searcher) {
    for text in ["\"röda korset\"", "\"i luleå\"", "\"och\"", "förening -luleå", "-förening", "förening kommun:luleå"]
    {
        let query = Query { text: Some(text.to_owned()), limit: 20, ..Query::default() };
        each(criterion, &format!("operators/{text}"), searcher, &[query]);
    }
}
