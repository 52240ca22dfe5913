//! The node's keys: Ed25519 keys that sign access tokens, and the secrets that sign cursors and that the secrets of webhooks
//! are derived from. All are made on first start.

use crate::error::{Error, Result};
use arc_swap::{ArcSwap, Guard};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use ed25519_dalek::SigningKey;
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Keys of a node.
pub struct Keys {
    folder: PathBuf,
    tokens: ArcSwap<TokenKeys>,
    cursor: [u8; 32],
    webhooks: [u8; 32],
}

/// Keys of access tokens. Every file `*.ed25519` of the folder is accepted, the last by name signs: a key is changed by
/// adding one with a later name and removing the old one when its tokens have expired. Nodes see such changes by themselves.
pub(crate) struct TokenKeys {
    accepted: Vec<PublicKey>,
    signing_id: String,
    signing: EncodingKey,
}

struct PublicKey {
    id: String,
    verifying: DecodingKey,
    bytes: [u8; 32],
}

impl Keys {
    /// Reads the keys of a folder; makes what is missing.
    pub fn open(folder: &Path) -> Result<Keys> {
        fs::create_dir_all(folder)?;
        if key_files(folder)?.is_empty() {
            random_file(&folder.join("1.ed25519"))?;
        }
        let tokens = ArcSwap::from_pointee(TokenKeys::read(folder)?);
        let [cursor, webhooks] = SECRETS.map(|name| secret(&folder.join(name)));
        Ok(Keys { folder: folder.to_owned(), tokens, cursor: cursor?, webhooks: webhooks? })
    }

    /// The keys of access tokens, as they are now.
    pub(crate) fn tokens(&self) -> Guard<Arc<TokenKeys>> {
        self.tokens.load()
    }

    /// Looks whether the keys of access tokens have changed, and takes them in; true when they had.
    pub(crate) fn reload(&self) -> Result<bool> {
        let fresh = TokenKeys::read(&self.folder)?;
        let ids = |keys: &TokenKeys| keys.accepted.iter().map(|key| key.bytes).collect::<Vec<_>>();
        let changed = ids(&fresh) != ids(&self.tokens());
        if changed {
            self.tokens.store(Arc::new(fresh));
        }
        Ok(changed)
    }

    /// The accepted keys as a JSON Web Key Set (RFC 7517, RFC 8037).
    pub fn jwks(&self) -> Value {
        let keys: Vec<Value> = self
            .tokens()
            .accepted
            .iter()
            .map(|key| {
                json!({
                    "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
                    "kid": key.id, "x": URL_SAFE_NO_PAD.encode(key.bytes),
                })
            })
            .collect();
        json!({ "keys": keys })
    }

    /// The secret that signs cursors.
    pub fn cursor_secret(&self) -> &[u8] {
        &self.cursor
    }

    /// The secret that the secrets of webhooks are derived from.
    pub(crate) fn webhook_secret(&self) -> &[u8] {
        &self.webhooks
    }
}

impl TokenKeys {
    fn read(folder: &Path) -> Result<TokenKeys> {
        let mut accepted = Vec::new();
        let mut signing = None;
        for file in key_files(folder)? {
            let key = SigningKey::from_bytes(&read_32(&file)?);
            let bytes = key.verifying_key().to_bytes();
            let id = URL_SAFE_NO_PAD.encode(&Sha256::digest(bytes)[..12]);
            signing = Some((id.clone(), EncodingKey::from_ed_der(&pkcs8(key.as_bytes()))));
            let verifying = DecodingKey::from_ed_components(&URL_SAFE_NO_PAD.encode(bytes))
                .map_err(|_| Error::internal("a signing key cannot be used"))?;
            accepted.push(PublicKey { id, verifying, bytes });
        }
        let (signing_id, signing) = signing.ok_or_else(|| Error::internal("there is no signing key"))?;
        Ok(TokenKeys { accepted, signing_id, signing })
    }

    /// The key that signs and its id.
    pub(crate) fn signing(&self) -> (&str, &EncodingKey) {
        (&self.signing_id, &self.signing)
    }

    /// The accepted key of an id.
    pub(crate) fn accepted(&self, id: &str) -> Option<&DecodingKey> {
        self.accepted.iter().find(|key| key.id == id).map(|key| &key.verifying)
    }
}

/// What a change of keys did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotated {
    /// The name of the file that signs now.
    pub made: String,
    /// Files that went.
    pub removed: Vec<String>,
}

/// Makes a new key that signs from now on. Earlier ones are accepted until the second change after them that is made when
/// their tokens have expired; with `at_once` they go now, and every token so far is void.
pub fn rotate(folder: &Path, now: DateTime<Utc>, at_once: bool) -> Result<Rotated> {
    fs::create_dir_all(folder)?;
    let earlier = key_files(folder)?;
    let made = format!("{}.ed25519", now.format("%Y%m%dT%H%M%S%3fZ"));
    random_file(&folder.join(&made))?;
    let mut removed = Vec::new();
    for (at, file) in earlier.iter().enumerate() {
        // It has signed nothing since the next one was made.
        let replaced = match earlier.get(at + 1) {
            Some(next) => Some(DateTime::<Utc>::from(fs::metadata(next)?.modified()?)),
            None => None,
        };
        let expired = replaced.is_some_and(|replaced| replaced + EXPIRY < now);
        if at_once || expired {
            fs::remove_file(file)?;
            removed.extend(file.file_name().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    Ok(Rotated { made, removed })
}

/// After so long no token of a replaced key is good any more.
const EXPIRY: TimeDelta = TimeDelta::minutes(10);

/// The files of the secrets.
const SECRETS: [&str; 2] = ["cursor.key", "webhook.key"];

/// The secret of a file, made when it is missing.
fn secret(file: &Path) -> Result<[u8; 32]> {
    if !file.exists() {
        random_file(file)?;
    }
    read_32(file)
}

/// Takes the keys of a folder away, so that the next start makes new ones: every token, cursor and secret of a webhook so
/// far is void.
pub fn forget(folder: &Path) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for file in key_files(folder)?.into_iter().chain(SECRETS.map(|name| folder.join(name))) {
        match fs::remove_file(file) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

/// A secret key in the form PKCS #8 (RFC 8410): a fixed head, then the 32 bytes.
fn pkcs8(secret: &[u8; 32]) -> Vec<u8> {
    const HEAD: [u8; 16] =
        [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    [&HEAD[..], secret].concat()
}

fn key_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "ed25519") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn read_32(path: &Path) -> Result<[u8; 32]> {
    <[u8; 32]>::try_from(fs::read(path)?).map_err(|_| Error::internal(format!("{} holds no 32 bytes", path.display())))
}

/// Makes a file of 32 random bytes that only the owner reads. When two processes start at once, the first one's stays.
fn random_file(path: &Path) -> Result<()> {
    let bytes: [u8; 32] = rand::random();
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(format!(".{}", uuid::Uuid::new_v4()));
    let unfinished = PathBuf::from(unfinished);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(&unfinished)?;
    file.write_all(&bytes)?;
    file.sync_all()?;
    let linked = fs::hard_link(&unfinished, path);
    fs::remove_file(&unfinished)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_once_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let first = Keys::open(folder.path()).unwrap();
        let second = Keys::open(folder.path()).unwrap();
        assert_eq!(first.jwks(), second.jwks());
        assert_eq!(first.cursor_secret(), second.cursor_secret());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn a_new_key_signs_and_the_earlier_one_is_accepted_until_its_tokens_have_expired() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(folder.path()).unwrap();
        let first = keys.tokens().signing().0.to_owned();
        assert!(!keys.reload().unwrap(), "nothing has changed");
        let now = DateTime::<Utc>::from(fs::metadata(folder.path().join("1.ed25519")).unwrap().modified().unwrap());
        assert!(rotate(folder.path(), now, false).unwrap().removed.is_empty());
        assert!(keys.reload().unwrap());
        let second = keys.tokens().signing().0.to_owned();
        assert_ne!(first, second);
        assert!(keys.tokens().accepted(&first).is_some());
        let later = now + TimeDelta::hours(1);
        assert_eq!(rotate(folder.path(), later, false).unwrap().removed, ["1.ed25519"]);
        keys.reload().unwrap();
        assert!(keys.tokens().accepted(&first).is_none() && keys.tokens().accepted(&second).is_some());
        assert_eq!(rotate(folder.path(), later + TimeDelta::seconds(1), true).unwrap().removed.len(), 2);
        keys.reload().unwrap();
        assert!(keys.tokens().accepted(&second).is_none());
        assert_eq!(keys.jwks()["keys"].as_array().unwrap().len(), 1);
    }
}
