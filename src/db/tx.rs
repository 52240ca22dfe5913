//! A running write: what it changes, and what the logs are told of it at its end.

use super::audit::{self, By, Entry};
use super::change_log::{Operation, PendingChange, Told, write_touched};
use super::operations::Operations;
use super::schema::{changes, counter, idempotency_keys, latest, tombstones};
use super::{AnyConnection, feed};
use crate::error::{Error, Result};
use crate::resources::Kind;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use uuid::Uuid;

/// A running write.
pub struct Tx<'a> {
    connection: &'a mut AnyConnection,
    by: By,
    /// The moment of the write: every row of it carries the same.
    pub at: DateTime<Utc>,
    pending: Vec<PendingChange>,
    /// Rows of the audit log beside those of the changes.
    entries: Vec<Entry>,
    /// The word for the whole write, when the audit log is to have one row of it instead of one for each change.
    whole: Option<&'static str>,
    first: Option<i64>,
    last: Option<i64>,
    narrows: bool,
    /// Whether it takes something out of all that is kept.
    erases: bool,
    /// Whether the audit log is not to hold what was there before.
    unsaid: bool,
}

/// So many changes are held back before they are numbered. A usual write stays far below and numbers at its very end;
/// an import would otherwise hold the whole file in memory. Numbering early is safe, it only locks the counter longer.
const HELD_BACK: usize = 10_000;

impl<'a> Tx<'a> {
    pub(super) fn new(connection: &'a mut AnyConnection, by: By, at: DateTime<Utc>) -> Self {
        Tx {
            connection,
            by,
            at,
            pending: Vec::new(),
            entries: Vec::new(),
            whole: None,
            first: None,
            last: None,
            narrows: false,
            erases: false,
            unsaid: false,
        }
    }

    /// Marks the write as one that erases: no log says what was there.
    pub(crate) fn erase(&mut self) {
        (self.unsaid, self.narrows) = (true, true);
    }

    /// The connection, for stores.
    pub(crate) fn connection(&mut self) -> &mut AnyConnection {
        self.connection
    }

    /// Marks the write as one after which less may be seen than before.
    pub(crate) fn narrow(&mut self) {
        self.narrows = true;
    }

    /// Whether less may be seen after it than before.
    pub(super) fn narrows(&self) -> bool {
        self.narrows
    }

    /// Lets the audit log have one row of the whole write: what it did to each record stands in the change log.
    pub(crate) fn audit_as_one(&mut self, action: &'static str) {
        self.whole = Some(action);
    }

    /// Adds a row to the audit log.
    pub(crate) fn note(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Operational tables, to be changed in the same transaction.
    pub(crate) fn beside(&mut self) -> Operations<'_> {
        Operations { connection: self.connection, at: self.at }
    }

    /// Removes the content of rows of the audit log; a row says so, with the reason.
    pub(crate) fn strike(&mut self, rows: &[i64], reason: &'static str) -> Result<()> {
        let entry = audit::struck(self.connection, rows, reason)?;
        self.entries.extend(entry);
        Ok(())
    }

    /// Adds a change to the log.
    pub(crate) fn log(&mut self, change: PendingChange) {
        self.narrows |= matches!(change.operation, Operation::Deleted | Operation::Merged | Operation::Erased);
        self.pending.push(change);
    }

    /// Numbers what is pending when it has become much. Not to be called within `attempt`.
    pub(crate) fn number_if_many(&mut self) -> Result<()> {
        if self.pending.len() >= HELD_BACK {
            self.number_pending()?;
        }
        Ok(())
    }

    /// Does a part of the write that may fail without the rest: what it wrote is then taken back.
    pub(crate) fn attempt<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let pending = self.pending.len();
        let entries = self.entries.len();
        self.connection.batch_execute("SAVEPOINT attempt")?;
        let outcome = work(self);
        if outcome.is_err() {
            self.connection.batch_execute("ROLLBACK TO SAVEPOINT attempt")?;
            self.pending.truncate(pending);
            self.entries.truncate(entries);
        }
        self.connection.batch_execute("RELEASE SAVEPOINT attempt")?;
        outcome
    }

    /// Remembers what has become of a record that goes.
    pub(crate) fn bury(
        &mut self,
        kind: Kind,
        id: Uuid,
        operation: Operation,
        version: i64,
        into: Option<Uuid>,
    ) -> Result<()> {
        diesel::insert_into(tombstones::table)
            .values((
                tombstones::id.eq(id.to_string()),
                tombstones::kind.eq(kind.name()),
                tombstones::operation.eq(operation.name()),
                tombstones::at.eq(self.at.naive_utc()),
                tombstones::version.eq(version),
                tombstones::merged_into.eq(into.map(|id| id.to_string())),
                tombstones::audience.eq(self.could_know(id)?.name()),
            ))
            .execute(self.connection)?;
        Ok(())
    }

    /// The widest audience that was ever told of a record.
    fn could_know(&mut self, id: Uuid) -> Result<Told> {
        let pending = self.pending.iter().filter(|change| change.id == id).map(|change| change.told);
        let pending: Vec<Told> = pending.collect();
        let written: Option<(Option<i64>, Option<i64>)> = latest::table
            .filter(latest::record_id.eq(id.to_string()))
            .select((latest::public_first, latest::partners_first))
            .get_result(self.connection)
            .optional()?;
        let (public, partners) = written.unwrap_or_default();
        Ok(if public.is_some() || pending.contains(&Told::Public) {
            Told::Public
        } else if partners.is_some() || pending.contains(&Told::Partners) {
            Told::Partners
        } else {
            Told::Protected
        })
    }

    /// Takes what was public of a record and no longer is out of all that was kept of it: earlier versions, the audit log,
    /// answers kept for repetition. `hide` does it to one version; where it gives nothing, all of it goes.
    pub(crate) fn hide_past(
        &mut self,
        id: Uuid,
        mut hide: impl FnMut(&str) -> Result<Option<String>>,
        reason: &'static str,
    ) -> Result<()> {
        self.erases = true;
        let record = id.to_string();
        let held = changes::table.filter(changes::record_id.eq(&record)).filter(changes::content.is_not_null());
        let versions: Vec<(i64, Option<String>)> =
            held.select((changes::sequence, changes::content)).load(self.connection)?;
        for (sequence, content) in versions {
            let content = content.unwrap_or_default();
            let hidden = hide(&content)?;
            if hidden.as_ref() != Some(&content) {
                diesel::update(changes::table.filter(changes::sequence.eq(sequence)))
                    .set(changes::content.eq(hidden))
                    .execute(self.connection)?;
            }
        }
        for change in self.pending.iter_mut().filter(|change| change.id == id) {
            change.before = None;
        }
        let rows = audit::rows_of(self.connection, id)?;
        self.strike(&rows, reason)?;
        diesel::delete(idempotency_keys::table.filter(idempotency_keys::body.like(format!("%{record}%"))))
            .execute(self.connection)?;
        Ok(())
    }

    /// Lets PostgreSQL check now what it would check at the commit. It waits for other writers to do so, and they may
    /// wait for the counter: whoever has the counter waits for nobody.
    pub(super) fn settle(&mut self) -> Result<()> {
        if let AnyConnection::Postgresql(connection) = self.connection {
            connection.batch_execute("SET CONSTRAINTS ALL IMMEDIATE")?;
        }
        Ok(())
    }

    /// Numbers and writes what is pending, when nothing else is left to do; gives the last number so far.
    pub(crate) fn number(&mut self) -> Result<Option<i64>> {
        if !self.pending.is_empty() {
            self.settle()?;
        }
        self.number_pending()?;
        if let (Some(action), Some(first), Some(last)) = (self.whole.take(), self.first, self.last) {
            let content = serde_json::json!({"changes": {"first": first, "last": last}}).to_string();
            self.entries.push(Entry { action, content: Some(content), ..Entry::default() });
        }
        if !self.entries.is_empty() {
            let entries = std::mem::take(&mut self.entries);
            let drawn = audit::draw(self.connection, 0, i64::try_from(entries.len()).map_err(Error::internal)?)?;
            audit::append(self.connection, &self.by, self.at, &entries, drawn)?;
        }
        if let (true, Some(last)) = (self.narrows, self.last) {
            diesel::update(counter::table).set(counter::narrowed.eq(last)).execute(self.connection)?;
        }
        if self.erases {
            // Also when only the past was cleared: an index may still hold a record that was deleted before.
            diesel::update(counter::table).set(counter::erased.eq(counter::sequence)).execute(self.connection)?;
        }
        Ok(self.last)
    }

    fn number_pending(&mut self) -> Result<()> {
        let pending = std::mem::take(&mut self.pending);
        if pending.is_empty() {
            return Ok(());
        }
        let mut entries = Vec::new();
        if self.whole.is_none() {
            for change in &pending {
                entries.push(Entry {
                    action: change.operation.name(),
                    kind: Some(change.kind.name()),
                    record: Some(change.id.to_string()),
                    change: None,
                    content: match self.unsaid {
                        true => None,
                        false => audit::difference(change.before.as_deref(), change.content.as_deref())?,
                    },
                });
            }
            entries.append(&mut self.entries);
        }
        let [count, rows] = [pending.len(), entries.len()].map(|count| i64::try_from(count).map_err(Error::internal));
        let (count, rows) = (count?, rows?);
        let drawn = audit::draw(self.connection, count, rows)?;
        let last = drawn.sequence;
        self.first = self.first.or(Some(last - count + 1));
        for (entry, sequence) in entries.iter_mut().zip(last - count + 1..=last) {
            entry.change = Some(sequence);
        }
        self.write_numbered(&pending, last - count + 1)?;
        audit::append(self.connection, &self.by, self.at, &entries, drawn)?;
        self.last = Some(last);
        Ok(())
    }

    /// Writes changes under the numbers from the first on.
    fn write_numbered(&mut self, pending: &[PendingChange], first: i64) -> Result<()> {
        let at = self.at.naive_utc();
        for (part, first) in pending.chunks(WRITTEN_AT_ONCE).zip((first..).step_by(WRITTEN_AT_ONCE)) {
            let rows: Vec<NewChange<'_>> = part
                .iter()
                .zip(first..)
                .map(|(change, sequence)| NewChange {
                    sequence,
                    at,
                    actor: &self.by.client,
                    kind: change.kind.name(),
                    record_id: change.id.to_string(),
                    operation: change.operation.name(),
                    version: change.version,
                    audience: change.told.name(),
                    merged_into: change.merged_into.map(|id| id.to_string()),
                    touched: (!change.touched.is_empty()).then(|| write_touched(&change.touched)),
                    fans_out: change.fans_out,
                    content: change.content.as_deref(),
                })
                .collect();
            let insert = diesel::insert_into(changes::table).values(&rows);
            match self.connection {
                AnyConnection::Sqlite(own) => insert.execute(own)?,
                AnyConnection::Postgresql(own) => insert.execute(own)?,
            };
        }
        feed::note(self.connection, pending, first)
    }
}

/// So many rows are written by one statement.
const WRITTEN_AT_ONCE: usize = 500;

#[derive(Insertable)]
#[diesel(table_name = changes)]
struct NewChange<'a> {
    sequence: i64,
    at: NaiveDateTime,
    actor: &'a str,
    kind: &'a str,
    record_id: String,
    operation: &'a str,
    version: i64,
    audience: &'a str,
    merged_into: Option<String>,
    touched: Option<String>,
    fans_out: bool,
    content: Option<&'a str>,
}
