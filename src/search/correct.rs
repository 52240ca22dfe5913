//! Words that no record holds: read as beginnings while someone types, or corrected from the words that records hold.

use crate::error::Result;
use crate::resources::Audience;
use crate::search::build_query::{Plan, PlanClause, beginning};
use crate::search::cursor::Worth;
use crate::search::fields::SURFACE_MARK;
use crate::search::terms::{In, TermsLeaf};
use crate::search::text::spelling::{self, Pattern, Read};
use crate::search::text::syntax::Typed;
use crate::search::text::{self, Word};
use crate::search::view::{Segment, View};
use crate::search::weights;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tantivy::postings::TermInfo;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, TERMINATED};
use tantivy_fst::Automaton;

/// So many corrections of a word are tried.
const MOST_CORRECTIONS: usize = 3;
/// So many words that begin alike are looked at, in the order of their letters.
const MOST_BEGINNINGS: usize = 2_000;
/// So many stems stand for a beginning.
const MOST_STEMS: usize = 16;
/// A part of a word that lacks its space has at least so many letters.
const SHORTEST_PART: usize = 3;
/// Longer words are not taken apart.
const MOST_LETTERS: usize = 40;
/// Records that hold a word are counted up to here: segments that are read record by record stop there, and what is
/// decided must not depend on which do.
const COUNTED: u64 = 1_000;

/// Makes the best of words that are not known: the last word may be a beginning, others are misspelt, and what stays
/// unknown is left out.
pub(crate) fn settle(view: &View, asker: Audience, mut plan: Plan) -> Result<Plan> {
    if plan.keys.is_some() {
        plan.take_guessed(view)?;
        return Ok(plan);
    }
    let typed_to = plan.typed.plain.trim_end().len();
    let guessed = std::mem::take(&mut plan.guessed);
    let any_guessed = !guessed.is_empty();
    for clause in guessed {
        if clause.range.end < typed_to && is_misspelt(view, asker, &clause)? {
            plan.unknown.push(clause);
        } else {
            plan.required.push(clause);
        }
    }
    if begins(view, asker, &mut plan, typed_to)? || any_guessed {
        plan.weigh(view)?;
    }
    if plan.unknown.is_empty() {
        return Ok(plan);
    }
    let mut unknown = std::mem::take(&mut plan.unknown);
    if let Some(at) = unknown.iter().position(|clause| clause.range.end >= typed_to)
        && let Some(completed) = complete(view, asker, &unknown[at])?
    {
        let mut clause = unknown.remove(at);
        clause.begin(view, completed);
        plan.required.push(clause);
        plan.weigh(view)?;
    }
    if unknown.is_empty() {
        return Ok(plan);
    }
    match corrected(view, asker, &plan.typed, &unknown)? {
        // Words that stay unknown in the corrected text are left out; a beginning at its end is looked for again.
        Some(typed) => {
            let typed_to = typed.plain.trim_end().len();
            let mut better = Plan::new(view, asker, typed)?;
            better.did_you_mean = Some(better.typed.text.clone());
            better.unknown.retain(|clause| clause.range.end >= typed_to);
            finish(view, asker, better, typed_to)
        }
        None => {
            // A number that is not known is not made up for by another number.
            if unknown.iter().any(|clause| clause.numeric) && plan.free().all(|clause| clause.numeric) {
                plan.required.clear();
            }
            Ok(plan)
        }
    }
}

/// Whether a word that is nowhere written lacks but one letter to one that is: more likely than a new compound of its parts.
fn is_misspelt(view: &View, asker: Audience, clause: &PlanClause) -> Result<bool> {
    let [word] = clause.words.as_slice() else { return Ok(false) };
    let near = candidates(view, asker, word, 1)?;
    Ok(near.first().is_some_and(|(near, distance)| {
        *distance == 1 && text::fold(near).chars().next() == word.folded.chars().next()
    }))
}

/// Lets the last word match as a beginning too where nobody writes it so; true when it does.
fn begins(view: &View, asker: Audience, plan: &mut Plan, typed_to: usize) -> Result<bool> {
    let Some(clause) =
        plan.required.iter_mut().find(|clause| clause.range.end >= typed_to && !clause.numeric && !clause.fixed)
    else {
        return Ok(false);
    };
    let [word] = clause.words.as_slice() else { return Ok(false) };
    // The signal tells whether a name has the word with less work.
    let mut in_a_name = false;
    for signal in plan.signals.iter().filter(|signal| signal.name == "exact" && signal.words == word.exact) {
        for leaf in &signal.leaves {
            in_a_name |= leaf.shows(view, asker)?;
        }
    }
    // Typed with its å, ä and ö and found so, it is no beginning of a word that has others.
    let is_spelled = word.marked.is_some() && clause.best > weights::COMPOUND;
    if in_a_name || is_spelled || commonest(view, asker, &word.folded)?.is_some() {
        return Ok(false);
    }
    match beginning(view, asker, &word.folded)? {
        Some(leaf) => {
            clause.may_begin(leaf);
            Ok(true)
        }
        None => Ok(false),
    }
}

/// The same of a text that was corrected, but for further corrections.
fn finish(view: &View, asker: Audience, mut plan: Plan, typed_to: usize) -> Result<Plan> {
    plan.take_guessed(view)?;
    begins(view, asker, &mut plan, typed_to)?;
    for mut clause in std::mem::take(&mut plan.unknown) {
        if let Some(completed) = complete(view, asker, &clause)? {
            clause.begin(view, completed);
            plan.required.push(clause);
        }
    }
    plan.weigh(view)?;
    Ok(plan)
}

/// Reads a clause's word as the beginning of one: of a word of a name, else of any word.
fn complete(view: &View, asker: Audience, clause: &PlanClause) -> Result<Option<Vec<TermsLeaf>>> {
    let [word] = clause.words.as_slice() else { return Ok(None) };
    if let Some(leaf) = beginning(view, asker, &word.folded)? {
        return Ok(Some(vec![leaf]));
    }
    let mut leaves = Vec::new();
    for stem in stems_beginning(view, asker, &word.folded)? {
        let leaf = TermsLeaf::find(view, In::All, &[&stem], Worth::Places)?;
        if leaf.shows(view, asker)? {
            leaves.push(TermsLeaf { base: weights::BEGINNING, ..leaf });
        }
    }
    Ok((!leaves.is_empty()).then_some(leaves))
}

/// The stems of the commonest words that begin with these letters.
fn stems_beginning(view: &View, asker: Audience, letters: &str) -> Result<Vec<String>> {
    if letters.chars().count() < 2 {
        return Ok(Vec::new());
    }
    let mut frequencies: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    let end = format!("{letters}\u{10ffff}");
    for segment in &view.segments {
        let mut stream = segment.data.surface.terms().range().ge(letters).lt(&end).into_stream()?;
        // What is among the first of all segments is among the first of each that has it.
        let mut left = MOST_BEGINNINGS;
        while left > 0 && stream.advance() {
            let frequency = visible(segment, asker, stream.value())?;
            if frequency > 0 {
                left -= 1;
                *frequencies.entry(stream.key().to_vec()).or_default() += frequency;
            }
        }
    }
    let first = frequencies.iter().take(MOST_BEGINNINGS);
    let exact = first.filter_map(|(key, frequency)| Some((parts(key)?.1.to_owned(), (*frequency).min(COUNTED))));
    let mut words: Vec<(String, u64)> = exact.collect();
    words.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    let mut stems = Vec::new();
    for (word, _) in words {
        for word in text::words(&word) {
            if !stems.contains(&word.stem) {
                stems.push(word.stem.clone());
            }
        }
        if stems.len() >= MOST_STEMS {
            break;
        }
    }
    Ok(stems)
}

/// The folded and the exact form of a term of `surface`.
fn parts(key: &[u8]) -> Option<(&str, &str)> {
    std::str::from_utf8(key).ok()?.split_once(SURFACE_MARK)
}

/// The text with every unknown word corrected; `None` when none of them can be.
fn corrected(view: &View, asker: Audience, typed: &Typed, unknown: &[PlanClause]) -> Result<Option<Typed>> {
    let mut better = typed.clone();
    let mut words: Vec<&Word> =
        unknown.iter().filter(|clause| !clause.numeric).flat_map(|clause| &clause.words).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.range.start));
    let mut any = false;
    for word in words {
        let near = candidates(view, asker, word, 1)?.first().cloned();
        // A word that only lacks its space is told by its parts being there together.
        let candidate = match near {
            Some((candidate, 1)) => Some(candidate),
            near => match apart(view, asker, word)? {
                None if near.is_none() => known_parts(view, asker, word)?,
                apart => apart.or(near.map(|(candidate, _)| candidate)),
            },
        };
        if let Some(candidate) = candidate {
            any |= better.replace(word.range.clone(), &candidate);
        }
    }
    Ok(any.then_some(better))
}

/// A word as two that stand in one visible record, both as they are written there; the pair whose rarer word is
/// commonest.
fn apart(view: &View, asker: Audience, word: &Word) -> Result<Option<String>> {
    let letters: Vec<usize> = word.folded.char_indices().map(|(at, _)| at).collect();
    let mut best: Option<(u64, String)> = None;
    for at in letters.iter().take(MOST_LETTERS).skip(SHORTEST_PART) {
        let Some((front, back)) = word.folded.split_at_checked(*at) else { continue };
        if back.chars().count() < SHORTEST_PART {
            break;
        }
        let (Some(front), Some(back)) = (commonest(view, asker, front)?, commonest(view, asker, back)?) else {
            continue;
        };
        let frequency = front.1.min(back.1);
        if best.as_ref().is_some_and(|(known, _)| *known >= frequency) {
            continue;
        }
        let both = [text::words(&front.0), text::words(&back.0)].concat();
        let stems: Vec<&str> = both.iter().map(|word| word.stem.as_str()).collect();
        if TermsLeaf::find(view, In::All, &stems, Worth::NOTHING)?.shows(view, asker)? {
            best = Some((frequency, format!("{} {}", front.0, back.0)));
        }
    }
    Ok(best.map(|(_, words)| words))
}

/// The parts of a compound that nobody has, as far as visible records have them: what is left of its meaning.
fn known_parts(view: &View, asker: Audience, word: &Word) -> Result<Option<String>> {
    let mut known = Vec::new();
    for part in text::compound_parts(&word.exact) {
        let stems: Vec<String> = text::words(&part).into_iter().map(|word| word.own_stem().clone()).collect();
        let stems: Vec<&str> = stems.iter().map(String::as_str).collect();
        if TermsLeaf::find(view, In::All, &stems, Worth::NOTHING)?.shows(view, asker)? {
            known.push(part);
        }
    }
    Ok((!known.is_empty()).then(|| known.join(" ")))
}

/// The commonest way in which visible records write a folded word.
fn commonest(view: &View, asker: Audience, folded: &str) -> Result<Option<(String, u64)>> {
    let mut frequencies: BTreeMap<String, u64> = BTreeMap::new();
    let (start, end) = (format!("{folded}{SURFACE_MARK}"), format!("{folded}\u{2}"));
    for segment in &view.segments {
        let mut stream = segment.data.surface.terms().range().ge(&start).lt(&end).into_stream()?;
        while stream.advance() {
            if let Some((_, exact)) = parts(stream.key()) {
                let frequency = visible(segment, asker, stream.value())?;
                if frequency > 0 {
                    *frequencies.entry(exact.to_owned()).or_default() += frequency;
                }
            }
        }
    }
    let counted = frequencies.into_iter().map(|(exact, frequency)| (exact, frequency.min(COUNTED)));
    Ok(counted.max_by(|one, other| one.1.cmp(&other.1).then_with(|| other.0.cmp(&one.0))))
}

/// Texts in which one known word, rarest first, is put right; for when the words are known but nothing has them all.
pub(crate) fn alternatives(view: &View, asker: Audience, plan: &Plan) -> Result<Vec<Typed>> {
    let mut clauses: Vec<&PlanClause> = plan.free().filter(|clause| !clause.numeric).collect();
    clauses.sort_by(|one, other| other.rarity().total_cmp(&one.rarity()).then(one.range.start.cmp(&other.range.start)));
    let mut texts = Vec::new();
    for clause in clauses.into_iter().take(2) {
        let [word] = clause.words.as_slice() else { continue };
        if is_of_a_name(view, asker, plan, word)? {
            continue;
        }
        for (candidate, _) in candidates(view, asker, word, MOST_CORRECTIONS)?.iter() {
            let mut typed = plan.typed.clone();
            if typed.replace(word.range.clone(), candidate) {
                texts.push(typed);
            }
        }
    }
    Ok(texts)
}

/// Whether a visible record has the word in a name, spelled so: it is most likely meant.
fn is_of_a_name(view: &View, asker: Audience, plan: &Plan, word: &Word) -> Result<bool> {
    let spelled = plan.signals.iter().filter(|signal| signal.name == "exact" && signal.words == word.exact);
    for leaf in spelled.flat_map(|signal| &signal.leaves) {
        if leaf.shows(view, asker)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A correction: a word that a visible record holds, as it is written there, and by how many letters it differs.
pub(crate) type Correction = (String, u8);

/// The best corrections of a word. They are kept, since every page and every facet that is chosen asks with the same words again.
pub(super) fn candidates(view: &View, asker: Audience, word: &Word, wanted: usize) -> Result<Arc<Vec<Correction>>> {
    view.known.corrections(asker, word, wanted, || corrections(view, asker, word, wanted))
}

/// The same, looked for. Typing errors seldom hit the first letter, so others are tried last.
fn corrections(view: &View, asker: Audience, word: &Word, wanted: usize) -> Result<Vec<Correction>> {
    // Typed with å, ä and ö where records have none, or others: the same letters are the nearest.
    if word.marked.is_some()
        && let Some((exact, _)) = commonest(view, asker, &word.folded)?
        && exact != word.exact
    {
        return Ok(vec![(exact, 1)]);
    }
    let allowed = spelling::distance_allowed(&word.folded);
    let first = word.folded.bytes().next();
    // The nearest come first: where one is wanted, those that differ in one letter are found with less work.
    let nearest = (wanted == 1 && allowed > 1).then_some((1, first));
    let mut found = Vec::new();
    for (distance, first) in nearest.into_iter().chain([(allowed, first), (allowed, None)]) {
        let Some(pattern) = Pattern::new(&word.folded, distance) else { break };
        found = near(view, asker, &Spelling { pattern: &pattern, first }, &word.folded)?;
        if !found.is_empty() {
            break;
        }
    }
    let mut candidates = Vec::new();
    let mut seen = BTreeSet::new();
    for (exact, distance, _) in spelling::rank(found) {
        if seen.insert(text::fold(&exact)) {
            candidates.push((exact, distance));
        }
        if candidates.len() == wanted {
            break;
        }
    }
    Ok(candidates)
}

fn near(view: &View, asker: Audience, automaton: &Spelling<'_>, word: &str) -> Result<Vec<(String, u8, u64)>> {
    let mut found: BTreeMap<String, (u8, u64)> = BTreeMap::new();
    for segment in &view.segments {
        let mut stream = segment.data.surface.terms().search(automaton).into_stream()?;
        while stream.advance() {
            let Some((folded, exact)) = parts(stream.key()) else { continue };
            if folded == word {
                continue;
            }
            let Some(distance) = automaton.pattern.distance_of(folded) else { continue };
            let frequency = visible(segment, asker, stream.value())?;
            if frequency > 0 {
                found.entry(exact.to_owned()).or_insert((distance, 0)).1 += frequency;
            }
        }
    }
    Ok(found.into_iter().map(|(exact, (distance, frequency))| (exact, distance, frequency.min(COUNTED))).collect())
}

/// How many records of a segment that the asker may see hold a word, counted up to a bound. Deleted and hidden ones
/// must not decide which correction is best.
fn visible(segment: &Segment, asker: Audience, info: &TermInfo) -> Result<u64> {
    if segment.open_to(asker) {
        return Ok(u64::from(info.doc_freq));
    }
    let mut postings = segment.data.surface.read_postings_from_terminfo(info, IndexRecordOption::Basic)?;
    let mut count = 0;
    while postings.doc() != TERMINATED && count < COUNTED {
        count += u64::from(segment.shows(postings.doc(), asker));
        postings.advance();
    }
    Ok(count)
}

/// Accepts terms of `surface` whose folded form is near a word, and begins with a letter.
struct Spelling<'a> {
    pattern: &'a Pattern,
    first: Option<u8>,
}

/// Where the automaton is: at the beginning, in the folded form, or behind a form that is near enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Beginning,
    Folded(Read),
    Behind,
}

impl Automaton for &Spelling<'_> {
    type State = State;

    fn start(&self) -> State {
        State::Beginning
    }

    fn is_match(&self, state: &State) -> bool {
        *state == State::Behind
    }

    fn can_match(&self, state: &State) -> bool {
        match state {
            State::Beginning | State::Behind => true,
            State::Folded(read) => self.pattern.can_match(read),
        }
    }

    fn will_always_match(&self, state: &State) -> bool {
        *state == State::Behind
    }

    fn accept(&self, state: &State, byte: u8) -> State {
        match state {
            State::Behind => State::Behind,
            State::Beginning if self.first.is_some_and(|first| first != byte) => State::Folded(Read::LOST),
            State::Beginning => State::Folded(self.pattern.read(&self.pattern.start(), byte)),
            State::Folded(read) if u32::from(byte) == u32::from(SURFACE_MARK) => {
                if self.pattern.distance(read).is_some() { State::Behind } else { State::Folded(Read::LOST) }
            }
            State::Folded(read) => State::Folded(self.pattern.read(read, byte)),
        }
    }
}
