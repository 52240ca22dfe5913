//! What the tables of all resources have in common: id, version, times and the content as JSON.

use super::change_log::id;
use super::moment::Moment;
use super::schema::identifiers;
use super::{AnyConnection, Tx};
use crate::error::{Code, Error, Message, Result};
use crate::resources::Kind;
use crate::resources::values::Identifier;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use uuid::Uuid;

/// The columns that every resource table has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// The record's id.
    pub id: Uuid,
    /// Raised by one with every change.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
    /// What clients write of it, as one JSON object.
    pub content: String,
}

pub(crate) type RowColumns = (String, i64, Moment, Moment, String);

impl Row {
    pub(crate) fn from_columns((row_id, version, created_at, updated_at, content): RowColumns) -> Result<Row> {
        Ok(Row { id: id(&row_id)?, version, created_at: created_at.0, updated_at: updated_at.0, content })
    }
}

/// Writes the functions that every store has, for one table. Rows are asked for by their keys without a limit: SQLite
/// prepares a statement with a bound limit anew each time, which costs more than to run it.
///
/// `$columns` names the table's own columns beside the common
/// ones and the type of each, so that the row and the columns the database checks are always written together.
macro_rules! record_store {
    ($table:ident { $($column:ident: $type:ty),* $(,)? }) => {
        $crate::db::store::record_store!(only writes $table { $($column: $type),* });
        $crate::db::store::record_store!(reads $table);
    };
    (only writes $table:ident { $($column:ident: $type:ty),* $(,)? }) => {
        use $crate::db::schema::$table;

        /// The columns that the database checks or looks up, drawn from the content.
        #[derive(Debug, Clone, diesel::Insertable, diesel::AsChangeset)]
        #[diesel(table_name = $table, treat_none_as_null = true)]
        pub(crate) struct Columns { $(pub(crate) $column: $type,)* }

        /// The row of this id.
        pub(crate) fn get(
            connection: &mut $crate::db::AnyConnection,
            id: uuid::Uuid,
        ) -> $crate::error::Result<Option<$crate::db::store::Row>> {
            use $crate::db::AnyConnection::{Postgresql, Sqlite};
            let query = $table::table
                .filter($table::id.eq(id.to_string()))
                .select(($table::id, $table::version, $table::created_at, $table::updated_at, $table::content));
            // Asked of the database's own connection: diesel then knows the statement by its type and does not write its
            // text anew each time, which is a measurable part of reading a record.
            let found = match connection {
                Sqlite(own) => query.get_result::<$crate::db::store::RowColumns>(own),
                Postgresql(own) => query.get_result::<$crate::db::store::RowColumns>(own),
            };
            found.optional()?.map($crate::db::store::Row::from_columns).transpose()
        }

        /// Adds a row.
        pub(crate) fn insert(
            tx: &mut $crate::db::Tx<'_>,
            row: &$crate::db::store::Row,
            columns: Columns,
        ) -> $crate::error::Result<()> {
            diesel::insert_into($table::table)
                .values((
                    (
                        $table::id.eq(row.id.to_string()),
                        $table::version.eq(row.version),
                        $table::created_at.eq(row.created_at.naive_utc()),
                        $table::updated_at.eq(row.updated_at.naive_utc()),
                        $table::content.eq(&row.content),
                    ),
                    columns,
                ))
                .execute(tx.connection())?;
            Ok(())
        }

        /// Changes a row that still has the version before this one; false when it has not.
        pub(crate) fn update(
            tx: &mut $crate::db::Tx<'_>,
            row: &$crate::db::store::Row,
            columns: Columns,
        ) -> $crate::error::Result<bool> {
            let changed = diesel::update(
                $table::table.filter($table::id.eq(row.id.to_string())).filter($table::version.eq(row.version - 1)),
            )
            .set((
                (
                    $table::version.eq(row.version),
                    $table::updated_at.eq(row.updated_at.naive_utc()),
                    $table::content.eq(&row.content),
                ),
                columns,
            ))
            .execute(tx.connection())?;
            Ok(changed == 1)
        }

        /// Removes a row.
        pub(crate) fn remove(tx: &mut $crate::db::Tx<'_>, id: uuid::Uuid) -> $crate::error::Result<()> {
            let removed =
                diesel::delete($table::table.filter($table::id.eq(id.to_string()))).execute(tx.connection())?;
            if removed == 1 {
                Ok(())
            } else {
                Err($crate::error::Error::Clash(format!("a row of {} is gone", stringify!($table))))
            }
        }

        /// Keeps other writers from the row of this id, where there is one, to the end of the transaction. SQLite has no
        /// others.
        pub(crate) fn lock(connection: &mut $crate::db::AnyConnection, id: uuid::Uuid) -> $crate::error::Result<()> {
            if let $crate::db::AnyConnection::Postgresql(connection) = connection {
                $table::table
                    .filter($table::id.eq(id.to_string()))
                    .select($table::id)
                    .for_no_key_update()
                    .first::<String>(connection)
                    .optional()?;
            }
            Ok(())
        }
    };
    (reads $table:ident) => {
        /// The rows of these ids, in no order.
        pub(crate) fn load(
            connection: &mut $crate::db::AnyConnection,
            ids: &[uuid::Uuid],
        ) -> $crate::error::Result<Vec<$crate::db::store::Row>> {
            $table::table
                .filter($table::id.eq_any(ids.iter().map(uuid::Uuid::to_string)))
                .select(($table::id, $table::version, $table::created_at, $table::updated_at, $table::content))
                .load::<$crate::db::store::RowColumns>(connection)?
                .into_iter()
                .map($crate::db::store::Row::from_columns)
                .collect()
        }

        /// So many rows after an id, in the order of ids.
        pub(crate) fn after(
            connection: &mut $crate::db::AnyConnection,
            id: Option<uuid::Uuid>,
            limit: i64,
        ) -> $crate::error::Result<Vec<$crate::db::store::Row>> {
            $table::table
                .filter($table::id.gt(id.map(|id| id.to_string()).unwrap_or_default()))
                .order($table::id)
                .limit(limit)
                .select(($table::id, $table::version, $table::created_at, $table::updated_at, $table::content))
                .load::<$crate::db::store::RowColumns>(connection)?
                .into_iter()
                .map($crate::db::store::Row::from_columns)
                .collect()
        }
    };
}
pub(crate) use record_store;

/// Ids from a query that selects one id column.
pub(crate) fn ids(texts: Vec<String>) -> Result<Vec<Uuid>> {
    texts.iter().map(|text| id(text)).collect()
}

/// Keys of protected records stand apart under this mark: whoever takes the same key for another record must not learn of them.
const HIDDEN: char = '~';

/// The live record that holds an identifier, a protected one too: for those who then ask whether the caller may see it.
pub(crate) fn any_holder(connection: &mut AnyConnection, scheme: &str, value: &str) -> Result<Option<(Kind, Uuid)>> {
    match holder(connection, scheme, value)? {
        Some(found) => Ok(Some(found)),
        None => holder(connection, &format!("{HIDDEN}{scheme}"), value),
    }
}

/// The live, open record that holds an identifier.
pub(crate) fn holder(connection: &mut AnyConnection, scheme: &str, value: &str) -> Result<Option<(Kind, Uuid)>> {
    let row: Option<(String, String)> = identifiers::table
        .filter(identifiers::scheme.eq(scheme))
        .filter(identifiers::value.eq(value))
        .select((identifiers::kind, identifiers::record_id))
        .get_result(connection)
        .optional()?;
    row.map(|(kind, record)| {
        let kind =
            Kind::from_name(&kind).ok_or_else(|| Error::internal("an identifier's record has an unknown kind"))?;
        Ok((kind, id(&record)?))
    })
    .transpose()
}

/// Makes the identifiers of a record those given, open or hidden. Taken ones are told with the place of each.
pub(crate) fn set_identifiers(
    tx: &mut Tx<'_>,
    kind: Kind,
    record: Uuid,
    wanted: &[Identifier],
    hidden: bool,
) -> Result<()> {
    let mark = if hidden { HIDDEN.to_string() } else { String::new() };
    let wanted: Vec<Identifier> = wanted
        .iter()
        .map(|Identifier { scheme, value }| Identifier { scheme: format!("{mark}{scheme}"), value: value.clone() })
        .collect();
    let held: Vec<(String, String)> = identifiers::table
        .filter(identifiers::record_id.eq(record.to_string()))
        .select((identifiers::scheme, identifiers::value))
        .load(tx.connection())?;
    for (scheme, value) in &held {
        if !wanted.iter().any(|w| w.scheme == *scheme && w.value == *value) {
            diesel::delete(
                identifiers::table.filter(identifiers::scheme.eq(scheme)).filter(identifiers::value.eq(value)),
            )
            .execute(tx.connection())?;
        }
    }
    for (index, identifier) in wanted.iter().enumerate() {
        if held.iter().any(|(scheme, value)| *scheme == identifier.scheme && *value == identifier.value) {
            continue;
        }
        if holder(tx.connection(), &identifier.scheme, &identifier.value)?.is_some() {
            let detail = Message::fixed(
                "En annan post har redan den identifieraren.",
                "Another record already holds that identifier.",
            );
            return Err(Error::Problem {
                code: Code::IdentifierTaken,
                detail: detail.clone(),
                errors: vec![crate::error::FieldError::at(format!("/identifiers/{index}/value"), "taken", detail)],
            });
        }
        diesel::insert_into(identifiers::table)
            .values((
                identifiers::scheme.eq(&identifier.scheme),
                identifiers::value.eq(&identifier.value),
                identifiers::kind.eq(kind.name()),
                identifiers::record_id.eq(record.to_string()),
            ))
            .execute(tx.connection())?;
    }
    Ok(())
}
