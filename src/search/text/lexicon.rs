//! The words that compounds are made of, compiled in: our own list, the words of the vocabularies, and how common they are.

use super::compound::SHORTEST;
use super::fold::{fold, is_marked, spelled};
use super::stem::stem;
use crate::vocabulary::Vocabulary;
use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use std::collections::BTreeMap;
use std::sync::OnceLock;

const WORDS: &str = include_str!("../../../data/lexicon/words.txt");
const ABBREVIATIONS: &str = include_str!("../../../data/lexicon/abbreviations.txt");
const FREQUENCIES: &str = include_str!("../../../data/lexicon/frequencies.txt");

/// A form that stands before another word.
#[derive(Debug, Clone)]
pub(super) struct Front {
    /// The stem of the word that it comes from.
    pub stem: String,
    /// How common that word is.
    pub frequency: u32,
}

/// What an abbreviation stands for.
#[derive(Debug)]
pub(super) struct Abbreviation {
    /// The abbreviation as it is spelled: `sök` is not `sok`.
    pub spelled: String,
    /// The stems of each of its meanings.
    pub meanings: Vec<Vec<String>>,
}

/// What the lexicon knows.
pub(super) struct Lexicon {
    whole: HashSet<String>,
    /// Forms that may stand before another word.
    pub before: HashMap<String, Front>,
    /// Forms that stand before another word only (`kvinno`, `hembygds`).
    pub bound: HashSet<String>,
    /// Stems of words that may end a compound, with how common they are.
    pub heads: HashMap<String, u32>,
    /// Stems of single words that the vocabularies name.
    pub named: HashSet<String>,
    /// Abbreviations, folded.
    pub expansions: HashMap<String, Abbreviation>,
    /// The other way: stems of what is abbreviated, joined by spaces.
    pub contractions: HashMap<String, Vec<String>>,
    /// Stems of words that are spelled with å, ä or ö, and of words that are spelled without.
    marked: HashSet<String>,
    plain: HashSet<String>,
}

/// The lexicon, made once.
pub(super) fn lexicon() -> &'static Lexicon {
    static LEXICON: OnceLock<Lexicon> = OnceLock::new();
    LEXICON.get_or_init(Lexicon::make)
}

pub(super) fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The stems of the list's own words, with the number of records they stand in where `frequencies.txt` was counted.
fn frequencies() -> HashMap<&'static str, u32> {
    let line = |line: &'static str| line.split_once(' ').and_then(|(stem, count)| Some((stem, count.parse().ok()?)));
    lines(FREQUENCIES).filter_map(line).collect()
}

impl Lexicon {
    fn make() -> Lexicon {
        let mut lexicon = Lexicon {
            whole: HashSet::new(),
            before: HashMap::new(),
            bound: HashSet::new(),
            heads: HashMap::new(),
            named: HashSet::new(),
            expansions: HashMap::new(),
            contractions: HashMap::new(),
            marked: HashSet::new(),
            plain: HashSet::new(),
        };
        let frequencies = frequencies();
        for word in lines(WORDS).flat_map(str::split_whitespace) {
            // What only keeps its own parts together, and is part of nothing itself.
            match word.strip_prefix('=') {
                Some(word) => {
                    lexicon.whole.insert(stem(&fold(word)));
                    lexicon.spelling(word);
                }
                None => lexicon.add(word, &frequencies),
            }
        }
        for vocabulary in
            [Vocabulary::Topics, Vocabulary::OrganisationKinds, Vocabulary::TargetGroups, Vocabulary::ActivityAreas]
        {
            for term in vocabulary.terms() {
                let labels = term.label.sv.as_deref().into_iter().chain(term.synonyms.sv.iter().map(String::as_str));
                for label in labels {
                    let folded = fold(label);
                    if folded.chars().all(char::is_alphabetic) {
                        lexicon.named.insert(stem(&folded));
                    }
                }
            }
        }
        for area in Vocabulary::Municipalities.terms() {
            for word in area.label.sv.as_deref().into_iter().flat_map(str::split_whitespace) {
                lexicon.spelling(word);
            }
        }
        lexicon.abbreviate();
        lexicon
    }

    fn spelling(&mut self, word: &str) {
        let known = if is_marked(&spelled(word)) { &mut self.marked } else { &mut self.plain };
        known.insert(stem(&fold(word)));
    }

    fn add(&mut self, word: &str, frequencies: &HashMap<&str, u32>) {
        self.spelling(word);
        let word = &fold(word);
        let stem = stem(word);
        let frequency = frequencies.get(stem.as_str()).copied().unwrap_or(0);
        self.whole.insert(stem.clone());
        self.heads.insert(stem.clone(), frequency);
        let front = || Front { stem: stem.clone(), frequency };
        let open = word.strip_suffix(['a', 'e']);
        let linked = [format!("{word}s"), format!("{word}e")];
        let changed =
            open.into_iter().flat_map(|open| ["o", "u", "e", "a", "s", ""].map(|link| format!("{open}{link}")));
        for form in linked.into_iter().chain(changed).filter(|form| form.len() >= 3) {
            self.bound.insert(form.clone());
            let known = self.before.entry(form).or_insert_with(front);
            if known.frequency < frequency && known.stem != stem {
                *known = front();
            }
        }
        self.before.insert(word.clone(), front());
    }

    fn abbreviate(&mut self) {
        for line in lines(ABBREVIATIONS) {
            let Some((short, long)) = line.split_once('=') else { continue };
            let short = short.trim();
            let folded = fold(short);
            for meaning in long.split(',') {
                let stems: Vec<String> = fold(meaning).split_whitespace().map(stem).collect();
                self.contractions.entry(stems.join(" ")).or_default().push(folded.clone());
                let known = self.expansions.entry(folded.clone());
                known
                    .or_insert_with(|| Abbreviation { spelled: spelled(short), meanings: Vec::new() })
                    .meanings
                    .push(stems);
            }
        }
        let whole: HashSet<String> = lines(WORDS).flat_map(str::split_whitespace).map(fold).collect();
        self.bound.retain(|form| !whole.contains(form));
    }

    /// Whether a folded word is one of the list, in any form: never taken apart.
    pub(super) fn is_whole(&self, word: &str) -> bool {
        self.whole.contains(&stem(word))
    }

    /// Whether a word without å, ä and ö may be one that has some: not where it is only known without.
    pub(super) fn may_lack_marks(&self, stem: &str) -> bool {
        stem.contains(['a', 'o']) && (self.marked.contains(stem) || !self.plain.contains(stem))
    }
}

/// Counts in how many texts each word of the list stands, by itself or where it may be the front or the head of a compound:
/// what `frequencies.txt` holds. What splits are chosen does not matter, so that the count does not depend on the last one.
pub fn count(texts: impl Iterator<Item = String>) -> BTreeMap<String, u32> {
    let lexicon = lexicon();
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    for text in texts {
        let mut found: HashSet<String> = HashSet::new();
        for word in super::words(&text) {
            let halves = (SHORTEST..word.folded.len()).filter_map(|cut| {
                let front = lexicon.before.get(word.folded.get(..cut)?)?;
                let head = stem(word.folded.get(cut..)?);
                lexicon.heads.contains_key(&head).then(|| [front.stem.clone(), head])
            });
            found.extend(halves.flatten());
            found.extend(lexicon.heads.contains_key(&word.stem).then(|| word.stem.clone()));
        }
        for stem in found {
            *counts.entry(stem).or_default() += 1;
        }
    }
    counts
}
