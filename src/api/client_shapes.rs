//! The shapes of clients and of what they show to be known.

use crate::api::schemas::Links;
use crate::auth::actor::Role;
use crate::auth::clients::PROTECTED_SCOPE;
use crate::auth::credentials::CredentialKind;
use crate::db::{ClientRow, CredentialRow};
use crate::resources::values::rfc3339;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// What makes a client.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(example = json!({"name": "Luleå kommuns ärendesystem", "role": "editor", "organisationId": "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f"}))]
pub(crate) struct ClientInput {
    /// A name for people.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The organisation that it acts for: editors and umbrellas have one, others none.
    pub organisation_id: Option<Uuid>,
    /// Whether it may see protected contact points and addresses.
    #[serde(default)]
    pub protected: bool,
}

/// What gives a client a secret or key.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(example = json!({"kind": "secret", "overlapHours": 24}))]
pub(crate) struct CredentialInput {
    /// secret gets tokens; api-key is sent with each request and only reads; public-key gets tokens by signed assertions.
    pub kind: CredentialKind,
    /// Of a new secret: those so far end after so many hours; left out: 24.
    #[schema(minimum = 0, maximum = 720)]
    pub overlap_hours: Option<u32>,
    /// Of a public key: the key as JWK (RFC 7517), Ed25519, P-256 or RSA.
    #[schema(value_type = Option<Object>)]
    pub public_key: Option<Map<String, Value>>,
}

/// One client.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({"id": "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f", "name": "Luleå kommuns ärendesystem", "role": "reader", "protected": false, "status": "active", "createdAt": "2026-11-24T09:00:00Z", "_links": {"self": {"href": "https://samverkan.example.org/api/v1/clients/0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f", "rel": "self", "method": "GET"}}}))]
pub(crate) struct Client {
    /// Id.
    #[schema(format = Uuid)]
    id: String,
    /// A name for people.
    name: String,
    /// reader, editor, umbrella, steward or administrator.
    role: String,
    /// The organisation that it acts for.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Uuid)]
    organisation_id: Option<String>,
    /// Whether it may see protected contact points and addresses.
    protected: bool,
    /// active or revoked.
    status: &'static str,
    /// When it was made.
    #[schema(format = DateTime, example = "2026-11-24T09:00:00Z")]
    created_at: String,
    /// Since when it may do nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, example = "2026-12-24T09:00:00Z")]
    revoked_at: Option<String>,
    /// Links to itself and its secrets and keys, and what can be done with it.
    #[serde(rename = "_links")]
    #[schema(value_type = Links)]
    links: Map<String, Value>,
}

impl Client {
    /// A stored client with its links.
    pub(crate) fn of(row: &ClientRow, links: Map<String, Value>) -> Client {
        Client {
            id: row.id.clone(),
            name: row.name.clone(),
            role: row.role.clone(),
            organisation_id: row.organisation_id.clone(),
            protected: row.scopes.split(' ').any(|scope| scope == PROTECTED_SCOPE),
            status: if row.revoked_at.is_none() { "active" } else { "revoked" },
            created_at: rfc3339(row.created_at.and_utc()),
            revoked_at: row.revoked_at.map(|at| rfc3339(at.and_utc())),
            links,
        }
    }
}

/// A new client: the one time that its secret is told.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes an answer that is written as bytes")]
pub(crate) struct ClientWithSecret {
    #[schema(inline = false)]
    #[serde(flatten)]
    client: Client,
    /// What the client calls itself when it gets a token: its id.
    #[schema(example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f")]
    client_id: String,
    /// What it gets tokens with.
    #[schema(example = "svs_AbCdEfGhAbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGhIjKlMnOpQ")]
    client_secret: String,
}

/// Clients.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes an answer that is written as bytes")]
pub(crate) struct ClientPage {
    /// Oldest first.
    items: Vec<Client>,
    /// How many there are.
    #[schema(rename = "_meta")]
    meta: ClientMeta,
    /// Links to this page and others.
    #[schema(rename = "_links")]
    links: Links,
}

/// How many there are.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", example = json!({"totalRecords": 1, "page": 1, "limit": 20, "count": 1}))]
#[expect(dead_code, reason = "describes an answer that is written as bytes")]
pub(crate) struct ClientMeta {
    /// In all.
    total_records: u64,
    /// This page, from 1.
    page: u64,
    /// At most so many on a page.
    limit: u64,
    /// Here.
    count: u64,
}

/// A secret or key of a client, without its text.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Credential {
    /// Id.
    #[schema(format = Uuid)]
    id: String,
    /// secret, api-key or public-key.
    #[schema(example = "secret")]
    kind: String,
    /// How its text begins, or the thumbprint (RFC 7638) of a public key: to tell it by.
    #[schema(example = "svs_AbCdEfGh")]
    prefix: String,
    /// When it was made.
    #[schema(format = DateTime, example = "2026-11-24T09:00:00Z")]
    created_at: String,
    /// When it ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, example = "2026-11-25T09:00:00Z")]
    expires_at: Option<String>,
    /// Links to all of the client's, and to take this one away.
    #[serde(rename = "_links")]
    #[schema(value_type = Links)]
    links: Map<String, Value>,
}

impl Credential {
    /// A stored one with its links.
    pub(crate) fn of(row: &CredentialRow, links: Map<String, Value>) -> Credential {
        Credential {
            id: row.id.clone(),
            kind: row.kind.clone(),
            prefix: row.prefix.clone(),
            created_at: rfc3339(row.created_at.and_utc()),
            expires_at: row.expires_at.map(|at| rfc3339(at.and_utc())),
            links,
        }
    }
}

/// A new secret or key: the one time that its text is told. A public key has none to tell.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", example = json!({"id": "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f", "kind": "secret", "prefix": "svs_AbCdEfGh", "createdAt": "2026-11-24T09:00:00Z", "_links": {"collection": {"href": "https://samverkan.example.org/api/v1/clients/0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f/credentials", "rel": "collection", "method": "GET"}}, "formerUntil": "2026-11-25T09:00:00Z", "clientSecret": "svs_AbCdEfGhAbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGhIjKlMnOpQ"}))]
#[expect(dead_code, reason = "describes an answer that is written as bytes")]
pub(crate) struct CredentialWithText {
    #[schema(inline = false)]
    #[serde(flatten)]
    credential: Credential,
    /// Of a secret: what the client gets tokens with.
    client_secret: Option<String>,
    /// Of a secret: until when those before are good too.
    #[schema(format = DateTime, example = "2026-11-25T09:00:00Z")]
    former_until: Option<String>,
    /// Of an API key: what is sent in X-API-Key.
    api_key: Option<String>,
}

/// What a client shows to be known.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes an answer that is written as bytes")]
pub(crate) struct CredentialPage {
    /// Those that have not ended, oldest first.
    items: Vec<Credential>,
    /// How many there are: all are here.
    #[schema(rename = "_meta")]
    meta: ClientMeta,
    /// Link to itself.
    #[schema(rename = "_links")]
    links: Links,
}

/// A deleted secret or key.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", example = json!({"id": "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f", "type": "credential", "deletedAt": "2026-11-24T09:00:00Z"}))]
#[expect(dead_code, reason = "describes an answer that is written as bytes")]
pub(crate) struct DeletedCredential {
    /// Its id.
    id: Uuid,
    /// What it was.
    #[schema(rename = "type")]
    kind: String,
    /// When it was deleted.
    #[schema(format = DateTime, example = "2026-11-24T09:00:00Z")]
    deleted_at: String,
}
