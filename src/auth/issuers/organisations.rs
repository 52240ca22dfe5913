//! Organisations that tokens name, as the registry knows them: looked up now and then, and remembered.

use crate::db::Db;
use crate::error::{Error, Result};
use crate::identifier::PathId;
use crate::resources::Kind;
use crate::resources::service::living;
use chrono::{DateTime, TimeDelta, Utc};
use quick_cache::sync::Cache;
use uuid::Uuid;

/// So many are remembered for each issuer.
const REMEMBERED: usize = 10_000;
/// One that was found is looked up again after this time: it may have been merged or deleted.
const FOUND: TimeDelta = TimeDelta::seconds(60);
/// One that was not there is looked up again after this time.
const MISSING: TimeDelta = TimeDelta::seconds(5);

/// What is remembered.
pub(super) struct Organisations(Cache<PathId, Remembered>);

#[derive(Clone, Copy)]
struct Remembered {
    id: Option<Uuid>,
    at: DateTime<Utc>,
}

impl Organisations {
    /// Nothing yet.
    pub(super) fn new() -> Organisations {
        Organisations(Cache::new(REMEMBERED))
    }

    /// The organisation, or that there is none; nothing when it has to be looked up.
    pub(super) fn at_hand(&self, path: &PathId, now: DateTime<Utc>) -> Option<Option<Uuid>> {
        let held = self.0.get(path)?;
        let long = if held.id.is_some() { FOUND } else { MISSING };
        ((now - held.at).abs() < long).then_some(held.id)
    }

    /// Looks it up, through merges. While the database is away, what was found before goes on.
    pub(super) fn look_up(&self, db: &Db, path: &PathId, now: DateTime<Utc>) -> Result<()> {
        let id = match db.read(|connection| living(connection, Kind::Organisation, path)) {
            Err(Error::Lost(text)) => self.0.get(path).and_then(|held| held.id).ok_or(Error::Lost(text)).map(Some),
            found => found,
        }?;
        self.0.insert(path.clone(), Remembered { id, at: now });
        Ok(())
    }
}
