//! The database: the truth that index, feed and copies are derived from.
//!
//! `Db::read` lends a reading connection, `Db::write` is the only way to change a record (with the change row in the same
//! transaction), `Db::operate` the only way to operational tables.

pub(crate) mod audit;
mod backup;
mod change_log;
pub(crate) mod clients;
mod connection;
pub(crate) mod feed;
mod in_use;
mod lock;
mod migrations;
pub(crate) mod moment;
mod operations;
pub(crate) mod persons;
pub mod schema;
pub(crate) mod store;
mod tx;
pub(crate) mod webhooks;

pub use audit::{By, Verified};
pub use backup::{backup, restore};
pub use change_log::{Change, Operation, PendingChange, Told, Tombstone};
pub(crate) use change_log::{after, id, numbered, of_record, tombstone};
pub use clients::{ClientRow, CredentialRow};
pub use connection::{AnyConnection, Target};
pub use feed::Forgotten;
pub(crate) use feed::creations;
pub(crate) use lock::Lock;
pub use operations::{Idempotent, Operations, StoredAnswer};
pub(crate) use operations::{answer_key, nodes_behind, statistics, statistics_number};
pub use tx::Tx;

use crate::clock::Clock;
use crate::error::{Error, Result};
use chrono::{DateTime, Utc};
use connection::Manager;
use diesel::prelude::*;
use diesel::r2d2::{Pool, PooledConnection, R2D2Connection};
use in_use::InUse;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// A write that another came between is tried again at most so often, and only within so long.
const TRIES: u32 = 8;
const TRYING: Duration = Duration::from_secs(5);
/// PostgreSQL's connections are shared by all nodes.
const MOST_READERS: u32 = 24;

/// The database.
#[derive(Clone)]
pub struct Db {
    readers: Pool<Manager>,
    writers: Pool<Manager>,
    clock: Arc<dyn Clock>,
    bell: Arc<Bell>,
    /// Whether it lies in this process, so that a short read is quicker than to hand it to another thread.
    embedded: bool,
    /// Told to whoever would put another database in this one's place.
    _in_use: Option<Arc<InUse>>,
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
    /// Whether less may be seen after it than before: something was withdrawn.
    pub narrows: bool,
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
    /// The last change after which less may be seen than before.
    pub narrowed: i64,
    /// The last change after which less may be kept than before.
    pub erased: i64,
}

impl Db {
    /// Opens the database, runs outstanding migrations and makes the counter.
    pub fn open(target: &Target, clock: Arc<dyn Clock>, readers: u32) -> Result<Db> {
        if let Target::Sqlite(path) = target
            && let Some(folder) = path.parent()
        {
            std::fs::create_dir_all(folder)?;
        }
        let in_use = match target {
            Target::Sqlite(path) => Some(Arc::new(InUse::shared(path)?)),
            Target::Postgresql(_) => None,
        };
        // SQLite has one writer and may wait for another process's; PostgreSQL lets several wait for the counter row
        // only, and a server that is gone is not waited for.
        let (writers, readers, patience) = match target {
            Target::Sqlite(_) => (1, readers.max(1), Duration::from_secs(10)),
            Target::Postgresql(_) => (8, readers.clamp(1, MOST_READERS), Duration::from_secs(3)),
        };
        let pool = |size: u32, read_only: bool| {
            Pool::builder()
                .max_size(size)
                .min_idle(Some(1))
                .test_on_check_out(false)
                .connection_timeout(patience)
                .build(Manager { target: target.clone(), read_only })
                .map_err(|_| Error::internal("the database does not answer"))
        };
        let writers = pool(writers, false)?;
        migrations::run(&mut writers.get()?.connection, |connection| {
            in_write_transaction(connection, found_counter).map_err(|failure| failure.error)
        })?;
        Ok(Db {
            readers: pool(readers, true)?,
            writers,
            clock,
            bell: Arc::default(),
            embedded: matches!(target, Target::Sqlite(_)),
            _in_use: in_use,
        })
    }

    /// Lends a connection for reading. `work` is done again on another when the first has lost its server.
    pub fn read<T>(&self, mut work: impl FnMut(&mut AnyConnection) -> Result<T>) -> Result<T> {
        match lend(&self.readers, false, &mut work) {
            Err(Error::Lost(_)) => lend(&self.readers, true, &mut work),
            outcome => outcome,
        }
    }

    /// Lends a connection whose server answers for several reads of one moment, once.
    pub fn read_at_once<T>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T>) -> Result<T> {
        lend(&self.readers, true, |connection| {
            connection.transaction::<T, Failure, _>(|connection| work(connection).map_err(Failure)).map_err(|f| f.0)
        })
    }

    /// Whether the database lies in this process: then no other node reads it.
    pub(crate) const fn is_embedded(&self) -> bool {
        self.embedded
    }

    /// Reads something short without waiting, where that can be done: an embedded database, and a connection is free.
    pub fn read_at_hand<T>(&self, work: impl FnOnce(&mut AnyConnection) -> Result<T>) -> Option<Result<T>> {
        let mut lent = if self.embedded { self.readers.try_get()? } else { return None };
        Some(work(&mut lent.connection))
    }

    /// Runs a write: all of it, with its change rows, or nothing. `work` is done again from the beginning when another
    /// write came between.
    pub fn write<T>(&self, by: impl Into<By>, mut work: impl FnMut(&mut Tx<'_>) -> Result<T>) -> Result<Written<T>> {
        let by = by.into();
        let written = self.persist(|connection| {
            let mut tx = Tx::new(connection, by.clone(), self.clock.now());
            let value = work(&mut tx)?;
            let sequence = tx.number()?;
            Ok(Written { value, sequence, narrows: tx.narrows() })
        })?;
        if written.sequence.is_some() {
            self.ring();
        }
        Ok(written)
    }

    /// Runs everything of a write and then takes it back: for dry runs.
    pub fn rehearse<T>(&self, by: impl Into<By>, work: impl FnOnce(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        let (by, mut value) = (by.into(), None);
        let outcome = lend(&self.writers, false, |connection| {
            in_write_transaction(connection, |connection| {
                let mut tx = Tx::new(connection, by, self.clock.now());
                let done = work(&mut tx)?;
                tx.settle()?;
                value = Some(done);
                Err::<(), _>(Error::internal("taken back"))
            })
            .map_err(|unfinished| unfinished.error)
        });
        match (value, outcome) {
            (Some(value), _) => Ok(value),
            (None, Err(error)) => Err(error),
            (None, Ok(())) => Err(Error::internal("a rehearsal was not taken back")),
        }
    }

    /// Runs a change of operational tables, like a write.
    pub fn operate<T>(&self, mut work: impl FnMut(&mut Operations<'_>) -> Result<T>) -> Result<T> {
        self.persist(|connection| work(&mut Operations::new(connection, self.clock.now())))
    }

    /// Runs a write transaction until it ends: what another write came between, or what lost its server before it was
    /// to be committed, has left nothing behind and is done again.
    fn persist<T>(&self, mut work: impl FnMut(&mut AnyConnection) -> Result<T>) -> Result<T> {
        let since = Instant::now();
        let mut tries = 1;
        let mut tested = false;
        loop {
            let mut committing = false;
            let outcome = lend(&self.writers, tested, |connection| {
                in_write_transaction(connection, &mut work).map_err(|unfinished| {
                    committing = unfinished.committing;
                    unfinished.error
                })
            });
            match outcome {
                Err(Error::Clash(text)) if tries < TRIES && since.elapsed() < TRYING => {
                    tracing::debug!(text, tries, "a write is done again");
                    // Those that clashed are not to meet again: each waits for a time of its own.
                    std::thread::sleep(Duration::from_millis(rand::random_range(0..5 << tries)));
                }
                Err(Error::Lost(_)) if !tested && !committing => tested = true,
                outcome => return outcome,
            }
            tries += 1;
        }
    }

    /// Shortens the change log: what was superseded before a moment goes, and what was deleted before it.
    ///
    /// Every version that stood at that moment or later stays, and with it the history since then.
    pub fn forget(&self, before: DateTime<Utc>) -> Result<Forgotten> {
        self.persist(|connection| feed::forget(connection, before))
    }

    /// Lets what was erased leave the embedded database's files too: the log beside it is written into it and emptied. A
    /// server sees to that by itself.
    pub(crate) fn wipe(&self) -> Result<()> {
        lend(&self.writers, false, |connection| {
            if let AnyConnection::Sqlite(sqlite) = connection {
                diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)").execute(sqlite)?;
            }
            Ok(())
        })
    }

    /// Where the change log stands now.
    pub fn head(&self) -> Result<Head> {
        self.read(head)
    }

    /// Connections of each pool: its name, how many are idle and how many are lent.
    pub fn pools(&self) -> [(&'static str, u32, u32); 2] {
        [("readers", &self.readers), ("writers", &self.writers)].map(|(name, pool)| {
            let state = pool.state();
            (name, state.idle_connections, state.connections.saturating_sub(state.idle_connections))
        })
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
    let (sequence, epoch, complete_after, narrowed, erased) = dsl::counter
        .select((dsl::sequence, dsl::epoch, dsl::complete_after, dsl::narrowed, dsl::erased))
        .get_result(connection)?;
    Ok(Head { sequence, epoch, complete_after, narrowed, erased })
}

/// Lets a transaction end with our own error type.
struct Failure(Error);

impl From<diesel::result::Error> for Failure {
    fn from(error: diesel::result::Error) -> Self {
        Failure(error.into())
    }
}

/// Does work with a connection of a pool; `tested` has one whose server answers. One that has lost its server does not
/// go back to the pool.
fn lend<T>(pool: &Pool<Manager>, tested: bool, work: impl FnOnce(&mut AnyConnection) -> Result<T>) -> Result<T> {
    let mut lent = if tested { answering(pool)? } else { pool.get()? };
    let mut outcome = work(&mut lent.connection);
    // A server that is stopped says so in words of its own language: what tells is that it answers no more.
    if let Err(Error::Internal(text)) = &mut outcome
        && lent.connection.ping().is_err()
    {
        outcome = Err(Error::Lost(std::mem::take(text)));
    }
    lent.lost = matches!(outcome, Err(Error::Lost(_)));
    outcome
}

/// A connection whose server answers. When one of a pool has lost it, all that were made before may have.
fn answering(pool: &Pool<Manager>) -> Result<PooledConnection<Manager>> {
    for _ in 0..=pool.max_size() {
        let mut lent = pool.get()?;
        lent.lost = lent.connection.ping().is_err();
        if !lent.lost {
            return Ok(lent);
        }
    }
    Err(Error::Lost("no connection is alive".to_owned()))
}

fn found_counter(connection: &mut AnyConnection) -> Result<()> {
    use schema::counter::dsl;
    let there: i64 = dsl::counter.count().get_result(connection)?;
    if there == 0 {
        diesel::insert_into(dsl::counter)
            .values((dsl::id.eq(1), dsl::sequence.eq(0), dsl::epoch.eq(uuid::Uuid::new_v4().to_string())))
            .execute(connection)?;
    }
    Ok(())
}

/// How a write transaction failed.
struct Unfinished {
    error: Error,
    /// Whether all was done and only the commit failed: then nobody knows whether it took place.
    committing: bool,
}

fn in_write_transaction<T>(
    connection: &mut AnyConnection,
    work: impl FnOnce(&mut AnyConnection) -> Result<T>,
) -> Result<T, Unfinished> {
    let mut committing = false;
    connection
        .transaction::<T, Failure, _>(|connection| {
            if let AnyConnection::Sqlite(sqlite) = connection {
                // Takes the write lock at once, as BEGIN IMMEDIATE would: a read that later writes would fail with
                // "database is locked" instead of waiting its turn.
                diesel::sql_query("UPDATE counter SET sequence = sequence WHERE id = 1").execute(sqlite)?;
            }
            let value = work(connection).map_err(Failure)?;
            committing = true;
            Ok(value)
        })
        .map_err(|failure| Unfinished { error: failure.0, committing })
}
