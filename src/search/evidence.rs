//! Where in a record a word stands, kept in the frequency of its posting.
//!
//! A term frequency says little in short records, but whether a word stands in the name, in a topic or in the
//! description decides the order. So a term occurs in the index as often as the code of its set of places says: one
//! posting list per word holds everything that matching, ranking and `matchedOn` need.

use crate::search::weights;
use std::sync::LazyLock;
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// A set of places, one bit each.
pub(crate) type Places = u8;

/// Running text.
pub(crate) const TEXT: Places = 1;
/// Label or synonym of a topic.
pub(crate) const TOPIC: Places = 2;
/// Label or synonym of another vocabulary term: kind, activity area, target group, purpose.
pub(crate) const KIND: Places = 4;
/// Name of an area.
pub(crate) const PLACE: Places = 8;
/// Name of a related record.
pub(crate) const RELATED: Places = 16;
/// Part of a compound in a name.
pub(crate) const PART: Places = 32;
/// Another name in use, or one no longer in use.
pub(crate) const ALIAS: Places = 64;
/// Official or short name.
pub(crate) const NAME: Places = 128;

/// Each place: how rare it is (common sets get small codes), how much it counts of 1000, and what it is called.
const PLACES: [(Places, u32, u32, &str); 8] = [
    (NAME, 4, weights::NAME, "name"),
    (ALIAS, 5, weights::ALIAS, "alias"),
    (PART, 5, weights::PART, "name"),
    (TOPIC, 2, weights::TOPIC, "topic"),
    (KIND, 3, weights::KIND, "kind"),
    (TEXT, 1, weights::TEXT, "text"),
    (RELATED, 3, weights::RELATED, "related"),
    (PLACE, 3, weights::PLACE, "place"),
];

/// Places in names.
const OF_NAMES: Places = NAME | ALIAS | PART;

/// A length of the official name, as scores tell it apart.
pub(crate) type NameLength = u8;

/// The class of a name by its number of words.
pub(crate) const fn name_length(words: usize) -> NameLength {
    match words {
        0..=2 => 0,
        3..=4 => 1,
        5..=7 => 2,
        _ => 3,
    }
}

/// What each code counts, by length of the name.
pub(crate) type Table = [[u32; 256]; 4];

struct Codes {
    code: [u8; 256],
    places: [Places; 256],
    worth: Table,
}

static CODES: LazyLock<Codes> = LazyLock::new(|| {
    let rarity = |places: Places| -> u32 {
        PLACES.iter().filter(|(bit, ..)| places & bit != 0).map(|(_, rarity, ..)| rarity).sum()
    };
    let mut sets: Vec<Places> = (1..=u8::MAX).collect();
    sets.sort_by_key(|places| (rarity(*places), *places));
    let mut codes = Codes { code: [0; 256], places: [0; 256], worth: [[0; 256]; 4] };
    for (code, places) in (1..=u8::MAX).zip(sets) {
        codes.code[usize::from(places)] = code;
        codes.places[usize::from(code)] = places;
        for (length, worth) in codes.worth.iter_mut().enumerate() {
            worth[usize::from(code)] = worth_of(places, length);
        }
    }
    codes
});

fn worth_of(places: Places, length: usize) -> u32 {
    let mut best = 0;
    let (mut sum, mut least) = (0, 0);
    // Of the names of a record the best counts: that it has several says nothing.
    let shortened = |(bit, _, worth, _): (Places, u32, u32, &str)| {
        let percent = if bit & (NAME | PART) != 0 { weights::LENGTH[length] } else { 100 };
        (bit, worth * percent / 100)
    };
    let held = || PLACES.into_iter().map(shortened).filter(|(bit, _)| places & bit != 0);
    let named = held().filter(|(bit, _)| bit & OF_NAMES != 0).max_by_key(|(_, worth)| *worth);
    for (bit, worth) in held() {
        if bit & OF_NAMES == 0 || named == Some((bit, worth)) {
            let further = worth * if bit == TEXT { weights::FURTHER_TEXT } else { weights::FURTHER } / 100;
            if worth > best {
                (best, least) = (worth, further);
            }
            sum += further;
        }
    }
    best + sum - least
}

/// How often a word with these places is to occur in the index.
pub(crate) fn code(places: Places) -> u8 {
    CODES.code[usize::from(places)]
}

/// The places that a frequency stands for.
pub(crate) fn places(frequency: u32) -> Places {
    u8::try_from(frequency).map_or(0, |code| CODES.places[usize::from(code)])
}

/// What each code counts.
pub(crate) fn table() -> &'static Table {
    &CODES.worth
}

/// What an occurrence counts by a table.
#[inline]
pub(crate) fn worth_in(table: &Table, frequency: u32, length: NameLength) -> u32 {
    u8::try_from(frequency).map_or(0, |code| table[usize::from(length & 3)][usize::from(code)])
}

/// What an occurrence counts, of 1000 (a little more where several places agree), by length of the name.
#[inline]
pub(crate) fn worth(frequency: u32, length: NameLength) -> u32 {
    worth_in(&CODES.worth, frequency, length)
}

/// The names of places, best first, each once.
pub(crate) fn names(places: Places) -> impl Iterator<Item = &'static str> {
    PLACES
        .iter()
        .filter(move |(bit, ..)| places & bit != 0 && (*bit != PART || places & NAME == 0))
        .map(|(.., name)| *name)
}

/// Frequencies of vocabulary numbers: whether the record states the term itself and whether as a topic.
pub(crate) const TERM_WORTH: [u32; 5] = {
    let [implied, implied_topic, stated, stated_topic] = weights::TERM;
    [0, implied, implied_topic, stated, stated_topic]
};
/// The place that each frequency of a vocabulary number stands for.
pub(crate) const TERM_PLACES: [Places; 5] = [0, KIND, TOPIC, KIND, TOPIC];

/// The frequency of a vocabulary number.
pub(crate) const fn term_frequency(topic: bool, stated: bool) -> u8 {
    match (stated, topic) {
        (false, false) => 1,
        (false, true) => 2,
        (true, false) => 3,
        (true, true) => 4,
    }
}

/// The name under which tantivy knows `Repeat`.
pub(crate) const TOKENIZER: &str = "repeat";

/// Appends a term to what `Repeat` reads.
pub(crate) fn push(text: &mut String, frequency: u8, term: &str) {
    if frequency > 0 && !term.is_empty() && !term.contains('\n') {
        text.push(char::from(frequency));
        text.push_str(term);
        text.push('\n');
    }
}

/// Gives back the terms that `push` wrote, each as often as its frequency says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Repeat;

/// The stream of `Repeat`.
#[derive(Debug)]
pub(crate) struct RepeatStream<'a> {
    rest: &'a str,
    left: u32,
    token: Token,
}

impl Tokenizer for Repeat {
    type TokenStream<'a> = RepeatStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> RepeatStream<'a> {
        RepeatStream { rest: text, left: 0, token: Token::default() }
    }
}

impl TokenStream for RepeatStream<'_> {
    fn advance(&mut self) -> bool {
        if self.left > 0 {
            self.left -= 1;
            return true;
        }
        // The frequency may itself be a line feed: it is taken off before the line is cut.
        let mut letters = self.rest.chars();
        let Some(frequency) = letters.next() else { return false };
        let Some((term, rest)) = letters.as_str().split_once('\n') else { return false };
        self.rest = rest;
        self.left = u32::from(frequency).saturating_sub(1);
        self.token.text.clear();
        self.token.text.push_str(term);
        self.token.position = 0;
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_places_are_inverse() {
        for set in 1..=u8::MAX {
            assert_eq!(places(u32::from(code(set))), set);
        }
        assert_eq!(places(0), 0);
        assert_eq!(places(256), 0);
    }

    #[test]
    fn a_name_counts_more_than_everything_below_it_together() {
        let below = worth(u32::from(code(TOPIC | KIND | TEXT | RELATED | PLACE)), 0);
        assert!(worth(u32::from(code(PART)), 0) > below);
        assert!(worth(u32::from(code(ALIAS)), 0) > below);
        assert!(worth(u32::from(code(TOPIC)), 0) > worth(u32::from(code(TEXT)), 0));
        assert!(worth(u32::from(code(TEXT)), 0) > worth(u32::from(code(RELATED)), 0));
    }

    #[test]
    fn repeat_gives_every_term_as_often_as_its_frequency() {
        let mut text = String::new();
        push(&mut text, 3, "råd");
        push(&mut text, 10, "bok");
        push(&mut text, 1, "hus");
        let mut repeat = Repeat;
        let mut stream = repeat.token_stream(&text);
        let mut seen = std::collections::BTreeMap::new();
        while stream.advance() {
            *seen.entry(stream.token().text.clone()).or_insert(0) += 1;
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [("bok".into(), 10), ("hus".into(), 1), ("råd".into(), 3)]);
    }
}
