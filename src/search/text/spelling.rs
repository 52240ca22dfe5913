//! How far a word may be from what was meant.

use super::lexicon::lexicon;

/// How many letters may differ: none in short words, very long ones, numbers and abbreviations, one in words of up to eight
/// letters, two in longer ones.
pub fn distance_allowed(word: &str) -> u8 {
    if word.chars().any(char::is_numeric) || lexicon().expansions.contains_key(word) {
        return 0;
    }
    match word.chars().count() {
        0..=3 => 0,
        4..=8 => 1,
        9..=MOST_LETTERS => 2,
        _ => 0,
    }
}

/// A word that others are compared with, letter by letter as they are read: how many letters differ. Two letters that changed
/// places count as one.
///
/// Rows of bits (after Wu and Manber): in the row of so many errors, a bit is set when that many of the word's first letters
/// match what was read. Where n letters were read, these can only be n less or more the errors that are allowed, so that a row
/// is five bits, which go along with n. There is nothing to make but a mask for each letter, where an automaton of the crate
/// `levenshtein_automata` has a table of a kilobyte for each of its states.
pub struct Pattern {
    /// For letters, their places in the word: the first is bit 3, so that what stands two before the word has a place.
    ascii: [u64; 128],
    others: Vec<(char, u64)>,
    letters: usize,
    allowed: usize,
    /// Whether a beginning of what is read suffices.
    beginning: bool,
}

/// So many errors are allowed at most.
const MOST_ALLOWED: usize = 2;
/// Longer words have no pattern.
const MOST_LETTERS: usize = 60;
/// The bits of a row.
const ROW: u8 = 0b11111;
/// The bit of as many first letters of the word as were read.
const LEVEL: usize = MOST_ALLOWED;

/// What a pattern was compared with so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Read {
    letters: u8,
    rows: [u8; MOST_ALLOWED + 1],
    /// Where the next letter may be the second of two that changed places.
    swaps: [u8; MOST_ALLOWED],
    /// Of a letter of several bytes, how many are missing and what was read.
    missing: u8,
    letter: u32,
    /// With how many errors a beginning matched.
    began: Option<u8>,
}

impl Read {
    /// Nothing that begins so matches.
    pub const LOST: Read =
        Read { letters: 0, rows: [0; MOST_ALLOWED + 1], swaps: [0; MOST_ALLOWED], missing: 0, letter: 0, began: None };
}

impl Pattern {
    /// The pattern of a word and of so many errors; `None` for 0, and for words of very many letters.
    pub fn new(word: &str, allowed: u8) -> Option<Pattern> {
        let allowed = usize::from(allowed).min(MOST_ALLOWED);
        let mut pattern = Pattern { ascii: [0; 128], others: Vec::new(), letters: 0, allowed, beginning: false };
        for letter in word.chars() {
            pattern.letters += 1;
            if pattern.letters > MOST_LETTERS {
                return None;
            }
            *pattern.mask_of(letter) |= 1 << (pattern.letters + LEVEL);
        }
        (allowed > 0).then_some(pattern)
    }

    /// The pattern of words that begin with these letters, or differ from that in one of them.
    pub fn beginning(letters: &str) -> Option<Pattern> {
        Pattern::new(letters, 1).map(|pattern| Pattern { beginning: true, ..pattern })
    }

    fn mask_of(&mut self, letter: char) -> &mut u64 {
        if letter.is_ascii() {
            return &mut self.ascii[letter as usize % 128];
        }
        let at = self.others.iter().position(|(known, _)| *known == letter).unwrap_or_else(|| {
            self.others.push((letter, 0));
            self.others.len() - 1
        });
        &mut self.others[at].1
    }

    /// Nothing was read yet.
    pub fn start(&self) -> Read {
        let mut read = Read::LOST;
        for (errors, row) in read.rows.iter_mut().enumerate().take(self.allowed + 1) {
            *row = ((2 << errors.min(self.letters)) - 1) << LEVEL & ROW;
        }
        Read { began: if self.beginning { self.errors(&read) } else { None }, ..read }
    }

    /// One more byte of UTF-8 is read.
    #[inline]
    pub fn read(&self, read: &Read, byte: u8) -> Read {
        if byte < 0x80 {
            return self.step(read, self.ascii[usize::from(byte) % 128]);
        }
        let (letter, missing) = match byte {
            0x80..0xc0 => (read.letter << 6 | u32::from(byte & 0x3f), read.missing.saturating_sub(1)),
            0xc0..0xe0 => (u32::from(byte & 0x1f), 1),
            0xe0..0xf0 => (u32::from(byte & 0x0f), 2),
            _ => (u32::from(byte & 0x07), 3),
        };
        if missing > 0 {
            return Read { letter, missing, ..*read };
        }
        let known = self.others.iter().find(|(known, _)| u32::from(*known) == letter);
        self.step(read, known.map_or(0, |(_, mask)| *mask))
    }

    #[inline]
    fn step(&self, read: &Read, mask: u64) -> Read {
        let letters = read.letters.saturating_add(1);
        // No more letters of the word than it has.
        let within = match (self.letters + LEVEL).checked_sub(usize::from(letters)) {
            Some(last) if last < 5 => (2 << last) - 1,
            Some(_) => ROW,
            None => 0,
        };
        let mask = mask.unbounded_shr(letters.into()).to_le_bytes()[0];
        let old = &read.rows;
        let (mut rows, mut swaps) = ([0; MOST_ALLOWED + 1], [0; MOST_ALLOWED]);
        rows[0] = old[0] & mask & within;
        for errors in 1..=self.allowed {
            let fewer = errors - 1;
            let same = old[errors] & mask;
            let (more, other, lacking) = (old[fewer] >> 1, old[fewer], rows[fewer] << 1);
            let swapped = read.swaps[fewer] >> 1 & mask << 1;
            rows[errors] = (same | more | other | lacking | swapped) & within;
            swaps[fewer] = old[fewer] << 1 & mask & ROW;
        }
        let next = Read { letters, rows, swaps, missing: 0, letter: 0, began: read.began };
        if self.beginning && next.began.is_none() { Read { began: self.errors(&next), ..next } } else { next }
    }

    fn errors(&self, read: &Read) -> Option<u8> {
        let last = (self.letters + LEVEL).checked_sub(read.letters.into()).filter(|last| *last < 5)?;
        let matched = read.rows.iter().take(self.allowed + 1).position(|row| row >> last & 1 == 1);
        matched.and_then(|errors| u8::try_from(errors).ok())
    }

    /// How many letters differ of what was read; `None` when more than are allowed.
    pub fn distance(&self, read: &Read) -> Option<u8> {
        if self.beginning || read.missing > 0 { read.began } else { self.errors(read) }
    }

    /// Whether more letters can make a match of what was read.
    #[inline]
    pub fn can_match(&self, read: &Read) -> bool {
        read.began.is_some() || read.rows[self.allowed] != 0
    }

    /// How many letters of a word differ; `None` when more than are allowed.
    pub fn distance_of(&self, word: &str) -> Option<u8> {
        self.distance(&word.bytes().fold(self.start(), |read, byte| self.read(&read, byte)))
    }
}

/// Candidates in order: the nearest first, of these the most frequent, then by letters.
pub fn rank(mut found: Vec<(String, u8, u64)>) -> Vec<(String, u8, u64)> {
    found.sort_by(|a, b| a.1.cmp(&b.1).then(b.2.cmp(&a.2)).then_with(|| a.0.cmp(&b.0)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::tests::reference::spelling::distance;
    use proptest::prelude::*;

    /// Whether a word may still become a match is said of its beginnings.
    fn every_beginning_can_match(pattern: &Pattern, word: &str) -> bool {
        let mut read = pattern.start();
        word.bytes().all(|byte| {
            read = pattern.read(&read, byte);
            pattern.can_match(&read)
        })
    }

    proptest! {
        #[test]
        fn letters_that_differ_are_counted(
            word in "[abå\u{436}\u{1f600}]{0,9}", other in "[abå\u{436}\u{1f600}c]{0,9}", allowed in 1_u8..=2,
        ) {
            let pattern = Pattern::new(&word, allowed).unwrap();
            let within = Some(distance(&word, &other)).filter(|far| *far <= allowed);
            prop_assert_eq!(pattern.distance_of(&other), within);
            prop_assert!(within.is_none() || every_beginning_can_match(&pattern, &other));
        }

        #[test]
        fn a_beginning_suffices_where_it_is_asked_for(word in "[abå]{0,6}", other in "[abåc]{0,9}") {
            let pattern = Pattern::beginning(&word).unwrap();
            let ends = other.char_indices().map(|(at, _)| at).chain([other.len()]);
            let matches = ends.into_iter().any(|end| distance(&word, &other[..end]) <= 1);
            prop_assert_eq!(pattern.distance_of(&other).is_some(), matches);
            prop_assert!(!matches || every_beginning_can_match(&pattern, &other));
        }
    }

    #[test]
    fn words_have_as_many_letters_as_there_are_bits() {
        let longest = "ö".repeat(MOST_LETTERS);
        let pattern = Pattern::new(&longest, 1).unwrap();
        assert_eq!(pattern.distance_of(&longest), Some(0));
        assert_eq!(pattern.distance_of(&longest[2..]), Some(1));
        assert_eq!(pattern.distance_of(&format!("{longest}ö")), Some(1));
        assert_eq!(pattern.distance_of(&longest[4..]), None);
        assert!(Pattern::new(&format!("{longest}ö"), 1).is_none());
        assert!(Pattern::new("ord", 0).is_none());
    }
}
