//! The token endpoint (RFC 6749, client credentials) and what clients discover it by (RFC 7517, RFC 8414).

use crate::api::limits;
use crate::app::App;
use crate::auth::clients;
use crate::auth::token::Tokens;
use crate::db::ClientRow;
use crate::error::Result;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::collections::HashMap;

/// The longest form that is read, in bytes.
const LONGEST: usize = 8 << 10;

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
    let unknown_client = || refuse(StatusCode::UNAUTHORIZED, "invalid_client", "unknown client or wrong secret");
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
    let found =
        web::block(move || span.in_scope(|| clients::authenticate(&state.db, &credentials.0, &credentials.1))).await;
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

/// Client id and secret from the Authorization header or the form, not from both.
fn credentials(
    request: &HttpRequest,
    fields: &HashMap<String, String>,
) -> std::result::Result<Option<(String, String)>, &'static str> {
    let form = fields.get("client_id").zip(fields.get("client_secret"));
    let Some(value) = request.headers().get(header::AUTHORIZATION) else {
        return Ok(form.map(|(id, secret)| (id.clone(), secret.clone())));
    };
    if fields.contains_key("client_secret") {
        return Err("the client authenticates in two ways");
    }
    let basic = value.to_str().ok().and_then(|text| text.split_once(' '));
    let Some((scheme, encoded)) = basic else { return Ok(None) };
    if !scheme.eq_ignore_ascii_case("basic") {
        return Ok(None);
    }
    let decoded = STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    Ok(decoded.as_deref().and_then(|text| text.split_once(':')).map(|(id, secret)| (id.to_owned(), secret.to_owned())))
}

fn grant(app: &App, client: &ClientRow, asked: Option<&str>) -> HttpResponse {
    let allowed = clients::scopes(client);
    let scope = match asked {
        None => allowed.join(" "),
        Some(asked) => {
            if asked.split(' ').any(|scope| !allowed.contains(&scope)) {
                return refuse(StatusCode::BAD_REQUEST, "invalid_scope", "the client may not have that scope");
            }
            asked.to_owned()
        }
    };
    let issuer = app.config.public_address();
    let tokens = Tokens { keys: &app.keys, issuer: &issuer, lifetime: app.config.token_lifetime };
    let issued: Result<String> = tokens.issue(client, &scope, app.clock.now());
    match issued {
        Ok(token) => HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(json!({
            "access_token": token, "token_type": "Bearer", "expires_in": app.config.token_lifetime, "scope": scope,
        })),
        Err(error) => {
            tracing::error!(%error, "a token could not be issued");
            refuse(StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "the service cannot answer now")
        }
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
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "scopes_supported": ["read", "write", clients::PROTECTED_SCOPE],
    }))
}
