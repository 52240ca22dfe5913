//! What an organisation belongs to, what lies below it, and who shares its number.

use crate::db::AnyConnection;
use crate::error::Result;
use crate::resources::organisation::{OrganisationInput, store};
use crate::resources::values::Identifier;
use crate::resources::{forum, membership, network};
use std::collections::HashMap;
use uuid::Uuid;

/// Everything that it is a member of; organisations, networks and forums alike.
fn memberships(connection: &mut AnyConnection, id: Uuid) -> Result<Vec<Uuid>> {
    Ok(membership::belongs(connection, &[id])?.into_iter().map(|(_, within)| within).collect())
}

/// The umbrellas and others that it is a member of.
pub(crate) fn umbrellas(connection: &mut AnyConnection, id: Uuid) -> Result<Vec<Uuid>> {
    // Ids of networks and forums among them match no organisation.
    memberships(connection, id)
}

/// The networks that it hosts or takes part in.
pub(crate) fn networks(connection: &mut AnyConnection, id: Uuid) -> Result<Vec<Uuid>> {
    let mut ids = memberships(connection, id)?;
    ids.extend(network::hosted(connection, id)?);
    Ok(ids)
}

/// The forums that it hosts or takes part in.
pub(crate) fn forums(connection: &mut AnyConnection, id: Uuid) -> Result<Vec<Uuid>> {
    let mut ids = memberships(connection, id)?;
    ids.extend(forum::hosted(connection, id)?);
    Ok(ids)
}

/// The ids below an organisation, by the id directly above, down to the leaves.
pub(crate) fn below(connection: &mut AnyConnection, id: Uuid) -> Result<HashMap<Uuid, Vec<Uuid>>> {
    let mut tree = HashMap::new();
    let mut open = vec![id];
    while let Some(parent) = open.pop() {
        let children = store::children(connection, parent)?;
        // Each is looked below once, whatever the rows say.
        open.extend(children.iter().filter(|child| **child != id && !tree.contains_key(*child)));
        if !children.is_empty() {
            tree.insert(parent, children);
        }
    }
    Ok(tree)
}

/// The same body in other registers.
#[derive(Debug)]
pub(crate) struct Links {
    /// Its keys.
    pub identifiers: Vec<Identifier>,
    /// The organisation whose number it uses.
    pub number_of: Option<Uuid>,
    /// Branches that use its number.
    pub number_used_by: Vec<Uuid>,
}

/// The keys of an organisation and who shares its number.
pub(crate) fn links(connection: &mut AnyConnection, id: Uuid, content: &OrganisationInput) -> Result<Links> {
    Ok(Links {
        identifiers: content.identifiers.clone(),
        number_of: content.uses_number_of,
        number_used_by: store::number_users(connection, id)?,
    })
}
