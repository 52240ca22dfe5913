//! The token endpoint (RFC 6749, client credentials) and what clients discover it by (RFC 7517, RFC 8414).

use crate::api::limits;
use crate::app::App;
use crate::auth::clients::{self, PROTECTED_SCOPE, Rights};
use crate::auth::{assertion, token};
use crate::db::ClientRow;
use crate::error::Result;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::DateTime;
use serde_json::json;
use std::collections::HashMap;

/// The longest form that is read, in bytes.
const LONGEST: usize = 16 << 10;

/// Registers the endpoints.
pub(crate) fn configure(service: &mut web::ServiceConfig) {
    service
        .service(
            web::resource("/oauth2/token")
                .app_data(web::PayloadConfig::new(LONGEST))
                .route(web::post().to(token))
                .wrap(from_fn(limits::tokens)),
        )
        .service(web::resource("/.well-known/jwks.json").route(web::get().to(jwks)))
        .service(web::resource("/.well-known/oauth-authorization-server").route(web::get().to(metadata)));
}

/// How a client makes itself known.
enum Credentials {
    Secret { id: String, secret: String },
    Assertion { id: String, assertion: String },
}

/// An error of the token endpoint, in the form of RFC 6749.
pub(crate) fn refuse(status: StatusCode, error: &str, description: &str) -> HttpResponse {
    let mut answer = HttpResponse::build(status);
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    if status == StatusCode::UNAUTHORIZED {
        answer.insert_header((header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"samverkan\"")));
    }
    answer.json(json!({"error": error, "error_description": description}))
}

async fn token(app: web::Data<App>, request: HttpRequest, body: web::Bytes) -> HttpResponse {
    let bad = |description: &str| refuse(StatusCode::BAD_REQUEST, "invalid_request", description);
    let is_form =
        request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
            value
                .split(';')
                .next()
                .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"))
        });
    if !is_form {
        return bad("the body must be application/x-www-form-urlencoded");
    }
    let mut fields: HashMap<String, String> = HashMap::new();
    for (name, value) in url::form_urlencoded::parse(&body) {
        if fields.insert(name.into_owned(), value.into_owned()).is_some() {
            return bad("a parameter stands twice");
        }
    }
    let unknown_client =
        || refuse(StatusCode::UNAUTHORIZED, "invalid_client", "the client is not known by what it sent");
    let credentials = match credentials(&request, &fields) {
        Ok(Some(credentials)) => credentials,
        Ok(None) => return unknown_client(),
        Err(description) => return bad(description),
    };
    match fields.get("grant_type").map(String::as_str) {
        Some("client_credentials") => {}
        Some(_) => {
            return refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type", "only client_credentials is offered");
        }
        None => return bad("grant_type is missing"),
    }
    let state = app.clone();
    let span = tracing::Span::current();
    let found = web::block(move || span.in_scope(|| authenticate(&state, &credentials))).await;
    match found {
        Ok(Ok(Some(client))) => grant(&app, &client, fields.get("scope").map(String::as_str)),
        Ok(Ok(None)) => unknown_client(),
        Ok(Err(error)) => {
            tracing::error!(%error, "the token endpoint failed");
            refuse(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "the service cannot answer now")
        }
        Err(_) => refuse(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "the service is ending"),
    }
}

/// What a client is known by: the Authorization header, the form or an assertion, one of them.
fn credentials(
    request: &HttpRequest,
    fields: &HashMap<String, String>,
) -> std::result::Result<Option<Credentials>, &'static str> {
    const TWO_WAYS: &str = "the client makes itself known in two ways";
    let secret = |id: &str, secret: &str| Credentials::Secret { id: id.to_owned(), secret: secret.to_owned() };
    let header = request.headers().get(header::AUTHORIZATION);
    if let Some(signed) = fields.get("client_assertion") {
        if fields.get("client_assertion_type").map(String::as_str) != Some(assertion::TYPE) {
            return Err("client_assertion_type must be the one of RFC 7523");
        }
        if header.is_some() || fields.contains_key("client_secret") {
            return Err(TWO_WAYS);
        }
        let named = assertion::client(signed).filter(|id| fields.get("client_id").is_none_or(|given| given == id));
        return Ok(named.map(|id| Credentials::Assertion { id, assertion: signed.clone() }));
    }
    let Some(value) = header else {
        let form = fields.get("client_id").zip(fields.get("client_secret"));
        return Ok(form.map(|(id, text)| secret(id, text)));
    };
    if fields.contains_key("client_secret") {
        return Err(TWO_WAYS);
    }
    let basic = value.to_str().ok().and_then(|text| text.split_once(' '));
    let Some((_, encoded)) = basic.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic")) else { return Ok(None) };
    let decoded = STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let Some((id, text)) = decoded.as_deref().and_then(|text| text.split_once(':')) else { return Ok(None) };
    // RFC 6749 has both form-encoded within; ours hold nothing that this changes.
    Ok(Some(secret(id, text)))
}

/// The client that these belong to, when it is not revoked. It waits for the database.
fn authenticate(app: &App, credentials: &Credentials) -> Result<Option<ClientRow>> {
    let now = app.clock.now();
    match credentials {
        Credentials::Secret { id, secret } => {
            app.db.read(|connection| clients::authenticate(connection, id, secret, now))
        }
        Credentials::Assertion { id, assertion } => {
            let issuer = app.config.public_address();
            let endpoint = format!("{issuer}/oauth2/token");
            app.db.operate(|operations| {
                let live = operations.client(id)?.filter(|row| row.revoked_at.is_none());
                let Some(client) = live else { return Ok(None) };
                let keys = operations.credentials(id)?;
                let asserted = assertion::verify(assertion, id, &keys, &[&issuer, &endpoint], now);
                let Some(asserted) = asserted else { return Ok(None) };
                let Some(until) = DateTime::from_timestamp(asserted.exp + token::LEEWAY, 0) else { return Ok(None) };
                let first = operations.take_assertion(id, &asserted.jti, until.naive_utc())?;
                Ok(first.then_some(client))
            })
        }
    }
}

fn grant(app: &App, client: &ClientRow, asked: Option<&str>) -> HttpResponse {
    let failed = |error: crate::error::Error| {
        tracing::error!(%error, "a token could not be issued");
        refuse(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "the service cannot answer now")
    };
    let rights = match Rights::of(client) {
        Ok(rights) => rights,
        Err(error) => return failed(error),
    };
    let allowed = rights.allowed();
    let scope = match asked {
        None => allowed.join(" "),
        Some(asked) => {
            if asked.split(' ').any(|scope| !allowed.contains(&scope)) {
                return refuse(StatusCode::BAD_REQUEST, "invalid_scope", "the client may not have that scope");
            }
            asked.to_owned()
        }
    };
    match app.authority.tokens().issue(&client.id, &rights, &scope, app.clock.now()) {
        Ok(token) => HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(json!({
            "access_token": token, "token_type": "Bearer", "expires_in": app.config.token_lifetime, "scope": scope,
        })),
        Err(error) => failed(error),
    }
}

async fn jwks(app: web::Data<App>) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "public, max-age=300")).json(app.keys.jwks())
}

async fn metadata(app: web::Data<App>) -> HttpResponse {
    let issuer = app.config.public_address();
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "public, max-age=300")).json(json!({
        "issuer": issuer,
        "token_endpoint": format!("{issuer}/oauth2/token"),
        "jwks_uri": format!("{issuer}/.well-known/jwks.json"),
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["EdDSA", "ES256", "RS256", "PS256"],
        "scopes_supported": ["read", "write", PROTECTED_SCOPE],
        "service_documentation": format!("{issuer}/docs"),
    }))
}
