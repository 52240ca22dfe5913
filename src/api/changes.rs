//! The change feed over HTTP: what a copy of the registry follows.

use crate::api::call::{Answer, Call, blocking};
use crate::api::etag;
use crate::api::language::Language;
use crate::api::negotiate::{Format, negotiate};
use crate::api::parameters::{Params, Reading, unknown_parameter, wrong_parameters};
use crate::api::parse::{Context, Resolve, parse_filters};
use crate::api::schemas::ChangesPage;
use crate::api::splice::{Link, write_links, write_text};
use crate::api::table::Table;
use crate::api::tables;
use crate::error::{Error, FieldError, Message, Result};
use crate::resources::Kind;
use crate::search::query::Query;
use crate::transfer::feed::{self, Asked, Item, Page, Standing};
use actix_web::get;
use std::io::Write;
use uuid::Uuid;

/// How many items a page has when `limit` is not given.
const DEFAULT_LIMIT: usize = 100;
/// The most items that a page has.
const MOST: usize = 1_000;
/// The filters, in the grammar of the lists.
const TABLE: &Table = &tables::CHANGES;
/// The parameters beside the filters.
const OWN: &[&str] = &["after", "epoch", "limit"];

#[utoipa::path(
    tag = "changes",
    operation_id = "listChanges",
    summary = "Följ ändringar / Follow changes",
    description = "Varje post en gång, vid sin senaste ändring, som den är nu, i den ordning ändringarna sparades. Börja från exporten \
        (dess första rad har changeSequence och epoch) eller från after=0, spara posterna, ta bort dem som kommer utan record, och fortsätt från \
        _meta.changeSequence eller länken next. Den som är i kapp får ett tomt svar med samma länk. Poster som lämnar filtret kommer som deleted \
        med reason out-of-filter; en läsare kan få veta att en post är borta som den aldrig hade.\n\n\
        Each record once, at its last change, as it is now, in the order in which changes were stored. Start from the export (its first line has \
        changeSequence and epoch) or from after=0, keep the records, drop those that come without record, and go on from _meta.changeSequence or \
        the link next. Who is level gets an empty answer with the same link. Records that leave the filter come as deleted with the reason \
        out-of-filter; a reader may be told that a record is gone which it never had.",
    params(
        ("after" = Option<i64>, Query, description = "Numret på den sista ändring som läsaren känner till / Number of the last change that the reader knows of", minimum = 0, example = 0),
        ("epoch" = Option<String>, Query, description = "Epoken som numret räknas i; krävs när after är större än 0 / The epoch that the number counts in; required when after is more than 0", example = "6f1c1d3e-0c7b-4d43-9d7e-0a3a5f4d8a10"),
        ("limit" = Option<usize>, Query, description = "Högst så många, 1 till 1000 / At most so many, 1 to 1000", minimum = 1, maximum = 1000, example = 100),
    ),
    responses((status = 200, description = "En sida ändringar / A page of changes", body = ChangesPage)),
)]
#[get("/changes")]
pub(crate) async fn list_changes(call: Call) -> Answer {
    let params = Params::of(&call.request)?;
    negotiate(&call.request, Format::PLAIN)?;
    let (asked, standing) = read(&call, &params, OWN, None)?;
    let app = call.app.clone();
    let page = blocking(move || app.db.read_at_once(|connection| feed::page(connection, &asked, &standing))).await?;
    let body = write_page(&call, &params, &page)?;
    let mut hash = etag::Hash::default();
    hash.add(&body);
    let tag = etag::weak(hash.value(), Format::Json);
    call.tagged(tag, Format::Json, || Ok(body))
}

/// Filters of the feed name no records.
struct NoRecords;

impl Resolve for NoRecords {
    fn resolve(&self, _kinds: &[Kind], _text: &str) -> Result<Option<Uuid>> {
        Ok(None)
    }
}

/// Reads what is asked for and where the reader stands; a position that came another way wins over the parameters.
pub(super) fn read(
    call: &Call,
    params: &Params,
    own: &[&'static str],
    position: Option<Standing>,
) -> Result<(Asked, Standing)> {
    let (query, errors) = read_filters(params, own)?;
    let mut reading = Reading { params, errors };
    let after = reading.number("after", 0, i64::MAX.unsigned_abs()).and_then(|after| i64::try_from(after).ok());
    let after = after.unwrap_or(0);
    let limit = reading.number("limit", 1, MOST as u64).and_then(|limit| usize::try_from(limit).ok());
    let epoch = reading.single("epoch").map(str::to_owned);
    if position.is_none() && after > 0 && epoch.is_none() {
        let detail = Message::fixed(
            "Skicka epoch från samma svar som numret i after.",
            "Send the epoch of the same answer as the number in after.",
        );
        reading.errors.push(FieldError::parameter("epoch", "required", detail));
    }
    reading.end()?;
    let asked = Asked { audience: call.actor.audience(), query, limit: limit.unwrap_or(DEFAULT_LIMIT) };
    Ok((asked, position.unwrap_or(Standing { after, epoch })))
}

/// The query of a filter in the grammar of this list, as webhooks keep it.
pub(crate) fn filter(text: &str) -> Result<Query> {
    let (query, errors) = read_filters(&Params::parse(text)?, &[])?;
    if errors.is_empty() { Ok(query) } else { Err(wrong_parameters(errors)) }
}

/// Reads the filters; names what is wrong, and every parameter that is neither a filter nor the operation's own.
fn read_filters(params: &Params, own: &[&'static str]) -> Result<(Query, Vec<FieldError>)> {
    let context = Context { resolve: &NoRecords, language: Language::default(), cursors: None, scope: "" };
    let (query, mut errors) = parse_filters(TABLE, params, &context)?;
    let known = || own.iter().copied().chain(filters());
    for (name, _) in params.pairs().filter(|(name, _)| !known().any(|known| known == *name)) {
        errors.push(unknown_parameter(name, known()));
    }
    Ok((query, errors))
}

/// The names of the filters.
fn filters() -> impl Iterator<Item = &'static str> {
    TABLE.rows.iter().map(|row| row.parameter).filter(|name| !name.is_empty())
}

fn write_page(call: &Call, params: &Params, page: &Page) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(page.items.iter().map(Item::length).sum::<usize>() + 1_000);
    out.extend_from_slice(b"{\"items\":[");
    for (index, item) in page.items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        item.write(&mut out)?;
    }
    out.extend_from_slice(b"],\"_meta\":{\"epoch\":");
    write_text(&mut out, &page.epoch);
    let (position, count, more) = (page.position, page.items.len(), page.more);
    write!(out, ",\"changeSequence\":{position},\"count\":{count},\"more\":{more}}},\"_links\":")?;
    let own = format!("{}/changes", call.api());
    let position = position.to_string();
    let next = params.with(&[("after", Some(&position)), ("epoch", Some(&page.epoch))]);
    let links = [Link::get("self", format!("{own}{}", params.with(&[]))), Link::get("next", format!("{own}{next}"))];
    write_links(&mut out, &links);
    out.push(b'}');
    Ok(out)
}

/// A position as `epoch:sequence`.
pub(super) fn position(text: &str) -> Result<Standing> {
    let read = || {
        let (epoch, sequence) = text.trim().rsplit_once(':')?;
        let after = sequence.parse().ok().filter(|after: &i64| *after >= 0)?;
        (!epoch.is_empty()).then(|| Standing { after, epoch: Some(epoch.to_owned()) })
    };
    read().ok_or_else(|| {
        let detail = Message::fixed(
            "Skicka id från den sista händelsen som den kom.",
            "Send the id of the last event as it came.",
        );
        Error::Problem {
            code: crate::error::Code::Malformed,
            detail: detail.clone(),
            errors: vec![FieldError {
                place: crate::error::Place::Header("Last-Event-ID".to_owned()),
                code: "format",
                detail,
            }],
        }
    })
}
