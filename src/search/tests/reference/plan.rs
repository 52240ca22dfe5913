//! What a text asks of every record, and how much of it must be met.

use super::Reference;
use super::record::{Place, Record, folded};
use crate::resources::Audience;
use crate::search::text::{self, AlternativeKind, ClauseRole, Word};
use crate::search::weights;
use std::collections::BTreeSet;
use std::ops::Range;

/// A way to meet a clause.
enum Way {
    Word(String),
    Words(Vec<String>),
    Term(u16),
    Area(u16),
    /// A word of a name begins so.
    Beginning(String),
}

/// A clause that records must meet.
pub(super) struct Clause {
    pub words: Vec<Word>,
    pub range: Range<usize>,
    pub numeric: bool,
    pub rarity: f64,
    /// Its part of the meaning, of 10,000.
    pub share: u32,
    /// Ways to meet it, each with how good it is.
    ways: Vec<(Way, u32)>,
}

/// A clause that only adds.
struct Wish {
    signal: &'static str,
    /// Ways to meet it, each with what it gives.
    ways: Vec<(Vec<String>, u32)>,
}

#[derive(Default)]
pub(super) struct Plan {
    pub text: String,
    pub required: Vec<Clause>,
    pub did_you_mean: Option<String>,
    pub areas: BTreeSet<u16>,
    pub key: Option<String>,
    unknown: Vec<Clause>,
    wishes: Vec<Wish>,
    whole: String,
}

/// How much of a text a record must meet.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Need {
    Everything,
    /// So much of the meaning.
    Share(u32),
}

/// What a text gives a record.
#[derive(Default)]
pub(super) struct Gain {
    /// The parts of the score, each with its name.
    pub parts: Vec<(&'static str, u32)>,
    pub places: BTreeSet<Place>,
}

impl Way {
    fn met_by(&self, record: &Record<'_>) -> Option<(u32, BTreeSet<Place>)> {
        match self {
            Way::Word(stem) => record.word(stem),
            Way::Words(stems) => record.all_words(stems),
            Way::Term(number) => record.term(*number),
            Way::Area(area) => record.covers(*area).then(|| (0, BTreeSet::new())),
            Way::Beginning(letters) => {
                let begins = record.name_words.iter().any(|word| word.folded.starts_with(letters));
                begins.then(|| (weights::BEGINNING, BTreeSet::from([Place::Name])))
            }
        }
    }
}

impl Clause {
    fn met_by(&self, record: &Record<'_>) -> bool {
        self.ways.iter().any(|(way, _)| way.met_by(record).is_some())
    }

    /// The points of the best way, and the places of all.
    fn gain(&self, record: &Record<'_>) -> Option<(u32, BTreeSet<Place>)> {
        let mut best = None;
        let mut places = BTreeSet::new();
        for (way, base) in &self.ways {
            if let Some((worth, stands)) = way.met_by(record) {
                best = best.max(Some(worth * base / 1000 * self.share / 1000));
                places.extend(stands);
            }
        }
        best.map(|points| (points, places))
    }

    /// What its spelling gives where it stands in a name.
    fn exact(&self, record: &Record<'_>) -> u32 {
        let [word] = self.words.as_slice() else { return 0 };
        let same = |name: &&Word| name.folded == word.folded;
        let best = record
            .name_words
            .iter()
            .filter(same)
            .map(|name| if name.exact == word.exact { weights::EXACT } else { weights::FOLDED });
        best.max().map_or(0, |percent| self.share * percent / 100)
    }
}

impl Plan {
    pub(super) fn meets(&self, record: &Record<'_>, need: Need) -> bool {
        self.has_key(record) || self.meets_words(record, need)
    }

    fn has_key(&self, record: &Record<'_>) -> bool {
        self.key.as_ref().is_some_and(|key| record.has_key(key))
    }

    fn meets_words(&self, record: &Record<'_>, need: Need) -> bool {
        let met = || self.required.iter().filter(|clause| clause.met_by(record));
        match need {
            _ if self.required.is_empty() => false,
            Need::Everything => met().count() == self.required.len(),
            Need::Share(least) => met().map(|clause| clause.share).sum::<u32>() >= least,
        }
    }

    /// What the text gives a record that meets it.
    pub(super) fn gain(&self, record: &Record<'_>, need: Need) -> Gain {
        let mut gain = Gain::default();
        if self.has_key(record) {
            gain.parts.push(("key", weights::KEY));
        }
        let counts = self.meets_words(record, need);
        let mut met = 0;
        for clause in &self.required {
            let Some((points, places)) = clause.gain(record) else { continue };
            met += 1;
            gain.places.extend(places);
            if counts {
                gain.parts.push(("word", points));
            }
        }
        if need != Need::Everything && met == self.required.len() {
            gain.parts.push(("everyWord", weights::EVERYTHING));
        }
        let named = |own: &bool| if *own { 1000 } else { weights::WHOLE_ALIAS };
        let whole = record.names.iter().filter(|(name, _)| *name == self.whole && !name.is_empty());
        let whole = whole.map(|(_, own)| weights::WHOLE_NAME * named(own) / 1000).max();
        gain.parts.extend(whole.map(|points| ("wholeName", points)));
        for wish in &self.wishes {
            let in_names = |stem: &String| record.name_words.iter().any(|word| word.stem == *stem);
            let met = wish.ways.iter().filter(|(stems, _)| stems.iter().all(in_names));
            let Some(points) = met.map(|(_, points)| *points).max() else { continue };
            gain.parts.push((wish.signal, points));
            if wish.signal == "placeWord" {
                gain.places.insert(Place::Name);
            }
        }
        gain.parts.extend(self.required.iter().map(|clause| ("exact", clause.exact(record))));
        gain.parts.retain(|(signal, points)| *points > 0 || *signal == "word");
        gain
    }

    fn weigh(&mut self) {
        let sum: f64 = self.required.iter().map(|clause| clause.rarity).sum();
        for clause in &mut self.required {
            clause.share = (10_000.0 * clause.rarity / sum).round().max(1.0) as u32;
        }
    }
}

/// The first 32 words.
fn bounded(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.get(32) {
        Some(beyond) => text[..beyond.as_ptr() as usize - text.as_ptr() as usize].trim_end().to_owned(),
        None => text.to_owned(),
    }
}

impl Reference<'_> {
    fn plan(&self, asker: Audience, text: &str) -> Plan {
        let text = bounded(text.trim());
        let understood = text::understand(&text);
        let seen = || self.records.iter().filter(|record| record.visible_to(asker));
        let mut keys = understood.numbers.iter().cloned().chain([text.clone()]);
        let key = keys.find(|key| seen().any(|record| record.has_key(key)));
        let of = |role: ClauseRole| understood.clauses.iter().filter(move |clause| clause.role == role).collect();
        let mut required: Vec<&text::Clause> = of(ClauseRole::Required);
        let (mut places, mut fillers): (Vec<_>, Vec<_>) = (of(ClauseRole::Place), of(ClauseRole::Filler));
        let areas = places.iter().flat_map(|clause| &clause.alternatives).filter_map(|way| match way.what {
            AlternativeKind::Area(area) => Some(area),
            _ => None,
        });
        let areas = areas.collect();
        // Places never exclude, unless there is nothing else.
        if required.is_empty() {
            required = std::mem::take(if places.is_empty() { &mut fillers } else { &mut places });
        }
        let mut wishes = Vec::new();
        for (signal, weight, clauses) in
            [("placeWord", weights::PLACE_WORD, places), ("fillerWord", weights::FILLER_WORD, fillers)]
        {
            let each = weight / u32::try_from(clauses.len().max(1)).expect("few");
            wishes.extend(clauses.into_iter().map(|clause| Wish { signal, ways: in_names(clause, each) }));
        }
        let clauses: Vec<Clause> = required.into_iter().map(|clause| self.clause(clause)).collect();
        let (known, unknown) = clauses.into_iter().partition(|clause| seen().any(|record| clause.met_by(record)));
        let whole = folded(&text::words(&text));
        let mut plan = Plan { text, required: known, did_you_mean: None, areas, key, unknown, wishes, whole };
        plan.weigh();
        plan
    }

    fn clause(&self, clause: &text::Clause) -> Clause {
        let mut ways = Vec::new();
        let mut commonest = 1;
        for alternative in clause.alternatives.iter().take(12) {
            let (way, frequency) = match &alternative.what {
                AlternativeKind::Stem(stem) => (Way::Word(stem.clone()), self.snapshot.word(stem)),
                AlternativeKind::Stems(stems) => {
                    let rarest = stems.iter().map(|stem| self.snapshot.word(stem)).min();
                    (Way::Words(stems.clone()), rarest.unwrap_or(1))
                }
                AlternativeKind::Term(number) => (Way::Term(*number), self.snapshot.term(*number)),
                AlternativeKind::Area(area) => (Way::Area(*area), 1),
            };
            ways.push((way, alternative.weight));
            commonest = commonest.max(frequency);
        }
        Clause {
            words: clause.words.clone(),
            range: clause.range.clone(),
            numeric: clause.numeric,
            rarity: rarity(self.snapshot.documents, commonest),
            share: 0,
            ways,
        }
    }

    /// The clause read as the beginning of words that visible records hold.
    fn begun(&self, asker: Audience, clause: &Clause) -> Option<Clause> {
        let [word] = clause.words.as_slice() else { return None };
        let mut begun = Clause {
            words: clause.words.clone(),
            range: clause.range.clone(),
            numeric: clause.numeric,
            rarity: rarity(self.snapshot.documents, self.snapshot.documents / 100),
            share: 0,
            ways: Vec::new(),
        };
        let seen = |begun: &Clause| self.records.iter().any(|record| record.visible_to(asker) && begun.met_by(record));
        if (1..=10).contains(&word.folded.chars().count()) {
            begun.ways = vec![(Way::Beginning(word.folded.clone()), 1000)];
            if seen(&begun) {
                return Some(begun);
            }
        }
        let stems = self.stems_beginning(asker, &word.folded);
        begun.ways = stems.into_iter().map(|stem| (Way::Word(stem), weights::BEGINNING)).collect();
        seen(&begun).then_some(begun)
    }

    /// The plan of a text, with the best made of words that are not known.
    fn settled(&self, asker: Audience, text: &str) -> Plan {
        let mut plan = self.plan(asker, text);
        if plan.key.is_some() {
            return plan;
        }
        let end = plan.text.len();
        self.complete(asker, &mut plan, end);
        if plan.unknown.is_empty() {
            return plan;
        }
        let Some(text) = self.corrected(asker, &plan.text, &plan.unknown) else {
            // A number that is not known is not made up for by another number.
            if plan.unknown.iter().any(|clause| clause.numeric) && plan.required.iter().all(|clause| clause.numeric) {
                plan.required.clear();
            }
            return plan;
        };
        let mut better = self.plan(asker, &text);
        let end = better.text.len();
        self.complete(asker, &mut better, end);
        better.did_you_mean = Some(text);
        better
    }

    /// Reads the last word as a beginning, if it is unknown.
    fn complete(&self, asker: Audience, plan: &mut Plan, end: usize) {
        let Some(at) = plan.unknown.iter().position(|clause| clause.range.end >= end) else { return };
        if let Some(begun) = self.begun(asker, &plan.unknown[at]) {
            plan.unknown.remove(at);
            plan.required.push(begun);
            plan.weigh();
        }
    }

    /// The plan of a text and how much of it must be met: decided on all that the asker is shown without filters.
    pub(super) fn decided(&self, asker: Audience, text: &str) -> (Plan, Need) {
        let plan = self.settled(asker, text);
        let shown = || self.records.iter().filter(|record| record.visible_to(asker) && record.is_shown_by_default());
        let count = |plan: &Plan, need: Need| shown().filter(|record| plan.meets(record, need)).count();
        let enough = match plan.required.len() {
            0 | 1 => 1,
            2 => weights::ENOUGH_OF_TWO,
            _ => weights::ENOUGH,
        };
        if plan.key.is_some() || plan.required.is_empty() {
            return (plan, Need::Everything);
        }
        let found = count(&plan, Need::Everything);
        if found >= enough {
            return (plan, Need::Everything);
        }
        if found == 0 && plan.did_you_mean.is_none() {
            for text in self.alternatives(asker, &plan) {
                let mut other = self.plan(asker, &text);
                if other.unknown.is_empty() && count(&other, Need::Everything) > 0 {
                    other.did_you_mean = Some(text);
                    return (other, Need::Everything);
                }
            }
        }
        if plan.required.len() < 2 {
            return (plan, Need::Everything);
        }
        let found = weights::RELAXED.map(|share| count(&plan, Need::Share(share)));
        let some = (0..found.len()).rev().find(|at| found[*at] > 0);
        let need = (0..found.len()).find(|at| found[*at] >= weights::ENOUGH).or(some);
        // Where nothing has even that much, any word does.
        let need = need.map_or(1, |at| weights::RELAXED[at]);
        (plan, Need::Share(need))
    }
}

fn in_names(clause: &text::Clause, weight: u32) -> Vec<(Vec<String>, u32)> {
    let ways = clause.alternatives.iter().take(12).filter_map(|alternative| {
        let stems = match &alternative.what {
            AlternativeKind::Stem(stem) => vec![stem.clone()],
            AlternativeKind::Stems(stems) => stems.clone(),
            AlternativeKind::Term(_) | AlternativeKind::Area(_) => return None,
        };
        Some((stems, weight * alternative.weight / 1000))
    });
    ways.collect()
}

/// How much a word tells.
fn rarity(documents: u64, frequency: u64) -> f64 {
    let frequency = frequency.max(1) as f64;
    let documents = (documents as f64).max(frequency);
    (1.0 + (documents - frequency + 0.5) / (frequency + 0.5)).ln().max(weights::LEAST_RARITY)
}
