//! What all invented organisations share: municipalities with their weights and places, and the words of descriptions.

use super::random::Random;
use super::words;
use crate::resources::values::{Location, TextLanguage};
use crate::vocabulary::{Area, Vocabulary};
use std::collections::HashMap;
use std::sync::OnceLock;

/// A municipality with its invented places.
pub(super) struct Municipality {
    pub(super) code: &'static str,
    pub(super) name: &'static str,
    /// Code of the county.
    pub(super) county: &'static str,
    /// Its own name thrice, then invented ones.
    pub(super) places: Vec<String>,
    pub(super) location: Location,
}

/// Things with the sums of their weights, to draw one from.
pub(super) struct Weighted<T> {
    entries: Vec<(f64, T)>,
    sum: f64,
}

impl<T> Weighted<T> {
    fn new(entries: impl IntoIterator<Item = (f64, T)>) -> Self {
        let mut sum = 0.0;
        let entries = entries
            .into_iter()
            .map(|(weight, entry)| {
                sum += weight;
                (sum, entry)
            })
            .collect();
        Weighted { entries, sum }
    }

    /// One of them; nothing of none.
    pub(super) fn draw(&self, random: &mut Random) -> Option<&T> {
        let wanted = random.unit() * self.sum;
        let at = self.entries.partition_point(|(sum, _)| *sum <= wanted);
        self.entries.get(at.min(self.entries.len().saturating_sub(1))).map(|(_, entry)| entry)
    }
}

/// All that records are drawn from.
pub(super) struct World {
    pub(super) municipalities: Weighted<Municipality>,
    pub(super) activities: Weighted<&'static words::Activity>,
    pub(super) words: Weighted<String>,
    pub(super) topics: Vec<&'static str>,
    pub(super) targets: Vec<&'static str>,
    pub(super) goals: Vec<&'static str>,
    pub(super) languages: Vec<&'static str>,
    pub(super) distinct: Vec<&'static str>,
    pub(super) streets: Vec<&'static str>,
    /// Names of counties, as they begin the name of a district: `Norrbottens`.
    pub(super) counties: HashMap<&'static str, &'static str>,
}

/// The world, made once.
pub(super) fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| World {
        municipalities: municipalities(),
        activities: Weighted::new(words::ACTIVITIES.iter().map(|activity| (f64::from(activity.weight), activity))),
        words: description_words(),
        topics: keys(Vocabulary::Topics),
        targets: keys(Vocabulary::TargetGroups),
        goals: keys(Vocabulary::SustainabilityGoals),
        languages: keys(Vocabulary::Languages),
        distinct: words::DISTINCT.split_whitespace().collect(),
        streets: words::STREETS.split_whitespace().collect(),
        counties: Vocabulary::Municipalities
            .terms()
            .iter()
            .filter(|term| term.area == Some(Area::County))
            .map(|term| {
                let name = term.title(TextLanguage::Sv);
                (term.key.as_str(), name.strip_suffix(" län").unwrap_or(name))
            })
            .collect(),
    })
}

fn keys(vocabulary: Vocabulary) -> Vec<&'static str> {
    vocabulary.terms().iter().map(|term| term.key.as_str()).collect()
}

/// Municipalities with more associations than the others: code, inhabitants in thousands.
const LARGE: &[(&str, f64)] = &[
    ("0180", 980.0),
    ("1480", 600.0),
    ("1280", 360.0),
    ("0380", 245.0),
    ("0580", 167.0),
    ("1880", 158.0),
    ("1980", 159.0),
    ("1283", 152.0),
    ("0581", 145.0),
    ("0680", 144.0),
    ("2480", 132.0),
    ("1281", 128.0),
    ("1490", 114.0),
    ("0126", 113.0),
    ("0484", 108.0),
    ("1380", 105.0),
    ("2180", 103.0),
    ("2281", 100.0),
    ("0181", 101.0),
    ("0780", 97.0),
    ("1780", 96.0),
    ("0182", 110.0),
    ("0127", 95.0),
    ("1290", 87.0),
    ("0136", 98.0),
    ("2580", 79.0),
    ("2482", 75.0),
    ("0880", 72.0),
    ("1080", 66.0),
    ("1382", 48.0),
    ("2380", 65.0),
    ("0980", 61.0),
    ("2080", 60.0),
    ("2081", 53.0),
    ("1496", 58.0),
    ("1488", 59.0),
    ("1485", 57.0),
    ("2284", 56.0),
    ("1384", 86.0),
    ("0163", 77.0),
    ("0160", 75.0),
    ("2581", 42.0),
];

/// A point in each county that is on land, for municipalities whose own is not known.
const COUNTIES: &[(&str, f64, f64)] = &[
    ("01", 59.35, 18.05),
    ("03", 59.95, 17.60),
    ("04", 59.05, 16.75),
    ("05", 58.40, 15.60),
    ("06", 57.60, 14.40),
    ("07", 56.85, 14.70),
    ("08", 57.00, 16.10),
    ("09", 57.50, 18.45),
    ("10", 56.30, 15.30),
    ("12", 55.90, 13.60),
    ("13", 56.90, 12.75),
    ("14", 58.20, 12.70),
    ("17", 59.70, 13.30),
    ("18", 59.30, 15.10),
    ("19", 59.65, 16.30),
    ("20", 60.70, 14.80),
    ("21", 61.20, 16.40),
    ("22", 62.90, 17.40),
    ("23", 63.20, 14.50),
    ("24", 64.40, 18.70),
    ("25", 66.30, 21.30),
];

fn municipalities() -> Weighted<Municipality> {
    let first: Vec<&str> = words::PLACE_FIRST.split_whitespace().collect();
    let last: Vec<&str> = words::PLACE_LAST.split_whitespace().collect();
    let one = |term: &'static crate::vocabulary::Term| {
        let code = term.key.as_str();
        let mut random = Random::of(1, code.bytes().fold(0, |sum, byte| sum * 10 + u64::from(byte)));
        let name = term.title(TextLanguage::Sv);
        let mut places = vec![name.to_owned(); 3];
        places.extend((0..12).map(|_| format!("{}{}", random.pick(&first), random.pick(&last))));
        let county = code.get(..2).unwrap_or_default();
        let location = term.location.unwrap_or_else(|| {
            let around =
                COUNTIES.iter().find(|(key, ..)| *key == county).map_or((62.0, 15.0), |(_, lat, lon)| (*lat, *lon));
            Location { lat: around.0 + random.unit() * 0.4 - 0.2, lon: around.1 + random.unit() * 0.8 - 0.4 }
        });
        let weight = LARGE
            .iter()
            .find(|(key, _)| *key == code)
            .map_or_else(|| 8.0 + 30.0 * random.unit(), |(_, weight)| *weight);
        (weight, Municipality { code, name, county, places, location })
    };
    let all = Vocabulary::Municipalities.terms().iter().filter(|term| term.area == Some(Area::Municipality));
    Weighted::new(all.map(one))
}

/// A few thousand forms, the commonest first, with weights after Zipf and Mandelbrot.
fn description_words() -> Weighted<String> {
    let mut rare: Vec<String> = Vec::new();
    for (stems, endings) in words::FORMS {
        for stem in stems.split_whitespace() {
            rare.push(stem.to_owned());
            rare.extend(endings.split_whitespace().map(|ending| format!("{stem}{ending}")));
        }
    }
    for first in words::COMPOUND_FIRST.split_whitespace() {
        rare.extend(words::COMPOUND_LAST.split_whitespace().map(|last| format!("{first}{last}")));
    }
    let mut random = Random::of(2, 0);
    for at in (1..rare.len()).rev() {
        rare.swap(at, random.index(at + 1));
    }
    let common = words::COMMON.split_whitespace().map(str::to_owned);
    Weighted::new(common.chain(rare).zip(0_u32..).map(|(word, rank)| (1.0 / (f64::from(rank) + 5.0), word)))
}
