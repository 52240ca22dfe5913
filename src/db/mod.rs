//! The database: the truth that index, feed and copies are derived from.
//!
//! `Db::read` lends a reading connection, `Db::write` is the only way to change a record (with the change row in the same
//! transaction), `Db::operate` the only way to operational tables.

mod change_log;
mod connection;
pub(crate) mod feed;
mod migrations;
mod operations;
pub mod schema;
pub(crate) mod store;

pub use change_log::{Change, Operation, PendingChange, Told, Tombstone, Tx};
pub(crate) use change_log::{after, id, numbered, of_record, tombstone};
pub use connection::{AnyConnection, Target};
pub use feed::Forgotten;
pub(crate) use feed::creations;
pub use operations::{ClientRow, Idempotent, Operations, StoredAnswer};
pub(crate) use operations::{answer_key, client, clients, statistics};

use crate::auth::actor::Actor;
use crate::clock::Clock;
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use connection::Manager;
use diesel::prelude::*;
use diesel::r2d2::Pool;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The database.
#[derive(Clone)]
pub struct Db {
    readers: Pool<Manager>,
    writers: Pool<Manager>,
    clock: Arc<dyn Clock>,
    bell: Arc<Bell>,
}

/// Wakes whoever follows the change log in this process.
#[derive(Default)]
struct Bell {
    rung: Mutex<u64>,
    heard: Condvar,
}

/// What a write gives back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written<T> {
    /// The value.
    pub value: T,
    /// Number of its last change; `None` when nothing changed.
    pub sequence: Option<i64>,
}

/// Where the change log stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Number of the last change.
    pub sequence: i64,
    /// The epoch that numbers count in.
    pub epoch: String,
    /// Up to this change the log may have been shortened: who stands before it cannot follow on.
    pub complete_after: i64,
}

impl Db {
    /// Opens the database, runs outstanding migrations and makes the counter.
    pub fn open(target: &Target, clock: Arc<dyn Clock>, readers: u32) -> Result<Db> {
        if let Target::Sqlite(path) = target
            && let Some(folder) = path.parent()
        {
            std::fs::create_dir_all(folder)?;
        }
        // SQLite has one writer; PostgreSQL lets several wait for the counter row only.
        let writers = if matches!(target, Target::Sqlite(_)) { 1 } else { 8 };
        let pool = |size: u32, read_only: bool| {
            Pool::builder()
                .max_size(size)
                .min_idle(Some(1))
                .test_on_check_out(false)
                .connection_timeout(Duration::from_secs(10))
                .build(Manager { target: target.clone(), read_only })
                .map_err(|_| Error::internal("the database does not answer"))
        };
        let writers = pool(writers, false)?;
        migrations::run(&mut *writers.get()?)?;
        let db = Db { readers: pool(readers.max(1), true)?, writers, clock, bell: Arc::default() };
        db.found_counter()?;
        Ok(db)
    }

    fn found_counter(&self) -> Result<()> {
        use schema::counter::dsl;
        let mut connection = self.writers.get()?;
        in_write_transaction(&mut connection, |connection| {
            let there: i64 = dsl::counter.count().get_result(connection)?;
            if there == 0 {
                diesel::insert_into(dsl::counter)
                    .values((dsl::id.eq(1), dsl::sequence.eq(0), dsl::epoch.eq(uuid::Uuid::new_v4().to_string())))
                    .execute(connection)?;
            }
            Ok(())
        })
    }

    /// Lends a connection for reading.
    pub fn read<T>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T>) -> Result<T> {
        let mut connection = self.readers.get()?;
        work(&mut connection)
    }

    /// Lends a connection for several reads of one moment.
    pub fn read_at_once<T>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T>) -> Result<T> {
        let mut connection = self.readers.get()?;
        let connection: &mut AnyConnection = &mut connection;
        connection
            .transaction::<T, Failure, _>(|connection| {
                if let AnyConnection::Postgresql(postgresql) = connection {
                    // By its own default every statement of a transaction would see another moment.
                    diesel::sql_query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                        .execute(postgresql)?;
                }
                work(connection).map_err(Failure)
            })
            .map_err(|failure| failure.0)
    }

    /// Runs a write: all of it, with its change rows, or nothing.
    pub fn write<T>(&self, actor: &Actor, work: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<Written<T>> {
        let mut connection = self.writers.get()?;
        let written = in_write_transaction(&mut connection, |connection| {
            let mut tx = Tx::new(connection, actor, self.clock.now());
            let value = work(&mut tx)?;
            let sequence = tx.number()?;
            Ok(Written { value, sequence })
        })?;
        if written.sequence.is_some() {
            self.ring();
        }
        Ok(written)
    }

    /// Runs everything of a write and then takes it back: for dry runs.
    pub fn rehearse<T>(&self, actor: &Actor, work: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let mut connection = self.writers.get()?;
        let mut value = None;
        let outcome = in_write_transaction(&mut connection, |connection| {
            let mut tx = Tx::new(connection, actor, self.clock.now());
            value = Some(work(&mut tx)?);
            Err::<(), _>(Error::internal("taken back"))
        });
        match (value, outcome) {
            (Some(value), _) => Ok(value),
            (None, Err(error)) => Err(error),
            (None, Ok(())) => Err(Error::internal("a rehearsal was not taken back")),
        }
    }

    /// Runs a change of operational tables.
    pub fn operate<T>(&self, work: impl FnOnce(&mut Operations<'_>) -> Result<T>) -> Result<T> {
        let mut connection = self.writers.get()?;
        in_write_transaction(&mut connection, |connection| work(&mut Operations::new(connection, self.clock.now())))
    }

    /// Shortens the change log: what was superseded before a moment goes, and what was deleted before it.
    ///
    /// Every version that stood at that moment or later stays, and with it the history since then.
    pub fn forget(&self, before: DateTime<Utc>) -> Result<Forgotten> {
        let mut connection = self.writers.get()?;
        in_write_transaction(&mut connection, |connection| feed::forget(connection, before))
    }

    /// Where the change log stands now.
    pub fn head(&self) -> Result<Head> {
        self.read(head)
    }

    fn ring(&self) {
        *self.bell.rung.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.bell.heard.notify_all();
    }

    /// Waits until something was written in this process or the time is over; gives the number of writes so far.
    pub fn wait_for_write(&self, seen: u64, at_most: Duration) -> u64 {
        let rung = self.bell.rung.lock().unwrap_or_else(PoisonError::into_inner);
        *self
            .bell
            .heard
            .wait_timeout_while(rung, at_most, |rung| *rung == seen)
            .map(|(guard, _)| guard)
            .unwrap_or_else(|poisoned| poisoned.into_inner().0)
    }
}

/// Where the change log stands, as this connection sees it.
pub(crate) fn head(connection: &mut AnyConnection) -> Result<Head> {
    use schema::counter::dsl;
    let (sequence, epoch, complete_after) =
        dsl::counter.select((dsl::sequence, dsl::epoch, dsl::complete_after)).first(connection)?;
    Ok(Head { sequence, epoch, complete_after })
}

/// Lets a transaction end with our own error type.
struct Failure(Error);

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Self {
        Failure(error.into())
    }
}

fn in_write_transaction<T>(
    connection: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T>,
) -> Result<T> {
    connection
        .transaction::<T, Failure, _>(|connection| {
            if let AnyConnection::Sqlite(sqlite) = connection {
                // Takes the write lock at once, as BEGIN IMMEDIATE would: a read that later writes would fail with
                // "database is locked" instead of waiting its turn.
                diesel::sql_query("UPDATE counter SET sequence = sequence WHERE id = 1").execute(sqlite)?;
            }
            work(connection).map_err(Failure)
        })
        .map_err(|failure| failure.0)
}
