//! Swedish text: spelling, stems, compounds, and what a query means. The same on both sides: what is indexed and what is
//! asked go through the same functions, which never change with what is in the registry.

pub mod address;
mod compound;
mod fold;
mod lexicon;
pub mod spelling;
mod stem;
pub mod syntax;
mod understand;

pub use fold::{exact, fold};
pub use understand::{Alternative, AlternativeKind, Clause, ClauseRole, Understanding, understand};

use icu_collator::options::CollatorOptions;
use icu_collator::preferences::CollationNumericOrdering;
use icu_collator::{Collator, CollatorBorrowed, CollatorPreferences};
use icu_locale_core::locale;
use std::ops::Range;
use std::sync::OnceLock;
use unicode_normalization::char::is_combining_mark;

/// Raised when analysis, lexicon or collation change: indexes are then made anew.
pub const VERSION: u32 = 1;

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Lower case, with its diacritics.
    pub exact: String,
    /// Without diacritics.
    pub folded: String,
    /// Stem of the folded word.
    pub stem: String,
    /// Stems of the parts of a compound, the head last, after the stems of tails that are compounds themselves.
    pub parts: Vec<String>,
    /// Where it stands in the text, in bytes.
    pub range: Range<usize>,
}

/// The words of a text, in their order.
pub fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    spelled(text, |range, surface, folded| {
        let stem = stem::stem(&folded);
        let parts = understand::parts_with_tails(&folded);
        words.push(Word { exact: exact(surface), folded, stem, parts, range });
    });
    words
}

/// The folded words of a text, joined: what whole names are compared by.
pub fn folded(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    spelled(text, |_, _, folded| {
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(&folded);
    });
    joined
}

/// Calls `work` with every word of a text: where it stands, as it is written, and folded.
fn spelled<'a>(text: &'a str, mut work: impl FnMut(Range<usize>, &'a str, String)) {
    let mut start = None;
    let is_part = |letter: char| letter.is_alphanumeric() || is_combining_mark(letter);
    for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        if is_part(letter) {
            start.get_or_insert(at);
        } else if let Some(from) = start.take() {
            let surface = text.get(from..at).unwrap_or_default();
            let folded = fold(surface);
            if !folded.is_empty() {
                work(from..at, surface, folded);
            }
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

/// Where words of a text stand that match: those whose stem, or a part's, is wanted.
pub fn matches(text: &str, stems: &dyn Fn(&str) -> bool) -> Vec<Range<usize>> {
    words(text)
        .into_iter()
        .filter(|word| stems(&word.stem) || word.parts.iter().any(|part| stems(part)))
        .map(|word| word.range)
        .collect()
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
            let composed: Vec<String> = words(&text).into_iter().map(|word| word.exact).collect();
            let apart: String = text.nfd().collect();
            let decomposed: Vec<String> = words(&apart).into_iter().map(|word| word.exact).collect();
            prop_assert_eq!(composed, decomposed);
        }
    }
}
