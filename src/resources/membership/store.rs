//! Memberships in the database.

use crate::db::AnyConnection;
use crate::db::store::{ids, record_store};
use crate::error::Result;
use crate::resources::contact_point::OwnerType;
use crate::resources::owner::Owner;
use diesel::prelude::*;
use uuid::Uuid;

record_store!(memberships {
    member_id: String,
    represents: Option<String>,
    organisation_id: Option<String>,
    network_id: Option<String>,
    forum_id: Option<String>,
    contact_point_id: Option<String>,
});

/// The memberships in an organisation, network or forum.
pub(crate) fn within(connection: &mut AnyConnection, owner: Owner) -> Result<Vec<Uuid>> {
    let id = owner.id.to_string();
    let query = memberships::table.select(memberships::id);
    ids(match owner.kind {
        OwnerType::Organisation => query.filter(memberships::organisation_id.eq(id)).load(connection)?,
        OwnerType::Network => query.filter(memberships::network_id.eq(id)).load(connection)?,
        OwnerType::Forum => query.filter(memberships::forum_id.eq(id)).load(connection)?,
    })
}

/// The memberships of a member.
pub(crate) fn of_member(connection: &mut AnyConnection, member: Uuid) -> Result<Vec<Uuid>> {
    ids(memberships::table
        .filter(memberships::member_id.eq(member.to_string()))
        .select(memberships::id)
        .load(connection)?)
}

/// The memberships in which someone speaks for an organisation.
pub(crate) fn representing(connection: &mut AnyConnection, organisation: Uuid) -> Result<Vec<Uuid>> {
    ids(memberships::table
        .filter(memberships::represents.eq(organisation.to_string()))
        .select(memberships::id)
        .load(connection)?)
}

/// The memberships that name a contact point.
pub(crate) fn by_contact_point(connection: &mut AnyConnection, contact_point: Uuid) -> Result<Vec<Uuid>> {
    ids(memberships::table
        .filter(memberships::contact_point_id.eq(contact_point.to_string()))
        .select(memberships::id)
        .load(connection)?)
}

/// What each of these members belongs to: member and the id of the organisation, network or forum.
pub(crate) fn belongs(connection: &mut AnyConnection, members: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>> {
    let rows: Vec<(String, Option<String>, Option<String>, Option<String>)> = memberships::table
        .filter(memberships::member_id.eq_any(members.iter().map(Uuid::to_string)))
        .select((memberships::member_id, memberships::organisation_id, memberships::network_id, memberships::forum_id))
        .load(connection)?;
    rows.into_iter()
        .filter_map(|(member, organisation, network, forum)| {
            organisation.or(network).or(forum).map(|within| Ok((crate::db::id(&member)?, crate::db::id(&within)?)))
        })
        .collect()
}
