//! Clients: who may get a token.

use crate::auth::actor::{Actor, Role};
use crate::db::{ClientRow, Db};
use crate::error::{Error, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The scope that shows protected contact points and addresses.
pub const PROTECTED_SCOPE: &str = "contacts:protected";

/// A new secret: 32 random bytes as text.
pub fn new_secret() -> Result<String> {
    let bytes: [u8; 32] = rand::random();
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What is stored of a secret. It is random and long, so one round of SHA-256 is enough.
pub fn hash(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(secret.as_bytes()))
}

/// The client of that id and secret, when it is not revoked.
pub(crate) fn authenticate(db: &Db, id: &str, secret: &str) -> Result<Option<ClientRow>> {
    let row = db.read(|connection| crate::db::client(connection, id))?;
    let given = hash(secret);
    // The comparison takes as long for an unknown client as for a wrong secret.
    let held = row.as_ref().map_or_else(|| hash(""), |row| row.secret_hash.clone());
    let same = given.bytes().zip(held.bytes()).fold(given.len() ^ held.len(), |sum, (a, b)| sum | usize::from(a ^ b));
    Ok(row.filter(|row| same == 0 && row.revoked_at.is_none()))
}

/// The actor that a client is, with these scopes.
pub(crate) fn actor(id: &str, role: &str, organisation: Option<&str>, scopes: &str) -> Result<Actor> {
    let wrong = || Error::internal("a client's role or organisation is not known");
    Ok(Actor::Client {
        id: id.to_owned(),
        role: Role::from_name(role).ok_or_else(wrong)?,
        organisation: organisation.map(Uuid::parse_str).transpose().map_err(|_| wrong())?,
        protected: scopes.split(' ').any(|scope| scope == PROTECTED_SCOPE),
    })
}

/// The scopes that a client may ask for.
pub(crate) fn scopes(row: &ClientRow) -> Vec<&str> {
    let write = (row.role != Role::Reader.name()).then_some("write");
    std::iter::once("read").chain(write).chain(row.scopes.split(' ').filter(|scope| !scope.is_empty())).collect()
}
