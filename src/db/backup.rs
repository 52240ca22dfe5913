//! A copy of the embedded database while it is used, and putting one back.

use super::in_use::InUse;
use super::schema::counter::dsl;
use super::{AnyConnection, migrations};
use crate::error::{Error, Result};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Copies a database as it is at one moment, while others read and write it. The file is complete or absent, readable by
/// its owner only.
pub fn backup(database: &Path, file: &Path) -> Result<()> {
    if !database.is_file() {
        return Err(Error::internal(format!("there is no database {}", database.display())));
    }
    let _in_use = InUse::shared(database)?;
    let unfinished = beside(file)?;
    {
        let mut connection = open(database)?;
        connection.batch_execute("PRAGMA busy_timeout = 10000")?;
        diesel::sql_query("VACUUM INTO ?").bind::<Text, _>(name(unfinished.path())?).execute(&mut connection)?;
    }
    File::open(unfinished.path())?.sync_all()?;
    unfinished.persist_noclobber(file).map_err(|error| match error.error.kind() {
        ErrorKind::AlreadyExists => Error::internal(format!("{} is there already", file.display())),
        _ => error.error.into(),
    })?;
    sync_folder(file)
}

/// Puts a backup in the place of a database, in a new epoch; gives the epoch. Refused while anyone uses the database, and
/// where one is there unless it is to be replaced. What was there stays until the new one is complete.
pub fn restore(database: &Path, file: &Path, replace: bool) -> Result<String> {
    if !file.is_file() {
        return Err(Error::internal(format!("there is no backup {}", file.display())));
    }
    fs::create_dir_all(folder(database))?;
    let _alone = InUse::alone(database)?;
    if database.exists() && !replace {
        return Err(Error::internal(format!(
            "{} is there already: --replace puts the backup there",
            database.display()
        )));
    }
    let unfinished = beside(database)?;
    fs::copy(file, unfinished.path())?;
    let epoch = prepare(unfinished.path())
        .map_err(|error| Error::internal(format!("{} cannot be restored: {error}", file.display())))?;
    File::open(unfinished.path())?.sync_all()?;
    retire(database)?;
    unfinished.persist(database).map_err(|error| error.error)?;
    sync_folder(database)?;
    Ok(epoch)
}

/// Begins a new epoch.
pub(super) fn new_epoch(connection: &mut AnyConnection) -> Result<String> {
    let epoch = uuid::Uuid::new_v4().to_string();
    let changed = diesel::update(dsl::counter).set(dsl::epoch.eq(&epoch)).execute(connection)?;
    if changed == 1 { Ok(epoch) } else { Err(Error::internal("the database has no counter")) }
}

#[derive(QueryableByName)]
struct Verdict {
    #[diesel(sql_type = Text)]
    quick_check: String,
}

/// Checks a copy, brings its schema up to date and gives it a new epoch.
fn prepare(copy: &Path) -> Result<String> {
    let mut sqlite = open(copy)?;
    // One file is moved into place: nothing may stay in a log beside it.
    sqlite.batch_execute("PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON")?;
    let verdict: Vec<Verdict> = diesel::sql_query("PRAGMA quick_check").load(&mut sqlite)?;
    if verdict.iter().any(|verdict| verdict.quick_check != "ok") {
        return Err(Error::internal("the file is damaged"));
    }
    // An empty file is a valid database, and migrations would make a registry of it.
    let there: i64 = dsl::counter.count().get_result(&mut sqlite)?;
    if there != 1 {
        return Err(Error::internal("the file is no registry"));
    }
    if migrations::is_newer(&mut sqlite)? {
        return Err(Error::internal("the file is of a newer program"));
    }
    let mut connection = AnyConnection::Sqlite(sqlite);
    migrations::run(&mut connection, |_| Ok(()))?;
    new_epoch(&mut connection)
}

/// Takes the log of an earlier database away: beside another database it would damage that. What it holds is first written
/// into its own, so that a crash in between loses nothing; a database too damaged for that is about to be replaced anyway.
fn retire(database: &Path) -> Result<()> {
    if database.exists()
        && let Ok(mut old) = open(database)
        && let Err(error) = old.batch_execute("PRAGMA busy_timeout = 10000; PRAGMA wal_checkpoint(TRUNCATE)")
    {
        tracing::warn!(%error, "the earlier database cannot be read");
    }
    for end in ["-wal", "-shm"] {
        let mut path = database.as_os_str().to_owned();
        path.push(end);
        match fs::remove_file(PathBuf::from(path)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

fn open(path: &Path) -> Result<SqliteConnection> {
    SqliteConnection::establish(name(path)?).map_err(|error| Error::internal(format!("{}: {error}", path.display())))
}

fn name(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| Error::internal("the file's name is no Unicode"))
}

fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// An unfinished file in the folder of another, so that it can take the other's name at once.
fn beside(file: &Path) -> Result<NamedTempFile> {
    Ok(tempfile::Builder::new().prefix(".unfinished-").tempfile_in(folder(file))?)
}

fn sync_folder(file: &Path) -> Result<()> {
    Ok(File::open(folder(file))?.sync_all()?)
}
