//! Suggestions while typing: names that begin so, topics, then names with words that begin so.

use crate::error::Result;
use crate::resources::values::TextLanguage;
use crate::resources::{Audience, Kind};
use crate::search::collect::{Conditions, Found, Matches, Pass};
use crate::search::cursor::Worth;
use crate::search::fields::{PREFIX_LETTERS, START_MARK, vocabulary_term};
use crate::search::intake::{default_kinds, kinds_mask, whole};
use crate::search::order::Order;
use crate::search::query::{Query, Sort, SortBy, Suggestion, SuggestionKind};
use crate::search::searcher::Searcher;
use crate::search::stored::Stored;
use crate::search::terms::{self, In, TermsLeaf};
use crate::search::text::{self, Word};
use crate::search::view::View;
use crate::vocabulary::{Term, Vocabulary};
use std::collections::HashSet;
use std::sync::LazyLock;

/// At most so many suggestions are given.
const MOST: usize = 100;
/// At most so many of them are topics.
const MOST_TOPICS: usize = 3;
/// At most so many words are looked at.
const MOST_WORDS: usize = 8;
/// So many candidates are read for each suggestion, since long beginnings have to be compared letter by letter.
const CANDIDATES: usize = 4;

impl Searcher {
    /// What a text may become: records that the asker may see and, unless kinds are named, topics that such records
    /// have. From one letter.
    pub fn suggest(
        &self,
        asker: Audience,
        text: &str,
        kinds: &[Kind],
        lang: TextLanguage,
        limit: usize,
    ) -> Result<Vec<Suggestion>> {
        let mut words = text::words(crate::search::build_query::bounded(text));
        words.truncate(MOST_WORDS);
        let limit = limit.min(MOST);
        if words.is_empty() || limit == 0 {
            return Ok(Vec::new());
        }
        let typed = Typed { whole: whole(&words), words };
        let records = Records { view: &self.view, asker, kinds, lang };
        let mut suggestions = records.beginning(&typed, limit)?;
        if kinds.is_empty() {
            let topics = topics(&self.view, asker, &typed, lang)?;
            let room = suggestions.len().min(limit.saturating_sub(topics.len()));
            suggestions.truncate(room);
            suggestions.extend(topics.into_iter().take(limit - room));
        }
        if suggestions.len() < limit {
            for suggestion in records.containing(&typed, limit)? {
                if suggestions.len() < limit && !suggestions.iter().any(|known| known.kind == suggestion.kind) {
                    suggestions.push(suggestion);
                }
            }
        }
        Ok(suggestions)
    }
}

struct Typed {
    words: Vec<Word>,
    whole: String,
}

impl Typed {
    /// Whether a folded name begins with what was typed.
    fn begins(&self, name: &str) -> bool {
        name.starts_with(&self.whole)
    }

    /// Whether every word typed begins a word of a folded name.
    fn contained(&self, name: &str) -> bool {
        self.words.iter().all(|word| name.split(' ').any(|other| other.starts_with(&word.folded)))
    }
}

struct Records<'a> {
    view: &'a View,
    asker: Audience,
    kinds: &'a [Kind],
    lang: TextLanguage,
}

fn first_letters(text: &str) -> &str {
    text.char_indices().nth(PREFIX_LETTERS).map_or(text, |(at, _)| &text[..at])
}

impl Records<'_> {
    /// Records with a name that begins with what was typed.
    fn beginning(&self, typed: &Typed, limit: usize) -> Result<Vec<Suggestion>> {
        let term = format!("{START_MARK}{}", first_letters(&typed.whole));
        self.records(&[term], limit, &|name| typed.begins(name))
    }

    /// Records with a name that has words which begin so.
    fn containing(&self, typed: &Typed, limit: usize) -> Result<Vec<Suggestion>> {
        let terms: Vec<String> = typed.words.iter().map(|word| first_letters(&word.folded).to_owned()).collect();
        self.records(&terms, limit, &|name| typed.contained(name))
    }

    fn records(&self, terms: &[String], limit: usize, fits: &dyn Fn(&str) -> bool) -> Result<Vec<Suggestion>> {
        let terms: Vec<&str> = terms.iter().map(String::as_str).collect();
        let leaf = TermsLeaf::find(self.view, In::Prefix, &terms, Worth::NOTHING)?;
        let order = Order::new(&[Sort { by: SortBy::Name, descending: false }], None, false);
        let query = Query::default();
        let kinds = if self.kinds.is_empty() { default_kinds() } else { kinds_mask(self.kinds) };
        let pass = Pass {
            view: self.view,
            conditions: Conditions::new(self.asker, kinds, &query),
            order: Some(&order),
            keep: limit * CANDIDATES,
            after: None,
            facets: &[],
            count_kinds: false,
            area_worth: &[],
            scored: false,
            enough: usize::MAX,
        };
        let collected = pass.run(&|segment| {
            let source = terms::any(std::slice::from_ref(&leaf), self.view, segment)?;
            Ok(source.map(|source| Matches { source, signals: Vec::new() }))
        })?;
        let mut sorted: Vec<(u8, Vec<u8>, Found)> = Vec::with_capacity(collected.found.len());
        for found in collected.found {
            let data = &self.view.segment(found.segment)?.data;
            sorted.push((data.features(found.doc).rest(), order.encode(data, found.doc, &found.keys)?, found));
        }
        // Each segment gave so many candidates: the first of them all are the same however records are spread.
        sorted.sort_unstable_by(|one, other| (&one.1, one.2.tie).cmp(&(&other.1, other.2.tie)));
        sorted.truncate(limit * CANDIDATES);
        sorted.sort_by_key(|(rest, ..)| *rest);
        let mut suggestions = Vec::new();
        for (.., found) in sorted {
            if suggestions.len() == limit {
                break;
            }
            suggestions.extend(self.suggestion(&found, fits)?);
        }
        Ok(suggestions)
    }

    fn suggestion(&self, found: &Found, fits: &dyn Fn(&str) -> bool) -> Result<Option<Suggestion>> {
        let data = &self.view.segment(found.segment)?.data;
        let Some(stored) = data.ready.get(found.doc).and_then(Stored::read) else { return Ok(None) };
        let title = stored.title(Some(self.lang));
        let fits = |name: &str| fits(&whole(&text::words(name)));
        let matched = if fits(title) {
            None
        } else {
            match stored.words().0.into_iter().find(|(_, name)| fits(name)) {
                Some((_, name)) => Some(name.to_owned()),
                None => return Ok(None),
            }
        };
        Ok(Some(Suggestion {
            kind: SuggestionKind::Record(stored.kind, stored.id),
            title: title.to_owned(),
            matched: matched.filter(|name| name != title),
        }))
    }
}

/// The labels and synonyms of topics, folded once.
static TOPICS: LazyLock<Vec<(&'static Term, Vec<(&'static str, String)>)>> = LazyLock::new(|| {
    let names = |term: &'static Term| term.label.texts().map(|(_, label)| label).chain(term.synonyms.all());
    let folded = |term| names(term).map(|name| (name, whole(&text::words(name)))).collect();
    Vocabulary::Topics.terms().iter().map(|term| (term, folded(term))).collect()
});

/// Topics that visible records have and whose label or synonym begins with what was typed.
fn topics(view: &View, asker: Audience, typed: &Typed, lang: TextLanguage) -> Result<Vec<Suggestion>> {
    let mut found: Vec<(bool, &str, Suggestion)> = Vec::new();
    let mut seen = HashSet::new();
    for (term, names) in TOPICS.iter() {
        let title = term.title(lang);
        let own = names.iter().find(|(name, folded)| *name == title && typed.begins(folded));
        let Some((name, _)) = own.or_else(|| names.iter().find(|(_, folded)| typed.begins(folded))) else { continue };
        let leaf = TermsLeaf::find(view, In::All, &[&vocabulary_term(term.number)], Worth::Vocabulary)?;
        if leaf.shows(view, asker)? && seen.insert(term.number) {
            let suggestion = Suggestion {
                kind: SuggestionKind::Topic(term.number),
                title: title.to_owned(),
                matched: (*name != title).then(|| (*name).to_owned()),
            };
            found.push((own.is_none(), title, suggestion));
        }
    }
    found.sort_by(|one, other| (one.0, one.1).cmp(&(other.0, other.1)));
    Ok(found.into_iter().map(|(.., suggestion)| suggestion).take(MOST_TOPICS).collect())
}
