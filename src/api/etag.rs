//! ETags and the conditions that requests make of them.

use crate::api::negotiate::Format;
use crate::error::{Code, Error, FieldError, Message, Place, Result};
use actix_web::HttpRequest;
use actix_web::http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use xxhash_rust::xxh3::Xxh3Default;

/// The content codings that may end an ETag.
const CODINGS: &[&str] = &["gzip", "br", "zstd", "deflate"];

/// What makes one representation of a record differ from another of the same version.
#[derive(Debug, Clone, Copy)]
pub struct Variant<'a> {
    /// The format.
    pub format: Format,
    /// The only properties given; none means all.
    pub fields: &'a [&'static str],
    /// The embedded records as they were written: they change without this record.
    pub embedded: &'a [u8],
    /// Version of the protected part, for callers who see it.
    pub secret: Option<i64>,
}

impl Variant<'_> {
    /// All properties as JSON, nothing embedded.
    pub const WHOLE: Variant<'static> = Variant { format: Format::Json, fields: &[], embedded: &[], secret: None };
}

/// The strong ETag of a record, in quotes: the version, then what makes the representation another.
pub fn strong(version: i64, variant: &Variant<'_>) -> String {
    let mut tag = format!("\"{version}");
    if let Some(format) = variant.format.tag() {
        tag.push('-');
        tag.push_str(format);
    }
    if !variant.fields.is_empty() || !variant.embedded.is_empty() {
        let mut hash = Hash::default();
        for field in variant.fields {
            hash.add(field.as_bytes());
        }
        hash.add(variant.embedded);
        tag.push_str(&format!("-f{:016x}", hash.value()));
    }
    if let Some(secret) = variant.secret {
        tag.push_str(&format!("-p{secret}"));
    }
    tag.push('"');
    tag
}

/// The weak ETag of a list, made of the hash that writing its body gave and the format.
pub fn weak(hash: u64, format: Format) -> String {
    match format.tag() {
        Some(tag) => format!("W/\"{hash:016x}-{tag}\""),
        None => format!("W/\"{hash:016x}\""),
    }
}

/// A hash of bytes: quick, the same on every node, no protection against someone who wants two bodies to agree.
#[derive(Clone, Default)]
pub struct Hash(Xxh3Default);

impl Hash {
    /// Takes bytes in; what was taken in before ends there.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
        self.0.update(&(bytes.len() as u64).to_le_bytes());
    }

    /// The hash of what was taken in.
    pub fn value(&self) -> u64 {
        self.0.digest()
    }
}

/// One tag of a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Tag {
    weak: bool,
    value: String,
}

/// What `If-Match` or `If-None-Match` says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    Any,
    Tags(Vec<Tag>),
}

impl Condition {
    fn of(request: &HttpRequest, name: &HeaderName) -> Result<Option<Condition>> {
        let mut text = String::new();
        for value in request.headers().get_all(name) {
            let value = value.to_str().map_err(|_| malformed(name))?;
            if !text.is_empty() {
                text.push(',');
            }
            text.push_str(value);
        }
        if text.is_empty() && !request.headers().contains_key(name) {
            return Ok(None);
        }
        Condition::parse(&text).map(Some).ok_or_else(|| malformed(name))
    }

    fn parse(text: &str) -> Option<Condition> {
        if text.trim() == "*" {
            return Some(Condition::Any);
        }
        let mut tags = Vec::new();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (weak, after) = rest.strip_prefix("W/").map_or((false, rest), |after| (true, after));
            let (value, after) = after.strip_prefix('"')?.split_once('"')?;
            tags.push(Tag { weak, value: value.to_owned() });
            rest = after.trim_start();
            if !rest.is_empty() {
                rest = rest.strip_prefix(',')?.trim_start();
            }
        }
        (!tags.is_empty()).then_some(Condition::Tags(tags))
    }

    /// Whether a record of that version (0: there is none) is among those named. Weak tags never say so of a version.
    fn names_version(&self, version: i64) -> bool {
        match self {
            Condition::Any => version > 0,
            Condition::Tags(tags) => {
                let version = version.to_string();
                tags.iter().any(|tag| !tag.weak && tag.value.split('-').next() == Some(version.as_str()))
            }
        }
    }
}

fn malformed(name: &HeaderName) -> Error {
    let detail = Message::fixed("Huvudet går inte att läsa.", "The header cannot be read.");
    let place = Place::Header(name.as_str().to_owned());
    Error::Problem {
        code: Code::Malformed,
        detail: detail.clone(),
        errors: vec![FieldError { place, code: "format", detail }],
    }
}

/// What a write demands of the version that it starts from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Precondition {
    must: Option<Condition>,
    must_not: Option<Condition>,
}

impl Precondition {
    /// What a request demands.
    ///
    /// # Errors
    /// 428 when `If-Match` is required and missing, 400 when a header cannot be read.
    pub fn of(request: &HttpRequest, required: bool) -> Result<Precondition> {
        let must = Condition::of(request, &IF_MATCH)?;
        if required && must.is_none() {
            let detail = Message::fixed(
                "Skicka postens ETag i If-Match, så att ingen annans ändring skrivs över.",
                "Send the record's ETag in If-Match, so that nobody else's change is overwritten.",
            );
            let place = Place::Header("If-Match".to_owned());
            return Err(Error::Problem {
                code: Code::PreconditionRequired,
                detail: detail.clone(),
                errors: vec![FieldError { place, code: "required", detail }],
            });
        }
        Ok(Precondition { must, must_not: Condition::of(request, &IF_NONE_MATCH)? })
    }

    /// Whether a record of that version may be written; 0 stands for no record.
    ///
    /// # Errors
    /// 412.
    pub fn check(&self, version: i64) -> Result<()> {
        let met = self.must.as_ref().is_none_or(|condition| condition.names_version(version))
            && self.must_not.as_ref().is_none_or(|condition| !condition.names_version(version));
        if met {
            return Ok(());
        }
        Err(Error::problem(
            Code::PreconditionFailed,
            if version == 0 {
                Message::fixed("Det finns ingen sådan post.", "There is no such record.")
            } else {
                Message::new(format!("Posten har version {version}."), format!("The record has version {version}."))
            },
        ))
    }
}

/// The tag of the caller's that names the current answer, when there is one: then the answer is 304 with that tag.
///
/// Tags are compared weakly, and without the content coding that ends them.
///
/// # Errors
/// 400 when the header cannot be read.
pub fn not_modified(request: &HttpRequest, current: &str) -> Result<Option<String>> {
    let Some(condition) = Condition::of(request, &IF_NONE_MATCH)? else { return Ok(None) };
    let bare = current.trim_start_matches("W/").trim_matches('"');
    Ok(match condition {
        Condition::Any => Some(current.to_owned()),
        Condition::Tags(tags) => tags.into_iter().find(|tag| without_coding(&tag.value) == bare).map(|tag| {
            let mark = if tag.weak { "W/" } else { "" };
            format!("{mark}\"{}\"", tag.value)
        }),
    })
}

/// A strong tag for a content coding: other bytes need another tag.
pub fn with_coding(tag: &str, coding: &str) -> String {
    match tag.strip_suffix('"') {
        Some(open) if !tag.starts_with("W/") && CODINGS.contains(&coding) => format!("{open}-{coding}\""),
        _ => tag.to_owned(),
    }
}

fn without_coding(value: &str) -> &str {
    match value.rsplit_once('-') {
        Some((bare, coding)) if CODINGS.contains(&coding) => bare,
        _ => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use proptest::prelude::*;

    fn request(name: &str, value: &str) -> HttpRequest {
        TestRequest::get().insert_header((name, value)).to_http_request()
    }

    #[test]
    fn a_tag_tells_version_and_variant() {
        assert_eq!(strong(3, &Variant::WHOLE), "\"3\"");
        assert_eq!(strong(3, &Variant { format: Format::JsonLd, ..Variant::WHOLE }), "\"3-ld\"");
        let some = strong(3, &Variant { fields: &["id"], ..Variant::WHOLE });
        let other = strong(3, &Variant { fields: &["names"], ..Variant::WHOLE });
        assert!(some.starts_with("\"3-f") && some != other);
        assert_ne!(
            strong(3, &Variant { embedded: b"{}", ..Variant::WHOLE }),
            strong(3, &Variant { embedded: b"{ }", ..Variant::WHOLE })
        );
        assert_eq!(strong(3, &Variant { secret: Some(2), ..Variant::WHOLE }), "\"3-p2\"");
    }

    #[test]
    fn if_match_compares_versions_only() {
        for (header, met) in [
            ("\"3\"", true),
            ("\"3-csv-f1a2\"", true),
            ("\"2\", \"3-gzip\"", true),
            ("*", true),
            ("\"2\"", false),
            ("W/\"3\"", false),
            ("\"33\"", false),
            ("\"\"", false),
        ] {
            let precondition = Precondition::of(&request("if-match", header), true).unwrap();
            assert_eq!(precondition.check(3).is_ok(), met, "{header}");
        }
        let any = Precondition::of(&request("if-match", "*"), true).unwrap();
        assert_eq!(any.check(0).unwrap_err().code(), Code::PreconditionFailed);
    }

    #[test]
    fn a_missing_if_match_is_told() {
        let bare = TestRequest::get().to_http_request();
        assert_eq!(Precondition::of(&bare, true).unwrap_err().code(), Code::PreconditionRequired);
        assert!(Precondition::of(&bare, false).unwrap().check(7).is_ok());
    }

    #[test]
    fn if_none_match_star_means_create_only() {
        let create = Precondition::of(&request("if-none-match", "*"), false).unwrap();
        assert!(create.check(0).is_ok());
        assert!(create.check(1).is_err());
    }

    #[test]
    fn what_cannot_be_read_is_a_400() {
        for header in ["3", "\"3", "\"3\" \"4\"", "", "W/3", "\"3\";"] {
            assert!(Precondition::of(&request("if-match", header), true).is_err(), "{header}");
        }
    }

    #[test]
    fn an_answer_that_the_caller_has_is_not_sent_again() {
        let matched = |header: &str, current: &str| not_modified(&request("if-none-match", header), current).unwrap();
        assert_eq!(matched("\"3\"", "\"3\"").as_deref(), Some("\"3\""));
        assert_eq!(matched("\"3-gzip\"", "\"3\"").as_deref(), Some("\"3-gzip\""));
        assert_eq!(matched("W/\"ab\"", "W/\"ab\"").as_deref(), Some("W/\"ab\""));
        assert_eq!(matched("*", "\"3\"").as_deref(), Some("\"3\""));
        assert_eq!(matched("\"3-ld\"", "\"3\""), None);
        assert_eq!(with_coding("\"3\"", "gzip"), "\"3-gzip\"");
        assert_eq!(with_coding("W/\"3\"", "gzip"), "W/\"3\"");
    }

    proptest! {
        #[test]
        fn no_header_breaks_it(text in ".*") {
            let _ = Condition::parse(&text);
        }

        #[test]
        fn one_byte_changes_the_hash(mut bytes in prop::collection::vec(any::<u8>(), 1..100), at: prop::sample::Index) {
            let mut before = Hash::default();
            before.add(&bytes);
            let at = at.index(bytes.len());
            bytes[at] ^= 1;
            let mut after = Hash::default();
            after.add(&bytes);
            prop_assert_ne!(before.value(), after.value());
        }
    }
}
