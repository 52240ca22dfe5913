//! Organisations in the database.

use crate::db::schema::protected_addresses;
use crate::db::store::{ids, record_store};
use crate::db::{AnyConnection, Tx};
use crate::error::Result;
use diesel::prelude::*;
use uuid::Uuid;

record_store!(organisations { status: String, parent_id: Option<String>, uses_number_of: Option<String> });

/// The organisations directly below this one.
pub(crate) fn children(connection: &mut AnyConnection, id: Uuid) -> Result<Vec<Uuid>> {
    ids(organisations::table
        .filter(organisations::parent_id.eq(id.to_string()))
        .select(organisations::id)
        .load(connection)?)
}

/// The organisation above this one, when this one is there.
pub(crate) fn place(connection: &mut AnyConnection, id: Uuid) -> Result<Option<Option<Uuid>>> {
    let parent: Option<Option<String>> = organisations::table
        .filter(organisations::id.eq(id.to_string()))
        .select(organisations::parent_id)
        .first(connection)
        .optional()?;
    parent.map(|parent| parent.as_deref().map(crate::db::id).transpose()).transpose()
}

/// The branches that use this organisation's number.
pub(crate) fn number_users(connection: &mut AnyConnection, id: Uuid) -> Result<Vec<Uuid>> {
    ids(organisations::table
        .filter(organisations::uses_number_of.eq(id.to_string()))
        .select(organisations::id)
        .load(connection)?)
}

/// The protected address and location: version and content.
pub(crate) fn protected(connection: &mut AnyConnection, id: Uuid) -> Result<Option<(i64, String)>> {
    Ok(protected_addresses::table
        .filter(protected_addresses::organisation_id.eq(id.to_string()))
        .select((protected_addresses::version, protected_addresses::content))
        .first(connection)
        .optional()?)
}

/// Makes the protected address and location those given; true when that changed something.
pub(crate) fn set_protected(tx: &mut Tx<'_>, id: Uuid, content: Option<String>) -> Result<bool> {
    let held = protected(tx.connection(), id)?;
    let at = tx.at.naive_utc();
    match (held, content) {
        (None, None) => Ok(false),
        (Some((_, held)), Some(wanted)) if held == wanted => Ok(false),
        (Some(_), None) => {
            diesel::delete(protected_addresses::table.filter(protected_addresses::organisation_id.eq(id.to_string())))
                .execute(tx.connection())?;
            Ok(true)
        }
        (Some((version, _)), Some(wanted)) => {
            diesel::update(protected_addresses::table.filter(protected_addresses::organisation_id.eq(id.to_string())))
                .set((
                    protected_addresses::version.eq(version + 1),
                    protected_addresses::updated_at.eq(at),
                    protected_addresses::content.eq(wanted),
                ))
                .execute(tx.connection())?;
            Ok(true)
        }
        (None, Some(wanted)) => {
            diesel::insert_into(protected_addresses::table)
                .values((
                    protected_addresses::organisation_id.eq(id.to_string()),
                    protected_addresses::version.eq(1),
                    protected_addresses::updated_at.eq(at),
                    protected_addresses::content.eq(wanted),
                ))
                .execute(tx.connection())?;
            Ok(true)
        }
    }
}
