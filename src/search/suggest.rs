//! Suggestions while typing.
//!
//! In this order: records whose official name begins with what was typed, records of which another name does, places and
//! topics of which a name does, records in whose names every word typed begins a word. Among records: active before
//! dormant, then those that many know (`weights::PROMINENT`), then by title and tie. Only where nothing begins so, one
//! letter of each unknown word from four letters on may be wrong, but neither the first nor one of a word with digits.

use crate::error::Result;
use crate::resources::values::TextLanguage;
use crate::resources::{Audience, Kind};
use crate::search::beginnings::first;
use crate::search::build_query::bounded;
use crate::search::cursor::Worth;
use crate::search::fields::{self, FOLDED_MARK, OFFICIAL_START_MARK, PREFIX_LETTERS, START_MARK};
use crate::search::intake::{default_kinds, kinds_mask, whole};
use crate::search::query::{Suggestion, SuggestionKind};
use crate::search::searcher::Searcher;
use crate::search::stored::Stored;
use crate::search::terms::{In, TermsLeaf};
use crate::search::text::spelling::{Pattern, Read};
use crate::search::text::{self, Word};
use crate::search::view::View;
use crate::vocabulary::{Term, Vocabulary};
use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;
use tantivy_fst::Automaton;

/// At most so many suggestions are given.
const MOST: usize = 100;
/// At most so many of them are places, and so many topics.
const MOST_PLACES: usize = 2;
const MOST_TOPICS: usize = 3;
/// At most so many words are looked at.
const MOST_WORDS: usize = 8;
/// A word with fewer letters is taken as it was typed.
const SHORTEST_MISSPELT: usize = 4;

impl Searcher {
    /// What a text may become: records that the asker may see and, unless kinds are named, places and topics that such
    /// records have. From one letter.
    pub fn suggest(
        &self,
        asker: Audience,
        text: &str,
        kinds: &[Kind],
        lang: TextLanguage,
        limit: usize,
    ) -> Result<Vec<Suggestion>> {
        let mut words = text::words(bounded(text));
        words.truncate(MOST_WORDS);
        let limit = limit.min(MOST);
        if words.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let typed = Typed { whole: whole(&words), words };
        let asked = Asked { view: &self.view, asker, kinds, lang, limit };
        let exact = asked.all(&typed, &Beginning::Exact)?;
        if !exact.is_empty() {
            return Ok(exact);
        }
        asked.all(&typed, &Beginning::Near)
    }
}

struct Typed {
    words: Vec<Word>,
    whole: String,
}

/// How letters are compared with what was typed.
enum Beginning {
    Exact,
    Near,
}

/// The pattern of beginnings that differ from a word in one letter at most; `None` where it must be as it was typed.
fn near(word: &str, prefix: bool) -> Option<Pattern> {
    let plain = word.chars().count() >= SHORTEST_MISSPELT && !word.chars().any(char::is_numeric);
    plain.then(|| if prefix { Pattern::beginning(word) } else { Pattern::new(word, 1) }).flatten()
}

struct Asked<'a> {
    view: &'a View,
    asker: Audience,
    kinds: &'a [Kind],
    lang: TextLanguage,
    limit: usize,
}

fn first_letters(text: &str) -> &str {
    text.char_indices().nth(PREFIX_LETTERS).map_or(text, |(at, _)| &text[..at])
}

/// Whether every word typed begins a word of one of these folded names.
fn contained(words: &[Word], names: &[&str]) -> bool {
    let begins = |word: &Word| names.iter().any(|name| name.split(' ').any(|one| one.starts_with(&word.folded)));
    words.iter().all(begins)
}

impl Asked<'_> {
    fn all(&self, typed: &Typed, beginning: &Beginning) -> Result<Vec<Suggestion>> {
        let mut suggestions = Vec::new();
        let words = self.words(typed, beginning)?;
        for mark in [OFFICIAL_START_MARK, START_MARK] {
            if let Some(conditions) = self.starts(typed, mark, &words, beginning)? {
                self.records(typed, &conditions, Some(mark), beginning, &mut suggestions)?;
            }
        }
        if self.kinds.is_empty() {
            let mut others = self.terms(&PLACES, typed, beginning, MOST_PLACES)?;
            others.extend(self.terms(&TOPICS, typed, beginning, MOST_TOPICS)?);
            // They take at most half of the room from records.
            let room = self.limit - others.len().min(self.limit / 2);
            suggestions.truncate(room);
            others.truncate(self.limit - suggestions.len());
            suggestions.append(&mut others);
        }
        self.records(typed, &words, None, beginning, &mut suggestions)?;
        Ok(suggestions)
    }

    /// For each word the terms of names in which a word begins so.
    fn words(&self, typed: &Typed, beginning: &Beginning) -> Result<Vec<Vec<TermsLeaf>>> {
        let mut conditions = Vec::with_capacity(typed.words.len());
        for word in &typed.words {
            let mut leaves = self.beginning(&word.folded)?;
            if matches!(beginning, Beginning::Near) && !self.any_shows(&leaves)? {
                leaves = self.near(None, &word.folded)?;
            }
            conditions.push(leaves);
        }
        Ok(conditions)
    }

    /// Whether a record that the asker may see has one of these terms.
    fn any_shows(&self, leaves: &[TermsLeaf]) -> Result<bool> {
        for leaf in leaves {
            if leaf.shows(self.view, self.asker)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The terms of words of names that begin with these letters.
    fn beginning(&self, letters: &str) -> Result<Vec<TermsLeaf>> {
        if letters.chars().nth(PREFIX_LETTERS).is_none() {
            return Ok(vec![TermsLeaf::find(self.view, In::Prefix, &[letters], Worth::NOTHING)?]);
        }
        // The index has so many letters of beginnings; of the longer there are few words.
        let (start, end) = (format!("{FOLDED_MARK}{letters}"), format!("{FOLDED_MARK}{letters}\u{10ffff}"));
        let mut terms = BTreeSet::new();
        for segment in &self.view.segments {
            let mut stream = segment.data.named.terms().range().ge(&start).lt(&end).into_stream()?;
            while stream.advance() {
                terms.extend(std::str::from_utf8(stream.key()).map(str::to_owned));
            }
        }
        terms.iter().map(|term| TermsLeaf::find(self.view, In::Named, &[term], Worth::NOTHING)).collect()
    }

    /// What a name meets that begins with everything typed; `None` where no list of terms can say so.
    fn starts(
        &self,
        typed: &Typed,
        mark: char,
        words: &[Vec<TermsLeaf>],
        beginning: &Beginning,
    ) -> Result<Option<Vec<Vec<TermsLeaf>>>> {
        let letters = first_letters(&typed.whole);
        let whole = letters.len() == typed.whole.len();
        match beginning {
            Beginning::Exact => {
                let start = TermsLeaf::find(self.view, In::Prefix, &[&format!("{mark}{letters}")], Worth::NOTHING)?;
                let others = words.iter().filter(|_| !whole).cloned();
                Ok(Some(std::iter::once(vec![start]).chain(others).collect()))
            }
            Beginning::Near if whole && typed.words.len() == 1 => Ok(Some(vec![self.near(Some(mark), letters)?])),
            Beginning::Near => Ok(None),
        }
    }

    /// The terms of beginnings that differ from these letters in one at most.
    fn near(&self, mark: Option<char>, letters: &str) -> Result<Vec<TermsLeaf>> {
        let is_long = first_letters(letters).len() < letters.len();
        let Some(pattern) = near(letters, is_long) else { return Ok(Vec::new()) };
        let (field, mark) = if is_long { (In::Named, Some(FOLDED_MARK)) } else { (In::Prefix, mark) };
        let head: String = mark.into_iter().chain(letters.chars().next()).collect();
        let automaton = Near { pattern: &pattern, head: head.as_bytes(), skip: mark.map_or(0, char::len_utf8) };
        let mut terms = BTreeSet::new();
        for segment in &self.view.segments {
            let mut stream = field.index(&segment.data).terms().search(&automaton).into_stream()?;
            while stream.advance() {
                terms.extend(std::str::from_utf8(stream.key()).map(str::to_owned));
            }
        }
        terms.iter().map(|term| TermsLeaf::find(self.view, field, &[term], Worth::NOTHING)).collect()
    }

    /// Adds records that meet conditions, first those that come first, up to the limit.
    fn records(
        &self,
        typed: &Typed,
        conditions: &[Vec<TermsLeaf>],
        mark: Option<char>,
        beginning: &Beginning,
        suggestions: &mut Vec<Suggestion>,
    ) -> Result<()> {
        if suggestions.len() >= self.limit || conditions.iter().any(Vec::is_empty) {
            return Ok(());
        }
        let kinds = if self.kinds.is_empty() { default_kinds() } else { kinds_mask(self.kinds) };
        // The index knows the first letters of names only.
        let verified = mark.is_some() && first_letters(&typed.whole).len() < typed.whole.len();
        let verified = verified && matches!(beginning, Beginning::Exact);
        let mut found: Vec<(u64, &[u8], u64, Stored<'_>)> = Vec::new();
        for (at, segment) in self.view.segments.iter().enumerate() {
            let data = &segment.data;
            let stored = |doc| data.ready.get(doc).and_then(Stored::read);
            let accepts = |doc| {
                kinds >> data.features(doc).kind() & 1 == 1
                    && segment.shows(doc, self.asker)
                    && (!verified || stored(doc).is_some_and(|stored| starts_so(&stored, mark, &typed.whole)))
            };
            // Some may be there already.
            for doc in first(conditions, self.view, at, self.limit + suggestions.len(), &accepts)? {
                if let Some(stored) = stored(doc) {
                    found.push((data.standing(doc), stored.sort_key, data.ties.get_val(doc), stored));
                }
            }
        }
        // A record without a title comes last, as in its segment.
        let key = |one: &(u64, &[u8], u64, Stored<'_>)| (one.0, one.1.is_empty(), one.2);
        found.sort_unstable_by(|one, other| {
            let ((standing, nameless, tie), (other_standing, other_nameless, other_tie)) = (key(one), key(other));
            (standing, nameless, one.1, tie).cmp(&(other_standing, other_nameless, other.1, other_tie))
        });
        for (.., stored) in found {
            if suggestions.len() == self.limit {
                break;
            }
            let kind = SuggestionKind::Record(stored.kind, stored.id);
            if !suggestions.iter().any(|known| known.kind == kind) {
                let title = stored.title(Some(self.lang));
                let matched = matched(&stored, title, typed, mark.is_some());
                suggestions.push(Suggestion { kind, title: title.to_owned(), matched });
            }
        }
        Ok(())
    }

    /// Terms that visible records have and of which a name begins with what was typed: those first that do so in the
    /// caller's language.
    fn terms(
        &self,
        names: &LazyLock<Vec<Named>>,
        typed: &Typed,
        beginning: &Beginning,
        most: usize,
    ) -> Result<Vec<Suggestion>> {
        let pattern = match beginning {
            Beginning::Exact => None,
            Beginning::Near => match near(&typed.whole, true) {
                Some(pattern) => Some(pattern),
                None => return Ok(Vec::new()),
            },
        };
        let begins = |name: &str| match &pattern {
            None => name.starts_with(&typed.whole),
            Some(pattern) => name.chars().next() == typed.whole.chars().next() && pattern.distance_of(name).is_some(),
        };
        let mut found: Vec<(bool, &str, &Named, &str)> = Vec::new();
        for named in names.iter() {
            let title = named.term.title(self.lang);
            let own = named.names.iter().find(|(name, folded)| *name == title && begins(folded));
            if let Some((name, _)) = own.or_else(|| named.names.iter().find(|(_, folded)| begins(folded))) {
                found.push((own.is_none(), title, named, name));
            }
        }
        found.sort_by(|one, other| (one.0, one.1, one.2.term.number).cmp(&(other.0, other.1, other.2.term.number)));
        let (mut suggestions, mut seen) = (Vec::new(), HashSet::new());
        for (_, title, named, name) in found {
            if suggestions.len() == most {
                break;
            }
            let leaf = TermsLeaf::find(self.view, named.field, &[&named.stated], Worth::NOTHING)?;
            if seen.insert(named.term.number) && leaf.shows(self.view, self.asker)? {
                suggestions.push(Suggestion {
                    kind: (named.kind)(named.term.number),
                    title: title.to_owned(),
                    matched: (*name != *title).then(|| (*name).to_owned()),
                });
            }
        }
        Ok(suggestions)
    }
}

/// Whether a name of the kind that a mark stands for begins so.
fn starts_so(stored: &Stored<'_>, mark: Option<char>, typed: &str) -> bool {
    let official = mark == Some(OFFICIAL_START_MARK);
    let names = stored.words().0;
    let mut of_kind = names.iter().filter(|(kind, _)| fields::is_official(*kind) == official);
    of_kind.any(|(_, name)| text::folded(name).starts_with(typed))
}

/// The name that matched, when it is not the title.
fn matched(stored: &Stored<'_>, title: &str, typed: &Typed, begins: bool) -> Option<String> {
    let fits = |name: &str| {
        let folded = text::folded(name);
        if begins { folded.starts_with(&typed.whole) } else { contained(&typed.words, &[&folded]) }
    };
    if fits(title) {
        return None;
    }
    stored.words().0.into_iter().map(|(_, name)| name).find(|name| *name != title && fits(name)).map(str::to_owned)
}

/// A vocabulary term with its names as they are and folded, and how records state it.
struct Named {
    term: &'static Term,
    names: Vec<(&'static str, String)>,
    field: In,
    stated: String,
    kind: fn(u16) -> SuggestionKind,
}

fn named(term: &'static Term, field: In, stated: String, kind: fn(u16) -> SuggestionKind) -> Named {
    let names = term.label.texts().map(|(_, label)| label).chain(term.synonyms.all());
    Named { term, names: names.map(|name| (name, text::folded(name))).collect(), field, stated, kind }
}

static TOPICS: LazyLock<Vec<Named>> = LazyLock::new(|| {
    let topic = |term: &'static Term| named(term, In::All, fields::vocabulary_term(term.number), SuggestionKind::Topic);
    Vocabulary::Topics.terms().iter().map(topic).collect()
});

static PLACES: LazyLock<Vec<Named>> = LazyLock::new(|| {
    let place = |term: &'static Term| named(term, In::Filter, fields::within_area(term.number), SuggestionKind::Place);
    Vocabulary::Municipalities.terms().iter().map(place).collect()
});

/// Accepts terms that begin with some bytes, of which those behind a mark are near a word.
struct Near<'a> {
    pattern: &'a Pattern,
    /// The mark and the first letter.
    head: &'a [u8],
    /// So many bytes the mark has.
    skip: usize,
}

impl Automaton for &Near<'_> {
    /// How much of the head was read, and the rest.
    type State = (usize, Read);

    fn start(&self) -> Self::State {
        (0, self.pattern.start())
    }

    fn is_match(&self, (read, rest): &Self::State) -> bool {
        *read >= self.head.len() && self.pattern.distance(rest).is_some()
    }

    fn can_match(&self, (_, rest): &Self::State) -> bool {
        self.pattern.can_match(rest)
    }

    fn accept(&self, (read, rest): &Self::State, byte: u8) -> Self::State {
        if self.head.get(*read).is_some_and(|wanted| *wanted != byte) {
            return (*read, Read::LOST);
        }
        let rest = if *read < self.skip { *rest } else { self.pattern.read(rest, byte) };
        ((read + 1).min(self.head.len()), rest)
    }
}
