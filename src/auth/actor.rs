//! The actor of a request.

use crate::resources::Audience;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

/// What a client may do, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A public body's system: reads what partners may read.
    Reader,
    /// Writes one organisation and the tree below it.
    Editor,
    /// An umbrella: syncs its members.
    Umbrella,
    /// Writes all records, merges.
    Steward,
    /// Clients, keys, audit log, erasure; all that a steward may.
    Administrator,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 5] = [Role::Reader, Role::Editor, Role::Umbrella, Role::Steward, Role::Administrator];

    /// The name on the command line and in tokens.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Reader => "reader",
            Role::Editor => "editor",
            Role::Umbrella => "umbrella",
            Role::Steward => "steward",
            Role::Administrator => "administrator",
        }
    }

    /// Whether a client of this role acts for an organisation.
    pub const fn has_organisation(self) -> bool {
        matches!(self, Role::Editor | Role::Umbrella)
    }

    /// The role of that name.
    pub fn from_name(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Who acts: every write names one, and every read has one's audience.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Anyone, without a token.
    Anyone,
    /// A client with a valid token.
    Client {
        /// The client's id, as the logs keep it; of an outside issuer its name and the subject.
        id: String,
        /// What it may do.
        role: Role,
        /// The organisation that an editor or umbrella acts for.
        organisation: Option<Uuid>,
        /// Whether it may see protected contact points and addresses.
        protected: bool,
        /// The outside issuer that vouches for it.
        issuer: Option<Arc<str>>,
    },
    /// The operator at the command line: imports, merges, maintenance.
    Operator,
}

impl Actor {
    /// Whose documents it may find.
    pub const fn audience(&self) -> Audience {
        match self {
            Actor::Anyone => Audience::Public,
            Actor::Client { .. } | Actor::Operator => Audience::Partners,
        }
    }

    /// Its name in the change log.
    pub fn name(&self) -> &str {
        match self {
            Actor::Anyone => "anyone",
            Actor::Client { id, .. } => id,
            Actor::Operator => "operator",
        }
    }

    /// The outside issuer that vouches for it.
    pub fn issuer(&self) -> Option<&str> {
        match self {
            Actor::Client { issuer, .. } => issuer.as_deref(),
            Actor::Anyone | Actor::Operator => None,
        }
    }
}
