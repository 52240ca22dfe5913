//! Webhooks as they are stored, and the claims by which one node at a time delivers for each.

use super::schema::{clients, deliveries, webhooks};
use super::{AnyConnection, Head, Operations};
use crate::error::{Error, Result};
use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;

/// A node that delivers has to say so again within this time; its claim is free afterwards.
const CLAIM: Duration = Duration::seconds(60);

/// Whether a webhook is delivered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    /// It is.
    Active,
    /// Its owner does not want it now.
    Paused,
    /// It failed for too long, or its receiver wants no more.
    Dead,
}

impl Status {
    /// The word for it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Status::Active => "active",
            Status::Paused => "paused",
            Status::Dead => "dead",
        }
    }
}

/// A stored webhook.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = webhooks)]
pub(crate) struct WebhookRow {
    /// Its id.
    pub id: String,
    /// The client that it belongs to.
    pub client_id: String,
    /// Raised by one with every change of its owner's.
    pub version: i64,
    /// When it was made.
    pub created_at: NaiveDateTime,
    /// When its owner last changed it.
    pub updated_at: NaiveDateTime,
    /// Where events are sent.
    pub url: String,
    /// Which, in the grammar of the change feed.
    pub filter: String,
    /// What it is for, for people.
    pub description: String,
    /// active, paused or dead.
    pub status: String,
    /// Why it is dead.
    pub reason: Option<String>,
    /// The number of its secret, from 1.
    pub generation: i64,
    /// Until when the secret before signs too.
    pub former_until: Option<NaiveDateTime>,
    /// The epoch that its position counts in.
    pub epoch: String,
    /// All up to this change was told.
    pub sequence: i64,
    /// When that last moved.
    pub moved_at: NaiveDateTime,
    /// How often it failed since it last succeeded.
    pub failures: i64,
    /// Since when.
    pub failing_since: Option<NaiveDateTime>,
    /// Not before this moment is anything sent.
    pub attempt_at: NaiveDateTime,
    /// Who delivers now.
    pub claim: Option<String>,
    /// Until when that holds.
    pub claimed_until: Option<NaiveDateTime>,
}

/// One sending of one event.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = deliveries)]
pub(crate) struct DeliveryRow {
    /// Its id; later ones are greater.
    pub id: String,
    /// The webhook.
    pub webhook_id: String,
    /// When.
    pub at: NaiveDateTime,
    /// The event.
    pub event_id: String,
    /// What the event says.
    pub event_type: String,
    /// The how-manieth sending of what stood there, from 1.
    pub attempt: i64,
    /// How it went.
    pub outcome: String,
    /// The status that the receiver answered.
    pub status: Option<i64>,
    /// How long it took.
    pub milliseconds: i64,
}

/// What a failure does to a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failing {
    /// How often it has failed now.
    pub failures: i64,
    /// Since when.
    pub since: NaiveDateTime,
    /// When it is tried again.
    pub attempt_at: NaiveDateTime,
    /// Why it is dead from now on, when it is.
    pub dead: Option<&'static str>,
}

impl Operations<'_> {
    /// Stores a webhook.
    pub(crate) fn insert_webhook(&mut self, webhook: WebhookRow) -> Result<()> {
        diesel::insert_into(webhooks::table).values(webhook).execute(self.connection)?;
        Ok(())
    }

    /// The webhook of that id.
    pub(crate) fn webhook(&mut self, id: &str) -> Result<Option<WebhookRow>> {
        webhook(self.connection, id)
    }

    /// How many webhooks a client has.
    pub(crate) fn webhooks_of(&mut self, client: &str) -> Result<usize> {
        let count: i64 = webhooks::table.filter(webhooks::client_id.eq(client)).count().get_result(self.connection)?;
        usize::try_from(count).map_err(Error::internal)
    }

    /// Where the change log stands.
    pub(crate) fn head(&mut self) -> Result<Head> {
        super::head(self.connection)
    }

    /// Stores what its owner changed of a webhook that still has that version. `anew` takes it from whoever delivers now.
    pub(crate) fn change_webhook(&mut self, version: i64, row: &WebhookRow, anew: bool) -> Result<()> {
        use webhooks::dsl;
        let changed = diesel::update(dsl::webhooks.filter(dsl::id.eq(&row.id)).filter(dsl::version.eq(version)))
            .set((
                dsl::version.eq(row.version),
                dsl::updated_at.eq(row.updated_at),
                dsl::url.eq(&row.url),
                dsl::filter.eq(&row.filter),
                dsl::description.eq(&row.description),
                dsl::status.eq(&row.status),
                dsl::reason.eq(&row.reason),
                dsl::generation.eq(row.generation),
                dsl::former_until.eq(row.former_until),
            ))
            .execute(self.connection)?;
        if changed == 0 {
            return Err(Error::Clash("a webhook was changed meanwhile".to_owned()));
        }
        if anew {
            diesel::update(dsl::webhooks.filter(dsl::id.eq(&row.id)))
                .set((
                    dsl::epoch.eq(&row.epoch),
                    dsl::sequence.eq(row.sequence),
                    dsl::moved_at.eq(row.moved_at),
                    dsl::failures.eq(row.failures),
                    dsl::failing_since.eq(row.failing_since),
                    dsl::attempt_at.eq(row.attempt_at),
                    dsl::claim.eq(None::<String>),
                    dsl::claimed_until.eq(None::<NaiveDateTime>),
                ))
                .execute(self.connection)?;
        }
        Ok(())
    }

    /// Deletes a webhook and its log.
    pub(crate) fn delete_webhook(&mut self, id: &str) -> Result<()> {
        diesel::delete(deliveries::table.filter(deliveries::webhook_id.eq(id))).execute(self.connection)?;
        diesel::delete(webhooks::table.filter(webhooks::id.eq(id))).execute(self.connection)?;
        Ok(())
    }

    /// Claims a webhook that is due and that nobody delivers for; gives it as it is then.
    pub(crate) fn claim_webhook(&mut self, id: &str, claim: &str) -> Result<Option<WebhookRow>> {
        use webhooks::dsl;
        let now = self.at.naive_utc();
        let free = dsl::claimed_until.is_null().or(dsl::claimed_until.le(now));
        let due = dsl::status.eq(Status::Active.name()).and(dsl::attempt_at.le(now));
        let claimed = diesel::update(dsl::webhooks.filter(dsl::id.eq(id)).filter(due).filter(free))
            .set((dsl::claim.eq(claim), dsl::claimed_until.eq(now + CLAIM)))
            .execute(self.connection)?;
        if claimed == 0 { Ok(None) } else { webhook(self.connection, id) }
    }

    /// Notes that an event was delivered and that all up to a change is told; false when the claim is no longer held.
    pub(crate) fn delivered(&mut self, claim: &str, position: &Head, delivery: &DeliveryRow) -> Result<bool> {
        use webhooks::dsl;
        let now = self.at.naive_utc();
        let moved = diesel::update(dsl::webhooks.filter(dsl::id.eq(&delivery.webhook_id)).filter(dsl::claim.eq(claim)))
            .set((
                dsl::epoch.eq(&position.epoch),
                dsl::sequence.eq(position.sequence),
                dsl::moved_at.eq(now),
                dsl::failures.eq(0),
                dsl::failing_since.eq(None::<NaiveDateTime>),
                dsl::claimed_until.eq(now + CLAIM),
            ))
            .execute(self.connection)?;
        self.log_delivery(delivery)?;
        Ok(moved > 0)
    }

    /// Notes that an event was not delivered, and ends the claim.
    pub(crate) fn not_delivered(&mut self, claim: &str, failing: &Failing, delivery: &DeliveryRow) -> Result<()> {
        use webhooks::dsl;
        let status = if failing.dead.is_some() { Status::Dead } else { Status::Active };
        diesel::update(dsl::webhooks.filter(dsl::id.eq(&delivery.webhook_id)).filter(dsl::claim.eq(claim)))
            .set((
                dsl::failures.eq(failing.failures),
                dsl::failing_since.eq(failing.since),
                dsl::attempt_at.eq(failing.attempt_at),
                dsl::status.eq(status.name()),
                dsl::reason.eq(failing.dead),
                dsl::claim.eq(None::<String>),
                dsl::claimed_until.eq(None::<NaiveDateTime>),
            ))
            .execute(self.connection)?;
        self.log_delivery(delivery)
    }

    fn log_delivery(&mut self, delivery: &DeliveryRow) -> Result<()> {
        // The webhook may have been deleted while the event was under way.
        let there: i64 =
            webhooks::table.filter(webhooks::id.eq(&delivery.webhook_id)).count().get_result(self.connection)?;
        if there > 0 {
            diesel::insert_into(deliveries::table).values(delivery.clone()).execute(self.connection)?;
        }
        Ok(())
    }

    /// Ends a claim; all up to a change is told.
    pub(crate) fn release_webhook(&mut self, id: &str, claim: &str, sequence: i64) -> Result<()> {
        use webhooks::dsl;
        diesel::update(dsl::webhooks.filter(dsl::id.eq(id)).filter(dsl::claim.eq(claim)))
            .set((
                dsl::sequence.eq(sequence),
                dsl::moved_at.eq(self.at.naive_utc()),
                dsl::claim.eq(None::<String>),
                dsl::claimed_until.eq(None::<NaiveDateTime>),
            ))
            .execute(self.connection)?;
        Ok(())
    }

    /// Notes that nothing between two changes concerns a webhook, unless somebody was at it meanwhile.
    pub(crate) fn skip_webhook(&mut self, seen: &WebhookRow, sequence: i64) -> Result<()> {
        use webhooks::dsl;
        let same = dsl::version.eq(seen.version).and(dsl::epoch.eq(&seen.epoch)).and(dsl::sequence.eq(seen.sequence));
        diesel::update(dsl::webhooks.filter(dsl::id.eq(&seen.id)).filter(same).filter(dsl::claim.is_null()))
            .set((dsl::sequence.eq(sequence), dsl::moved_at.eq(self.at.naive_utc())))
            .execute(self.connection)?;
        Ok(())
    }

    /// Drops what the log of deliveries holds from before a moment.
    pub(crate) fn forget_deliveries(&mut self, before: NaiveDateTime) -> Result<usize> {
        Ok(diesel::delete(deliveries::table.filter(deliveries::at.lt(before))).execute(self.connection)?)
    }
}

/// The webhook of that id.
pub(crate) fn webhook(connection: &mut AnyConnection, id: &str) -> Result<Option<WebhookRow>> {
    Ok(webhooks::table.filter(webhooks::id.eq(id)).get_result(connection).optional()?)
}

/// The webhooks of a client, or of all, oldest first.
pub(crate) fn webhooks_of(connection: &mut AnyConnection, client: Option<&str>) -> Result<Vec<WebhookRow>> {
    let all = webhooks::table.order(webhooks::id);
    Ok(match client {
        Some(client) => all.filter(webhooks::client_id.eq(client)).load(connection)?,
        None => all.load(connection)?,
    })
}

/// The webhooks that changes may wait for and that nobody delivers for, the one that waits longest first.
pub(crate) fn webhooks_due(connection: &mut AnyConnection, now: NaiveDateTime, head: &Head) -> Result<Vec<WebhookRow>> {
    use webhooks::dsl;
    let free = dsl::claimed_until.is_null().or(dsl::claimed_until.le(now));
    let behind = dsl::sequence.lt(head.sequence).or(dsl::epoch.ne(&head.epoch));
    let revoked = clients::table.filter(clients::id.eq(webhooks::client_id)).filter(clients::revoked_at.is_not_null());
    Ok(dsl::webhooks
        .filter(dsl::status.eq(Status::Active.name()))
        .filter(dsl::attempt_at.le(now))
        .filter(free)
        .filter(behind)
        .filter(diesel::dsl::not(diesel::dsl::exists(revoked)))
        .order(dsl::moved_at)
        .select(webhooks::all_columns)
        .load(connection)?)
}

/// The newest deliveries of a webhook before one of them, newest first.
pub(crate) fn deliveries(
    connection: &mut AnyConnection,
    webhook: &str,
    before: Option<&str>,
    limit: i64,
) -> Result<Vec<DeliveryRow>> {
    let newest = deliveries::table.filter(deliveries::webhook_id.eq(webhook)).order(deliveries::id.desc()).limit(limit);
    Ok(match before {
        Some(before) => newest.filter(deliveries::id.lt(before)).load(connection)?,
        None => newest.load(connection)?,
    })
}

/// How many webhooks have each status.
pub(crate) fn webhook_counts(connection: &mut AnyConnection) -> Result<Vec<(String, i64)>> {
    Ok(webhooks::table
        .group_by(webhooks::status)
        .select((webhooks::status, diesel::dsl::count_star()))
        .load(connection)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, Fixed};
    use crate::db::{ClientRow, Db, Target};
    use chrono::{DateTime, Utc};
    use std::sync::Arc;

    fn now() -> DateTime<Utc> {
        "2026-11-24T09:00:00Z".parse().unwrap()
    }

    fn client() -> ClientRow {
        ClientRow {
            id: "c".to_owned(),
            name: "x".to_owned(),
            role: "reader".to_owned(),
            organisation_id: None,
            scopes: String::new(),
            created_at: now().naive_utc(),
            revoked_at: None,
        }
    }

    fn hook(epoch: &str) -> WebhookRow {
        let at = now().naive_utc();
        WebhookRow {
            id: "w".to_owned(),
            client_id: "c".to_owned(),
            version: 1,
            created_at: at,
            updated_at: at,
            url: "https://example.org/".to_owned(),
            filter: String::new(),
            description: String::new(),
            status: Status::Active.name().to_owned(),
            reason: None,
            generation: 1,
            former_until: None,
            epoch: epoch.to_owned(),
            sequence: 0,
            moved_at: at,
            failures: 0,
            failing_since: None,
            attempt_at: at,
            claim: None,
            claimed_until: None,
        }
    }

    fn delivery(id: &str) -> DeliveryRow {
        DeliveryRow {
            id: id.to_owned(),
            webhook_id: "w".to_owned(),
            at: now().naive_utc(),
            event_id: "e".to_owned(),
            event_type: "organisation.updated".to_owned(),
            attempt: 1,
            outcome: "delivered".to_owned(),
            status: Some(204),
            milliseconds: 1,
        }
    }

    #[test]
    fn one_at_a_time_holds_a_claim_and_a_silent_one_loses_it() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(Fixed::at(now()));
        let target = Target::Sqlite(folder.path().join("x.sqlite"));
        let db = Db::open(&target, Arc::clone(&clock) as Arc<dyn Clock>, 1).unwrap();
        let head = Head { sequence: 7, ..db.head().unwrap() };
        db.operate(|operations| {
            operations.insert_client(&client())?;
            operations.insert_webhook(hook(&head.epoch))
        })
        .unwrap();
        let claim = |by: &str| db.operate(|operations| operations.claim_webhook("w", by)).unwrap().is_some();
        let due = || {
            let at = clock.now().naive_utc();
            !db.read(|connection| webhooks_due(connection, at, &head)).unwrap().is_empty()
        };
        let delivered =
            |by: &str, id: &str| db.operate(|operations| operations.delivered(by, &head, &delivery(id))).unwrap();
        assert!(due() && claim("one"));
        assert!(!due() && !claim("other"), "two deliver at once");
        clock.set(now() + Duration::seconds(59));
        assert!(!claim("other"), "a claim ended too early");
        clock.set(now() + Duration::seconds(61));
        assert!(due() && claim("other"));
        assert!(!delivered("one", "1"), "who lost its claim still moves the position");
        assert_eq!(db.read(|connection| webhook(connection, "w")).unwrap().unwrap().sequence, 0);
        assert!(delivered("other", "2"));
        db.operate(|operations| operations.release_webhook("w", "other", 7)).unwrap();
        assert!(!due(), "it is level");
        assert_eq!(db.read(|connection| deliveries(connection, "w", None, 9)).unwrap().len(), 2);
    }
}
