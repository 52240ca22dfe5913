//! Clients that are known by a key of their own: `private_key_jwt` (RFC 7523), and the public halves of such keys.

use crate::auth::credentials::CredentialKind;
use crate::auth::token::{LEEWAY, part};
use crate::db::CredentialRow;
use crate::error::Message;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, RSAKeyParameters, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;
use serde_json::Value;

/// The type of assertions, as RFC 7523 names it.
pub(crate) const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// An assertion may be good for so many seconds at most.
const LONGEST_LIFE: i64 = 600;
/// RSA keys have at least so many bits.
pub(crate) const LEAST_RSA: usize = 2048;
/// The longest public key that is read, in bytes.
const LONGEST_KEY: usize = 8 << 10;
/// The longest `jti` that is kept, in bytes.
const LONGEST_JTI: usize = 255;

/// A checked public key.
#[derive(Debug, Clone)]
pub struct PublicKey {
    /// The key as JWK, its public members only.
    pub jwk: Value,
    /// Its thumbprint (RFC 7638).
    pub thumbprint: String,
}

impl PublicKey {
    /// Reads a JWK.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<PublicKey, Message> {
        if text.len() > LONGEST_KEY {
            return Err(Message::fixed("Nyckeln är längre än 8 KiB.", "The key is longer than 8 KiB."));
        }
        let value: Value =
            serde_json::from_str(text).map_err(|_| Message::fixed("Det är inte JSON.", "This is no JSON."))?;
        if ["d", "p", "q", "k"].iter().any(|name| value.get(name).is_some()) {
            return Err(Message::fixed(
                "Det är en privat nyckel: gör ett nytt par, och lämna den offentliga halvan.",
                "This is a private key: make a new pair, and register its public half.",
            ));
        }
        let no_jwk = Message::fixed("Det är ingen JWK (RFC 7517).", "This is no JWK (RFC 7517).");
        let jwk: Jwk = serde_json::from_value(value).map_err(|_| no_jwk.clone())?;
        if algorithms(&jwk).is_empty() || DecodingKey::from_jwk(&jwk).is_err() {
            return Err(Message::fixed(
                "Nyckeln ska vara Ed25519, P-256 eller RSA med minst 2048 bitar.",
                "The key must be Ed25519, P-256, or RSA of at least 2048 bits.",
            ));
        }
        let thumbprint = jwk.thumbprint(ThumbprintHash::SHA256).map_err(|_| no_jwk.clone())?;
        let jwk = serde_json::to_value(jwk).map_err(|_| no_jwk)?;
        Ok(PublicKey { jwk, thumbprint })
    }
}

/// The algorithms that a key signs with: decided by the key, never by what the assertion says.
fn algorithms(key: &Jwk) -> Vec<Algorithm> {
    match &key.algorithm {
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => vec![Algorithm::EdDSA],
        AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P256 => vec![Algorithm::ES256],
        AlgorithmParameters::RSA(rsa) if rsa_bits(rsa) >= LEAST_RSA => {
            vec![Algorithm::RS256, Algorithm::PS256]
        }
        _ => Vec::new(),
    }
}

/// How many bits an RSA key has; none when it cannot be read.
pub(crate) fn rsa_bits(key: &RSAKeyParameters) -> usize {
    let modulus = URL_SAFE_NO_PAD.decode(&key.n).unwrap_or_default();
    let zeros = modulus.iter().take_while(|byte| **byte == 0).count();
    let first = modulus.get(zeros).map_or(0, |byte| byte.leading_zeros() as usize);
    (modulus.len() - zeros) * 8 - first
}

/// What an assertion says. RFC 7523: issuer and subject are the client.
#[derive(Debug, Deserialize)]
pub(crate) struct Asserted {
    iss: String,
    sub: String,
    pub jti: String,
    pub exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    iat: Option<i64>,
}

/// The client that an assertion says to be from: nothing is checked yet.
pub(crate) fn client(assertion: &str) -> Option<String> {
    part::<Asserted>(assertion, 1).map(|asserted| asserted.sub)
}

/// Checks an assertion against the keys of its client; `audiences` are the names of this service.
pub(crate) fn verify(
    assertion: &str,
    client: &str,
    credentials: &[CredentialRow],
    audiences: &[&str],
    now: DateTime<Utc>,
) -> Option<Asserted> {
    let keys = credentials.iter().filter(|credential| credential.kind == CredentialKind::PublicKey.name());
    let asserted = keys
        .filter_map(|credential| serde_json::from_str::<Jwk>(credential.public_key.as_deref()?).ok())
        .find_map(|key| by_key(assertion, &key, audiences))?;
    let now = now.timestamp();
    let in_time = now <= asserted.exp.saturating_add(LEEWAY)
        && asserted.exp <= now + LONGEST_LIFE + LEEWAY
        && asserted.nbf.unwrap_or(0) <= now + LEEWAY
        && asserted.iat.unwrap_or(0) <= now + LEEWAY;
    let by_client = asserted.iss == client && asserted.sub == client;
    let once = !asserted.jti.is_empty() && asserted.jti.len() <= LONGEST_JTI;
    (in_time && by_client && once).then_some(asserted)
}

fn by_key(assertion: &str, key: &Jwk, audiences: &[&str]) -> Option<Asserted> {
    let decoding = DecodingKey::from_jwk(key).ok()?;
    let mut validation = Validation::new(*algorithms(key).first()?);
    validation.algorithms = algorithms(key);
    validation.set_audience(audiences);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    // The time is checked by the node's own clock.
    validation.validate_exp = false;
    decode::<Asserted>(assertion, &decoding, &validation).ok().map(|decoded| decoded.claims)
}
