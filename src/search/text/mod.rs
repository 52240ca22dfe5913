//! Swedish text: spelling, stems, compounds, and what a query means. The same on both sides: what is indexed and what is
//! asked go through the same functions, which never change with what is in the registry.

pub mod address;
mod compound;
mod concepts;
mod fillers;
mod fold;
mod lexicon;
mod memo;
pub mod spelling;
mod stem;
pub mod syntax;
mod understand;

pub(crate) use concepts::named_type;
pub use fold::{exact, fold};
pub use lexicon::count as count_frequencies;
pub use understand::{Alternative, AlternativeKind, Alternatives, Clause, ClauseRole, Understanding, understand};

use crate::search::weights;
use icu_collator::options::CollatorOptions;
use icu_collator::preferences::CollationNumericOrdering;
use icu_collator::{Collator, CollatorBorrowed, CollatorPreferences};
use icu_locale_core::locale;
use memo::Memo;
use std::ops::{Deref, Range};
use std::sync::{Arc, OnceLock};
use unicode_normalization::char::is_combining_mark;

/// Raised when analysis, lexicon or collation change: indexes are then made anew.
pub const VERSION: u32 = 3;

/// Before a stem that keeps its å, ä and ö: what a word is found by that was typed with them.
pub const MARKED: char = '\u{7}';
/// Before the stem of a word in a text that has no å, ä and ö at all, and may lack them.
pub const PLAIN: char = '\u{8}';

/// A word of a text. Its forms are shared with other words of the same letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    forms: Arc<Forms>,
    /// Where it stands in the text, in bytes.
    pub range: Range<usize>,
}

impl Deref for Word {
    type Target = Forms;

    fn deref(&self) -> &Forms {
        &self.forms
    }
}

/// What a word is found by, told by its letters alone.
#[derive(Debug, PartialEq, Eq)]
pub struct Forms {
    /// Lower case, with its diacritics.
    pub exact: String,
    /// Without diacritics.
    pub folded: String,
    /// Without diacritics but å, ä and ö.
    letters: String,
    /// Stem of the folded word.
    pub stem: String,
    /// The same with its å, ä and ö, behind `MARKED`; `None` where it has none.
    pub marked: Option<String>,
    /// Stems of the parts of a compound, the head last, after the stems of tails and fronts that are compounds themselves.
    pub parts: Vec<String>,
    /// Of these, the ones with å, ä or ö, as in `marked`.
    pub marked_parts: Vec<String>,
    /// Whether it only asks or joins.
    filler: bool,
    /// Whether any organisation is called so.
    generic: bool,
}

impl Word {
    /// A word as it was typed; `None` when nothing of it is left without its marks.
    pub(crate) fn new(surface: &str, range: Range<usize>) -> Option<Word> {
        static READ: Memo<Option<Arc<Forms>>> = Memo::new();
        let forms = READ.get(surface, || Forms::read(surface).map(Arc::new))?;
        Some(Word { forms, range })
    }

    /// Ways to match as it was typed: with its å, ä and ö, or lacking them in a text that has none; without them in any spelling.
    pub(crate) fn ways(&self) -> Vec<Alternative> {
        let stem = |stem: &str, weight| understand::alternative(AlternativeKind::Stem(stem.to_owned()), weight);
        match &self.marked {
            Some(marked) => vec![stem(marked, weights::TYPED), stem(&plain(&self.stem), weights::PLAIN)],
            None => vec![stem(&self.stem, weights::TYPED)],
        }
    }
}

impl Forms {
    fn read(surface: &str) -> Option<Forms> {
        let folded = fold(surface);
        if folded.is_empty() {
            return None;
        }
        let stem = stem::stem(&folded);
        let letters = fold::spelled(surface);
        let marked = stem::stem_spelled(&folded, &stem, &letters).map(mark);
        let exact = exact(surface);
        let mut parts = Vec::new();
        let mut marked_parts = Vec::new();
        for part in understand::parts_and_wholes(&folded) {
            marked_parts.extend(marked_part(&folded, &letters, &part));
            parts.push(part.stem);
        }
        let spellings = [letters.as_str(), folded.as_str()];
        let (filler, generic) = (fillers::is_filler(spellings), fillers::is_generic(spellings));
        Some(Forms { exact, folded, letters, stem, marked, parts, marked_parts, filler, generic })
    }

    /// Its stem with its å, ä and ö, where it has some.
    pub(crate) fn own_stem(&self) -> &String {
        self.marked.as_ref().unwrap_or(&self.stem)
    }

    /// What the word is found by: its stem and its parts', plain and with their own letters.
    pub fn terms(&self) -> impl Iterator<Item = &str> {
        let own = std::iter::once(&self.stem).chain(&self.marked);
        own.chain(&self.parts).chain(&self.marked_parts).map(String::as_str)
    }

    /// What it is found by besides where its text has no å, ä and ö: a word that lacks them may be meant by one that has them.
    pub fn plain_terms(&self) -> impl Iterator<Item = String> {
        let lexicon = lexicon::lexicon();
        let simple = !self.parts.is_empty() && !self.parts.iter().any(|part| lexicon.may_lack_marks(part));
        let own = (!simple).then_some(&self.stem);
        own.into_iter().chain(&self.parts).filter(|stem| lexicon.may_lack_marks(stem)).map(|stem| plain(stem))
    }
}

/// What the whole of a word is found by that words make together: without its parts, which take far longer to tell.
fn joined_term(first: &[Word], link: &str, second: &[Word]) -> String {
    let joined = |of: fn(&Word) -> &str| -> String {
        let (front, back) = (first.iter().map(of), second.iter().map(of));
        front.chain(std::iter::once(link)).chain(back).collect()
    };
    let folded = joined(|word| &word.folded);
    let stem = stem::stem(&folded);
    let marked = stem::stem_spelled(&folded, &stem, &joined(|word| &word.letters)).map(mark);
    marked.unwrap_or(stem)
}

fn mark(stem: String) -> String {
    format!("{MARKED}{stem}")
}

fn plain(stem: &str) -> String {
    format!("{PLAIN}{stem}")
}

fn marked_part(folded: &str, letters: &str, part: &compound::Part) -> Option<String> {
    let own: String = letters.chars().skip(part.range.start).take(part.range.len()).collect();
    stem::stem_spelled(folded.get(part.range.clone())?, &part.stem, &own).map(mark)
}

/// The parts of a compound as they are written, without the s between them, of one that the lexicon keeps together too; empty
/// when it is none.
pub fn compound_parts(surface: &str) -> Vec<String> {
    let letters: Vec<char> = exact(surface).chars().collect();
    let parts = compound::parts_of_any(&fold(surface));
    let last = parts.len().saturating_sub(1);
    let written = |(at, part): (usize, compound::Part)| {
        let own: String = letters.get(part.range.clone())?.iter().collect();
        let bare = own.strip_suffix('s').filter(|_| at < last && !part.stem.ends_with('s'));
        Some(bare.map_or_else(|| own.clone(), str::to_owned))
    };
    parts.into_iter().enumerate().filter_map(written).collect()
}

/// Whether a text has å, ä or ö: then its writer would have spelled other words with them too.
pub fn has_marks(text: &str) -> bool {
    fold::is_marked(&fold::spelled(text))
}

/// The words of a text, in their order.
pub fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    spelled(text, |range, surface| words.extend(Word::new(surface, range)));
    words
}

/// The folded words of a text, joined: what whole names are compared by.
pub fn folded(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    spelled(text, |_, surface| {
        let folded = fold(surface);
        if !joined.is_empty() && !folded.is_empty() {
            joined.push(' ');
        }
        joined.push_str(&folded);
    });
    joined
}

/// Calls `work` with every word of a text: where it stands and as it is written.
fn spelled<'a>(text: &'a str, mut work: impl FnMut(Range<usize>, &'a str)) {
    let mut start = None;
    let is_part = |letter: char| letter.is_alphanumeric() || is_combining_mark(letter);
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        if is_part(letter) {
            start.get_or_insert(at);
        } else if let Some(from) = start.take() {
            work(from..at, text.get(from..at).unwrap_or_default());
        }
    }
}

/// A key whose bytes compare as names stand in Swedish alphabetical order: å, ä and ö last, numbers by their value.
pub fn sort_key(name: &str) -> Vec<u8> {
    static COLLATOR: OnceLock<Option<CollatorBorrowed<'static>>> = OnceLock::new();
    let collator = COLLATOR.get_or_init(|| {
        let mut preferences = CollatorPreferences::from(locale!("sv"));
        preferences.numeric_ordering = Some(CollationNumericOrdering::True);
        // The data is compiled in; a test sorts by it.
        Collator::try_new(preferences, CollatorOptions::default()).ok()
    });
    let mut key = Vec::with_capacity(name.len() * 2);
    match collator {
        Some(collator) => {
            let Ok(()) = collator.write_sort_key_to(name, &mut key);
        }
        None => key.extend(fold(name).into_bytes()),
    }
    key
}

/// Where words of a text stand that match: those with a term that is wanted.
pub fn matches(text: &str, wanted: &dyn Fn(&str) -> bool) -> Vec<Range<usize>> {
    let plain = !has_marks(text);
    let is_match = |word: &Word| word.terms().any(wanted) || plain && word.plain_terms().any(|term| wanted(&term));
    words(text).into_iter().filter(is_match).map(|word| word.range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_stand_in_swedish_order() {
        let mut names = vec!["Örnen", "Ärlan", "Zebran", "Ålen", "Grupp 10", "Grupp 9", "alfa"];
        names.sort_by_key(|name| sort_key(name));
        assert_eq!(names, ["alfa", "Grupp 9", "Grupp 10", "Zebran", "Ålen", "Ärlan", "Örnen"]);
    }

    #[test]
    fn letters_typed_plain_are_the_same_word() {
        for (one, other) in
            [("Luleå", "lulea"), ("Älvsbyn", "alvsbyn"), ("Sámediggi", "samediggi"), ("Váhčir", "vahcir")]
        {
            assert_eq!(words(one)[0].stem, words(other)[0].stem);
        }
    }

    #[test]
    fn a_compound_is_found_by_its_tail() {
        let council = &words("Länspensionärsrådet")[0];
        assert!(council.parts.contains(&words("pensionärsråd")[0].stem), "{council:?}");
        assert!(council.parts.contains(&words("rådet")[0].stem));
    }

    proptest! {
        #[test]
        fn every_word_stands_where_it_says(text in "\\PC{0,80}") {
            for word in words(&text) {
                prop_assert!(text.get(word.range.clone()).is_some());
            }
            let _ = understand(&text);
            let _ = sort_key(&text);
        }

        #[test]
        fn decomposed_letters_are_read_as_composed(text in "[a-zåäöÅÄÖ ]{0,40}") {
            use unicode_normalization::UnicodeNormalization;
            let composed: Vec<String> = words(&text).into_iter().map(|word| word.exact.clone()).collect();
            let apart: String = text.nfd().collect();
            let decomposed: Vec<String> = words(&apart).into_iter().map(|word| word.exact.clone()).collect();
            prop_assert_eq!(composed, decomposed);
        }
    }
}
