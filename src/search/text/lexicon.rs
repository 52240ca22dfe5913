//! The words that compounds are made of, compiled in: our own list and the words of the vocabularies.

use super::fold::fold;
use super::stem::stem;
use crate::vocabulary::Vocabulary;
use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

const WORDS: &str = include_str!("../../../data/lexicon/words.txt");
const ABBREVIATIONS: &str = include_str!("../../../data/lexicon/abbreviations.txt");

/// What the lexicon knows.
pub(super) struct Lexicon {
    /// Words that are never split.
    pub whole: HashSet<String>,
    /// Forms that may stand before another word, each with the stem of the word it comes from.
    pub before: HashMap<String, String>,
    /// Forms that stand before another word only (`kvinno`, `hembygds`).
    pub bound: HashSet<String>,
    /// Stems of words that may end a compound.
    pub heads: HashSet<String>,
    /// Stems of single words that the vocabularies name.
    pub named: HashSet<String>,
    /// Abbreviations with the stems of what each stands for.
    pub expansions: HashMap<String, Vec<Vec<String>>>,
    /// The other way: stems of what is abbreviated, joined by spaces.
    pub contractions: HashMap<String, Vec<String>>,
}

/// The lexicon, made once.
pub(super) fn lexicon() -> &'static Lexicon {
    static LEXICON: OnceLock<Lexicon> = OnceLock::new();
    LEXICON.get_or_init(Lexicon::make)
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

impl Lexicon {
    fn make() -> Lexicon {
        let mut lexicon = Lexicon {
            whole: HashSet::new(),
            before: HashMap::new(),
            bound: HashSet::new(),
            heads: HashSet::new(),
            named: HashSet::new(),
            expansions: HashMap::new(),
            contractions: HashMap::new(),
        };
        for word in lines(WORDS).flat_map(str::split_whitespace) {
            lexicon.add(&fold(word));
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
        lexicon.abbreviate();
        lexicon
    }

    fn add(&mut self, word: &str) {
        let stem = stem(word);
        self.whole.insert(word.to_owned());
        self.heads.insert(stem.clone());
        let open = word.strip_suffix(['a', 'e']);
        let free = [word.to_owned()];
        let linked = [format!("{word}s"), format!("{word}e")];
        let changed =
            open.into_iter().flat_map(|open| ["o", "u", "e", "a", "s", ""].map(|link| format!("{open}{link}")));
        for form in linked.into_iter().chain(changed).filter(|form| form.len() >= 3) {
            self.bound.insert(form.clone());
            self.before.entry(form).or_insert_with(|| stem.clone());
        }
        for form in free {
            self.before.insert(form, stem.clone());
        }
    }

    fn abbreviate(&mut self) {
        for line in lines(ABBREVIATIONS) {
            let Some((short, long)) = line.split_once('=') else { continue };
            let short = fold(short.trim());
            for meaning in long.split(',') {
                let stems: Vec<String> = fold(meaning).split_whitespace().map(stem).collect();
                self.contractions.entry(stems.join(" ")).or_default().push(short.clone());
                self.expansions.entry(short.clone()).or_default().push(stems);
            }
        }
        let whole = &self.whole;
        self.bound.retain(|form| !whole.contains(form));
    }
}
