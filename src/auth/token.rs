//! Access tokens: signed JWTs of the profile RFC 9068, short-lived.

use crate::auth::clients::Rights;
use crate::auth::keys::Keys;
use crate::error::{Code, Error, Message, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, Header, Validation, decode, encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The type in a token's header.
const TYPE: &str = "at+jwt";
/// Clocks may differ by so many seconds.
pub(crate) const LEEWAY: i64 = 10;

/// What a token says. A claim that stands twice, or another audience beside ours, is refused by the form of this.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub iss: String,
    pub aud: String,
    pub sub: String,
    pub client_id: String,
    pub iat: i64,
    pub exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    pub jti: String,
    pub scope: String,
    pub role: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
}

/// The header of a token of ours: this and nothing else, so that no header leads to another key.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnHeader {
    alg: String,
    typ: String,
    kid: String,
}

/// The part of a token at a place, as JSON.
pub(crate) fn part<T: DeserializeOwned>(token: &str, place: usize) -> Option<T> {
    let bytes = URL_SAFE_NO_PAD.decode(token.split('.').nth(place)?).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Who says to have issued a token: nothing is checked yet.
pub(crate) fn issuer(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Issued {
        iss: String,
    }
    part::<Issued>(token, 1).map(|issued| issued.iss)
}

/// Whether something that holds until a second still does.
pub(crate) fn in_time(until: Option<i64>, now: DateTime<Utc>) -> bool {
    until.is_none_or(|until| now.timestamp() <= until.saturating_add(LEEWAY))
}

/// Issues and checks the tokens of one issuer for one audience.
pub struct Tokens<'a> {
    /// The node's keys.
    pub keys: &'a Keys,
    /// The public address.
    pub issuer: &'a str,
    /// How long a token lasts, in seconds.
    pub lifetime: u64,
}

impl Tokens<'_> {
    fn audience(&self) -> String {
        format!("{}/api/v1", self.issuer)
    }

    /// A token for a client with these rights and scopes.
    pub(crate) fn issue(&self, client: &str, rights: &Rights, scope: &str, now: DateTime<Utc>) -> Result<String> {
        let keys = self.keys.tokens();
        let (id, key) = keys.signing();
        let header = Header { typ: Some(TYPE.to_owned()), kid: Some(id.to_owned()), ..Header::new(Algorithm::EdDSA) };
        let claims = Claims {
            iss: self.issuer.to_owned(),
            aud: self.audience(),
            sub: client.to_owned(),
            client_id: client.to_owned(),
            iat: now.timestamp(),
            exp: now.timestamp().saturating_add(i64::try_from(self.lifetime).unwrap_or(300)),
            nbf: None,
            jti: Uuid::new_v4().to_string(),
            scope: scope.to_owned(),
            role: rights.role.name().to_owned(),
            organisation: rights.organisation.map(|id| id.to_string()),
        };
        encode(&header, &claims, key).map_err(|_| Error::internal("a token cannot be signed"))
    }

    /// Whether a token names a key of ours: nothing else is checked yet.
    pub(crate) fn has_key_of(&self, token: &str) -> bool {
        part::<OwnHeader>(token, 0).is_some_and(|header| self.keys.tokens().accepted(&header.kid).is_some())
    }

    /// The claims of a good token; `None` when its key is not known.
    pub(crate) fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Option<Claims>> {
        let header: OwnHeader = part(token, 0).ok_or_else(refused)?;
        if header.alg != "EdDSA" || header.typ != TYPE {
            return Err(refused());
        }
        let keys = self.keys.tokens();
        let Some(key) = keys.accepted(&header.kid) else { return Ok(None) };
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[self.issuer]);
        validation.set_audience(&[self.audience()]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The time is checked below, by the node's own clock.
        validation.validate_exp = false;
        let claims = decode::<Claims>(token, key, &validation).map_err(|_| refused())?.claims;
        let latest = now.timestamp() + LEEWAY;
        let in_time = in_time(Some(claims.exp), now) && claims.iat <= latest && claims.nbf.unwrap_or(0) <= latest;
        if !in_time || claims.sub != claims.client_id {
            return Err(refused());
        }
        Ok(Some(claims))
    }
}

/// The token is not good: which check it failed is nobody's business.
pub(crate) fn refused() -> Error {
    Error::problem(
        Code::Unauthorized,
        Message::fixed("Token är ogiltig eller har gått ut.", "The token is invalid or has expired."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::actor::Role;
    use serde_json::{Value, json};

    fn now() -> DateTime<Utc> {
        "2026-11-24T09:00:00Z".parse().unwrap()
    }

    fn rights() -> Rights {
        Rights { role: Role::Steward, organisation: None, scopes: String::new() }
    }

    fn issue(tokens: &Tokens<'_>) -> String {
        tokens.issue("c-1", &rights(), "read write", now()).unwrap()
    }

    fn is_good(tokens: &Tokens<'_>, token: &str, now: DateTime<Utc>) -> bool {
        matches!(tokens.verify(token, now), Ok(Some(_)))
    }

    fn keys() -> Keys {
        Keys::open(tempfile::tempdir().unwrap().path()).unwrap()
    }

    fn tokens(keys: &Keys) -> Tokens<'_> {
        Tokens { keys, issuer: "https://r.example.org", lifetime: 300 }
    }

    #[test]
    fn an_issued_token_names_its_client_until_it_expires() {
        let keys = keys();
        let tokens = tokens(&keys);
        let token = issue(&tokens);
        assert_eq!(tokens.verify(&token, now()).unwrap().unwrap().client_id, "c-1");
        assert!(is_good(&tokens, &token, now() + chrono::Duration::seconds(309)));
        assert!(!is_good(&tokens, &token, now() + chrono::Duration::seconds(311)));
        assert!(!is_good(&tokens, &token, now() - chrono::Duration::seconds(60)));
        assert!(part::<Value>(&token, 0).unwrap()["typ"] == "at+jwt");
    }

    /// A token of these parts, signed by the node's own key: only what it says can be wrong with it.
    fn signed(keys: &Keys, header: &str, claims: &str) -> String {
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature =
            jsonwebtoken::crypto::sign(text.as_bytes(), keys.tokens().signing().1, Algorithm::EdDSA).unwrap();
        format!("{text}.{signature}")
    }

    #[test]
    fn attacked_tokens_are_refused_although_their_signature_is_good() {
        let keys = keys();
        let tokens = tokens(&keys);
        let token = issue(&tokens);
        let (header, claims): (Value, Value) = (part(&token, 0).unwrap(), part(&token, 1).unwrap());
        let good = signed(&keys, &header.to_string(), &claims.to_string());
        assert!(is_good(&tokens, &good, now()), "the way the test signs is not what is refused");
        let with = |whole: &Value, name: &str, value: Value| {
            let mut whole = whole.clone();
            whole[name] = value;
            whole.to_string()
        };
        let mut bad = Vec::new();
        for (name, value) in [
            ("typ", json!("JWT")),
            ("typ", Value::Null),
            ("alg", json!("none")),
            ("alg", json!("HS256")),
            ("alg", json!("ES256")),
            ("jku", json!("https://evil.example.org/jwks")),
            ("x5u", json!("https://evil.example.org/x5u")),
            ("x5c", json!(["MIIB"])),
            ("jwk", json!({"kty": "OKP"})),
            ("crit", json!(["exp"])),
            ("cty", json!("JWT")),
            ("kid", json!("../../other")),
            ("kid", json!("")),
            ("kid", json!(7)),
        ] {
            bad.push((format!("header {name}"), signed(&keys, &with(&header, name, value), &claims.to_string())));
        }
        for (name, value) in [
            ("iss", json!("https://evil.example.org")),
            ("aud", json!("https://other.example.org/api/v1")),
            ("aud", json!(["https://r.example.org/api/v1", "https://other.example.org"])),
            ("aud", Value::Null),
            ("sub", json!("c-2")),
            ("sub", Value::Null),
            ("exp", Value::Null),
            ("exp", json!("9999999999")),
            ("exp", json!(now().timestamp() - 11)),
            ("exp", json!(-1)),
            ("iat", json!(now().timestamp() + 60)),
            ("nbf", json!(now().timestamp() + 60)),
            ("client_id", Value::Null),
        ] {
            bad.push((format!("claim {name}"), signed(&keys, &header.to_string(), &with(&claims, name, value))));
        }
        let twice = |name: &str| claims.to_string().replacen('{', &format!("{{\"{name}\":\"x\","), 1);
        for name in ["iss", "aud", "sub", "client_id", "scope", "role"] {
            bad.push((format!("claim {name} twice"), signed(&keys, &header.to_string(), &twice(name))));
        }
        let header_twice = header.to_string().replacen('{', "{\"alg\":\"none\",", 1);
        bad.push(("header alg twice".to_owned(), signed(&keys, &header_twice, &claims.to_string())));
        for (why, token) in bad {
            assert!(!is_good(&tokens, &token, now()), "{why}: {token}");
        }
    }

    #[test]
    fn forged_tokens_are_refused() {
        let keys = keys();
        let tokens = tokens(&keys);
        let token = issue(&tokens);
        let parts: Vec<&str> = token.split('.').collect();
        let mut raised: Value = part(&token, 1).unwrap();
        raised["client_id"] = json!("c-2");
        raised["sub"] = json!("c-2");
        let raised = URL_SAFE_NO_PAD.encode(raised.to_string());
        let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"at+jwt","kid":"x"}"#);
        // The public key is no secret: whoever took it for one would take this.
        let id = keys.tokens().signing().0.to_owned();
        let hmac_header = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{id}"}}"#));
        let public = keys.jwks()["keys"][0]["x"].as_str().unwrap().to_owned();
        let text = format!("{hmac_header}.{}", parts[1]);
        let forge = |secret: &[u8]| {
            let key = jsonwebtoken::EncodingKey::from_secret(secret);
            jsonwebtoken::crypto::sign(text.as_bytes(), &key, Algorithm::HS256).unwrap()
        };
        for token in [
            format!("{}.{raised}.{}", parts[0], parts[2]),
            format!("{none}.{}.", parts[1]),
            format!("{none}.{}.{}", parts[1], parts[2]),
            format!("{text}.{}", forge(public.as_bytes())),
            format!("{text}.{}", forge(&URL_SAFE_NO_PAD.decode(&public).unwrap())),
            token[..token.len() - 4].to_owned(),
            format!("{token}."),
            format!("{token}.x"),
            format!(".{token}"),
            "a.b.c".to_owned(),
            String::new(),
        ] {
            assert!(!is_good(&tokens, &token, now()), "{token}");
        }
        let other = Tokens { issuer: "https://other.example.org", ..tokens };
        assert!(!is_good(&other, &token, now()), "another issuer's audience");
    }

    #[test]
    fn a_token_without_the_scope_to_write_reads_only() {
        let role = |scope: &str| match rights().actor("c-1", scope) {
            crate::auth::actor::Actor::Client { role, protected, .. } => (role.name(), protected),
            _ => panic!("no client"),
        };
        assert_eq!(role("read"), ("reader", false));
        assert_eq!(role("read write"), ("steward", false));
        assert_eq!(role("read write contacts:protected"), ("steward", false), "a scope it may not have");
    }
}
