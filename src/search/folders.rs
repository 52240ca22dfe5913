//! Folders of a node's index on disk.
//!
//! Each version of fields, analysis and vocabularies has a folder of its own, so that a new program makes its index beside
//! the one that an older program still serves. In it every rebuild has a folder, and a file names the one in use.

use crate::error::{Error, Result};
use crate::search::fields;
use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};

/// The file that names the folder in use.
const CURRENT: &str = "current";
/// The file that is locked for as long as a process has the version open.
const LOCK: &str = "lock";

/// The folder of a version, held by this process.
pub(super) struct Folders {
    all: PathBuf,
    own: PathBuf,
    _held: File,
}

impl Folders {
    /// Opens the folder of a version below that of all; fails when another process has it open.
    pub(super) fn open(all: &Path, version: u32) -> Result<Folders> {
        let own = of_version(all, version);
        fs::create_dir_all(&own)?;
        let held = lock_file(&own)?;
        held.try_lock().map_err(|_| {
            Error::internal(format!(
                "the index in {} is in use: stop the node or command that has it open first",
                all.display()
            ))
        })?;
        Ok(Folders { all: all.to_owned(), own, _held: held })
    }

    /// The folder in use.
    pub(super) fn current(&self) -> Result<Option<PathBuf>> {
        in_use(&self.own)
    }

    /// A name that no folder has.
    pub(super) fn fresh(&self) -> Result<PathBuf> {
        let mut numbers = (1..=u32::MAX).map(|number| self.own.join(number.to_string()));
        numbers.find(|folder| !folder.exists()).ok_or_else(|| Error::internal("no name is left for an index"))
    }

    /// Makes a folder the one in use, at once and durably.
    pub(super) fn point_to(&self, folder: &Path) -> Result<()> {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let new = self.own.join("current.new");
        let mut file = File::create(&new)?;
        std::io::Write::write_all(&mut file, name.as_bytes())?;
        file.sync_all()?;
        fs::rename(&new, self.own.join(CURRENT))?;
        File::open(&self.own)?.sync_all()?;
        Ok(())
    }

    /// Removes what is not in use of this version.
    pub(super) fn clear(&self, keep: Option<&Path>) -> Result<()> {
        let current = self.current()?;
        for (name, path) in folders(&self.own)? {
            if is_number(&name) && Some(path.as_path()) != keep && Some(&path) != current.as_ref() {
                fs::remove_dir_all(&path)?;
            }
        }
        Ok(())
    }

    /// Removes other versions that no process has open.
    pub(super) fn clear_others(&self) -> Result<()> {
        for (name, path) in folders(&self.all)? {
            if is_version(&name) && path != self.own && lock_file(&path)?.try_lock().is_ok() {
                fs::remove_dir_all(&path)?;
            }
        }
        Ok(())
    }
}

/// The folder of tantivy's index that this version of the program uses below that of all; `None` when there is none.
pub fn folder_in_use(all: &Path) -> Result<Option<PathBuf>> {
    in_use(&of_version(all, fields::schema_version()))
}

fn of_version(all: &Path, version: u32) -> PathBuf {
    all.join(format!("v{version:08x}"))
}

fn in_use(own: &Path) -> Result<Option<PathBuf>> {
    match fs::read_to_string(own.join(CURRENT)) {
        Ok(name) if is_number(name.trim()) => Ok(Some(own.join(name.trim()))),
        Ok(_) => Err(Error::internal("the file that names the index in use is damaged")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn lock_file(folder: &Path) -> Result<File> {
    Ok(OpenOptions::new().create(true).truncate(false).write(true).open(folder.join(LOCK))?)
}

fn folders(parent: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string()
            && entry.file_type()?.is_dir()
        {
            found.push((name, entry.path()));
        }
    }
    Ok(found)
}

/// Names that are given here: nothing else is ever removed.
fn is_number(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_version(name: &str) -> bool {
    name.strip_prefix('v').is_some_and(|rest| rest.len() == 8 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
