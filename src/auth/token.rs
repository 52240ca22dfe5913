//! Access tokens: signed JWTs of the profile RFC 9068, short-lived.

use crate::auth::actor::Actor;
use crate::auth::clients;
use crate::auth::keys::Keys;
use crate::db::ClientRow;
use crate::error::{Code, Error, Message, Result};
use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The type in a token's header.
const TYPE: &str = "at+jwt";
/// Clocks may differ by so many seconds.
const LEEWAY: i64 = 10;

/// What a token says.
#[derive(Debug, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    client_id: String,
    iat: i64,
    exp: i64,
    jti: String,
    scope: String,
    role: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    organisation: Option<String>,
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

    /// A token for a client with these scopes.
    pub fn issue(&self, client: &ClientRow, scope: &str, now: DateTime<Utc>) -> Result<String> {
        let (id, key) = self.keys.signing();
        let header = Header { typ: Some(TYPE.to_owned()), kid: Some(id.to_owned()), ..Header::new(Algorithm::EdDSA) };
        let claims = Claims {
            iss: self.issuer.to_owned(),
            aud: self.audience(),
            sub: client.id.clone(),
            client_id: client.id.clone(),
            iat: now.timestamp(),
            exp: now.timestamp().saturating_add(i64::try_from(self.lifetime).unwrap_or(300)),
            jti: Uuid::new_v4().to_string(),
            scope: scope.to_owned(),
            role: client.role.clone(),
            organisation: client.organisation_id.clone(),
        };
        encode(&header, &claims, key).map_err(|_| Error::internal("a token cannot be signed"))
    }

    /// The actor that a token names.
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Actor> {
        let header = decode_header(token).map_err(|_| refused())?;
        if header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some(TYPE) {
            return Err(refused());
        }
        let key = header.kid.as_deref().and_then(|id| self.keys.accepted(id)).ok_or_else(refused)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[self.issuer]);
        validation.set_audience(&[self.audience()]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // The time is checked below, by the node's own clock.
        validation.validate_exp = false;
        let claims = decode::<Claims>(token, key, &validation).map_err(|_| refused())?.claims;
        let now = now.timestamp();
        if claims.exp + LEEWAY < now || claims.iat > now + LEEWAY {
            return Err(refused());
        }
        // A token without the scope to write is a reader's, whatever its client's role.
        let writes = claims.scope.split(' ').any(|scope| scope == "write");
        let role = if writes { claims.role.as_str() } else { "reader" };
        clients::actor(&claims.client_id, role, claims.organisation.as_deref(), &claims.scope).map_err(|_| refused())
    }
}

fn refused() -> Error {
    Error::problem(
        Code::Unauthorized,
        Message::fixed("Token är ogiltig eller har gått ut.", "The token is invalid or has expired."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    fn now() -> DateTime<Utc> {
        "2026-11-24T09:00:00Z".parse().unwrap()
    }

    fn client() -> ClientRow {
        ClientRow {
            id: "c-1".to_owned(),
            name: "x".to_owned(),
            role: "steward".to_owned(),
            organisation_id: None,
            scopes: String::new(),
            secret_hash: String::new(),
            created_at: now().naive_utc(),
            revoked_at: None,
        }
    }

    fn keys() -> Keys {
        Keys::open(tempfile::tempdir().unwrap().path()).unwrap()
    }

    fn tokens(keys: &Keys) -> Tokens<'_> {
        Tokens { keys, issuer: "https://r.example.org", lifetime: 300 }
    }

    fn part(token: &str, index: usize) -> Value {
        let part = token.split('.').nth(index).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    }

    #[test]
    fn an_issued_token_names_its_client_until_it_expires() {
        let keys = keys();
        let token = tokens(&keys).issue(&client(), "read write", now()).unwrap();
        let actor = tokens(&keys).verify(&token, now()).unwrap();
        assert_eq!(actor.name(), "c-1");
        assert!(tokens(&keys).verify(&token, now() + chrono::Duration::seconds(309)).is_ok());
        assert!(tokens(&keys).verify(&token, now() + chrono::Duration::seconds(311)).is_err());
        assert!(tokens(&keys).verify(&token, now() - chrono::Duration::seconds(60)).is_err());
    }

    #[test]
    fn forged_tokens_are_refused() {
        let keys = keys();
        let token = tokens(&keys).issue(&client(), "read write", now()).unwrap();
        let (mut header, claims) = (part(&token, 0), part(&token, 1));
        let join = |header: &Value, claims: &Value, signature: &str| {
            let text = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
            format!("{}.{}.{signature}", text(header), text(claims))
        };
        let signature = token.rsplit('.').next().unwrap().to_owned();
        let mut raised = claims.clone();
        raised["role"] = json!("administrator");
        let mut forged =
            vec![join(&header, &raised, &signature), token[..token.len() - 4].to_owned(), "a.b.c".to_owned()];
        for algorithm in ["none", "HS256", "ES256"] {
            header["alg"] = json!(algorithm);
            forged.push(join(&header, &claims, &signature));
            forged.push(join(&header, &claims, ""));
        }
        header["alg"] = json!("EdDSA");
        header["kid"] = json!("other");
        forged.push(join(&header, &claims, &signature));
        for token in forged {
            assert!(tokens(&keys).verify(&token, now()).is_err(), "{token}");
        }
        let other = Tokens { issuer: "https://other.example.org", ..tokens(&keys) };
        assert!(other.verify(&token, now()).is_err(), "another issuer's audience");
    }

    #[test]
    fn a_token_without_the_scope_to_write_reads_only() {
        let keys = keys();
        let token = tokens(&keys).issue(&client(), "read", now()).unwrap();
        let Actor::Client { role, .. } = tokens(&keys).verify(&token, now()).unwrap() else { panic!("no client") };
        assert_eq!(role.name(), "reader");
    }
}
