//! Whether somebody has an embedded database open: a file beside it that is locked as long as they do.

use crate::error::{Error, Result};
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

/// A hold on a database; let go when dropped, or when the process ends in any way.
pub(super) struct InUse(#[expect(dead_code, reason = "held for its lock")] File);

impl InUse {
    /// For using the database together with others.
    pub(super) fn shared(database: &Path) -> Result<InUse> {
        let file = open(database)?;
        file.try_lock_shared().map_err(|_| Error::internal("the database is being restored"))?;
        Ok(InUse(file))
    }

    /// For putting another database in its place.
    pub(super) fn alone(database: &Path) -> Result<InUse> {
        let file = open(database)?;
        file.try_lock()
            .map_err(|_| Error::internal("the database is in use: stop the node and other commands first"))?;
        Ok(InUse(file))
    }
}

fn open(database: &Path) -> Result<File> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    Ok(OpenOptions::new().create(true).truncate(false).write(true).open(PathBuf::from(path))?)
}
