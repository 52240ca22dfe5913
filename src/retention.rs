//! What goes by itself when its time has come: superseded changes, names of persons, what the audit log tells of long ago.

use crate::app::App;
use crate::db::{By, Db};
use crate::error::Result;
use crate::persons::let_names_expire;
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often it is looked for.
const RHYTHM: Duration = Duration::from_secs(3600);
/// How often the thread looks whether the node stops.
const LOOK: Duration = Duration::from_millis(200);

/// Jobs that run while the node serves; stop when dropped.
pub(crate) struct Retention {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Retention {
    /// Starts the jobs of a node.
    pub(crate) fn start(app: &App) -> Result<Retention> {
        let stop = Arc::new(AtomicBool::new(false));
        let (told, app) = (Arc::clone(&stop), app.clone());
        let thread = std::thread::Builder::new().name("retention".to_owned()).spawn(move || {
            let mut done: Option<Instant> = None;
            while !told.load(Ordering::Acquire) {
                if done.is_none_or(|at| at.elapsed() >= RHYTHM) {
                    done = Some(Instant::now());
                    run(&app);
                }
                std::thread::park_timeout(LOOK);
            }
        })?;
        Ok(Retention { stop, thread: Some(thread) })
    }
}

/// Does everything that is due. What cannot be done now is done an hour later.
pub fn run(app: &App) {
    let now = app.clock.now();
    let done = |job: &str, outcome: Result<usize>| match outcome {
        Ok(0) => {}
        Ok(count) => tracing::info!(job, count, "what had come of age is gone"),
        Err(error) => tracing::warn!(job, %error, "what has come of age could not be removed"),
    };
    if let Some(before) = app.config.change_retention.and_then(|days| days_before(now, days)) {
        done("changes", app.db.forget(before).map(|forgotten| forgotten.changes));
    }
    if let Some(before) = app.config.audit_retention.and_then(|days| days_before(now, days)) {
        done("audit", strike_audit(&app.db, before));
    }
    done("persons", let_names_expire(&app.db, now));
}

fn strike_audit(db: &Db, before: DateTime<Utc>) -> Result<usize> {
    db.operate(|operations| operations.strike_before(&By::job("retention"), before))
}

fn days_before(now: DateTime<Utc>, days: u64) -> Option<DateTime<Utc>> {
    now.checked_sub_signed(TimeDelta::try_days(i64::try_from(days).ok()?)?)
}

impl Drop for Retention {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            if thread.join().is_err() {
                tracing::error!("the jobs of retention had panicked");
            }
        }
    }
}
