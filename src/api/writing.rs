//! Answers to writes, once: the same Idempotency-Key gives the same answer again, and the answer is kept in the same
//! transaction as the write.

use crate::api::call::{Answer, Call, blocking};
use crate::app::App;
use crate::auth::actor::Actor;
use crate::db::{By, Idempotent, Operations, StoredAnswer, Tx, answer_key, head};
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

impl Written {
    /// The finished answer, with the number of the change where there is one, and what is kept of it for a retry.
    fn close(self, sequence: Option<i64>) -> Result<(StoredAnswer, StoredAnswer)> {
        let number = sequence.map(|sequence| ("change-sequence", sequence.to_string()));
        let headers: Vec<(&str, String)> = number
            .into_iter()
            .chain(self.location.map(|location| ("location", location)))
            .chain(self.tag.map(|tag| ("etag", tag)))
            .collect();
        let close = |open: &str| match sequence {
            Some(sequence) => format!("{open},\"changeSequence\":{sequence}}}"),
            None => format!("{open}}}"),
        };
        let answer = StoredAnswer {
            status: self.status.as_u16(),
            headers: serde_json::to_string(&headers)?,
            body: close(&self.open_body),
        };
        let kept = match &self.kept_body {
            Some(kept) => StoredAnswer { body: close(kept), ..answer.clone() },
            None => answer.clone(),
        };
        Ok((answer, kept))
    }
}

/// A write that took place.
struct Done {
    answer: StoredAnswer,
    withdrawal: Withdrawal,
}

impl From<StoredAnswer> for Done {
    fn from(answer: StoredAnswer) -> Done {
        Done { answer, withdrawal: Withdrawal::Done }
    }
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
    let (app, actor, by) = (call.app.clone(), call.actor.clone(), call.by());
    let done =
        blocking(move || once(&app, &actor, retry.as_ref(), |key| written(&app, &actor, &by, key, &work))).await?;
    respond(call, done.answer, done.withdrawal)
}

/// Changes what is no resource, on a thread that may wait, and answers.
pub(crate) async fn operate(
    call: &Call,
    retry: Option<Retry>,
    work: impl Fn(&mut Operations<'_>, &By) -> Result<Written> + Send + 'static,
) -> Answer {
    let (app, actor, by) = (call.app.clone(), call.actor.clone(), call.by());
    let answer = blocking(move || {
        once(&app, &actor, retry.as_ref(), |key| {
            app.db.operate(|operations| {
                let (answer, kept) = work(operations, &by)?.close(None)?;
                if let Some(key) = key {
                    operations.answer_key(actor.name(), &key.key, &kept)?;
                }
                Ok(answer)
            })
        })
    })
    .await?;
    respond(call, answer, Withdrawal::Done)
}

/// Writes once for each key: what was answered is answered again.
fn once<T: From<StoredAnswer>>(
    app: &App,
    actor: &Actor,
    retry: Option<&Retry>,
    write: impl Fn(Option<&Retry>) -> Result<T>,
) -> Result<T> {
    let Some(retry) = retry else { return write(None) };
    let taken = app.db.operate(|operations| operations.take_key(actor.name(), &retry.key, &retry.fingerprint))?;
    match taken {
        Idempotent::New => {
            let answer = write(Some(retry));
            if answer.is_err()
                && let Err(error) = app.db.operate(|operations| operations.release_key(actor.name(), &retry.key))
            {
                // The key is free again after a minute.
                tracing::warn!(%error, "an idempotency key could not be given back");
            }
            answer
        }
        Idempotent::Answered(answer) => Ok(answer.into()),
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
    by: &By,
    retry: Option<&Retry>,
    work: &impl Fn(&mut Tx<'_>, &Actor) -> Result<Written>,
) -> Result<Done> {
    let outcome = app.db.write(by.clone(), |tx| {
        let written = work(tx, actor)?;
        let sequence = match tx.number()? {
            Some(sequence) => sequence,
            None => head(tx.connection())?.sequence,
        };
        let (answer, kept) = written.close(Some(sequence))?;
        if let Some(retry) = retry {
            answer_key(tx.connection(), actor.name(), &retry.key, &kept)?;
        }
        Ok(answer)
    })?;
    let withdrawal = match outcome.sequence.filter(|_| outcome.narrows) {
        Some(sequence) => nodes::withdraw(app, by, sequence),
        None => Withdrawal::Done,
    };
    Ok(Done { answer: outcome.value, withdrawal })
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
