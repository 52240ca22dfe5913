//! Webhooks: the change feed brought to those who cannot ask for it.
//!
//! Every node looks for webhooks that changes may wait for, and claims one before it delivers for it: each is delivered
//! for by one node at a time, in order.

mod guard;
mod sender;
mod turn;

pub use guard::Reach;
pub(crate) use sender::Secret;

use crate::auth::keys::Keys;
use crate::clock::Clock;
use crate::db::webhooks::webhooks_due;
use crate::db::{Db, Head};
use crate::error::{Error, Result};
use crate::search::query::Query;
use chrono::TimeDelta;
use sender::Sender;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use turn::{Deliverer, Seen};

/// How often the log is looked at for what other nodes wrote.
const RHYTHM: Duration = Duration::from_millis(200);
/// It is looked for webhooks at most so often.
const LEAST: Duration = Duration::from_millis(20);
/// And at least so often: for those whose delay is over, or whose node died.
const MOST: Duration = Duration::from_secs(1);
/// A node delivers for so many webhooks at once.
const TURNS: usize = 8;
/// A node that stops waits so long for turns to end.
const ENDING: Duration = Duration::from_secs(2);
/// The log of deliveries is kept for so long.
const LOG: TimeDelta = TimeDelta::days(30);
/// And shortened so often.
const SHORTENING: Duration = Duration::from_secs(3600);

/// What a node counts of its deliveries.
#[derive(Debug, Default)]
pub struct Counts {
    /// Events that a receiver took.
    pub delivered: AtomicU64,
    /// Sendings that failed.
    pub failed: AtomicU64,
}

/// How webhooks are delivered for.
pub struct Settings {
    /// The database.
    pub db: Db,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// What secrets are derived from.
    pub keys: Arc<Keys>,
    /// Reads the filter of a webhook.
    pub filter: fn(&str) -> Result<Query>,
    /// What may be reached.
    pub reach: Reach,
    /// The address of the export.
    pub export: String,
    /// A webhook that has failed for so many hours is dead.
    pub patience: u64,
    /// What is counted.
    pub counts: Arc<Counts>,
}

/// Delivers until dropped.
pub struct Delivering {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Delivering {
    /// Begins, in threads of its own.
    pub fn start(settings: Settings) -> Result<Delivering> {
        let patience = i64::try_from(settings.patience).ok().and_then(TimeDelta::try_hours);
        let deliverer = Deliverer {
            db: settings.db,
            clock: settings.clock,
            keys: settings.keys,
            filter: settings.filter,
            sender: Sender::new(settings.reach),
            export: settings.export,
            patience: patience.ok_or_else(|| Error::internal("webhook_patience is out of range"))?,
            counts: settings.counts,
        };
        let stop = Arc::new(AtomicBool::new(false));
        let mut dispatcher = Dispatcher {
            deliverer: Arc::new(deliverer),
            stop: Arc::clone(&stop),
            busy: HashSet::new(),
            seen: HashMap::new(),
            away: false,
        };
        let thread = std::thread::Builder::new().name("webhooks".to_owned()).spawn(move || dispatcher.run())?;
        Ok(Delivering { stop, thread: Some(thread) })
    }
}

impl Drop for Delivering {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the dispatcher of webhooks had panicked");
        }
    }
}

/// A turn that ended: of which webhook, and how far it was looked.
type Ended = (String, Option<Seen>);

/// Says that a turn ended, however it did.
struct End {
    id: String,
    seen: Option<Seen>,
    ends: mpsc::Sender<Ended>,
}

impl Drop for End {
    fn drop(&mut self) {
        // Nobody hears it when the node has stopped.
        let _ = self.ends.send((std::mem::take(&mut self.id), self.seen.take()));
    }
}

/// Gives webhooks their turns.
struct Dispatcher {
    deliverer: Arc<Deliverer>,
    stop: Arc<AtomicBool>,
    busy: HashSet<String>,
    seen: HashMap<String, Seen>,
    away: bool,
}

impl Dispatcher {
    fn run(&mut self) {
        let (ends, ended) = mpsc::channel::<Ended>();
        let (mut heard, mut head): (u64, Option<Head>) = (0, None);
        let mut looked: Option<Instant> = None;
        let mut shortened: Option<Instant> = None;
        while !self.stop.load(Ordering::Acquire) {
            heard = self.deliverer.db.wait_for_write(heard, RHYTHM);
            let mut anew = looked.is_none_or(|looked| looked.elapsed() >= MOST);
            while let Ok(end) = ended.try_recv() {
                self.end(end);
                anew = true;
            }
            if shortened.is_none_or(|last| last.elapsed() >= SHORTENING) {
                shortened = Some(Instant::now());
                self.shorten();
            }
            let now = self.deliverer.db.head();
            anew |= now.as_ref().ok() != head.as_ref();
            let outcome = now.and_then(|now| {
                if anew {
                    self.dispatch(&now, &ends)?;
                    looked = Some(Instant::now());
                }
                head = Some(now);
                Ok(())
            });
            self.tell(outcome);
            std::thread::sleep(LEAST);
        }
        self.finish(&ended);
    }

    /// Gives a turn to those that are due, as far as there is room.
    fn dispatch(&mut self, head: &Head, ends: &mpsc::Sender<Ended>) -> Result<()> {
        let now = self.deliverer.clock.now().naive_utc();
        let due = self.deliverer.db.read(|connection| webhooks_due(connection, now, head))?;
        self.seen.retain(|id, _| due.iter().any(|row| row.id == *id) || self.busy.contains(id));
        for row in due {
            if self.busy.len() >= TURNS {
                break;
            }
            let looked = self.seen.get(&row.id).is_some_and(|seen| {
                seen.version == row.version && seen.epoch == head.epoch && seen.sequence >= head.sequence
            });
            if looked || self.busy.contains(&row.id) {
                continue;
            }
            let (deliverer, stop, ends) = (Arc::clone(&self.deliverer), Arc::clone(&self.stop), ends.clone());
            let (id, seen) = (row.id.clone(), self.seen.get(&row.id).cloned());
            std::thread::Builder::new().name("webhook".to_owned()).spawn(move || {
                let mut end = End { id, seen: None, ends };
                match deliverer.turn(&end.id, seen.as_ref(), &stop) {
                    Ok(seen) => end.seen = seen,
                    Err(error) => tracing::warn!(webhook = %end.id, %error, "a turn of a webhook broke off"),
                }
            })?;
            self.busy.insert(row.id);
        }
        Ok(())
    }

    fn end(&mut self, (id, seen): Ended) {
        self.busy.remove(&id);
        match seen {
            Some(seen) => self.seen.insert(id, seen),
            None => self.seen.remove(&id),
        };
    }

    fn shorten(&self) {
        let before = self.deliverer.clock.now() - LOG;
        if let Err(error) = self.deliverer.db.operate(|operations| operations.forget_deliveries(before.naive_utc())) {
            tracing::warn!(%error, "the log of deliveries could not be shortened");
        }
    }

    /// Says once that the database is away, not every time.
    fn tell(&mut self, outcome: Result<()>) {
        let away = outcome.is_err();
        if let Err(error) = outcome
            && !self.away
        {
            tracing::warn!(%error, "webhooks wait for the database");
        }
        self.away = away;
    }

    /// Waits for turns that run, but not long: who is not told now is told by another node, or after the next start.
    fn finish(&mut self, ended: &Receiver<Ended>) {
        let until = Instant::now() + ENDING;
        while !self.busy.is_empty() {
            match ended.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(end) => self.end(end),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
    }
}
