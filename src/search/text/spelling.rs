//! How far a word may be from what was meant.

use super::lexicon::lexicon;
use levenshtein_automata::{DFA, LevenshteinAutomatonBuilder};
use std::sync::OnceLock;

/// How many letters may differ: none in short words, numbers and abbreviations, one in words of up to eight letters, two in longer ones.
pub fn distance_allowed(word: &str) -> u8 {
    if word.chars().any(char::is_numeric) || lexicon().expansions.contains_key(word) {
        return 0;
    }
    match word.chars().count() {
        0..=3 => 0,
        4..=8 => 1,
        _ => 2,
    }
}

/// What accepts the words in which at most so many letters differ; two letters that changed places count as one. `None` for
/// 0, and there is none for more than 2.
pub fn automaton(word: &str, distance: u8) -> Option<DFA> {
    static ONE: OnceLock<LevenshteinAutomatonBuilder> = OnceLock::new();
    static TWO: OnceLock<LevenshteinAutomatonBuilder> = OnceLock::new();
    match distance {
        0 => None,
        1 => Some(ONE.get_or_init(|| LevenshteinAutomatonBuilder::new(1, true)).build_dfa(word)),
        _ => Some(TWO.get_or_init(|| LevenshteinAutomatonBuilder::new(2, true)).build_dfa(word)),
    }
}

/// What accepts words of which a beginning differs from these letters in one at most.
pub fn beginning(letters: &str) -> Option<DFA> {
    static ONE: OnceLock<LevenshteinAutomatonBuilder> = OnceLock::new();
    Some(ONE.get_or_init(|| LevenshteinAutomatonBuilder::new(1, true)).build_prefix_dfa(letters))
}

/// Candidates in order: the nearest first, of these the most frequent, then by letters.
pub fn rank(mut found: Vec<(String, u8, u64)>) -> Vec<(String, u8, u64)> {
    found.sort_by(|a, b| a.1.cmp(&b.1).then(b.2.cmp(&a.2)).then_with(|| a.0.cmp(&b.0)));
    found
}
