//! The audit log: who did what, when, from which request, and what it changed. Rows are only added. Each holds the hash of
//! its content and, over that, the hash of itself and the row before: content can be removed and the chain still holds.

use super::AnyConnection;
use super::moment::Moment;
use super::operations::Operations;
use super::schema::{audit, counter};
use crate::auth::actor::Actor;
use crate::error::{Error, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use uuid::Uuid;

/// The action of a row that tells of removed content.
pub(crate) const CONTENT_REMOVED: &str = "content-removed";
/// So many rows are read at once.
const PAGE: i64 = 1_000;

/// Who acts, and in which request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// The client: its id, `operator`, or the issuer's name and the subject.
    pub client: String,
    /// The outside issuer whose token named it.
    pub issuer: Option<String>,
    /// The request.
    pub request: Option<Uuid>,
}

impl By {
    /// A job of the service's own.
    pub(crate) fn job(name: &str) -> By {
        By { client: name.to_owned(), issuer: None, request: None }
    }

    /// In a request.
    #[must_use]
    pub(crate) fn within(self, request: Uuid) -> By {
        By { request: Some(request), ..self }
    }
}

impl From<&Actor> for By {
    fn from(actor: &Actor) -> By {
        By { client: actor.name().to_owned(), issuer: actor.issuer().map(str::to_owned), request: None }
    }
}

/// One thing that was done.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    /// What: a word.
    pub action: &'static str,
    /// To what kind of thing.
    pub kind: Option<&'static str>,
    /// To which.
    pub record: Option<String>,
    /// The number of the change, where it is one of the change log.
    pub change: Option<i64>,
    /// What there is to tell of it, as JSON; nothing protected.
    pub content: Option<String>,
}

/// A row of the log.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub(crate) struct AuditRow {
    pub number: i64,
    pub at: Moment,
    pub client: String,
    pub issuer: Option<String>,
    pub request_id: Option<String>,
    pub action: String,
    pub kind: Option<String>,
    pub record_id: Option<String>,
    pub change_sequence: Option<i64>,
    pub salt: Option<String>,
    pub content: Option<String>,
    pub content_hash: String,
    pub hash: String,
}

/// Numbers drawn for rows that are about to be written; the counter is the writer's until it commits.
pub(super) struct Drawn {
    /// The last number of the change log.
    pub sequence: i64,
    /// The last number of the audit log.
    pub audit: i64,
    /// The hash of the row before.
    pub hash: String,
}

/// Draws so many numbers of the change log and of the audit log.
pub(super) fn draw(connection: &mut AnyConnection, changes: i64, entries: i64) -> Result<Drawn> {
    let (sequence, audit, hash): (i64, i64, Option<String>) = diesel::update(counter::table.filter(counter::id.eq(1)))
        .set((counter::sequence.eq(counter::sequence + changes), counter::audit.eq(counter::audit + entries)))
        .returning((counter::sequence, counter::audit, counter::audit_hash))
        .get_result(connection)?;
    Ok(Drawn { sequence, audit, hash: hash.unwrap_or_default() })
}

#[derive(Insertable)]
#[diesel(table_name = audit)]
struct NewRow<'a> {
    number: i64,
    at: NaiveDateTime,
    client: &'a str,
    issuer: Option<&'a str>,
    request_id: Option<String>,
    action: &'a str,
    kind: Option<&'a str>,
    record_id: Option<&'a str>,
    change_sequence: Option<i64>,
    salt: Option<String>,
    content: Option<&'a str>,
    content_hash: String,
    hash: String,
}

/// Adds rows under drawn numbers.
pub(super) fn append(
    connection: &mut AnyConnection,
    by: &By,
    at: DateTime<Utc>,
    entries: &[Entry],
    drawn: Drawn,
) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(entries.len()).map_err(Error::internal)?;
    let request = by.request.map(|request| request.to_string());
    let mut before = drawn.hash;
    let mut rows = Vec::with_capacity(entries.len());
    for (entry, number) in entries.iter().zip(drawn.audit - count + 1..) {
        let salt = entry.content.as_ref().map(|_| URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>()));
        let content_hash = match (&salt, &entry.content) {
            (Some(salt), Some(content)) => hash_of_content(salt, content),
            _ => String::new(),
        };
        let mut row = NewRow {
            number,
            at: at.naive_utc(),
            client: &by.client,
            issuer: by.issuer.as_deref(),
            request_id: request.clone(),
            action: entry.action,
            kind: entry.kind,
            record_id: entry.record.as_deref(),
            change_sequence: entry.change,
            salt,
            content: entry.content.as_deref(),
            content_hash,
            hash: String::new(),
        };
        row.hash = hash_of_row(&before, &row.said());
        before.clone_from(&row.hash);
        rows.push(row);
    }
    for rows in rows.chunks(500) {
        let insert = diesel::insert_into(audit::table).values(rows);
        match connection {
            AnyConnection::Sqlite(own) => insert.execute(own)?,
            AnyConnection::Postgresql(own) => insert.execute(own)?,
        };
    }
    diesel::update(counter::table).set(counter::audit_hash.eq(before)).execute(connection)?;
    Ok(())
}

/// What a row's hash is taken over, beside the hash before it.
struct Said<'a> {
    number: i64,
    micros: i64,
    client: &'a str,
    issuer: Option<&'a str>,
    request: Option<&'a str>,
    action: &'a str,
    kind: Option<&'a str>,
    record: Option<&'a str>,
    change: Option<i64>,
    content_hash: &'a str,
}

impl NewRow<'_> {
    fn said(&self) -> Said<'_> {
        Said {
            number: self.number,
            micros: self.at.and_utc().timestamp_micros(),
            client: self.client,
            issuer: self.issuer,
            request: self.request_id.as_deref(),
            action: self.action,
            kind: self.kind,
            record: self.record_id,
            change: self.change_sequence,
            content_hash: &self.content_hash,
        }
    }
}

impl AuditRow {
    fn said(&self) -> Said<'_> {
        Said {
            number: self.number,
            micros: self.at.0.timestamp_micros(),
            client: &self.client,
            issuer: self.issuer.as_deref(),
            request: self.request_id.as_deref(),
            action: &self.action,
            kind: self.kind.as_deref(),
            record: self.record_id.as_deref(),
            change: self.change_sequence,
            content_hash: &self.content_hash,
        }
    }
}

fn hash_of_content(salt: &str, content: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(salt);
    hash.update(content);
    URL_SAFE_NO_PAD.encode(hash.finalize())
}

fn hash_of_row(before: &str, said: &Said<'_>) -> String {
    let text = json!([
        before,
        said.number,
        said.micros,
        said.client,
        said.issuer,
        said.request,
        said.action,
        said.kind,
        said.record,
        said.change,
        said.content_hash
    ]);
    URL_SAFE_NO_PAD.encode(Sha256::digest(text.to_string()))
}

/// What a change made of a record: the properties that differ, before and after. Version and times are left out: the row has
/// them.
pub(super) fn difference(before: Option<&str>, after: Option<&str>) -> Result<Option<String>> {
    let read = |text: Option<&str>| -> Result<Map<String, Value>> {
        Ok(text.map(serde_json::from_str).transpose()?.unwrap_or_default())
    };
    let (mut was, mut is) = (read(before)?, read(after)?);
    for name in ["id", "version", "createdAt", "updatedAt"] {
        was.shift_remove(name);
        is.shift_remove(name);
    }
    let same: Vec<String> =
        was.iter().filter(|(name, value)| is.get(*name) == Some(value)).map(|(n, _)| n.clone()).collect();
    for name in same {
        was.shift_remove(&name);
        is.shift_remove(&name);
    }
    let mut told = Map::new();
    if before.is_some() && !was.is_empty() {
        told.insert("before".to_owned(), Value::Object(was));
    }
    if after.is_some() && !is.is_empty() {
        told.insert("after".to_owned(), Value::Object(is));
    }
    Ok(if told.is_empty() { None } else { Some(Value::Object(told).to_string()) })
}

impl Operations<'_> {
    /// Adds a row.
    pub(crate) fn note(&mut self, by: &By, entry: Entry) -> Result<()> {
        let drawn = draw(self.connection, 0, 1)?;
        append(self.connection, by, self.at, &[entry], drawn)
    }

    /// Removes the content of all rows from before a moment, and adds one that says so; gives how many.
    pub(crate) fn strike_before(&mut self, by: &By, before: DateTime<Utc>) -> Result<usize> {
        let old = audit::at.lt(before.naive_utc());
        let last: Option<i64> = audit::table
            .filter(old)
            .filter(audit::content.is_not_null())
            .order(audit::number.desc())
            .select(audit::number)
            .first(self.connection)
            .optional()?;
        let Some(last) = last else { return Ok(0) };
        let rows = audit::table.filter(audit::number.le(last)).filter(audit::content.is_not_null());
        let removed = diesel::update(rows)
            .set((audit::content.eq(None::<String>), audit::salt.eq(None::<String>)))
            .execute(self.connection)?;
        let content = json!({"upTo": last, "reason": "retention"}).to_string();
        self.note(by, Entry { action: CONTENT_REMOVED, content: Some(content), ..Entry::default() })?;
        Ok(removed)
    }
}

/// Removes the content of rows; gives the entry that tells of it, where there was any.
pub(super) fn struck(connection: &mut AnyConnection, numbers: &[i64], reason: &'static str) -> Result<Option<Entry>> {
    let mut removed: Vec<i64> = Vec::new();
    for numbers in numbers.chunks(500) {
        let rows = audit::table.filter(audit::number.eq_any(numbers)).filter(audit::content.is_not_null());
        removed.extend(rows.select(audit::number).load::<i64>(connection)?);
        diesel::update(audit::table.filter(audit::number.eq_any(numbers)))
            .set((audit::content.eq(None::<String>), audit::salt.eq(None::<String>)))
            .execute(connection)?;
    }
    if removed.is_empty() {
        return Ok(None);
    }
    removed.sort_unstable();
    let content = json!({"numbers": removed, "reason": reason}).to_string();
    Ok(Some(Entry { action: CONTENT_REMOVED, content: Some(content), ..Entry::default() }))
}

/// The rows of a record that have content.
pub(super) fn rows_of(connection: &mut AnyConnection, record: Uuid) -> Result<Vec<i64>> {
    Ok(audit::table
        .filter(audit::record_id.eq(record.to_string()))
        .filter(audit::content.is_not_null())
        .select(audit::number)
        .load(connection)?)
}

/// Which rows are asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// Of this client.
    pub client: Option<String>,
    /// Of this action.
    pub action: Option<String>,
    /// Of this kind of thing.
    pub kind: Option<String>,
    /// Of this thing.
    pub record: Option<String>,
    /// From this request.
    pub request: Option<String>,
    /// At this moment or later.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub to: Option<DateTime<Utc>>,
    /// Numbered below this.
    pub below: Option<i64>,
}

/// So many rows, newest first.
pub(crate) fn entries(connection: &mut AnyConnection, wanted: &Wanted, limit: i64) -> Result<Vec<AuditRow>> {
    let mut query = audit::table.into_boxed();
    if let Some(client) = &wanted.client {
        query = query.filter(audit::client.eq(client));
    }
    if let Some(action) = &wanted.action {
        query = query.filter(audit::action.eq(action));
    }
    if let Some(kind) = &wanted.kind {
        query = query.filter(audit::kind.eq(kind));
    }
    if let Some(record) = &wanted.record {
        query = query.filter(audit::record_id.eq(record));
    }
    if let Some(request) = &wanted.request {
        query = query.filter(audit::request_id.eq(request));
    }
    if let Some(from) = wanted.from {
        query = query.filter(audit::at.ge(from.naive_utc()));
    }
    if let Some(to) = wanted.to {
        query = query.filter(audit::at.lt(to.naive_utc()));
    }
    if let Some(below) = wanted.below {
        query = query.filter(audit::number.lt(below));
    }
    Ok(query.order(audit::number.desc()).limit(limit).load(connection)?)
}

/// So many rows after a number, oldest first.
pub(crate) fn entries_after(connection: &mut AnyConnection, number: i64, limit: i64) -> Result<Vec<AuditRow>> {
    Ok(audit::table.filter(audit::number.gt(number)).order(audit::number).limit(limit).load(connection)?)
}

/// What a check of the log found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many rows there are.
    pub rows: i64,
    /// Rows whose content was removed, each told of by a later row.
    pub removed: usize,
    /// The hash of the last row.
    pub hash: String,
}

/// Follows the chain from its beginning; gives the first row that breaks it, in words.
pub(crate) fn verify(connection: &mut AnyConnection) -> Result<Result<Verified, String>> {
    let (count, head): (i64, Option<String>) =
        counter::table.select((counter::audit, counter::audit_hash)).first(connection)?;
    let head = head.unwrap_or_default();
    let mut chain = Chain::default();
    loop {
        let rows = entries_after(connection, chain.number, PAGE)?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            if let Err(broken) = chain.take(row) {
                return Ok(Err(broken));
            }
        }
    }
    if (chain.number, &chain.hash) != (count, &head) {
        return Ok(Err(format!("the log ends at row {}, and {count} were written", chain.number)));
    }
    if let Some(number) = chain.unexplained.first() {
        return Ok(Err(format!("the content of row {number} is gone, and no row says why")));
    }
    Ok(Ok(Verified { rows: chain.number, removed: chain.removed, hash: chain.hash }))
}

/// How far a check has come.
#[derive(Default)]
struct Chain {
    number: i64,
    hash: String,
    removed: usize,
    /// Rows whose content is gone and that no row has told of yet.
    unexplained: BTreeSet<i64>,
}

impl Chain {
    fn take(&mut self, row: AuditRow) -> Result<(), String> {
        let number = row.number;
        if number != self.number + 1 {
            return Err(format!("row {} is missing", self.number + 1));
        }
        if row.hash != hash_of_row(&self.hash, &row.said()) {
            return Err(format!("row {number} was changed"));
        }
        match (&row.salt, &row.content) {
            (Some(salt), Some(content)) => {
                if hash_of_content(salt, content) != row.content_hash {
                    return Err(format!("the content of row {number} was changed"));
                }
                if row.action == CONTENT_REMOVED {
                    self.explain(content);
                }
            }
            (None, None) if row.content_hash.is_empty() => {}
            (None, None) => {
                self.removed += 1;
                self.unexplained.insert(number);
            }
            _ => return Err(format!("row {number} has half of its content")),
        }
        (self.number, self.hash) = (number, row.hash);
        Ok(())
    }

    fn explain(&mut self, content: &str) {
        let told: Value = serde_json::from_str(content).unwrap_or_default();
        if let Some(last) = told["upTo"].as_i64() {
            self.unexplained = self.unexplained.split_off(&(last + 1));
        }
        for number in told["numbers"].as_array().into_iter().flatten().filter_map(Value::as_i64) {
            self.unexplained.remove(&number);
        }
    }
}

#[cfg(test)]
mod tests;
