//! What words name: terms of the vocabularies and areas, by their labels and synonyms.

use super::fold::{is_marked, spelled};
use super::{Word, words};
use crate::resources::Kind;
use crate::search::weights;
use crate::vocabulary::{Term, Vocabulary};
use foldhash::{HashMap, HashMapExt};
use std::sync::OnceLock;

/// Labels and synonyms of the vocabularies.
struct Concepts {
    /// By stems joined by spaces.
    terms: HashMap<String, Vec<Named>>,
    /// By whole folded words joined by spaces: names of places are not inflected but by an s.
    areas: HashMap<String, Vec<Named>>,
    /// How many words the longest label has that begins with a word, by its stem and by the folded word: hardly any query has
    /// a label of several words, and all their rows need not be looked up to see that.
    longest: HashMap<String, usize>,
}

impl Concepts {
    fn begins(&mut self, first: &str, count: usize) {
        let longest = self.longest.entry(first.to_owned()).or_default();
        *longest = count.max(*longest);
    }
}

/// What a label or synonym names.
struct Named {
    number: u16,
    weight: u32,
    /// Its words with å, ä and ö, where they have some: stems of terms, whole words of areas.
    letters: Vec<Option<String>>,
}

impl Named {
    /// Whether typed words mean this label: what was typed with å, ä or ö must have them in the label too.
    fn is_meant(&self, typed: &[Option<String>]) -> bool {
        typed.iter().zip(&self.letters).all(|(typed, own)| typed.is_none() || typed == own)
    }
}

/// The vocabularies whose terms records are searched by.
const SEARCHED: &[Vocabulary] = &[
    Vocabulary::Topics,
    Vocabulary::OrganisationKinds,
    Vocabulary::ActivityAreas,
    Vocabulary::TargetGroups,
    Vocabulary::ContactPurposes,
    Vocabulary::CollaborationForms,
    Vocabulary::SustainabilityGoals,
];

/// The type of a record, where words ask for it: who asks for a council or a network wants no other record. A word for any
/// organisation says too little, and what joins two records is not searched by words.
pub(crate) fn named_type(kind: Kind) -> Option<&'static Term> {
    let named = matches!(kind, Kind::ContactPoint | Kind::Network | Kind::Forum | Kind::Meeting);
    named.then(|| Vocabulary::RecordTypes.term(kind.name())).flatten()
}

fn concepts() -> &'static Concepts {
    static CONCEPTS: OnceLock<Concepts> = OnceLock::new();
    CONCEPTS.get_or_init(|| {
        let mut concepts = Concepts { terms: HashMap::new(), areas: HashMap::new(), longest: HashMap::new() };
        let types = Kind::ALL.into_iter().filter_map(named_type);
        for term in SEARCHED.iter().flat_map(|vocabulary| vocabulary.terms()).chain(types) {
            let labels = term.label.texts().map(|(_, label)| (label, weights::LABEL));
            for (label, weight) in labels.chain(term.synonyms.all().map(|synonym| (synonym, weights::SYNONYM))) {
                let words = words(label);
                let letters: Vec<Option<String>> = words.iter().map(|word| word.marked.clone()).collect();
                if let Some(first) = words.first() {
                    concepts.begins(&first.stem, words.len());
                }
                let found = concepts.terms.entry(stems(&words)).or_default();
                if !found.iter().any(|known| known.number == term.number && known.letters == letters) {
                    found.push(Named { number: term.number, weight, letters });
                }
            }
        }
        for term in Vocabulary::Municipalities.terms() {
            for name in term.label.texts().map(|(_, label)| label).chain(term.synonyms.all()) {
                let words = words(name);
                if let Some(first) = words.first() {
                    concepts.begins(&first.folded, words.len());
                }
                let named = Named { number: term.number, weight: weights::AREA, letters: letters(&words) };
                concepts.areas.entry(folded(&words)).or_default().push(named);
            }
        }
        concepts
    })
}

fn stems(words: &[Word]) -> String {
    words.iter().map(|word| word.stem.as_str()).collect::<Vec<_>>().join(" ")
}

fn folded(words: &[Word]) -> String {
    words.iter().map(|word| word.folded.as_str()).collect::<Vec<_>>().join(" ")
}

/// Whole words with their å, ä and ö, where they have some.
fn letters(words: &[Word]) -> Vec<Option<String>> {
    words.iter().map(|word| Some(spelled(&word.exact)).filter(|letters| is_marked(letters))).collect()
}

/// The vocabulary terms that words name, with their weights.
pub(super) fn terms(words: &[Word]) -> Vec<(u16, u32)> {
    let Some(known) = concepts().terms.get(&stems(words)) else { return Vec::new() };
    let typed: Vec<Option<String>> = words.iter().map(|word| word.marked.clone()).collect();
    let mut terms: Vec<(u16, u32)> = Vec::new();
    for named in known.iter().filter(|named| named.is_meant(&typed)) {
        if !terms.iter().any(|(number, _)| *number == named.number) {
            terms.push((named.number, named.weight));
        }
    }
    terms
}

/// The areas that words name, the last one's genitive s aside.
pub(super) fn areas(words: &[Word]) -> Vec<u16> {
    let whole = folded(words);
    let own = concepts().areas.get(&whole);
    let known = own.or_else(|| concepts().areas.get(whole.strip_suffix('s')?));
    let Some(known) = known else { return Vec::new() };
    let mut typed = letters(words);
    if own.is_none()
        && let Some(Some(last)) = typed.last_mut()
    {
        *last = last.strip_suffix('s').unwrap_or(last).to_owned();
    }
    let mut areas: Vec<u16> = known.iter().filter(|named| named.is_meant(&typed)).map(|named| named.number).collect();
    areas.dedup();
    areas
}

/// The vocabulary terms that a meaning names, given as stems.
pub(super) fn terms_of_stems(stems: &[String]) -> impl Iterator<Item = u16> {
    concepts().terms.get(&stems.join(" ")).into_iter().flatten().map(|named| named.number)
}

/// How many words the longest label has that may begin with a word.
pub(super) fn longest(first: &Word) -> usize {
    let of = |form: &str| concepts().longest.get(form).copied().unwrap_or(0);
    of(&first.stem).max(of(&first.folded))
}
