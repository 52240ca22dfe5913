//! Collaborations in the database.

use crate::db::AnyConnection;
use crate::db::store::{ids, record_store};
use crate::error::Result;
use diesel::prelude::*;
use uuid::Uuid;

record_store!(collaborations { organisation_id: String, public_body_id: String, stated: String });

/// The collaborations that an organisation or public body has a part in.
pub(crate) fn with(connection: &mut AnyConnection, organisation: Uuid) -> Result<Vec<Uuid>> {
    let id = organisation.to_string();
    ids(collaborations::table
        .filter(collaborations::organisation_id.eq(&id).or(collaborations::public_body_id.eq(&id)))
        .select(collaborations::id)
        .load(connection)?)
}

/// Who each of these works with, or says not to: one, other, and whether they do.
pub(crate) fn partners(connection: &mut AnyConnection, organisations: &[Uuid]) -> Result<Vec<(Uuid, Uuid, bool)>> {
    let wanted: Vec<String> = organisations.iter().map(Uuid::to_string).collect();
    let mut partners = Vec::new();
    let rows: Vec<(String, String, String)> = collaborations::table
        .filter(collaborations::organisation_id.eq_any(&wanted).or(collaborations::public_body_id.eq_any(&wanted)))
        .select((collaborations::organisation_id, collaborations::public_body_id, collaborations::stated))
        .load(connection)?;
    for (organisation, body, stated) in rows {
        let (organisation, body, yes) = (crate::db::id(&organisation)?, crate::db::id(&body)?, stated == "yes");
        partners.push((organisation, body, yes));
        partners.push((body, organisation, yes));
    }
    Ok(partners)
}
