//! The texts and parameters that the OpenAPI document is completed with.

use crate::api::table::{CONTROLS, PLACE, Row, TIME, Table, WRAPPED, sort_name};
use crate::api::tables::CHANGES;
use crate::search::text::syntax::{FIELDS, Field};
use serde_json::{Value, json};

/// The description of the whole: overview, terms, limits and known problems, in both languages.
pub(crate) const LIMITS: &str = "\
## Översikt

Samverkan är registret där kommuner, regioner och statliga myndigheter hittar föreningar och andra organisationer i civilsamhället, \
och tvärtom: organisationer, kontaktpunkter, nätverk, forum, möten, medlemskap och samverkan, med en sökmotor som förstår svenska.

Det som är offentligt läses utan inloggning. Att skriva kräver en token från `/oauth2/token` (OAuth 2, client credentials); den gäller i fem minuter. \
Svar är JSON; listor finns också som CSV, enstaka poster som JSON-LD. Fel är `application/problem+json` (RFC 9457) på svenska eller engelska.

## Villkor och tjänstenivå

Uppgifterna är CC0. Tjänsten lämnas utan avtalad tillgänglighet (SLA) i den här versionen, som är beta: ändringar som bryter aviseras i CHANGELOG. \
Version 1 får en uppföljare innan den avvecklas.

## Begränsningar och kända problem

Högst 100 poster per sida. `page` når post 10 000, `cursor` når alla. Adressen får vara högst 8 192 tecken, innehållet högst 2 MiB. \
Sökningar, andra läsningar och skrivningar räknas var för sig, per adress eller per klient med token; `RateLimit-Policy` och `RateLimit` säger vad som gäller, \
429 har `Retry-After`. \
En ändring är sökbar efter ungefär en tiondels sekund; `minChange` väntar in den. Översättningar till samiska, finska och meänkieli är inte granskade av modersmålstalare.

## Overview

Samverkan is the registry where municipalities, regions and state bodies find associations and other organisations of civil society, \
and the other way round: organisations, contact points, networks, forums, meetings, memberships and collaborations, with a search that understands Swedish.

What is public is read without signing in. Writing needs a token of `/oauth2/token` (OAuth 2, client credentials) that lasts for five minutes. \
Answers are JSON; lists also come as CSV, single records as JSON-LD. Errors are `application/problem+json` (RFC 9457) in Swedish or English.

## Terms and service level

The data is CC0. The service comes without an agreed availability (SLA) in this version, which is beta: breaking changes are told in the CHANGELOG. \
Version 1 gets a successor before it is retired.

## Limits and known problems

At most 100 records on a page. `page` reaches record 10,000, `cursor` reaches all. An address has at most 8,192 characters, a body 2 MiB. \
Searches, other reads and writes are counted apart, for an address or for a client with a token; `RateLimit-Policy` and `RateLimit` tell the limit, \
429 has `Retry-After`. \
A change is searchable after about a tenth of a second; `minChange` waits for it. Translations to Sami, Finnish and Meänkieli have not been checked by native speakers.";

/// Tags with their texts.
pub(crate) const TAGS: &[(&str, &str)] = &[
    ("search", "Sök över allt / Search over everything"),
    (
        "organisations",
        "Organisationer: föreningar, offentliga organ och deras enheter / Organisations: associations, public bodies and their units",
    ),
    ("contact-points", "Kontaktpunkter: vägar in, knutna till funktioner / Contact points: ways in, tied to functions"),
    ("networks", "Nätverk / Networks"),
    ("forums", "Forum för dialog och samverkan / Forums for dialogue and collaboration"),
    ("meetings", "Möten, utbildningar, konferenser / Meetings, trainings, conferences"),
    ("memberships", "Vem som hör till vad / Who belongs to what"),
    ("collaborations", "Vem som samverkar med vem / Who works with whom"),
    ("vocabularies", "Vokabulärer / Vocabularies"),
    ("changes", "Ändringar och export: att hålla en kopia / Changes and export: keeping a copy"),
    ("webhooks", "Webhooks: ändringar skickade till mottagare / Webhooks: changes sent to receivers"),
    (
        "administration",
        "Klienter, granskningslogg, uppgifter om personer / Clients, audit log, what is held about persons",
    ),
    ("about", "Om API:t / About the API"),
];

fn parameter(name: &str, sv: &str, en: &str, schema: &Value, example: &Value) -> Value {
    json!({
        "name": name, "in": "query", "required": false,
        "description": format!("{sv} / {en}"), "schema": schema, "example": example,
    })
}

/// The parameters of a list or of search.
pub(crate) fn list_parameters(table: &'static Table) -> Vec<Value> {
    table.parameters().map(|name| list_parameter(table, name)).collect()
}

/// What receivers of webhooks are sent.
pub(crate) fn events() -> Value {
    let header = |name: &str, sv: &str, en: &str, example: &str| {
        json!({
            "name": name, "in": "header", "required": true, "description": format!("{sv} / {en}"),
            "schema": {"type": "string"}, "example": example,
        })
    };
    let id = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f:6f1c1d3e-0c7b-4d43-9d7e-0a3a5f4d8a10:313";
    json!({"change": {"post": {
        "tags": ["webhooks"],
        "operationId": "receiveChange",
        "summary": "En ändring / A change",
        "description": "Skickas till mottagaren av en webhook. data är en ändring som i /changes, med posten som den är när den skickas. \
            Signaturen är v1 och HMAC-SHA256 (base64) över webhook-id, webhook-timestamp och innehållet med punkt emellan; nyckeln är hemligheten \
            efter whsec_, avkodad. Typen feed.restart betyder: hämta exporten i data.export, kopian har missat något.\n\n\
            Sent to the receiver of a webhook. data is a change as in /changes, with the record as it is when it is sent. The signature is v1 and \
            HMAC-SHA256 (base64) over webhook-id, webhook-timestamp and the content with full stops between; the key is the secret after whsec_, \
            decoded. The type feed.restart means: fetch the export in data.export, the copy has missed something.",
        "parameters": [
            header("webhook-id", "Händelsens id, samma vid varje försök", "The event's id, the same at every attempt", id),
            header("webhook-timestamp", "Sekunder sedan 1970 när den skickades", "Seconds since 1970 when it was sent", "1795510800"),
            header("webhook-signature", "En eller två signaturer med mellanslag emellan", "One or two signatures with a space between", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        ],
        "requestBody": {"required": true, "content": {"application/json": {
            "schema": {
                "type": "object",
                "required": ["type", "timestamp", "data"],
                "properties": {
                    "type": {"type": "string", "description": "Slag av post och vad som hände / Kind of record and what happened", "example": "organisation.updated"},
                    "timestamp": {"type": "string", "format": "date-time", "description": "När det hände / When it happened", "example": "2026-11-24T09:00:00Z"},
                    "epoch": {"type": "string", "description": "Epoken som sequence räknas i / The epoch that sequence counts in", "example": "6f1c1d3e-0c7b-4d43-9d7e-0a3a5f4d8a10"},
                    "data": {"$ref": "#/components/schemas/Change"},
                },
            },
            "example": {
                "type": "meeting.deleted", "timestamp": "2026-11-24T09:00:00Z", "epoch": "6f1c1d3e-0c7b-4d43-9d7e-0a3a5f4d8a10",
                "data": {"sequence": 313, "at": "2026-11-24T09:00:00Z", "type": "meeting", "id": "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f", "operation": "deleted", "version": 3},
            },
        }}},
        "responses": {
            "204": {"description": "Mottagen; alla svar 200 till 299 duger / Taken; any answer from 200 to 299 will do"},
            "410": {"description": "Mottagaren vill inte ha fler / The receiver wants no more"},
        },
        "security": [{}],
    }}})
}

/// The filters of the change feed.
pub(crate) fn feed_parameters() -> Vec<Value> {
    CHANGES.rows.iter().filter(|row| !row.parameter.is_empty()).map(row_parameter).collect()
}

fn row_parameter(row: &Row) -> Value {
    let (sv, en) = (
        format!("{} Komma betyder eller; upprepad parameter betyder och.", row.sv),
        format!("{} A comma means or; a repeated parameter means and.", row.en),
    );
    parameter(row.parameter, &sv, &en, &json!({"type": "string", "maxLength": 2000}), &json!(row.example))
}

/// The fields that `q` has in a list, with a colon behind each.
fn q_fields(table: &'static Table) -> Vec<String> {
    let has = |field: &&Field| field.parameter.is_empty() || table.by_parameter(field.parameter).is_some();
    FIELDS.iter().filter(has).filter_map(|field| field.names.first()).map(|name| format!("{name}:")).collect()
}

fn list_parameter(table: &'static Table, name: &'static str) -> Value {
    let known = [CONTROLS, PLACE, TIME, WRAPPED].iter().any(|names| names.contains(&name));
    if let Some(row) = table.by_parameter(name).filter(|_| !known) {
        return row_parameter(row);
    }
    let text = json!({"type": "string", "maxLength": 2000});
    match name {
        "q" => {
            let fields = q_fields(table).join(", ");
            parameter(
                name,
                &format!("Sökord. \"Ord i följd\" inom citattecken, -ord som inte ska finnas, och fält: {fields}"),
                &format!(
                    "Words to search for. \"Words in a row\" in quotes, -words that must not be there, and fields: {fields}"
                ),
                &json!({"type": "string", "maxLength": 500}),
                &json!("pensionärsråd -boden"),
            )
        }
        "id" => parameter(
            name,
            "Upp till 100 id eller identifierare",
            "Up to 100 ids or identifiers",
            &text,
            &json!("demo:org-samforma"),
        ),
        "status" => parameter(
            name,
            &format!("Status; annars {}, any för alla", table.default_status.join(", ")),
            &format!("Status; else {}, any for all", table.default_status.join(", ")),
            &text,
            &json!("any"),
        ),
        "updatedAfter" => parameter(
            name,
            "Ändrad efter",
            "Changed after",
            &json!({"type": "string", "format": "date-time"}),
            &json!("2026-11-24T09:00:00Z"),
        ),
        "sort" => {
            let names: Vec<&str> = table.sorts.iter().map(|by| sort_name(*by)).collect();
            parameter(
                name,
                &format!("Ordning: {}; minus vänder", names.join(", ")),
                &format!("Order: {}; minus turns it round", names.join(", ")),
                &text,
                &json!(names.last().copied().unwrap_or("name")),
            )
        }
        "page" => parameter(
            name,
            "Sida från 1",
            "Page from 1",
            &json!({"type": "integer", "minimum": 0, "default": 1}),
            &json!(1),
        ),
        "limit" => parameter(
            name,
            "Poster per sida",
            "Records on a page",
            &json!({"type": "integer", "minimum": 1, "maximum": 100, "default": 20}),
            &json!(20),
        ),
        "cursor" => parameter(
            name,
            "Fortsättning från länken next",
            "Continuation from the link next",
            &text,
            &json!("AQC4c3RhcnQ"),
        ),
        "fields" => parameter(name, "Bara dessa egenskaper", "These properties only", &text, &json!("id")),
        "include" => {
            let names: Vec<&str> = table.includes.iter().map(|include| include.name).collect();
            parameter(
                name,
                &format!("Bädda in besläktade poster: {}", names.join(", ")),
                &format!("Embed related records: {}", names.join(", ")),
                &text,
                &json!(names.first().copied().unwrap_or_default()),
            )
        }
        "facets" => {
            let names: Vec<&str> = table.facets().collect();
            parameter(
                name,
                &format!("Räkna värden av: {}", names.join(", ")),
                &format!("Count values of: {}", names.join(", ")),
                &text,
                &json!(names.first().copied().unwrap_or_default()),
            )
        }
        "minChange" => parameter(
            name,
            "Vänta tills ändringen är sökbar",
            "Wait until the change is searchable",
            &json!({"type": "integer", "minimum": 0}),
            &json!(1),
        ),
        "near" => {
            parameter(name, "Mittpunkt: latitud,longitud", "Centre: latitude,longitude", &text, &json!("65.58,22.15"))
        }
        "radiusKm" => parameter(
            name,
            "Högst så många kilometer från near",
            "At most so many kilometres from near",
            &json!({"type": "number", "exclusiveMinimum": 0}),
            &json!(25),
        ),
        "bbox" => parameter(
            name,
            "Ruta: väst,syd,öst,nord",
            "Box: west,south,east,north",
            &text,
            &json!("20.0,65.0,24.5,69.1"),
        ),
        "from" => parameter(
            name,
            "Pågår eller börjar efter",
            "Going on or starting after",
            &json!({"type": "string", "format": "date-time"}),
            &json!("2027-01-01T00:00:00Z"),
        ),
        "to" => parameter(
            name,
            "Börjar före",
            "Starting before",
            &json!({"type": "string", "format": "date-time"}),
            &json!("2027-12-31T00:00:00Z"),
        ),
        "highlight" => parameter(
            name,
            "Markera träffarna",
            "Mark what matched",
            &json!({"type": "boolean", "default": false}),
            &json!(true),
        ),
        _ => parameter(
            name,
            "Förklara poängen",
            "Explain the scores",
            &json!({"type": "boolean", "default": false}),
            &json!(true),
        ),
    }
}

/// The parameters of a single record.
pub(crate) fn record_parameters(table: &'static Table) -> Vec<Value> {
    let mut names = vec!["fields"];
    if !table.includes.is_empty() {
        names.push("include");
    }
    names.into_iter().map(|name| list_parameter(table, name)).collect()
}

/// The headers that tell of limits.
pub(crate) fn limit_headers() -> Value {
    let header =
        |text: &str, schema: Value, example: Value| json!({"description": text, "schema": schema, "example": example});
    let text = || json!({"type": "string"});
    json!({
        "RateLimit": header(
            "Gränsens namn, hur många anrop som är kvar (r) och sekunder tills den är full igen (t) / \
             Name of the limit, how many requests are left (r) and seconds until it is full again (t)",
            text(),
            json!("\"search\";r=5999;t=1"),
        ),
        "RateLimitPolicy": header(
            "Gränsen: så många anrop (q) på så många sekunder (w) / The limit: so many requests (q) in so many seconds (w)",
            text(),
            json!("\"search\";q=6000;w=60"),
        ),
        "RetryAfter": header(
            "Sekunder tills nästa anrop tas emot / Seconds until the next request is taken",
            json!({"type": "integer", "minimum": 1}),
            json!(1),
        ),
    })
}

/// The headers that operations of a method take.
pub(crate) fn header_parameters(method: &str) -> Vec<Value> {
    let header = |name: &str, required: bool, text: &str, example: &str| {
        json!({
            "name": name, "in": "header", "required": required, "description": text,
            "schema": {"type": "string", "maxLength": 1000}, "example": example,
        })
    };
    let mut headers = vec![
        header("traceparent", false, "W3C Trace Context", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        header("Accept-Language", false, "sv eller en / sv or en", "sv"),
    ];
    match method {
        "get" => headers.push(header(
            "If-None-Match",
            false,
            "ETag från ett tidigare svar: 304 om inget ändrats / ETag of an earlier answer: 304 if nothing has changed",
            "\"1\"",
        )),
        "post" => headers.push(header(
            "Idempotency-Key",
            false,
            "Samma nyckel ger samma svar igen i 24 timmar / The same key gives the same answer again for 24 hours",
            "7f0c1b52-2f5e-4d53-9a0e-0b8f6f7f5a11",
        )),
        "patch" | "delete" => headers.push(header(
            "If-Match",
            true,
            "ETag för den version som ändras / ETag of the version that is changed",
            "\"1\"",
        )),
        "put" => headers.push(header(
            "If-Match",
            false,
            "ETag för den version som ersätts / ETag of the version that is replaced",
            "\"1\"",
        )),
        _ => {}
    }
    headers
}
