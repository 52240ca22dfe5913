//! Answers of lists and search, written as bytes around records that are ready-made.

use crate::api::cursor::{Cursor, CursorKey, Direction};
use crate::api::etag::Hash;
use crate::api::language::Language;
use crate::api::parameters::Params;
use crate::api::parse::{DEEPEST, ListRequest};
use crate::api::splice::{Link, begin_object, select_fields, write_links, write_property_name, write_text};
use crate::api::tables::facet_title;
use crate::error::{Error, Result};
use crate::search::query::{Answer, Hit};
use crate::vocabulary::{Term, by_number};
use std::collections::HashMap;
use std::io::Write;
use std::sync::OnceLock;
use uuid::Uuid;

/// Where a list stands: what its links are made of.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The address of the API's root, absolute: `https://…/api/v1`.
    pub api: &'a str,
    /// The path below that root, as it was asked for, with a leading stroke.
    pub path: &'a str,
    /// The parameters as they were sent.
    pub params: &'a Params,
}

/// Records embedded in those of a page, by the id of the record that they belong to: name and JSON, in order.
pub type Embedded = HashMap<Uuid, Vec<(&'static str, Vec<u8>)>>;

/// A written body and the hash of all of it but `_meta.changeSequence`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// JSON.
    pub bytes: Vec<u8>,
    /// For the weak ETag.
    pub hash: u64,
}

/// The links between pages: each keeps the other parameters.
///
/// `next` is a cursor link where page numbers do not reach, and `last` is left out there.
pub fn page_links(place: &Place<'_>, request: &ListRequest, answer: &Answer, cursors: &CursorKey) -> Vec<Link> {
    let limit = request.limit.max(1) as u64;
    let total = answer.total as u64;
    let address = |query: String| format!("{}{}{query}", place.api, place.path);
    let others = address(place.params.with(&[("page", None), ("cursor", None)]));
    let further = |rel: &'static str, name: &str, value: &str| {
        let before = if others.contains('?') { '&' } else { '?' };
        Link::get(rel, format!("{others}{before}{name}={value}"))
    };
    let numbered = |rel: &'static str, page: u64| further(rel, "page", itoa::Buffer::new().format(page));
    let reached = |page: u64| page.saturating_mul(limit).min(total) <= DEEPEST;
    let last = total.div_ceil(limit).max(1);
    let mut links = vec![Link::get("self", address(place.params.with(&[]))), numbered("first", 1)];
    let before = request.before();
    if request.page > 1 {
        let previous = match &request.cursor {
            // A page number can tell what comes before a cursor only where pages begin and end alike.
            Some(_) => before.is_multiple_of(limit).then_some(before / limit),
            None => Some((request.page - 1).min(last)),
        };
        links.extend(previous.filter(|page| *page > 0 && reached(*page)).map(|page| numbered("prev", page)));
    }
    let after = before.saturating_add(answer.hits.len() as u64);
    let by_number = request.cursor.is_none();
    if by_number && request.page < last && reached(request.page + 1) {
        links.push(numbered("next", request.page + 1));
    } else if let Some(position) = answer.next.as_ref().filter(|_| !answer.hits.is_empty()) {
        let cursor = Cursor { position: position.clone(), direction: Direction::Forward, before: after };
        let text = cursors.seal(&cursor, request.fingerprint);
        links.push(further("next", "cursor", &text));
    }
    if reached(last) {
        links.push(numbered("last", last));
    }
    links
}

/// Writes the answer of a list: plain records, each with its links.
///
/// # Errors
/// A fault of ours when a ready-made record is no JSON object.
pub fn write_list(
    place: &Place<'_>,
    request: &ListRequest,
    answer: &Answer,
    links: &[Link],
    embedded: &Embedded,
    language: Language,
) -> Result<Body> {
    let mut out = begin(answer);
    for (index, hit) in answer.hits.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_record(&mut out, place, request, hit, embedded)?;
    }
    out.push(b']');
    if !request.query.facets.is_empty() {
        write_facets(&mut out, answer, language);
    }
    end(out, request, answer, links)
}

/// Writes the answer of a search: each record in a hit, then facets and a better spelling.
///
/// # Errors
/// A fault of ours when a ready-made record is no JSON object.
pub fn write_search(
    place: &Place<'_>,
    request: &ListRequest,
    answer: &Answer,
    links: &[Link],
    language: Language,
) -> Result<Body> {
    let mut out = begin(answer);
    let nothing = Embedded::new();
    for (index, hit) in answer.hits.iter().enumerate() {
        out.extend_from_slice(if index > 0 { b",{\"type\":\"" } else { b"{\"type\":\"" });
        out.extend_from_slice(hit.kind.name().as_bytes());
        out.extend_from_slice(b"\",\"id\":\"");
        write_id(&mut out, hit.id);
        out.extend_from_slice(b"\",\"title\":");
        write_text(&mut out, &hit.title);
        // A score is told to three places, by whole numbers: a float is written far more slowly.
        let thousandths = (f64::from(hit.score) * 1000.0).round() as u64;
        out.extend_from_slice(b",\"score\":");
        write_number(&mut out, thousandths / 1000);
        out.push(b'.');
        out.extend_from_slice(&itoa::Buffer::new().format(1000 + thousandths % 1000).as_bytes()[1..]);
        out.extend_from_slice(b",\"matchedOn\":[");
        for (index, part) in hit.matched_on.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write_text(&mut out, part);
        }
        out.extend_from_slice(b"],\"highlights\":[");
        for (index, (part, text)) in hit.highlights.iter().enumerate() {
            out.extend_from_slice(if index > 0 { b",{\"part\":" } else { b"{\"part\":" });
            write_text(&mut out, part);
            out.extend_from_slice(b",\"text\":");
            write_text(&mut out, text);
            out.push(b'}');
        }
        out.push(b']');
        if let Some(explanation) = &hit.explanation {
            out.extend_from_slice(b",\"explanation\":");
            serde_json::to_writer(&mut out, explanation)?;
        }
        out.extend_from_slice(b",\"record\":");
        write_record(&mut out, place, request, hit, &nothing)?;
        out.push(b'}');
    }
    out.push(b']');
    write_facets(&mut out, answer, language);
    if let Some(spelling) = &answer.did_you_mean {
        out.extend_from_slice(b",\"didYouMean\":");
        write_text(&mut out, spelling);
    }
    end(out, request, answer, links)
}

/// The first bytes of an answer, in room for all of it.
fn begin(answer: &Answer) -> Vec<u8> {
    let records: usize = answer.hits.iter().map(|hit| hit.record.len() + 400).sum();
    let values: usize = answer.facets.iter().map(|(_, values)| values.len() * 64).sum();
    let mut out = Vec::with_capacity(records + values + 4096);
    out.extend_from_slice(b"{\"items\":[");
    out
}

fn write_record(
    out: &mut Vec<u8>,
    place: &Place<'_>,
    request: &ListRequest,
    hit: &Hit,
    embedded: &Embedded,
) -> Result<()> {
    let selected;
    let json = if request.fields.is_empty() {
        &*hit.record
    } else {
        selected = select_fields(&hit.record, &request.fields)?;
        selected.as_slice()
    };
    let mut more = begin_object(out, json);
    if let Some(records) = embedded.get(&hit.id) {
        write_property_name(out, more, "_embedded");
        write_embedded(out, records);
        more = true;
    }
    write_property_name(out, more, "_links");
    out.extend_from_slice(b"{\"self\":{\"href\":\"");
    // Addresses of ours hold nothing that JSON escapes, so they are written as they are.
    for part in [place.api, "/", hit.kind.plural(), "/"] {
        out.extend_from_slice(part.as_bytes());
    }
    write_id(out, hit.id);
    out.extend_from_slice(b"\",\"rel\":\"self\",\"method\":\"GET\"}}}");
    Ok(())
}

fn write_id(out: &mut Vec<u8>, id: Uuid) {
    out.extend_from_slice(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()).as_bytes());
}

/// Writes embedded records: `{"parent": {…}, "contactPoints": […]}`.
pub fn write_embedded(out: &mut Vec<u8>, records: &[(&'static str, Vec<u8>)]) {
    out.push(b'{');
    for (index, (name, json)) in records.iter().enumerate() {
        write_property_name(out, index > 0, name);
        out.extend_from_slice(json);
    }
    out.push(b'}');
}

/// The values of facets by their numbers, up to their counts, as they are written in a language: written once, since an
/// answer may have hundreds.
fn written_values(language: Language) -> &'static [Vec<u8>] {
    static WRITTEN: [OnceLock<Vec<Vec<u8>>>; 2] = [const { OnceLock::new() }; 2];
    let [swedish, english] = &WRITTEN;
    let written = match language {
        Language::Sv => swedish,
        Language::En => english,
    };
    written.get_or_init(|| {
        let terms = (0..=u16::MAX).map_while(by_number);
        let value = |term: &Term| {
            let mut value = b"{\"key\":".to_vec();
            write_text(&mut value, &term.key);
            value.extend_from_slice(b",\"label\":");
            write_text(&mut value, term.title(language.text()));
            value.extend_from_slice(b",\"count\":");
            value
        };
        terms.map(value).collect()
    })
}

fn write_facets(out: &mut Vec<u8>, answer: &Answer, language: Language) {
    out.extend_from_slice(b",\"facets\":[");
    for (index, (name, values)) in answer.facets.iter().enumerate() {
        out.extend_from_slice(if index > 0 { b",{\"name\":" } else { b"{\"name\":" });
        write_text(out, name);
        out.extend_from_slice(b",\"title\":");
        write_text(out, facet_title(name, language));
        out.extend_from_slice(b",\"values\":[");
        let written = written_values(language);
        let known = values.iter().filter_map(|(number, count)| Some((written.get(usize::from(*number))?, count)));
        for (index, (value, count)) in known.enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(value);
            write_number(out, *count as u64);
            out.push(b'}');
        }
        out.extend_from_slice(b"]}");
    }
    out.push(b']');
}

/// Writes links and counts; the change number comes last, so that the hash is of all before it.
fn end(mut out: Vec<u8>, request: &ListRequest, answer: &Answer, links: &[Link]) -> Result<Body> {
    out.extend_from_slice(b",\"_links\":");
    write_links(&mut out, links);
    let (total, page, limit, count) = (answer.total, request.page, request.limit, answer.hits.len());
    write(
        &mut out,
        format_args!(",\"_meta\":{{\"totalRecords\":{total},\"page\":{page},\"limit\":{limit},\"count\":{count}"),
    )?;
    let mut hash = Hash::default();
    hash.add(&out);
    write(&mut out, format_args!(",\"changeSequence\":{}}}}}", answer.sequence))?;
    Ok(Body { bytes: out, hash: hash.value() })
}

fn write_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn write(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) -> Result<()> {
    out.write_fmt(text).map_err(Error::from)
}

#[cfg(test)]
mod tests;
