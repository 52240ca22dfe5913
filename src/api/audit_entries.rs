//! The audit log over HTTP, for administrators: who did what, when, from which request.

use crate::api::call::{Answer, Call, blocking, private};
use crate::api::negotiate::{Format, negotiate};
use crate::api::parameters::{Params, Reading};
use crate::api::schemas::Links;
use crate::api::splice::{Link, links};
use crate::api::values::moment;
use crate::auth::permission;
use crate::db::audit::{AuditRow, Wanted, entries};
use crate::error::{Error, Message, Result};
use crate::resources::values::rfc3339;
use actix_web::http::StatusCode;
use actix_web::{get, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// How many entries a page has when `limit` is not given, and at most.
const ENTRIES: u64 = 50;
const MOST_ENTRIES: u64 = 500;
/// The longest name of a client that is looked for, in bytes: outside issuers name theirs.
const LONGEST_CLIENT: usize = 500;

/// One row of the audit log.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditEntry {
    /// Its number, from 1 without gaps.
    #[schema(example = 4711)]
    number: i64,
    /// When.
    #[schema(format = DateTime, example = "2026-11-24T09:00:00Z")]
    at: String,
    /// The client that did it; operator for the command line.
    #[schema(example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f")]
    client: String,
    /// The outside issuer whose token named the client.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "https://login.kommun.example")]
    issuer: Option<String>,
    /// The request: X-Request-Id of its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Uuid)]
    request_id: Option<String>,
    /// What was done.
    #[schema(example = "updated")]
    action: String,
    /// To what kind of thing.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    #[schema(example = "organisation")]
    kind: Option<String>,
    /// To which.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f")]
    record_id: Option<String>,
    /// The number of the change, as in /changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 313)]
    change_sequence: Option<i64>,
    /// What there is to tell: of a record the properties that differ, before and after. Nothing protected.
    #[schema(value_type = Option<Object>, example = json!({"before": {"website": "http://www.example.org"}, "after": {"website": "https://www.example.org"}}))]
    content: Option<Value>,
    /// Whether there was content that has been removed; a later entry says why.
    content_removed: bool,
    /// SHA-256 over the entry, the hash of its content and the hash of the entry before.
    #[schema(example = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU")]
    hash: String,
}

impl AuditEntry {
    /// A stored row.
    fn of(row: AuditRow) -> Result<AuditEntry> {
        Ok(AuditEntry {
            number: row.number,
            at: rfc3339(row.at.0),
            client: row.client,
            issuer: row.issuer,
            request_id: row.request_id,
            action: row.action,
            kind: row.kind,
            record_id: row.record_id,
            change_sequence: row.change_sequence,
            content_removed: row.content.is_none() && !row.content_hash.is_empty(),
            content: row.content.as_deref().map(serde_json::from_str).transpose()?,
            hash: row.hash,
        })
    }
}

/// Rows of the audit log.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes an answer that is written as bytes")]
pub(crate) struct AuditPage {
    /// Newest first.
    items: Vec<AuditEntry>,
    /// How many are here.
    #[schema(rename = "_meta")]
    meta: AuditMeta,
    /// Links to this page and the next.
    #[schema(rename = "_links")]
    links: Links,
}

/// How many are here.
#[derive(ToSchema)]
#[schema(example = json!({"count": 1, "limit": 50}))]
#[expect(dead_code, reason = "describes an answer that is written as bytes")]
pub(crate) struct AuditMeta {
    /// Here.
    count: u64,
    /// At most.
    limit: u64,
}

#[utoipa::path(
    tag = "administration",
    operation_id = "listAuditEntries",
    summary = "Läs granskningsloggen / Read the audit log",
    description = "Vem som gjorde vad, när och i vilket anrop, nyast först; bara för administratörer. Rader läggs bara till, och var och en har en \
        kontrollsumma över sig själv och raden före: samverkan audit verify prövar dem.\n\n\
        Who did what, when and in which request, newest first; for administrators only. Entries are only added, and each has a hash over itself and \
        the one before: samverkan audit verify checks them.",
    params(
        ("client" = Option<String>, Query, description = "Bara den här klientens / Only of this client", example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f"),
        ("action" = Option<String>, Query, description = "Bara det här slaget av handling / Only this action", example = "client-created"),
        ("type" = Option<String>, Query, description = "Bara det här slaget av sak / Only this kind of thing", example = "organisation"),
        ("record" = Option<Uuid>, Query, description = "Bara om den här posten, klienten eller webhooken / Only about this record, client or webhook", example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f"),
        ("request" = Option<Uuid>, Query, description = "Bara från det här anropet: X-Request-Id / Only from this request: X-Request-Id", example = "01932f4a-7b1c-7000-8000-000000000001"),
        ("from" = Option<String>, Query, description = "Vid den här tiden eller senare / At this time or later", example = "2026-11-24T09:00:00Z"),
        ("to" = Option<String>, Query, description = "Före den här tiden; en dag räknas med / Before this time; a day is included", example = "2026-11-25"),
        ("limit" = Option<u64>, Query, description = "Högst så många, 1 till 500 / At most so many, 1 to 500", minimum = 1, maximum = 500, example = 50),
        ("before" = Option<u64>, Query, description = "Bara de före det här numret / Only those before this number", minimum = 1, example = 4711),
    ),
    responses((status = 200, description = "Raderna / The entries", body = AuditPage)),
    security(("oauth" = ["write"])),
)]
#[get("/audit-entries")]
pub(crate) async fn list_audit_entries(call: Call) -> Answer {
    permission::must_be_administrator(&call.actor)?;
    let params = Params::of(&call.request)?;
    params.only(&["client", "action", "type", "record", "request", "from", "to", "limit", "before"])?;
    negotiate(&call.request, Format::PLAIN)?;
    let mut reading = Reading { params: &params, errors: Vec::new() };
    let wanted = wanted(&mut reading);
    let limit = reading.number("limit", 1, MOST_ENTRIES).unwrap_or(ENTRIES);
    reading.end()?;
    let limit = usize::try_from(limit).map_err(Error::internal)?;
    let more = i64::try_from(limit + 1).map_err(Error::internal)?;
    let app = call.app.clone();
    let rows = blocking(move || app.db.read(|connection| entries(connection, &wanted, more))).await?;
    let own = format!("{}/audit-entries", call.api());
    let mut all = vec![Link::get("self", format!("{own}{}", params.with(&[])))];
    if let (true, Some(last)) = (rows.len() > limit, rows.get(limit - 1)) {
        let before = last.number.to_string();
        all.push(Link::get("next", format!("{own}{}", params.with(&[("before", Some(&before))]))));
    }
    let items: Vec<AuditEntry> = rows.into_iter().take(limit).map(AuditEntry::of).collect::<Result<_>>()?;
    let page = json!({"_meta": {"count": items.len(), "limit": limit}, "items": items, "_links": links(&all)});
    Ok(private(StatusCode::OK, page.to_string()))
}

#[utoipa::path(
    tag = "administration",
    operation_id = "readAuditEntry",
    summary = "Läs en rad i granskningsloggen / Read one entry of the audit log",
    description = "Raden med det numret.\n\nThe entry of that number.",
    params(("number" = i64, Path, description = "Nummer från 1 / Number from 1", example = 4711)),
    responses((status = 200, description = "Raden / The entry", body = AuditEntry)),
    security(("oauth" = ["write"])),
)]
#[get("/audit-entries/{number}")]
pub(crate) async fn read_audit_entry(call: Call, number: web::Path<String>) -> Answer {
    permission::must_be_administrator(&call.actor)?;
    Params::of(&call.request)?.only(&[])?;
    negotiate(&call.request, Format::PLAIN)?;
    let number: i64 = number.parse().map_err(|_| Error::not_found())?;
    let wanted = Wanted { below: number.checked_add(1), ..Wanted::default() };
    let app = call.app.clone();
    let rows = blocking(move || app.db.read(|connection| entries(connection, &wanted, 1))).await?;
    let row = rows.into_iter().find(|row| row.number == number).ok_or_else(Error::not_found)?;
    Ok(private(StatusCode::OK, serde_json::to_string(&AuditEntry::of(row)?)?))
}

fn wanted(reading: &mut Reading<'_>) -> Wanted {
    let client = |text: &str| (!text.is_empty() && text.len() <= LONGEST_CLIENT).then(|| text.to_owned());
    Wanted {
        client: reading.formed("client", "format", Message::fixed("En klients id.", "A client's id."), client),
        action: word(reading, "action"),
        kind: word(reading, "type"),
        record: reading.uuid("record"),
        request: reading.uuid("request"),
        from: time(reading, "from", false),
        to: time(reading, "to", true),
        below: reading.number("before", 1, u64::MAX).map(|number| i64::try_from(number).unwrap_or(i64::MAX)),
    }
}

/// A word as the log has them: small letters and hyphens.
fn word(reading: &mut Reading<'_>, name: &str) -> Option<String> {
    let detail = Message::fixed("Ett ord av små bokstäver och bindestreck.", "A word of small letters and hyphens.");
    let small = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let form = |text: &str| (!text.is_empty() && text.len() <= 60 && small(text)).then(|| text.to_owned());
    reading.formed(name, "format", detail, form)
}

fn time(reading: &mut Reading<'_>, name: &str, end_of_day: bool) -> Option<DateTime<Utc>> {
    let detail = Message::fixed(
        "Tid enligt RFC 3339, till exempel 2026-11-24T10:00:00Z, eller en dag.",
        "A time by RFC 3339, such as 2026-11-24T10:00:00Z, or a day.",
    );
    reading.formed(name, "format", detail, |text| moment(text, end_of_day))
}
