//! Webhooks over HTTP: each client sees and changes its own, administrators all.

use crate::api::body;
use crate::api::call::{Answer, Call, blocking, canonical, private};
use crate::api::changes;
use crate::api::etag::{self, Precondition};
use crate::api::negotiate::{Format, negotiate};
use crate::api::parameters::{Params, Reading, shortened};
use crate::api::patch::merge_patch;
use crate::api::splice::{Link, links};
use crate::api::validate::{Validator, clean};
use crate::api::webhook_shapes::{
    DeletedWebhook, Delivery, DeliveryPage, NewSecret, Position, Wanted, Webhook, WebhookInput, WebhookPage,
    WebhookWithSecret,
};
use crate::api::writing::{self, Retry, Written};
use crate::app::App;
use crate::auth::keys::Keys;
use crate::auth::permission;
use crate::db::audit::Entry;
use crate::db::webhooks::{Status, WebhookRow, deliveries, webhook, webhooks_of};
use crate::db::{By, Head, Operations};
use crate::error::{Code, Error, FieldError, Message, Place, Result};
use crate::identifier::mask_personal;
use crate::resources::values::rfc3339;
use crate::transfer::webhooks::{Reach, Secret};
use actix_web::http::StatusCode;
use actix_web::{delete, get, patch, post, web};
use chrono::{NaiveDateTime, TimeDelta};
use serde_json::{Value, json};
use std::net::IpAddr;
use url::{Host, Url};
use uuid::Uuid;

/// A client has at most so many.
const MOST: usize = 100;
/// A secret that was replaced signs for so long beside the new one.
const OVERLAP: TimeDelta = TimeDelta::hours(24);
/// What the service sets beside what it sets everywhere: ignored in what clients send.
const READ_ONLY: &[&str] = &["clientId", "reason", "failures", "failingSince", "nextAttemptAt", "secret"];
/// How many deliveries a page has when `limit` is not given, and at most.
const DELIVERIES: usize = 50;
const MOST_DELIVERIES: usize = 500;

#[utoipa::path(
    tag = "webhooks",
    operation_id = "listWebhooks",
    summary = "Lista webhooks / List webhooks",
    description = "Klientens egna webhooks, äldst först; administratörer ser allas.\n\n\
        The client's own webhooks, oldest first; administrators see everybody's.",
    responses((status = 200, description = "Webhooks / The webhooks", body = WebhookPage)),
    security(("oauth" = ["read"])),
)]
#[get("/webhooks")]
pub(crate) async fn list_webhooks(call: Call) -> Answer {
    let owner = Owner::of(&call)?;
    Params::of(&call.request)?.only(&[])?;
    negotiate(&call.request, Format::PLAIN)?;
    let app = call.app.clone();
    let rows = blocking(move || {
        app.db.read(|connection| webhooks_of(connection, (!owner.all).then_some(owner.client.as_str())))
    })
    .await?;
    let api = call.api();
    let items: Vec<Webhook> = rows.iter().map(|row| shown(&api, row)).collect();
    let count = items.len();
    // Administrators see those of several clients.
    let limit = count.max(MOST);
    let page = json!({
        "items": items,
        "_meta": {"totalRecords": count, "page": 1, "limit": limit, "count": count},
        "_links": links(&[Link::get("self", format!("{api}/webhooks"))]),
    });
    Ok(private(StatusCode::OK, page.to_string()))
}

#[utoipa::path(
    tag = "webhooks",
    operation_id = "createWebhook",
    summary = "Skapa en webhook / Create one webhook",
    description = "Ändringarna skickas dit som POST, en åt gången och i ordning, signerade enligt Standard Webhooks: huvudena webhook-id, \
        webhook-timestamp och webhook-signature. Svara 2xx inom 10 sekunder; annars kommer samma händelse igen, glesare och glesare, och efter \
        fem dygn är den död (status dead). Med position börjar den tidigare än nu. Svaret har hemligheten, den här enda gången.\n\n\
        Changes are posted there, one at a time and in order, signed by Standard Webhooks: the headers webhook-id, webhook-timestamp and \
        webhook-signature. Answer 2xx within 10 seconds; else the same event comes again, less and less often, and after five days it is dead \
        (status dead). With position it begins earlier than now. The answer has the secret, this one time.",
    request_body(content = WebhookInput, description = "Innehållet / The content of the webhook"),
    responses((status = 201, description = "Den nya, med hemlighet / The new webhook, with its secret", body = WebhookWithSecret)),
    security(("oauth" = ["read"])),
)]
#[post("/webhooks")]
pub(crate) async fn create_webhook(call: Call, payload: web::Payload) -> Answer {
    let owner = Owner::writing(&call)?;
    if call.actor.issuer().is_some() {
        // Nobody would hear from the issuer that its rights have ended.
        return Err(Error::problem(
            Code::Forbidden,
            Message::fixed(
                "En webhook tillhör en klient hos registret; den med en utfärdare utanför får ingen.",
                "A webhook belongs to a client of the registry; who has an outside issuer gets none.",
            ),
        ));
    }
    Params::of(&call.request)?.only(&[])?;
    let bytes = body::json_bytes(payload, &call.request, call.app.config.body_limit).await?;
    let (retry, content) = (Retry::of(&call, &bytes)?, body::parse(&bytes)?);
    let (app, api) = (call.app.clone(), call.api());
    writing::operate(&call, retry, move |operations, by| {
        let input = read(content.clone(), &app.config.webhook_reach())?;
        if operations.webhooks_of(&owner.client)? >= MOST {
            let most = format!("At most {MOST} webhooks for each client.");
            return Err(Error::problem(
                Code::Conflict,
                Message::new(format!("Högst {MOST} webhooks per klient."), most),
            ));
        }
        let head = operations.head()?;
        let at = app.clock.now().naive_utc();
        let place = input.position.as_ref().map(|position| checked(position, &head)).transpose()?;
        let row = WebhookRow {
            id: Uuid::now_v7().to_string(),
            client_id: owner.client.clone(),
            version: 1,
            created_at: at,
            updated_at: at,
            url: input.url,
            filter: input.filter,
            description: input.description,
            status: input.status.map_or(Status::Active, Wanted::status).name().to_owned(),
            reason: None,
            generation: 1,
            former_until: None,
            epoch: head.epoch,
            sequence: place.unwrap_or(head.sequence),
            moved_at: at,
            failures: 0,
            failing_since: None,
            attempt_at: at,
            claim: None,
            claimed_until: None,
        };
        operations.insert_webhook(row.clone())?;
        note(operations, by, "webhook-created", &row)?;
        let mut written = wrote(&api, &row, StatusCode::CREATED)?;
        written.kept_body = Some(written.open_body.clone());
        written.open_body = format!("{},\"secret\":\"{}\"", written.open_body, secret(&app.keys, &row)?);
        Ok(written)
    })
    .await
}

#[utoipa::path(
    tag = "webhooks",
    operation_id = "readWebhook",
    summary = "Läs en webhook / Read one webhook",
    description = "Hur långt den har kommit, och hur det går: failures och failingSince när mottagaren inte svarar, reason när den är död.\n\n\
        How far it has come, and how that goes: failures and failingSince while the receiver does not answer, reason when it is dead.",
    params(("id" = String, Path, description = "UUID", example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f")),
    responses((status = 200, description = "Den / The webhook", body = Webhook)),
    security(("oauth" = ["read"])),
)]
#[get("/webhooks/{id}")]
pub(crate) async fn read_webhook(call: Call, id: web::Path<String>) -> Answer {
    let owner = Owner::of(&call)?;
    Params::of(&call.request)?.only(&[])?;
    negotiate(&call.request, Format::PLAIN)?;
    let row = find(&call, &owner, id.into_inner()).await?;
    let body = serde_json::to_string(&shown(&call.api(), &row))?;
    let tag = tag(&row, &body);
    call.tagged(tag, Format::Json, || Ok(body.into_bytes()))
}

#[utoipa::path(
    tag = "webhooks",
    operation_id = "changeWebhook",
    summary = "Ändra en webhook / Change one webhook",
    description = "JSON Merge Patch (RFC 7396), kräver If-Match. status paused stannar den, active sätter igång den igen, också en som är död. \
        position flyttar den: {\"position\": {\"sequence\": 0}} spelar upp allt från början, med samma händelse-id som förut.\n\n\
        JSON Merge Patch (RFC 7396), needs If-Match. The status paused halts it, active starts it again, also one that is dead. \
        position moves it: {\"position\": {\"sequence\": 0}} replays everything from the beginning, with the same event ids as before.",
    params(("id" = String, Path, description = "UUID", example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f")),
    request_body(content = Object, content_type = "application/merge-patch+json", description = "Det som ska ändras / What is to change", example = json!({"position": {"sequence": 0}})),
    responses((status = 200, description = "Efter ändringen / The webhook after the change", body = Webhook)),
    security(("oauth" = ["read"])),
)]
#[patch("/webhooks/{id}")]
pub(crate) async fn change_webhook(call: Call, id: web::Path<String>, payload: web::Payload) -> Answer {
    let owner = Owner::writing(&call)?;
    Params::of(&call.request)?.only(&[])?;
    let precondition = Precondition::of(&call.request, true)?;
    let bytes = body::json_bytes(payload, &call.request, call.app.config.body_limit).await?;
    let patch = body::parse(&bytes)?;
    let (app, api, id) = (call.app.clone(), call.api(), id.into_inner());
    writing::operate(&call, None, move |operations, by| {
        let row = owner.own(operations.webhook(&canonical(&id)?)?)?;
        precondition.check(row.version)?;
        let (changed, anew) = patched(&app, operations, &row, &patch)?;
        operations.change_webhook(row.version, &changed, anew)?;
        note(operations, by, "webhook-changed", &changed)?;
        wrote(&api, &changed, StatusCode::OK)
    })
    .await
}

#[utoipa::path(
    tag = "webhooks",
    operation_id = "deleteWebhook",
    summary = "Ta bort en webhook / Delete one webhook",
    description = "Inget mer skickas. Kräver If-Match.\n\nNothing more is sent. Needs If-Match.",
    params(("id" = String, Path, description = "UUID", example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f")),
    responses((status = 200, description = "Borttagen / The webhook is deleted", body = DeletedWebhook)),
    security(("oauth" = ["read"])),
)]
#[delete("/webhooks/{id}")]
pub(crate) async fn delete_webhook(call: Call, id: web::Path<String>) -> Answer {
    let owner = Owner::writing(&call)?;
    Params::of(&call.request)?.only(&[])?;
    let precondition = Precondition::of(&call.request, true)?;
    let (app, id) = (call.app.clone(), id.into_inner());
    writing::operate(&call, None, move |operations, by| {
        let row = owner.own(operations.webhook(&canonical(&id)?)?)?;
        precondition.check(row.version)?;
        operations.delete_webhook(&row.id)?;
        note(operations, by, "webhook-deleted", &row)?;
        let (id, at, version) = (&row.id, rfc3339(app.clock.now()), row.version);
        Ok(Written {
            status: StatusCode::OK,
            location: None,
            tag: None,
            open_body: format!("{{\"id\":\"{id}\",\"type\":\"webhook\",\"deletedAt\":\"{at}\",\"version\":{version}"),
            kept_body: None,
        })
    })
    .await
}

#[utoipa::path(
    tag = "webhooks",
    operation_id = "createWebhookSecret",
    summary = "Byt hemlighet / Replace the secret",
    description = "Ger en ny hemlighet. I ett dygn signeras händelserna med båda, så att mottagaren hinner byta.\n\n\
        Gives a new secret. For a day events are signed with both, so that the receiver has time to change.",
    params(("id" = String, Path, description = "UUID", example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f")),
    responses((status = 201, description = "Hemligheten, den här enda gången / The secret, this one time", body = NewSecret)),
    security(("oauth" = ["read"])),
)]
#[post("/webhooks/{id}/secrets")]
pub(crate) async fn create_webhook_secret(call: Call, id: web::Path<String>) -> Answer {
    let owner = Owner::writing(&call)?;
    Params::of(&call.request)?.only(&[])?;
    let retry = Retry::of(&call, &[])?;
    let (app, id) = (call.app.clone(), id.into_inner());
    writing::operate(&call, retry, move |operations, by| {
        let row = owner.own(operations.webhook(&canonical(&id)?)?)?;
        let now = app.clock.now();
        let until = now + OVERLAP;
        let changed = WebhookRow {
            version: row.version + 1,
            updated_at: now.naive_utc(),
            generation: row.generation + 1,
            former_until: Some(until.naive_utc()),
            ..row.clone()
        };
        operations.change_webhook(row.version, &changed, false)?;
        note(operations, by, "webhook-secret-created", &changed)?;
        let open = format!("{{\"formerUntil\":\"{}\"", rfc3339(until));
        Ok(Written {
            status: StatusCode::CREATED,
            location: None,
            tag: None,
            open_body: format!("{open},\"secret\":\"{}\"", secret(&app.keys, &changed)?),
            kept_body: Some(open),
        })
    })
    .await
}

#[utoipa::path(
    tag = "webhooks",
    operation_id = "listWebhookDeliveries",
    summary = "Vad som skickades / What was sent",
    description = "Varje sändning de senaste 30 dygnen, nyast först: vilken händelse, hur det gick och hur länge det tog. Aldrig innehållet.\n\n\
        Every sending of the last 30 days, newest first: which event, how it went and how long it took. Never the content.",
    params(
        ("id" = String, Path, description = "UUID", example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f"),
        ("limit" = Option<usize>, Query, description = "Högst så många, 1 till 500 / At most so many, 1 to 500", minimum = 1, maximum = 500, example = 50),
        ("before" = Option<Uuid>, Query, description = "Bara de före den här / Only those before this one", example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f"),
    ),
    responses((status = 200, description = "Sändningarna / The deliveries", body = DeliveryPage)),
    security(("oauth" = ["read"])),
)]
#[get("/webhooks/{id}/deliveries")]
pub(crate) async fn list_webhook_deliveries(call: Call, id: web::Path<String>) -> Answer {
    let owner = Owner::of(&call)?;
    let params = Params::of(&call.request)?;
    params.only(&["limit", "before"])?;
    negotiate(&call.request, Format::PLAIN)?;
    let mut reading = Reading { params: &params, errors: Vec::new() };
    let limit = reading.number("limit", 1, MOST_DELIVERIES as u64).and_then(|limit| usize::try_from(limit).ok());
    let limit = limit.unwrap_or(DELIVERIES);
    let before = reading.uuid("before");
    reading.end()?;
    let row = find(&call, &owner, id.into_inner()).await?;
    let own = format!("{}/webhooks/{}/deliveries", call.api(), row.id);
    let app = call.app.clone();
    let rows = blocking(move || {
        let more = i64::try_from(limit + 1).map_err(Error::internal)?;
        app.db.read(|connection| deliveries(connection, &row.id, before.as_deref(), more))
    })
    .await?;
    let mut all = vec![Link::get("self", format!("{own}{}", params.with(&[])))];
    if let (true, Some(last)) = (rows.len() > limit, rows.get(limit - 1)) {
        all.push(Link::get("next", format!("{own}{}", params.with(&[("before", Some(&last.id))]))));
    }
    let items: Vec<Delivery> = rows.into_iter().take(limit).map(Delivery::of).collect();
    let page = json!({"_meta": {"count": items.len(), "limit": limit}, "items": items, "_links": links(&all)});
    Ok(private(StatusCode::OK, page.to_string()))
}

/// Whose webhooks a caller may see.
#[derive(Clone)]
struct Owner {
    client: String,
    all: bool,
}

impl Owner {
    fn of(call: &Call) -> Result<Owner> {
        let (client, all) = permission::must_be_client(&call.actor)?;
        Ok(Owner { client: client.to_owned(), all })
    }

    /// Of a caller who changes something.
    fn writing(call: &Call) -> Result<Owner> {
        let owner = Owner::of(call)?;
        permission::must_show_token(call.until)?;
        Ok(owner)
    }

    /// The webhook, if it is the caller's; another's is as if it were not there.
    fn own(&self, row: Option<WebhookRow>) -> Result<WebhookRow> {
        row.filter(|row| self.all || row.client_id == self.client).ok_or_else(Error::not_found)
    }
}

async fn find(call: &Call, owner: &Owner, id: String) -> Result<WebhookRow> {
    let id = canonical(&id)?;
    let app = call.app.clone();
    let row = blocking(move || app.db.read(|connection| webhook(connection, &id))).await?;
    owner.own(row)
}

/// Reads content: cleaned, checked against its schema, then the address and the filter.
fn read(mut content: Value, reach: &Reach) -> Result<WebhookInput> {
    if let Value::Object(properties) = &mut content {
        properties.retain(|name, _| !READ_ONLY.contains(&name.as_str()));
    }
    let mut errors = Vec::new();
    clean(&mut content, &mut errors);
    errors.extend(Validator::for_webhooks()?.check(&mut content));
    if !errors.is_empty() {
        return Err(Error::invalid(errors));
    }
    let mut input: WebhookInput = serde_json::from_value(content).map_err(Error::internal)?;
    match address(&input.url, reach) {
        Ok(url) => input.url = url,
        Err(detail) => errors.push(FieldError::at("/url", "format", detail)),
    }
    if let Err(error) = changes::filter(&input.filter) {
        let Error::Problem { errors: wrong, detail, .. } = error else { return Err(error) };
        let details = wrong.into_iter().map(named);
        let details: Vec<Message> = if details.len() == 0 { vec![detail] } else { details.collect() };
        errors.extend(details.into_iter().map(|detail| FieldError::at("/filter", "filter", detail)));
    }
    if errors.is_empty() { Ok(input) } else { Err(Error::invalid(errors)) }
}

/// What is wrong with a parameter of a filter, with its name.
fn named(error: FieldError) -> Message {
    let FieldError { place, detail, .. } = error;
    let Place::Parameter(name) = place else { return detail };
    let name = shortened(&mask_personal(&name));
    Message::new(format!("{name}: {}", detail.sv), format!("{name}: {}", detail.en))
}

/// An address that events may be sent to, in its one spelling.
fn address(text: &str, reach: &Reach) -> Result<String, Message> {
    let url = Url::parse(text).map_err(|_| Message::fixed("En fullständig adress.", "A complete address."))?;
    let tls = match url.scheme() {
        "https" => true,
        "http" if reach.allows_plain() => false,
        _ => return Err(Message::fixed("Adressen ska börja med https://.", "The address must begin with https://.")),
    };
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(Message::fixed(
            "Adressen får inte ha användarnamn, lösenord eller fragment.",
            "The address may have no user name, password or fragment.",
        ));
    }
    let literal = match url.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        _ => None,
    };
    if literal.is_some_and(|address| !reach.allows(address, tls)) {
        return Err(Message::fixed("Dit får inget skickas.", "Nothing may be sent there."));
    }
    Ok(url.into())
}

/// Where a webhook is to go on from.
fn checked(position: &Position, head: &Head) -> Result<i64> {
    let wrong =
        |pointer: &str, code, sv, en| Err(Error::invalid(vec![FieldError::at(pointer, code, Message::fixed(sv, en))]));
    if position.epoch.as_ref().is_some_and(|epoch| *epoch != head.epoch) {
        return wrong(
            "/position/epoch",
            "unknown-value",
            "Ändringarna räknas i en annan epok nu.",
            "Changes are counted in another epoch now.",
        );
    }
    if position.sequence > head.sequence {
        return wrong(
            "/position/sequence",
            "too-large",
            "Så många ändringar finns inte.",
            "There are not that many changes.",
        );
    }
    if position.sequence < head.complete_after {
        return wrong(
            "/position/sequence",
            "too-small",
            "Det som togs bort så tidigt berättas inte längre. Börja om från exporten.",
            "What was deleted that early is no longer told. Start again from the export.",
        );
    }
    Ok(position.sequence)
}

/// A webhook as its owner's patch makes it, and whether it is to be tried at once.
fn patched(app: &App, operations: &mut Operations<'_>, row: &WebhookRow, patch: &Value) -> Result<(WebhookRow, bool)> {
    let mut content = json!({"url": row.url, "filter": row.filter, "description": row.description});
    if patch.get("position").is_some_and(Value::is_object) {
        content["position"] = json!({"sequence": row.sequence});
    }
    merge_patch(&mut content, patch);
    let input = read(content, &app.config.webhook_reach())?;
    let at: NaiveDateTime = app.clock.now().naive_utc();
    let mut changed = WebhookRow {
        version: row.version + 1,
        updated_at: at,
        url: input.url,
        filter: input.filter,
        description: input.description,
        ..row.clone()
    };
    let leads_elsewhere = (&changed.url, &changed.filter) != (&row.url, &row.filter);
    let anew = leads_elsewhere || input.status.is_some() || input.position.is_some();
    if anew {
        changed.attempt_at = at;
    }
    if let Some(wanted) = input.status {
        wanted.status().name().clone_into(&mut changed.status);
        (changed.reason, changed.failures, changed.failing_since) = (None, 0, None);
    }
    if let Some(position) = &input.position {
        let head = operations.head()?;
        (changed.sequence, changed.epoch, changed.moved_at) = (checked(position, &head)?, head.epoch, at);
    }
    Ok((changed, anew))
}

/// Adds a row to the audit log: where a webhook leads may be a secret, and stands in the webhook.
fn note(operations: &mut Operations<'_>, by: &By, action: &'static str, row: &WebhookRow) -> Result<()> {
    let record = Some(row.id.clone());
    let content = Some(json!({"filter": row.filter, "status": row.status}).to_string());
    operations.note(by, Entry { action, kind: Some("webhook"), record, change: None, content })
}

fn secret(keys: &Keys, row: &WebhookRow) -> Result<String> {
    Ok(Secret::of(keys, &row.id, row.generation)?.text())
}

/// The answer to a write, without its last brace.
fn wrote(api: &str, row: &WebhookRow, status: StatusCode) -> Result<Written> {
    let body = serde_json::to_string(&shown(api, row))?;
    let open_body = body.strip_suffix('}').unwrap_or(&body).to_owned();
    let location = (status == StatusCode::CREATED).then(|| format!("{api}/webhooks/{}", row.id));
    Ok(Written { status, location, tag: Some(tag(row, &body)), open_body, kept_body: None })
}

/// The tag: the version for If-Match, and the rest of the state, which moves by itself.
fn tag(row: &WebhookRow, body: &str) -> String {
    let mut hash = etag::Hash::default();
    hash.add(body.as_bytes());
    format!("\"{}-s{:016x}\"", row.version, hash.value())
}

/// A webhook as its owner sees it.
fn shown(api: &str, row: &WebhookRow) -> Webhook {
    let own = format!("{api}/webhooks/{}", row.id);
    let all = [
        Link::get("self", own.clone()),
        Link::get("collection", format!("{api}/webhooks")),
        Link::get("deliveries", format!("{own}/deliveries")),
        Link::action("edit", "PATCH", own.clone()),
        Link::action("delete", "DELETE", own.clone()),
        Link::action("newSecret", "POST", format!("{own}/secrets")),
    ];
    Webhook::of(row, links(&all))
}
