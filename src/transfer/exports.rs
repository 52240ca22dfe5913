//! The exported files that a node gives out: made whole before anyone gets them, and gone when nobody reads them.
//!
//! A file has no name: the operating system removes it with its last reader or with the process, so that a crash leaves
//! nothing behind, half or whole.

use crate::clock::Clock;
use crate::db::Db;
use crate::error::{Error, Message, Result};
use crate::resources::Kind;
use crate::transfer::export::{export, export_csv};
use chrono::{DateTime, TimeDelta, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

/// A file that somebody asks for is made anew after so long; sooner when a change is asked for that it does not hold, or when
/// something in it was withdrawn.
const LIFE: TimeDelta = TimeDelta::minutes(5);

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Everything public.
    NdJson,
    /// Public organisations.
    Csv,
}

/// The files of a node.
pub struct Exports {
    db: Db,
    clock: Arc<dyn Clock>,
    folder: PathBuf,
    ndjson: Slot,
    csv: Slot,
}

#[derive(Default)]
struct Slot {
    current: Mutex<Option<Arc<Made>>>,
    /// Held while a file is made, so that all who want it wait for the same one.
    making: tokio::sync::Mutex<()>,
}

/// One export, as it is and compressed.
pub struct Made {
    /// The epoch of its number.
    pub epoch: String,
    /// The change up to which it holds everything.
    pub sequence: i64,
    /// The bytes as they are.
    pub plain: Part,
    /// The bytes compressed by gzip.
    pub gzip: Part,
    at: DateTime<Utc>,
}

/// A finished file.
pub struct Part {
    file: Mutex<File>,
    /// Its length in bytes.
    pub length: u64,
    /// Its SHA-256.
    pub digest: [u8; 32],
}

impl Part {
    /// Reads so many bytes from a place on, or up to the end.
    pub fn read(&self, from: u64, most: u64) -> Result<Vec<u8>> {
        let size = usize::try_from(self.length.saturating_sub(from).min(most)).map_err(Error::internal)?;
        let mut bytes = vec![0; size];
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

impl Exports {
    /// The files of a database, kept in a folder.
    pub fn new(db: Db, clock: Arc<dyn Clock>, folder: PathBuf) -> Exports {
        Exports { db, clock, folder, ndjson: Slot::default(), csv: Slot::default() }
    }

    /// The newest file that holds a change: one that is there, or one made now.
    ///
    /// # Errors
    /// 400 for a change that lies in the future.
    pub async fn get(self: &Arc<Self>, form: Form, min_change: Option<i64>) -> Result<Arc<Made>> {
        let exports = Arc::clone(self);
        // In a task of its own: the file is finished for the others when the one who began it goes away.
        let making = tokio::spawn(async move {
            if let Some(made) = exports.fresh(form, min_change).await? {
                return Ok(made);
            }
            let slot = exports.slot(form);
            let _turn = slot.making.lock().await;
            if let Some(made) = exports.fresh(form, min_change).await? {
                return Ok(made);
            }
            let maker = Arc::clone(&exports);
            let made = Arc::new(waiting(move || maker.make(form)).await?);
            *slot.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&made));
            Ok(made)
        });
        making.await.map_err(|_| Error::internal("an export was given up"))?
    }

    const fn slot(&self, form: Form) -> &Slot {
        match form {
            Form::NdJson => &self.ndjson,
            Form::Csv => &self.csv,
        }
    }

    /// The file that is there, when it may still be given out.
    async fn fresh(self: &Arc<Self>, form: Form, min_change: Option<i64>) -> Result<Option<Arc<Made>>> {
        let db = self.db.clone();
        let head = waiting(move || db.head()).await?;
        if min_change.is_some_and(|change| change > head.sequence) {
            return Err(Error::parameter(
                "minChange",
                "range",
                Message::fixed("Så många ändringar finns inte än.", "There are not that many changes yet."),
            ));
        }
        let current = self.slot(form).current.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let now = self.clock.now();
        Ok(current.filter(|made| {
            let level = made.sequence == head.sequence;
            let wanted = min_change.is_none_or(|change| made.sequence >= change);
            // What was withdrawn since is in the file: it is not given out any more.
            let open = made.sequence >= head.narrowed;
            made.epoch == head.epoch && (level || open && wanted && now < made.at + LIFE)
        }))
    }

    fn make(&self, form: Form) -> Result<Made> {
        std::fs::create_dir_all(&self.folder)?;
        let at = self.clock.now();
        let plain = Counted::new(tempfile::tempfile_in(&self.folder)?);
        let gzip = Counted::new(tempfile::tempfile_in(&self.folder)?);
        let mut both = Both { plain, gzip: GzEncoder::new(gzip, Compression::fast()) };
        let exported = match form {
            Form::NdJson => export(&self.db, &mut both, &Kind::ALL, at)?,
            Form::Csv => export_csv(&self.db, &mut both)?,
        };
        let Both { plain, gzip } = both;
        Ok(Made {
            epoch: exported.head.epoch,
            sequence: exported.head.sequence,
            plain: plain.finish()?,
            gzip: gzip.finish()?.finish()?,
            at,
        })
    }
}

/// Runs what waits for database and disk on a thread that may wait.
async fn waiting<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::internal("the work was given up at shutdown"))?
}

/// A file being written, with the length and digest of what was.
struct Counted {
    file: BufWriter<File>,
    length: u64,
    digest: Sha256,
}

impl Counted {
    fn new(file: File) -> Counted {
        Counted { file: BufWriter::with_capacity(1 << 16, file), length: 0, digest: Sha256::new() }
    }

    fn finish(self) -> Result<Part> {
        let file = self.file.into_inner().map_err(|error| Error::from(error.into_error()))?;
        Ok(Part { file: Mutex::new(file), length: self.length, digest: self.digest.finalize().into() })
    }
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.file.write_all(bytes)?;
        self.digest.update(bytes);
        self.length += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// Writes the same bytes plain and compressed.
struct Both {
    plain: Counted,
    gzip: GzEncoder<Counted>,
}

impl Write for Both {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.plain.write_all(bytes)?;
        self.gzip.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.plain.flush()
    }
}
