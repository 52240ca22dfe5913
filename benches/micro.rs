//! Small parts that every request or record passes: `cargo bench --bench micro`.

use criterion::{Criterion, criterion_group, criterion_main};
use samverkan::generate;
use samverkan::search::text;
use std::hint::black_box;

/// Queries of different kinds: names, a question, a place, an error, letters without dots.
const QUERIES: &[&str] = &[
    "röda korset",
    "vilka föreningar jobbar med psykisk hälsa i Luleå",
    "kvinnojour kiruna",
    "pensionärsföreningg",
    "hembygdsforening overkalix",
];

fn understanding(criterion: &mut Criterion) {
    for query in QUERIES {
        criterion.bench_function(&format!("understand: {query}"), |bencher| {
            bencher.iter(|| text::understand(black_box(query)));
        });
    }
}

fn words(criterion: &mut Criterion) {
    let text: String = (0..)
        .filter_map(|index| generate::organisation(42, index).1.description?.sv)
        .take(4)
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(400)
        .collect();
    criterion.bench_function("words of 400 characters", |bencher| bencher.iter(|| text::words(black_box(&text))));
}

fn generating(criterion: &mut Criterion) {
    let mut index = 0;
    criterion.bench_function("generate a record", |bencher| {
        bencher.iter(|| {
            index += 1;
            generate::organisation(black_box(42), index)
        });
    });
}

criterion_group!(parts, understanding, words, generating);
criterion_main!(parts);
