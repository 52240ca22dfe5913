//! One connection type for both databases, and the pools that hand connections out.

use crate::error::{Error, Result};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ManageConnection, R2D2Connection};
use std::path::PathBuf;
use std::str::FromStr;

/// A connection to either database. Queries are written once and run on both.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// Embedded.
    Sqlite(diesel::SqliteConnection),
    /// For more than one node.
    Postgresql(diesel::PgConnection),
}

/// Which database, by the scheme of its URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// `sqlite:PATH`.
    Sqlite(PathBuf),
    /// `postgres://…` or `postgresql://…`, kept whole; it may hold a password.
    Postgresql(String),
}

impl FromStr for Target {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() {
                return Err(Error::internal("the database URL sqlite: names no file"));
            }
            Ok(Target::Sqlite(PathBuf::from(path)))
        } else if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Ok(Target::Postgresql(url.to_owned()))
        } else {
            Err(Error::internal("the database URL must begin with sqlite: or postgres://"))
        }
    }
}

/// A connection of a pool.
pub(super) struct Lent {
    pub(super) connection: AnyConnection,
    /// Whether its server was lost: then it is thrown away.
    pub(super) lost: bool,
}

/// What every session on PostgreSQL is told. Readers see one moment per transaction. Writers see at each statement what
/// others have committed, so that what is read after a lock was waited for is true; none waits longer than 10 seconds.
const READER: &str = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; \
     SET TIME ZONE 'UTC'";
const WRITER: &str = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE; \
     SET TIME ZONE 'UTC'; SET lock_timeout = '10s'";

/// The URL with limits to how long a dead server is waited for, where it names none itself.
fn bounded(url: &str) -> String {
    let mut url = url.to_owned();
    for (name, value) in [("connect_timeout", "3"), ("tcp_user_timeout", "5000"), ("application_name", "samverkan")] {
        if !url.contains(&format!("{name}=")) {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&format!("{name}={value}"));
        }
    }
    url
}

/// Makes connections for a pool.
pub(super) struct Manager {
    pub(super) target: Target,
    pub(super) read_only: bool,
}

impl ManageConnection for Manager {
    type Connection = Lent;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Lent, Self::Error> {
        let connection = match &self.target {
            Target::Sqlite(path) => {
                let mut connection = diesel::SqliteConnection::establish(&path.to_string_lossy())
                    .map_err(diesel::r2d2::Error::ConnectionError)?;
                // The waiting time comes first: every later statement may meet a lock.
                connection
                    .batch_execute(
                        "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                         PRAGMA foreign_keys = ON; PRAGMA cache_size = -32000; PRAGMA mmap_size = 1073741824; \
                         PRAGMA temp_store = MEMORY; PRAGMA secure_delete = ON;",
                    )
                    .map_err(diesel::r2d2::Error::QueryError)?;
                if self.read_only {
                    connection.batch_execute("PRAGMA query_only = ON").map_err(diesel::r2d2::Error::QueryError)?;
                }
                AnyConnection::Sqlite(connection)
            }
            Target::Postgresql(url) => {
                let mut connection =
                    diesel::PgConnection::establish(&bounded(url)).map_err(diesel::r2d2::Error::ConnectionError)?;
                connection
                    .batch_execute(if self.read_only { READER } else { WRITER })
                    .map_err(diesel::r2d2::Error::QueryError)?;
                AnyConnection::Postgresql(connection)
            }
        };
        Ok(Lent { connection, lost: false })
    }

    fn is_valid(&self, lent: &mut Lent) -> Result<(), Self::Error> {
        lent.connection.ping().map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, lent: &mut Lent) -> bool {
        lent.lost || std::thread::panicking() || lent.connection.is_broken()
    }
}
