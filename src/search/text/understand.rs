//! What a typed query means: words, concepts, places, numbers, and words that only make it a sentence.

use super::fold::fold;
use super::lexicon::lexicon;
use super::stem::stem;
use super::{Word, compound, words};
use crate::identifier::{PathId, looks_personal, organisation_number, parse_path_id};
use crate::search::weights;
use crate::vocabulary::Vocabulary;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::OnceLock;

/// Whether a document must have a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClauseRole {
    /// It must, as as enough of the query is met.
    Required,
    /// It names a place: documents there are preferred, none is left out.
    Place,
    /// A word that makes a sentence: it may score, and never leaves anything out.
    Filler,
}

/// One way to meet a clause.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AlternativeKind {
    /// The stem of a word.
    Stem(String),
    /// All of these stems.
    Stems(Vec<String>),
    /// A term of a vocabulary, by its number.
    Term(u16),
    /// An area, by its number.
    Area(u16),
}

/// One way to meet a clause, and how well it does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Alternative {
    /// What a document must have.
    pub what: AlternativeKind,
    /// 1000 as it was typed, less for what only means the same.
    pub weight: u32,
}

/// A part of a query.
#[derive(Debug, Clone)]
pub struct Clause {
    /// Where it stands in the query, in bytes.
    pub range: Range<usize>,
    /// Its words; several where they are one concept.
    pub words: Vec<Word>,
    /// Ways to meet it, the best first.
    pub alternatives: Vec<Alternative>,
    /// Whether it must be met.
    pub role: ClauseRole,
    /// Whether it holds digits: such words are never corrected.
    pub numeric: bool,
}

/// What a query means.
#[derive(Debug, Clone)]
pub struct Understanding {
    /// Its parts.
    pub clauses: Vec<Clause>,
    /// Organisation numbers and other keys in it, in their one spelling.
    pub numbers: Vec<String>,
}

/// Words that ask or join, folded.
const FILLERS: &str = "\
a ar att av blir bor bra da de dem den denna deras dess det detta dig din du eller en er ett fa far finns for fran fraga gar ger gor ha \
hade han har hela henne hitta hittar hjalp hjalper hon hos hur i ifran in inom inte ja jag jobbar jobba just kan ke kring kontakta kring lite med \
mellan mig min mot mycket na nar nara nagon nagot nagra ni nu och ofta om oss pa sa sig sin sina som sker ska skall soker \
soka sokes tar till traffas traffar mots motas under upp ut utan vad var vara vart vem vems vet vi vid vilka vilken vilket vill vilja varfor arbetar arbeta \
hand hander halls anordnar driver driva galler handlar ansvarar ansvar ansvarig fragor fraga mina mitt \
about an and any are as at be by can do does for from have help helps how i in is it me my of on or our that the their there they this to us we \
what when where which who whom why with work works working need needs find \
ja mika missa kuka miten on ovat kanssa";
/// Words for any organisation: they say little where a query says more.
const GENERIC: &str = "\
forening foreningar foreningen foreningarna organisation organisationer organisationen organisationerna aktor aktorer grupper \
association associations organization organizations organisations organisation group groups society ngo ngos yhdistys jarjesto";

fn folded_set(text: &'static str) -> HashSet<&'static str> {
    text.split_whitespace().collect()
}

fn fillers() -> &'static HashSet<&'static str> {
    static SET: OnceLock<HashSet<&'static str>> = OnceLock::new();
    SET.get_or_init(|| folded_set(FILLERS))
}

fn generic() -> &'static HashSet<&'static str> {
    static SET: OnceLock<HashSet<&'static str>> = OnceLock::new();
    SET.get_or_init(|| folded_set(GENERIC))
}

/// Labels and synonyms of the vocabularies, as stems joined by spaces.
struct Concepts {
    terms: HashMap<String, Vec<(u16, u32)>>,
    areas: HashMap<String, Vec<u16>>,
    longest: usize,
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

fn concepts() -> &'static Concepts {
    static CONCEPTS: OnceLock<Concepts> = OnceLock::new();
    CONCEPTS.get_or_init(|| {
        let mut concepts = Concepts { terms: HashMap::new(), areas: HashMap::new(), longest: 1 };
        for term in SEARCHED.iter().flat_map(|vocabulary| vocabulary.terms()) {
            let labels = term.label.texts().map(|(_, label)| (label, weights::LABEL));
            for (label, weight) in labels.chain(term.synonyms.all().map(|synonym| (synonym, weights::SYNONYM))) {
                let (key, count) = key(label);
                concepts.longest = concepts.longest.max(count);
                let found = concepts.terms.entry(key).or_default();
                if !found.iter().any(|(number, _)| *number == term.number) {
                    found.push((term.number, weight));
                }
            }
        }
        for term in Vocabulary::Municipalities.terms() {
            for name in term.label.texts().map(|(_, label)| label).chain(term.synonyms.all()) {
                let (key, count) = key(name);
                concepts.longest = concepts.longest.max(count);
                concepts.areas.entry(key).or_default().push(term.number);
            }
        }
        concepts
    })
}

fn key(text: &str) -> (String, usize) {
    let words = words(text);
    (words.iter().map(|word| word.stem.as_str()).collect::<Vec<_>>().join(" "), words.len())
}

/// Reads a query.
pub fn understand(query: &str) -> Understanding {
    let numbers = numbers(query);
    let words = words(query);
    let mut clauses = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let (clause, taken) = clause(&words[at..]);
        clauses.push(clause);
        at += taken;
    }
    settle(&mut clauses);
    Understanding { clauses, numbers }
}

/// The clause that begins with the first word, and how many words it takes.
fn clause(words: &[Word]) -> (Clause, usize) {
    let concepts = concepts();
    for count in (2..=concepts.longest.min(words.len())).rev() {
        let several = &words[..count];
        let joined: String = several.iter().map(|word| word.stem.as_str()).collect::<Vec<_>>().join(" ");
        let areas = concepts.areas.get(&joined);
        let terms = concepts.terms.get(&joined);
        if areas.is_some() || terms.is_some() {
            return (phrase(several, areas, terms), count);
        }
    }
    if let [first, second, ..] = words
        && let Some(clause) = written_apart(first, second)
    {
        return (clause, 2);
    }
    match words.first() {
        Some(word) => (single(word), 1),
        None => (
            Clause {
                range: 0..0,
                words: Vec::new(),
                alternatives: Vec::new(),
                role: ClauseRole::Filler,
                numeric: false,
            },
            1,
        ),
    }
}

fn alternative(what: AlternativeKind, weight: u32) -> Alternative {
    Alternative { what, weight }
}

fn phrase(words: &[Word], areas: Option<&Vec<u16>>, terms: Option<&Vec<(u16, u32)>>) -> Clause {
    let stems: Vec<String> = words.iter().map(|word| word.stem.clone()).collect();
    let mut alternatives = vec![alternative(AlternativeKind::Stems(stems), weights::TYPED)];
    alternatives.extend(
        terms.into_iter().flatten().map(|(number, weight)| alternative(AlternativeKind::Term(*number), *weight)),
    );
    alternatives
        .extend(areas.into_iter().flatten().map(|number| alternative(AlternativeKind::Area(*number), weights::AREA)));
    let role = if areas.is_some() && terms.is_none() { ClauseRole::Place } else { ClauseRole::Required };
    finish(words.to_vec(), alternatives, role)
}

/// Two words that are one: the first only ever stands before another, or together they are a word that is known.
fn written_apart(first: &Word, second: &Word) -> Option<Clause> {
    let lexicon = lexicon();
    if fillers().contains(first.folded.as_str()) || fillers().contains(second.folded.as_str()) {
        return None;
    }
    let joined = format!("{}{}", first.folded, second.folded);
    let own = stem(&joined);
    let known = lexicon.named.contains(&own);
    let bound = lexicon.bound.contains(&first.folded) && lexicon.heads.contains(&second.stem);
    if !known && !bound {
        return None;
    }
    let mut clause = single(&Word {
        exact: format!("{}{}", first.exact, second.exact),
        parts: parts_with_tails(&joined),
        stem: own,
        folded: joined,
        range: first.range.start..second.range.end,
    });
    let front = lexicon.before.get(&first.folded).cloned().unwrap_or_else(|| first.stem.clone());
    clause.alternatives.push(alternative(AlternativeKind::Stems(vec![front, second.stem.clone()]), weights::APART));
    clause.words = vec![first.clone(), second.clone()];
    Some(clause)
}

/// The stems of parts and of tails that are compounds themselves.
pub(super) fn parts_with_tails(folded: &str) -> Vec<String> {
    let mut parts = compound::parts(folded);
    if parts.len() >= 3 {
        let mut all = compound::tails(folded, parts.len());
        all.append(&mut parts);
        return all;
    }
    parts
}

fn single(word: &Word) -> Clause {
    let (concepts, lexicon) = (concepts(), lexicon());
    let mut alternatives = vec![alternative(AlternativeKind::Stem(word.stem.clone()), weights::TYPED)];
    let terms = concepts.terms.get(&word.stem);
    alternatives.extend(
        terms.into_iter().flatten().map(|(number, weight)| alternative(AlternativeKind::Term(*number), *weight)),
    );
    for stems in lexicon.expansions.get(&word.folded).into_iter().flatten() {
        alternatives.push(alternative(meant(stems), weights::ABBREVIATION));
        let long = concepts.terms.get(&stems.join(" "));
        alternatives.extend(
            long.into_iter()
                .flatten()
                .map(|(number, _)| alternative(AlternativeKind::Term(*number), weights::ABBREVIATED_TERM)),
        );
    }
    for short in lexicon.contractions.get(&word.stem).into_iter().flatten() {
        alternatives.push(alternative(AlternativeKind::Stem(short.clone()), weights::ABBREVIATION));
    }
    let parts = compound::parts(&word.folded);
    if parts.len() >= 2 {
        if let Some(tail) = compound::tails(&word.folded, parts.len()).into_iter().next() {
            alternatives.push(alternative(AlternativeKind::Stem(tail), weights::COMPOUND));
        }
        alternatives.push(alternative(AlternativeKind::Stems(parts), weights::COMPOUND));
    }
    let areas = concepts.areas.get(&word.stem).or_else(|| {
        let bare = word.folded.strip_suffix('s')?;
        concepts.areas.get(&stem(bare))
    });
    alternatives
        .extend(areas.into_iter().flatten().map(|number| alternative(AlternativeKind::Area(*number), weights::AREA)));
    let role = if fillers().contains(word.folded.as_str()) {
        ClauseRole::Filler
    } else if areas.is_some() && terms.is_none() {
        ClauseRole::Place
    } else {
        ClauseRole::Required
    };
    finish(vec![word.clone()], alternatives, role)
}

fn meant(stems: &[String]) -> AlternativeKind {
    match stems {
        [one] => AlternativeKind::Stem(one.clone()),
        several => AlternativeKind::Stems(several.to_vec()),
    }
}

fn finish(words: Vec<Word>, alternatives: Vec<Alternative>, role: ClauseRole) -> Clause {
    let range = words.first().map_or(0, |word| word.range.start)..words.last().map_or(0, |word| word.range.end);
    let numeric = words.iter().any(|word| word.folded.bytes().any(|byte| byte.is_ascii_digit()));
    Clause { range, words, alternatives, role, numeric }
}

/// General words step back where others say more; where nothing is left, every word counts.
fn settle(clauses: &mut [Clause]) {
    let is_generic = |clause: &Clause| clause.words.iter().all(|word| generic().contains(word.folded.as_str()));
    let says_more = clauses.iter().any(|clause| clause.role == ClauseRole::Required && !is_generic(clause));
    if says_more {
        for clause in clauses.iter_mut().filter(|clause| clause.role == ClauseRole::Required) {
            if clause.words.iter().all(|word| generic().contains(word.folded.as_str())) {
                clause.role = ClauseRole::Filler;
            }
        }
    }
    if !clauses.iter().any(|clause| clause.role != ClauseRole::Filler) {
        for clause in clauses {
            clause.role = ClauseRole::Required;
        }
    }
}

/// Organisation numbers and keys in a query.
pub(super) fn numbers(query: &str) -> Vec<String> {
    let mut numbers = Vec::new();
    let joined: String = query.chars().filter(|c| !c.is_whitespace()).collect();
    for candidate in std::iter::once(joined.as_str()).chain(query.split_whitespace()) {
        let digits = candidate.bytes().filter(u8::is_ascii_digit).count();
        if matches!(digits, 10 | 12)
            && let Some(number) = spelled(candidate)
        {
            numbers.push(number);
        } else if candidate.contains(':')
            && let Ok(PathId::Identifier { scheme, value }) = parse_path_id(candidate)
        {
            numbers.push(format!("{scheme}:{value}"));
        } else if candidate.len() == 36 {
            numbers.push(fold(candidate));
        }
    }
    numbers.dedup();
    numbers
}

/// An organisation number in its one spelling; a mistyped check digit is searched for as it stands.
fn spelled(text: &str) -> Option<String> {
    if let Ok(number) = organisation_number(text) {
        return Some(number);
    }
    let bare = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    let digits: String = bare.chars().filter(char::is_ascii_digit).collect();
    let shaped = digits.len() == 10 && bare.chars().all(|c| c.is_ascii_digit() || c == '-') && !looks_personal(bare);
    shaped.then(|| format!("{}-{}", &digits[..6], &digits[6..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(query: &str) -> Vec<(String, ClauseRole)> {
        let word = |clause: &Clause| clause.words.iter().map(|word| word.folded.clone()).collect::<Vec<_>>().join(" ");
        understand(query).clauses.iter().map(|clause| (word(clause), clause.role)).collect()
    }

    #[test]
    fn a_question_is_about_its_content_words() {
        let required: Vec<String> = roles("vilka föreningar jobbar med autism")
            .into_iter()
            .filter(|(_, role)| *role == ClauseRole::Required)
            .map(|(word, _)| word)
            .collect();
        assert_eq!(required, ["autism"]);
    }

    #[test]
    fn a_place_is_preferred_and_never_required() {
        let roles = roles("kvinnojour luleå");
        assert_eq!(roles[1], ("lulea".to_owned(), ClauseRole::Place));
        assert_eq!(roles[0].1, ClauseRole::Required);
        for name in ["giron", "jåhkåmåhkke", "haaparanta", "Luleås"] {
            assert_eq!(super::understand(name).clauses[0].role, ClauseRole::Place, "{name}");
        }
    }

    #[test]
    fn words_of_names_count_when_there_are_no_others() {
        assert!(roles("Hela Sverige ska leva").iter().any(|(_, role)| *role == ClauseRole::Required));
        assert_eq!(roles("vi").first().map(|(_, role)| *role), Some(ClauseRole::Required));
    }

    #[test]
    fn words_written_apart_are_joined() {
        let understood = understand("hembygds förening");
        assert_eq!(understood.clauses.len(), 1);
        assert_eq!(understood.clauses[0].alternatives[0].what, AlternativeKind::Stem(stem("hembygdsforening")));
    }

    #[test]
    fn synonyms_lead_to_their_terms() {
        for (query, key) in
            [("handikapp", "funktionsnedsattning"), ("boazodoallu", "rennaring"), ("pengar", "finansiering-bidrag")]
        {
            let number = Vocabulary::Topics.term(key).map(|term| term.number);
            let found = understand(query)
                .clauses
                .iter()
                .flat_map(|clause| clause.alternatives.clone())
                .any(|alternative| matches!(alternative.what, AlternativeKind::Term(n) if Some(n) == number));
            assert!(found, "{query}");
        }
    }

    #[test]
    fn numbers_are_read_in_every_spelling() {
        for query in ["802405-3442", "8024053442", "SE-ON-802405-3442", "802405 3442"] {
            assert_eq!(understand(query).numbers.first().map(String::as_str), Some("802405-3442"), "{query}");
        }
        assert!(understand("demo:org-samforma").numbers.contains(&"demo:org-samforma".to_owned()));
    }
}
