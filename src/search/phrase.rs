//! Phrases: words next to each other in one name or one text.
//!
//! `named` has the words of names and `surface` those of texts with their positions; between two names or texts one is
//! left out. Labels of vocabulary terms are not written out in every document: a phrase is looked for in the labels, and
//! documents say which terms they state.

use crate::error::Result;
use crate::search::cursor::Worth;
use crate::search::few::Few;
use crate::search::fields::{self, SURFACE_MARK};
use crate::search::terms::{In, TermsLeaf};
use crate::search::text::{self, Word};
use crate::search::view::{SegmentData, View};
use crate::vocabulary::{self, Vocabulary};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};
use tantivy::postings::{Postings, SegmentPostings};
use tantivy::schema::IndexRecordOption;
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use tantivy::{DocId, DocSet, TERMINATED};

/// The name under which tantivy knows `Placed`.
pub(crate) const TOKENIZER: &str = "placed";

/// Terms with their positions, for `Placed` to read. Those without a place of their own all have the first, which no word
/// of a name or text has.
#[derive(Debug, Default)]
pub(crate) struct Positions {
    words: Vec<(u8, String)>,
}

impl Positions {
    /// Adds the words of a name or text.
    pub(crate) fn add(&mut self, surfaces: impl Iterator<Item = String>) {
        for (at, surface) in surfaces.enumerate() {
            self.words.push((if at == 0 { 2 } else { 1 }, surface));
        }
    }

    /// Everything as `Placed` reads it: what has no place, then the words.
    pub(crate) fn write<'a>(&'a self, unplaced: impl Iterator<Item = &'a String>) -> String {
        let placed: BTreeSet<&str> = self.words.iter().map(|(_, word)| word.as_str()).collect();
        let mut out = String::new();
        for term in unplaced.filter(|term| !placed.contains(term.as_str())) {
            push(&mut out, 0, term);
        }
        for (step, word) in &self.words {
            push(&mut out, *step, word);
        }
        out
    }
}

fn push(out: &mut String, step: u8, term: &str) {
    out.push(char::from(step));
    out.push_str(term);
    out.push('\n');
}

/// Gives back terms, each so many places behind the one before as the letter before it says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Placed;

/// The stream of `Placed`.
#[derive(Debug)]
pub(crate) struct PlacedStream<'a> {
    rest: &'a str,
    token: Token,
}

impl Tokenizer for Placed {
    type TokenStream<'a> = PlacedStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> PlacedStream<'a> {
        PlacedStream { rest: text, token: Token { position: 0, ..Token::default() } }
    }
}

impl TokenStream for PlacedStream<'_> {
    fn advance(&mut self) -> bool {
        let mut letters = self.rest.chars();
        let Some(step) = letters.next() else { return false };
        let Some((term, rest)) = letters.as_str().split_once('\n') else { return false };
        self.rest = rest;
        self.token.text.clear();
        self.token.text.push_str(term);
        self.token.position = self.token.position.saturating_add(u32::from(step) as usize);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// The documents of each segment in which words stand next to each other: in names only, or anywhere. A single word is
/// `single`'s.
pub(crate) fn documents(view: &View, words: &[Word], in_names: bool) -> Result<Vec<Arc<Few>>> {
    let fields: &[In] = if in_names { &[In::Named] } else { &[In::Named, In::Surface] };
    let mut spelled = Vec::with_capacity(fields.len());
    for field in fields {
        let words: Vec<_> = words.iter().map(|word| variants(view, *field, word)).collect::<Result<_>>()?;
        spelled.push((*field, words));
    }
    let labels = if in_names { Vec::new() } else { labels_with(words) };
    let mut documents = Vec::with_capacity(view.segments.len());
    for segment in &view.segments {
        let mut here = Vec::new();
        for (field, words) in &spelled {
            adjacent(&segment.data, *field, words, &mut here)?;
        }
        for number in &labels {
            stating(&segment.data, *number, &mut here)?;
        }
        here.sort_unstable();
        here.dedup();
        documents.push(Arc::new(Few::uncounted(here)));
    }
    Ok(documents)
}

/// The terms of a word as it is spelled, in names only or anywhere.
pub(crate) fn single(view: &View, word: &Word, in_names: bool) -> Result<Vec<TermsLeaf>> {
    let field = if in_names { In::Named } else { In::Surface };
    let variants = variants(view, field, word)?;
    variants.iter().map(|term| TermsLeaf::find(view, field, &[term], Worth::NOTHING)).collect()
}

/// The ways in which records write a word: as it was typed, or with any marks where it was typed without.
fn variants(view: &View, field: In, word: &Word) -> Result<Vec<String>> {
    if word.exact != word.folded {
        return Ok(vec![format!("{}{SURFACE_MARK}{}", word.folded, word.exact)]);
    }
    let (start, end) = (format!("{}{SURFACE_MARK}", word.folded), format!("{}\u{2}", word.folded));
    let mut variants = BTreeSet::new();
    for segment in &view.segments {
        let mut stream = field.index(&segment.data).terms().range().ge(&start).lt(&end).into_stream()?;
        while stream.advance() {
            if let Ok(term) = std::str::from_utf8(stream.key()) {
                variants.insert(term.to_owned());
            }
        }
    }
    Ok(variants.into_iter().collect())
}

/// A word of a phrase in a segment: the posting lists of its spellings.
struct Union {
    lists: Vec<SegmentPostings>,
    frequency: u64,
}

impl Union {
    fn open(data: &SegmentData, field: In, variants: &[String]) -> Result<Union> {
        let index = field.index(data);
        let mut union = Union { lists: Vec::with_capacity(variants.len()), frequency: 0 };
        for term in variants {
            if let Some(info) = index.terms().get(term)? {
                union.frequency += u64::from(info.doc_freq);
                let option = IndexRecordOption::WithFreqsAndPositions;
                union.lists.push(index.read_postings_from_terminfo(&info, option)?);
            }
        }
        Ok(union)
    }

    fn seek(&mut self, target: DocId) -> DocId {
        let seek = |list: &mut SegmentPostings| if list.doc() < target { list.seek(target) } else { list.doc() };
        self.lists.iter_mut().map(seek).min().unwrap_or(TERMINATED)
    }

    /// Where it stands in a document that was sought.
    fn positions(&mut self, doc: DocId, positions: &mut Vec<u32>, spare: &mut Vec<u32>) {
        positions.clear();
        for list in self.lists.iter_mut().filter(|list| list.doc() == doc) {
            list.positions(spare);
            positions.append(spare);
        }
    }
}

/// Adds the documents of a segment in which these words stand next to each other.
fn adjacent(data: &SegmentData, field: In, words: &[Vec<String>], out: &mut Vec<DocId>) -> Result<()> {
    let mut unions = Vec::with_capacity(words.len());
    for (place, variants) in (0_u32..).zip(words) {
        let union = Union::open(data, field, variants)?;
        if union.lists.is_empty() {
            return Ok(());
        }
        unions.push((place, union));
    }
    unions.sort_by_key(|(place, union)| (union.frequency, *place));
    let Some(((first_place, first), others)) = unions.split_first_mut() else { return Ok(()) };
    let (mut starts, mut positions, mut spare) = (Vec::new(), Vec::new(), Vec::new());
    let mut doc = first.seek(0);
    'documents: while doc != TERMINATED {
        for (_, other) in others.iter_mut() {
            let there = other.seek(doc);
            if there > doc {
                doc = first.seek(there);
                continue 'documents;
            }
        }
        first.positions(doc, &mut starts, &mut spare);
        starts.retain_mut(|start| start.checked_sub(*first_place).map(|at| *start = at).is_some());
        for (place, other) in others.iter_mut() {
            if starts.is_empty() {
                break;
            }
            other.positions(doc, &mut positions, &mut spare);
            starts.retain(|start| positions.contains(&start.saturating_add(*place)));
        }
        if !starts.is_empty() {
            out.push(doc);
        }
        doc = first.seek(doc + 1);
    }
    Ok(())
}

/// Adds the documents of a segment that state a vocabulary term.
fn stating(data: &SegmentData, number: u16, out: &mut Vec<DocId>) -> Result<()> {
    if let Some(info) = data.filter.terms().get(fields::stated_term(number))? {
        let mut postings = data.filter.read_postings_from_terminfo(&info, IndexRecordOption::Basic)?;
        while postings.doc() != TERMINATED {
            out.push(postings.doc());
            postings.advance();
        }
    }
    Ok(())
}

/// Labels and synonyms of all vocabularies as words, by the folded words in them.
struct Labels {
    all: Vec<(u16, Vec<Word>)>,
    by_word: HashMap<String, Vec<usize>>,
}

static LABELS: LazyLock<Labels> = LazyLock::new(|| {
    let mut labels = Labels { all: Vec::new(), by_word: HashMap::new() };
    for term in Vocabulary::ALL.iter().flat_map(|vocabulary| vocabulary.terms()) {
        for label in term.label.texts().map(|(_, label)| label).chain(term.synonyms.all()) {
            let words = text::words(label);
            if words.len() < 2 {
                continue;
            }
            for word in &words {
                let known = labels.by_word.entry(word.folded.clone()).or_default();
                if known.last() != Some(&labels.all.len()) {
                    known.push(labels.all.len());
                }
            }
            labels.all.push((term.number, words));
        }
    }
    labels
});

/// The terms that have a label or synonym with these words next to each other.
fn labels_with(words: &[Word]) -> Vec<u16> {
    let candidates = words.iter().map(|word| LABELS.by_word.get(&word.folded).map_or(&[][..], Vec::as_slice));
    let candidates = candidates.min_by_key(|labels| labels.len()).unwrap_or_default();
    let is_same = |(asked, there): (&Word, &Word)| {
        asked.folded == there.folded && (asked.exact == asked.folded || asked.exact == there.exact)
    };
    let holds = |label: &[Word]| label.windows(words.len()).any(|some| words.iter().zip(some).all(is_same));
    let found: BTreeSet<u16> = candidates
        .iter()
        .filter_map(|at| LABELS.all.get(*at))
        .filter(|(number, label)| holds(label) && vocabulary::by_number(*number).is_some())
        .map(|(number, _)| *number)
        .collect();
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_where_they_stood_and_names_apart() {
        let mut positions = Positions::default();
        positions.add(["a".to_owned(), "b".to_owned()].into_iter());
        positions.add(["c".to_owned()].into_iter());
        let unplaced = ["x".to_owned(), "a".to_owned()];
        let text = positions.write(unplaced.iter());
        let mut placed = Placed;
        let mut stream = placed.token_stream(&text);
        let mut seen = Vec::new();
        while stream.advance() {
            seen.push((stream.token().text.clone(), stream.token().position));
        }
        assert_eq!(seen, [("x".to_owned(), 0), ("a".to_owned(), 2), ("b".to_owned(), 3), ("c".to_owned(), 5)]);
    }
}
