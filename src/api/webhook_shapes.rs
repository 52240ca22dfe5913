//! The shapes of webhooks: what clients send and get, and what receivers are sent.

use crate::api::schemas::Links;
use crate::db::webhooks::{DeliveryRow, Status, WebhookRow};
use crate::resources::values::rfc3339;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a client writes of a webhook.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct WebhookInput {
    /// Where events are posted: https, or http within a network that the operator has opened.
    #[schema(max_length = 2000, example = "https://samverkan.kommun.example/mottagare")]
    pub url: String,
    /// Which records: the filters of `/changes` as they stand in its address; empty for all.
    #[serde(default)]
    #[schema(max_length = 2000, example = "type=organisation,contact-point&municipality=2580")]
    pub filter: String,
    /// What it is for, for people.
    #[serde(default)]
    #[schema(max_length = 500, example = "Kopian i kommunens ärendesystem")]
    pub description: String,
    /// Whether events are sent.
    pub status: Option<Wanted>,
    /// After which change it begins; left out: now.
    pub position: Option<Position>,
}

/// What an owner can make of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Wanted {
    /// Events are sent.
    Active,
    /// They wait.
    Paused,
}

impl Wanted {
    /// The status that it gives.
    pub(crate) const fn status(self) -> Status {
        match self {
            Wanted::Active => Status::Active,
            Wanted::Paused => Status::Paused,
        }
    }
}

/// A place in the change feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Position {
    /// Number of the last change that was told.
    #[schema(minimum = 0, example = 312)]
    pub sequence: i64,
    /// The epoch that it counts in; left out: the present one.
    #[schema(max_length = 100, example = "6f1c1d3e-0c7b-4d43-9d7e-0a3a5f4d8a10")]
    pub epoch: Option<String>,
}

/// One webhook as its owner sees it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Webhook {
    /// Id.
    #[schema(format = Uuid)]
    id: String,
    /// The client that it belongs to.
    #[schema(example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f")]
    client_id: String,
    /// Where events are posted.
    #[schema(example = "https://samverkan.kommun.example/mottagare")]
    url: String,
    /// Which records; empty for all.
    #[schema(example = "type=organisation,contact-point&municipality=2580")]
    filter: String,
    /// What it is for, for people.
    #[schema(example = "Kopian i kommunens ärendesystem")]
    description: String,
    /// active, paused or dead.
    #[schema(example = "active")]
    status: String,
    /// Why it is dead: failing (for too long) or gone (the receiver answered 410).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "failing")]
    reason: Option<String>,
    /// All up to here was told.
    position: Position,
    /// How often sending has failed since it last succeeded.
    #[schema(example = 0)]
    failures: i64,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, example = "2026-11-24T09:00:00Z")]
    failing_since: Option<String>,
    /// When it is tried again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, example = "2026-11-24T09:05:00Z")]
    next_attempt_at: Option<String>,
    /// Raised by one with every change of its owner's.
    #[schema(example = 1)]
    version: i64,
    /// When it was made.
    #[schema(format = DateTime, example = "2026-11-24T09:00:00Z")]
    created_at: String,
    /// When its owner last changed it.
    #[schema(format = DateTime, example = "2026-11-24T09:00:00Z")]
    updated_at: String,
    /// Links to itself and to its deliveries, and what can be done with it.
    #[serde(rename = "_links")]
    #[schema(value_type = Links)]
    links: Map<String, Value>,
}

impl Webhook {
    /// A stored webhook with its links.
    pub(crate) fn of(row: &WebhookRow, links: Map<String, Value>) -> Webhook {
        let moment = |at: chrono::NaiveDateTime| rfc3339(at.and_utc());
        let failing = row.failing_since.is_some();
        Webhook {
            id: row.id.clone(),
            client_id: row.client_id.clone(),
            url: row.url.clone(),
            filter: row.filter.clone(),
            description: row.description.clone(),
            status: row.status.clone(),
            reason: row.reason.clone(),
            position: Position { sequence: row.sequence, epoch: Some(row.epoch.clone()) },
            failures: row.failures,
            failing_since: row.failing_since.map(moment),
            next_attempt_at: (failing && row.status == Status::Active.name()).then(|| moment(row.attempt_at)),
            version: row.version,
            created_at: moment(row.created_at),
            updated_at: moment(row.updated_at),
            links,
        }
    }
}

/// A new webhook: the one time that its secret is told.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes an answer that is written as bytes")]
pub(crate) struct WebhookWithSecret {
    #[schema(inline = false)]
    #[serde(flatten)]
    webhook: Webhook,
    /// What its events are signed with.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")]
    secret: String,
}

/// A replaced secret.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes an answer that is written as bytes")]
pub(crate) struct NewSecret {
    /// Until when the one before signs too.
    #[schema(format = DateTime, example = "2026-11-25T09:00:00Z")]
    former_until: String,
    /// The new one.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")]
    secret: String,
}

/// A deleted webhook.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", example = json!({"id": "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f", "type": "webhook", "deletedAt": "2026-11-24T09:00:00Z", "version": 4}))]
#[expect(dead_code, reason = "describes an answer that is written as bytes")]
pub(crate) struct DeletedWebhook {
    /// Its id.
    id: Uuid,
    /// What it was.
    #[schema(rename = "type")]
    kind: String,
    /// When it was deleted.
    #[schema(format = DateTime, example = "2026-11-24T09:00:00Z")]
    deleted_at: String,
    /// Its last version.
    version: i64,
}

/// The webhooks of a client.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes an answer that is written as bytes")]
pub(crate) struct WebhookPage {
    /// Oldest first.
    items: Vec<Webhook>,
    /// How many there are.
    #[schema(rename = "_meta")]
    meta: WebhookMeta,
    /// Link to itself.
    #[schema(rename = "_links")]
    links: Links,
}

/// How many there are.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", example = json!({"totalRecords": 1, "page": 1, "limit": 100, "count": 1}))]
#[expect(dead_code, reason = "describes an answer that is written as bytes")]
pub(crate) struct WebhookMeta {
    /// In all.
    total_records: u64,
    /// Always 1.
    page: u64,
    /// The most that a client has.
    limit: u64,
    /// Here.
    count: u64,
}

/// One sending of one event.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Delivery {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// When.
    #[schema(format = DateTime, example = "2026-11-24T09:00:00Z")]
    at: String,
    /// The event: the same at every attempt.
    #[schema(example = "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f:6f1c1d3e-0c7b-4d43-9d7e-0a3a5f4d8a10:313")]
    event_id: String,
    /// What it says.
    #[schema(example = "organisation.updated")]
    event_type: String,
    /// The how-manieth, from 1.
    #[schema(example = 1)]
    attempt: i64,
    /// delivered, refused (another status), gone (410), timeout, unknown-host, out-of-reach, tls, connection.
    #[schema(example = "delivered")]
    outcome: String,
    /// The receiver's status.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 204)]
    status: Option<i64>,
    /// How long it took, in milliseconds.
    #[schema(example = 38)]
    milliseconds: i64,
}

impl Delivery {
    /// A stored delivery.
    pub(crate) fn of(row: DeliveryRow) -> Delivery {
        Delivery {
            id: row.id,
            at: rfc3339(row.at.and_utc()),
            event_id: row.event_id,
            event_type: row.event_type,
            attempt: row.attempt,
            outcome: row.outcome,
            status: row.status,
            milliseconds: row.milliseconds,
        }
    }
}

/// Deliveries of a webhook.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes an answer that is written as bytes")]
pub(crate) struct DeliveryPage {
    /// Newest first.
    items: Vec<Delivery>,
    /// How many are here.
    #[schema(rename = "_meta")]
    meta: DeliveryMeta,
    /// Links to this page and the next.
    #[schema(rename = "_links")]
    links: Links,
}

/// How many are here.
#[derive(ToSchema)]
#[schema(example = json!({"count": 1, "limit": 50}))]
#[expect(dead_code, reason = "describes an answer that is written as bytes")]
pub(crate) struct DeliveryMeta {
    /// Here.
    count: u64,
    /// At most.
    limit: u64,
}
