//! The OpenAPI document: collected from the operations, completed in one place, served and committed.

use crate::api::call::{Answer, Call};
use crate::api::openapi_parts::{
    LIMITS, TAGS, events, feed_parameters, header_parameters, limit_headers, list_parameters, record_parameters,
};
use crate::api::problem::Problem;
use crate::api::server::collected;
use crate::api::surface::ROOT;
use crate::api::table::Table;
use crate::api::tables;
use crate::api::validate::bound;
use crate::error::{Code, Error, Result};
use actix_web::http::header;
use actix_web::{HttpResponse, get, web};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use utoipa::ToSchema;
use utoipa::openapi::OpenApi;

/// The server of the committed document.
const COMMITTED_SERVER: &str = "https://samverkan.example.org/api/v1";
/// When this version of the API was released.
const RELEASED: &str = "2026-11-24";
/// The version of the API: 0.x until its first active version.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The document as a node serves it.
pub(crate) struct Served {
    json: String,
    documentation: String,
}

impl Served {
    /// The document with the public address as its first server.
    pub(crate) fn new(document: OpenApi, public_url: &str) -> Result<Served> {
        let servers = [format!("{public_url}{ROOT}"), COMMITTED_SERVER.to_owned()];
        let document = finish(document, &servers)?;
        Ok(Served { json: serde_json::to_string(&document)?, documentation: format!("{public_url}/docs") })
    }
}

/// Registers the document's address.
pub(crate) fn configure(service: &mut web::ServiceConfig) {
    service.service(web::resource("/api/v1/openapi.json").route(web::get().to(document)));
}

async fn document(served: web::Data<Served>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .insert_header((header::CACHE_CONTROL, "public, max-age=60"))
        .body(served.json.clone())
}

/// The document as it is committed, indented.
pub fn committed_form() -> Result<String> {
    let document = finish(collected(), &[COMMITTED_SERVER.to_owned()])?;
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

/// About the API, as the national profile asks.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ApiInfo {
    /// Name of the API.
    #[schema(example = "samverkan")]
    api_name: &'static str,
    /// Version in three parts.
    #[schema(example = "0.1.0")]
    api_version: &'static str,
    /// The day this version was released.
    #[schema(format = Date, example = "2026-11-24")]
    api_released: &'static str,
    /// Address of the documentation.
    #[schema(example = "https://samverkan.example.org/docs")]
    api_documentation: String,
    /// alpha, beta, active, deprecated, retired or decommissioned.
    #[schema(example = "beta")]
    api_status: &'static str,
}

#[utoipa::path(
    tag = "about",
    operation_id = "readApiInfo",
    summary = "Om API:t / About the API",
    description = "Namn, version, dokumentation och status.\n\nName, version, documentation and status.",
    responses((status = 200, description = "Om API:t / About the API", body = ApiInfo)),
)]
#[get("/api-info")]
pub(crate) async fn api_info(_call: Call, served: web::Data<Served>) -> Answer {
    let info = ApiInfo {
        api_name: "samverkan",
        api_version: VERSION,
        api_released: RELEASED,
        api_documentation: served.documentation.clone(),
        api_status: "beta",
    };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "public, max-age=60")).json(info))
}

/// Completes a collected document: paths below the root, servers, texts, parameters, problems, security, examples.
fn finish(document: OpenApi, servers: &[String]) -> Result<Value> {
    let mut document = serde_json::to_value(document)?;
    document["openapi"] = json!("3.1.0");
    document["info"] = info();
    document["servers"] = servers.iter().map(|url| json!({"url": url})).collect();
    document["tags"] = TAGS.iter().map(|(name, text)| json!({"name": name, "description": text})).collect();
    document["externalDocs"] = json!({
        "description": "Tjänstenivå (SLA) och begränsningar / Service level (SLA) and limits",
        "url": "https://samverkan.example.org/docs#limits",
    });
    document["security"] = json!([{}]);
    let paths = document["paths"].take();
    let Value::Object(paths) = paths else { return Err(Error::internal("the document has no paths")) };
    let mut finished = Map::new();
    for (path, mut item) in paths {
        let path = path.strip_prefix(ROOT).unwrap_or(&path).to_owned();
        if let Value::Object(operations) = &mut item {
            for (method, operation) in operations {
                complete(operation, method, &path);
            }
        }
        finished.insert(path, item);
    }
    document["paths"] = Value::Object(finished);
    document["webhooks"] = events();
    add_components(&mut document)?;
    bound_bodies(&mut document);
    let components = document["components"].clone();
    give_examples(&mut document["paths"], &components);
    Ok(document)
}

fn info() -> Value {
    json!({
        "title": "Samverkan",
        "version": VERSION,
        "summary": "Registret där det offentliga och civilsamhället hittar varandra / The registry where public bodies and civil society find each other",
        "description": LIMITS,
        "termsOfService": "https://samverkan.example.org/docs#terms",
        "contact": {"name": "Samverkan", "url": "https://samverkan.example.org", "email": "samverkan@samverkan.example.org"},
        "license": {"name": "EUPL-1.2", "url": "https://eupl.eu/1.2/en/"},
    })
}

/// Adds to an operation what its method, path and answer call for.
fn complete(operation: &mut Value, method: &str, path: &str) {
    let answer = operation.pointer("/responses/200/content/application~1json/schema/$ref");
    let answer = answer.and_then(Value::as_str).and_then(|text| text.rsplit('/').next()).unwrap_or_default().to_owned();
    let page = tables::ALL.iter().copied().find(|table| page_name(table) == answer);
    let record = tables::ALL.iter().find(|table| method == "get" && !table.is_search() && record_name(table) == answer);
    let mut parameters: Vec<Value> = operation["parameters"].as_array().cloned().unwrap_or_default();
    for parameter in &mut parameters {
        match parameter["name"].as_str() {
            Some("page") => parameter["schema"]["default"] = json!(1),
            Some("limit") => {
                parameter["schema"]["default"] = match path {
                    "/suggest" => json!(10),
                    "/changes" => json!(100),
                    "/webhooks/{id}/deliveries" | "/audit-entries" => json!(50),
                    _ => json!(20),
                };
            }
            _ => {}
        }
    }
    if method == "patch" {
        let patch = operation["requestBody"]["content"]["application/merge-patch+json"].clone();
        operation["requestBody"]["content"]["application/json"] = patch;
    }
    if let Some(table) = page {
        parameters.extend(list_parameters(table));
        add_format(operation, "text/csv", "En rad per post / One line for each record");
    }
    if let Some(table) = record {
        parameters.extend(record_parameters(table));
        if matches!(table.name, "organisations" | "contact-points" | "networks" | "forums") {
            add_format(operation, "application/ld+json", "schema.org och W3C ORG / schema.org and W3C ORG");
        }
    }
    match path {
        "/changes" => parameters.extend(feed_parameters()),
        "/changes/stream" => {
            parameters.extend(feed_parameters());
            give_example(operation, "200", "text/event-stream", STREAM_EXAMPLE);
        }
        "/export" => {
            give_example(operation, "200", "application/x-ndjson", EXPORT_EXAMPLE);
            give_example(operation, "206", "application/x-ndjson", EXPORT_EXAMPLE);
            add_format(operation, "text/csv", "Organisationerna, en rad för var / The organisations, one line each");
        }
        _ => {}
    }
    let administration = operation["tags"].as_array().is_some_and(|tags| tags.contains(&json!("administration")));
    // Clients have no versions: they are made and revoked.
    parameters.extend(header_parameters(if administration && method == "delete" { "" } else { method }));
    operation["parameters"] = Value::Array(parameters);
    if operation.get("security").is_none() {
        operation["security"] = json!([{}, {"oauth": ["read"]}]);
    }
    // An API key is good for what only reads.
    if method == "get"
        && let Some(ways) =
            operation["security"].as_array_mut().filter(|ways| ways.contains(&json!({"oauth": ["read"]})))
    {
        ways.push(json!({"apiKey": []}));
    }
    let with_id = path.contains('{');
    let mut codes = vec![400, 401, 406, 503];
    if path != "/api-info" {
        codes.push(429);
        tell_limits(operation);
    }
    if with_id {
        codes.extend([404, 410]);
    }
    match path {
        "/changes" | "/changes/stream" => codes.push(410),
        "/export" => codes.push(416),
        _ => {}
    }
    match method {
        "get" if record.is_some() => codes.push(308),
        "get" if administration => codes.push(403),
        "delete" if administration => codes.extend([403, 409]),
        "post" => codes.extend([403, 409, 413, 415, 422]),
        "put" => codes.extend([403, 409, 412, 413, 415, 422]),
        "patch" => codes.extend([403, 409, 412, 413, 415, 422, 428]),
        "delete" => codes.extend([403, 409, 412, 428]),
        _ => {}
    }
    codes.sort_unstable();
    for code in codes {
        operation["responses"][code.to_string()] =
            json!({"$ref": format!("#/components/responses/Status{}", words(code))});
    }
}

/// Adds to the answers of an operation the headers of its limit; the problem 429 has them by itself.
fn tell_limits(operation: &mut Value) {
    let Some(answers) = operation["responses"].as_object_mut() else { return };
    for (_, answer) in answers.iter_mut().filter(|(status, _)| status.starts_with('2')) {
        for name in ["RateLimit", "RateLimit-Policy"] {
            answer["headers"][name] = json!({"$ref": format!("#/components/headers/{}", name.replace('-', ""))});
        }
    }
}

fn page_name(table: &Table) -> String {
    if table.is_search() { "SearchPage".to_owned() } else { format!("{}Page", record_name(table)) }
}

fn record_name(table: &Table) -> String {
    let singular = table.kinds.first().map(|kind| kind.name()).unwrap_or_default();
    let capital = |word: &str| {
        word.chars().enumerate().map(|(at, c)| if at == 0 { c.to_ascii_uppercase() } else { c }).collect::<String>()
    };
    singular.split('-').map(capital).collect()
}

/// The start of an export.
const EXPORT_EXAMPLE: &str = concat!(
    r#"{"meta":{"epoch":"6f1c1d3e-0c7b-4d43-9d7e-0a3a5f4d8a10","changeSequence":312,"createdAt":"2026-11-24T09:00:00Z","count":1,"version":"0.1.0"}}"#,
    "\n",
    r#"{"type":"organisation","id":"0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f","sector":"civil-society","kind":"association","#,
    r#""names":[{"value":"Samforma","lang":"sv","kind":"official"}],"version":1,"createdAt":"2026-11-24T09:00:00Z","updatedAt":"2026-11-24T09:00:00Z"}"#,
    "\n",
);
/// One event of the stream.
const STREAM_EXAMPLE: &str = concat!(
    "event: change\nid: 6f1c1d3e-0c7b-4d43-9d7e-0a3a5f4d8a10:313\ndata: ",
    r#"{"sequence":313,"at":"2026-11-24T09:00:00Z","type":"meeting","id":"0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f","operation":"deleted","version":3}"#,
    "\n\n",
);

fn give_example(operation: &mut Value, status: &str, media_type: &str, example: &str) {
    operation["responses"][status]["content"][media_type]["example"] = json!(example);
}

fn add_format(operation: &mut Value, media_type: &str, text: &str) {
    let schema = json!({"type": "string", "description": text});
    operation["responses"]["200"]["content"][media_type] = json!({ "schema": schema });
}

/// The name of a status in components, in letters only.
fn words(status: u16) -> &'static str {
    match status {
        308 => "PermanentRedirect",
        400 => "BadRequest",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        406 => "NotAcceptable",
        409 => "Conflict",
        410 => "Gone",
        412 => "PreconditionFailed",
        413 => "TooLarge",
        415 => "UnsupportedMediaType",
        416 => "RangeNotSatisfiable",
        422 => "Invalid",
        428 => "PreconditionRequired",
        429 => "TooManyRequests",
        _ => "Unavailable",
    }
}

/// Adds problem answers, security schemes and the schema of problems.
fn add_components(document: &mut Value) -> Result<()> {
    let mut schemas = Vec::new();
    Problem::schemas(&mut schemas);
    schemas.push(("Problem".to_owned(), <Problem as utoipa::PartialSchema>::schema()));
    for (name, schema) in schemas {
        document["components"]["schemas"][name] = serde_json::to_value(schema)?;
    }
    let mut responses = Map::new();
    for status in [308, 400, 401, 403, 404, 406, 409, 410, 412, 413, 415, 416, 422, 428, 429, 503] {
        let codes: Vec<&Code> = Code::ALL.iter().filter(|code| code.status() == status).collect();
        let (text, code) = match codes.first() {
            Some(code) => {
                let titles: Vec<String> = codes
                    .iter()
                    .map(|code| format!("{}: {} / {}", code.name(), code.title().sv, code.title().en))
                    .collect();
                (titles.join("; "), code.name())
            }
            None => (
                "Posten har gått upp i en annan, se Location / The record was merged into another, see Location"
                    .to_owned(),
                "merged",
            ),
        };
        let title = codes
            .first()
            .map_or("Posten har slagits samman med en annan".to_owned(), |code| code.title().sv.into_owned());
        let example = json!({
            "type": format!("https://samverkan.example.org/problems/{code}"),
            "title": title,
            "status": status,
            "detail": title,
            "instance": "urn:uuid:01932f4a-7b1c-7000-8000-000000000001",
        });
        responses.insert(
            format!("Status{}", words(status)),
            json!({
                "description": text,
                "content": {"application/problem+json": {
                    "schema": {"$ref": "#/components/schemas/Problem"}, "example": example,
                }},
            }),
        );
    }
    if let Some(refused) = responses.get_mut("StatusTooManyRequests") {
        for name in ["RateLimit", "RateLimit-Policy", "Retry-After"] {
            refused["headers"][name] = json!({"$ref": format!("#/components/headers/{}", name.replace('-', ""))});
        }
    }
    document["components"]["headers"] = limit_headers();
    document["components"]["responses"] = Value::Object(responses);
    document["components"]["securitySchemes"] = json!({
        "oauth": {
            "type": "oauth2",
            "description": "Klienten byter id och hemlighet, eller ett påstående som den har signerat med en egen nyckel (private_key_jwt, RFC 7523), \
                mot en kortlivad token / The client changes id and secret, or an assertion that it has signed with a key of its own \
                (private_key_jwt, RFC 7523), for a short-lived token",
            "flows": {"clientCredentials": {
                "tokenUrl": "/oauth2/token",
                "scopes": {
                    "read": "Läsa det som partner får läsa / Read what partners may read",
                    "write": "Skriva det som klientens roll tillåter / Write what the client's role allows",
                    "contacts:protected": "Se skyddade kontaktvägar och adresser / See protected contact points and addresses",
                },
            }},
        },
        "apiKey": {
            "type": "apiKey", "in": "header", "name": "X-API-Key",
            "description": "För system som inte kan hämta tokens: läser det som partner får läsa, skriver aldrig / For systems that cannot get tokens: \
                reads what partners may read, never writes",
        },
        "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "Token från /oauth2/token / A token of /oauth2/token"},
    });
    Ok(())
}

/// Bounds the schemas that bodies are checked against, as the validator does.
fn bound_bodies(document: &mut Value) {
    let operations = document["paths"].as_object().into_iter().flatten().filter_map(|(_, item)| item.as_object());
    let mut wanted = Vec::new();
    operations.flatten().for_each(|(_, operation)| references(&operation["requestBody"], &mut wanted));
    let mut seen = BTreeSet::new();
    while let Some(name) = wanted.pop() {
        let schema = &mut document["components"]["schemas"][&name];
        if !schema.is_null() && seen.insert(name) {
            bound(schema);
            references(schema, &mut wanted);
        }
    }
}

/// The names of the schemas that a part of the document refers to.
fn references(node: &Value, names: &mut Vec<String>) {
    match node {
        Value::Object(members) => {
            let name = members.get("$ref").and_then(Value::as_str).and_then(|text| text.rsplit('/').next());
            names.extend(name.map(str::to_owned));
            members.values().for_each(|member| references(member, names));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Gives every JSON body and answer an example, made of the examples of its schema, so that the two cannot differ.
fn give_examples(node: &mut Value, components: &Value) {
    match node {
        Value::Object(object) => {
            for (media_type, content) in object.iter_mut() {
                let json = media_type == "application/json" || media_type == "application/merge-patch+json";
                if json && content.get("schema").is_some() && content.get("example").is_none() {
                    let made = example(&content["schema"], components, 0);
                    let is_patch = made.as_object().is_some_and(Map::is_empty);
                    content["example"] = if is_patch {
                        json!({"website": "https://www.example.org", "description": {"en": null}})
                    } else {
                        made
                    };
                } else {
                    give_examples(content, components);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| give_examples(item, components)),
        _ => {}
    }
}

/// An example of a schema: its own, else one made of its parts.
fn example(schema: &Value, components: &Value, depth: usize) -> Value {
    if let Some(own) = schema.get("example") {
        return own.clone();
    }
    if depth > 12 {
        return Value::Null;
    }
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.rsplit('/').next()) {
        return example(&components["schemas"][name], components, depth + 1);
    }
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        let mut whole = Map::new();
        for part in parts {
            if let Value::Object(part) = example(part, components, depth + 1) {
                whole.extend(part);
            }
        }
        return Value::Object(whole);
    }
    for choice in ["oneOf", "anyOf"] {
        let parts = schema.get(choice).and_then(Value::as_array);
        if let Some(part) = parts.and_then(|parts| parts.iter().find(|part| part["type"] != "null")) {
            return example(part, components, depth + 1);
        }
    }
    if let Some(first) = schema.get("enum").and_then(Value::as_array).and_then(|values| values.first()) {
        return first.clone();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find_map(|kind| kind.as_str().filter(|kind| *kind != "null")),
        kind => kind.as_str(),
    };
    match (kind, schema["format"].as_str()) {
        (Some("object"), _) => {
            let properties = schema.get("properties").and_then(Value::as_object);
            let properties = properties.into_iter().flatten();
            Value::Object(
                properties
                    .map(|(name, schema)| (name.clone(), example(schema, components, depth + 1)))
                    .filter(|(_, value)| !value.is_null())
                    .collect(),
            )
        }
        (Some("array"), _) => json!([example(&schema["items"], components, depth + 1)]),
        (Some("string"), Some("uuid")) => json!("0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f"),
        (Some("string"), Some("date-time")) => json!("2026-11-24T09:00:00Z"),
        (Some("string"), Some("date")) => json!("2026-11-24"),
        (Some("string"), _) => json!("text"),
        (Some("integer" | "number"), _) => json!(1),
        (Some("boolean"), _) => json!(false),
        _ => Value::Null,
    }
}
