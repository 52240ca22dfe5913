//! Who follows the change feed through this node: one thread watches the log for all of them, so that a follower costs
//! nothing while nothing happens.

use crate::db::Db;
use crate::error::Result;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// How often the log is looked at for what other nodes wrote.
const RHYTHM: Duration = Duration::from_millis(200);
/// Followers are woken at most so often.
const LEAST: Duration = Duration::from_millis(20);

/// The followers of this node.
pub struct Followers {
    newest: watch::Sender<i64>,
    closed: watch::Sender<bool>,
    seats: Arc<Semaphore>,
}

/// A follower's place: it is woken by every change, and told when the node stops.
pub struct Seat {
    /// Number of the newest change.
    pub newest: watch::Receiver<i64>,
    /// Whether the node stops.
    pub closed: watch::Receiver<bool>,
    _permit: OwnedSemaphorePermit,
}

/// A running watch over the change log; stops when dropped.
pub struct Watch {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Followers {
    /// Room for so many followers.
    pub fn new(most: usize) -> Followers {
        Followers {
            newest: watch::Sender::new(0),
            closed: watch::Sender::new(false),
            seats: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))),
        }
    }

    /// A place for a follower; none when all are taken or the node stops.
    pub fn seat(&self) -> Option<Seat> {
        if *self.closed.borrow() {
            return None;
        }
        let permit = Arc::clone(&self.seats).try_acquire_owned().ok()?;
        Some(Seat { newest: self.newest.subscribe(), closed: self.closed.subscribe(), _permit: permit })
    }

    /// Lets all followers go: the node stops.
    pub fn close(&self) {
        self.closed.send_replace(true);
    }

    /// Watches the log in a thread of its own.
    pub fn watch(self: &Arc<Self>, db: Db) -> Result<Watch> {
        let stop = Arc::new(AtomicBool::new(false));
        let (told, followers) = (Arc::clone(&stop), Arc::clone(self));
        let thread = std::thread::Builder::new().name("followers".to_owned()).spawn(move || {
            let mut seen = 0;
            while !told.load(Ordering::Acquire) {
                seen = db.wait_for_write(seen, RHYTHM);
                if followers.newest.receiver_count() > 0 {
                    match db.head() {
                        Ok(head) => followers.tell(head.sequence),
                        Err(error) => tracing::warn!(%error, "the followers of changes cannot be woken"),
                    }
                }
                std::thread::sleep(LEAST);
            }
        })?;
        Ok(Watch { stop, thread: Some(thread) })
    }

    fn tell(&self, sequence: i64) {
        self.newest.send_if_modified(|newest| std::mem::replace(newest, sequence) != sequence);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the watch over the change log had panicked");
        }
    }
}
