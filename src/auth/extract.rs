//! The bearer of a request, from its Authorization header or its API key.

use crate::app::App;
use crate::auth::actor::Actor;
use crate::auth::authority::{Authority, Bearer};
use crate::error::{Code, Error, Message, Result};
use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderName};

/// The header of an API key.
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// What a request shows.
#[derive(Debug, Clone)]
pub(crate) enum Shown {
    Token(String),
    ApiKey(String),
}

/// Who makes a request, or what has to be asked for to know it.
pub(crate) enum Found {
    Bearer(Bearer),
    Unknown(Shown),
}

/// Whether a request shows a token or a key, good or not.
pub(crate) fn is_shown(request: &HttpRequest) -> bool {
    [header::AUTHORIZATION, API_KEY].iter().any(|name| request.headers().contains_key(name))
}

/// Who makes a request: nobody in particular when it shows nothing; what is not good is an error, never ignored.
pub(crate) fn bearer(app: &App, request: &HttpRequest) -> Result<Found> {
    let Some(shown) = shown(request)? else {
        return Ok(Found::Bearer(Bearer { actor: Actor::Anyone, until: None }));
    };
    let at_hand = match &shown {
        Shown::Token(token) => app.authority.token_at_hand(token),
        Shown::ApiKey(key) => app.authority.api_key_at_hand(key),
    };
    at_hand.map_or(Ok(Found::Unknown(shown)), |bearer| bearer.map(Found::Bearer))
}

impl Shown {
    /// Asks for what is not known. It may wait.
    pub(crate) fn look_up(&self, authority: &Authority) -> Result<Bearer> {
        match self {
            Shown::Token(token) => authority.token(token),
            Shown::ApiKey(key) => authority.api_key(key),
        }
    }
}

fn shown(request: &HttpRequest) -> Result<Option<Shown>> {
    let one = |name: HeaderName| {
        let mut values = request.headers().get_all(name);
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => value.to_str().map(Some).map_err(|_| malformed()),
            (Some(_), Some(_)) => Err(malformed()),
        }
    };
    match (one(header::AUTHORIZATION)?, one(API_KEY)?) {
        (None, None) => Ok(None),
        (Some(value), None) => {
            let (scheme, token) = value.split_once(' ').ok_or_else(malformed)?;
            let bearer = scheme.eq_ignore_ascii_case("bearer");
            bearer.then(|| Some(Shown::Token(token.trim().to_owned()))).ok_or_else(malformed)
        }
        (None, Some(key)) => Ok(Some(Shown::ApiKey(key.to_owned()))),
        (Some(_), Some(_)) => Err(malformed()),
    }
}

fn malformed() -> Error {
    Error::problem(
        Code::Unauthorized,
        Message::fixed(
            "Authorization ska vara Bearer och en token; eller så skickas en nyckel i X-API-Key.",
            "Authorization must be Bearer and a token; or a key is sent in X-API-Key.",
        ),
    )
}
