//! Stand-in until the branch h-text is merged.
#![allow(missing_docs)]

use std::ops::Range;
pub const VERSION: u32 = 0;

pub fn fold(text: &str) -> String {
    text.to_lowercase()
        .chars()
        .map(|c| match c {
            'å' | 'ä' | 'á' => 'a',
            'ö' => 'o',
            'é' => 'e',
            other => other,
        })
        .collect()
}
pub fn exact(text: &str) -> String {
    text.to_lowercase()
}
#[derive(Debug, Clone)]
pub struct Word {
    pub exact: String,
    pub folded: String,
    pub stem: String,
    pub parts: Vec<String>,
    pub range: Range<usize>,
}
fn stem(folded: &str) -> String {
    for ending in ["arnas", "ernas", "arna", "erna", "orna", "ens", "ets", "ar", "er", "or", "en", "et", "s", "a"] {
        if let Some(rest) = folded.strip_suffix(ending)
            && rest.chars().count() >= 3
        {
            return rest.to_owned();
        }
    }
    folded.to_owned()
}
pub fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if c.is_alphanumeric() {
            start.get_or_insert(at);
        } else if let Some(from) = start.take() {
            let exact = exact(&text[from..at]);
            let folded = fold(&exact);
            let stem = stem(&folded);
            let parts = ["forening", "jour", "skola", "rad"]
                .iter()
                .filter(|part| stem.ends_with(*part) && stem != **part)
                .map(|part| (*part).to_owned())
                .collect();
            words.push(Word { exact, folded, stem, parts, range: from..at });
        }
    }
    words
}
pub fn sort_key(name: &str) -> Vec<u8> {
    name.to_lowercase().into_bytes()
}
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClauseRole {
    Required,
    Place,
    Filler,
}
#[derive(Debug, Clone, PartialEq)]
pub enum AlternativeKind {
    Stem(String),
    Stems(Vec<String>),
    Term(u16),
    Area(u16),
}
#[derive(Debug, Clone)]
pub struct Alternative {
    pub what: AlternativeKind,
    pub weight: f32,
}
#[derive(Debug, Clone)]
pub struct Clause {
    pub range: Range<usize>,
    pub words: Vec<Word>,
    pub alternatives: Vec<Alternative>,
    pub role: ClauseRole,
    pub numeric: bool,
}
#[derive(Debug, Clone)]
pub struct Understanding {
    pub clauses: Vec<Clause>,
    pub numbers: Vec<String>,
}
pub fn understand(query: &str) -> Understanding {
    let clauses = words(query)
        .into_iter()
        .map(|word| {
            static LABELS: std::sync::LazyLock<[std::collections::HashMap<String, u16>; 2]> =
                std::sync::LazyLock::new(|| {
                    use crate::vocabulary::Vocabulary;
                    [Vocabulary::Municipalities, Vocabulary::Topics].map(|vocabulary| {
                        let terms = vocabulary.terms().iter().rev();
                        terms.flat_map(|term| term.label.texts().map(|(_, label)| (fold(label), term.number))).collect()
                    })
                });
            let area = LABELS[0].get(&word.folded);
            let topic = LABELS[1].get(&word.folded);
            let mut alternatives = vec![Alternative { what: AlternativeKind::Stem(word.stem.clone()), weight: 1.0 }];
            alternatives.extend(area.map(|term| Alternative { what: AlternativeKind::Area(*term), weight: 1.0 }));
            alternatives.extend(topic.map(|term| Alternative { what: AlternativeKind::Term(*term), weight: 1.0 }));
            Clause {
                range: word.range.clone(),
                numeric: word.folded.chars().any(|c| c.is_numeric()),
                role: if area.is_some() {
                    ClauseRole::Place
                } else if ["i", "och", "om", "vem", "for", "med"].contains(&word.folded.as_str()) {
                    ClauseRole::Filler
                } else {
                    ClauseRole::Required
                },
                alternatives,
                words: vec![word],
            }
        })
        .collect();
    let digits: String = query.chars().filter(char::is_ascii_digit).collect();
    let numbers = if digits.len() == 10 { vec![format!("{}-{}", &digits[..6], &digits[6..])] } else { Vec::new() };
    Understanding { clauses, numbers }
}
pub mod spelling {
    pub fn distance_allowed(word: &str) -> u8 {
        match word.chars().count() {
            0..=3 => 0,
            4..=8 => 1,
            _ => 2,
        }
    }
    pub fn automaton(word: &str) -> Option<levenshtein_automata::DFA> {
        let distance = distance_allowed(word);
        static BUILDERS: std::sync::LazyLock<[levenshtein_automata::LevenshteinAutomatonBuilder; 2]> =
            std::sync::LazyLock::new(|| {
                [1, 2].map(|distance| levenshtein_automata::LevenshteinAutomatonBuilder::new(distance, true))
            });
        (distance > 0 && !word.chars().any(char::is_numeric))
            .then(|| BUILDERS[usize::from(distance) - 1].build_dfa(word))
    }
    pub fn rank(mut found: Vec<(String, u8, u64)>) -> Vec<(String, u8, u64)> {
        found.sort_by(|a, b| a.1.cmp(&b.1).then(b.2.cmp(&a.2)).then(a.0.cmp(&b.0)));
        found
    }
}
pub fn matches(text: &str, stems: &dyn Fn(&str) -> bool) -> Vec<Range<usize>> {
    words(text)
        .into_iter()
        .filter(|word| stems(&word.stem) || word.parts.iter().any(|part| stems(part)))
        .map(|word| word.range)
        .collect()
}
