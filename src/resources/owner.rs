//! What a contact point, a meeting or a membership hangs on: an organisation, a network or a forum.

use crate::resources::Kind;
use crate::resources::contact_point::OwnerType;
use uuid::Uuid;

/// An organisation, a network or a forum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    /// What it is.
    pub kind: OwnerType,
    /// Its id.
    pub id: Uuid,
}

impl OwnerType {
    /// The kind of record.
    pub(crate) const fn record_kind(self) -> Kind {
        match self {
            OwnerType::Organisation => Kind::Organisation,
            OwnerType::Network => Kind::Network,
            OwnerType::Forum => Kind::Forum,
        }
    }
}

impl Owner {
    /// The id in the column of its kind; the other two are empty.
    pub(crate) fn columns(self) -> (Option<String>, Option<String>, Option<String>) {
        let id = Some(self.id.to_string());
        match self.kind {
            OwnerType::Organisation => (id, None, None),
            OwnerType::Network => (None, id, None),
            OwnerType::Forum => (None, None, id),
        }
    }
}
