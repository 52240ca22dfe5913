//! Locks that PostgreSQL needs where SQLite has only one writer anyway.

use super::AnyConnection;
use crate::error::Result;
use diesel::prelude::*;

/// What is locked as a whole.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lock {
    /// The schema, while it is migrated.
    Migrations,
    /// What lies below what among organisations: of two moves at once each could be right and both together a ring.
    Trees,
}

impl Lock {
    /// A number that no other program is likely to lock in the same database.
    pub(super) const fn key(self) -> i64 {
        match self {
            Lock::Migrations => 0x7361_6d76_0000_0001,
            Lock::Trees => 0x7361_6d76_0000_0002,
        }
    }

    /// Waits for the lock and holds it to the end of the transaction.
    pub(crate) fn hold(self, connection: &mut AnyConnection) -> Result<()> {
        if let AnyConnection::Postgresql(connection) = connection {
            diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
                .bind::<diesel::sql_types::BigInt, _>(self.key())
                .execute(connection)?;
        }
        Ok(())
    }
}
