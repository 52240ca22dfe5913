//! Secrets and API keys: random, shown once, kept as a hash.

use crate::db::CredentialRow;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use utoipa::ToSchema;
use uuid::Uuid;

/// So many letters of a text are kept to look it up by; the 256 secret bits come after them.
const PREFIX: usize = 12;

/// What a client may show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialKind {
    /// A secret, for tokens.
    Secret,
    /// A key that is sent with each request, for systems that cannot get tokens. It only reads.
    ApiKey,
    /// The public half of a key that signs assertions, for tokens.
    PublicKey,
}

impl CredentialKind {
    /// The word in the database and the API.
    pub const fn name(self) -> &'static str {
        match self {
            CredentialKind::Secret => "secret",
            CredentialKind::ApiKey => "api-key",
            CredentialKind::PublicKey => "public-key",
        }
    }

    /// How its texts begin, so that people and scanners know them.
    const fn mark(self) -> &'static str {
        match self {
            CredentialKind::Secret => "svs_",
            CredentialKind::ApiKey => "svk_",
            CredentialKind::PublicKey => "",
        }
    }
}

/// A new secret or key, and the row that knows it again.
pub fn generate(kind: CredentialKind, client: &str, now: DateTime<Utc>) -> (String, CredentialRow) {
    let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let secret = format!("{}{}{}", kind.mark(), text(&rand::random::<[u8; 6]>()), text(&rand::random::<[u8; 32]>()));
    let row = CredentialRow {
        id: Uuid::now_v7().to_string(),
        client_id: client.to_owned(),
        kind: kind.name().to_owned(),
        prefix: prefix(&secret).to_owned(),
        hash: hash(&secret),
        public_key: None,
        created_at: now.naive_utc(),
        expires_at: None,
    };
    (secret, row)
}

/// What a text is looked up by.
pub(crate) fn prefix(text: &str) -> &str {
    text.get(..PREFIX).unwrap_or_default()
}

/// What is kept of a text. It is random and long, so one round of SHA-256 is enough; a slow hash is for passwords.
pub(crate) fn hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))
}

/// Whether a text is the one that was kept; it takes as long whether it is or not.
pub(crate) fn is_same(text: &str, kept: &str) -> bool {
    hash(text).as_bytes().ct_eq(kept.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-24T09:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_secret_is_known_again_and_not_kept() {
        let (secret, row) = generate(CredentialKind::Secret, "c", now());
        assert!(secret.starts_with("svs_") && secret.len() == 55, "{secret}");
        assert!(is_same(&secret, &row.hash));
        assert_eq!(row.prefix, prefix(&secret));
        assert!(!format!("{row:?}").contains(&secret[PREFIX..]));
        assert!(!is_same(&secret[..54], &row.hash) && !is_same("", &row.hash));
        assert_ne!(generate(CredentialKind::Secret, "c", now()).0, secret);
        assert_eq!(prefix("kort"), "");
        assert_eq!(prefix("åååååååååååå"), "åååååå");
    }
}
