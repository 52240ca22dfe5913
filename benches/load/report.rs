//! What a run found, as tables.

use crate::client::Measured;

/// One kind of request at one server, measured in every round.
pub(crate) struct Series {
    /// What was asked of whom.
    pub name: &'static str,
    /// The series that it is compared with, by its place.
    pub against: Option<usize>,
    /// The rounds.
    pub rounds: Vec<Measured>,
}

/// Single figures: what, how much, unit.
pub(crate) type Figure = (&'static str, f64, &'static str);

/// The middle value.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// Prints the tables. Ratios are made within each round, where both sides had the same machine, and then the middle one
/// is taken.
pub(crate) fn print(series: &[Series], figures: &[Figure]) {
    if !series.is_empty() {
        print_series(series);
    }
    println!("\n| figure | value |\n|--|--:|");
    for (name, value, unit) in figures {
        println!("| {name} | {value:.1} {unit} |");
    }
}

fn print_series(series: &[Series]) {
    println!("\n| measured | requests/s | median ms | p99 ms | bytes | errors | of bare |");
    println!("|--|--:|--:|--:|--:|--:|--:|");
    for one in series {
        let of = |figure: fn(&Measured) -> f64| median(one.rounds.iter().map(figure));
        let ratio = one.against.and_then(|against| series.get(against)).map_or_else(String::new, |other| {
            let ratios = one.rounds.iter().zip(&other.rounds).map(|(own, bare)| own.rate / bare.rate);
            format!("{:.0} %", median(ratios) * 100.0)
        });
        let errors: usize = one.rounds.iter().map(|round| round.errors).sum();
        let bytes = one.rounds.first().map_or(0, |round| round.bytes);
        println!(
            "| {} | {:.0} | {:.2} | {:.2} | {bytes} | {errors} | {ratio} |",
            one.name,
            of(|round| round.rate),
            of(|round| round.median),
            of(|round| round.p99),
        );
    }
}
