//! The node's keys: Ed25519 keys that sign access tokens, and the secrets that sign cursors and that the secrets of webhooks
//! are derived from. All are made on first start.

use crate::error::{Error, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// Keys of a node. Every file `*.ed25519` of the folder is accepted, the last by name signs: a key is changed by adding a
/// file with a later name and removing the old one when its tokens have expired.
pub struct Keys {
    accepted: Vec<PublicKey>,
    signing_id: String,
    signing: EncodingKey,
    cursor: [u8; 32],
    webhooks: [u8; 32],
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
        let mut files = key_files(folder)?;
        if files.is_empty() {
            random_file(&folder.join("1.ed25519"))?;
            files = key_files(folder)?;
        }
        let mut accepted = Vec::with_capacity(files.len());
        let mut signing = None;
        for file in &files {
            let key = SigningKey::from_bytes(&read_32(file)?);
            let bytes = key.verifying_key().to_bytes();
            let id = URL_SAFE_NO_PAD.encode(&Sha256::digest(bytes)[..12]);
            signing = Some((id.clone(), EncodingKey::from_ed_der(&pkcs8(key.as_bytes()))));
            let verifying = DecodingKey::from_ed_components(&URL_SAFE_NO_PAD.encode(bytes))
                .map_err(|_| Error::internal("a signing key cannot be used"))?;
            accepted.push(PublicKey { id, verifying, bytes });
        }
        let (signing_id, signing) = signing.ok_or_else(|| Error::internal("there is no signing key"))?;
        let [cursor, webhooks] = SECRETS.map(|name| secret(&folder.join(name)));
        Ok(Keys { accepted, signing_id, signing, cursor: cursor?, webhooks: webhooks? })
    }

    /// The key that signs and its id.
    pub(crate) fn signing(&self) -> (&str, &EncodingKey) {
        (&self.signing_id, &self.signing)
    }

    /// The accepted key of an id.
    pub(crate) fn accepted(&self, id: &str) -> Option<&DecodingKey> {
        self.accepted.iter().find(|key| key.id == id).map(|key| &key.verifying)
    }

    /// The accepted keys as a JSON Web Key Set (RFC 7517, RFC 8037).
    pub fn jwks(&self) -> Value {
        let keys: Vec<Value> = self
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
    fn a_later_file_signs_and_the_earlier_one_is_still_accepted() {
        let folder = tempfile::tempdir().unwrap();
        let first = Keys::open(folder.path()).unwrap();
        random_file(&folder.path().join("2.ed25519")).unwrap();
        let second = Keys::open(folder.path()).unwrap();
        assert_ne!(first.signing().0, second.signing().0);
        assert!(second.accepted(first.signing().0).is_some());
    }
}
