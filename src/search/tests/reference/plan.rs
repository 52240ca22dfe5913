//! What a text asks of every record, and what it gives those that have it.

use super::clause::{Clause, Way};
use super::record::{Place, Record, folded};
use super::{Reference, rarity};
use crate::resources::Audience;
use crate::search::text::syntax::{Meaning, Typed};
use crate::search::text::{self, AlternativeKind, ClauseRole, Understanding, address};
use crate::search::weights;
use std::collections::BTreeSet;

/// A clause that only adds.
struct Wish {
    signal: &'static str,
    /// Ways to meet it, each with what it gives.
    ways: Vec<(Vec<String>, u32)>,
}

#[derive(Default)]
pub(super) struct Plan {
    pub typed: Typed,
    pub required: Vec<Clause>,
    /// Clauses that no visible record meets.
    pub unknown: Vec<Clause>,
    /// Clauses of which visible records have but the parts.
    pub guessed: Vec<Clause>,
    pub did_you_mean: Option<String>,
    pub areas: BTreeSet<u16>,
    pub key: Option<String>,
    /// Whether the key is a phrase: a record that has it need not have its words.
    key_is_phrase: bool,
    conditions: Vec<Meaning>,
    excluded: Vec<Meaning>,
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

impl Plan {
    /// Words that may be left out or corrected.
    pub(super) fn free(&self) -> impl Iterator<Item = &Clause> {
        self.required.iter().filter(|clause| !clause.fixed)
    }

    pub(super) fn meets(&self, record: &Record<'_>, need: Need) -> bool {
        if self.excluded.iter().any(|meaning| record.has(meaning)) {
            return false;
        }
        let conditions = self.meets_conditions(record);
        if self.key_is_phrase {
            self.has_key(record) || self.meets_words(record, need) && conditions
        } else if self.key.is_some() || self.typed.has_words() {
            (self.has_key(record) || self.meets_words(record, need)) && conditions
        } else {
            // Signs that are no words find nothing.
            conditions && !(self.conditions.is_empty() && self.excluded.is_empty())
        }
    }

    fn meets_conditions(&self, record: &Record<'_>) -> bool {
        self.conditions.iter().all(|meaning| record.has(meaning))
    }

    fn has_key(&self, record: &Record<'_>) -> bool {
        self.key.as_ref().is_some_and(|key| record.has_key(key))
    }

    fn meets_words(&self, record: &Record<'_>, need: Need) -> bool {
        if self.required.is_empty() {
            return false;
        }
        let has_fixed = self.required.iter().any(|clause| clause.fixed);
        let fixed = self.required.iter().filter(|clause| clause.fixed).all(|clause| clause.met_by(record));
        let shares = || self.free().map(|clause| clause.share).sum::<u32>();
        fixed
            && match need {
                Need::Everything => self.free().all(|clause| clause.met_by(record)),
                Need::Share(least) => {
                    // Beside phrases it is so much of the words that may be left out.
                    let least = if has_fixed { (least * shares() / 10_000).max(1) } else { least };
                    let met = self.free().filter(|clause| clause.met_by(record));
                    met.map(|clause| clause.share).sum::<u32>() >= least
                }
            }
    }

    /// What the text gives a record that meets it.
    pub(super) fn gain(&self, record: &Record<'_>, need: Need) -> Gain {
        let mut gain = Gain::default();
        if self.has_key(record) {
            gain.parts.push(("key", weights::KEY));
        }
        let conditions = self.meets_conditions(record);
        let counts = self.meets_words(record, need) && conditions;
        let mut met = 0;
        for clause in &self.required {
            let Some((points, places)) = clause.gain(record) else { continue };
            met += 1;
            gain.places.extend(places);
            if counts {
                gain.parts.push(("word", points));
            }
        }
        if conditions {
            gain.parts.extend(self.conditions.iter().map(|_| ("condition", 0)));
        }
        if need != Need::Everything && met == self.required.len() {
            gain.parts.push(("everyWord", weights::EVERYTHING));
        }
        let named = |own: &bool| if *own { 1000 } else { weights::WHOLE_ALIAS };
        let whole = record.names.iter().filter(|(name, _)| *name == self.whole && !name.is_empty());
        let whole = whole.map(|(_, own)| weights::WHOLE_NAME * named(own) / 1000).max();
        gain.parts.extend(whole.map(|points| ("wholeName", points)));
        for wish in &self.wishes {
            let met = wish.ways.iter().filter(|(stems, _)| stems.iter().all(|stem| record.is_named(stem)));
            let Some(points) = met.map(|(_, points)| *points).max() else { continue };
            gain.parts.push((wish.signal, points));
            if wish.signal == "placeWord" {
                gain.places.insert(Place::Name);
            }
        }
        gain.parts.extend(self.required.iter().map(|clause| ("exact", clause.exact(record))));
        gain.parts.retain(|(signal, points)| *points > 0 || ["word", "condition"].contains(signal));
        gain
    }

    pub(super) fn weigh(&mut self) {
        let sum: f64 = self.required.iter().map(|clause| clause.rarity).sum();
        for clause in &mut self.required {
            clause.share = (10_000.0 * clause.rarity / sum).round().max(1.0) as u32;
        }
    }
}

impl Reference<'_> {
    /// The first key of a text that a visible record has: its numbers, itself, and the addresses in it.
    fn key(&self, asker: Audience, text: &str, understood: &Understanding) -> Option<String> {
        let addresses = std::iter::once(text).chain(text.split_whitespace()).take(32).flat_map(address::keys);
        let mut keys = understood.numbers.iter().cloned().chain([text.to_owned()]).chain(addresses);
        keys.find(|key| !key.is_empty() && self.knows_key(asker, key))
    }

    pub(super) fn plan(&self, asker: Audience, typed: Typed) -> Plan {
        let understood = text::understand(&typed.plain);
        let mut plan = Plan { whole: folded(&text::words(&typed.spoken)), typed, ..Plan::default() };
        plan.key = self.key(asker, plan.typed.plain.trim(), &understood);
        if let [part] = plan.typed.parts.as_slice()
            && matches!(part.meaning, Meaning::Phrase(_))
            && !part.excluded
            && plan.typed.plain.trim().is_empty()
        {
            let spoken = plan.typed.spoken.trim();
            plan.key = self.key(asker, spoken, &text::understand(spoken));
            plan.key_is_phrase = true;
        }
        let of = |role: ClauseRole| -> Vec<(usize, &text::Clause)> {
            understood.clauses.iter().enumerate().filter(|(_, clause)| clause.role == role).collect()
        };
        let (mut required, mut places, mut fillers) =
            (of(ClauseRole::Required), of(ClauseRole::Place), of(ClauseRole::Filler));
        let areas = places.iter().flat_map(|(_, clause)| &*clause.alternatives).filter_map(|way| match way.what {
            AlternativeKind::Area(area) => Some(area),
            _ => None,
        });
        plan.areas = areas.collect();
        // Places never exclude, unless there is nothing else.
        if required.is_empty() {
            required = std::mem::take(if places.is_empty() { &mut fillers } else { &mut places });
        }
        for (signal, weight, clauses) in
            [("placeWord", weights::PLACE_WORD, places), ("fillerWord", weights::FILLER_WORD, fillers)]
        {
            let each = weight / u32::try_from(clauses.len().max(1)).expect("few");
            plan.wishes.extend(clauses.into_iter().map(|(_, clause)| Wish { signal, ways: in_names(clause, each) }));
        }
        for join in &understood.joins {
            let wish =
                |term: &String| Wish { signal: "joinedWord", ways: vec![(vec![term.clone()], weights::JOINED_WORD)] };
            plan.wishes.extend(join.terms.iter().map(wish));
        }
        for (at, clause) in required {
            // Neighbours that are one word together are met by that.
            let joins = understood.joins.iter().filter(|join| join.clause == at || join.clause + 1 == at);
            let joined = joins.flat_map(|join| &join.terms).map(|term| (Way::Word(term.clone()), weights::JOINED));
            let clause = self.clause(asker, clause, joined);
            let of = match clause.best {
                0 => &mut plan.unknown,
                1..=weights::COMPOUND => &mut plan.guessed,
                _ => &mut plan.required,
            };
            of.push(clause);
        }
        for part in &plan.typed.parts {
            match &part.meaning {
                meaning if part.excluded => plan.excluded.push(meaning.clone()),
                Meaning::Filter(..) | Meaning::Areas(_) | Meaning::Kinds(_) | Meaning::AnyStatus => {}
                meaning => {
                    if let Meaning::Phrase(words) | Meaning::Name(words, _) = meaning {
                        let clauses = words.iter().map(|word| text::Clause {
                            range: word.range.clone(),
                            words: vec![word.clone()],
                            alternatives: word.ways().into(),
                            role: ClauseRole::Required,
                            numeric: false,
                        });
                        let clauses = clauses.map(|clause| self.clause(asker, &clause, std::iter::empty()));
                        plan.required.extend(clauses.map(|clause| Clause { fixed: true, ..clause }));
                    }
                    plan.conditions.push(meaning.clone());
                }
            }
        }
        plan.weigh();
        plan
    }

    fn clause(&self, asker: Audience, clause: &text::Clause, joined: impl Iterator<Item = (Way, u32)>) -> Clause {
        let mut ways = Vec::new();
        let mut commonest = 1;
        for alternative in clause.alternatives.iter().take(12) {
            let frequency = match &alternative.what {
                AlternativeKind::Stem(stem) => self.snapshot.word(stem),
                AlternativeKind::Stems(stems) => stems.iter().map(|stem| self.snapshot.word(stem)).min().unwrap_or(1),
                AlternativeKind::Term(number) => self.snapshot.term(*number),
                AlternativeKind::Area(_) => 1,
            };
            ways.push((Way::from(&alternative.what), alternative.weight));
            commonest = commonest.max(frequency);
        }
        ways.extend(joined);
        let known = |(way, _): &&(Way, u32)| self.seen(asker).any(|record| way.met_by(record).is_some());
        let best = ways.iter().filter(known).map(|(_, base)| *base).max().unwrap_or(0);
        Clause {
            words: clause.words.clone(),
            range: clause.range.clone(),
            numeric: clause.numeric,
            fixed: false,
            rarity: rarity(self.snapshot.documents, commonest),
            share: 0,
            ways,
            best,
        }
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
