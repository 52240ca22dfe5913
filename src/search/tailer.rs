//! Follows the change log and keeps this node's index level with the database.
//!
//! A batch is: the changes after the index's position, every record they name or affect, as the rows are now, in one
//! commit that carries the last number. A crash at any point only repeats work.

use crate::db::feed::created_after;
use crate::db::{AnyConnection, Change, Db, Head, Operation, after, head, statistics, statistics_number};
use crate::error::{Error, Result};
use crate::nodes::Lease;
use crate::resources::Kind;
use crate::resources::resource::{Resource, with_kind};
use crate::search::document::Document;
use crate::search::following::Following;
use crate::search::{Index, Position};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// So many changes are taken in at once.
const BATCH: i64 = 2_000;
/// So many rows are read at once when the whole index is made.
const REBUILD_BATCH: i64 = 1_000;
/// Statistics stay for at least so many changes, however small the registry: not more, since a registry begins with statistics of
/// nothing, by which no word is rarer than another.
const LEAST_CHANGED: u64 = 50;
/// A node takes in so many changes before it listens.
const SOON: i64 = 10_000;
/// A node looks so often whether there are newer statistics, or whether it is time for them.
const RENEWAL: Duration = Duration::from_secs(1);
/// Commits are at least so far apart, so that many small writes share one.
const RHYTHM: Duration = Duration::from_millis(100);

/// Follows the change log of a database with one index.
#[derive(Clone)]
pub struct Tailer {
    db: Db,
    index: Arc<Index>,
    following: Arc<Following>,
    /// Whether to leave off.
    stop: Arc<AtomicBool>,
}

/// A running tailer; stops when told or dropped.
pub struct Running {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Tailer {
    /// A tailer for this index of this database, which tells how far it has come.
    pub fn new(db: Db, index: Arc<Index>, following: Arc<Following>) -> Self {
        Tailer { db, index, following, stop: Arc::default() }
    }

    /// Brings the index level with the database: made anew where its position does not belong to this database.
    pub fn level(&self) -> Result<()> {
        if self.behind(&self.db.head()?).is_none() {
            self.rebuild()?;
        }
        while self.step()? {}
        self.expunge()?;
        self.adopt_statistics()
    }

    /// The same where that is soon done; what takes long is left to the tailer that runs while the node serves.
    pub fn level_if_soon(&self) -> Result<()> {
        let head = self.db.head()?;
        if self.behind(&head).unwrap_or(head.sequence) <= SOON {
            return self.level();
        }
        tracing::info!("the index is not level with the database: lists and searches are answered when it is");
        Ok(())
    }

    /// How many changes the index lacks; `None` when its position does not belong to this database.
    fn behind(&self, head: &Head) -> Option<i64> {
        let position = self.index.position()?;
        let sequence = i64::try_from(position.sequence).ok()?;
        let fits = position.epoch == head.epoch
            && (head.complete_after..=head.sequence).contains(&sequence)
            && position.schema == self.index.schema_version();
        fits.then_some(head.sequence - sequence)
    }

    /// Scores with the newest statistics of the database, so that order is the same on every node; makes them where there
    /// are none or where a tenth of the records has changed since.
    fn adopt_statistics(&self) -> Result<()> {
        let schema = i64::from(self.index.schema_version());
        let (newest, erased) =
            self.db.read(|connection| Ok((statistics_number(connection, schema)?, head(connection)?.erased)))?;
        // Words that were erased are not to live on in the statistics.
        let newest = newest.filter(|newest| *newest >= erased);
        if newest.is_none() && self.index.searcher().sequence() < u64::try_from(erased).unwrap_or(0) {
            return Ok(());
        }
        let sequence = self.index.searcher().sequence();
        if let Some(newest) = newest {
            let number = u64::try_from(newest).unwrap_or(0);
            let changed = sequence.saturating_sub(number);
            if number <= sequence && changed <= LEAST_CHANGED.max(self.index.searcher().records() / 10) {
                // Another node may have put others in their place since: they are read at the next look.
                if number != self.index.statistics_number()
                    && let Some(text) = self.db.read(|connection| statistics(connection, schema, newest))?
                {
                    let bytes = STANDARD.decode(text).map_err(|_| Error::internal("stored statistics are damaged"))?;
                    self.index.set_statistics(number, &bytes)?;
                }
                return Ok(());
            }
        }
        let bytes = self.index.compute_statistics()?;
        let number = i64::try_from(sequence).map_err(Error::internal)?;
        let text = STANDARD.encode(&bytes);
        self.db.operate(|operations| operations.store_statistics(number, schema, &text))?;
        self.index.set_statistics(sequence, &bytes)
    }

    /// Takes what was erased out of the files of the index too, when it has come to the change that erased it.
    fn expunge(&self) -> Result<()> {
        let head = self.db.head()?;
        let Some(position) = self.index.position() else { return Ok(()) };
        let erased = u64::try_from(head.erased).unwrap_or(0);
        if position.epoch != head.epoch || position.sequence < erased || position.expunged >= erased {
            return Ok(());
        }
        self.index.expunge(Position { expunged: erased, ..position })
    }

    /// Makes the whole index anew from the rows, beside the old one, and takes statistics for scoring.
    pub fn rebuild(&self) -> Result<()> {
        // The position is read before the rows: what changes meanwhile is taken in again afterwards.
        let now = self.db.head()?;
        let mut rows = Rows { tailer: self, after: Some(0), ready: Vec::new().into_iter() };
        self.following.makes(Some(0));
        let position = self.position(&now.epoch, now.sequence);
        let position = Position { expunged: u64::try_from(now.erased).unwrap_or(0), ..position };
        let made = self.index.rebuild(&mut rows, position);
        self.following.makes(None);
        made
    }

    fn position(&self, epoch: &str, sequence: i64) -> Position {
        Position {
            epoch: epoch.to_owned(),
            sequence: u64::try_from(sequence).unwrap_or(0),
            schema: self.index.schema_version(),
            statistics: self.index.position().map_or(0, |position| position.statistics),
            expunged: self.index.position().map_or(0, |position| position.expunged),
        }
    }

    /// Takes in one batch; true when there may be more.
    pub fn step(&self) -> Result<bool> {
        let Some(position) = self.index.position() else {
            self.rebuild()?;
            return Ok(true);
        };
        let from = i64::try_from(position.sequence).unwrap_or(i64::MAX);
        let batch = self.db.read_at_once(|connection| {
            let now = head(connection)?;
            if now.epoch != position.epoch || now.sequence < from || from < now.complete_after {
                return Ok(Batch::OtherHistory);
            }
            if now.sequence == from {
                return Ok(Batch::Nothing);
            }
            let changes = after(connection, from, BATCH)?;
            let last = changes.last().map_or(now.sequence, |change| change.sequence);
            let records = affected(connection, &changes)?;
            let (documents, gone) = current(connection, &records)?;
            Ok(Batch::Some { epoch: now.epoch, documents, gone, last, more: last < now.sequence })
        })?;
        self.following.hears();
        let more = match batch {
            Batch::Nothing => false,
            Batch::OtherHistory => {
                self.rebuild()?;
                true
            }
            Batch::Some { epoch, documents, gone, last, more } => {
                self.index.apply(documents, &gone, self.position(&epoch, last))?;
                more
            }
        };
        if !more {
            self.following.is_level_now();
        }
        Ok(more)
    }

    /// Follows in a thread of its own until stopped.
    pub(crate) fn run(self, mut lease: Option<Lease>) -> Result<Running> {
        let stop = Arc::clone(&self.stop);
        let thread = std::thread::Builder::new().name("tailer".to_owned()).spawn(move || {
            let mut seen = 0;
            let mut renewed: Option<Instant> = None;
            while !self.stop.load(Ordering::Acquire) {
                let started = Instant::now();
                if let (Some(lease), Some(position)) = (&mut lease, self.index.position()) {
                    lease.keep(position.sequence);
                }
                match self.step() {
                    Ok(true) => continue,
                    Ok(false) => {
                        seen = self.db.wait_for_write(seen, RHYTHM);
                        if renewed.is_none_or(|renewed| renewed.elapsed() >= RENEWAL) {
                            renewed = Some(Instant::now());
                            if let Err(error) = self.expunge() {
                                tracing::warn!(%error, "what was erased is still in files of the index");
                            }
                            if let Err(error) = self.adopt_statistics() {
                                tracing::warn!(%error, "the statistics for scoring could not be renewed");
                            }
                        }
                    }
                    Err(_) if self.stop.load(Ordering::Acquire) => break,
                    Err(error) => {
                        tracing::error!(%error, "the index cannot follow the change log; trying again");
                        std::thread::sleep(Duration::from_secs(1));
                    }
                }
                if let Some(rest) = Duration::from_millis(5).checked_sub(started.elapsed()) {
                    std::thread::sleep(rest);
                }
            }
        })?;
        Ok(Running { stop, thread: Some(thread) })
    }
}

enum Batch {
    Nothing,
    OtherHistory,
    Some { epoch: String, documents: Vec<Document>, gone: Vec<(Kind, Uuid)>, last: i64, more: bool },
}

/// Every record whose document the changes may have changed.
fn affected(connection: &mut AnyConnection, changes: &[Change]) -> Result<BTreeSet<(Kind, Uuid)>> {
    let mut affected = BTreeSet::new();
    for change in changes {
        affected.insert((change.kind, change.id));
        affected.extend(change.touched.iter().copied());
        if change.fans_out && change.operation == Operation::Updated {
            affected.extend(with_kind!(change.kind, R => R::dependants(connection, change.id))?);
        }
    }
    Ok(affected)
}

/// The documents of these records as the rows are now, and those that have no open row any more.
fn current(
    connection: &mut AnyConnection,
    records: &BTreeSet<(Kind, Uuid)>,
) -> Result<(Vec<Document>, Vec<(Kind, Uuid)>)> {
    let mut by_kind: BTreeMap<Kind, Vec<Uuid>> = BTreeMap::new();
    for (kind, id) in records {
        by_kind.entry(*kind).or_default().push(*id);
    }
    let mut documents = Vec::with_capacity(records.len());
    let mut gone = Vec::new();
    for (kind, ids) in by_kind {
        // SQLite binds at most some thousand values in a statement.
        for ids in ids.chunks(500) {
            let rows = with_kind!(kind, R => R::load(connection, ids))?;
            let there: BTreeSet<Uuid> = rows.iter().map(|row| row.id).collect();
            gone.extend(ids.iter().filter(|id| !there.contains(id)).map(|id| (kind, *id)));
            documents.extend(with_kind!(kind, R => R::documents(connection, rows))?);
        }
    }
    Ok((documents, gone))
}

/// Every open record of the database as a document, read in batches, in the order in which they came into sight: of two
/// that are equally good the older comes first, so a search need not look at the younger ones.
struct Rows<'a> {
    tailer: &'a Tailer,
    /// Where it has come; none at the end.
    after: Option<i64>,
    ready: std::vec::IntoIter<Document>,
}

impl Rows<'_> {
    fn refill(&mut self) -> Result<bool> {
        let Some(after) = self.after else { return Ok(false) };
        let Tailer { db, following, stop, .. } = self.tailer;
        if stop.load(Ordering::Acquire) {
            return Err(Error::internal("the node stops"));
        }
        let (last, mut documents) = db.read_at_once(|connection| {
            let created = created_after(connection, after, REBUILD_BATCH)?;
            let records = created.iter().map(|(kind, id, _)| (*kind, *id)).collect();
            Ok((created.last().map(|(.., first)| *first), current(connection, &records)?.0))
        })?;
        documents.sort_by_key(|document| document.tie);
        following.hears();
        following.makes(last.or(self.after));
        self.after = last;
        self.ready = documents.into_iter();
        Ok(last.is_some())
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Document>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(document) = self.ready.next() {
                return Some(Ok(document));
            }
            match self.refill() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    self.after = None;
                    return Some(Err(error));
                }
            }
        }
    }
}

impl Running {
    /// Stops the tailer and waits for it.
    pub fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the tailer had panicked");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::System;
    use crate::db::Target;
    use crate::search::Options;

    #[test]
    fn a_node_that_stops_leaves_an_index_that_is_being_made() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&Target::Sqlite(folder.path().join("test.sqlite")), Arc::new(System), 1).unwrap();
        let index = Arc::new(Index::open(&folder.path().join("index"), Options::default()).unwrap());
        let tailer = Tailer::new(db, Arc::clone(&index), Arc::default());
        tailer.stop.store(true, Ordering::Release);
        assert!(tailer.rebuild().is_err());
        assert_eq!((index.position(), tailer.following.made_to()), (None, None));
        assert!(!tailer.following.has_been_level());
        tailer.stop.store(false, Ordering::Release);
        tailer.level().unwrap();
        assert!(index.position().is_some() && tailer.following.has_been_level());
    }
}
