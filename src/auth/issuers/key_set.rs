//! The keys that an issuer publishes, and how they are fetched.

use super::settings::{is_loopback, may_be_fetched};
use crate::auth::assertion::{LEAST_RSA, rsa_bits};
use crate::outgoing;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;
use ureq::Agent;
use url::Url;

/// An issuer has to answer each of two requests within this time.
const TIMEOUT: Duration = Duration::from_secs(5);
/// No document of an issuer is longer, in bytes.
const LARGEST: u64 = 512 << 10;
/// Of so many keys is notice taken at most.
const MOST_KEYS: usize = 100;
/// RSA keys have at most so many bits: longer ones cost too much, and are not checked.
const MOST_RSA: usize = 4096;

/// The keys of an issuer that can be used.
#[derive(Default)]
pub(super) struct KeySet(Vec<Key>);

struct Key {
    id: String,
    algorithms: Vec<Algorithm>,
    decoding: DecodingKey,
    jwk: Jwk,
}

/// What is read of a discovery document.
#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

/// A JSON Web Key Set: a key that cannot be read does not spoil the others.
#[derive(Deserialize)]
struct Published {
    keys: Vec<Value>,
}

/// What asks issuers.
pub(super) fn agent() -> Agent {
    Agent::new_with_config(outgoing::settings(TIMEOUT))
}

impl KeySet {
    /// Asks an issuer for its keys: its discovery document, then where that leads.
    ///
    /// # Errors
    /// Why there are none, for the log.
    pub(super) fn fetch(agent: &Agent, issuer: &str, algorithms: &[Algorithm]) -> Result<KeySet, String> {
        let found: Discovery =
            get(agent, &format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')))?;
        if found.issuer != issuer {
            return Err("the discovery document is of another issuer".to_owned());
        }
        let own = Url::parse(issuer).is_ok_and(|url| is_loopback(&url));
        if !Url::parse(&found.jwks_uri).is_ok_and(|url| may_be_fetched(&url, own)) {
            return Err("jwks_uri does not begin with https://".to_owned());
        }
        let published: Published = get(agent, &found.jwks_uri)?;
        Ok(KeySet::of(published.keys, algorithms))
    }

    fn of(keys: Vec<Value>, algorithms: &[Algorithm]) -> KeySet {
        KeySet(keys.into_iter().take(MOST_KEYS).filter_map(|key| Key::read(key, algorithms)).collect())
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether these are the same keys.
    pub(super) fn is_same(&self, other: &KeySet) -> bool {
        self.0.iter().map(|key| &key.jwk).eq(other.0.iter().map(|key| &key.jwk))
    }

    /// Whether there is a key of that id.
    pub(super) fn has(&self, id: &str) -> bool {
        self.0.iter().any(|key| key.id == id)
    }

    /// The key of an id that signs so.
    pub(super) fn find(&self, id: &str, algorithm: Algorithm) -> Option<&DecodingKey> {
        self.0.iter().find(|key| key.id == id && key.algorithms.contains(&algorithm)).map(|key| &key.decoding)
    }
}

impl Key {
    /// A published key, when it signs in one of these ways.
    fn read(value: Value, algorithms: &[Algorithm]) -> Option<Key> {
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        let common = &jwk.common;
        let signs = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature))
            && common.key_operations.as_ref().is_none_or(|all| all.contains(&KeyOperations::Verify));
        let named = |algorithm: &Algorithm| common.key_algorithm.is_none_or(|only| only == (*algorithm).into());
        let algorithms: Vec<Algorithm> = possible(&jwk)
            .iter()
            .copied()
            .filter(|algorithm| algorithms.contains(algorithm) && named(algorithm))
            .collect();
        let id = common.key_id.clone()?;
        let decoding = DecodingKey::from_jwk(&jwk).ok()?;
        (signs && !algorithms.is_empty()).then_some(Key { id, algorithms, decoding, jwk })
    }
}

/// How a key can sign: decided by the key, never by what a token says.
fn possible(key: &Jwk) -> &'static [Algorithm] {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    match &key.algorithm {
        AlgorithmParameters::RSA(rsa) if (LEAST_RSA..=MOST_RSA).contains(&rsa_bits(rsa)) => {
            &[RS256, RS384, RS512, PS256, PS384, PS512]
        }
        AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P256 => &[ES256],
        AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P384 => &[ES384],
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => &[EdDSA],
        _ => &[],
    }
}

fn get<T: DeserializeOwned>(agent: &Agent, url: &str) -> Result<T, String> {
    let told = |reason: &dyn std::fmt::Display| format!("{url}: {reason}");
    let mut answer = agent.get(url).header("accept", "application/json").call().map_err(|error| told(&error))?;
    if answer.status().as_u16() != 200 {
        return Err(told(&answer.status()));
    }
    let body = answer.body_mut().with_config().limit(LARGEST).read_to_vec().map_err(|error| told(&error))?;
    serde_json::from_slice(&body).map_err(|_| told(&"no such document"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::json;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::{TcpListener, TcpStream};

    fn modulus(bits: usize) -> String {
        let mut bytes = vec![0x5a; bits / 8];
        bytes[0] = 0x80;
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn ways(key: Value) -> Vec<Algorithm> {
        let all = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256];
        KeySet::of(vec![key], &all).0.into_iter().flat_map(|key| key.algorithms).collect()
    }

    #[test]
    fn a_key_signs_only_as_it_can_and_says() {
        let rsa = |bits, more: Value| {
            let mut key = json!({"kty": "RSA", "kid": "1", "n": modulus(bits), "e": "AQAB"});
            key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            ways(key)
        };
        assert_eq!(rsa(2048, json!({})), [Algorithm::RS256, Algorithm::PS256]);
        assert_eq!(rsa(2048, json!({"alg": "PS256", "use": "sig"})), [Algorithm::PS256]);
        assert_eq!(rsa(2048, json!({"key_ops": ["verify"]})).len(), 2);
        for more in [
            json!({"alg": "RS512"}),
            json!({"alg": "RSA-OAEP"}),
            json!({"alg": "HS256"}),
            json!({"use": "enc"}),
            json!({"key_ops": ["encrypt"]}),
            json!({"kid": null}),
        ] {
            assert!(rsa(2048, more.clone()).is_empty(), "{more}");
        }
        assert!(rsa(1024, json!({})).is_empty() && rsa(2040, json!({})).is_empty() && rsa(8192, json!({})).is_empty());
        let padded = URL_SAFE_NO_PAD.encode([vec![0; 128], vec![0x80; 128]].concat());
        assert!(ways(json!({"kty": "RSA", "kid": "1", "n": padded, "e": "AQAB"})).is_empty(), "zeros are no bits");
        assert!(ways(json!({"kty": "oct", "kid": "1", "k": modulus(2048), "alg": "HS256"})).is_empty());
        assert!(ways(json!({"kty": "EC", "kid": "1", "crv": "P-384", "x": "AA", "y": "AA"})).is_empty());
    }

    /// Fetches from an issuer that answers so: `URL` stands for its address.
    fn fetch(discovery: &str, keys: &str) -> Result<usize, String> {
        let server = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", server.local_addr().unwrap());
        let answers = [discovery, keys].map(|text| text.replace("URL", &url));
        let issuer = url.clone();
        let thread = std::thread::spawn(move || {
            let fetched = KeySet::fetch(&agent(), &issuer, &[Algorithm::RS256]).map(|keys| keys.len());
            // The server waits for a last call.
            drop(TcpStream::connect(issuer.trim_start_matches("http://")));
            fetched
        });
        while let Ok((stream, _)) = server.accept() {
            let mut stream = BufReader::new(stream);
            let mut first = String::new();
            if stream.read_line(&mut first).unwrap() == 0 {
                break;
            }
            while !matches!(stream.by_ref().lines().next(), Some(Ok(line)) if line.is_empty()) {}
            let answer = &answers[usize::from(first.contains("/jwks"))];
            // Who has read enough hangs up.
            drop(stream.get_mut().write_all(answer.as_bytes()));
        }
        thread.join().unwrap()
    }

    /// The body ends with the connection.
    fn ok(body: &str) -> String {
        format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{body}")
    }

    #[test]
    fn keys_come_from_the_issuer_itself_or_not_at_all() {
        let good = json!({"keys": [{"kty": "RSA", "kid": "1", "n": modulus(2048), "e": "AQAB"}]}).to_string();
        let discovery = |issuer: &str, keys: &str| ok(&json!({"issuer": issuer, "jwks_uri": keys}).to_string());
        let right = discovery("URL", "URL/jwks");
        assert_eq!(fetch(&right, &ok(&good)), Ok(1));
        let moved = |to: &str| format!("HTTP/1.1 302 Found\r\nconnection: close\r\nlocation: {to}\r\n\r\n");
        for (why, discovery, keys) in [
            ("another issuer", discovery("https://evil.example.org", "URL/jwks"), ok(&good)),
            ("a final stroke", discovery("URL/", "URL/jwks"), ok(&good)),
            ("keys without TLS", discovery("URL", "http://192.0.2.1/jwks"), ok(&good)),
            ("keys from a file", discovery("URL", "file:///etc/passwd"), ok(&good)),
            ("a redirect", moved("URL/jwks"), ok(&good)),
            ("a redirect of keys", right.clone(), moved("URL/.well-known/openid-configuration")),
            ("too large", right.clone(), ok(&" ".repeat(600 << 10))),
            ("no keys", right.clone(), ok("{}")),
            ("no JSON", right.clone(), ok("<html>")),
            ("a fault", right.clone(), ok(&good).replace("200 OK", "500 Fault")),
        ] {
            assert!(fetch(&discovery, &keys).is_err(), "{why}");
        }
        assert_eq!(fetch(&right, &ok("{\"keys\":[]}")), Ok(0), "an issuer may take all its keys away");
    }

    #[test]
    fn a_key_that_cannot_be_read_does_not_spoil_the_others() {
        let good = json!({"kty": "RSA", "kid": "2", "n": modulus(2048), "e": "AQAB"});
        let keys = vec![json!(7), json!({"kty": "new"}), json!({"kty": "EC", "crv": "secp256k1", "kid": "1"}), good];
        let keys = KeySet::of(keys, &[Algorithm::RS256]);
        assert_eq!(keys.len(), 1);
        assert!(keys.has("2") && keys.find("2", Algorithm::RS256).is_some());
        assert!(keys.find("2", Algorithm::HS256).is_none() && keys.find("1", Algorithm::RS256).is_none());
    }
}
