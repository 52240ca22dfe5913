//! The one place that reads the wall clock.

use chrono::{DateTime, SubsecRound, Utc};
use std::sync::{Mutex, PoisonError};

/// Tells the time, to the microsecond: what both databases keep.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl Clock for System {
    fn now(&self) -> DateTime<Utc> {
        Utc::now().trunc_subsecs(6)
    }
}

/// A clock that stands still until it is set, for tests.
#[derive(Debug)]
pub struct Fixed(Mutex<DateTime<Utc>>);

impl Fixed {
    /// A clock that stands at a moment.
    pub fn at(moment: DateTime<Utc>) -> Self {
        Fixed(Mutex::new(moment))
    }

    /// Sets it.
    pub fn set(&self, moment: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = moment;
    }
}

impl Clock for Fixed {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
