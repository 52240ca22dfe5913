//! Keys of records: organisation numbers in every usual spelling, ids in paths, and the guard against personal numbers.
//!
//! A sole trader's number is that person's identity number. Such input is refused without being echoed, and
//! `mask_personal` keeps it out of answers that quote what was sent.

use crate::error::{Code, Error, FieldError, Message, Result};
use uuid::Uuid;

/// The scheme of Swedish organisation numbers.
pub const ORGANISATION_NUMBER: &str = "SE-ON";

/// Why a text is no organisation number. Says nothing of the text itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberError {
    /// It is not ten digits in a usual spelling.
    Form,
    /// Its check digit is wrong.
    CheckDigit,
    /// It is or may be a person's identity number.
    Personal,
}

impl NumberError {
    /// The code of the error of a field.
    pub const fn code(self) -> &'static str {
        match self {
            NumberError::Form => "format",
            NumberError::CheckDigit => "check-digit",
            NumberError::Personal => "personal-number",
        }
    }

    /// What is wrong, in words.
    pub const fn message(self) -> Message {
        match self {
            NumberError::Form => Message::fixed(
                "Ett organisationsnummer har tio siffror, till exempel 802412-3450.",
                "An organisation number has ten digits, for example 802412-3450.",
            ),
            NumberError::CheckDigit => Message::fixed(
                "Organisationsnumrets kontrollsiffra stämmer inte.",
                "The check digit of the organisation number is wrong.",
            ),
            NumberError::Personal => Message::fixed(
                "Värdet kan vara ett personnummer och tas inte emot.",
                "The value may be a personal identity number and is not accepted.",
            ),
        }
    }
}

/// Brings an organisation number in any usual spelling to `NNNNNN-NNNN`.
///
/// Taken are ten digits, or twelve that begin with 16, with spaces and hyphens anywhere, after `SE` or `SE-ON`,
/// and a VAT number (`SE`, ten digits, `01`).
///
/// # Errors
/// The form, the check digit, or that it may be a personal number.
pub fn organisation_number(text: &str) -> std::result::Result<String, NumberError> {
    let number = spelling(text)?;
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    if luhn(&digits) { Ok(number) } else { Err(NumberError::CheckDigit) }
}

/// The one spelling of an organisation number, whatever its check digit: enough to look one up.
fn spelling(text: &str) -> std::result::Result<String, NumberError> {
    let (prefixed, digits) = plain_digits(text).ok_or(NumberError::Form)?;
    let vat = prefixed && digits.len() == 12 && digits.ends_with("01") && !digits.starts_with("16");
    let ten = match digits.len() {
        10 => digits.as_str(),
        12 if vat => digits.get(..10).ok_or(NumberError::Form)?,
        12 if digits.starts_with("16") => digits.get(2..).ok_or(NumberError::Form)?,
        12 if matches!(digits.get(..2), Some("18" | "19" | "20")) => return Err(NumberError::Personal),
        _ => return Err(NumberError::Form),
    };
    if ten.as_bytes().get(2).is_none_or(|third| *third < b'2') {
        return Err(NumberError::Personal);
    }
    let (birth, serial) = ten.split_at(6);
    Ok(format!("{birth}-{serial}"))
}

/// Whether a prefix stood before it, and the digits without spaces and hyphens; nothing when other signs are in it.
fn plain_digits(text: &str) -> Option<(bool, String)> {
    if text.len() > 60 {
        return None;
    }
    let compact: String = text.chars().filter(|c| !c.is_whitespace() && !is_hyphen(*c)).collect();
    let upper = compact.to_ascii_uppercase();
    let rest = upper.strip_prefix("SEON").or_else(|| upper.strip_prefix("SE"));
    let digits = rest.unwrap_or(&upper);
    let all = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| (rest.is_some(), digits.to_owned()))
}

const fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// Whether the check digit of ten digits is right (weights 2, 1, 2, …).
fn luhn(ten: &str) -> bool {
    let sum: u32 = ten
        .bytes()
        .enumerate()
        .map(|(index, byte)| {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            let product = if index % 2 == 0 { digit * 2 } else { digit };
            product / 10 + product % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Whether a key of another scheme has the form of a personal identity number, so that it must not be kept.
///
/// Ten digits in one piece need a date and a right check digit: other registers' keys may have ten digits too. With
/// the century or the sign between date and number, the date is enough.
pub fn looks_personal(text: &str) -> bool {
    let text = text.trim();
    let parted = text.len() > 5 && text.rfind(['-', '+']) == text.len().checked_sub(5);
    let Some((_, digits)) = plain_digits(&text.replace('+', "-")) else {
        return false;
    };
    match digits.len() {
        10 => is_birth_date(&digits) && (parted || luhn(&digits)),
        12 => matches!(digits.get(..2), Some("18" | "19" | "20")) && digits.get(2..).is_some_and(is_birth_date),
        _ => false,
    }
}

/// Whether digits begin with year, month and day; the day of a coordination number is 60 higher.
fn is_birth_date(ten: &str) -> bool {
    let part = |range| ten.get(range).and_then(|digits: &str| digits.parse::<u32>().ok());
    matches!(part(2..4), Some(1..=12)) && matches!(part(4..6), Some(1..=31 | 61..=91))
}

/// What stands for a record in a path or a filter.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PathId {
    /// Its id.
    Uuid(Uuid),
    /// An identifier, in its one spelling.
    Identifier {
        /// The scheme.
        scheme: String,
        /// The value.
        value: String,
    },
}

/// Reads what stands for a record: a UUID, `scheme:value`, or an organisation number in any usual spelling.
///
/// # Errors
/// 404 for what cannot be an id of any kind (a wrong check digit is left to the look-up, which finds nothing); 400 for
/// what may be a personal number.
pub fn parse_path_id(text: &str) -> Result<PathId> {
    if let Ok(id) = Uuid::try_parse(text)
        && text.len() == 36
    {
        return Ok(PathId::Uuid(id));
    }
    if let Some((scheme, value)) = text.split_once(':') {
        return identifier(scheme, value);
    }
    match spelling(text) {
        Ok(value) => Ok(PathId::Identifier { scheme: ORGANISATION_NUMBER.to_owned(), value }),
        Err(NumberError::Form) => Err(Error::not_found()),
        Err(error) => Err(wrong_id(error)),
    }
}

fn identifier(scheme: &str, value: &str) -> Result<PathId> {
    let mut letters = scheme.bytes();
    let well_formed = letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && scheme.len() <= 40
        && letters.all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !well_formed || value.is_empty() || value.chars().count() > 200 {
        return Err(Error::not_found());
    }
    if scheme.eq_ignore_ascii_case(ORGANISATION_NUMBER) {
        let value = spelling(value).map_err(|error| match error {
            NumberError::Personal => wrong_id(error),
            _ => Error::not_found(),
        })?;
        return Ok(PathId::Identifier { scheme: ORGANISATION_NUMBER.to_owned(), value });
    }
    if looks_personal(value) {
        return Err(wrong_id(NumberError::Personal));
    }
    Ok(PathId::Identifier { scheme: scheme.to_owned(), value: value.to_owned() })
}

fn wrong_id(error: NumberError) -> Error {
    Error::Problem {
        code: Code::InvalidParameter,
        detail: error.message(),
        errors: vec![FieldError::parameter("id", error.code(), error.message())],
    }
}

/// Puts asterisks in the place of what may be a personal number in a text, percent-encoded or not.
///
/// A run of digits, with single spaces and hyphens between them, stays when it is too short, part of a UUID, or an
/// organisation number by its third digit (the fifth of twelve).
pub fn mask_personal(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut masked = String::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if let Some(uuid) = text.get(at..at + 36)
            && Uuid::try_parse(uuid).is_ok()
        {
            masked.push_str(uuid);
            at += 36;
            continue;
        }
        let run = DigitRun::at(bytes, at);
        if let Some(run) = run {
            if run.may_be_personal() {
                masked.push_str("**********");
            } else {
                masked.push_str(text.get(at..run.end).unwrap_or_default());
            }
            at = run.end;
            continue;
        }
        let next = text.get(at..).and_then(|rest| rest.chars().next());
        masked.extend(next);
        at += next.map_or(1, char::len_utf8);
    }
    masked
}

struct DigitRun {
    digits: Vec<u8>,
    end: usize,
}

impl DigitRun {
    /// The digits from here on, with single separators between them.
    fn at(bytes: &[u8], start: usize) -> Option<DigitRun> {
        let (first, mut end) = digit(bytes, start)?;
        let mut digits = vec![first];
        loop {
            let after = separator(bytes, end);
            match digit(bytes, after) {
                Some((next, next_end)) => {
                    digits.push(next);
                    end = next_end;
                }
                None => return Some(DigitRun { digits, end }),
            }
        }
    }

    fn may_be_personal(&self) -> bool {
        let low = |index: usize| self.digits.get(index).is_some_and(|digit| *digit < b'2');
        match self.digits.len() {
            0..=9 => false,
            10 => low(2),
            12 => low(4),
            // Several numbers in a row: none of them may show.
            _ => true,
        }
    }
}

/// The digit at a place, plain or percent-encoded, and where it ends.
fn digit(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    match bytes.get(at..)? {
        [digit @ b'0'..=b'9', ..] => Some((*digit, at + 1)),
        [b'%', b'3', digit @ b'0'..=b'9', ..] => Some((*digit, at + 3)),
        _ => None,
    }
}

/// Where a separator at a place ends; the place itself when there is none.
fn separator(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at..) {
        Some([b'-' | b'+' | b' ', ..]) => at + 1,
        Some([b'%', b'2', b'0' | b'd' | b'D' | b'b' | b'B', ..]) => at + 3,
        Some([b'%', b'C' | b'c', b'2', b'%', b'A' | b'a', b'0', ..]) => at + 6,
        _ => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_usual_spelling_becomes_one() {
        for text in [
            "802412-3450",
            "8024123450",
            "SE-ON-802412-3450",
            "SE8024123450",
            "168024123450",
            "16802412-3450",
            " 80 24 12 34 50 ",
            "se-on 802412-3450",
            "SE802412345001",
            "802412–3450",
        ] {
            assert_eq!(organisation_number(text).as_deref(), Ok("802412-3450"), "{text}");
        }
    }

    #[test]
    fn a_personal_number_is_refused_and_not_echoed() {
        for text in ["811218-9876", "19811218-9876", "198112189876", "8112189876", "201201011234"] {
            assert_eq!(organisation_number(text), Err(NumberError::Personal), "{text}");
            let error = parse_path_id(text).unwrap_err();
            assert_eq!(error.code(), Code::InvalidParameter);
            assert!(!format!("{error:?}").contains("9876"));
        }
        assert!(parse_path_id("demo:19811218-9876").is_err());
    }

    #[test]
    fn a_wrong_check_digit_is_told_apart_from_a_wrong_form() {
        assert_eq!(organisation_number("802412-3457"), Err(NumberError::CheckDigit));
        for text in ["", "12345", "802412-34561", "80241234A6", "SE", "-", "９０"] {
            assert_eq!(organisation_number(text), Err(NumberError::Form), "{text}");
        }
    }

    #[test]
    fn keys_of_other_schemes_only_look_personal_with_a_date() {
        assert!(looks_personal("19811218-9876"));
        assert!(looks_personal("811218-9876"));
        assert!(looks_personal("811218+9876"));
        assert!(looks_personal("8112189876"));
        assert!(!looks_personal("8112189875"));
        assert!(!looks_personal("2013990012"));
        assert!(!looks_personal("802412-3450"));
        assert!(!looks_personal("org-samforma"));
    }

    #[test]
    fn path_ids_are_read() {
        assert!(matches!(parse_path_id("01932f4a-7b1c-7000-8000-000000000001"), Ok(PathId::Uuid(_))));
        assert_eq!(
            parse_path_id("se-on:8024123450").unwrap(),
            PathId::Identifier { scheme: "SE-ON".into(), value: "802412-3450".into() }
        );
        assert_eq!(
            parse_path_id("demo:org-samforma").unwrap(),
            PathId::Identifier { scheme: "demo".into(), value: "org-samforma".into() }
        );
        assert_eq!(parse_path_id("nonsense").unwrap_err().code(), Code::NotFound);
        assert_eq!(parse_path_id("1x:y").unwrap_err().code(), Code::NotFound);
        assert!(parse_path_id("8024123457").is_ok());
    }

    #[test]
    fn personal_numbers_are_masked() {
        for text in [
            "/api/v1/organisations/811218-9876",
            "/o/19811218-9876?x=1",
            "/o?q=811218%2D9876",
            "/o?q=8112189876",
            "/o?q=%38112189876",
            "/o?q=81+12+18+98+76",
            "/o?q=811218%2B9876",
            "/o?q=8112189876,8112189876",
            "/o?q=8112189876+802412-3450",
        ] {
            let masked = mask_personal(text);
            assert!(masked.contains("**********"), "{masked}");
            assert!(!masked.contains("9876"), "{masked}");
        }
    }

    #[test]
    fn what_is_no_personal_number_stays() {
        for text in [
            "/api/v1/organisations/802412-3450",
            "/o/SE-ON:168024123450",
            "/o/01932f4a-7b1c-7000-8000-198112189876",
            "/o?near=65.5842,22.1547&page=12",
            "/o?q=%C3%A5",
        ] {
            assert_eq!(mask_personal(text), text);
        }
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_readers(text in ".*") {
            let _ = organisation_number(&text);
            let _ = looks_personal(&text);
            let _ = parse_path_id(&text);
            let _ = mask_personal(&text);
        }

        #[test]
        fn a_canonical_number_stays_itself(a in 1u32..999_999, b in 0u32..9999) {
            let text = format!("{a:06}-{b:04}");
            if let Ok(number) = organisation_number(&text) {
                prop_assert_eq!(&organisation_number(&number), &Ok(number.clone()));
                prop_assert_eq!(mask_personal(&number), number.clone());
            }
        }

        #[test]
        fn ten_digits_with_a_low_third_are_always_masked(a in 0u32..99, b in 0u32..2, c in 0u64..9_999_999) {
            let number = format!("{a:02}{b}{c:07}");
            let masked = mask_personal(&format!("/o/{number}"));
            prop_assert!(!masked.contains(&number));
        }
    }
}
