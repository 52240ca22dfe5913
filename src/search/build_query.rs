//! From what a query was understood to mean to terms with weights.

use crate::error::Result;
use crate::resources::Audience;
use crate::search::cursor::Worth;
use crate::search::evidence;
use crate::search::fields::{self, FOLDED_MARK, PREFIX_LETTERS, STEM_MARK, SURFACE_MARK, WHOLE_MARK};
use crate::search::highlight::Marks;
use crate::search::intake;
use crate::search::source::Source;
use crate::search::terms::{self, In, TermsLeaf, covering};
use crate::search::text::{self, AlternativeKind, ClauseRole, Understanding, Word};
use crate::search::view::View;
use crate::search::weights::{self, FULL};
use std::collections::BTreeSet;

/// A query is cut after so many words and so many bytes: no one asks longer, and time stays bounded.
const MOST_WORDS: usize = 32;
const MOST_BYTES: usize = 2_000;
/// A word's alternatives beyond these are left out.
const MOST_ALTERNATIVES: usize = 12;

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
    /// How rare it is.
    rarity: f64,
    stems: Vec<String>,
    /// The letters that words begin with, when it is read as a beginning.
    begins: Option<String>,
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
}

impl Signal {
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
    /// Places named by the query.
    pub areas: Vec<u16>,
    /// The query with words corrected, when that was done.
    pub did_you_mean: Option<String>,
    /// The text that was understood.
    pub text: String,
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
    pub(crate) fn new(view: &View, asker: Audience, text: &str) -> Result<Plan> {
        let text = bounded(text);
        let understanding = text::understand(text);
        let mut plan = Plan { text: text.to_owned(), ..Plan::default() };
        plan.keys = keys(view, asker, text, &understanding)?;
        let joined = joined(view, &understanding)?;
        let (required, optional) = roles(&understanding);
        for index in required {
            let Some(clause) = understanding.clauses.get(index) else { continue };
            let mut clause = plan_clause(view, clause, true)?;
            for (term, leaf) in
                joined.iter().filter(|(at, ..)| *at == index || *at + 1 == index).map(|(_, t, l)| (t, l))
            {
                clause.leaves.push(leaf.clone());
                clause.stems.push(term.clone());
            }
            if clause.shows(view, asker, weights::COMPOUND + 1)? {
                plan.required.push(clause);
            } else if clause.shows(view, asker, 0)? {
                plan.guessed.push(clause);
            } else {
                plan.unknown.push(clause);
            }
        }
        plan.add_signals(view, &understanding, &optional)?;
        for (_, term, _) in &joined {
            let leaf =
                TermsLeaf::find(view, In::Named, &[&format!("{STEM_MARK}{term}")], Worth::Same(1000, evidence::NAME))?;
            if leaf.frequency > 0 {
                let leaves = vec![TermsLeaf { weight: weights::JOINED_WORD, ..leaf }];
                plan.signals.push(Signal {
                    name: "joinedWord",
                    words: term.trim_start_matches(text::MARKED).to_owned(),
                    leaves,
                });
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

    fn add_signals(&mut self, view: &View, understanding: &Understanding, optional: &[usize]) -> Result<()> {
        let whole = intake::whole(&text::words(&self.text));
        if !whole.is_empty() {
            let mut leaf = TermsLeaf::find(
                view,
                In::All,
                &[&format!("{WHOLE_MARK}{whole}")],
                Worth::NameFirst(weights::WHOLE_ALIAS),
            )?;
            leaf.weight = weights::WHOLE_NAME;
            if leaf.frequency > 0 {
                self.signals.push(Signal { name: "wholeName", words: whole, leaves: vec![leaf] });
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
            .flat_map(|clause| &clause.alternatives)
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
        for clause in &self.required {
            sources.push((terms::word(&clause.leaves, clause.share, view, segment)?, clause.share));
        }
        let words = match need {
            _ if sources.is_empty() => None,
            Need::Everything => Source::all(sources.into_iter().map(|(source, _)| source)),
            Need::Share(need) => Source::enough(sources, need),
        };
        let Some(leaf) = &self.keys else { return Ok(words) };
        let key = terms::any(std::slice::from_ref(leaf), view, segment)?;
        Ok(match (key, words) {
            (Some(key), Some(words)) => Some(Source::Either(vec![key, words])),
            (one, other) => one.or(other),
        })
    }

    /// The signals in a segment.
    pub(crate) fn open_signals(&self, view: &View, segment: usize) -> Result<Vec<Source>> {
        self.signals.iter().filter_map(|signal| terms::any(&signal.leaves, view, segment).transpose()).collect()
    }

    /// What makes a word of a text a match.
    pub(crate) fn marks(&self) -> Marks<'_> {
        Marks {
            stems: self.required.iter().flat_map(|clause| clause.stems.iter().map(String::as_str)).collect(),
            beginnings: self.required.iter().filter_map(|clause| clause.begins.as_deref()).collect(),
        }
    }
}

impl PlanClause {
    /// Whether a visible record holds it in a way that is at least so good.
    pub(crate) fn shows(&self, view: &View, asker: Audience, least: u32) -> Result<bool> {
        for leaf in self.leaves.iter().filter(|leaf| leaf.base >= least) {
            if leaf.shows(view, asker)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The words, for explanations.
    pub(crate) fn shown(&self) -> String {
        self.words.iter().map(|word| word.exact.as_str()).collect::<Vec<_>>().join(" ")
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
        let documents = documents(view);
        // One in a hundred: what a beginning tells is not known, and must not vary with the index.
        self.rarity = rarity(documents, documents / 100);
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

fn plan_clause(view: &View, clause: &text::Clause, required: bool) -> Result<PlanClause> {
    let mut leaves = Vec::new();
    let mut stems = Vec::new();
    for alternative in clause.alternatives.iter().take(MOST_ALTERNATIVES) {
        let base = alternative.weight;
        let mut add = |leaf: TermsLeaf| leaves.push(TermsLeaf { base, ..leaf });
        match &alternative.what {
            AlternativeKind::Stem(stem) => {
                stems.push(stem.clone());
                add(TermsLeaf::find(view, In::All, &[stem], Worth::Places)?);
            }
            AlternativeKind::Stems(all) => {
                stems.extend(all.iter().cloned());
                let terms: Vec<&str> = all.iter().map(String::as_str).collect();
                add(TermsLeaf::find(view, In::All, &terms, Worth::Places)?);
            }
            AlternativeKind::Term(number) => {
                add(TermsLeaf::find(view, In::All, &[&fields::vocabulary_term(*number)], Worth::Vocabulary)?);
            }
            AlternativeKind::Area(area) if required => covering(view, *area)?.into_iter().for_each(&mut add),
            AlternativeKind::Area(_) => {}
        }
    }
    let frequency = frequency(view, clause, &leaves);
    Ok(PlanClause {
        words: clause.words.clone(),
        range: clause.range.clone(),
        leaves,
        share: 0,
        numeric: clause.numeric,
        rarity: rarity(documents(view), frequency),
        stems,
        begins: None,
    })
}

/// Words that neighbours of the query make together and that records have, by the first one's clause.
fn joined(view: &View, understanding: &Understanding) -> Result<Vec<(usize, String, TermsLeaf)>> {
    let mut joined = Vec::new();
    for join in understanding.joins.iter().take(MOST_WORDS) {
        for term in &join.terms {
            let leaf = TermsLeaf::find(view, In::All, &[term], Worth::Places)?;
            if leaf.frequency > 0 {
                joined.push((join.clause, term.clone(), TermsLeaf { base: weights::JOINED, ..leaf }));
            }
        }
    }
    Ok(joined)
}

/// How many records there are, by the statistics that scores are computed with.
fn documents(view: &View) -> u64 {
    view.statistics.as_ref().map_or(view.living, |statistics| statistics.documents)
}

/// In how many records the commonest way to match is.
fn frequency(view: &View, clause: &text::Clause, leaves: &[TermsLeaf]) -> u64 {
    let Some(statistics) = &view.statistics else {
        return leaves.iter().map(|leaf| leaf.frequency).max().unwrap_or(0);
    };
    let of = |term: &str| statistics.frequency(term.as_bytes());
    let frequencies = clause.alternatives.iter().take(MOST_ALTERNATIVES).map(|alternative| match &alternative.what {
        AlternativeKind::Stem(stem) => of(stem),
        AlternativeKind::Stems(stems) => stems.iter().map(|stem| of(stem)).min().unwrap_or(1),
        AlternativeKind::Term(number) => of(&fields::vocabulary_term(*number)),
        AlternativeKind::Area(_) => 1,
    });
    frequencies.max().unwrap_or(1)
}

/// How much a word tells: much when few records hold it, always something.
fn rarity(documents: u64, frequency: u64) -> f64 {
    let frequency = frequency.max(1) as f64;
    let documents = (documents as f64).max(frequency);
    (1.0 + (documents - frequency + 0.5) / (frequency + 0.5)).ln().max(weights::LEAST_RARITY)
}

/// Words of a clause in names.
fn named_signal(view: &View, clause: &text::Clause, name: &'static str, weight: u32) -> Result<Option<Signal>> {
    let mut leaves = Vec::new();
    for alternative in clause.alternatives.iter().take(MOST_ALTERNATIVES) {
        let stems = match &alternative.what {
            AlternativeKind::Stem(stem) => std::slice::from_ref(stem),
            AlternativeKind::Stems(stems) => stems.as_slice(),
            AlternativeKind::Term(_) | AlternativeKind::Area(_) => continue,
        };
        let terms: Vec<String> = stems.iter().map(|stem| format!("{STEM_MARK}{stem}")).collect();
        let terms: Vec<&str> = terms.iter().map(String::as_str).collect();
        let leaf = TermsLeaf::find(view, In::Named, &terms, Worth::Same(1000, evidence::NAME))?;
        if leaf.frequency > 0 {
            leaves.push(TermsLeaf { weight: weight * alternative.weight / 1000, ..leaf });
        }
    }
    let words = clause.words.iter().map(|word| word.exact.as_str()).collect::<Vec<_>>().join(" ");
    Ok((!leaves.is_empty()).then_some(Signal { name, words, leaves }))
}

/// The record whose key the query is: an organisation number in any spelling, an identifier, an address.
fn keys(view: &View, asker: Audience, text: &str, understanding: &Understanding) -> Result<Option<TermsLeaf>> {
    for key in understanding.numbers.iter().map(String::as_str).chain([text]) {
        let mut leaf = TermsLeaf::find(view, In::Key, &[&fields::exact_key(key)], Worth::Same(1000, 0))?;
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
    let mut leaves = Vec::with_capacity(2);
    for (term, percent) in [
        (format!("{}{SURFACE_MARK}{}", word.folded, word.exact), weights::EXACT),
        (format!("{FOLDED_MARK}{}", word.folded), weights::FOLDED),
    ] {
        let leaf = TermsLeaf::find(view, In::Named, &[&term], Worth::Same(1000, 0))?;
        if leaf.frequency > 0 {
            leaves.push(TermsLeaf { weight: clause.share * percent / 100, ..leaf });
        }
    }
    Ok((!leaves.is_empty()).then(|| Signal { name: "exact", words: word.exact.clone(), leaves }))
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
