//! The writing side: commits, rebuilds and the view that searches read.

use crate::error::{Error, Result};
use crate::resources::Kind;
use crate::search::document::Document;
use crate::search::evidence::{self, Repeat};
use crate::search::facets::Slots;
use crate::search::fields::{self, Fields};
use crate::search::folders::Folders;
use crate::search::phrase::{self, Placed};
use crate::search::ready::ReadyPlugin;
use crate::search::searcher::Searcher;
use crate::search::statistics::Statistics;
use crate::search::view::{Opened, View};
use crate::search::warm::warm;
use crate::search::{intake, statistics};
use serde::{Deserialize, Serialize};
use std::fs;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;
use tantivy::indexer::{LogMergePolicy, NoMergePolicy};
use tantivy::{IndexReader, IndexSettings, IndexWriter, ReloadPolicy, TantivyError, Term};
use uuid::Uuid;

/// The lock of a writer is tried so many times more, with a pause between.
const LOCK_TRIES: u32 = 50;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// Where in the change log an index stands: the payload of its last commit and the only truth about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// Which life of the database it follows.
    pub epoch: String,
    /// Everything up to this change number is taken in.
    pub sequence: u64,
    /// Version of fields, analysis and vocabularies.
    pub schema: u32,
    /// Number of the statistics that scores were computed with.
    pub statistics: u64,
    /// What was erased up to this change is in no file any more.
    #[serde(default)]
    pub expunged: u64,
}

/// How much an index may use.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Bytes of memory for documents that are being taken in; at least 15 MB.
    pub memory: usize,
    /// The same for a rebuild.
    pub rebuild_memory: usize,
    /// Whether checksums of all files are compared when an index is opened.
    pub verify: bool,
    /// New segments of so many documents are asked for some of their names before they are shown.
    pub warmed_from: u32,
}

impl Default for Options {
    fn default() -> Self {
        Options { memory: 50_000_000, rebuild_memory: 200_000_000, verify: false, warmed_from: 20_000 }
    }
}

/// The index of a node. Writers wait for each other; searches never wait.
pub struct Index {
    folders: Folders,
    version: u32,
    options: Options,
    fields: Arc<Fields>,
    stale: bool,
    open: Mutex<Option<Open>>,
    statistics: Mutex<(u64, Option<Arc<Statistics>>)>,
    view: RwLock<Arc<View>>,
}

/// An open folder.
struct Open {
    folder: PathBuf,
    index: tantivy::Index,
    reader: IndexReader,
    writer: Option<IndexWriter>,
    opened: Opened,
    slots: Arc<Slots>,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Index").field("position", &self.position()).finish_non_exhaustive()
    }
}

impl Index {
    /// Opens the index in this folder, or begins an empty one. Other versions of it in the folder are left alone while
    /// another process has them open, and go when this one is there.
    ///
    /// What is damaged is not used: the index is empty then, `is_stale` says so and `position` is `None`, so that the caller
    /// rebuilds. Fails only when the folder itself cannot be used, or when another process has this version open.
    pub fn open(dir: &Path, options: Options) -> Result<Index> {
        Index::open_version(dir, options, fields::schema_version())
    }

    /// The same as if the version were another.
    pub(crate) fn open_version(dir: &Path, options: Options, version: u32) -> Result<Index> {
        let fields = Fields::shared();
        let index = Index {
            folders: Folders::open(dir, version)?,
            version,
            options,
            fields,
            stale: false,
            open: Mutex::new(None),
            statistics: Mutex::new((0, None)),
            view: RwLock::new(Arc::new(View::empty())),
        };
        let Some(folder) = index.folders.current()? else { return Ok(index) };
        // Tantivy panics on some kinds of damage; nothing is shared that a panic could leave half done.
        let found = std::panic::catch_unwind(AssertUnwindSafe(|| index.open_current(folder)));
        let stale = match found {
            Ok(Ok(usable)) => !usable,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the index is damaged and has to be made anew");
                true
            }
            Err(_) => {
                tracing::warn!("the index is damaged beyond reading and has to be made anew");
                true
            }
        };
        if stale {
            *index.lock() = None;
        } else if let Some(folder) = index.folders.current()? {
            index.tidy(Some(&folder));
        }
        Ok(Index { stale, ..index })
    }

    /// Opens and publishes what was found; false when it has other fields.
    fn open_current(&self, folder: PathBuf) -> Result<bool> {
        match self.open_folder(folder)? {
            Some(open) => self.publish(&mut self.lock(), open).map(|()| true),
            None => Ok(false),
        }
    }

    /// Whether what was found in the folder is damaged or has other fields.
    pub fn is_stale(&self) -> bool {
        self.stale && self.view().position.is_none()
    }

    /// The version of fields, analysis and vocabularies.
    pub fn schema_version(&self) -> u32 {
        self.version
    }

    /// Where the index stands; `None` when it was never filled.
    pub fn position(&self) -> Option<Position> {
        self.view().position.clone()
    }

    /// What was last committed, to search in.
    pub fn searcher(&self) -> Searcher {
        Searcher::new(self.view())
    }

    /// Takes a batch in: every document replaces the one of its kind and id, `gone` ones are removed. One commit.
    ///
    /// After an error nothing of the batch is in the index.
    pub fn apply(&self, documents: Vec<Document>, gone: &[(Kind, Uuid)], position: Position) -> Result<()> {
        let mut guard = self.lock();
        let mut open = match guard.take() {
            Some(open) => open,
            None => self.begin()?,
        };
        let outcome = self.write(&mut open, &documents, gone, &position);
        if outcome.is_err() {
            // What was added but not committed goes with the writer.
            open.writer = None;
        }
        match self.publish(&mut guard, open) {
            Ok(()) => outcome,
            Err(error) => outcome.and(Err(error)),
        }
    }

    fn write(&self, open: &mut Open, documents: &[Document], gone: &[(Kind, Uuid)], position: &Position) -> Result<()> {
        let writer = match open.writer.take() {
            Some(writer) => writer,
            None => self.writer(&open.index)?,
        };
        let writer = open.writer.insert(writer);
        let delete = |writer: &IndexWriter, kind: Kind, id: Uuid| {
            writer.delete_term(Term::from_field_text(self.fields.key, &fields::record_key(kind, id)));
        };
        for (kind, id) in gone {
            delete(writer, *kind, *id);
        }
        for document in documents {
            delete(writer, document.kind, document.id);
            writer.add_document(intake::document(&self.fields, document))?;
        }
        let mut commit = writer.prepare_commit()?;
        commit.set_payload(&serde_json::to_string(position)?);
        commit.commit()?;
        Ok(())
    }

    /// Makes segments that hold deleted documents anew without them, so that nothing of these is left in any file.
    pub fn expunge(&self, position: Position) -> Result<()> {
        let mut guard = self.lock();
        let Some(mut open) = guard.take() else { return Ok(()) };
        let outcome = self.merge_deleted(&mut open, &position);
        if outcome.is_err() {
            open.writer = None;
        }
        let published = self.publish(&mut guard, open);
        outcome.and(published)?;
        // The files go when nobody reads them any more: the view that did has just been replaced.
        if let Some(writer) = guard.as_ref().and_then(|open| open.writer.as_ref()) {
            writer.garbage_collect_files().wait()?;
        }
        Ok(())
    }

    fn merge_deleted(&self, open: &mut Open, position: &Position) -> Result<()> {
        // What still merges in the background would bring deleted documents over.
        if let Some(writer) = open.writer.take() {
            writer.wait_merging_threads()?;
        }
        let mut writer = self.writer(&open.index)?;
        open.reader.reload()?;
        let mut segments = Vec::new();
        for segment in open.reader.searcher().segment_readers().iter().filter(|segment| segment.has_deletes()) {
            segments.push((segment.fast_fields().u64("tie")?.first(0), segment.segment_id()));
        }
        segments.sort_unstable();
        let segments: Vec<_> = segments.into_iter().map(|(_, id)| id).collect();
        if !segments.is_empty() {
            writer.merge(&segments).wait()?;
        }
        let mut commit = writer.prepare_commit()?;
        commit.set_payload(&serde_json::to_string(position)?);
        commit.commit()?;
        open.writer = Some(writer);
        Ok(())
    }

    /// Makes the whole index anew beside the old one, which serves until the new one takes its place at once.
    ///
    /// An interruption at any point leaves the old or the new index. Other writers wait meanwhile.
    pub fn rebuild(&self, documents: &mut dyn Iterator<Item = Result<Document>>, position: Position) -> Result<()> {
        let mut guard = self.lock();
        let old = guard.as_ref().map(|open| open.folder.clone());
        self.tidy(old.as_deref());
        let folder = self.folders.fresh()?;
        let built = self.fill(&folder, documents, &position).and_then(|()| self.open_folder(folder.clone()));
        let open = match built {
            Ok(Some(open)) => open,
            Ok(None) => return Err(Error::internal("a new index has other fields")),
            Err(error) => {
                // The half-made folder is of no use; that it cannot be removed matters less than the error.
                let _ = fs::remove_dir_all(&folder);
                return Err(error);
            }
        };
        self.folders.point_to(&folder)?;
        let before = guard.as_mut().and_then(|open| open.writer.take());
        self.publish(&mut guard, open)?;
        drop(guard);
        // What the old writer still merges would come into the folder while it is removed.
        if let Some(before) = before
            && let Err(error) = before.wait_merging_threads()
        {
            tracing::debug!(%error, "merges of the old index were given up");
        }
        self.tidy(Some(&folder));
        Ok(())
    }

    /// Removes what is not in use. What cannot be removed now goes another time: the index is there all the same.
    fn tidy(&self, keep: Option<&Path>) {
        if let Err(error) = self.folders.clear(keep).and_then(|()| self.folders.clear_others()) {
            tracing::warn!(%error, "a folder of an old index could not be removed");
        }
    }

    fn fill(
        &self,
        folder: &Path,
        documents: &mut dyn Iterator<Item = Result<Document>>,
        position: &Position,
    ) -> Result<()> {
        let index = self.create(folder)?;
        let mut writer: IndexWriter = index.writer_with_num_threads(1, self.options.rebuild_memory.max(15_000_000))?;
        writer.set_merge_policy(Box::new(NoMergePolicy));
        for document in documents {
            writer.add_document(intake::document(&self.fields, &document?))?;
        }
        let mut commit = writer.prepare_commit()?;
        commit.set_payload(&serde_json::to_string(position)?);
        commit.commit()?;
        // Documents keep their order: segments do not come in the order in which they were written.
        let mut segments = Vec::new();
        for reader in index.reader()?.searcher().segment_readers() {
            segments.push((reader.fast_fields().u64("tie")?.first(0), reader.segment_id()));
        }
        segments.sort_unstable();
        let segments: Vec<_> = segments.into_iter().map(|(_, id)| id).collect();
        if segments.len() > 1 {
            writer.merge(&segments).wait()?;
        }
        writer.garbage_collect_files().wait()?;
        writer.wait_merging_threads()?;
        Ok(())
    }

    /// Takes statistics of what the index holds now, for `set_statistics` on every node.
    pub fn compute_statistics(&self) -> Result<Vec<u8>> {
        statistics::of(&self.view()).map(|statistics| statistics.to_bytes())
    }

    /// Scores with these statistics from now on.
    pub fn set_statistics(&self, number: u64, bytes: &[u8]) -> Result<()> {
        let statistics = Some(Arc::new(Statistics::from_bytes(bytes)?));
        let _writers_wait = self.lock();
        *self.statistics.lock().unwrap_or_else(PoisonError::into_inner) = (number, statistics.clone());
        self.swap(Arc::new(self.view().with_statistics(number, statistics)));
        Ok(())
    }

    /// Number of the statistics that scores are computed with, 0 for live ones.
    pub fn statistics_number(&self) -> u64 {
        self.view().statistics_number
    }

    /// Picks up segments that were merged in the background since the last commit.
    pub fn refresh(&self) -> Result<()> {
        let mut guard = self.lock();
        match guard.take() {
            Some(open) => self.publish(&mut guard, open),
            None => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn view(&self) -> Arc<View> {
        Arc::clone(&self.view.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn swap(&self, view: Arc<View>) {
        *self.view.write().unwrap_or_else(PoisonError::into_inner) = view;
    }

    /// Reloads, opens what is new and swaps the view; the open folder is kept in any case.
    fn publish(&self, guard: &mut Option<Open>, open: Open) -> Result<()> {
        let open = guard.insert(open);
        open.reader.reload()?;
        let position = open.index.load_metas()?.payload.map(|text| serde_json::from_str(&text)).transpose()?;
        let statistics = self.statistics.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let searcher = open.reader.searcher();
        let view = View::open(&self.fields, searcher, &mut open.opened, &mut open.slots, position, statistics)?;
        let view = Arc::new(view);
        warm(&view, self.options.warmed_from);
        self.swap(view);
        Ok(())
    }

    /// A writer. Where one has just been given up its lock may be held for a moment more: a process that is begun at that
    /// time has it too until it runs its own program.
    fn writer(&self, index: &tantivy::Index) -> Result<IndexWriter> {
        let mut left = LOCK_TRIES;
        let writer = loop {
            match index.writer_with_num_threads(1, self.options.memory.max(15_000_000)) {
                Err(TantivyError::LockFailure(..)) if left > 0 => {
                    left -= 1;
                    std::thread::sleep(LOCK_PAUSE);
                }
                writer => break writer?,
            }
        };
        let mut policy = LogMergePolicy::default();
        policy.set_min_num_segments(4);
        policy.set_del_docs_ratio_before_merge(0.3);
        writer.set_merge_policy(Box::new(policy));
        Ok(writer)
    }

    /// Opens a folder; `None` when it has other fields.
    fn open_folder(&self, folder: PathBuf) -> Result<Option<Open>> {
        let mut index = tantivy::Index::open_in_dir(&folder)?;
        if index.schema() != self.fields.schema {
            return Ok(None);
        }
        index.register_plugin(ReadyPlugin::shared());
        register(&index);
        if self.options.verify && !index.validate_checksum()?.is_empty() {
            return Err(Error::internal("checksums of the index differ"));
        }
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Some(Open { folder, index, reader, writer: None, opened: Opened::new(), slots: Arc::default() }))
    }

    fn create(&self, folder: &Path) -> Result<tantivy::Index> {
        fs::create_dir_all(folder)?;
        // No field is stored by tantivy: its document store stays empty and needs no compression.
        let settings = IndexSettings { docstore_compress_dedicated_thread: false, ..IndexSettings::default() };
        let index = tantivy::Index::builder()
            .schema(self.fields.schema.clone())
            .settings(settings)
            .register_plugin(ReadyPlugin::shared())
            .create_in_dir(folder)?;
        register(&index);
        Ok(index)
    }

    /// A first, empty folder.
    fn begin(&self) -> Result<Open> {
        let folder = self.folders.fresh()?;
        self.create(&folder)?;
        self.folders.point_to(&folder)?;
        self.open_folder(folder)?.ok_or_else(|| Error::internal("a new index has other fields"))
    }
}

/// Makes known how terms are read that we made ourselves.
fn register(index: &tantivy::Index) {
    index.tokenizers().register(evidence::TOKENIZER, Repeat);
    index.tokenizers().register(phrase::TOKENIZER, Placed);
}
