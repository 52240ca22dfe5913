//! Corrections by comparing a word with every word that visible records hold.

use super::Reference;
use super::clause::Clause;
use super::plan::Plan;
use super::record::Record;
use crate::resources::Audience;
use crate::search::text::syntax::Typed;
use crate::search::text::{self, Word, spelling};
use std::collections::{BTreeMap, BTreeSet};

/// From here on all words are as common.
const COUNTED: u64 = 1_000;

/// How many letters differ, two neighbours that changed places being one.
pub(in crate::search) fn distance(one: &str, other: &str) -> u8 {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut table = vec![vec![0_usize; other.len() + 1]; one.len() + 1];
    for at in 0..=one.len() {
        for by in 0..=other.len() {
            table[at][by] = if at == 0 || by == 0 {
                at + by
            } else {
                let same = usize::from(one[at - 1] != other[by - 1]);
                let swapped = at > 1 && by > 1 && one[at - 1] == other[by - 2] && one[at - 2] == other[by - 1];
                let swap = if swapped { table[at - 2][by - 2] + 1 } else { usize::MAX };
                (table[at - 1][by - 1] + same).min(table[at - 1][by] + 1).min(table[at][by - 1] + 1).min(swap)
            };
        }
    }
    u8::try_from(table[one.len()][other.len()]).unwrap_or(u8::MAX)
}

impl Reference<'_> {
    /// Every word that visible records hold, folded and exact, with how many hold it.
    fn vocabulary(&self, asker: Audience) -> &BTreeMap<(String, String), u64> {
        self.spellings[usize::from(asker == Audience::Partners)].get_or_init(|| {
            let mut counts = BTreeMap::new();
            for record in self.records.iter().filter(|record| record.visible_to(asker)) {
                for spelling in &record.spellings {
                    *counts.entry(spelling.clone()).or_default() += 1;
                }
            }
            counts.values_mut().for_each(|count: &mut u64| *count = (*count).min(COUNTED));
            counts
        })
    }

    /// The nearest words: of those with the same first letter, if there are any; the commonest first.
    /// Before all, for a word typed with å, ä or ö, how its letters are mostly written, if that is otherwise.
    fn candidates(&self, asker: Audience, word: &Word, wanted: usize) -> Vec<(String, u8)> {
        if let (true, Some((exact, _))) = (word.marked.is_some(), self.commonest(asker, &word.folded))
            && exact != word.exact
        {
            return vec![(exact, 1)];
        }
        let allowed = spelling::distance_allowed(&word.folded);
        if allowed == 0 {
            return Vec::new();
        }
        let mut near: Vec<(bool, u8, u64, &str, &str)> = Vec::new();
        for ((folded, exact), count) in self.vocabulary(asker) {
            let far = distance(&word.folded, folded);
            if folded != &word.folded && far <= allowed {
                let other_start = folded.bytes().next() != word.folded.bytes().next();
                near.push((other_start, far, *count, exact, folded));
            }
        }
        let all_start_otherwise = near.iter().all(|(other_start, ..)| *other_start);
        near.retain(|(other_start, ..)| *other_start == all_start_otherwise);
        near.sort_by(|one, other| (one.1, other.2, one.3).cmp(&(other.1, one.2, other.3)));
        let mut seen = BTreeSet::new();
        near.retain(|(.., folded)| seen.insert(*folded));
        near.into_iter().take(wanted).map(|(_, far, _, exact, _)| (exact.to_owned(), far)).collect()
    }

    /// Whether a word of which visible records have but the parts lacks one letter, not its first, to one that they have.
    pub(super) fn is_misspelt(&self, asker: Audience, clause: &Clause) -> bool {
        let [word] = clause.words.as_slice() else { return false };
        let first = |text: &str| text.chars().next();
        let near = self.candidates(asker, word, 1).into_iter().next();
        near.is_some_and(|(near, far)| far == 1 && first(&text::fold(&near)) == first(&word.folded))
    }

    /// How visible records mostly write a folded word, and how many do.
    pub(super) fn commonest(&self, asker: Audience, folded: &str) -> Option<(String, u64)> {
        let spelled = self.vocabulary(asker).iter().filter(|((other, _), _)| other == folded);
        let best = spelled.min_by_key(|((_, exact), count)| (std::cmp::Reverse(**count), exact.as_str()));
        best.map(|((_, exact), count)| (exact.clone(), *count))
    }

    /// The word as two that stand in one record.
    fn apart(&self, asker: Audience, word: &Word) -> Option<String> {
        let letters: Vec<char> = word.folded.chars().collect();
        let mut best: Option<(u64, String)> = None;
        for cut in 3..letters.len().saturating_sub(2).min(40) {
            let (front, back) = letters.split_at(cut);
            let Some(front) = self.commonest(asker, &front.iter().collect::<String>()) else { continue };
            let Some(back) = self.commonest(asker, &back.iter().collect::<String>()) else { continue };
            let both: Vec<Word> = [text::words(&front.0), text::words(&back.0)].concat();
            let together = self.records.iter().any(|record| {
                record.visible_to(asker) && both.iter().all(|word| record.words.contains_key(&word.stem))
            });
            let count = front.1.min(back.1);
            if together && best.as_ref().is_none_or(|(known, _)| count > *known) {
                best = Some((count, format!("{} {}", front.0, back.0)));
            }
        }
        best.map(|(_, words)| words)
    }

    /// The parts of a compound that visible records have.
    fn known_parts(&self, asker: Audience, word: &Word) -> Option<String> {
        let has = |part: &String| {
            let stems: Vec<String> = text::words(part).into_iter().map(|word| word.own_stem().clone()).collect();
            let mut seen = self.records.iter().filter(|record| record.visible_to(asker));
            !stems.is_empty() && seen.any(|record| stems.iter().all(|stem| record.words.contains_key(stem)))
        };
        let known: Vec<String> = text::compound_parts(&word.exact).into_iter().filter(has).collect();
        (!known.is_empty()).then(|| known.join(" "))
    }

    /// A text with the words of these clauses corrected where they can be.
    pub(super) fn corrected(&self, asker: Audience, typed: &Typed, unknown: &[Clause]) -> Option<Typed> {
        let mut words: Vec<&Word> =
            unknown.iter().filter(|clause| !clause.numeric).flat_map(|clause| &clause.words).collect();
        words.sort_by_key(|word| word.range.start);
        let mut better = typed.clone();
        let mut any = false;
        for word in words.into_iter().rev() {
            let candidate = match self.candidates(asker, word, 1).into_iter().next() {
                Some((near, 1)) => Some(near),
                Some((near, _)) => self.apart(asker, word).or(Some(near)),
                None => self.apart(asker, word).or_else(|| self.known_parts(asker, word)),
            };
            if let Some(candidate) = candidate {
                assert!(better.replace(word.range.clone(), &candidate), "a word stands where it says");
                any = true;
            }
        }
        any.then_some(better)
    }

    /// Texts in which one of the two rarest words is another that is near.
    pub(super) fn alternatives(&self, asker: Audience, plan: &Plan) -> Vec<Typed> {
        let mut clauses: Vec<&Clause> = plan.free().filter(|clause| !clause.numeric).collect();
        clauses.sort_by(|one, other| other.rarity.total_cmp(&one.rarity).then(one.range.start.cmp(&other.range.start)));
        let mut texts = Vec::new();
        for clause in clauses.into_iter().take(2) {
            let [word] = clause.words.as_slice() else { continue };
            // What a visible record is called so is meant.
            let is_of = |record: &&Record<'_>| record.name_words().any(|name| name.folded == word.folded);
            if self.records.iter().filter(|record| record.visible_to(asker)).any(|record| is_of(&record)) {
                continue;
            }
            for (candidate, _) in self.candidates(asker, word, 3) {
                let mut typed = plan.typed.clone();
                assert!(typed.replace(word.range.clone(), &candidate), "a word stands where it says");
                texts.push(typed);
            }
        }
        texts
    }

    /// The stems of the commonest words that begin with these letters: at least sixteen, where there are so many.
    pub(super) fn stems_beginning(&self, asker: Audience, letters: &str) -> Vec<String> {
        if letters.chars().count() < 2 {
            return Vec::new();
        }
        let begins = self.vocabulary(asker).iter().filter(|((folded, _), _)| folded.starts_with(letters)).take(2_000);
        let mut words: Vec<(&str, u64)> = begins.map(|((_, exact), count)| (exact.as_str(), *count)).collect();
        words.sort_by_key(|(exact, count)| (std::cmp::Reverse(*count), *exact));
        let mut stems: Vec<String> = Vec::new();
        for (exact, _) in words {
            if stems.len() >= 16 {
                break;
            }
            for word in text::words(exact) {
                if !stems.contains(&word.stem) {
                    stems.push(word.stem.clone());
                }
            }
        }
        stems
    }
}

#[test]
fn neighbours_that_changed_places_differ_once() {
    for (one, other, expected) in
        [("kalix", "kalix", 0), ("kalix", "kailx", 1), ("korset", "korsett", 1), ("jour", "hjul", 3), ("", "abc", 3)]
    {
        assert_eq!(distance(one, other), expected, "{one} {other}");
    }
}
