//! Clients over HTTP, for administrators: making and revoking them, their secrets and keys.

use crate::api::body;
use crate::api::call::{Answer, Call, blocking, canonical, private};
use crate::api::client_shapes::{
    Client, ClientInput, ClientPage, ClientWithSecret, Credential, CredentialInput, CredentialPage, CredentialWithText,
    DeletedCredential,
};
use crate::api::negotiate::{Format, negotiate};
use crate::api::parameters::{Params, Reading};
use crate::api::splice::{Link, links};
use crate::api::validate::{Validator, clean};
use crate::api::writing::{self, Retry, Written};
use crate::app::App;
use crate::auth::actor::Role;
use crate::auth::assertion::PublicKey;
use crate::auth::clients::{self, NewClient};
use crate::auth::credentials::CredentialKind;
use crate::auth::permission;
use crate::db::clients::{client, clients as all_clients, credentials_of};
use crate::db::{By, ClientRow, CredentialRow, Operations};
use crate::error::{Error, FieldError, Message, Result};
use crate::resources::Kind;
use crate::resources::steps::exists;
use crate::resources::values::rfc3339;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{delete, get, post, web};
use chrono::TimeDelta;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

/// How many clients a page has when `limit` is not given, and at most.
const CLIENTS: u64 = 20;
const MOST_CLIENTS: u64 = 100;
/// A secret that was replaced is good for so many hours when nothing else is asked for.
const OVERLAP: u32 = 24;

#[utoipa::path(
    tag = "administration",
    operation_id = "listClients",
    summary = "Lista klienter / List clients",
    description = "Klienterna, äldst först; bara för administratörer.\n\nThe clients, oldest first; for administrators only.",
    params(
        ("role" = Option<String>, Query, description = "Bara den här rollen / Only this role", example = "editor"),
        ("organisation" = Option<Uuid>, Query, description = "Bara de som företräder den här organisationen / Only those that act for this organisation", example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f"),
        ("status" = Option<String>, Query, description = "active, revoked eller any; annars active / active, revoked or any; else active", example = "any"),
        ("page" = Option<u64>, Query, description = "Sida från 1 / Page from 1", minimum = 0, example = 1),
        ("limit" = Option<u64>, Query, description = "Klienter per sida, 1 till 100 / Clients on a page, 1 to 100", minimum = 1, maximum = 100, example = 20),
    ),
    responses((status = 200, description = "Klienterna / The clients", body = ClientPage)),
    security(("oauth" = ["write"])),
)]
#[get("/clients")]
pub(crate) async fn list_clients(call: Call) -> Answer {
    permission::must_be_administrator(&call.actor)?;
    let params = Params::of(&call.request)?;
    params.only(&["role", "organisation", "status", "page", "limit"])?;
    negotiate(&call.request, Format::PLAIN)?;
    let mut reading = Reading { params: &params, errors: Vec::new() };
    let wanted = Wanted::of(&mut reading);
    let page = reading.number("page", 0, u64::MAX).unwrap_or(1);
    let limit = reading.number("limit", 1, MOST_CLIENTS).unwrap_or(CLIENTS);
    reading.end()?;
    let app = call.app.clone();
    // There are some thousands at most: what is asked for is picked here.
    let mut rows = blocking(move || app.db.read(all_clients)).await?;
    rows.retain(|row| wanted.takes(row));
    let total = rows.len() as u64;
    let last = total.div_ceil(limit).max(1);
    let own = format!("{}/clients", call.api());
    let numbered = |rel, page: u64| {
        let query = params.with(&[("page", Some(&page.to_string()))]);
        Link::get(rel, format!("{own}{query}"))
    };
    let mut all = vec![Link::get("self", format!("{own}{}", params.with(&[]))), numbered("first", 1)];
    all.extend((page > 1).then(|| numbered("prev", (page - 1).min(last))));
    all.extend((1..last).contains(&page).then(|| numbered("next", page + 1)));
    all.push(numbered("last", last));
    let skipped = page.checked_sub(1).map_or(total, |before| before.saturating_mul(limit).min(total));
    let api = call.api();
    let items: Vec<Client> = rows.iter().skip(size(skipped)?).take(size(limit)?).map(|row| shown(&api, row)).collect();
    let meta = json!({"totalRecords": total, "page": page, "limit": limit, "count": items.len()});
    let body = json!({"items": items, "_meta": meta, "_links": links(&all)});
    Ok(private(StatusCode::OK, body.to_string()))
}

#[utoipa::path(
    tag = "administration",
    operation_id = "createClient",
    summary = "Skapa en klient / Create one client",
    description = "Svaret har hemligheten, den här enda gången; ett upprepat svar (Idempotency-Key) har den inte. Redaktörer och paraplyer företräder \
        en organisation, andra ingen.\n\n\
        The answer has the secret, this one time; an answer that is repeated (Idempotency-Key) has not. Editors and umbrellas act for an \
        organisation, others for none.",
    request_body(content = ClientInput, description = "Klienten / The client"),
    responses((status = 201, description = "Den nya, med hemlighet / The new client, with its secret", body = ClientWithSecret)),
    security(("oauth" = ["write"])),
)]
#[post("/clients")]
pub(crate) async fn create_client(call: Call, payload: web::Payload) -> Answer {
    permission::must_be_administrator(&call.actor)?;
    Params::of(&call.request)?.only(&[])?;
    let bytes = body::json_bytes(payload, &call.request, call.app.config.body_limit).await?;
    let (retry, content) = (Retry::of(&call, &bytes)?, body::parse(&bytes)?);
    let (app, api) = (call.app.clone(), call.api());
    operate(&call, retry, move |operations, by| {
        let ClientInput { name, role, organisation_id, protected } = read(content.clone())?;
        if let Some(id) = organisation_id {
            must_exist(&app, id)?;
        }
        let new = NewClient { name, role, organisation: organisation_id, protected };
        let (row, secret) = clients::create(operations, by, &new)?;
        let open = format!("{},\"clientId\":\"{}\"", opened(&shown(&api, &row))?, row.id);
        Ok(Written {
            status: StatusCode::CREATED,
            location: Some(format!("{api}/clients/{}", row.id)),
            tag: None,
            open_body: format!("{open},\"clientSecret\":\"{secret}\""),
            kept_body: Some(open),
        })
    })
    .await
}

#[utoipa::path(
    tag = "administration",
    operation_id = "readClient",
    summary = "Läs en klient / Read one client",
    description = "Också en som är återkallad.\n\nAlso one that was revoked.",
    params(("id" = String, Path, description = "UUID", example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f")),
    responses((status = 200, description = "Klienten / The client", body = Client)),
    security(("oauth" = ["write"])),
)]
#[get("/clients/{id}")]
pub(crate) async fn read_client(call: Call, id: web::Path<String>) -> Answer {
    permission::must_be_administrator(&call.actor)?;
    Params::of(&call.request)?.only(&[])?;
    negotiate(&call.request, Format::PLAIN)?;
    let (app, id) = (call.app.clone(), canonical(&id)?);
    let row =
        blocking(move || app.db.read(|connection| client(connection, &id))).await?.ok_or_else(Error::not_found)?;
    Ok(private(StatusCode::OK, serde_json::to_string(&shown(&call.api(), &row))?))
}

#[utoipa::path(
    tag = "administration",
    operation_id = "revokeClient",
    summary = "Återkalla en klient / Revoke one client",
    description = "Dess rättigheter är slut genast och för alltid: hemligheter, nycklar och tokens gäller inte mer, och dess webhooks får inget. \
        En nod känner till det genast, andra inom en sekund. Den klient som anropet görs med kan inte återkallas.\n\n\
        Its rights end at once and for ever: secrets, keys and tokens are void, and its webhooks are sent nothing. One node knows at once, others \
        within a second. The client that makes the request cannot be revoked.",
    params(("id" = String, Path, description = "UUID", example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f")),
    responses((status = 200, description = "Den återkallade / The revoked client", body = Client)),
    security(("oauth" = ["write"])),
)]
#[delete("/clients/{id}")]
pub(crate) async fn revoke_client(call: Call, id: web::Path<String>) -> Answer {
    permission::must_be_administrator(&call.actor)?;
    Params::of(&call.request)?.only(&[])?;
    let (api, id) = (call.api(), canonical(&id)?);
    operate(&call, None, move |operations, by| {
        let row = clients::revoke(operations, by, &id)?;
        Ok(done(opened(&shown(&api, &row))?))
    })
    .await
}

#[utoipa::path(
    tag = "administration",
    operation_id = "listCredentials",
    summary = "Lista hemligheter och nycklar / List secrets and keys",
    description = "De som inte har gått ut, äldst först; aldrig deras texter.\n\nThose that have not ended, oldest first; never their texts.",
    params(("id" = String, Path, description = "UUID", example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f")),
    responses((status = 200, description = "Hemligheter och nycklar / Secrets and keys", body = CredentialPage)),
    security(("oauth" = ["write"])),
)]
#[get("/clients/{id}/credentials")]
pub(crate) async fn list_credentials(call: Call, id: web::Path<String>) -> Answer {
    permission::must_be_administrator(&call.actor)?;
    Params::of(&call.request)?.only(&[])?;
    negotiate(&call.request, Format::PLAIN)?;
    let (app, api, now) = (call.app.clone(), call.api(), call.app.clock.now().naive_utc());
    let id = canonical(&id)?;
    let own = format!("{api}/clients/{id}/credentials");
    let rows = blocking(move || {
        app.db.read(|connection| {
            client(connection, &id)?.ok_or_else(Error::not_found)?;
            credentials_of(connection, &id, now)
        })
    })
    .await?;
    let items: Vec<Credential> = rows.iter().map(|row| told(&api, row)).collect();
    let count = items.len();
    let meta = json!({"totalRecords": count, "page": 1, "limit": count, "count": count});
    let page = json!({"items": items, "_meta": meta, "_links": links(&[Link::get("self", own)])});
    Ok(private(StatusCode::OK, page.to_string()))
}

#[utoipa::path(
    tag = "administration",
    operation_id = "createCredential",
    summary = "Ge en hemlighet eller nyckel / Give a secret or key",
    description = "secret: en ny hemlighet; de hittills gäller i overlapHours till. api-key: en nyckel för X-API-Key, som bara läser. public-key: den \
        offentliga halvan av klientens eget nyckelpar, för private_key_jwt (RFC 7523). Svaret har texten, den här enda gången.\n\n\
        secret: a new secret; those so far are good for overlapHours more. api-key: a key for X-API-Key, which only reads. public-key: the public \
        half of the client's own pair of keys, for private_key_jwt (RFC 7523). The answer has the text, this one time.",
    params(("id" = String, Path, description = "UUID", example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f")),
    request_body(content = CredentialInput, description = "Vad klienten får / What the client gets"),
    responses((status = 201, description = "Den nya / The new one", body = CredentialWithText)),
    security(("oauth" = ["write"])),
)]
#[post("/clients/{id}/credentials")]
pub(crate) async fn create_credential(call: Call, id: web::Path<String>, payload: web::Payload) -> Answer {
    permission::must_be_administrator(&call.actor)?;
    Params::of(&call.request)?.only(&[])?;
    let bytes = body::json_bytes(payload, &call.request, call.app.config.body_limit).await?;
    let (retry, content) = (Retry::of(&call, &bytes)?, body::parse(&bytes)?);
    let (api, id) = (call.api(), canonical(&id)?);
    operate(&call, retry, move |operations, by| {
        let wanted = Given::of(read(content.clone())?)?;
        let (row, beside, text) = wanted.give(operations, by, &id)?;
        let open = format!("{}{beside}", opened(&told(&api, &row))?);
        Ok(Written {
            status: StatusCode::CREATED,
            location: None,
            tag: None,
            open_body: format!("{open}{text}"),
            kept_body: Some(open),
        })
    })
    .await
}

#[utoipa::path(
    tag = "administration",
    operation_id = "deleteCredential",
    summary = "Ta bort en hemlighet eller nyckel / Delete one secret or key",
    description = "Den gäller inte mer. Tokens som den har gett gäller tills de går ut; återkalla klienten för att stoppa också dem.\n\n\
        It is void. Tokens that it has given are good until they expire; revoke the client to stop those too.",
    params(
        ("id" = String, Path, description = "Klientens UUID / The client's UUID", example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f"),
        ("credential" = String, Path, description = "UUID", example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f"),
    ),
    responses((status = 200, description = "Borttagen / It is deleted", body = DeletedCredential)),
    security(("oauth" = ["write"])),
)]
#[delete("/clients/{id}/credentials/{credential}")]
pub(crate) async fn delete_credential(call: Call, path: web::Path<(String, String)>) -> Answer {
    permission::must_be_administrator(&call.actor)?;
    Params::of(&call.request)?.only(&[])?;
    let (id, credential) = path.into_inner();
    let (id, credential) = (canonical(&id)?, canonical(&credential)?);
    operate(&call, None, move |operations, by| {
        let row = clients::delete_credential(operations, by, &id, &credential)?;
        let (id, at) = (row.id, rfc3339(operations.now()));
        Ok(done(format!("{{\"id\":\"{id}\",\"type\":\"credential\",\"deletedAt\":\"{at}\"")))
    })
    .await
}

/// Which clients are asked for.
struct Wanted {
    role: Option<Role>,
    organisation: Option<String>,
    status: Status,
}

/// Whether clients that were revoked are asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Active,
    Revoked,
    Any,
}

impl Status {
    fn from_name(name: &str) -> Option<Status> {
        match name {
            "active" => Some(Status::Active),
            "revoked" => Some(Status::Revoked),
            "any" => Some(Status::Any),
            _ => None,
        }
    }
}

impl Wanted {
    fn of(reading: &mut Reading<'_>) -> Wanted {
        let one_of = |names: &str| Message::new(format!("Ett av: {names}."), format!("One of: {names}."));
        let roles = Role::ALL.map(Role::name).join(", ");
        let status = reading.formed("status", "unknown-value", one_of("active, revoked, any"), Status::from_name);
        Wanted {
            role: reading.formed("role", "unknown-value", one_of(&roles), Role::from_name),
            organisation: reading.uuid("organisation"),
            status: status.unwrap_or(Status::Active),
        }
    }

    fn takes(&self, row: &ClientRow) -> bool {
        let status = if row.revoked_at.is_none() { Status::Active } else { Status::Revoked };
        self.role.is_none_or(|role| row.role == role.name())
            && self.organisation.as_ref().is_none_or(|id| row.organisation_id.as_ref() == Some(id))
            && (self.status == Status::Any || self.status == status)
    }
}

/// What a client is to get.
enum Given {
    Secret(u32),
    ApiKey,
    PublicKey(PublicKey),
}

impl Given {
    fn of(input: CredentialInput) -> Result<Given> {
        let CredentialInput { kind, overlap_hours, public_key } = input;
        let mut errors = Vec::new();
        let mut only = |pointer: &str, kind: &str| {
            let detail = Message::new(format!("Bara för {kind}."), format!("Only for {kind}."));
            errors.push(FieldError::at(pointer, "not-allowed", detail));
        };
        if overlap_hours.is_some() && kind != CredentialKind::Secret {
            only("/overlapHours", CredentialKind::Secret.name());
        }
        if public_key.is_some() && kind != CredentialKind::PublicKey {
            only("/publicKey", CredentialKind::PublicKey.name());
        }
        let key = match (kind, public_key) {
            (CredentialKind::PublicKey, Some(key)) => {
                let read = PublicKey::read(&Value::Object(key).to_string());
                read.map_err(|detail| errors.push(FieldError::at("/publicKey", "invalid", detail))).ok()
            }
            (CredentialKind::PublicKey, None) => {
                let detail = Message::fixed("Värdet måste finnas.", "The value is required.");
                errors.push(FieldError::at("/publicKey", "required", detail));
                None
            }
            _ => None,
        };
        match (kind, key) {
            _ if !errors.is_empty() => Err(Error::invalid(errors)),
            (_, Some(key)) => Ok(Given::PublicKey(key)),
            (CredentialKind::Secret, None) => Ok(Given::Secret(overlap_hours.unwrap_or(OVERLAP))),
            (_, None) => Ok(Given::ApiKey),
        }
    }

    /// Gives it; what was given, what the answer tells beside that, and its text.
    fn give(&self, operations: &mut Operations<'_>, by: &By, id: &str) -> Result<(CredentialRow, String, String)> {
        match self {
            Given::Secret(hours) => {
                let end = operations.now() + TimeDelta::hours(i64::from(*hours));
                let (secret, row) = clients::rotate(operations, by, id, end)?;
                let beside = format!(",\"formerUntil\":\"{}\"", rfc3339(end));
                Ok((row, beside, format!(",\"clientSecret\":\"{secret}\"")))
            }
            Given::ApiKey => {
                let (key, row) = clients::new_api_key(operations, by, id)?;
                Ok((row, String::new(), format!(",\"apiKey\":\"{key}\"")))
            }
            Given::PublicKey(key) => {
                Ok((clients::add_public_key(operations, by, id, key)?, String::new(), String::new()))
            }
        }
    }
}

/// Changes clients, lets this node know at once, and answers for the caller alone.
async fn operate(
    call: &Call,
    retry: Option<Retry>,
    work: impl Fn(&mut Operations<'_>, &By) -> Result<Written> + Send + 'static,
) -> Answer {
    let mut answer = writing::operate(call, retry, work).await?;
    let app = call.app.clone();
    if let Err(error) = blocking(move || app.authority.look()).await {
        // The change is made: its answer is not withheld, and the node looks again soon.
        tracing::warn!(%error, "this node could not see at once that rights have changed");
    }
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(answer)
}

/// Reads content: cleaned, and checked against its schema.
fn read<T: ToSchema + DeserializeOwned>(mut content: Value) -> Result<T> {
    let mut errors = Vec::new();
    clean(&mut content, &mut errors);
    errors.extend(Validator::of::<T>()?.check(&mut content));
    if errors.is_empty() {
        serde_json::from_value(content).map_err(Error::internal)
    } else {
        Err(Error::invalid(errors))
    }
}

/// Refuses an organisation that is not there.
fn must_exist(app: &App, organisation: Uuid) -> Result<()> {
    if app.db.read(|connection| exists(connection, Kind::Organisation, organisation))? {
        return Ok(());
    }
    let detail = Message::fixed("Ingen sådan organisation finns.", "There is no such organisation.");
    Err(Error::invalid(vec![FieldError::at("/organisationId", "unknown-reference", detail)]))
}

/// An answer without its last brace.
fn opened(shape: &impl serde::Serialize) -> Result<String> {
    let mut text = serde_json::to_string(shape)?;
    text.pop();
    Ok(text)
}

const fn done(open_body: String) -> Written {
    Written { status: StatusCode::OK, location: None, tag: None, open_body, kept_body: None }
}

fn size(number: u64) -> Result<usize> {
    usize::try_from(number).map_err(Error::internal)
}

/// A client as administrators see it.
fn shown(api: &str, row: &ClientRow) -> Client {
    let own = format!("{api}/clients/{}", row.id);
    let mut all = vec![
        Link::get("self", own.clone()),
        Link::get("collection", format!("{api}/clients")),
        Link::get("credentials", format!("{own}/credentials")),
        Link::get("auditEntries", format!("{api}/audit-entries?client={}", row.id)),
    ];
    if row.revoked_at.is_none() {
        all.push(Link::action("newCredential", "POST", format!("{own}/credentials")));
        all.push(Link::action("delete", "DELETE", own));
    }
    Client::of(row, links(&all))
}

/// A secret or key as administrators see it.
fn told(api: &str, row: &CredentialRow) -> Credential {
    let collection = format!("{api}/clients/{}/credentials", row.client_id);
    let own = format!("{collection}/{}", row.id);
    Credential::of(row, links(&[Link::get("collection", collection), Link::action("delete", "DELETE", own)]))
}
