//! Forums: standing structures where civil society and public bodies meet.

pub(crate) mod routes;
mod store;

pub(crate) use store::hosted;

use crate::db::store::Row;
use crate::db::{AnyConnection, Tx};
use crate::error::Result;
use crate::resources::check::Errors;
use crate::resources::contact_point::OwnerType;
use crate::resources::describe::word;
use crate::resources::owner::Owner;
use crate::resources::resource::{ReferenceTo, Resource, forward_store};
use crate::resources::values::Identifier;
use crate::resources::{Kind, structure};
use crate::search::document::Document;
use uuid::Uuid;

/// What a client writes of a forum.
pub type ForumInput = crate::resources::structure::StructureInput;

/// The resource.
pub(crate) struct Forums;

fn columns(content: &ForumInput) -> store::Columns {
    store::Columns { status: word(&content.status) }
}

impl Resource for Forums {
    type Content = ForumInput;
    const KIND: Kind = Kind::Forum;

    fn check(content: &mut ForumInput, errors: &mut Errors) {
        structure::check(content, errors);
    }

    fn references(content: &ForumInput) -> Vec<ReferenceTo> {
        structure::references(content)
    }

    fn identifiers(content: &mut ForumInput) -> &mut Vec<Identifier> {
        &mut content.identifiers
    }

    fn repoint(content: &mut ForumInput, from: Uuid, to: Uuid) {
        structure::repoint(content, from, to);
    }

    fn shown(content: &ForumInput) -> Vec<String> {
        structure::shown(content)
    }

    forward_store!(load, get, after, lock, remove);

    fn insert(tx: &mut Tx<'_>, row: &Row, content: &ForumInput) -> Result<()> {
        store::insert(tx, row, columns(content))?;
        store::set_hosts(tx, row.id, &content.hosts)
    }

    fn update(tx: &mut Tx<'_>, row: &Row, content: &ForumInput) -> Result<bool> {
        store::set_hosts(tx, row.id, &content.hosts)?;
        store::update(tx, row, columns(content))
    }

    fn documents(connection: &mut AnyConnection, rows: Vec<Row>) -> Result<Vec<Document>> {
        structure::documents::<Self>(connection, rows)
    }

    fn dependants(connection: &mut AnyConnection, id: Uuid) -> Result<Vec<(Kind, Uuid)>> {
        structure::dependants(connection, Owner { kind: OwnerType::Forum, id })
    }

    fn owned(connection: &mut AnyConnection, id: Uuid) -> Result<Vec<(Kind, Uuid)>> {
        structure::owned(connection, Owner { kind: OwnerType::Forum, id })
    }
}
