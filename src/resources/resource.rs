//! What every resource says about itself, so that writing, indexing, import, export and the API are written once.

use crate::db::store::Row;
use crate::db::{AnyConnection, Told, Tx};
use crate::error::{Error, FieldError, Result};
use crate::resources::Kind;
use crate::resources::values::{Identifier, rfc3339};
use crate::search::document::Document;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

/// A reference that a record makes to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReferenceTo {
    /// Where it stands in the content, as a JSON pointer.
    pub pointer: String,
    /// What it may lead to.
    pub kinds: &'static [Kind],
    /// The other record.
    pub id: Uuid,
}

impl ReferenceTo {
    /// A reference at a pointer.
    pub(crate) fn new(pointer: impl Into<String>, kinds: &'static [Kind], id: Uuid) -> Self {
        ReferenceTo { pointer: pointer.into(), kinds, id }
    }
}

/// Kinds that own contact points and meetings and that one belongs to.
pub(crate) const OWNERS: &[Kind] = &[Kind::Organisation, Kind::Network, Kind::Forum];
/// Organisations alone.
pub(crate) const ORGANISATIONS: &[Kind] = &[Kind::Organisation];

/// A record as the database holds it, with what only its editors may see put back in its place.
#[derive(Debug, Clone)]
pub(crate) struct Stored<C> {
    /// Id, version and times; its `content` is the open part.
    pub row: Row,
    /// All of the content.
    pub content: C,
    /// Version of the protected part, when there is one.
    pub secret_version: Option<i64>,
}

/// A kind of record. Everything that is not said here is the same for all kinds.
pub(crate) trait Resource: 'static {
    /// What clients write of it.
    type Content: Serialize + DeserializeOwned + Clone + PartialEq + Send + Sync + 'static;
    /// Which kind it is.
    const KIND: Kind;

    /// Brings values to their one spelling and collects every rule that the content breaks by itself.
    fn check(content: &mut Self::Content, errors: &mut Vec<FieldError>);
    /// The records that the content names.
    fn references(content: &Self::Content) -> Vec<ReferenceTo>;
    /// Its keys in other registers.
    fn identifiers(content: &mut Self::Content) -> &mut Vec<Identifier>;
    /// Records whose documents state the relation that this record makes.
    fn touched(_content: &Self::Content) -> Vec<(Kind, Uuid)> {
        Vec::new()
    }
    /// What documents of other records show of this one; a change of it reindexes them.
    fn shown(_content: &Self::Content) -> Vec<String> {
        Vec::new()
    }
    /// Organisations whose editors may write it.
    fn governors(_id: Uuid, _content: &Self::Content) -> Vec<Uuid> {
        Vec::new()
    }
    /// Organisations whose umbrellas may write it too.
    fn umbrellas(_content: &Self::Content) -> Vec<Uuid> {
        Vec::new()
    }
    /// Makes references to one organisation lead to another.
    fn repoint(_content: &mut Self::Content, _from: Uuid, _to: Uuid) {}
    /// What makes two records of this kind say the same; `None` where nothing does.
    fn sameness(_content: &Self::Content) -> Option<String> {
        None
    }
    /// Puts protected parts that a writer could not see back in their place; false when that cannot be.
    fn keep_secret(_before: &Self::Content, _after: &mut Self::Content) -> bool {
        true
    }
    /// Who may be told of it.
    fn told(_content: &Self::Content) -> Told {
        Told::Public
    }
    /// Whether less may be seen after a change than before.
    fn withdraws(_before: &Self::Content, _after: &Self::Content) -> bool {
        false
    }
    /// Whether a change protects what was not protected: its past is then hidden too.
    fn hides(_before: &Self::Content, _after: &Self::Content) -> bool {
        false
    }
    /// An earlier version without what became protected; `None` when nothing of it may be seen.
    fn hide(_version: &str) -> Result<Option<String>> {
        Ok(None)
    }
    /// Sets what follows from what a client has said, where it has not said otherwise.
    fn preset(_content: &mut Value, _said: &Value) {}
    /// Whether records of this kind can be anything but public.
    const GUARDED: bool = false;

    /// Whether records of this kind have a protected part beside their row.
    const SECRET: bool = false;

    /// Whether this row's record may have one: nothing is looked up where it has none.
    fn may_have_secret(_row: &Row) -> bool {
        false
    }

    /// Parts the content into what the resource's table holds and what a protected table holds.
    fn split(content: &Self::Content) -> Result<(Self::Content, Option<String>)> {
        Ok((content.clone(), None))
    }
    /// Writes the protected part; true when that changed something.
    fn write_secret(_tx: &mut Tx<'_>, _id: Uuid, _secret: Option<String>) -> Result<bool> {
        Ok(false)
    }

    /// The open rows of these ids.
    fn load(connection: &mut AnyConnection, ids: &[Uuid]) -> Result<Vec<Row>>;
    /// The open row of this id.
    fn get(connection: &mut AnyConnection, id: Uuid) -> Result<Option<Row>>;
    /// So many open rows after an id.
    fn after(connection: &mut AnyConnection, id: Option<Uuid>, limit: i64) -> Result<Vec<Row>>;
    /// The record with its protected parts, for those who may see or write them.
    fn reveal(connection: &mut AnyConnection, id: Uuid) -> Result<Option<Stored<Self::Content>>> {
        Self::get(connection, id)?
            .map(|row| Ok(Stored { content: parse::<Self>(&row)?, row, secret_version: None }))
            .transpose()
    }
    /// Keeps other writers from the record of this id to the end of the transaction. Read it afterwards.
    fn lock(connection: &mut AnyConnection, id: Uuid) -> Result<()>;
    /// Adds a row.
    fn insert(tx: &mut Tx<'_>, row: &Row, content: &Self::Content) -> Result<()>;
    /// Changes a row; false when another write came first.
    fn update(tx: &mut Tx<'_>, row: &Row, content: &Self::Content) -> Result<bool>;
    /// Removes a row.
    fn remove(tx: &mut Tx<'_>, id: Uuid, content: &Self::Content) -> Result<()>;

    /// The documents of these rows.
    fn documents(connection: &mut AnyConnection, rows: Vec<Row>) -> Result<Vec<Document>>;
    /// Records whose documents show something of this one.
    fn dependants(_connection: &mut AnyConnection, _id: Uuid) -> Result<Vec<(Kind, Uuid)>> {
        Ok(Vec::new())
    }
    /// Records that stand in the way of deleting this one.
    fn referrers(_connection: &mut AnyConnection, _id: Uuid) -> Result<Vec<(Kind, Uuid)>> {
        Ok(Vec::new())
    }
    /// Records that go with this one.
    fn owned(_connection: &mut AnyConnection, _id: Uuid) -> Result<Vec<(Kind, Uuid)>> {
        Ok(Vec::new())
    }
    /// Rules that need the database and that references do not express.
    fn check_within(
        _connection: &mut AnyConnection,
        _id: Uuid,
        _content: &Self::Content,
        _errors: &mut Vec<FieldError>,
    ) -> Result<()> {
        Ok(())
    }
}

/// Puts one reference in the place of another.
pub(crate) fn repoint(reference: &mut Uuid, from: Uuid, to: Uuid) {
    if *reference == from {
        *reference = to;
    }
}

/// Forwards the plain store functions of a resource to its `store` module.
macro_rules! forward_store {
    ($($function:ident),* $(,)?) => { $(forward_store!(@ $function);)* };
    (@ load) => {
        fn load(connection: &mut $crate::db::AnyConnection, ids: &[uuid::Uuid]) -> $crate::error::Result<Vec<$crate::db::store::Row>> {
            store::load(connection, ids)
        }
    };
    (@ get) => {
        fn get(connection: &mut $crate::db::AnyConnection, id: uuid::Uuid) -> $crate::error::Result<Option<$crate::db::store::Row>> {
            store::get(connection, id)
        }
    };
    (@ after) => {
        fn after(
            connection: &mut $crate::db::AnyConnection,
            id: Option<uuid::Uuid>,
            limit: i64,
        ) -> $crate::error::Result<Vec<$crate::db::store::Row>> {
            store::after(connection, id, limit)
        }
    };
    (@ lock) => {
        fn lock(connection: &mut $crate::db::AnyConnection, id: uuid::Uuid) -> $crate::error::Result<()> {
            store::lock(connection, id)
        }
    };
    (@ insert) => {
        fn insert(tx: &mut $crate::db::Tx<'_>, row: &$crate::db::store::Row, content: &Self::Content) -> $crate::error::Result<()> {
            store::insert(tx, row, columns(content))
        }
    };
    (@ update) => {
        fn update(tx: &mut $crate::db::Tx<'_>, row: &$crate::db::store::Row, content: &Self::Content) -> $crate::error::Result<bool> {
            store::update(tx, row, columns(content))
        }
    };
    (@ remove) => {
        fn remove(tx: &mut $crate::db::Tx<'_>, id: uuid::Uuid, _content: &Self::Content) -> $crate::error::Result<()> {
            store::remove(tx, id)
        }
    };
}
pub(crate) use forward_store;

/// Runs an expression with the resource type of a kind: the one place that lists the kinds.
macro_rules! with_kind {
    ($kind:expr, $resource:ident => $body:expr) => {
        match $kind {
            $crate::resources::Kind::Organisation => {
                type $resource = $crate::resources::organisation::Organisations;
                $body
            }
            $crate::resources::Kind::ContactPoint => {
                type $resource = $crate::resources::contact_point::ContactPoints;
                $body
            }
            $crate::resources::Kind::Network => {
                type $resource = $crate::resources::network::Networks;
                $body
            }
            $crate::resources::Kind::Forum => {
                type $resource = $crate::resources::forum::Forums;
                $body
            }
            $crate::resources::Kind::Meeting => {
                type $resource = $crate::resources::meeting::Meetings;
                $body
            }
            $crate::resources::Kind::Membership => {
                type $resource = $crate::resources::membership::Memberships;
                $body
            }
            $crate::resources::Kind::Collaboration => {
                type $resource = $crate::resources::collaboration::Collaborations;
                $body
            }
        }
    };
}
pub(crate) use with_kind;

/// The content of a row.
pub(crate) fn parse<R: Resource + ?Sized>(row: &Row) -> Result<R::Content> {
    serde_json::from_str(&row.content)
        .map_err(|error| Error::internal(format!("the content of a {} does not parse: {error}", R::KIND.name())))
}

/// The canonical JSON of a record: id, content, version and times, in this order, and nothing else.
pub(crate) fn canonical(row: &Row) -> String {
    let content = row.content.get(1..row.content.len().saturating_sub(1)).unwrap_or_default();
    let mut json = String::with_capacity(content.len() + 180);
    json.push_str("{\"id\":\"");
    json.push_str(&row.id.to_string());
    json.push('"');
    if !content.is_empty() {
        json.push(',');
        json.push_str(content);
    }
    json.push_str(",\"version\":");
    json.push_str(&row.version.to_string());
    json.push_str(",\"createdAt\":\"");
    json.push_str(&rfc3339(row.created_at));
    json.push_str("\",\"updatedAt\":\"");
    json.push_str(&rfc3339(row.updated_at));
    json.push_str("\"}");
    json
}

/// The JSON of a row for everyone, when everyone may see it.
pub(crate) fn public<R: Resource>(row: &Row) -> Result<Option<String>> {
    let open = !R::GUARDED || R::told(&parse::<R>(row)?) == Told::Public;
    Ok(open.then(|| canonical(row)))
}

/// The JSON of a row for partners, when partners may see it.
pub(crate) fn partner<R: Resource>(row: &Row) -> Result<Option<String>> {
    let open = !R::GUARDED || R::told(&parse::<R>(row)?) != Told::Protected;
    Ok(open.then(|| canonical(row)))
}
