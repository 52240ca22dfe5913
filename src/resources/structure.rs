//! What networks and forums have in common: standing structures for collaboration.

use crate::resources::values::{Identifier, Level, LocalizedText, Name, Source};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a client writes of a network or a forum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StructureInput {
    /// Names; at least one is official.
    #[schema(min_items = 1, max_items = 50)]
    pub names: Vec<Name>,
    /// Keys in other registers.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub identifiers: Vec<Identifier>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<LocalizedText>,
    /// Organisations or units that host it.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub hosts: Vec<Uuid>,
    /// Keys of the vocabulary `topics`.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub topics: Vec<String>,
    /// Municipality, county or country codes that it covers.
    #[serde(default)]
    #[schema(max_items = 300)]
    pub areas: Vec<String>,
    /// Levels it works on.
    #[serde(default)]
    #[schema(max_items = 4)]
    pub levels: Vec<Level>,
    /// How far participants take part, by the European code of good practice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participation_level: Option<ParticipationLevel>,
    /// Whether one can join.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openness: Option<Openness>,
    /// How it meets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,
    /// How often it meets, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meeting_frequency: Option<LocalizedText>,
    /// What participants are paid, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compensation: Option<LocalizedText>,
    /// Whether it exists.
    #[serde(default)]
    pub status: StructureStatus,
    /// Where the content comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// Levels of participation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are the code's")]
pub enum ParticipationLevel {
    Information,
    Consultation,
    Dialogue,
    Partnership,
}

/// Whether one can join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are plain")]
pub enum Openness {
    Open,
    ByInvitation,
    Closed,
}

/// How a structure meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are plain")]
pub enum Mode {
    Digital,
    Physical,
    Both,
}

/// Whether a structure exists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StructureStatus {
    /// It meets.
    #[default]
    Active,
    /// Someone has asked for it.
    Wanted,
    /// It has ended.
    Ended,
}
