//! Realistic, invented organisations at any size, for load tests: the same for the same seed, each depending only on the
//! seed and its number, so that a larger file begins with a smaller one.

mod words;

use crate::error::Result;
use crate::vocabulary::{Area, Term, Vocabulary};
use serde_json::{Value, json};
use std::io::Write;
use std::sync::OnceLock;
use uuid::Uuid;
use words::{ACTIVITIES, DISTINCT, LOCALITY_BEGINS, LOCALITY_ENDS, SENTENCES, words};

/// Writes so many organisations as lines that import takes.
///
/// # Errors
/// Those of the output.
pub fn write(out: &mut dyn Write, seed: u64, organisations: u64) -> Result<()> {
    for index in 0..organisations {
        serde_json::to_writer(&mut *out, &organisation(seed, index))?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// A small, fast source of numbers (SplitMix64): the same on every machine, for ever.
struct Dice(u64);

impl Dice {
    fn of(seed: u64, index: u64, purpose: u64) -> Dice {
        let mut dice =
            Dice(seed ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ purpose.wrapping_mul(0xd1b5_4a32_d192_ed03));
        dice.roll();
        dice
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        // The remainder's slight unevenness does not matter for invented data.
        usize::try_from(self.roll() % (limit.max(1) as u64)).unwrap_or(0)
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }

    /// A number below the limit, small ones far likelier: words are used as unevenly as in real text.
    fn zipf(&mut self, limit: usize) -> usize {
        let share = (self.roll() >> 11) as f64 / (1u64 << 53) as f64;
        let rank = ((limit as f64 + 1.0).powf(share) - 1.0).floor();
        (rank as usize).min(limit.saturating_sub(1))
    }
}

fn municipalities() -> &'static [&'static Term] {
    static LIST: OnceLock<Vec<&'static Term>> = OnceLock::new();
    LIST.get_or_init(|| {
        let terms = Vocabulary::Municipalities.terms().iter();
        terms.filter(|term| term.area == Some(Area::Municipality)).collect()
    })
}

/// One organisation as import takes it.
pub fn organisation(seed: u64, index: u64) -> Value {
    let mut dice = Dice::of(seed, index, 1);
    let places = municipalities();
    let place = places.get(dice.zipf(places.len()).wrapping_mul(97) % places.len().max(1)).copied();
    let municipality = place.and_then(|term| term.label.sv.as_deref()).unwrap_or("Luleå");
    let code = place.map_or("2580", |term| term.key.as_str());
    let county = place.and_then(|term| term.broader.first()).map_or("25", String::as_str);
    let activity = dice.pick(ACTIVITIES).copied().unwrap_or(ACTIVITIES[0]);
    let name = name(&mut dice, municipality, activity.names);
    let national = dice.chance(1);
    let regional = !national && dice.chance(7);
    let (levels, active_in) = if national {
        (json!(["national"]), json!(["SE"]))
    } else if regional {
        (json!(["regional"]), json!([county]))
    } else {
        (json!(["local"]), json!([code]))
    };
    let mut identifiers = vec![json!({"scheme": "gen", "value": index.to_string()})];
    if dice.chance(70) {
        identifiers.insert(0, json!({"scheme": "SE-ON", "value": number(index)}));
    }
    let mut topics: Vec<&str> = activity.topics.to_vec();
    topics.truncate(1 + dice.below(3));
    let status = if dice.chance(93) {
        "active"
    } else if dice.chance(60) {
        "dormant"
    } else {
        "dissolved"
    };
    let mut record = json!({
        "type": "organisation",
        "id": Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{seed}:{index}").as_bytes()),
        "sector": "civil-society",
        "kind": activity.kind,
        "names": [{"value": name, "lang": "sv", "kind": "official"}],
        "identifiers": identifiers,
        "legalForm": "61",
        "levels": levels,
        "seatMunicipality": code,
        "activeIn": active_in,
        "activityAreas": [activity.area],
        "topics": topics,
        "sustainabilityGoals": [],
        "targetGroups": targets(&mut dice),
        "languages": ["sv"],
        "description": {"sv": description(&mut dice, &name, municipality)},
        "website": format!("https://www.forening{index}.example.org"),
        "addressProtected": activity.kind == "shelter",
        "offers": [],
        "needs": [],
        "status": status,
        "source": {"name": "generated"},
    });
    if activity.kind != "shelter" && dice.chance(60) {
        let (lat, lon) = (55.4 + dice.below(130_000) as f64 / 10_000.0, 11.2 + dice.below(120_000) as f64 / 10_000.0);
        record["location"] = json!({"lat": (lat * 1e4).round() / 1e4, "lon": (lon * 1e4).round() / 1e4});
        record["address"] = json!({
            "street": format!("{}vägen {}", locality(&mut dice), 1 + dice.below(120)),
            "postalCode": format!("{} {:02}", 100 + dice.below(885), dice.below(100)),
            "locality": municipality,
            "country": "SE",
        });
    }
    record
}

fn locality(dice: &mut Dice) -> String {
    let begin = dice.pick(LOCALITY_BEGINS).copied().unwrap_or_default();
    let end = dice.pick(LOCALITY_ENDS).copied().unwrap_or_default();
    format!("{begin}{end}")
}

fn name(dice: &mut Dice, municipality: &str, activities: &[&str]) -> String {
    let activity = dice.pick(activities).copied().unwrap_or("Föreningen");
    let place = if dice.chance(30) { municipality.to_owned() } else { locality(dice) };
    let distinct = dice.pick(DISTINCT).copied().unwrap_or_default();
    match dice.below(10) {
        0 | 1 => format!("{place} {activity}"),
        2 | 3 => format!("{activity} i {place}"),
        4 => format!("{place}s {activity}"),
        5 => format!("{activity} {distinct} {place}"),
        6 => format!("{place} {activity} {distinct}"),
        7 => format!("{place}-{} {activity}", locality(dice)),
        8 => format!("{activity} {place}"),
        _ => format!("{distinct} {place} {activity}"),
    }
}

fn targets(dice: &mut Dice) -> Vec<&'static str> {
    let terms = Vocabulary::TargetGroups.terms();
    let mut keys: Vec<&str> =
        (0..=dice.below(3)).filter_map(|_| terms.get(dice.zipf(terms.len()))).map(|term| term.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

fn description(dice: &mut Dice, name: &str, municipality: &str) -> String {
    let mut text = String::with_capacity(400);
    let wanted = 150 + dice.below(300);
    while text.len() < wanted {
        let sentence = dice.pick(SENTENCES).copied().unwrap_or_default();
        for part in sentence.split_inclusive(' ') {
            match part.trim_end() {
                "{name}" => text.push_str(name),
                "{place}" => text.push_str(municipality),
                "{word}" => text.push_str(word(dice)),
                "{word}." => {
                    text.push_str(word(dice));
                    text.push('.');
                }
                other => text.push_str(other),
            }
            text.push(' ');
        }
    }
    text.trim_end().to_owned()
}

fn word(dice: &mut Dice) -> &'static str {
    words().get(dice.zipf(words().len())).copied().unwrap_or_default()
}

/// An organisation number with a valid check digit; another index gives another number.
fn number(index: u64) -> String {
    // A fixed permutation of the seven free digits, group 8, third digit from 2 up.
    let mixed = (index % 8_000_000).wrapping_mul(5_765_761).wrapping_add(1_234_567) % 8_000_000;
    let digits = format!("8{}{}{:06}", index / 8_000_000 % 10, 2 + mixed / 1_000_000, mixed % 1_000_000);
    let sum: u64 = digits
        .bytes()
        .enumerate()
        .map(|(at, byte)| {
            let value = u64::from(byte - b'0') * if at.is_multiple_of(2) { 2 } else { 1 };
            if value > 9 { value - 9 } else { value }
        })
        .sum();
    let check = (10 - sum % 10) % 10;
    format!("{}-{}{check}", &digits[..6], &digits[6..])
}

/// Query strings for `GET /search`: names and topic words, one typing error, without å ä ö, with filters, beginnings.
pub fn queries(seed: u64, organisations: u64, count: u64) -> Vec<String> {
    (0..count)
        .map(|at| {
            let mut dice = Dice::of(seed, at, 2);
            let record = organisation(seed, dice.roll() % organisations.max(1));
            let name = record["names"][0]["value"].as_str().unwrap_or_default().to_owned();
            let place = record["seatMunicipality"].as_str().unwrap_or_default().to_owned();
            let words: Vec<&str> = name.split(' ').filter(|word| word.chars().count() > 2).collect();
            let some = words.iter().take(1 + dice.below(2)).copied().collect::<Vec<_>>().join(" ");
            let encode = |q: &str| url::form_urlencoded::byte_serialize(q.as_bytes()).collect::<String>();
            match dice.below(100) {
                0..40 => format!("q={}", encode(&some)),
                40..60 => format!("q={}", encode(&mistyped(&mut dice, &some))),
                60..75 => format!("q={}", encode(&crate::search::text::fold(&some))),
                75..90 => format!("q={}&municipality={place}", encode(words.last().copied().unwrap_or_default())),
                _ => format!("q={}", encode(&some.chars().take(4).collect::<String>())),
            }
        })
        .collect()
}

fn mistyped(dice: &mut Dice, text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.len() > 4 {
        let at = 1 + dice.below(letters.len() - 2);
        match dice.below(3) {
            0 => drop(letters.remove(at)),
            1 => letters.swap(at, at + 1),
            _ => letters.insert(at, 'e'),
        }
    }
    letters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identifier::organisation_number;
    use crate::resources::input;
    use crate::resources::organisation::Organisations;
    use std::collections::HashSet;

    #[test]
    fn every_record_passes_import() {
        for index in 0..500 {
            let errors = input::read::<Organisations>(organisation(7, index)).err();
            assert!(errors.is_none(), "{index}: {errors:?}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_file_and_a_longer_one_begins_with_it() {
        let make = |count| {
            let mut out = Vec::new();
            write(&mut out, 42, count).unwrap();
            out
        };
        assert!(make(30).starts_with(&make(20)));
        assert_ne!(organisation(1, 5), organisation(2, 5));
    }

    #[test]
    fn numbers_are_valid_and_stand_once() {
        let mut seen = HashSet::new();
        for index in 0..20_000 {
            let number = number(index);
            assert_eq!(organisation_number(&number).ok().as_deref(), Some(number.as_str()));
            assert!(seen.insert(number));
        }
    }

    #[test]
    fn queries_are_mixed() {
        let queries = queries(42, 1000, 200);
        assert!(queries.iter().any(|query| query.contains("municipality=")));
        assert!(queries.iter().all(|query| query.starts_with("q=")));
    }
}
