//! A turn of a webhook: what it has not been told yet is sent in order, one event at a time, until it is level or fails.
//!
//! An event carries the record as it is when it is sent. The position moves with every event that the receiver took, in the
//! database: whichever node goes on, goes on from there.

use super::Counts;
use super::sender::{Message, Outcome, Secret, Sender, Sent};
use crate::auth::keys::Keys;
use crate::clock::Clock;
use crate::db::webhooks::{DeliveryRow, Failing, WebhookRow, webhook};
use crate::db::{Db, Head, head};
use crate::error::{Code, Result};
use crate::resources::Audience;
use crate::resources::values::rfc3339;
use crate::search::query::Query;
use crate::transfer::feed::{self, Asked, Item, Page, Standing};
use chrono::{DateTime, TimeDelta, Utc};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// So many events are read at once.
const PAGE: usize = 50;
/// What was read longer ago is read again before it is sent: it may have been withdrawn since.
const FRESH: Duration = Duration::from_secs(1);
/// A turn ends after so long, so that others get theirs.
const TURN: Duration = Duration::from_secs(5);
/// The first delay after a failure, in seconds; it doubles with each further one.
const FIRST_DELAY: i64 = 5;
/// The longest delay, in seconds.
const LONGEST_DELAY: i64 = 30 * 60;
/// A position that nothing concerns is written down after so many changes, or so long.
const SKIPPED: i64 = 500;
const SKIPPED_FOR: TimeDelta = TimeDelta::hours(1);

/// What a node needs for delivering.
pub(super) struct Deliverer {
    /// The database.
    pub db: Db,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// What secrets are derived from.
    pub keys: Arc<Keys>,
    /// Reads a filter.
    pub filter: fn(&str) -> Result<Query>,
    /// Sends.
    pub sender: Sender,
    /// The address of the export.
    pub export: String,
    /// A webhook that has failed for so long is dead.
    pub patience: TimeDelta,
    /// What is counted.
    pub counts: Arc<Counts>,
}

/// How far a node has looked for a webhook: nothing up to there concerns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// Of which version of the webhook.
    pub version: i64,
    /// In which epoch.
    pub epoch: String,
    /// Up to which change.
    pub sequence: i64,
}

/// What comes next for a webhook.
enum Next {
    /// These events.
    Events(Page),
    /// The feed cannot be followed from where it stands.
    Restart(Head),
}

impl Deliverer {
    /// Gives a webhook its turn; says how far it was looked.
    pub(super) fn turn(&self, id: &str, seen: Option<&Seen>, stop: &AtomicBool) -> Result<Option<Seen>> {
        let Some(mut hook) = self.db.read(|connection| webhook(connection, id))? else { return Ok(None) };
        let asked = self.asked(&hook)?;
        let mut place = hook.sequence;
        if let Some(seen) = seen.filter(|seen| seen.version == hook.version && seen.epoch == hook.epoch) {
            place = place.max(seen.sequence);
        }
        // Nothing is claimed before there is something to tell.
        let Some(first) = self.next(&hook, &asked, &mut place)? else {
            if place - hook.sequence >= SKIPPED || self.clock.now().naive_utc() - hook.moved_at >= SKIPPED_FOR {
                self.db.operate(|operations| operations.skip_webhook(&hook, place))?;
            }
            return Ok(Some(Seen { version: hook.version, epoch: hook.epoch, sequence: place }));
        };
        let claim = Uuid::new_v4().to_string();
        match self.db.operate(|operations| operations.claim_webhook(id, &claim))? {
            Some(claimed) if (claimed.version, claimed.sequence) == (hook.version, hook.sequence) => hook = claimed,
            Some(claimed) => {
                // Somebody was at it since it was read: what was looked up may be wrong.
                self.release(&claimed, &claim, claimed.sequence)?;
                return Ok(None);
            }
            None => return Ok(None),
        }
        self.tell(hook, &asked, &claim, first, stop)
    }

    /// Sends what comes next until there is no more, a sending fails, or the turn is over.
    fn tell(
        &self,
        mut hook: WebhookRow,
        asked: &Asked,
        claim: &str,
        first: Next,
        stop: &AtomicBool,
    ) -> Result<Option<Seen>> {
        let since = Instant::now();
        let mut next = Some(first);
        let mut place = hook.sequence;
        loop {
            match next {
                None => break,
                Some(Next::Restart(head)) => {
                    let message = self.restart(&hook, &head)?;
                    if !self.send(&mut hook, claim, &message, &head)? {
                        return Ok(None);
                    }
                    place = head.sequence;
                }
                Some(Next::Events(page)) => {
                    let read = Instant::now();
                    let mut all = true;
                    for item in &page.items {
                        if stop.load(Ordering::Acquire) || read.elapsed() >= FRESH {
                            all = false;
                            break;
                        }
                        let message = event(&hook, &page.epoch, item)?;
                        let position = Head {
                            sequence: item.sequence,
                            epoch: page.epoch.clone(),
                            complete_after: 0,
                            narrowed: 0,
                            erased: 0,
                        };
                        if !self.send(&mut hook, claim, &message, &position)? {
                            return Ok(None);
                        }
                        place = item.sequence;
                    }
                    if all {
                        place = page.position;
                    }
                }
            }
            if stop.load(Ordering::Acquire) || since.elapsed() >= TURN {
                self.release(&hook, claim, place)?;
                return Ok(None);
            }
            next = self.next(&hook, asked, &mut place)?;
        }
        self.release(&hook, claim, place)?;
        Ok(Some(Seen { version: hook.version, epoch: hook.epoch, sequence: place }))
    }

    fn asked(&self, hook: &WebhookRow) -> Result<Asked> {
        // Every client of the registry belongs to a partner.
        Ok(Asked { audience: Audience::Partners, query: (self.filter)(&hook.filter)?, limit: PAGE })
    }

    /// What comes after a place; moves it past what does not concern the webhook.
    fn next(&self, hook: &WebhookRow, asked: &Asked, place: &mut i64) -> Result<Option<Next>> {
        loop {
            let standing = Standing { after: *place, epoch: Some(hook.epoch.clone()) };
            let page = self.db.read_at_once(|connection| match feed::page(connection, asked, &standing) {
                Err(error) if error.code() == Code::FeedRestart => Ok(Err(head(connection)?)),
                page => Ok(Ok(page?)),
            })?;
            match page {
                Err(head) => return Ok(Some(Next::Restart(head))),
                Ok(page) if !page.items.is_empty() => return Ok(Some(Next::Events(page))),
                Ok(page) => {
                    *place = page.position;
                    if !page.more {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Sends one event and notes how that went; false when the turn is over.
    fn send(&self, hook: &mut WebhookRow, claim: &str, message: &Message, position: &Head) -> Result<bool> {
        let now = self.clock.now();
        let mut secrets = vec![Secret::of(&self.keys, &hook.id, hook.generation)?];
        if hook.former_until.is_some_and(|until| until > now.naive_utc()) {
            secrets.push(Secret::of(&self.keys, &hook.id, hook.generation - 1)?);
        }
        let sent = self.sender.send(&hook.url, message, &secrets, now.timestamp())?;
        let delivery = DeliveryRow {
            id: Uuid::now_v7().to_string(),
            webhook_id: hook.id.clone(),
            at: now.naive_utc(),
            event_id: message.id.clone(),
            event_type: message.kind.clone(),
            attempt: hook.failures + 1,
            outcome: sent.outcome.name().to_owned(),
            status: sent.status.map(i64::from),
            milliseconds: i64::try_from(sent.took.as_millis()).unwrap_or(i64::MAX),
        };
        if sent.outcome == Outcome::Delivered {
            self.counts.delivered.fetch_add(1, Ordering::Relaxed);
            (hook.failures, hook.failing_since) = (0, None);
            (hook.sequence, hook.epoch) = (position.sequence, position.epoch.clone());
            return self.db.operate(|operations| operations.delivered(claim, position, &delivery));
        }
        self.counts.failed.fetch_add(1, Ordering::Relaxed);
        let failing = self.failing(hook, &sent, now);
        self.db.operate(|operations| operations.not_delivered(claim, &failing, &delivery))?;
        if let Some(reason) = failing.dead {
            tracing::warn!(webhook = %hook.id, client = %hook.client_id, reason, "a webhook is dead");
        }
        Ok(false)
    }

    fn failing(&self, hook: &WebhookRow, sent: &Sent, now: DateTime<Utc>) -> Failing {
        let since = hook.failing_since.unwrap_or_else(|| now.naive_utc());
        let dead = match sent.outcome {
            Outcome::Gone => Some("gone"),
            _ if now.naive_utc() - since >= self.patience => Some("failing"),
            _ => None,
        };
        let delay = delay(hook.failures, sent.retry_after);
        Failing { failures: hook.failures + 1, since, attempt_at: (now + delay).naive_utc(), dead }
    }

    fn release(&self, hook: &WebhookRow, claim: &str, place: i64) -> Result<()> {
        self.db.operate(|operations| operations.release_webhook(&hook.id, claim, place))
    }

    /// What a receiver is told that has to begin anew.
    fn restart(&self, hook: &WebhookRow, head: &Head) -> Result<Message> {
        let (epoch, sequence, now) = (&head.epoch, head.sequence, rfc3339(self.clock.now()));
        let body = serde_json::json!({
            "type": "feed.restart",
            "timestamp": now,
            "data": {"epoch": epoch, "changeSequence": sequence, "export": format!("{}?minChange={sequence}", self.export)},
        });
        let id = format!("{}:{epoch}:{sequence}:restart", hook.id);
        Ok(Message { id, kind: "feed.restart".to_owned(), body: serde_json::to_vec(&body)? })
    }
}

/// The event of a change.
fn event(hook: &WebhookRow, epoch: &str, item: &Item) -> Result<Message> {
    // The standard's types have underscores where names of ours have hyphens.
    let kind = format!("{}.{}", item.kind.name().replace('-', "_"), item.operation.name());
    let mut body = Vec::with_capacity(1024);
    write!(body, "{{\"type\":\"{kind}\",\"timestamp\":\"{}\",\"epoch\":\"{epoch}\",\"data\":", rfc3339(item.at))?;
    item.write(&mut body)?;
    body.push(b'}');
    Ok(Message { id: format!("{}:{epoch}:{}", hook.id, item.sequence), kind, body })
}

/// How long to wait after a failure that so many came before: doubled each time, and somewhere in its second half, so that
/// those who failed together do not come back together. What the receiver asks for is waited for too, within bounds.
fn delay(failures: i64, retry_after: Option<i64>) -> TimeDelta {
    let doubled = u32::try_from(failures).ok().and_then(|failures| FIRST_DELAY.checked_shl(failures.min(20)));
    let whole = doubled.unwrap_or(LONGEST_DELAY).min(LONGEST_DELAY) * 1000;
    let own = rand::random_range(whole / 2..=whole);
    let asked = retry_after.unwrap_or(0).clamp(0, LONGEST_DELAY) * 1000;
    TimeDelta::milliseconds(own.max(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_half_an_hour_and_are_not_all_the_same() {
        for (failures, longest) in [(0, 5), (1, 10), (4, 80), (8, 1280), (9, 1800), (60, 1800), (i64::MAX, 1800)] {
            let delays: Vec<i64> = (0..50).map(|_| delay(failures, None).num_milliseconds()).collect();
            assert!(
                delays.iter().all(|delay| (longest * 500..=longest * 1000).contains(delay)),
                "{failures} {delays:?}"
            );
            assert!(delays.iter().any(|delay| *delay != delays[0]), "{failures}");
        }
    }

    #[test]
    fn a_receiver_may_ask_for_time_but_not_for_ever() {
        assert!(delay(0, Some(60)) >= TimeDelta::seconds(60));
        assert_eq!(delay(0, Some(i64::MAX)), TimeDelta::seconds(1800));
        assert!(delay(0, Some(-5)) <= TimeDelta::seconds(5));
    }
}
