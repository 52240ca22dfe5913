//! Which format an answer has, by `Accept`.

use crate::api::language::quality;
use crate::error::{Code, Error, Message, Result};
use actix_web::HttpRequest;
use actix_web::http::header::ACCEPT;

/// A format that answers are given in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// `application/json`.
    Json,
    /// `text/csv`.
    Csv,
    /// `application/ld+json`.
    JsonLd,
    /// `application/x-ndjson`.
    NdJson,
    /// `text/event-stream`.
    Events,
}

impl Format {
    /// The formats of lists and search.
    pub const LISTS: &'static [Format] = &[Format::Json, Format::Csv];
    /// The formats of single organisations, contact points, networks and forums.
    pub const LINKED: &'static [Format] = &[Format::Json, Format::JsonLd];
    /// The format of everything else.
    pub const PLAIN: &'static [Format] = &[Format::Json];
    /// The formats of the export.
    pub const EXPORT: &'static [Format] = &[Format::NdJson, Format::Csv];

    /// The format of the stream of changes.
    pub const STREAM: &'static [Format] = &[Format::Events];

    /// The media type, as a request names it.
    pub const fn media_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Csv => "text/csv",
            Format::JsonLd => "application/ld+json",
            Format::NdJson => "application/x-ndjson",
            Format::Events => "text/event-stream",
        }
    }

    /// The value of `Content-Type`.
    pub const fn content_type(self) -> &'static str {
        match self {
            Format::Csv => "text/csv; charset=utf-8; header=present",
            other => other.media_type(),
        }
    }

    /// The word in the suffix of an ETag; JSON has none.
    pub const fn tag(self) -> Option<&'static str> {
        match self {
            Format::Json => None,
            Format::Csv => Some("csv"),
            Format::JsonLd => Some("ld"),
            Format::NdJson => Some("nd"),
            Format::Events => Some("sse"),
        }
    }
}

/// Chooses among the formats that an operation offers, the first where several are as welcome.
///
/// # Errors
/// 406 when the request accepts none of them.
pub fn negotiate(request: &HttpRequest, offered: &[Format]) -> Result<Format> {
    let mut header = String::new();
    for value in request.headers().get_all(ACCEPT) {
        if let Ok(text) = value.to_str() {
            header.push_str(text);
            header.push(',');
        }
    }
    choose(&header, offered)
}

/// Chooses by the text of an `Accept` header.
///
/// # Errors
/// 406 when it accepts none of the offered formats.
pub fn choose(header: &str, offered: &[Format]) -> Result<Format> {
    let ranges: Vec<Range<'_>> = header.split(',').filter_map(Range::parse).collect();
    if ranges.is_empty()
        && let Some(first) = offered.first()
    {
        return Ok(*first);
    }
    let mut best: Option<(u16, Format)> = None;
    for format in offered {
        let weight = weight(&ranges, format.media_type());
        if weight > best.map_or(0, |(weight, _)| weight) {
            best = Some((weight, *format));
        }
    }
    best.map(|(_, format)| format).ok_or_else(|| not_acceptable(offered))
}

fn not_acceptable(offered: &[Format]) -> Error {
    let types: Vec<&str> = offered.iter().map(|format| format.media_type()).collect();
    let types = types.join(", ");
    Error::problem(
        Code::NotAcceptable,
        Message::new(format!("Svaret ges som {types}."), format!("The answer is given as {types}.")),
    )
}

struct Range<'a> {
    kind: &'a str,
    subtype: &'a str,
    weight: u16,
}

impl<'a> Range<'a> {
    fn parse(text: &'a str) -> Option<Range<'a>> {
        let mut parts = text.split(';');
        let (kind, subtype) = parts.next()?.trim().split_once('/')?;
        let well_formed = !kind.is_empty() && !subtype.is_empty();
        well_formed.then(|| Range { kind, subtype, weight: quality(parts) })
    }

    /// How closely it names a media type: not at all, any, the main type, exactly.
    fn closeness(&self, kind: &str, subtype: &str) -> u8 {
        if self.kind == "*" && self.subtype == "*" {
            1
        } else if !self.kind.eq_ignore_ascii_case(kind) {
            0
        } else if self.subtype == "*" {
            2
        } else if self.subtype.eq_ignore_ascii_case(subtype) {
            3
        } else {
            0
        }
    }
}

/// The weight of the range that names a media type most closely.
fn weight(ranges: &[Range<'_>], media_type: &str) -> u16 {
    let (kind, subtype) = media_type.split_once('/').unwrap_or((media_type, ""));
    let closest = ranges.iter().map(|range| (range.closeness(kind, subtype), range.weight)).filter(|(c, _)| *c > 0);
    closest.max().map_or(0, |(_, weight)| weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn json_is_given_unless_something_else_is_wanted() {
        for header in ["", "*/*", "application/json", "application/*", "text/html, */*;q=0.8", "text/csv;q=0.5, */*"] {
            assert_eq!(choose(header, Format::LISTS).unwrap(), Format::Json, "{header}");
        }
    }

    #[test]
    fn csv_is_given_when_preferred() {
        for header in ["text/csv", "text/*", "application/json;q=0.5, text/csv", "TEXT/CSV; charset=utf-8"] {
            assert_eq!(choose(header, Format::LISTS).unwrap(), Format::Csv, "{header}");
        }
    }

    #[test]
    fn the_closest_range_decides() {
        assert_eq!(choose("*/*, application/json;q=0", Format::LISTS).unwrap(), Format::Csv);
        assert_eq!(choose("application/ld+json, application/json;q=0.9", Format::LINKED).unwrap(), Format::JsonLd);
    }

    #[test]
    fn nothing_acceptable_is_a_406_that_names_what_there_is() {
        let error = choose("image/png", Format::LISTS).unwrap_err();
        assert_eq!(error.code(), Code::NotAcceptable);
        assert!(error.to_string().contains("text/csv"));
        assert!(choose("application/json;q=0", Format::PLAIN).is_err());
    }

    proptest! {
        #[test]
        fn no_header_breaks_it(header in ".*") {
            let _ = choose(&header, Format::LISTS);
        }
    }
}
