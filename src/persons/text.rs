//! Finding a person's name, e-mail address and telephone number in text, however they are spelled there.

use std::ops::Range;
use unicode_normalization::UnicodeNormalization;

/// A number needs so many digits to tell one line from others.
const LEAST_DIGITS: usize = 6;

/// What is looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sought {
    /// Names and addresses, folded.
    words: Vec<Vec<char>>,
    /// Numbers without what stands before them abroad or at home: 920123456.
    numbers: Vec<String>,
}

/// Names, e-mail addresses and telephone numbers of one person.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// Names, each as it is written.
    pub names: Vec<String>,
    /// E-mail addresses.
    pub emails: Vec<String>,
    /// Telephone numbers.
    pub phones: Vec<String>,
}

impl Sought {
    /// What tells of a person.
    ///
    /// # Errors
    /// A word for what is too short to tell one person from others, or that nothing is given.
    pub fn of(person: &Person) -> Result<Sought, &'static str> {
        let words: Vec<Vec<char>> = person.names.iter().chain(&person.emails).map(|text| fold(text)).collect();
        if words.iter().any(|word| word.len() < 4) {
            return Err("names and addresses need four letters at least");
        }
        if person.emails.iter().any(|email| !email.contains('@')) {
            return Err("an e-mail address has an @");
        }
        let numbers: Vec<String> = person.phones.iter().map(|phone| national(&digits(phone))).collect();
        if numbers.iter().any(|number| number.len() < LEAST_DIGITS) {
            return Err("telephone numbers need six digits at least");
        }
        if words.is_empty() && numbers.is_empty() {
            return Err("a name, an e-mail address or a telephone number is needed");
        }
        Ok(Sought { words, numbers })
    }

    /// Where in a text it stands, in bytes, in order and apart.
    pub(crate) fn places(&self, text: &str) -> Vec<Range<usize>> {
        let mut places: Vec<Range<usize>> = Vec::new();
        let letters = letters(text);
        for word in &self.words {
            places.extend(words_in(&letters, word));
        }
        for number in &self.numbers {
            places.extend(numbers_in(text, number));
        }
        places.sort_by_key(|place| (place.start, place.end));
        let mut apart: Vec<Range<usize>> = Vec::with_capacity(places.len());
        for place in places {
            match apart.last_mut() {
                Some(last) if place.start < last.end => last.end = last.end.max(place.end),
                _ => apart.push(place),
            }
        }
        apart
    }

    /// Whether it stands in a text.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        !self.places(text).is_empty()
    }

    /// The text with something else in its place.
    pub(crate) fn replaced(&self, text: &str, by: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut end = 0;
        for place in self.places(text) {
            out.push_str(text.get(end..place.start).unwrap_or_default());
            out.push_str(by);
            end = place.end;
        }
        out.push_str(text.get(end..).unwrap_or_default());
        out
    }
}

/// Letters in lower case and one blank for each gap.
fn fold(text: &str) -> Vec<char> {
    let text: String = text.nfc().collect();
    letters(text.trim()).into_iter().map(|letter| letter.folded).collect()
}

/// A letter as it is compared, and where it stands.
struct Letter {
    folded: char,
    place: Range<usize>,
}

fn letters(text: &str) -> Vec<Letter> {
    let mut letters: Vec<Letter> = Vec::with_capacity(text.len());
    for (at, letter) in text.char_indices() {
        let place = at..at + letter.len_utf8();
        if letter.is_whitespace() || letter == '\u{a0}' {
            match letters.last_mut() {
                Some(last) if last.folded == ' ' => last.place.end = place.end,
                _ => letters.push(Letter { folded: ' ', place }),
            }
        } else {
            letters.extend(letter.to_lowercase().map(|folded| Letter { folded, place: place.clone() }));
        }
    }
    letters
}

fn words_in<'a>(letters: &'a [Letter], word: &'a [char]) -> impl Iterator<Item = Range<usize>> + 'a {
    let is_part = |at: Option<&Letter>| at.is_some_and(|letter| letter.folded.is_alphanumeric());
    letters.windows(word.len().max(1)).enumerate().filter_map(move |(at, window)| {
        let same = window.iter().zip(word).all(|(letter, wanted)| letter.folded == *wanted);
        let before = at.checked_sub(1).and_then(|before| letters.get(before));
        // A name may have an s at its end: Anna Anderssons. An address stands alone.
        let mut end = at + word.len();
        if letters.get(end).is_some_and(|letter| letter.folded == 's') && !word.contains(&'@') {
            end += 1;
        }
        let alone = !is_part(before) && (!is_part(letters.get(at + word.len())) || !is_part(letters.get(end)));
        let (first, last) = (window.first()?, window.last()?);
        (same && alone).then(|| first.place.start..last.place.end)
    })
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// A number without 0046, 46 or 0 before it.
fn national(digits: &str) -> String {
    let rest = digits.strip_prefix("0046").or_else(|| digits.strip_prefix("46")).unwrap_or(digits);
    rest.trim_start_matches('0').to_owned()
}

/// Runs of digits with what may stand between them.
fn numbers_in(text: &str, number: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut run: Vec<(char, Range<usize>)> = Vec::new();
    let mut look = |run: &mut Vec<(char, Range<usize>)>| {
        let all: String = run.iter().map(|(digit, _)| *digit).collect();
        if let Some(at) = all.find(number) {
            // What stands before it belongs to it: 0, 46, 0046 or 46(0).
            let lead = all.get(..at).unwrap_or_default();
            let from = if ["0", "46", "0046", "460", "00460", "004600"].contains(&lead) { 0 } else { at };
            let first = run.get(from).map(|(_, place)| place.start);
            let last = run.get(at + number.len() - 1).map(|(_, place)| place.end);
            found.extend(first.zip(last).map(|(first, last)| first..last));
        }
        run.clear();
    };
    for (at, letter) in text.char_indices() {
        if letter.is_ascii_digit() {
            run.push((letter, at..at + 1));
        } else if !" -–()/.+\u{a0}".contains(letter) {
            look(&mut run);
        }
    }
    look(&mut run);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sought(names: &[&str], emails: &[&str], phones: &[&str]) -> Sought {
        let all = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Sought::of(&Person { names: all(names), emails: all(emails), phones: all(phones) }).unwrap()
    }

    #[test]
    fn a_name_is_found_however_it_is_written_and_not_within_others() {
        let anna = sought(&["Åsa  Öberg"], &[], &[]);
        for text in ["åsa öberg", "Ring ÅSA\u{a0}ÖBERG.", "Åsa\nÖberg, ordförande", "(Åsa Öbergs nummer)"] {
            assert!(anna.is_in(text), "{text}");
        }
        for text in ["Åsa Öbergsson", "Åsa Oberg", "Måsa Öberg", "Åsa och Öberg", ""] {
            assert!(!anna.is_in(text), "{text}");
        }
        assert_eq!(anna.replaced("Ring Åsa Öberg, Åsa  Öberg!", "…"), "Ring …, …!");
    }

    #[test]
    fn an_address_is_found_whatever_its_case() {
        let sought = sought(&[], &["Asa.Oberg@Example.org"], &[]);
        assert!(sought.is_in("mailto:asa.oberg@example.org?subject=x"));
        assert!(!sought.is_in("lasa.oberg@example.org") && !sought.is_in("asa.oberg@example.orgs"));
    }

    #[test]
    fn a_number_is_found_at_home_and_abroad() {
        let sought = sought(&[], &[], &["+46 (0)70-123 45 67"]);
        for text in ["0701234567", "070-123 45 67", "+46 70 123 45 67", "0046701234567", "tel. +46(0)70-1234567."] {
            assert!(sought.is_in(text), "{text}");
            assert!(!sought.replaced(text, "…").contains("123"), "{text}");
        }
        for text in ["0701234568", "123", "70-12 34, 567"] {
            assert!(!sought.is_in(text), "{text}");
        }
    }

    #[test]
    fn what_tells_nobody_apart_is_refused() {
        let person = |name: &str, phone: &str| {
            let list = |text: &str| if text.is_empty() { Vec::new() } else { vec![text.to_owned()] };
            Sought::of(&Person { names: list(name), emails: Vec::new(), phones: list(phone) })
        };
        assert!(person("Bo", "").is_err() && person("", "12345").is_err() && person("", "").is_err());
        assert!(person("Bo Ek", "").is_ok());
    }
}
