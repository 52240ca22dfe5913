//! Contact points in the database. Protected ones stand in a table of their own, which nothing that indexes reads.

use crate::db::AnyConnection;
use crate::db::store::{ids, record_store};
use crate::error::Result;
use crate::resources::contact_point::OwnerType;
use crate::resources::owner::Owner;
use chrono::NaiveDateTime;
use diesel::prelude::*;
use uuid::Uuid;

record_store!(contact_points { organisation_id: Option<String>, network_id: Option<String>, forum_id: Option<String>, visibility: String, person_until: Option<NaiveDateTime> });

/// The contact points of an organisation, network or forum.
pub(crate) fn of(connection: &mut AnyConnection, owner: Owner) -> Result<Vec<Uuid>> {
    let id = owner.id.to_string();
    let query = contact_points::table.select(contact_points::id);
    ids(match owner.kind {
        OwnerType::Organisation => query.filter(contact_points::organisation_id.eq(id)).load(connection)?,
        OwnerType::Network => query.filter(contact_points::network_id.eq(id)).load(connection)?,
        OwnerType::Forum => query.filter(contact_points::forum_id.eq(id)).load(connection)?,
    })
}

/// Contact points that only editors of the owner may see.
pub(crate) mod protected {
    use super::{AnyConnection, NaiveDateTime, Owner, OwnerType, Result, Uuid, ids, record_store};
    use diesel::prelude::*;

    record_store!(only writes protected_contact_points { organisation_id: Option<String>, network_id: Option<String>, forum_id: Option<String>, visibility: String, person_until: Option<NaiveDateTime> });

    /// Every one of them: id and content.
    pub(crate) fn all(connection: &mut AnyConnection) -> Result<Vec<(Uuid, String)>> {
        let rows: Vec<(String, String)> = protected_contact_points::table
            .select((protected_contact_points::id, protected_contact_points::content))
            .load(connection)?;
        rows.into_iter().map(|(id, content)| Ok((crate::db::id(&id)?, content))).collect()
    }

    pub(super) fn with_person_until(connection: &mut AnyConnection, moment: NaiveDateTime) -> Result<Vec<String>> {
        Ok(protected_contact_points::table
            .filter(protected_contact_points::person_until.lt(moment))
            .select(protected_contact_points::id)
            .load(connection)?)
    }

    /// The protected contact points of an organisation, network or forum.
    pub(crate) fn of(connection: &mut AnyConnection, owner: Owner) -> Result<Vec<Uuid>> {
        let id = owner.id.to_string();
        let query = protected_contact_points::table.select(protected_contact_points::id);
        ids(match owner.kind {
            OwnerType::Organisation => {
                query.filter(protected_contact_points::organisation_id.eq(id)).load(connection)?
            }
            OwnerType::Network => query.filter(protected_contact_points::network_id.eq(id)).load(connection)?,
            OwnerType::Forum => query.filter(protected_contact_points::forum_id.eq(id)).load(connection)?,
        })
    }
}

/// Contact points whose person's name is to be gone by a moment.
pub(crate) fn with_person_until(connection: &mut AnyConnection, moment: NaiveDateTime) -> Result<Vec<Uuid>> {
    let open = contact_points::table.filter(contact_points::person_until.lt(moment)).select(contact_points::id);
    let mut found: Vec<String> = open.load(connection)?;
    found.extend(protected::with_person_until(connection, moment)?);
    ids(found)
}
