//! Rules that the contents of several resources share. Each brings values to their one spelling or says what is wrong.

use crate::error::{FieldError, Message};
use crate::identifier;
use crate::resources::values::{Address, Exchange, Identifier, LocalizedText, Name, NameKind, Period};
use crate::vocabulary::{Area, Vocabulary};
use uuid::Uuid;

/// Collects what is wrong with one content.
pub(crate) type Errors = Vec<FieldError>;

fn push(errors: &mut Errors, pointer: impl Into<String>, code: &'static str, sv: &'static str, en: &'static str) {
    errors.push(FieldError::at(pointer, code, Message::fixed(sv, en)));
}

/// At least one official name, no name twice.
pub(crate) fn names(names: &[Name], errors: &mut Errors) {
    if !names.iter().any(|name| name.kind == NameKind::Official) {
        push(errors, "/names", "no-official-name", "Ett namn måste vara officiellt.", "One name must be official.");
    }
    for (index, name) in names.iter().enumerate() {
        if name.value.is_empty() {
            push(errors, format!("/names/{index}/value"), "required", "Namnet är tomt.", "The name is empty.");
        }
        if names[..index].contains(name) {
            push(
                errors,
                format!("/names/{index}"),
                "duplicate",
                "Namnet står redan i listan.",
                "The name is in the list already.",
            );
        }
    }
}

/// Identifiers in their one spelling, none twice, at most one organisation number and that on organisations only.
pub(crate) fn identifiers(identifiers: &mut [Identifier], may_have_number: bool, errors: &mut Errors) {
    let mut numbers = 0;
    for index in 0..identifiers.len() {
        let pointer = format!("/identifiers/{index}/value");
        if identifiers[index].scheme.eq_ignore_ascii_case(identifier::ORGANISATION_NUMBER) {
            numbers += 1;
            if !may_have_number {
                push(
                    errors,
                    &pointer,
                    "not-allowed",
                    "Bara organisationer har organisationsnummer.",
                    "Only organisations have organisation numbers.",
                );
            } else if numbers > 1 {
                push(
                    errors,
                    &pointer,
                    "duplicate",
                    "En organisation har högst ett organisationsnummer.",
                    "An organisation has at most one organisation number.",
                );
            }
            match identifier::organisation_number(&identifiers[index].value) {
                Ok(number) => {
                    identifiers[index] =
                        Identifier { scheme: identifier::ORGANISATION_NUMBER.to_owned(), value: number };
                }
                Err(error) => errors.push(FieldError::at(&pointer, error.code(), error.message())),
            }
        } else if identifier::looks_personal(&identifiers[index].value) {
            push(
                errors,
                &pointer,
                "personal-number",
                "Värdet ser ut som ett personnummer och tas inte emot.",
                "The value looks like a personal identity number and is not accepted.",
            );
        }
        if identifiers[..index].contains(&identifiers[index]) {
            push(
                errors,
                format!("/identifiers/{index}"),
                "duplicate",
                "Identifieraren står redan i listan.",
                "The identifier is in the list already.",
            );
        }
    }
}

/// Keys of a vocabulary, none twice.
pub(crate) fn keys(pointer: &str, vocabulary: Vocabulary, keys: &[String], errors: &mut Errors) {
    for (index, key) in keys.iter().enumerate() {
        if !vocabulary.contains(key) {
            errors.push(unknown_key(format!("{pointer}/{index}"), vocabulary));
        } else if keys[..index].contains(key) {
            push(
                errors,
                format!("{pointer}/{index}"),
                "duplicate",
                "Värdet står redan i listan.",
                "The value is in the list already.",
            );
        }
    }
}

/// One key of a vocabulary.
pub(crate) fn key(pointer: &str, vocabulary: Vocabulary, key: &str, errors: &mut Errors) {
    if !vocabulary.contains(key) {
        errors.push(unknown_key(pointer, vocabulary));
    }
}

fn unknown_key(pointer: impl Into<String>, vocabulary: Vocabulary) -> FieldError {
    FieldError::at(
        pointer,
        "unknown-value",
        Message::new(
            format!("Värdet finns inte i vokabulären {}.", vocabulary.name()),
            format!("The value is not in the vocabulary {}.", vocabulary.name()),
        ),
    )
}

/// Values of a closed set, none twice.
pub(crate) fn unique<T: PartialEq>(pointer: &str, values: &[T], errors: &mut Errors) {
    for (index, value) in values.iter().enumerate() {
        if values[..index].contains(value) {
            push(
                errors,
                format!("{pointer}/{index}"),
                "duplicate",
                "Värdet står redan i listan.",
                "The value is in the list already.",
            );
        }
    }
}

/// Codes of municipalities, counties or Sweden.
pub(crate) fn areas(pointer: &str, codes: &[String], errors: &mut Errors) {
    keys(pointer, Vocabulary::Municipalities, codes, errors);
}

/// The code of a municipality, not of a county.
pub(crate) fn municipality(pointer: &str, code: &str, errors: &mut Errors) {
    let is_one = Vocabulary::Municipalities.term(code).is_some_and(|term| term.area == Some(Area::Municipality));
    if !is_one {
        push(errors, pointer, "unknown-value", "Koden är ingen kommuns.", "The code is no municipality's.");
    }
}

/// A web address; one without a scheme gets https.
pub(crate) fn web_address(pointer: &str, address: &mut Option<String>, errors: &mut Errors) {
    if let Some(text) = address {
        match canonical_web_address(text) {
            Some(canonical) => *text = canonical,
            None => push(errors, pointer, "format", "Det är ingen webbadress.", "It is no web address."),
        }
    }
}

/// A web address in its one spelling.
pub(crate) fn canonical_web_address(text: &str) -> Option<String> {
    let full = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let parsed = url::Url::parse(&full).ok()?;
    let good = matches!(parsed.scheme(), "http" | "https")
        && parsed.host_str().is_some_and(|host| host.contains('.'))
        && parsed.username().is_empty()
        && parsed.password().is_none();
    good.then(|| full.trim_end().to_owned())
}

/// Swedish postal codes become `NNN NN`; others are kept.
pub(crate) fn address(pointer: &str, address: &mut Option<Address>, errors: &mut Errors) {
    let Some(address) = address else { return };
    let swedish = address.country.as_deref().is_none_or(|country| country == "SE");
    if let (true, Some(code)) = (swedish, &mut address.postal_code) {
        let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        let digits = digits.strip_prefix("SE-").unwrap_or(&digits).to_owned();
        if digits.len() == 5 && digits.bytes().all(|b| b.is_ascii_digit()) {
            *code = format!("{} {}", &digits[..3], &digits[3..]);
        } else {
            push(
                errors,
                format!("{pointer}/postalCode"),
                "format",
                "Ett svenskt postnummer har fem siffror.",
                "A Swedish postal code has five digits.",
            );
        }
    }
}

/// Offers and needs.
pub(crate) fn exchanges(pointer: &str, exchanges: &[Exchange], errors: &mut Errors) {
    for (index, exchange) in exchanges.iter().enumerate() {
        keys(&format!("{pointer}/{index}/topics"), Vocabulary::Topics, &exchange.topics, errors);
        areas(&format!("{pointer}/{index}/areas"), &exchange.areas, errors);
    }
}

/// Text that must be there in some language.
pub(crate) fn required_text(pointer: &str, text: &LocalizedText, errors: &mut Errors) {
    if text.texts().all(|(_, text)| text.is_empty()) {
        push(
            errors,
            pointer,
            "required",
            "Texten måste finnas på något språk.",
            "The text must be there in some language.",
        );
    }
}

/// An empty localized text is no text.
pub(crate) fn drop_empty_text(text: &mut Option<LocalizedText>) {
    if text.as_ref().is_some_and(|text| text.texts().all(|(_, text)| text.is_empty())) {
        *text = None;
    }
}

/// A period whose end does not come before its start.
pub(crate) fn period(pointer: &str, period: Period, errors: &mut Errors) {
    if let (Some(from), Some(to)) = (period.from, period.to)
        && to < from
    {
        push(errors, format!("{pointer}/to"), "order", "Slutet ligger före början.", "The end lies before the start.");
    }
}

/// References, none twice.
pub(crate) fn references(pointer: &str, ids: &[Uuid], errors: &mut Errors) {
    unique(pointer, ids, errors);
}
