//! The actor of a request, from its Authorization header.

use crate::app::App;
use crate::auth::actor::Actor;
use crate::auth::token::Tokens;
use crate::error::{Code, Error, Message, Result};
use actix_web::HttpRequest;
use actix_web::http::header;

/// Who makes a request: nobody in particular without a token; a token that is not good is an error, never ignored.
pub(crate) fn actor(app: &App, request: &HttpRequest) -> Result<Actor> {
    let mut headers = request.headers().get_all(header::AUTHORIZATION);
    let Some(value) = headers.next() else { return Ok(Actor::Anyone) };
    let malformed = || {
        Error::problem(
            Code::Unauthorized,
            Message::fixed("Authorization ska vara Bearer och en token.", "Authorization must be Bearer and a token."),
        )
    };
    if headers.next().is_some() {
        return Err(malformed());
    }
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(malformed)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(malformed());
    }
    let issuer = app.config.public_address();
    let tokens = Tokens { keys: &app.keys, issuer: &issuer, lifetime: app.config.token_lifetime };
    tokens.verify(token.trim(), app.clock.now())
}
