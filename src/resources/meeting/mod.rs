//! Meetings: dates of a network, forum or organisation; trainings and conferences too.

pub(crate) mod store;

use crate::resources::contact_point::OwnerType;
use crate::resources::values::{Identifier, LocalizedText, Source};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a client writes of a meeting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MeetingInput {
    /// The network, forum or organisation that meets or invites.
    pub of_id: Uuid,
    /// What that is.
    pub of_type: OwnerType,
    /// Its title.
    pub title: LocalizedText,
    /// Keys in other registers.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub identifiers: Vec<Identifier>,
    /// What it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<LocalizedText>,
    /// When it starts.
    #[schema(example = "2027-02-10T08:00:00Z")]
    pub start: DateTime<Utc>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2027-02-10T11:00:00Z")]
    pub end: Option<DateTime<Utc>>,
    /// The IANA time zone that its local time follows.
    #[serde(default = "stockholm")]
    #[schema(max_length = 40, example = "Europe/Stockholm")]
    pub time_zone: String,
    /// Where it is held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 300)]
    pub place: Option<String>,
    /// Where it can be joined online.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    pub online_url: Option<String>,
    /// Keys of the vocabulary `topics`.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub topics: Vec<String>,
    /// Where one registers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500)]
    pub registration_url: Option<String>,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<LocalizedText>,
    /// Where the content comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

fn stockholm() -> String {
    "Europe/Stockholm".to_owned()
}
