//! How far a node has come in following its database.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// No index is being made.
const NONE: i64 = -1;

/// How a node follows its database: kept by its tailer, asked by whoever answers from the index.
#[derive(Debug)]
pub struct Following {
    heard: Mutex<Instant>,
    level: AtomicBool,
    made_to: AtomicI64,
}

impl Default for Following {
    fn default() -> Self {
        Following { heard: Mutex::new(Instant::now()), level: AtomicBool::new(false), made_to: AtomicI64::new(NONE) }
    }
}

impl Following {
    /// The database has answered.
    pub(super) fn hears(&self) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// How long ago the database last answered.
    pub fn age(&self) -> Duration {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    /// The index holds everything that the database does.
    pub(super) fn is_level_now(&self) {
        self.level.store(true, Ordering::Release);
    }

    /// Whether the index has held everything at some moment since the node began: before that it would answer with what
    /// stood long ago, or with nothing.
    pub fn has_been_level(&self) -> bool {
        self.level.load(Ordering::Acquire)
    }

    /// A new index is being made and has the records that came into sight up to a change, or none is being made.
    pub(super) fn makes(&self, to: Option<i64>) {
        self.made_to.store(to.unwrap_or(NONE), Ordering::Release);
    }

    /// While a new index is being made: the change up to which it has the records that came into sight.
    pub fn made_to(&self) -> Option<i64> {
        Some(self.made_to.load(Ordering::Acquire)).filter(|to| *to != NONE)
    }
}
