//! From what a query was understood to mean to terms with weights.

use crate::error::Result;
use crate::resources::Audience;
use crate::search::condition::Condition;
use crate::search::cursor::Worth;
use crate::search::evidence;
use crate::search::fields::{self, PREFIX_LETTERS, STEM_MARK, WHOLE_MARK};
use crate::search::highlight::Marks;
use crate::search::intake;
use crate::search::known::{self, Ways};
use crate::search::source::Source;
use crate::search::terms::{self, In, TermsLeaf};
use crate::search::text::syntax::{Meaning, Typed};
use crate::search::text::{self, AlternativeKind, ClauseRole, Understanding, Word, address};
use crate::search::view::View;
use crate::search::weights::{self, FULL};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A query is cut after so many words and so many bytes: no one asks longer, and time stays bounded.
const MOST_WORDS: usize = 32;
const MOST_BYTES: usize = 2_000;

/// A word or phrase of the query as terms.
#[derive(Debug)]
pub(crate) struct PlanClause {
    /// The words as typed.
    pub words: Vec<Word>,
    /// Where it stands in the query.
    pub range: std::ops::Range<usize>,
    /// Ways to match.
    pub leaves: Vec<TermsLeaf>,
    /// Its part of the meaning, of `FULL`; set when all are known.
    pub share: u32,
    /// Whether it holds digits: never corrected.
    pub numeric: bool,
    /// Whether a phrase or field asks for it, so that it is never corrected and never left out.
    pub fixed: bool,
    /// How rare it is.
    rarity: f64,
    ways: Arc<Ways>,
    /// Stems of what it makes with its neighbours.
    joined: Vec<String>,
    /// The letters that words begin with, when it is read as a beginning.
    begins: Option<String>,
    /// The base of the best way in which a visible record has it; 0 where none has.
    pub best: u32,
}

/// A signal beyond what is required.
#[derive(Debug)]
pub(crate) struct Signal {
    /// What it is called in explanations.
    pub name: &'static str,
    /// The words it looks for.
    pub words: String,
    /// Where it looks.
    pub leaves: Vec<TermsLeaf>,
    /// What a worth of 1000 becomes in the best way.
    pub weight: u32,
    /// The most that it gives, whatever the index holds.
    pub most: u32,
}

impl Signal {
    /// A signal of leaves whose bases say how good each way is; `None` without any.
    fn new(name: &'static str, words: String, leaves: &[TermsLeaf], weight: u32, most: u32) -> Option<Signal> {
        let leaves: Vec<TermsLeaf> = leaves.iter().map(|leaf| TermsLeaf { weight, ..leaf.clone() }).collect();
        (!leaves.is_empty()).then_some(Signal { name, words, leaves, weight, most })
    }

    /// Whether it tells people where a record matched, beyond what the words tell that are required.
    pub(crate) fn is_telling(&self) -> bool {
        self.name == PLACE
    }
}

/// The signal of a named place that stands in the name of a record.
const PLACE: &str = "placeWord";
/// The signal of words that only make a sentence.
const FILLER: &str = "fillerWord";

/// A query as terms, found in a view.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// The words that decide what matches.
    pub required: Vec<PlanClause>,
    /// Required words that no visible record holds.
    pub unknown: Vec<PlanClause>,
    /// Required words that visible records only hold the parts of: they may be misspelt.
    pub guessed: Vec<PlanClause>,
    /// What else adds to the score.
    pub signals: Vec<Signal>,
    /// Records that have the query as a key.
    pub keys: Option<TermsLeaf>,
    /// Whether that key is a phrase, which the record need not have as words.
    pub key_is_phrase: bool,
    /// What must be met beside words.
    pub conditions: Vec<Condition>,
    /// What must not be met.
    excluded: Vec<Condition>,
    /// Kinds of records that are left out, as bits.
    pub hidden_kinds: u8,
    /// Places named by the query.
    pub areas: Vec<u16>,
    /// The query with words corrected, when that was done.
    pub did_you_mean: Option<String>,
    /// The text that was understood.
    pub typed: Typed,
}

/// How much of a query must match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Every word.
    Everything,
    /// Words with so much of the meaning, of `FULL`.
    Share(u32),
}

impl Plan {
    /// Plans a text for an asker.
    pub(crate) fn new(view: &View, asker: Audience, typed: Typed) -> Result<Plan> {
        let understanding = text::understand(&typed.plain);
        let mut plan = Plan { typed, ..Plan::default() };
        plan.keys = keys(view, asker, plan.typed.plain.trim(), &understanding)?;
        if let (None, [part]) = (&plan.keys, plan.typed.parts.as_slice())
            && matches!(part.meaning, Meaning::Phrase(_))
            && !part.excluded
            && plan.typed.plain.trim().is_empty()
        {
            let spoken = plan.typed.spoken.trim();
            plan.keys = keys(view, asker, spoken, &text::understand(spoken))?;
            plan.key_is_phrase = true;
        }
        let joined = joined(view, &understanding)?;
        let (required, optional) = roles(&understanding);
        for index in required {
            let Some(clause) = understanding.clauses.get(index) else { continue };
            let mut clause = plan_clause(view, clause, asker)?;
            for (_, term, leaf) in joined.iter().filter(|(at, ..)| *at == index || *at + 1 == index) {
                if leaf.shows(view, asker)? {
                    clause.best = clause.best.max(leaf.base);
                }
                clause.leaves.push(leaf.clone());
                clause.joined.push(term.clone());
            }
            if clause.best > weights::COMPOUND {
                plan.required.push(clause);
            } else if clause.best > 0 {
                plan.guessed.push(clause);
            } else {
                plan.unknown.push(clause);
            }
        }
        plan.add_conditions(view, asker)?;
        plan.add_signals(view, &understanding, &optional)?;
        for (_, term, _) in &joined {
            let leaf =
                TermsLeaf::find(view, In::Named, &[&format!("{STEM_MARK}{term}")], Worth::Same(1000, evidence::NAME))?;
            if leaf.frequency > 0 {
                let (words, weight) = (term.trim_start_matches(text::MARKED).to_owned(), weights::JOINED_WORD);
                plan.signals.extend(Signal::new("joinedWord", words, &[leaf], weight, weight));
            }
        }
        plan.weigh(view)?;
        Ok(plan)
    }

    /// Gives every required word its share and the signals their weights.
    pub(crate) fn weigh(&mut self, view: &View) -> Result<()> {
        let sum: f64 = self.required.iter().map(|clause| clause.rarity).sum();
        self.signals.retain(|signal| signal.name != "exact");
        for clause in &mut self.required {
            // A share is at least 1 of 10,000 and rounded, so that it is the same wherever it is computed.
            clause.share = (f64::from(FULL) * clause.rarity / sum.max(f64::EPSILON)).round().max(1.0) as u32;
            for leaf in &mut clause.leaves {
                leaf.weight = clause.share;
            }
            self.signals.extend(exact_signal(view, clause)?);
        }
        Ok(())
    }

    /// Takes words that are only guessed as they are.
    pub(crate) fn take_guessed(&mut self, view: &View) -> Result<()> {
        self.required.append(&mut self.guessed);
        self.weigh(view)
    }

    /// Adds what phrases, fields and exclusions ask for, but for what is a filter of the query.
    fn add_conditions(&mut self, view: &View, asker: Audience) -> Result<()> {
        for part in std::mem::take(&mut self.typed.parts) {
            match &part.meaning {
                Meaning::Kinds(kinds) if part.excluded => self.hidden_kinds |= intake::kinds_mask(kinds),
                meaning if part.excluded => self.excluded.extend(Condition::new(view, meaning)?),
                Meaning::Filter(..) | Meaning::Areas(_) | Meaning::Kinds(_) | Meaning::AnyStatus => {}
                meaning => {
                    if let Meaning::Phrase(words) | Meaning::Name(words, _) = meaning {
                        for word in words {
                            let clause = plan_clause(view, &as_typed(word), asker)?;
                            self.required.push(PlanClause { fixed: true, ..clause });
                        }
                    }
                    self.conditions.extend(Condition::new(view, meaning)?);
                }
            }
            self.typed.parts.push(part);
        }
        Ok(())
    }

    /// Whether the query has words that have to be looked for: else operators alone say what matches.
    fn has_words(&self) -> bool {
        self.keys.is_some() || self.typed.has_words()
    }

    /// Words that may be left out or corrected.
    pub(crate) fn free(&self) -> impl Iterator<Item = &PlanClause> {
        self.required.iter().filter(|clause| !clause.fixed)
    }

    fn add_signals(&mut self, view: &View, understanding: &Understanding, optional: &[usize]) -> Result<()> {
        let whole = if self.typed.spoken == self.typed.plain {
            // These are the words that were understood, and need not be read again.
            intake::whole(understanding.clauses.iter().flat_map(|clause| &clause.words))
        } else {
            intake::whole(&text::words(&self.typed.spoken))
        };
        if !whole.is_empty() {
            let term = format!("{WHOLE_MARK}{whole}");
            let leaf = TermsLeaf::find(view, In::All, &[&term], Worth::NameFirst(weights::WHOLE_ALIAS))?;
            if leaf.frequency > 0 {
                self.signals.extend(Signal::new("wholeName", whole, &[leaf], weights::WHOLE_NAME, weights::WHOLE_NAME));
            }
        }
        let clauses = || optional.iter().filter_map(|index| understanding.clauses.get(*index));
        let places = clauses().filter(|clause| clause.role == ClauseRole::Place).count().max(1);
        let fillers = clauses().filter(|clause| clause.role == ClauseRole::Filler).count().max(1);
        for clause in clauses() {
            let (name, weight) = match clause.role {
                ClauseRole::Place => (PLACE, weights::PLACE_WORD / u32::try_from(places).unwrap_or(u32::MAX)),
                _ => (FILLER, weights::FILLER_WORD / u32::try_from(fillers).unwrap_or(u32::MAX)),
            };
            self.signals.extend(named_signal(view, clause, name, weight)?);
        }
        self.areas = understanding
            .clauses
            .iter()
            .filter(|clause| clause.role == ClauseRole::Place)
            .flat_map(|clause| &*clause.alternatives)
            .filter_map(|alternative| match alternative.what {
                AlternativeKind::Area(area) => Some(area),
                _ => None,
            })
            .collect::<BTreeSet<u16>>()
            .into_iter()
            .collect();
        Ok(())
    }

    /// What matches in a segment; `None` when nothing does.
    pub(crate) fn open(&self, view: &View, segment: usize, need: Need) -> Result<Option<Source>> {
        let mut sources = Vec::with_capacity(self.required.len());
        let mut fixed = Vec::new();
        for clause in &self.required {
            let source = terms::word(&clause.leaves, clause.share, view, segment)?;
            if clause.fixed { fixed.push(source) } else { sources.push((source, clause.share)) }
        }
        let free: u32 = self.free().map(|clause| clause.share).sum();
        let words = match need {
            _ if sources.is_empty() => None,
            Need::Everything => Some(Source::all(sources.into_iter().map(|(source, _)| source))),
            Need::Share(need) if fixed.is_empty() => Some(Source::enough(sources, need)),
            // Of the words that may be left out.
            Need::Share(need) => Some(Source::enough(sources, (need * free / FULL).max(1))),
        };
        let words = match words {
            None if fixed.is_empty() => None,
            words => Source::all(words.into_iter().chain(fixed)),
        };
        let mut conditions = Vec::with_capacity(self.conditions.len());
        for condition in &self.conditions {
            conditions.push(condition.open(view, segment)?);
        }
        let key = match &self.keys {
            Some(leaf) => terms::any(std::slice::from_ref(leaf), view, segment)?,
            None => None,
        };
        let either = |key, words| match (key, words) {
            (Some(key), Some(words)) => Some(Source::Either(vec![key, words])),
            (one, other) => one.or(other),
        };
        let matched = if self.key_is_phrase {
            either(key, Source::all(std::iter::once(words).chain(conditions)))
        } else if self.has_words() {
            Source::all(std::iter::once(either(key, words)).chain(conditions))
        } else if conditions.is_empty() {
            // Signs that are no words find nothing.
            (!self.excluded.is_empty() || self.hidden_kinds != 0).then_some(Source::Everything)
        } else {
            Source::all(conditions)
        };
        let Some(matched) = matched else { return Ok(None) };
        let excluded = self.excluded.iter().map(|condition| condition.open(view, segment));
        Ok(Some(Source::except(matched, excluded.collect::<Result<Vec<_>>>()?)))
    }

    /// The signals in a segment.
    pub(crate) fn open_signals(&self, view: &View, segment: usize) -> Result<Vec<Source>> {
        let signals = self.signals.iter().map(|signal| terms::word(&signal.leaves, signal.weight, view, segment));
        signals.filter_map(Result::transpose).collect()
    }

    /// What makes a word of a text a match.
    pub(crate) fn marks(&self) -> Marks<'_> {
        Marks {
            stems: self.required.iter().flat_map(PlanClause::stems).collect(),
            beginnings: self.required.iter().filter_map(|clause| clause.begins.as_deref()).collect(),
        }
    }
}

impl PlanClause {
    /// The words, for explanations.
    pub(crate) fn shown(&self) -> String {
        self.words.iter().map(|word| word.exact.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// The stems that it is found by.
    fn stems(&self) -> impl Iterator<Item = &str> {
        self.ways.stems.iter().chain(&self.joined).map(String::as_str)
    }

    /// How much it tells.
    pub(crate) fn rarity(&self) -> f64 {
        self.rarity
    }

    /// Lets it match as the beginning of words of names too.
    pub(crate) fn may_begin(&mut self, leaf: TermsLeaf) {
        self.leaves.push(leaf);
        self.begins = self.words.first().map(|word| word.folded.clone());
    }

    /// Lets it match as the beginning of words, in these ways.
    pub(crate) fn begin(&mut self, view: &View, leaves: Vec<TermsLeaf>) {
        self.leaves = leaves;
        self.begins = self.words.first().map(|word| word.folded.clone());
        let documents = view.documents();
        // One in a hundred: what a beginning tells is not known, and must not vary with the index.
        self.rarity = known::rarity(documents, documents / 100);
    }
}

/// The query's first words.
pub(crate) fn bounded(text: &str) -> &str {
    let text = text.trim();
    let mut end = text.len().min(MOST_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    let cut = text.match_indices(char::is_whitespace).nth(MOST_WORDS * 2);
    text.split_whitespace()
        .nth(MOST_WORDS)
        .map(|word| word.as_ptr() as usize - text.as_ptr() as usize)
        .or(cut.map(|(at, _)| at))
        .map_or(text, |end| text[..end].trim_end())
}

/// Which clauses are required and which only add: places never exclude, unless there is nothing else.
fn roles(understanding: &Understanding) -> (Vec<usize>, Vec<usize>) {
    let of = |role: ClauseRole| -> Vec<usize> {
        let clauses = understanding.clauses.iter().enumerate();
        clauses.filter(|(_, clause)| clause.role == role).map(|(index, _)| index).take(MOST_WORDS).collect()
    };
    let (mut required, mut places, mut fillers) =
        (of(ClauseRole::Required), of(ClauseRole::Place), of(ClauseRole::Filler));
    if required.is_empty() {
        required = std::mem::take(if places.is_empty() { &mut fillers } else { &mut places });
    }
    places.extend(fillers);
    (required, places)
}

fn plan_clause(view: &View, clause: &text::Clause, asker: Audience) -> Result<PlanClause> {
    let ways = view.known.ways(view, &clause.alternatives)?;
    Ok(PlanClause {
        words: clause.words.clone(),
        range: clause.range.clone(),
        leaves: ways.leaves.clone(),
        share: 0,
        numeric: clause.numeric,
        fixed: false,
        rarity: ways.rarity,
        joined: Vec::new(),
        begins: None,
        best: ways.best(view, asker)?,
        ways,
    })
}

/// Words that neighbours of the query make together and that records have, by the first one's clause.
fn joined(view: &View, understanding: &Understanding) -> Result<Vec<(usize, String, TermsLeaf)>> {
    let mut joined = Vec::new();
    for join in understanding.joins.iter().take(MOST_WORDS) {
        for term in &join.terms {
            // Seldom has any record such a word, and seldom are the same neighbours asked for again.
            let leaf = TermsLeaf::find(view, In::All, &[term], Worth::Places)?;
            if leaf.frequency > 0 {
                joined.push((join.clause, term.clone(), TermsLeaf { base: weights::JOINED, ..leaf }));
            }
        }
    }
    Ok(joined)
}

/// A word by its stem alone.
fn as_typed(word: &Word) -> text::Clause {
    text::Clause {
        range: word.range.clone(),
        words: vec![word.clone()],
        alternatives: word.ways().into(),
        role: ClauseRole::Required,
        numeric: false,
    }
}

/// Words of a clause in names.
fn named_signal(view: &View, clause: &text::Clause, name: &'static str, weight: u32) -> Result<Option<Signal>> {
    let leaves = view.known.named(view, &clause.alternatives)?;
    let most = known::most_named(&clause.alternatives) * weight / 1000;
    let words = clause.words.iter().map(|word| word.exact.as_str()).collect::<Vec<_>>().join(" ");
    Ok(Signal::new(name, words, &leaves, weight, most))
}

/// The record whose key the query is: an organisation number in any spelling, an identifier, an address.
fn keys(view: &View, asker: Audience, text: &str, understanding: &Understanding) -> Result<Option<TermsLeaf>> {
    let addresses = std::iter::once(text).chain(text.split_whitespace()).take(MOST_WORDS).flat_map(address::keys);
    let keys = understanding.numbers.iter().cloned().chain([text.to_owned()]).chain(addresses);
    for key in keys.filter(|key| !key.is_empty()) {
        let mut leaf = TermsLeaf::find(view, In::Key, &[&fields::exact_key(&key)], Worth::Same(1000, 0))?;
        leaf.weight = weights::KEY;
        if leaf.shows(view, asker)? {
            return Ok(Some(leaf));
        }
    }
    Ok(None)
}

/// Spellings of a clause's words in names: the same letters first, then the same letters without marks.
fn exact_signal(view: &View, clause: &PlanClause) -> Result<Option<Signal>> {
    let [word] = clause.words.as_slice() else { return Ok(None) };
    let leaves = view.known.spelled(view, word)?;
    let most = clause.share * weights::EXACT / 100;
    Ok(Signal::new("exact", word.exact.clone(), &leaves, clause.share, most))
}

/// The names in which a word begins with these letters; `None` when no visible record has one.
pub(crate) fn beginning(view: &View, asker: Audience, letters: &str) -> Result<Option<TermsLeaf>> {
    let count = letters.chars().count();
    if count == 0 || count > PREFIX_LETTERS {
        return Ok(None);
    }
    let leaf = TermsLeaf::find(view, In::Prefix, &[letters], Worth::Same(weights::BEGINNING, evidence::NAME))?;
    Ok(if leaf.shows(view, asker)? { Some(leaf) } else { None })
}
