//! The schema's migrations, compiled in and run at start.

use super::AnyConnection;
use super::lock::Lock;
use crate::error::{Error, Result};
use diesel::SqliteConnection;
use diesel::connection::SimpleConnection;
use diesel::migration::MigrationSource;
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Runs what is outstanding and then `after`. Nodes that start at once do so one after the other: SQLite's lock on the
/// file sees to that, on PostgreSQL a lock of ours, however long the migrations of the node before take.
pub(super) fn run(connection: &mut AnyConnection, after: impl FnOnce(&mut AnyConnection) -> Result<()>) -> Result<()> {
    let server = matches!(connection, AnyConnection::Postgresql(_));
    if server {
        connection
            .batch_execute(&format!("SET lock_timeout = 0; SELECT pg_advisory_lock({})", Lock::Migrations.key()))?;
    }
    let outcome = run_pending(connection).and_then(|()| after(connection));
    if server {
        connection.batch_execute(&format!(
            "SELECT pg_advisory_unlock({}); SET lock_timeout = '10s'",
            Lock::Migrations.key()
        ))?;
    }
    outcome
}

/// Whether a database has been changed by a newer program than this one.
pub(super) fn is_newer(connection: &mut SqliteConnection) -> Result<bool> {
    let told = |error: Box<dyn std::error::Error + Send + Sync>| {
        Error::internal(format!("migrations cannot be read: {error}"))
    };
    let known: Vec<String> = MigrationSource::<Sqlite>::migrations(&MIGRATIONS)
        .map_err(told)?
        .iter()
        .map(|migration| migration.name().version().to_string())
        .collect();
    let applied = connection.applied_migrations().map_err(told)?;
    Ok(applied.iter().any(|version| !known.contains(&version.to_string())))
}

fn run_pending(connection: &mut AnyConnection) -> Result<()> {
    let outcome = match connection {
        AnyConnection::Sqlite(connection) => connection.run_pending_migrations(MIGRATIONS).map(drop),
        AnyConnection::Postgresql(connection) => connection.run_pending_migrations(MIGRATIONS).map(drop),
    };
    outcome.map_err(|error| Error::internal(format!("a migration failed: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use diesel::prelude::*;

    #[derive(diesel::QueryableByName)]
    struct TableName {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
    }

    fn tables(connection: &mut diesel::SqliteConnection) -> Vec<String> {
        diesel::sql_query(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_\\_%' ESCAPE '\\' ORDER BY name",
        )
        .load::<TableName>(connection)
        .unwrap()
        .into_iter()
        .map(|table| table.name)
        .collect()
    }

    #[test]
    fn every_migration_runs_up_down_and_up_again() {
        let mut connection = diesel::SqliteConnection::establish(":memory:").unwrap();
        connection.run_pending_migrations(MIGRATIONS).unwrap();
        let first = tables(&mut connection);
        assert!(first.contains(&"organisations".to_owned()));
        connection.revert_all_migrations(MIGRATIONS).unwrap();
        assert!(tables(&mut connection).is_empty());
        connection.run_pending_migrations(MIGRATIONS).unwrap();
        assert_eq!(tables(&mut connection), first);
    }
}
