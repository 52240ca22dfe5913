//! Queries that people might ask of the generated organisations.

use super::random::Random;
use super::{organisation, plain, world};
use crate::resources::organisation::OrganisationInput;
use std::fmt::Write;

const LETTERS: &str = "abcdefghijklmnoprstuvyåäö";

/// That many query strings for the search: 40 % of name or topic words, 20 % with one typing error, 15 % without å, ä
/// and ö, 15 % with filters, 10 % with a last word that only begins. Without the leading `?`.
pub fn queries(seed: u64, organisations: u64, n: u64) -> Vec<String> {
    (0..n).map(|index| query(seed, organisations.max(1), index)).collect()
}

fn query(seed: u64, organisations: u64, index: u64) -> String {
    let mut random = Random::of(seed ^ 0x7175_6572, index);
    let share = random.below(100);
    // Some names suit no typing error and such; a few tries always find one that does.
    for _ in 0..50 {
        let (_, about) = organisation(seed, random.below(organisations));
        if let Some(query) = attempt(&mut random, &about, share) {
            return query;
        }
    }
    "q=f%C3%B6rening".to_owned()
}

fn attempt(random: &mut Random, about: &OrganisationInput, share: u64) -> Option<String> {
    let name = about.names.first()?.value.as_str();
    let words: Vec<&str> = name.split([' ', '-']).filter(|word| word.chars().count() >= 3).collect();
    let mut filters = String::new();
    let typed: Vec<String> = match share {
        0..16 => topic_words(random),
        16..40 => name_words(random, &words),
        40..60 => {
            let mut chosen = name_words(random, &words);
            let wrong = chosen.iter_mut().find(|word| word.chars().count() >= 5)?;
            *wrong = mistyped(random, wrong);
            chosen
        }
        60..75 => {
            let chosen = name_words(random, &words);
            let without: Vec<String> = chosen.iter().map(|word| word.chars().map(plain).collect()).collect();
            (without != chosen).then_some(without)?
        }
        75..90 => {
            let which = random.below(10);
            if which < 6 {
                write!(filters, "&municipality={}", about.seat_municipality.as_deref()?).ok()?;
            }
            if (4..8).contains(&which) {
                write!(filters, "&topic={}", about.topics.first()?).ok()?;
            } else if which >= 8 {
                write!(filters, "&kind={}", about.kind).ok()?;
            }
            name_words(random, &words)
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
            chosen
        }
    };
    if typed.is_empty() {
        return None;
    }
    let mut text = typed.join(" ");
    if random.percent(70) {
        text = text.to_lowercase();
    }
    Some(format!("q={}{filters}", encoded(&text)))
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
