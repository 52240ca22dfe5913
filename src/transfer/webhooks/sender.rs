//! One request of a webhook: signed by Standard Webhooks, sent once, never led elsewhere.

use super::guard::{Guarded, OutOfReach, Reach};
use crate::auth::keys::Keys;
use crate::error::{Error, Result};
use crate::outgoing;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::time::{Duration, Instant};
use ureq::Agent;
use ureq::unversioned::transport::DefaultConnector;

/// A receiver has to answer within this time.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Of an answer's body at most so much is read, and none of it kept.
const MOST_READ: u64 = 16 << 10;
/// What a secret begins with.
const PREFIX: &str = "whsec_";

/// The secret of a webhook: derived from the nodes' key, so that the database holds none.
pub(crate) struct Secret(Vec<u8>);

impl Secret {
    /// The secret of a webhook and a generation.
    pub(crate) fn of(keys: &Keys, webhook: &str, generation: i64) -> Result<Secret> {
        let mut mac = Hmac::<Sha256>::new_from_slice(keys.webhook_secret()).map_err(Error::internal)?;
        mac.update(format!("samverkan webhook\0{webhook}\0{generation}").as_bytes());
        Ok(Secret(mac.finalize().into_bytes().to_vec()))
    }

    /// The secret as its owner gets it.
    pub(crate) fn text(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    /// The signature of a message.
    fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> Result<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).map_err(Error::internal)?;
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    }
}

/// What is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// The event's id: the same at every attempt.
    pub id: String,
    /// What it says, such as `organisation.updated`.
    pub kind: String,
    /// JSON.
    pub body: Vec<u8>,
}

/// How a sending went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The receiver took it.
    Delivered,
    /// The receiver answered otherwise.
    Refused,
    /// The receiver wants no more (410).
    Gone,
    /// There was no answer in time.
    Timeout,
    /// The name is not known.
    UnknownHost,
    /// The address may not be reached.
    OutOfReach,
    /// No TLS connection came about.
    Tls,
    /// No connection came about, or it broke.
    Connection,
}

impl Outcome {
    /// The word in the log of deliveries.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Outcome::Delivered => "delivered",
            Outcome::Refused => "refused",
            Outcome::Gone => "gone",
            Outcome::Timeout => "timeout",
            Outcome::UnknownHost => "unknown-host",
            Outcome::OutOfReach => "out-of-reach",
            Outcome::Tls => "tls",
            Outcome::Connection => "connection",
        }
    }
}

/// How a sending went, in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sent {
    /// How.
    pub outcome: Outcome,
    /// The status that the receiver answered.
    pub status: Option<u16>,
    /// After how many seconds the receiver wants to be asked again.
    pub retry_after: Option<i64>,
    /// How long it took.
    pub took: Duration,
}

/// Sends requests.
pub(super) struct Sender(Agent);

impl Sender {
    /// Sends to what may be reached.
    pub(super) fn new(reach: Reach) -> Sender {
        Sender(Agent::with_parts(outgoing::settings(TIMEOUT), DefaultConnector::new(), Guarded(reach)))
    }

    /// Sends a message once, signed with each of these secrets at that moment.
    pub(super) fn send(&self, url: &str, message: &Message, secrets: &[Secret], timestamp: i64) -> Result<Sent> {
        let signatures: Vec<String> =
            secrets.iter().map(|secret| secret.sign(&message.id, timestamp, &message.body)).collect::<Result<_>>()?;
        let since = Instant::now();
        let answer = self
            .0
            .post(url)
            .header("content-type", "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", timestamp.to_string())
            .header("webhook-signature", signatures.join(" "))
            .send(message.body.as_slice());
        let sent = |outcome, status, retry_after| Sent { outcome, status, retry_after, took: since.elapsed() };
        Ok(match answer {
            Err(error) => sent(failed(&error), None, None),
            Ok(mut answer) => {
                let status = answer.status();
                let retry_after = answer.headers().get("retry-after");
                let retry_after = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
                // Read to its end, a short answer leaves a connection for the next event. What it says does not matter.
                let _ = answer.body_mut().with_config().limit(MOST_READ).read_to_vec();
                let outcome = match status.as_u16() {
                    200..300 => Outcome::Delivered,
                    410 => Outcome::Gone,
                    _ => Outcome::Refused,
                };
                sent(outcome, Some(status.as_u16()), retry_after)
            }
        })
    }
}

fn failed(error: &ureq::Error) -> Outcome {
    match error {
        ureq::Error::Timeout(_) => Outcome::Timeout,
        ureq::Error::HostNotFound => Outcome::UnknownHost,
        ureq::Error::Tls(_) | ureq::Error::Rustls(_) | ureq::Error::TlsRequired => Outcome::Tls,
        ureq::Error::Other(inner) if inner.is::<OutOfReach>() => Outcome::OutOfReach,
        ureq::Error::Io(error) => match error.kind() {
            std::io::ErrorKind::TimedOut => Outcome::Timeout,
            std::io::ErrorKind::InvalidData => Outcome::Tls,
            _ => Outcome::Connection,
        },
        _ => Outcome::Connection,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_that_of_the_standard() {
        // The example of the specification's reference implementations.
        let secret = Secret(STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap());
        let signed = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b"{\"test\": 2432232314}").unwrap();
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(secret.text(), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    }

    #[test]
    fn every_webhook_and_generation_has_a_secret_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(folder.path()).unwrap();
        let text = |webhook: &str, generation| Secret::of(&keys, webhook, generation).unwrap().text();
        assert_eq!(text("a", 1), text("a", 1));
        assert!(text("a", 1) != text("a", 2) && text("a", 1) != text("b", 1));
        assert_eq!(STANDARD.decode(text("a", 1).strip_prefix("whsec_").unwrap()).unwrap().len(), 32);
    }

    #[test]
    fn what_may_not_be_reached_is_not_asked() {
        let message = Message { id: "1".to_owned(), kind: "x".to_owned(), body: b"{}".to_vec() };
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        listener.set_nonblocking(true).unwrap();
        let sender = Sender::new(Reach::default());
        for url in [
            format!("http://127.0.0.1:{port}/"),
            format!("https://localhost:{port}/"),
            format!("https://[::1]:{port}/"),
        ] {
            let sent = sender.send(&url, &message, &[], 0).unwrap();
            assert_eq!(sent.outcome, Outcome::OutOfReach, "{url}");
        }
        assert!(listener.accept().is_err(), "somebody came");
    }
}
