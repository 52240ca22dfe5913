//! Clients: who may get a token, and what each may do.

use crate::auth::actor::{Actor, Role};
use crate::auth::assertion::PublicKey;
use crate::auth::credentials::{self, CredentialKind};
use crate::db::audit::Entry;
use crate::db::{AnyConnection, By, ClientRow, CredentialRow, Operations};
use crate::error::{Code, Error, FieldError, Message, Result};
use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

/// The scope that shows protected contact points and addresses.
pub const PROTECTED_SCOPE: &str = "contacts:protected";
/// The word for clients in the audit log.
const CLIENT: &str = "client";

/// What a client may do, whatever it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rights {
    /// Its role.
    pub role: Role,
    /// The organisation that it acts for.
    pub organisation: Option<Uuid>,
    /// The scopes beside those of its role.
    pub scopes: String,
}

impl Rights {
    /// The rights of a stored client.
    pub(crate) fn of(row: &ClientRow) -> Result<Rights> {
        let wrong = || Error::internal("a client's role or organisation is not known");
        let organisation = row.organisation_id.as_deref().map(Uuid::parse_str).transpose().map_err(|_| wrong())?;
        Ok(Rights { role: Role::from_name(&row.role).ok_or_else(wrong)?, organisation, scopes: row.scopes.clone() })
    }

    /// The scopes that a client may ask for.
    pub(crate) fn allowed(&self) -> Vec<&str> {
        let write = (self.role != Role::Reader).then_some("write");
        std::iter::once("read").chain(write).chain(self.scopes.split(' ').filter(|scope| !scope.is_empty())).collect()
    }

    /// The actor that a client is with some of its scopes. Without the scope to write it is a reader, whatever its role.
    pub(crate) fn actor(&self, client: &str, scopes: &str) -> Actor {
        let granted = |name: &str| self.allowed().contains(&name) && scopes.split(' ').any(|scope| scope == name);
        Actor::Client {
            id: client.to_owned(),
            role: if granted("write") { self.role } else { Role::Reader },
            organisation: self.organisation,
            protected: granted(PROTECTED_SCOPE),
            issuer: None,
        }
    }
}

/// A client to be made.
#[derive(Debug, Clone)]
pub struct NewClient {
    /// A name for people.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The organisation that it acts for: editors and umbrellas have one, others none.
    pub organisation: Option<Uuid>,
    /// Whether it may see what is protected.
    pub protected: bool,
}

impl NewClient {
    /// Whether it acts for an organisation where its role asks for one, and for none otherwise.
    pub(crate) const fn is_whole(&self) -> bool {
        self.role.has_organisation() == self.organisation.is_some()
    }
}

/// Makes a client with a secret; gives both.
pub(crate) fn create(operations: &mut Operations<'_>, by: &By, new: &NewClient) -> Result<(ClientRow, String)> {
    if !new.is_whole() {
        let detail = Message::fixed(
            "Redaktörer och paraplyer har en organisation, andra ingen.",
            "Editors and umbrellas have an organisation, others none.",
        );
        return Err(Error::invalid(vec![FieldError::at("/organisationId", "role", detail)]));
    }
    let now = operations.now();
    let row = ClientRow {
        id: Uuid::now_v7().to_string(),
        name: new.name.clone(),
        role: new.role.name().to_owned(),
        organisation_id: new.organisation.map(|id| id.to_string()),
        scopes: if new.protected { PROTECTED_SCOPE.to_owned() } else { String::new() },
        created_at: now.naive_utc(),
        revoked_at: None,
    };
    operations.insert_client(&row)?;
    let (secret, credential) = credentials::generate(CredentialKind::Secret, &row.id, now);
    operations.insert_credential(&credential)?;
    // The name may be a person's: it stands in the client alone.
    let told = json!({"role": row.role, "organisation": row.organisation_id, "scopes": row.scopes});
    note(operations, by, "client-created", &row.id, Some(told.to_string()))?;
    Ok((row, secret))
}

/// Gives a client a new secret; those so far end at a moment.
pub(crate) fn rotate(
    operations: &mut Operations<'_>,
    by: &By,
    client: &str,
    end: DateTime<Utc>,
) -> Result<(String, CredentialRow)> {
    live(operations, client)?;
    operations.end_secrets(client, end.naive_utc())?;
    let (secret, credential) = credentials::generate(CredentialKind::Secret, client, operations.now());
    operations.insert_credential(&credential)?;
    note(operations, by, "secret-created", client, Some(json!({"prefix": credential.prefix}).to_string()))?;
    Ok((secret, credential))
}

/// Gives a client an API key.
pub(crate) fn new_api_key(operations: &mut Operations<'_>, by: &By, client: &str) -> Result<(String, CredentialRow)> {
    live(operations, client)?;
    let (key, credential) = credentials::generate(CredentialKind::ApiKey, client, operations.now());
    operations.insert_credential(&credential)?;
    note(operations, by, "api-key-created", client, Some(json!({"prefix": credential.prefix}).to_string()))?;
    Ok((key, credential))
}

/// Lets a client be known by a key of its own, whose public half this is (a JWK that has been checked).
pub(crate) fn add_public_key(
    operations: &mut Operations<'_>,
    by: &By,
    client: &str,
    key: &PublicKey,
) -> Result<CredentialRow> {
    live(operations, client)?;
    if operations.credentials(client)?.iter().any(|held| held.hash == key.thumbprint) {
        return Err(conflict("Klienten har redan nyckeln.", "The client has this key already."));
    }
    let row = CredentialRow {
        id: Uuid::now_v7().to_string(),
        client_id: client.to_owned(),
        kind: CredentialKind::PublicKey.name().to_owned(),
        prefix: credentials::prefix(&key.thumbprint).to_owned(),
        hash: key.thumbprint.clone(),
        public_key: Some(key.jwk.to_string()),
        created_at: operations.now().naive_utc(),
        expires_at: None,
    };
    operations.insert_credential(&row)?;
    note(operations, by, "public-key-added", client, Some(json!({"thumbprint": row.hash}).to_string()))?;
    Ok(row)
}

/// Takes a client's rights away, at once and for ever; one that has none stays as it is. Nobody revokes the client that he
/// uses.
pub(crate) fn revoke(operations: &mut Operations<'_>, by: &By, client: &str) -> Result<ClientRow> {
    if by.client == client {
        return Err(conflict(
            "En administratör kan inte återkalla den klient som används.",
            "An administrator cannot revoke the client that is used.",
        ));
    }
    if operations.revoke_client(client)? {
        note(operations, by, "client-revoked", client, None)?;
    }
    operations.client(client)?.ok_or_else(Error::not_found)
}

/// Takes one secret or key of a client away. Who uses the client keeps something that gets tokens and has no end.
pub(crate) fn delete_credential(
    operations: &mut Operations<'_>,
    by: &By,
    client: &str,
    id: &str,
) -> Result<CredentialRow> {
    let (mut found, others): (Vec<_>, Vec<_>) =
        operations.credentials(client)?.into_iter().partition(|credential| credential.id == id);
    let credential = found.pop().ok_or_else(Error::not_found)?;
    let gets_tokens = |kind: &str| kind != CredentialKind::ApiKey.name();
    let stays = || others.iter().any(|other| gets_tokens(&other.kind) && other.expires_at.is_none());
    if by.client == client && gets_tokens(&credential.kind) && !stays() {
        return Err(conflict(
            "Det är det sista som den klient som används kan få en token med.",
            "It is the last that the client that is used can get a token with.",
        ));
    }
    operations.delete_credential(client, id)?;
    let told = json!({"kind": credential.kind, "prefix": credential.prefix});
    note(operations, by, "credential-deleted", client, Some(told.to_string()))?;
    Ok(credential)
}

/// Refuses a client that is not there, or that was revoked.
fn live(operations: &mut Operations<'_>, client: &str) -> Result<()> {
    let row = operations.client(client)?.ok_or_else(Error::not_found)?;
    match row.revoked_at {
        None => Ok(()),
        Some(_) => Err(conflict("Klienten är återkallad.", "The client was revoked.")),
    }
}

fn conflict(sv: &'static str, en: &'static str) -> Error {
    Error::problem(Code::Conflict, Message::fixed(sv, en))
}

fn note(
    operations: &mut Operations<'_>,
    by: &By,
    action: &'static str,
    client: &str,
    content: Option<String>,
) -> Result<()> {
    operations.note(by, Entry { action, kind: Some(CLIENT), record: Some(client.to_owned()), change: None, content })
}

/// The client of that id and secret, when it is not revoked.
pub(crate) fn authenticate(
    connection: &mut AnyConnection,
    id: &str,
    secret: &str,
    now: DateTime<Utc>,
) -> Result<Option<ClientRow>> {
    let row = crate::db::clients::client(connection, id)?;
    let held = crate::db::clients::credentials_of(connection, id, now.naive_utc())?;
    let prefix = credentials::prefix(secret);
    // Those from before there were prefixes have none.
    let candidates = held
        .iter()
        .filter(|credential| credential.kind == CredentialKind::Secret.name())
        .filter(|credential| credential.prefix.is_empty() || credential.prefix == prefix);
    // One comparison is made for an unknown client too, so that it answers no sooner.
    let mut known = credentials::is_same(secret, "");
    for credential in candidates {
        known |= credentials::is_same(secret, &credential.hash);
    }
    Ok(row.filter(|row| known && row.revoked_at.is_none()))
}
