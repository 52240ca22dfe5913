//! The query string, read strictly: percent-encoding, UTF-8, NFC, no control characters, nothing swallowed.

use crate::api::values::whole;
use crate::error::{Code, Error, FieldError, Message, Result};
use actix_web::HttpRequest;
use actix_web::http::header::HeaderMap;
use std::borrow::Cow;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};
use uuid::Uuid;

/// The longest address that is read, in bytes.
pub const LONGEST_ADDRESS: usize = 8 * 1024;
/// The longest headers, names and values together.
const LONGEST_HEADERS: usize = 32 * 1024;

/// The parameters of a request in their order; a name may stand several times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params {
    pairs: Vec<(String, String)>,
}

impl Params {
    /// The parameters of a request.
    ///
    /// # Errors
    /// 414 for an address over 8 KiB, 400 for what cannot be read, with the name of every such parameter.
    pub fn of(request: &HttpRequest) -> Result<Params> {
        check_address(request.uri().path(), request.query_string())?;
        Params::parse(request.query_string())
    }

    /// Reads a raw query string.
    ///
    /// # Errors
    /// 400 with the name of every parameter that cannot be read.
    pub fn parse(raw: &str) -> Result<Params> {
        let mut pairs = Vec::new();
        let mut errors = Vec::new();
        for piece in raw.split('&').filter(|piece| !piece.is_empty()) {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            let Ok(name) = decode(name, true) else {
                return Err(Error::problem(
                    Code::Malformed,
                    Message::fixed(
                        "Namnet på en parameter går inte att läsa.",
                        "The name of a parameter cannot be read.",
                    ),
                ));
            };
            match decode(value, true) {
                Ok(value) => pairs.push((name, value)),
                Err(flaw) => errors.push(FieldError::parameter(name, flaw.code(), flaw.message())),
            }
        }
        if errors.is_empty() { Ok(Params { pairs }) } else { Err(wrong_parameters(errors)) }
    }

    /// All pairs, in the order of the address.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// All values of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.pairs().filter(move |(other, _)| *other == name).map(|(_, value)| value)
    }

    /// The one value of a name.
    ///
    /// # Errors
    /// The error to tell when the name stands more than once.
    pub fn single(&self, name: &str) -> std::result::Result<Option<&str>, FieldError> {
        let mut values = self.pairs.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() {
            return Err(FieldError::parameter(
                name,
                "repeated",
                Message::fixed("Parametern får bara stå en gång.", "The parameter may stand only once."),
            ));
        }
        Ok(first)
    }

    /// Refuses every parameter that is not among these: for operations without a table.
    ///
    /// # Errors
    /// 400 naming each unknown parameter.
    pub fn only(&self, known: &[&str]) -> Result<()> {
        let mut errors: Vec<FieldError> = Vec::new();
        for (name, _) in self.pairs().filter(|(name, _)| !known.contains(name)) {
            errors.push(unknown_parameter(name, known.iter().copied()));
        }
        if errors.is_empty() { Ok(()) } else { Err(wrong_parameters(errors)) }
    }

    /// The query string again, in its order, with some names replaced or left out (`None`).
    pub fn with(&self, changes: &[(&str, Option<&str>)]) -> String {
        let mut query = String::new();
        let kept = self.pairs().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        let added = changes.iter().filter_map(|(name, value)| value.map(|value| (*name, value)));
        for (name, value) in kept.chain(added) {
            query.push(if query.is_empty() { '?' } else { '&' });
            encode_into(&mut query, name);
            query.push('=');
            encode_into(&mut query, value);
        }
        query
    }
}

/// Reads parameters that stand once and gathers what is wrong with them.
pub(crate) struct Reading<'a> {
    /// The parameters.
    pub params: &'a Params,
    /// What is wrong so far.
    pub errors: Vec<FieldError>,
}

impl<'a> Reading<'a> {
    /// The one value of a name.
    pub(crate) fn single(&mut self, name: &str) -> Option<&'a str> {
        self.params.single(name).unwrap_or_else(|error| {
            self.errors.push(error);
            None
        })
    }

    /// A whole number within bounds; one too large to hold is as large as can be.
    pub(crate) fn number(&mut self, name: &str, least: u64, most: u64) -> Option<u64> {
        let text = self.single(name)?;
        let number = whole(text).filter(|number| (least..=most).contains(number));
        if number.is_none() {
            let detail = if most == u64::MAX {
                Message::new(format!("Ett heltal, {least} eller mer."), format!("A whole number, {least} or more."))
            } else {
                Message::new(
                    format!("Ett heltal från {least} till {most}."),
                    format!("A whole number from {least} to {most}."),
                )
            };
            self.errors.push(FieldError::parameter(name, "range", detail));
        }
        number
    }

    /// A value of some form; `detail` says which.
    pub(crate) fn formed<T>(
        &mut self,
        name: &str,
        code: &'static str,
        detail: Message,
        form: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let found = form(self.single(name)?);
        if found.is_none() {
            self.errors.push(FieldError::parameter(name, code, detail));
        }
        found
    }

    /// A UUID in its one spelling.
    pub(crate) fn uuid(&mut self, name: &str) -> Option<String> {
        let form = |text: &str| Uuid::parse_str(text).ok().map(|id| id.to_string());
        self.formed(name, "format", Message::fixed("Ett UUID.", "A UUID."), form)
    }

    /// Refuses what was wrong.
    ///
    /// # Errors
    /// 400 naming every wrong parameter.
    pub(crate) fn end(self) -> Result<()> {
        if self.errors.is_empty() { Ok(()) } else { Err(wrong_parameters(self.errors)) }
    }
}

/// Refuses an address that is too long or whose path cannot be read.
///
/// # Errors
/// 414 over 8 KiB, 400 for broken percent-encoding, wrong UTF-8 or control characters in the path.
pub fn check_address(path: &str, query: &str) -> Result<()> {
    if path.len() + query.len() > LONGEST_ADDRESS {
        return Err(Error::problem(
            Code::UriTooLong,
            Message::fixed("Adressen är längre än 8 KiB.", "The address is longer than 8 KiB."),
        ));
    }
    match decode(path, false) {
        Ok(_) => Ok(()),
        Err(flaw) => Err(Error::problem(Code::Malformed, flaw.message())),
    }
}

/// Refuses headers that are longer together than anyone needs; the framework itself reads up to 128 KiB and 96 headers.
///
/// # Errors
/// 431 over 32 KiB.
pub fn check_headers(headers: &HeaderMap) -> Result<()> {
    let length: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if length <= LONGEST_HEADERS {
        return Ok(());
    }
    let detail = Message::fixed("Huvudet är längre än 32 KiB.", "The headers are longer than 32 KiB.");
    Err(Error::problem(Code::HeadersTooLarge, detail))
}

/// All wrong parameters as one problem.
pub fn wrong_parameters(errors: Vec<FieldError>) -> Error {
    let detail = match errors.as_slice() {
        [one] => one.detail.clone(),
        _ => Message::new(
            format!("{} parametrar är fel.", errors.len()),
            format!("{} parameters are wrong.", errors.len()),
        ),
    };
    Error::Problem { code: Code::InvalidParameter, detail, errors }
}

/// An unknown parameter, with the nearest known name.
pub fn unknown_parameter<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> FieldError {
    let detail = match nearest(name, known) {
        Some(near) => Message::new(
            format!("Parametern finns inte. Menade du {near}?"),
            format!("There is no such parameter. Did you mean {near}?"),
        ),
        None => Message::fixed("Parametern finns inte.", "There is no such parameter."),
    };
    FieldError::parameter(shortened(name), "unknown-parameter", detail)
}

/// At most 60 characters of a text of the caller's, for telling it back.
pub(crate) fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

/// The candidate that differs from a word by at most a third of its letters.
pub(crate) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().take(60).flat_map(char::to_lowercase).collect();
    let most = (word.len() / 3).clamp(1, 3);
    let distances = candidates.map(|candidate| {
        let letters: Vec<char> = candidate.chars().take(60).flat_map(char::to_lowercase).collect();
        (distance(&word, &letters), candidate)
    });
    distances.filter(|(distance, _)| *distance <= most).min_by_key(|(distance, _)| *distance).map(|(_, near)| near)
}

/// Levenshtein's distance.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (y, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let cost = diagonal + usize::from(x != y);
            diagonal = *cell;
            left = cost.min(*cell + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// What is wrong with an encoded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    Encoding,
    ControlCharacter,
}

impl Flaw {
    const fn code(self) -> &'static str {
        match self {
            Flaw::Encoding => "encoding",
            Flaw::ControlCharacter => "control-character",
        }
    }

    const fn message(self) -> Message {
        match self {
            Flaw::Encoding => Message::fixed(
                "Texten är inte rätt procentkodad UTF-8.",
                "The text is not correctly percent-encoded UTF-8.",
            ),
            Flaw::ControlCharacter => {
                Message::fixed("Texten innehåller styrtecken.", "The text contains control characters.")
            }
        }
    }
}

/// Decodes percent-encoded UTF-8 into NFC.
pub(crate) fn decode(raw: &str, plus_is_space: bool) -> std::result::Result<String, Flaw> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes().iter().copied();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let high = rest.next().and_then(hexadecimal).ok_or(Flaw::Encoding)?;
                let low = rest.next().and_then(hexadecimal).ok_or(Flaw::Encoding)?;
                bytes.push(high << 4 | low);
            }
            b'+' if plus_is_space => bytes.push(b' '),
            byte => bytes.push(byte),
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| Flaw::Encoding)?;
    if text.chars().any(char::is_control) {
        return Err(Flaw::ControlCharacter);
    }
    Ok(match nfc(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(normal) => normal,
    })
}

/// A text in NFC.
pub(crate) fn nfc(text: &str) -> Cow<'_, str> {
    if is_nfc_quick(text.chars()) == IsNormalized::Yes { Cow::Borrowed(text) } else { Cow::Owned(text.nfc().collect()) }
}

const fn hexadecimal(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Adds a text percent-encoded: letters, digits and what cannot be mistaken in a query stay readable.
pub(crate) fn encode_into(query: &mut String, text: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b',' | b':' | b'*' => {
                query.push(char::from(byte));
            }
            _ => {
                query.push('%');
                for nibble in [byte >> 4, byte & 15] {
                    query.extend(DIGITS.get(usize::from(nibble)).map(|digit| char::from(*digit)));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Place;
    use proptest::prelude::*;

    #[test]
    fn pairs_keep_their_order_and_repetitions() {
        let params = Params::parse("topic=a,b&q=r%C3%B6da+korset&topic=c&x").unwrap();
        assert_eq!(params.all("topic").collect::<Vec<_>>(), ["a,b", "c"]);
        assert_eq!(params.single("q").unwrap(), Some("röda korset"));
        assert_eq!(params.single("x").unwrap(), Some(""));
        assert_eq!(params.single("missing").unwrap(), None);
        assert_eq!(params.single("topic").unwrap_err().code, "repeated");
    }

    #[test]
    fn text_becomes_nfc() {
        assert_eq!(Params::parse("q=a%CC%8A").unwrap().single("q").unwrap(), Some("å"));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (raw, code) in [
            ("q=%ZZ", "encoding"),
            ("q=%", "encoding"),
            ("q=%FF", "encoding"),
            ("q=a%00b", "control-character"),
            ("q=%0A", "control-character"),
            ("q=%C2%85", "control-character"),
        ] {
            let Err(Error::Problem { errors, .. }) = Params::parse(raw) else { panic!("{raw} was read") };
            assert_eq!(errors[0].place, Place::Parameter("q".into()));
            assert_eq!(errors[0].code, code, "{raw}");
        }
        assert_eq!(Params::parse("%FF=1").unwrap_err().code(), Code::Malformed);
    }

    #[test]
    fn an_address_has_limits() {
        assert_eq!(check_address(&"a".repeat(9000), "").unwrap_err().code(), Code::UriTooLong);
        assert_eq!(check_address("/a/%00", "").unwrap_err().code(), Code::Malformed);
        assert_eq!(check_address("/a/%zz", "").unwrap_err().code(), Code::Malformed);
        assert!(check_address("/a/SE-ON:1%20b", "q=%zz").is_ok());
    }

    #[test]
    fn unknown_parameters_come_with_the_nearest_name() {
        let Err(Error::Problem { errors, .. }) = Params::parse("topc=1&zzzzz=2").unwrap().only(&["topic", "q"]) else {
            panic!("taken")
        };
        assert!(errors[0].detail.en.contains("topic"));
        assert!(!errors[1].detail.en.contains("mean"));
    }

    #[test]
    fn a_query_is_written_again_with_changes() {
        let params = Params::parse("q=r%C3%B6d+kors&page=2&topic=a,b").unwrap();
        assert_eq!(params.with(&[("page", Some("3"))]), "?q=r%C3%B6d%20kors&topic=a,b&page=3");
        assert_eq!(params.with(&[("page", None), ("q", None), ("topic", None)]), "");
    }

    proptest! {
        #[test]
        fn no_query_breaks_it(raw in ".*") {
            if let Ok(params) = Params::parse(&raw) {
                let again = params.with(&[]);
                prop_assert_eq!(Params::parse(again.trim_start_matches('?')).unwrap(), params);
            }
        }

        #[test]
        fn the_distance_is_symmetric(a in "[a-z]{0,12}", b in "[a-z]{0,12}") {
            let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            prop_assert_eq!(distance(&a, &b), distance(&b, &a));
            prop_assert_eq!(distance(&a, &a), 0);
        }
    }
}
