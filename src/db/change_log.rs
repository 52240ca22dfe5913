//! The change log: every write of a record leaves one numbered row, in commit order.

use super::AnyConnection;
use super::schema::{changes, tombstones};
use crate::error::{Error, Result};
use crate::resources::Kind;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

/// What happened to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words are plain")]
pub enum Operation {
    Created,
    Updated,
    Deleted,
    Merged,
    Erased,
}

impl Operation {
    const ALL: [Operation; 5] =
        [Operation::Created, Operation::Updated, Operation::Deleted, Operation::Merged, Operation::Erased];

    /// The word in the log and in the API.
    pub const fn name(self) -> &'static str {
        match self {
            Operation::Created => "created",
            Operation::Updated => "updated",
            Operation::Deleted => "deleted",
            Operation::Merged => "merged",
            Operation::Erased => "erased",
        }
    }

    fn from_name(name: &str) -> Result<Operation> {
        Operation::ALL
            .into_iter()
            .find(|operation| operation.name() == name)
            .ok_or_else(|| Error::internal("the change log holds an unknown operation"))
    }
}

/// How far a change may be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// To everyone.
    Public,
    /// To partners.
    Partners,
    /// To the audit log only.
    Protected,
}

impl Told {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Told::Public => "public",
            Told::Partners => "partners",
            Told::Protected => "protected",
        }
    }

    fn from_name(name: &str) -> Result<Told> {
        [Told::Public, Told::Partners, Told::Protected]
            .into_iter()
            .find(|told| told.name() == name)
            .ok_or_else(|| Error::internal("a tombstone has an unknown audience"))
    }
}

/// A change that waits for its number.
#[derive(Debug, Clone)]
pub struct PendingChange {
    /// Kind of the record.
    pub kind: Kind,
    /// The record.
    pub id: Uuid,
    /// What happens.
    pub operation: Operation,
    /// The record's version after it.
    pub version: i64,
    /// Who may be told.
    pub told: Told,
    /// The survivor of a merge.
    pub merged_into: Option<Uuid>,
    /// Records whose documents depend on the relation that this record states or stated.
    pub touched: Vec<(Kind, Uuid)>,
    /// Whether what other documents show of this record changed.
    pub fans_out: bool,
    /// Canonical JSON before the change; `None` when there was none or it was protected.
    pub before: Option<String>,
    /// Canonical JSON after the change; `None` when the record is no more or protected.
    pub content: Option<String>,
}

/// A row of the change log.
#[derive(Debug, Clone)]
pub struct Change {
    /// Its number.
    pub sequence: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Kind of the record.
    pub kind: Kind,
    /// The record.
    pub id: Uuid,
    /// What happened.
    pub operation: Operation,
    /// The record's version after it.
    pub version: i64,
    /// The survivor of a merge.
    pub merged_into: Option<Uuid>,
    /// Records whose documents depend on the relation.
    pub touched: Vec<(Kind, Uuid)>,
    /// Whether what other documents show of this record changed.
    pub fans_out: bool,
    /// Canonical JSON after the change.
    pub content: Option<String>,
    /// Who made it.
    pub actor: String,
    /// Whether only partners may be told.
    pub partners_only: bool,
}

/// What has become of a record that is no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// What it was.
    pub kind: Kind,
    /// What happened.
    pub operation: Operation,
    /// When.
    pub at: DateTime<Utc>,
    /// The survivor of a merge.
    pub merged_into: Option<Uuid>,
    /// Who could know of it.
    pub told: Told,
}

pub(super) fn write_touched(touched: &[(Kind, Uuid)]) -> String {
    touched.iter().map(|(kind, id)| format!("{}:{id}", kind.name())).collect::<Vec<_>>().join(" ")
}

fn read_touched(text: &str) -> Result<Vec<(Kind, Uuid)>> {
    text.split(' ')
        .map(|part| {
            let (kind, id) = part.split_once(':')?;
            Some((Kind::from_name(kind)?, Uuid::parse_str(id).ok()?))
        })
        .collect::<Option<_>>()
        .ok_or_else(|| Error::internal("the change log names an unknown record"))
}

#[derive(Queryable)]
struct ChangeRow {
    sequence: i64,
    at: NaiveDateTime,
    actor: String,
    kind: String,
    record_id: String,
    operation: String,
    version: i64,
    audience: String,
    merged_into: Option<String>,
    touched: Option<String>,
    fans_out: bool,
    content: Option<String>,
}

/// The columns of a `ChangeRow`, with nothing in the place of the content.
macro_rules! without_content {
    () => {
        (
            changes::sequence,
            changes::at,
            changes::actor,
            changes::kind,
            changes::record_id,
            changes::operation,
            changes::version,
            changes::audience,
            changes::merged_into,
            changes::touched,
            changes::fans_out,
            diesel::dsl::sql::<diesel::sql_types::Nullable<diesel::sql_types::Text>>("NULL"),
        )
    };
}

impl TryFrom<ChangeRow> for Change {
    type Error = Error;

    fn try_from(row: ChangeRow) -> Result<Change> {
        Ok(Change {
            sequence: row.sequence,
            at: row.at.and_utc(),
            kind: kind(&row.kind)?,
            id: id(&row.record_id)?,
            operation: Operation::from_name(&row.operation)?,
            version: row.version,
            merged_into: row.merged_into.as_deref().map(id).transpose()?,
            touched: row.touched.as_deref().map(read_touched).transpose()?.unwrap_or_default(),
            fans_out: row.fans_out,
            content: row.content,
            actor: row.actor,
            partners_only: row.audience == Told::Partners.name(),
        })
    }
}

pub(crate) fn id(text: &str) -> Result<Uuid> {
    Uuid::parse_str(text).map_err(|_| Error::internal("the database holds an id that is no UUID"))
}

pub(super) fn kind(text: &str) -> Result<Kind> {
    Kind::from_name(text).ok_or_else(|| Error::internal("the database holds an unknown kind"))
}

/// The changes of these numbers, without content.
pub(crate) fn numbered(connection: &mut AnyConnection, numbers: &[i64]) -> Result<Vec<Change>> {
    let mut found = Vec::with_capacity(numbers.len());
    // SQLite binds at most some thousand values in a statement.
    for numbers in numbers.chunks(500) {
        let rows = changes::table.filter(changes::sequence.eq_any(numbers)).select(without_content!());
        for row in rows.load::<ChangeRow>(connection)? {
            found.push(Change::try_from(row)?);
        }
    }
    Ok(found)
}

/// The changes after a number, in their order, without content.
pub(crate) fn after(connection: &mut AnyConnection, sequence: i64, limit: i64) -> Result<Vec<Change>> {
    changes::table
        .filter(changes::sequence.gt(sequence))
        .order(changes::sequence)
        .limit(limit)
        .select(without_content!())
        .load::<ChangeRow>(connection)?
        .into_iter()
        .map(Change::try_from)
        .collect()
}

/// Every change of a record that may be told, newest first.
pub(crate) fn of_record(connection: &mut AnyConnection, record: Uuid) -> Result<Vec<Change>> {
    changes::table
        .filter(changes::record_id.eq(record.to_string()))
        .filter(changes::audience.ne(Told::Protected.name()))
        .order(changes::sequence.desc())
        .load::<ChangeRow>(connection)?
        .into_iter()
        .map(Change::try_from)
        .collect()
}

/// What has become of a record.
pub(crate) fn tombstone(connection: &mut AnyConnection, record: Uuid) -> Result<Option<Tombstone>> {
    let row: Option<(String, String, NaiveDateTime, Option<String>, String)> = tombstones::table
        .filter(tombstones::id.eq(record.to_string()))
        .select((
            tombstones::kind,
            tombstones::operation,
            tombstones::at,
            tombstones::merged_into,
            tombstones::audience,
        ))
        .get_result(connection)
        .optional()?;
    row.map(|(kind_name, operation, at, into, audience)| {
        Ok(Tombstone {
            kind: kind(&kind_name)?,
            operation: Operation::from_name(&operation)?,
            at: at.and_utc(),
            merged_into: into.as_deref().map(id).transpose()?,
            told: Told::from_name(&audience)?,
        })
    })
    .transpose()
}
