//! What is kept beside the records: where a person may be found in it, and how they are taken out.

use super::AnyConnection;
use super::change_log::{id, kind};
use super::operations::Operations;
use super::schema::{changes, clients, idempotency_keys, webhooks};
use crate::error::Result;
use crate::resources::Kind;
use diesel::prelude::*;
use uuid::Uuid;

/// A version of a record in the change log.
pub(crate) struct Version {
    /// Its number.
    pub sequence: i64,
    /// What it is of.
    pub kind: Kind,
    /// Of which.
    pub id: Uuid,
    /// Canonical JSON.
    pub content: String,
}

/// So many versions after a number.
pub(crate) fn versions_after(connection: &mut AnyConnection, sequence: i64, limit: i64) -> Result<Vec<Version>> {
    let rows: Vec<(i64, String, String, Option<String>)> = changes::table
        .filter(changes::sequence.gt(sequence))
        .filter(changes::content.is_not_null())
        .order(changes::sequence)
        .limit(limit)
        .select((changes::sequence, changes::kind, changes::record_id, changes::content))
        .load(connection)?;
    rows.into_iter()
        .map(|(sequence, kind_name, record, content)| {
            let content = content.unwrap_or_default();
            Ok(Version { sequence, kind: kind(&kind_name)?, id: id(&record)?, content })
        })
        .collect()
}

/// Answers kept for repetition: client, key, body.
pub(crate) fn kept_answers(connection: &mut AnyConnection) -> Result<Vec<(String, String, String)>> {
    let rows: Vec<(String, String, Option<String>)> = idempotency_keys::table
        .filter(idempotency_keys::body.is_not_null())
        .select((idempotency_keys::client_id, idempotency_keys::idempotency_key, idempotency_keys::body))
        .load(connection)?;
    Ok(rows.into_iter().map(|(client, key, body)| (client, key, body.unwrap_or_default())).collect())
}

impl Operations<'_> {
    /// Drops an answer kept for repetition.
    pub(crate) fn drop_answer(&mut self, client: &str, key: &str) -> Result<()> {
        let it = idempotency_keys::table
            .filter(idempotency_keys::client_id.eq(client))
            .filter(idempotency_keys::idempotency_key.eq(key));
        diesel::delete(it).execute(self.connection)?;
        Ok(())
    }

    /// Gives a client another name.
    pub(crate) fn rename_client(&mut self, id: &str, name: &str) -> Result<()> {
        diesel::update(clients::table.filter(clients::id.eq(id)))
            .set(clients::name.eq(name))
            .execute(self.connection)?;
        Ok(())
    }

    /// Gives a webhook another description.
    pub(crate) fn describe_webhook(&mut self, id: &str, description: &str) -> Result<()> {
        diesel::update(webhooks::table.filter(webhooks::id.eq(id)))
            .set((webhooks::description.eq(description), webhooks::version.eq(webhooks::version + 1)))
            .execute(self.connection)?;
        Ok(())
    }
}
