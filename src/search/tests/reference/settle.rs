//! What becomes of words that are not known, and how much of a text must be met.

use super::clause::{Clause, Way};
use super::plan::{Need, Plan};
use super::{Reference, rarity};
use crate::resources::Audience;
use crate::search::text::syntax::Typed;
use crate::search::weights;

impl Reference<'_> {
    /// Whether a name of a visible record has a word that begins so.
    fn begins_a_name(&self, asker: Audience, letters: &str) -> bool {
        let beginning = Way::Beginning(letters.to_owned());
        (1..=10).contains(&letters.chars().count()) && self.seen(asker).any(|record| beginning.met_by(record).is_some())
    }

    /// The clause read as the beginning of words that visible records hold.
    fn begun(&self, asker: Audience, clause: &Clause) -> Option<Clause> {
        let [word] = clause.words.as_slice() else { return None };
        let ways = if self.begins_a_name(asker, &word.folded) {
            vec![(Way::Beginning(word.folded.clone()), 1000)]
        } else {
            let stems = self.stems_beginning(asker, &word.folded);
            stems.into_iter().map(|stem| (Way::Word(stem), weights::BEGINNING)).collect()
        };
        let begun = Clause {
            words: clause.words.clone(),
            range: clause.range.clone(),
            numeric: clause.numeric,
            fixed: false,
            rarity: rarity(self.snapshot.documents, self.snapshot.documents / 100),
            share: 0,
            ways,
            best: weights::BEGINNING,
        };
        self.seen(asker).any(|record| begun.met_by(record)).then_some(begun)
    }

    /// The last word, where nobody writes it so, is met by names with a word that it begins, too.
    fn may_begin(&self, asker: Audience, plan: &mut Plan, end: usize) {
        let mut last = plan.required.iter_mut().filter(|clause| clause.range.end >= end);
        let Some(clause) = last.find(|clause| !clause.numeric && !clause.fixed) else { return };
        let [word] = clause.words.as_slice() else { return };
        let is_spelled = word.marked.is_some() && clause.best > weights::COMPOUND;
        let is_written = self.commonest(asker, &word.folded).is_some();
        if !is_spelled && !is_written && self.begins_a_name(asker, &word.folded) {
            clause.ways.push((Way::Beginning(word.folded.clone()), 1000));
        }
    }

    /// The plan of a text, with the best made of words that are not known.
    pub(super) fn settled(&self, asker: Audience, typed: Typed) -> Plan {
        let mut plan = self.plan(asker, typed);
        let end = plan.typed.plain.trim_end().len();
        let guessed = std::mem::take(&mut plan.guessed);
        for clause in guessed {
            if plan.key.is_none() && clause.range.end < end && self.is_misspelt(asker, &clause) {
                plan.unknown.push(clause);
            } else {
                plan.required.push(clause);
            }
        }
        if plan.key.is_none() {
            self.may_begin(asker, &mut plan, end);
            self.complete(asker, &mut plan, end);
        }
        plan.weigh();
        if plan.unknown.is_empty() || plan.key.is_some() {
            return plan;
        }
        let Some(typed) = self.corrected(asker, &plan.typed, &plan.unknown) else {
            // A number that is not known is not made up for by another number.
            if plan.unknown.iter().any(|clause| clause.numeric) && plan.free().all(|clause| clause.numeric) {
                plan.required.clear();
            }
            return plan;
        };
        let end = typed.plain.trim_end().len();
        let mut better = self.plan(asker, typed);
        better.did_you_mean = Some(better.typed.text.clone());
        better.required.append(&mut better.guessed);
        self.may_begin(asker, &mut better, end);
        self.complete(asker, &mut better, end);
        better.weigh();
        better
    }

    /// Reads the last word as a beginning, if it is unknown.
    fn complete(&self, asker: Audience, plan: &mut Plan, end: usize) {
        let Some(at) = plan.unknown.iter().position(|clause| clause.range.end >= end) else { return };
        if let Some(begun) = self.begun(asker, &plan.unknown[at]) {
            plan.unknown.remove(at);
            plan.required.push(begun);
        }
    }

    /// The plan of a text and how much of it must be met: decided on all that the asker is shown without filters.
    pub(super) fn decided(&self, asker: Audience, typed: Typed) -> (Plan, Need) {
        let plan = self.settled(asker, typed);
        let shown = || self.seen(asker).filter(|record| record.is_shown_by_default());
        let count = |plan: &Plan, need: Need| shown().filter(|record| plan.meets(record, need)).count();
        let words = plan.free().count();
        let enough = match words {
            0 | 1 => 1,
            2 => weights::ENOUGH_OF_TWO,
            _ => weights::ENOUGH,
        };
        if plan.key.is_some() || words == 0 {
            return (plan, Need::Everything);
        }
        let found = count(&plan, Need::Everything);
        if found >= enough {
            return (plan, Need::Everything);
        }
        if found == 0 && plan.did_you_mean.is_none() {
            for typed in self.alternatives(asker, &plan) {
                let mut other = self.plan(asker, typed);
                other.required.append(&mut other.guessed);
                other.weigh();
                if other.unknown.is_empty() && count(&other, Need::Everything) > 0 {
                    other.did_you_mean = Some(other.typed.text.clone());
                    return (other, Need::Everything);
                }
            }
        }
        if words < 2 {
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
