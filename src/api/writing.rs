//! Answers to writes, once: the same Idempotency-Key gives the same answer again, and the answer is kept in the same
//! transaction as the write.

use crate::api::call::{Answer, Call, blocking};
use crate::app::App;
use crate::auth::actor::Actor;
use crate::db::{Idempotent, StoredAnswer, Tx, answer_key, head};
use crate::error::{Code, Error, FieldError, Message, Place, Result};
use crate::nodes::{self, Withdrawal};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
const LONGEST_KEY: usize = 255;

/// The answer to a write.
pub(crate) struct Written {
    /// 200 or 201.
    pub status: StatusCode,
    /// Where the record is, when it was made.
    pub location: Option<String>,
    /// Its ETag.
    pub tag: Option<String>,
    /// The body but for its end and the change number: a JSON object without its last brace.
    pub open_body: String,
    /// What may be kept in place of the body when that holds something protected.
    pub kept_body: Option<String>,
}

/// A key of the caller's and what it was used for.
pub(crate) struct Retry {
    key: String,
    fingerprint: String,
}

impl Retry {
    /// The key of a request, when it has one.
    pub(crate) fn of(call: &Call, body: &[u8]) -> Result<Option<Retry>> {
        let mut values = call.request.headers().get_all("idempotency-key");
        let Some(value) = values.next() else { return Ok(None) };
        let key = value.to_str().ok().map(str::trim).filter(|key| !key.is_empty() && key.len() <= LONGEST_KEY);
        match (key, values.next()) {
            (Some(key), None) => {
                let mut hash = Sha256::new();
                hash.update(call.request.method().as_str());
                hash.update([0]);
                hash.update(call.request.path());
                hash.update([0]);
                hash.update(body);
                Ok(Some(Retry { key: key.to_owned(), fingerprint: URL_SAFE_NO_PAD.encode(hash.finalize()) }))
            }
            _ => {
                let detail = Message::fixed(
                    "Nyckeln ska vara ett värde av 1 till 255 tecken.",
                    "The key must be one value of 1 to 255 characters.",
                );
                let place = Place::Header(IDEMPOTENCY_KEY.to_owned());
                let errors = vec![FieldError { place, code: "format", detail: detail.clone() }];
                Err(Error::Problem { code: Code::Malformed, detail, errors })
            }
        }
    }
}

/// Writes, on a thread that may wait, and answers.
pub(crate) async fn write(
    call: &Call,
    retry: Option<Retry>,
    work: impl Fn(&mut Tx<'_>, &Actor) -> Result<Written> + Send + 'static,
) -> Answer {
    let (app, actor) = (call.app.clone(), call.actor.clone());
    let (answer, withdrawal) = blocking(move || match retry {
        None => written(&app, &actor, None, work),
        Some(retry) => once(&app, &actor, &retry, work),
    })
    .await?;
    respond(call, answer, withdrawal)
}

fn once(
    app: &App,
    actor: &Actor,
    retry: &Retry,
    work: impl Fn(&mut Tx<'_>, &Actor) -> Result<Written>,
) -> Result<(StoredAnswer, Withdrawal)> {
    let taken = app.db.operate(|operations| operations.take_key(actor.name(), &retry.key, &retry.fingerprint))?;
    match taken {
        Idempotent::New => {
            let answer = written(app, actor, Some(retry), work);
            if answer.is_err()
                && let Err(error) = app.db.operate(|operations| operations.release_key(actor.name(), &retry.key))
            {
                // The key is free again after a minute.
                tracing::warn!(%error, "an idempotency key could not be given back");
            }
            answer
        }
        Idempotent::Answered(answer) => Ok((answer, Withdrawal::Done)),
        Idempotent::Running => Err(Error::problem(
            Code::RequestInProgress,
            Message::fixed(
                "Det första anropet med nyckeln pågår än. Försök igen om en stund.",
                "The first request with the key is still running. Try again in a while.",
            ),
        )),
        Idempotent::Reused => Err(Error::problem(
            Code::KeyReused,
            Message::fixed("Ta en ny nyckel för ett nytt anrop.", "Take a new key for a new request."),
        )),
    }
}

fn written(
    app: &App,
    actor: &Actor,
    retry: Option<&Retry>,
    work: impl Fn(&mut Tx<'_>, &Actor) -> Result<Written>,
) -> Result<(StoredAnswer, Withdrawal)> {
    let outcome = app.db.write(actor, |tx| {
        let written = work(tx, actor)?;
        let sequence = match tx.number()? {
            Some(sequence) => sequence,
            None => head(tx.connection())?.sequence,
        };
        let mut headers: Vec<(&str, String)> = vec![("change-sequence", sequence.to_string())];
        headers.extend(written.location.map(|location| ("location", location)));
        headers.extend(written.tag.map(|tag| ("etag", tag)));
        let close = |open: &str| format!("{open},\"changeSequence\":{sequence}}}");
        let answer = StoredAnswer {
            status: written.status.as_u16(),
            headers: serde_json::to_string(&headers)?,
            body: close(&written.open_body),
        };
        if let Some(retry) = retry {
            let kept = match &written.kept_body {
                Some(kept) => StoredAnswer { body: close(kept), ..answer.clone() },
                None => answer.clone(),
            };
            answer_key(tx.connection(), actor.name(), &retry.key, &kept)?;
        }
        Ok(answer)
    })?;
    let withdrawal = match outcome.sequence.filter(|_| outcome.narrows) {
        Some(sequence) => nodes::withdraw(app, sequence),
        None => Withdrawal::Done,
    };
    Ok((outcome.value, withdrawal))
}

fn respond(call: &Call, answer: StoredAnswer, withdrawal: Withdrawal) -> Answer {
    let status = StatusCode::from_u16(answer.status).map_err(Error::internal)?;
    let headers: Vec<(String, String)> = serde_json::from_str(&answer.headers)?;
    let mut response = HttpResponse::build(status);
    response.insert_header((header::CONTENT_TYPE, "application/json"));
    response.insert_header((header::CACHE_CONTROL, call.cache_control()));
    if withdrawal == Withdrawal::Pending {
        response.insert_header((HeaderName::from_static("withdrawal"), HeaderValue::from_static("pending")));
    }
    for (name, value) in headers {
        let name = HeaderName::try_from(name).map_err(Error::internal)?;
        response.insert_header((name, HeaderValue::try_from(value).map_err(Error::internal)?));
    }
    Ok(response.body(answer.body))
}
