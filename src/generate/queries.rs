//! Queries that people might ask of the generated organisations.

use super::random::Random;
use super::{organisation, plain, world};
use crate::evaluate::Case;
use crate::resources::organisation::{OrganisationInput, OrganisationStatus};
use crate::search::text::fold;

const LETTERS: &str = "abcdefghijklmnoprstuvyåäö";

/// A query that someone might ask.
struct Asked {
    ability: &'static str,
    text: String,
    filters: Vec<(&'static str, String)>,
    /// The words of a name that were meant, as they stand there; none where it was asked for a topic.
    meant: Vec<String>,
    /// Whether the organisation is one that a search shows without being asked for others.
    active: bool,
}

/// That many query strings for the search: 40 % of name or topic words, 20 % with one typing error, 15 % without å, ä
/// and ö, 15 % with filters, 10 % with a last word that only begins. Without the leading `?`.
pub fn queries(seed: u64, organisations: u64, n: u64) -> Vec<String> {
    (0..n)
        .map(|index| match asked(seed, organisations.max(1), index) {
            Some(asked) => {
                let mut query = format!("q={}", encoded(&asked.text));
                for (name, value) in asked.filters {
                    query.push_str(&format!("&{name}={value}"));
                }
                query
            }
            None => "q=f%C3%B6rening".to_owned(),
        })
        .collect()
}

/// The same queries as cases for `evaluate search`, but for those that ask for topics. The organisation that a query was drawn
/// from is no measure, since many may have its words in their names (but it must be active, or else none need have them): a good
/// answer has the words that were meant, without
/// typing errors, in the name of a hit.
pub fn cases(seed: u64, organisations: u64, n: u64) -> Vec<Case> {
    let asked = (0..n).filter_map(|index| asked(seed, organisations.max(1), index));
    asked
        .filter(|asked| asked.active && !asked.meant.is_empty())
        .map(|asked| Case {
            q: asked.text,
            filters: asked.filters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            expect: Vec::new(),
            words: asked.meant.iter().map(|word| fold(word)).collect(),
            ability: asked.ability.to_owned(),
            pending: None,
        })
        .collect()
}

fn asked(seed: u64, organisations: u64, index: u64) -> Option<Asked> {
    let mut random = Random::of(seed ^ 0x7175_6572, index);
    let share = random.below(100);
    // Some names suit no typing error and such; a few tries always find one that does.
    (0..50).find_map(|_| {
        let (_, about) = organisation(seed, random.below(organisations));
        attempt(&mut random, &about, share)
    })
}

fn attempt(random: &mut Random, about: &OrganisationInput, share: u64) -> Option<Asked> {
    let name = about.names.first()?.value.as_str();
    let words: Vec<&str> = name.split([' ', '-']).filter(|word| word.chars().count() >= 3).collect();
    let mut filters = Vec::new();
    let (ability, meant, typed): (_, Vec<String>, Vec<String>) = match share {
        0..16 => ("topic", Vec::new(), topic_words(random)),
        16..40 => {
            let chosen = name_words(random, &words);
            ("name", chosen.clone(), chosen)
        }
        40..60 => {
            let meant = name_words(random, &words);
            let mut chosen = meant.clone();
            let wrong = chosen.iter_mut().find(|word| word.chars().count() >= 5)?;
            *wrong = mistyped(random, wrong);
            ("typo", meant, chosen)
        }
        60..75 => {
            let chosen = name_words(random, &words);
            let without: Vec<String> = chosen.iter().map(|word| word.chars().map(plain).collect()).collect();
            if without == chosen {
                return None;
            }
            ("no-diacritics", chosen, without)
        }
        75..90 => {
            let which = random.below(10);
            if which < 6 {
                filters.push(("municipality", about.seat_municipality.clone()?));
            }
            if (4..8).contains(&which) {
                filters.push(("topic", about.topics.first()?.clone()));
            } else if which >= 8 {
                filters.push(("kind", about.kind.clone()));
            }
            let chosen = name_words(random, &words);
            ("filter", chosen.clone(), chosen)
        }
        _ => {
            let mut chosen: Vec<String> =
                words.iter().take(random.between(1, 2)).map(|word| (*word).to_owned()).collect();
            let last = chosen.last_mut()?;
            let length = last.chars().count();
            if length < 4 {
                return None;
            }
            *last = last.chars().take(random.between(2, 6.min(length - 1))).collect();
            ("prefix", chosen.clone(), chosen)
        }
    };
    if typed.is_empty() {
        return None;
    }
    let mut text = typed.join(" ");
    if random.percent(70) {
        text = text.to_lowercase();
    }
    let active = about.status == OrganisationStatus::Active;
    Some(Asked { ability, text, filters, meant, active })
}

/// One or two words of a name, in any order.
fn name_words(random: &mut Random, words: &[&str]) -> Vec<String> {
    let wanted = if random.percent(40) { 1 } else { 2 };
    let mut left = words.to_vec();
    let mut chosen = Vec::new();
    while chosen.len() < wanted && !left.is_empty() {
        chosen.push(left.swap_remove(random.index(left.len())).to_owned());
    }
    chosen
}

/// One or two words of what an activity is about.
fn topic_words(random: &mut Random) -> Vec<String> {
    let Some(activity) = world().activities.draw(random) else { return Vec::new() };
    let first = random.pick(activity.about);
    let second = random.pick(activity.about);
    if second == first || random.percent(50) {
        vec![first.to_owned()]
    } else {
        vec![first.to_owned(), second.to_owned()]
    }
}

/// One edit, never of the first letter.
fn mistyped(random: &mut Random, word: &str) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let other: Vec<char> = LETTERS.chars().collect();
    let at = random.between(1, letters.len().saturating_sub(2));
    match random.below(4) {
        0 => {
            let now = letters.get(at).copied().unwrap_or_default();
            let replacement = random.pick(&other);
            let replacement = if replacement == now { 'x' } else { replacement };
            if let Some(letter) = letters.get_mut(at) {
                *letter = replacement;
            }
        }
        1 => drop(letters.remove(at)),
        2 => letters.insert(at, random.pick(&other)),
        _ if letters.get(at) == letters.get(at + 1) => drop(letters.remove(at)),
        _ => letters.swap(at, at + 1),
    }
    letters.into_iter().collect()
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            other => {
                out.push('%');
                for digit in [other >> 4, other & 15] {
                    out.push(char::from_digit(u32::from(digit), 16).unwrap_or('0').to_ascii_uppercase());
                }
            }
        }
    }
    out
}
