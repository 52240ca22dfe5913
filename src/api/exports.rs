//! The export over HTTP: a finished file, whole or in parts.

use crate::api::call::{Answer, Call, blocking};
use crate::api::etag;
use crate::api::language::quality;
use crate::api::negotiate::{Format, negotiate};
use crate::api::parameters::{Params, Reading};
use crate::api::problem;
use crate::api::values::whole;
use crate::error::{Code, Error, Message, Result};
use crate::transfer::exports::{Form, Made, Part};
use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, get};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream;
use std::ops::Range;
use std::sync::Arc;

/// So much of a file is read at once: what a slow client holds in memory.
const CHUNK: u64 = 1 << 18;
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");
const CHANGE_SEQUENCE: HeaderName = HeaderName::from_static("change-sequence");

#[utoipa::path(
    tag = "changes",
    operation_id = "exportRegistry",
    summary = "Exportera allt offentligt / Export everything public",
    description = "Allt offentligt från ett och samma ögonblick, en post per rad; första raden har epoch och changeSequence att följa /changes från. \
        Filen görs högst var femte minut; minChange ger en som har den ändringen. Som text/csv: organisationerna. \
        Accept-Encoding: gzip ger den komprimerad, Range en del, Repr-Digest dess SHA-256.\n\n\
        Everything public of one moment, one record a line; the first line has the epoch and changeSequence to follow /changes from. The file is made \
        at most every five minutes; minChange gives one that has that change. As text/csv: the organisations. Accept-Encoding: gzip gives it \
        compressed, Range a part, Repr-Digest its SHA-256.",
    params(
        ("minChange" = Option<i64>, Query, description = "Ändringen som filen måste ha / The change that the file must hold", minimum = 0, example = 1),
        ("Range" = Option<String>, Header, description = "Del av filen i byte / Part of the file in bytes", example = "bytes=0-1023"),
        ("If-Range" = Option<String>, Header, description = "ETag som delen hör till; annars kommer hela filen / ETag that the part belongs to; else the whole file comes", example = "\"0f1e2d3c4b5a69788796a5b4c3d2e1f0\""),
    ),
    responses(
        (status = 200, description = "Filen / The file", body = String, content_type = "application/x-ndjson"),
        (status = 206, description = "Delen / The part", body = String, content_type = "application/x-ndjson"),
    ),
)]
#[get("/export")]
pub(crate) async fn export_registry(call: Call) -> Answer {
    let params = Params::of(&call.request)?;
    params.only(&["minChange"])?;
    let format = negotiate(&call.request, Format::EXPORT)?;
    let min_change = min_change(&params)?;
    let form = if format == Format::Csv { Form::Csv } else { Form::NdJson };
    let made = call.app.exports.get(form, min_change).await?;
    let compressed = accepts_gzip(&call.request);
    let tag = tag(&made);
    if let Some(tag) = etag::not_modified(&call.request, &tag)? {
        return Ok(HttpResponse::NotModified()
            .insert_header((header::ETAG, tag))
            .insert_header((header::CACHE_CONTROL, "public, no-cache"))
            .finish());
    }
    let part = if compressed { &made.gzip } else { &made.plain };
    let current = if compressed { etag::with_coding(&tag, "gzip") } else { tag.clone() };
    let range = match asked_range(&call.request, &current, part.length) {
        Asked::Whole => None,
        Asked::Part(range) => Some(range),
        Asked::Outside => return Ok(outside(&call.request, part.length)),
    };
    let status = if range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let mut answer = HttpResponse::build(status);
    answer
        .insert_header((header::ETAG, tag))
        .insert_header((header::CONTENT_TYPE, format.content_type()))
        .insert_header((header::CACHE_CONTROL, "public, no-cache"))
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        // Named even when there is none, so that nothing on the way compresses a part of a file.
        .insert_header((header::CONTENT_ENCODING, if compressed { "gzip" } else { "identity" }))
        .insert_header((REPR_DIGEST, format!("sha-256=:{}:", STANDARD.encode(part.digest))))
        .insert_header((CHANGE_SEQUENCE, made.sequence.to_string()));
    if let Some(range) = &range {
        let (first, last, length) = (range.start, range.end - 1, part.length);
        answer.insert_header((header::CONTENT_RANGE, format!("bytes {first}-{last}/{length}")));
    }
    let range = range.unwrap_or(0..part.length);
    Ok(answer.body(SizedStream::new(range.end - range.start, Box::pin(bytes(made, compressed, range)))))
}

fn min_change(params: &Params) -> Result<Option<i64>> {
    let mut reading = Reading { params, errors: Vec::new() };
    let number = reading.number("minChange", 0, u64::MAX);
    reading.end()?;
    Ok(number.map(|number| i64::try_from(number).unwrap_or(i64::MAX)))
}

/// The tag of an export: of its plain bytes.
fn tag(made: &Made) -> String {
    let start: String = made.plain.digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{start}\"")
}

fn accepts_gzip(request: &HttpRequest) -> bool {
    let values = request.headers().get_all(header::ACCEPT_ENCODING).filter_map(|value| value.to_str().ok());
    let mut any = None;
    for coding in values.flat_map(|value| value.split(',')) {
        let mut parts = coding.split(';');
        let name = parts.next().unwrap_or_default().trim();
        if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            return quality(parts) > 0;
        }
        if name == "*" {
            any = Some(quality(parts) > 0);
        }
    }
    any.unwrap_or(false)
}

/// What of a file a request wants.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    Part(Range<u64>),
    Outside,
}

/// The part that a request asks for. What is no single range of bytes, or belongs to another file, means all of it.
fn asked_range(request: &HttpRequest, tag: &str, length: u64) -> Asked {
    let text = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let Some(range) = text(header::RANGE) else { return Asked::Whole };
    // A date never names a file of ours.
    if text(header::IF_RANGE).is_some_and(|condition| condition.trim() != tag) {
        return Asked::Whole;
    }
    parse_range(range, length)
}

fn parse_range(text: &str, length: u64) -> Asked {
    let bounds = text.trim().strip_prefix("bytes=").map(str::trim).and_then(|range| range.split_once('-'));
    let Some((first, last)) = bounds else { return Asked::Whole };
    let range = match (whole(first.trim()), whole(last.trim())) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Some(first), None) if last.trim().is_empty() => first..length,
        (None, Some(last)) if first.trim().is_empty() => length.saturating_sub(last)..length,
        _ => return Asked::Whole,
    };
    if range.is_empty() { Asked::Outside } else { Asked::Part(range) }
}

fn outside(request: &HttpRequest, length: u64) -> HttpResponse {
    let detail = Message::new(format!("Filen har {length} byte."), format!("The file has {length} bytes."));
    let mut answer = problem::response(&Error::problem(Code::RangeNotSatisfiable, detail), request);
    if let Ok(value) = header::HeaderValue::from_str(&format!("bytes */{length}")) {
        answer.headers_mut().insert(header::CONTENT_RANGE, value);
    }
    answer
}

/// The bytes of a part, read as they are taken. The file lives as long as somebody reads it.
fn bytes(made: Arc<Made>, compressed: bool, range: Range<u64>) -> impl stream::Stream<Item = Result<Bytes>> {
    stream::try_unfold((made, range), move |(made, range)| async move {
        if range.is_empty() {
            return Ok(None);
        }
        let file = Arc::clone(&made);
        let (from, most) = (range.start, CHUNK.min(range.end - range.start));
        let chunk = blocking(move || {
            let part: &Part = if compressed { &file.gzip } else { &file.plain };
            part.read(from, most)
        })
        .await?;
        Ok(Some((Bytes::from(chunk), (made, range.start + most..range.end))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_range_is_a_part_of_the_file() {
        for (text, asked) in [
            ("bytes=0-9", Asked::Part(0..10)),
            ("bytes=90-", Asked::Part(90..100)),
            ("bytes=-5", Asked::Part(95..100)),
            ("bytes=50-500", Asked::Part(50..100)),
            ("bytes=-500", Asked::Part(0..100)),
            ("bytes=100-", Asked::Outside),
            ("bytes=-0", Asked::Outside),
            ("bytes=5-2", Asked::Whole),
            ("bytes=0-1,5-6", Asked::Whole),
            ("rows=0-9", Asked::Whole),
            ("bytes=-", Asked::Whole),
        ] {
            assert_eq!(parse_range(text, 100), asked, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_header_breaks_it(text in ".*", length in 0u64..1000) {
            if let Asked::Part(range) = parse_range(&text, length) {
                prop_assert!(range.start < range.end && range.end <= length);
            }
        }
    }
}
