//! Merging two organisations: one survives with the names, identifiers and relations of both; the other's address leads
//! to it for ever.

use crate::db::{AnyConnection, Lock, Operation, Tx};
use crate::error::{Code, Error, Message, Result};
use crate::identifier::ORGANISATION_NUMBER;
use crate::resources::contact_point::{self, OwnerType};
use crate::resources::describe::with_kind_of;
use crate::resources::organisation::{OrganisationInput, Organisations, above, store};
use crate::resources::owner::Owner;
use crate::resources::resource::{Resource, Stored, with_kind};
use crate::resources::steps::{self, Outcome};
use crate::resources::values::{Identifier, NameKind};
use crate::resources::{Kind, collaboration, forum, meeting, membership, network};
use std::collections::BTreeSet;
use uuid::Uuid;

/// The scheme under which a survivor keeps the organisation number of the one it absorbed.
pub(crate) const FORMER_NUMBER: &str = "SE-ON-former";

/// Lets one organisation absorb another, in the running transaction.
pub(crate) fn merge(
    tx: &mut Tx<'_>,
    survivor: Stored<OrganisationInput>,
    absorbed: Stored<OrganisationInput>,
) -> Result<Outcome<OrganisationInput>> {
    let (to, from) = (survivor.row.id, absorbed.row.id);
    if to == from {
        return Err(Error::problem(
            Code::Conflict,
            Message::fixed(
                "En organisation kan inte slås samman med sig själv.",
                "An organisation cannot be merged with itself.",
            ),
        ));
    }
    Lock::Trees.hold(tx.connection())?;
    let lies_below = above(tx.connection(), to)?.contains(&from);
    for (kind, id) in related(tx.connection(), from)? {
        if (kind, id) != (Kind::Organisation, to) {
            with_kind!(kind, R => move_over::<R>(tx, id, from, to))?;
        }
    }
    let content = joined(&survivor.content, &absorbed, lies_below);
    steps::depart::<Organisations>(tx, absorbed, Operation::Merged, Some(to))?;
    let before = Organisations::reveal(tx.connection(), to)?.ok_or_else(|| Error::internal("a survivor vanished"))?;
    steps::replace_checked::<Organisations>(tx, before, content)
}

/// Every record that names the organisation.
fn related(connection: &mut AnyConnection, id: Uuid) -> Result<BTreeSet<(Kind, Uuid)>> {
    let owner = Owner { kind: OwnerType::Organisation, id };
    let mut related: BTreeSet<(Kind, Uuid)> =
        with_kind_of(store::children(connection, id)?, Kind::Organisation).collect();
    related.extend(with_kind_of(store::number_users(connection, id)?, Kind::Organisation));
    related.extend(with_kind_of(network::hosted(connection, id)?, Kind::Network));
    related.extend(with_kind_of(forum::hosted(connection, id)?, Kind::Forum));
    related.extend(with_kind_of(contact_point::of(connection, owner)?, Kind::ContactPoint));
    related.extend(with_kind_of(contact_point::protected_of(connection, owner)?, Kind::ContactPoint));
    related.extend(with_kind_of(meeting::of(connection, owner)?, Kind::Meeting));
    related.extend(with_kind_of(membership::of_member(connection, id)?, Kind::Membership));
    related.extend(with_kind_of(membership::within(connection, owner)?, Kind::Membership));
    related.extend(with_kind_of(membership::representing(connection, id)?, Kind::Membership));
    related.extend(with_kind_of(collaboration::with(connection, id)?, Kind::Collaboration));
    Ok(related)
}

/// Lets a record name the survivor. One that then says what another says already, or joins the survivor with itself, goes.
fn move_over<R: Resource>(tx: &mut Tx<'_>, id: Uuid, from: Uuid, to: Uuid) -> Result<()> {
    R::lock(tx.connection(), id)?;
    let Some(stored) = R::reveal(tx.connection(), id)? else { return Ok(()) };
    let mut content = stored.content.clone();
    R::repoint(&mut content, from, to);
    let mut errors = Vec::new();
    R::check(&mut content, &mut errors);
    if !errors.is_empty() || says_the_same::<R>(tx.connection(), id, &content, to)? {
        return steps::depart::<R>(tx, stored, Operation::Deleted, None);
    }
    steps::replace::<R>(tx, stored, content).map(drop)
}

fn says_the_same<R: Resource>(
    connection: &mut AnyConnection,
    id: Uuid,
    content: &R::Content,
    of: Uuid,
) -> Result<bool> {
    let Some(wanted) = R::sameness(content) else { return Ok(false) };
    for (kind, other) in related(connection, of)? {
        if kind == R::KIND
            && other != id
            && let Some(other) = R::reveal(connection, other)?
            && R::sameness(&other.content).is_some_and(|sameness| sameness == wanted)
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The survivor's content with names and identifiers of the absorbed, and its place when the survivor lies below it.
fn joined(survivor: &OrganisationInput, absorbed: &Stored<OrganisationInput>, lies_below: bool) -> OrganisationInput {
    let mut content = survivor.clone();
    for name in &absorbed.content.names {
        if !content.names.iter().any(|held| held.value == name.value) {
            let kind = if name.kind == NameKind::Official { NameKind::Former } else { name.kind };
            content.names.push(crate::resources::values::Name { kind, ..name.clone() });
        }
    }
    let has_number = |content: &OrganisationInput| content.identifiers.iter().any(|i| i.scheme == ORGANISATION_NUMBER);
    for identifier in &absorbed.content.identifiers {
        let mut identifier = identifier.clone();
        if identifier.scheme == ORGANISATION_NUMBER && (has_number(&content) || content.uses_number_of.is_some()) {
            identifier = Identifier { scheme: FORMER_NUMBER.to_owned(), ..identifier };
        }
        if !content.identifiers.contains(&identifier) {
            content.identifiers.push(identifier);
        }
    }
    // All that hung on the absorbed one hangs on the survivor: where it stayed below them, there would be a ring.
    if lies_below {
        content.parent_id = absorbed.content.parent_id;
    }
    if content.uses_number_of == Some(absorbed.row.id) {
        content.uses_number_of = None;
    }
    content
}
