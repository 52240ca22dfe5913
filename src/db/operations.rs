//! Operational tables: idempotency keys, statistics, nodes (clients and webhooks stand beside). They are no resources and leave no
//! change rows.

use super::AnyConnection;
use super::schema::{idempotency_keys, nodes, statistics};
use crate::error::Result;
use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use diesel::prelude::*;

/// Statistics of another index schema go when they are so old.
const OTHERS_STATISTICS: Duration = Duration::days(30);

/// A running change of operational tables. It has no way to resource tables.
pub struct Operations<'a> {
    pub(super) connection: &'a mut AnyConnection,
    pub(super) at: DateTime<Utc>,
}

/// What is known of an idempotency key.
#[derive(Debug, PartialEq, Eq)]
pub enum Idempotent {
    /// The key is new and now taken by this request.
    New,
    /// The first request with it still runs.
    Running,
    /// It was used with another request.
    Reused,
    /// It was answered.
    Answered(StoredAnswer),
}

/// An answer kept for repetition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// HTTP status.
    pub status: u16,
    /// Header lines, as JSON list of pairs.
    pub headers: String,
    /// Body.
    pub body: String,
}

impl<'a> Operations<'a> {
    pub(super) fn new(connection: &'a mut AnyConnection, at: DateTime<Utc>) -> Self {
        Operations { connection, at }
    }

    /// The moment of the change.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.at
    }

    /// Begins a new epoch: index and copies take the database for another one and start anew. Gives the epoch.
    pub fn new_epoch(&mut self) -> Result<String> {
        super::backup::new_epoch(self.connection)
    }

    /// Takes an idempotency key for a request, or tells what it was used for. A key that has run for a minute without
    /// an answer belonged to a process that died: its write, if there was one, kept the answer in the same transaction.
    pub fn take_key(&mut self, client: &str, key: &str, fingerprint: &str) -> Result<Idempotent> {
        use idempotency_keys::dsl;
        let row: Option<(String, NaiveDateTime, Option<i64>, Option<String>, Option<String>)> = dsl::idempotency_keys
            .filter(dsl::client_id.eq(client))
            .filter(dsl::idempotency_key.eq(key))
            .select((dsl::fingerprint, dsl::created_at, dsl::status, dsl::headers, dsl::body))
            .get_result(self.connection)
            .optional()?;
        let now = self.at.naive_utc();
        if let Some((first, created_at, status, headers, body)) = row {
            let age = now - created_at;
            let abandoned = status.is_none() && age > Duration::minutes(1);
            if age < Duration::hours(24) && !abandoned {
                if first != fingerprint {
                    return Ok(Idempotent::Reused);
                }
                return Ok(match (status.and_then(|status| u16::try_from(status).ok()), headers, body) {
                    (Some(status), Some(headers), Some(body)) => {
                        Idempotent::Answered(StoredAnswer { status, headers, body })
                    }
                    _ => Idempotent::Running,
                });
            }
            diesel::delete(
                dsl::idempotency_keys.filter(dsl::client_id.eq(client)).filter(dsl::idempotency_key.eq(key)),
            )
            .execute(self.connection)?;
        }
        diesel::delete(dsl::idempotency_keys.filter(dsl::created_at.lt(now - Duration::hours(24))))
            .execute(self.connection)?;
        diesel::insert_into(dsl::idempotency_keys)
            .values((
                dsl::client_id.eq(client),
                dsl::idempotency_key.eq(key),
                dsl::fingerprint.eq(fingerprint),
                dsl::created_at.eq(now),
            ))
            .execute(self.connection)?;
        Ok(Idempotent::New)
    }

    /// Gives a key back after a request that changed nothing.
    pub fn release_key(&mut self, client: &str, key: &str) -> Result<()> {
        use idempotency_keys::dsl;
        diesel::delete(
            dsl::idempotency_keys
                .filter(dsl::client_id.eq(client))
                .filter(dsl::idempotency_key.eq(key))
                .filter(dsl::status.is_null()),
        )
        .execute(self.connection)?;
        Ok(())
    }

    /// Keeps the answer to a request under its key, in the transaction of the change it answers.
    pub(crate) fn answer_key(&mut self, client: &str, key: &str, answer: &StoredAnswer) -> Result<()> {
        answer_key(self.connection, client, key, answer)
    }

    /// Says how far a node's index has come. Nodes that have been silent for long are forgotten.
    pub fn renew_lease(&mut self, node: &str, sequence: i64) -> Result<()> {
        let now = self.at.naive_utc();
        let values = (nodes::sequence.eq(sequence), nodes::renewed_at.eq(now));
        if diesel::update(nodes::table.filter(nodes::id.eq(node))).set(values).execute(self.connection)? == 0 {
            diesel::delete(nodes::table.filter(nodes::renewed_at.lt(now - Duration::days(1))))
                .execute(self.connection)?;
            diesel::insert_into(nodes::table).values((nodes::id.eq(node), values)).execute(self.connection)?;
        }
        Ok(())
    }

    /// Ends the lease of a node that stops.
    pub fn end_lease(&mut self, node: &str) -> Result<()> {
        diesel::delete(nodes::table.filter(nodes::id.eq(node))).execute(self.connection)?;
        Ok(())
    }

    /// Stores a statistics snapshot of an index schema in the place of its last one. Those of other schemas go with them
    /// when they are so old that no program of another version serves beside this one any more; if one does, it takes
    /// them anew.
    pub fn store_statistics(&mut self, number: i64, schema_version: i64, content: &str) -> Result<()> {
        let old = (self.at - OTHERS_STATISTICS).naive_utc();
        let replaced = statistics::schema_version.eq(schema_version).or(statistics::at.lt(old));
        diesel::delete(statistics::table.filter(replaced)).execute(self.connection)?;
        diesel::insert_into(statistics::table)
            .values((
                statistics::number.eq(number),
                statistics::at.eq(self.at.naive_utc()),
                statistics::schema_version.eq(schema_version),
                statistics::content.eq(content),
            ))
            .execute(self.connection)?;
        Ok(())
    }
}

/// Keeps the answer to a request under its key, in the transaction of the write it answers.
pub(crate) fn answer_key(connection: &mut AnyConnection, client: &str, key: &str, answer: &StoredAnswer) -> Result<()> {
    use idempotency_keys::dsl;
    diesel::update(dsl::idempotency_keys.filter(dsl::client_id.eq(client)).filter(dsl::idempotency_key.eq(key)))
        .set((dsl::status.eq(i64::from(answer.status)), dsl::headers.eq(&answer.headers), dsl::body.eq(&answer.body)))
        .execute(connection)?;
    Ok(())
}

/// The number of the statistics snapshot of an index schema.
pub(crate) fn statistics_number(connection: &mut AnyConnection, schema_version: i64) -> Result<Option<i64>> {
    Ok(statistics::table
        .filter(statistics::schema_version.eq(schema_version))
        .select(statistics::number)
        .first(connection)
        .optional()?)
}

/// The content of the statistics snapshot of that number.
pub(crate) fn statistics(connection: &mut AnyConnection, schema_version: i64, number: i64) -> Result<Option<String>> {
    Ok(statistics::table
        .filter(statistics::schema_version.eq(schema_version))
        .filter(statistics::number.eq(number))
        .select(statistics::content)
        .first(connection)
        .optional()?)
}

/// How many nodes that have renewed their lease since a moment have not come so far.
pub(crate) fn nodes_behind(connection: &mut AnyConnection, sequence: i64, since: DateTime<Utc>) -> Result<i64> {
    Ok(nodes::table
        .filter(nodes::renewed_at.ge(since.naive_utc()))
        .filter(nodes::sequence.lt(sequence))
        .count()
        .get_result(connection)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, Fixed};
    use crate::db::{Db, Target};
    use std::sync::Arc;

    #[test]
    fn each_index_schema_has_its_own_statistics() {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::Sqlite(folder.path().join("test.sqlite"));
        let clock = Arc::new(Fixed::at("2026-11-24T09:00:00Z".parse().unwrap()));
        let db = Db::open(&target, Arc::clone(&clock) as Arc<dyn Clock>, 1).unwrap();
        let store = |number, schema| db.operate(|operations| operations.store_statistics(number, schema, "x")).unwrap();
        let stored = |schema| db.read(|connection| statistics_number(connection, schema)).unwrap();
        // Nodes of two versions may come to the same number.
        store(5, 1);
        store(5, 2);
        store(9, 2);
        assert_eq!((stored(1), stored(2)), (Some(5), Some(9)));
        // What no version renews goes in the end.
        clock.set(clock.now() + OTHERS_STATISTICS + Duration::seconds(1));
        store(12, 2);
        assert_eq!((stored(1), stored(2)), (None, Some(12)));
    }
}
