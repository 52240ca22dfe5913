//! Nodes of one registry: each holds a lease that says how far its index has come, so that a write which withdraws something
//! can wait until no node shows it any more.

use crate::app::App;
use crate::db::audit::Entry;
use crate::db::{By, Db, nodes_behind};
use crate::error::Result;
use chrono::TimeDelta;
use std::path::Path;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// A lease is renewed so often while nothing happens.
const RENEWAL: Duration = Duration::from_secs(1);
/// A node that has not renewed its lease for so long is not waited for: it is dead, or answers no more by itself.
const DEAD: TimeDelta = TimeDelta::seconds(10);
/// A write waits so long for others.
const PATIENCE: Duration = Duration::from_secs(2);
/// And looks so often.
const LOOK: Duration = Duration::from_millis(20);
/// The file in the data folder with the name of the node.
const FILE: &str = "node-id";

/// Whether what a write withdrew is gone from every node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Withdrawal {
    /// It is, or nothing was withdrawn.
    Done,
    /// Some node may still show it for a while.
    Pending,
}

/// Waits until no node shows what a write withdrew, for two seconds at most. That it took longer stands in the audit log.
pub(crate) fn withdraw(app: &App, by: &By, sequence: i64) -> Withdrawal {
    let since = Instant::now();
    loop {
        let own = i64::try_from(app.index.searcher().sequence()).unwrap_or(i64::MAX);
        if own >= sequence && !others_behind(app, sequence) {
            return Withdrawal::Done;
        }
        if since.elapsed() > PATIENCE {
            tracing::warn!(sequence, "a withdrawal has not reached every node");
            let entry = Entry { action: "withdrawal-pending", change: Some(sequence), ..Entry::default() };
            if let Err(error) = app.db.operate(|operations| operations.note(by, entry.clone())) {
                tracing::warn!(%error, "the audit log could not be told of it");
            }
            return Withdrawal::Pending;
        }
        std::thread::sleep(LOOK);
    }
}

fn others_behind(app: &App, sequence: i64) -> bool {
    if app.db.is_embedded() {
        return false;
    }
    let since = app.clock.now() - DEAD;
    // What cannot be asked is not known to be gone.
    app.db.read(|connection| nodes_behind(connection, sequence, since)).map_or(true, |behind| behind > 0)
}

/// The lease of a node on a database that others may serve too.
pub(crate) struct Lease {
    db: Db,
    node: String,
    renewed: Option<(Instant, i64)>,
}

impl Lease {
    /// The lease of the node whose data lie in a folder; none where the database is the node's own.
    pub(crate) fn of(db: &Db, folder: &Path) -> Result<Option<Lease>> {
        if db.is_embedded() {
            return Ok(None);
        }
        let file = folder.join(FILE);
        let node = match std::fs::read_to_string(&file) {
            Ok(node) if !node.trim().is_empty() => node.trim().to_owned(),
            _ => {
                let node = Uuid::now_v7().to_string();
                std::fs::write(&file, &node)?;
                node
            }
        };
        Ok(Some(Lease { db: db.clone(), node, renewed: None }))
    }

    /// Says how far the index has come, when that is new or a second has passed.
    pub(crate) fn keep(&mut self, sequence: u64) {
        let sequence = i64::try_from(sequence).unwrap_or(i64::MAX);
        if self.renewed.is_some_and(|(at, said)| said == sequence && at.elapsed() < RENEWAL) {
            return;
        }
        match self.db.operate(|operations| operations.renew_lease(&self.node, sequence)) {
            Ok(()) => self.renewed = Some((Instant::now(), sequence)),
            Err(error) => tracing::warn!(%error, "the lease of this node could not be renewed"),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Err(error) = self.db.operate(|operations| operations.end_lease(&self.node)) {
            tracing::warn!(%error, "the lease of this node could not be ended");
        }
    }
}
