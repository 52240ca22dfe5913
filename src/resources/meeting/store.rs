//! Meetings in the database.

use crate::db::AnyConnection;
use crate::db::store::{ids, record_store};
use crate::error::Result;
use crate::resources::contact_point::OwnerType;
use crate::resources::owner::Owner;
use diesel::prelude::*;
use uuid::Uuid;

record_store!(meetings { organisation_id: Option<String>, network_id: Option<String>, forum_id: Option<String> });

/// The meetings of an organisation, network or forum.
pub(crate) fn of(connection: &mut AnyConnection, owner: Owner) -> Result<Vec<Uuid>> {
    let id = owner.id.to_string();
    let query = meetings::table.select(meetings::id);
    ids(match owner.kind {
        OwnerType::Organisation => query.filter(meetings::organisation_id.eq(id)).load(connection)?,
        OwnerType::Network => query.filter(meetings::network_id.eq(id)).load(connection)?,
        OwnerType::Forum => query.filter(meetings::forum_id.eq(id)).load(connection)?,
    })
}
