//! The operations on one record, written once for all kinds.

use crate::api::body;
use crate::api::call::{Addresses, Answer, Call, blocking, reading};
use crate::api::embed::embedded;
use crate::api::etag::{self, Precondition, Variant};
use crate::api::jsonld;
use crate::api::negotiate::{Format, negotiate};
use crate::api::page::write_embedded;
use crate::api::parameters::{Params, nearest, wrong_parameters};
use crate::api::splice::{begin_object, select_fields, write_property_name};
use crate::api::table::{Include, Table};
use crate::api::tables;
use crate::api::values::moment;
use crate::api::writing::{self, Retry, Written};
use crate::auth::permission;
use crate::db::Change;
use crate::error::{Error, FieldError, Message, Result};
use crate::identifier::parse_path_id;
use crate::resources::Kind;
use crate::resources::organisation::Organisations;
use crate::resources::resource::Resource;
use crate::resources::service::{self, Wrote};
use crate::resources::steps::Effect;
use crate::resources::values::rfc3339;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

/// The links of a record take about so many bytes at most.
const MOST_LINKS: usize = 2_500;

/// The formats of one record of a kind.
const fn formats(kind: Kind) -> &'static [Format] {
    match kind {
        Kind::Organisation | Kind::ContactPoint | Kind::Network | Kind::Forum => Format::LINKED,
        Kind::Meeting | Kind::Membership | Kind::Collaboration => Format::PLAIN,
    }
}

/// Which properties of a record are given and what is embedded in it.
#[derive(Debug, Clone, Default)]
struct Shape {
    fields: Vec<&'static str>,
    include: Vec<&'static Include>,
}

impl Shape {
    fn of(table: &'static Table, params: &Params) -> Result<Shape> {
        params.only(&["fields", "include"])?;
        let mut shape = Shape::default();
        let mut errors = Vec::new();
        for name in params.all("fields").flat_map(|value| value.split(',')).map(str::trim) {
            match table.fields().find(|field| *field == name) {
                Some(field) => shape.fields.push(field),
                None => errors.push(unknown_value("fields", name, table.fields())),
            }
        }
        for name in params.all("include").flat_map(|value| value.split(',')).map(str::trim) {
            match table.includes.iter().find(|include| include.name == name) {
                Some(include) => shape.include.push(include),
                None => errors.push(unknown_value("include", name, table.includes.iter().map(|include| include.name))),
            }
        }
        if errors.is_empty() { Ok(shape) } else { Err(wrong_parameters(errors)) }
    }
}

fn unknown_value(parameter: &str, name: &str, known: impl Iterator<Item = &'static str>) -> FieldError {
    let near = nearest(name, known).unwrap_or_default();
    let (sv, en) = if near.is_empty() {
        ("Värdet finns inte.".to_owned(), "There is no such value.".to_owned())
    } else {
        (format!("Värdet finns inte. Menar du {near}?"), format!("There is no such value. Do you mean {near}?"))
    };
    FieldError::parameter(parameter, "unknown-value", Message::new(sv, en))
}

/// Reads one record, straight from the database.
pub(crate) async fn read<R: Resource>(call: Call, id: String) -> Answer {
    let params = Params::of(&call.request)?;
    let shape = Shape::of(tables::of(R::KIND), &params)?;
    let format = negotiate(&call.request, formats(R::KIND))?;
    let path = parse_path_id(&id)?;
    let (app, actor, include) = (call.app.clone(), call.actor.clone(), shape.include.clone());
    let (record, embedded, may_write) = reading(&call.app.db, move |connection| {
        let id = service::locate(connection, R::KIND, &path)?;
        let record = service::read::<R>(connection, &actor, id)?;
        let embedded = embedded(connection, &app, &actor, &include, &[(id, record.json.as_bytes())])?;
        let may_write = service::may_change::<R>(connection, &actor, id)?;
        Ok((record, embedded, may_write))
    })
    .await?;
    let mut beside = Vec::new();
    if let Some(parts) = embedded.get(&record.id) {
        write_embedded(&mut beside, parts);
    }
    let embedded = beside;
    let variant = Variant { format, fields: &shape.fields, embedded: &embedded, secret: record.secret_version };
    let tag = etag::strong(record.version, &variant);
    call.tagged(tag, format, || {
        let json = record.json.as_bytes();
        if format == Format::JsonLd {
            return jsonld::record(R::KIND, json, &call.api());
        }
        whole(json, &shape.fields, &embedded, |out| {
            call.addresses().write_links(out, R::KIND, record.id, may_write);
        })
    })
}

/// A record with links and what is embedded, of all or some properties.
fn whole(json: &[u8], fields: &[&'static str], embedded: &[u8], links: impl FnOnce(&mut Vec<u8>)) -> Result<Vec<u8>> {
    let picked = if fields.is_empty() { None } else { Some(select_fields(json, fields)?) };
    let json = picked.as_deref().unwrap_or(json);
    let mut out = Vec::with_capacity(json.len() + embedded.len() + MOST_LINKS);
    let mut more = begin_object(&mut out, json);
    if !embedded.is_empty() {
        write_property_name(&mut out, more, "_embedded");
        out.extend_from_slice(embedded);
        more = true;
    }
    write_property_name(&mut out, more, "_links");
    links(&mut out);
    out.push(b'}');
    Ok(out)
}

/// Reads the body of a write: the key of a retry, made with its bytes, and its JSON.
async fn body_of(call: &Call, payload: web::Payload) -> Result<(Option<Retry>, Value)> {
    let bytes = body::json_bytes(payload, &call.request, call.app.config.body_limit).await?;
    Ok((Retry::of(call, &bytes)?, body::parse(&bytes)?))
}

/// What a write answers: the record in full, its links, and what may be kept for a retry.
fn wrote<R: Resource>(call: &Addresses, wrote: Wrote) -> Result<Written> {
    let record = wrote.record;
    let variant = Variant { secret: record.secret_version, ..Variant::WHOLE };
    let mut open_body = whole(record.json.as_bytes(), &[], &[], |out| {
        call.write_links(out, R::KIND, record.id, true);
    })?;
    open_body.pop();
    let created = wrote.effect == Effect::Created;
    Ok(Written {
        status: if created { StatusCode::CREATED } else { StatusCode::OK },
        location: created.then(|| call.record(R::KIND, record.id)),
        tag: Some(etag::strong(record.version, &variant)),
        open_body: text(open_body)?,
        kept_body: record.holds_protected.then(|| format!("{{\"id\":\"{}\",\"version\":{}", record.id, record.version)),
    })
}

fn text(bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|_| Error::internal("an answer is no UTF-8"))
}

/// Makes a record.
pub(crate) async fn create<R: Resource>(call: Call, payload: web::Payload) -> Answer {
    Params::of(&call.request)?.only(&[])?;
    may_ever_write(&call)?;
    let (retry, body) = body_of(&call, payload).await?;
    let addresses = call.addresses();
    writing::write(&call, retry, move |tx, actor| {
        wrote::<R>(&addresses, service::create::<R>(tx, actor, body.clone())?)
    })
    .await
}

/// Changes a record by a JSON Merge Patch.
pub(crate) async fn change<R: Resource>(call: Call, id: String, payload: web::Payload) -> Answer {
    Params::of(&call.request)?.only(&[])?;
    may_ever_write(&call)?;
    let path = parse_path_id(&id)?;
    let precondition = Precondition::of(&call.request, true)?;
    let (_, patch) = body_of(&call, payload).await?;
    if !patch.is_object() {
        return Err(Error::invalid(vec![FieldError::at(
            "",
            "type",
            Message::fixed("Ändringen ska vara ett JSON-objekt.", "The patch must be a JSON object."),
        )]));
    }
    let addresses = call.addresses();
    writing::write(&call, None, move |tx, actor| {
        let id = service::locate(tx.connection(), R::KIND, &path)?;
        let check = |version| precondition.check(version);
        wrote::<R>(&addresses, service::patch::<R>(tx, actor, id, &check, &patch)?)
    })
    .await
}

/// Creates or replaces a record by a key of the caller's.
pub(crate) async fn put<R: Resource>(call: Call, id: String, payload: web::Payload) -> Answer {
    Params::of(&call.request)?.only(&[])?;
    may_ever_write(&call)?;
    let path = parse_path_id(&id)?;
    let precondition = Precondition::of(&call.request, false)?;
    let (_, body) = body_of(&call, payload).await?;
    let addresses = call.addresses();
    writing::write(&call, None, move |tx, actor| {
        let check = |version| precondition.check(version);
        wrote::<R>(&addresses, service::put::<R>(tx, actor, &path, &check, body.clone())?)
    })
    .await
}

/// Deletes a record.
pub(crate) async fn remove<R: Resource>(call: Call, id: String) -> Answer {
    Params::of(&call.request)?.only(&[])?;
    may_ever_write(&call)?;
    let path = parse_path_id(&id)?;
    let precondition = Precondition::of(&call.request, true)?;
    writing::write(&call, None, move |tx, actor| {
        let id = service::locate(tx.connection(), R::KIND, &path)?;
        let check = |version| precondition.check(version);
        let version = service::delete::<R>(tx, actor, id, &check)?;
        let (kind, at) = (R::KIND.name(), rfc3339(tx.at));
        Ok(Written {
            status: StatusCode::OK,
            location: None,
            tag: None,
            open_body: format!("{{\"id\":\"{id}\",\"type\":\"{kind}\",\"deletedAt\":\"{at}\",\"version\":{version}"),
            kept_body: None,
        })
    })
    .await
}

/// Lets one organisation absorb another.
pub(crate) async fn merge(call: Call, id: String, payload: web::Payload) -> Answer {
    Params::of(&call.request)?.only(&[])?;
    may_ever_write(&call)?;
    let path = parse_path_id(&id)?;
    let (retry, body) = body_of(&call, payload).await?;
    let addresses = call.addresses();
    writing::write(&call, retry, move |tx, actor| {
        let survivor = service::locate(tx.connection(), Kind::Organisation, &path)?;
        wrote::<Organisations>(&addresses, service::merge(tx, actor, survivor, body.clone())?)
    })
    .await
}

/// A caller that may write nothing is told so before its body is read.
fn may_ever_write(call: &Call) -> Result<()> {
    permission::may_ever_write(&call.actor)
}

/// The versions of a record, newest first, or the one that stood at a moment.
pub(crate) async fn history<R: Resource>(call: Call, id: String) -> Answer {
    let params = Params::of(&call.request)?;
    params.only(&["asOf"])?;
    negotiate(&call.request, Format::PLAIN)?;
    let as_of = match params.single("asOf") {
        Ok(None) => None,
        Ok(Some(text)) => Some(moment(text, true).ok_or_else(|| {
            Error::parameter(
                "asOf",
                "format",
                Message::fixed(
                    "Skriv en tidpunkt som 2026-11-24T09:00:00Z.",
                    "Write a moment as 2026-11-24T09:00:00Z.",
                ),
            )
        })?),
        Err(error) => return Err(wrong_parameters(vec![error])),
    };
    let path = parse_path_id(&id)?;
    let (app, actor) = (call.app.clone(), call.actor.clone());
    let (id, changes) = blocking(move || {
        app.db.read(|connection| {
            let id = service::locate(connection, R::KIND, &path)?;
            let changes = match as_of {
                None => service::history::<R>(connection, &actor, id)?,
                Some(at) => service::as_of::<R>(connection, &actor, id, at)?.into_iter().collect(),
            };
            Ok((id, changes))
        })
    })
    .await?;
    let body = versions(&changes, &format!("{}/history", call.address(R::KIND, id)))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, Format::Json.content_type()))
        .insert_header((header::CACHE_CONTROL, call.cache_control()))
        .body(body))
}

fn versions(changes: &[Change], own: &str) -> Result<String> {
    let items: Vec<Value> = changes
        .iter()
        .map(|change| {
            let record: Value = serde_json::from_str(change.content.as_deref().unwrap_or("null"))?;
            Ok(json!({
                "version": change.version,
                "operation": change.operation.name(),
                "at": rfc3339(change.at),
                "changeSequence": change.sequence,
                "record": record,
            }))
        })
        .collect::<Result<_>>()?;
    let count = items.len();
    let answer = json!({
        "items": items,
        "_meta": {"totalRecords": count, "page": 1, "limit": count, "count": count},
        "_links": {"self": {"href": own, "rel": "self", "method": "GET"}},
    });
    Ok(answer.to_string())
}
