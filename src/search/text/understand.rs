//! What a typed query means: words, concepts, places, numbers, and words that only make it a sentence.

use super::concepts::{areas, longest, terms, terms_of_stems};
use super::fold::{fold, is_marked, spelled};
use super::lexicon::lexicon;
use super::memo::Memo;
use super::stem::stem;
use super::{Word, compound, joined_term, marked_part, plain, words};
use crate::identifier::{PathId, looks_personal, organisation_number, parse_path_id};
use crate::search::weights;
use foldhash::fast::FixedState;
use std::hash::{BuildHasher, Hash, Hasher};
use std::ops::{Deref, Range};
use std::sync::Arc;

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
    /// The stem of a word, or another term that words are found by.
    Stem(String),
    /// All of these.
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

/// Ways to meet a clause, the best first; shared, with their hash at hand: they are looked up by it in every query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternatives {
    all: Arc<[Alternative]>,
    hash: u64,
}

impl From<Vec<Alternative>> for Alternatives {
    fn from(all: Vec<Alternative>) -> Alternatives {
        Alternatives { hash: FixedState::default().hash_one(&all), all: all.into() }
    }
}

impl Deref for Alternatives {
    type Target = [Alternative];

    fn deref(&self) -> &[Alternative] {
        &self.all
    }
}

impl Hash for Alternatives {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// A part of a query.
#[derive(Debug, Clone)]
pub struct Clause {
    /// Where it stands in the query, in bytes.
    pub range: Range<usize>,
    /// Its words; several where they are one concept.
    pub words: Vec<Word>,
    /// Ways to meet it, the best first.
    pub alternatives: Alternatives,
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
    /// Neighbours that may be one word, if records have it.
    pub joins: Vec<Join>,
}

/// Two words that may be one word written apart.
#[derive(Debug, Clone)]
pub struct Join {
    /// Place of the first one's clause; the other one's follows.
    pub clause: usize,
    /// The terms of the joined word, without and with a linking s.
    pub terms: Vec<String>,
}

/// Reads a query.
pub fn understand(query: &str) -> Understanding {
    let numbers = numbers(query);
    let words = words(query);
    let mut clauses = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let (mut clause, taken) = clause(&words[at..]);
        if clause.role == ClauseRole::Filler && is_abbreviation(query, &clause) {
            clause.role = ClauseRole::Required;
        }
        clauses.push(clause);
        at += taken;
    }
    settle(&mut clauses);
    let joins = joins(&clauses);
    Understanding { clauses, numbers, joins }
}

/// Whether a word that else only makes a sentence is an abbreviation, by its capitals: FaR is no verb.
fn is_abbreviation(query: &str, clause: &Clause) -> bool {
    let [word] = clause.words.as_slice() else { return false };
    let typed = query.get(word.range.clone()).unwrap_or_default();
    let capitals = |text: &str| text.chars().filter(|letter| letter.is_uppercase()).count();
    let shouted = query.chars().all(|letter| !letter.is_lowercase());
    capitals(typed) >= 2
        && (!shouted || clause.words.len() == query.split_whitespace().count())
        && lexicon().expansions.get(&word.folded).is_some_and(|known| known.spelled == spelled(typed))
}

/// Neighbours that may be one word.
fn joins(clauses: &[Clause]) -> Vec<Join> {
    // General words join too: natur skydds föreningen.
    let joins = |clause: &Clause| {
        let best = clause.alternatives.first().map(|best| &best.what);
        let is_word = match clause.words.len() {
            0 | 1 => true,
            2 => matches!(best, Some(AlternativeKind::Stem(_))),
            _ => false,
        };
        is_word
            && !clause.numeric
            && !clause.words.iter().any(|word| word.filler)
            && clause.words.iter().map(|word| word.exact.len()).sum::<usize>() > 1
    };
    let mut found = Vec::new();
    for (at, pair) in clauses.windows(2).enumerate() {
        if let [first, second] = pair
            && joins(first)
            && joins(second)
        {
            let linked = first.words.last().is_some_and(|word| word.exact.ends_with('s'));
            let links = if linked { &[""][..] } else { &["", "s"] };
            let terms = links.iter().map(|link| joined_term(&first.words, link, &second.words)).collect();
            found.push(Join { clause: at, terms });
        }
    }
    found
}

/// The clause that begins with the first word, and how many words it takes.
fn clause(words: &[Word]) -> (Clause, usize) {
    for count in (2..=words.first().map_or(0, longest).min(words.len())).rev() {
        let Some(several) = words.get(..count) else { continue };
        let (areas, terms) = (areas(several), terms(several));
        if !areas.is_empty() || !terms.is_empty() {
            return (phrase(several, &areas, &terms), count);
        }
    }
    if let [first, second, ..] = words
        && let Some(clause) = written_apart(first, second)
    {
        return (clause, 2);
    }
    match words.first() {
        Some(word) => (single(word), 1),
        None => (finish(Vec::new(), Vec::new().into(), ClauseRole::Filler), 1),
    }
}

pub(super) fn alternative(what: AlternativeKind, weight: u32) -> Alternative {
    Alternative { what, weight }
}

fn named(terms: &[(u16, u32)], areas: &[u16]) -> impl Iterator<Item = Alternative> {
    let terms = terms.iter().map(|(number, weight)| alternative(AlternativeKind::Term(*number), *weight));
    let areas = areas.iter().map(|number| alternative(AlternativeKind::Area(*number), weights::AREA));
    terms.chain(areas).collect::<Vec<_>>().into_iter()
}

fn phrase(words: &[Word], areas: &[u16], terms: &[(u16, u32)]) -> Clause {
    let own = |word: &Word| word.own_stem().clone();
    let lacking = |word: &Word| if word.marked.is_some() { plain(&word.stem) } else { word.stem.clone() };
    let mut alternatives = vec![alternative(AlternativeKind::Stems(words.iter().map(own).collect()), weights::TYPED)];
    if words.iter().any(|word| word.marked.is_some()) {
        alternatives.push(alternative(AlternativeKind::Stems(words.iter().map(lacking).collect()), weights::PLAIN));
    }
    alternatives.extend(named(terms, areas));
    let role = if !areas.is_empty() && terms.is_empty() { ClauseRole::Place } else { ClauseRole::Required };
    finish(words.to_vec(), alternatives.into(), role)
}

/// Two words that are one: the first only ever stands before another, or together they are a word that is known.
fn written_apart(first: &Word, second: &Word) -> Option<Clause> {
    let lexicon = lexicon();
    if first.filler || second.filler {
        return None;
    }
    let joined = format!("{}{}", first.folded, second.folded);
    let own = stem(&joined);
    let known = lexicon.named.contains(&own);
    let bound = lexicon.bound.contains(&first.folded) && lexicon.heads.contains_key(&second.stem);
    if !known && !bound {
        return None;
    }
    let range = first.range.start..second.range.end;
    let together = Word::new(&format!("{}{}", first.exact, second.exact), range)?;
    let front = lexicon.before.get(&first.folded).map_or_else(|| first.stem.clone(), |front| front.stem.clone());
    let back = second.own_stem().clone();
    let meaning = Meaning::of(&together);
    let apart = alternative(AlternativeKind::Stems(vec![front, back]), weights::APART);
    let alternatives: Vec<Alternative> = meaning.alternatives.iter().cloned().chain([apart]).collect();
    Some(finish(vec![first.clone(), second.clone()], alternatives.into(), meaning.role))
}

/// The tails that are compounds themselves, then the parts.
pub(super) fn parts_and_wholes(folded: &str) -> Vec<compound::Part> {
    let mut parts = compound::parts(folded);
    let mut all = compound::tails(folded, &parts);
    all.append(&mut compound::fronts(folded, &parts));
    all.append(&mut parts);
    all
}

/// What a word means by itself.
struct Meaning {
    alternatives: Alternatives,
    role: ClauseRole,
}

impl Meaning {
    /// Of a word.
    fn of(word: &Word) -> Arc<Meaning> {
        static UNDERSTOOD: Memo<Arc<Meaning>> = Memo::new();
        UNDERSTOOD.get(&word.exact, || Arc::new(meaning(word)))
    }
}

fn single(word: &Word) -> Clause {
    let meaning = Meaning::of(word);
    finish(vec![word.clone()], meaning.alternatives.clone(), meaning.role)
}

fn meaning(word: &Word) -> Meaning {
    let (lexicon, own) = (lexicon(), std::slice::from_ref(word));
    let (terms, areas) = (terms(own), areas(own));
    let mut alternatives = word.ways();
    alternatives.extend(named(&terms, &[]));
    let letters = spelled(&word.exact);
    let short = lexicon.expansions.get(&word.folded).filter(|short| !is_marked(&letters) || short.spelled == letters);
    for stems in short.into_iter().flat_map(|short| &short.meanings) {
        alternatives.push(alternative(meant(stems), weights::ABBREVIATION));
        let long = terms_of_stems(stems);
        alternatives.extend(long.map(|number| alternative(AlternativeKind::Term(number), weights::ABBREVIATED_TERM)));
    }
    for short in lexicon.contractions.get(&word.stem).into_iter().flatten() {
        alternatives.push(alternative(AlternativeKind::Stem(short.clone()), weights::ABBREVIATION));
    }
    let parts = compound::parts(&word.folded);
    if parts.len() >= 2 {
        let term =
            |part: &compound::Part| marked_part(&word.folded, &letters, part).unwrap_or_else(|| part.stem.clone());
        if let Some(tail) = compound::tails(&word.folded, &parts).first() {
            alternatives.push(alternative(AlternativeKind::Stem(term(tail)), weights::COMPOUND));
        }
        alternatives.push(alternative(AlternativeKind::Stems(parts.iter().map(term).collect()), weights::COMPOUND));
    }
    alternatives.extend(named(&[], &areas));
    let role = if word.filler {
        ClauseRole::Filler
    } else if !areas.is_empty() && terms.is_empty() {
        ClauseRole::Place
    } else {
        ClauseRole::Required
    };
    Meaning { alternatives: alternatives.into(), role }
}

fn meant(stems: &[String]) -> AlternativeKind {
    match stems {
        [one] => AlternativeKind::Stem(one.clone()),
        several => AlternativeKind::Stems(several.to_vec()),
    }
}

fn finish(words: Vec<Word>, alternatives: Alternatives, role: ClauseRole) -> Clause {
    let range = words.first().map_or(0, |word| word.range.start)..words.last().map_or(0, |word| word.range.end);
    let numeric = words.iter().any(|word| word.folded.bytes().any(|byte| byte.is_ascii_digit()));
    Clause { range, words, alternatives, role, numeric }
}

/// General words step back where others say more; where nothing is left, every word counts.
fn settle(clauses: &mut [Clause]) {
    let general = |clause: &Clause| clause.words.iter().all(|word| word.generic);
    let says_more = clauses.iter().any(|clause| clause.role == ClauseRole::Required && !general(clause));
    if says_more {
        for clause in clauses.iter_mut().filter(|clause| clause.role == ClauseRole::Required) {
            if general(clause) {
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
            && let Some(number) = number_spelled(candidate)
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
fn number_spelled(text: &str) -> Option<String> {
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
    use crate::vocabulary::Vocabulary;

    fn roles(query: &str) -> Vec<(String, ClauseRole)> {
        let word = |clause: &Clause| clause.words.iter().map(|word| word.folded.clone()).collect::<Vec<_>>().join(" ");
        understand(query).clauses.iter().map(|clause| (word(clause), clause.role)).collect()
    }

    #[test]
    fn every_word_is_in_a_clause_in_its_order() {
        for query in
            ["vilka föreningar i Luleå", "natur skydds föreningen", "röda korset kiruna", "Övre Norrlands stöd", "?"]
        {
            let understood = understand(query).clauses.into_iter().flat_map(|clause| clause.words);
            let understood: Vec<String> = understood.map(|word| word.folded.clone()).collect();
            let words: Vec<String> = words(query).iter().map(|word| word.folded.clone()).collect();
            assert_eq!(understood, words, "{query}");
        }
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
    fn places_of_several_words_are_found_however_the_first_is_inflected() {
        let mut several = 0;
        for term in Vocabulary::Municipalities.terms() {
            let name = term.title(crate::resources::values::TextLanguage::Sv);
            if words(name).len() < 2 {
                continue;
            }
            several += 1;
            let understood = understand(name);
            let found = understood.clauses.iter().flat_map(|clause| &*clause.alternatives);
            let areas: Vec<&AlternativeKind> = found.map(|alternative| &alternative.what).collect();
            assert!(areas.contains(&&AlternativeKind::Area(term.number)), "{name}: {understood:?}");
        }
        assert!(several > 20, "{several}");
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
        let joined = AlternativeKind::Stem("\u{7}hembygdsförening".to_owned());
        assert_eq!(understood.clauses[0].alternatives[0].what, joined);
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
                .flat_map(|clause| clause.alternatives.to_vec())
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
