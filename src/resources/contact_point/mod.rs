//! Contact points: one functional way in to an organisation, network or forum.

pub(crate) mod store;

use crate::resources::values::{Identifier, LocalizedText, Source};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a client writes of a contact point.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ContactPointInput {
    /// The organisation, network or forum that it leads to.
    pub owner_id: Uuid,
    /// What the owner is.
    pub owner_type: OwnerType,
    /// The function that answers, never a person.
    pub function: LocalizedText,
    /// Keys in other registers.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub identifiers: Vec<Identifier>,
    /// What it helps with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<LocalizedText>,
    /// Keys of the vocabulary `contact-purposes`.
    #[serde(default)]
    #[schema(max_items = 20, example = json!(["general"]))]
    pub purposes: Vec<String>,
    /// Keys of the vocabulary `topics`.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub topics: Vec<String>,
    /// Municipality, county or country codes that it serves.
    #[serde(default)]
    #[schema(max_items = 300)]
    pub areas: Vec<String>,
    /// Ways to reach it.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub channels: Vec<Channel>,
    /// When it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<LocalizedText>,
    /// Keys of the vocabulary `languages`.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub languages: Vec<String>,
    /// Who may see it.
    #[serde(default)]
    pub visibility: Visibility,
    /// A named person, only with a recorded basis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Person>,
    /// Whether it exists or is only wished for.
    #[serde(default)]
    pub status: ContactPointStatus,
    /// Where the content comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// One way to reach a contact point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"kind": "email", "value": "info@samforma.example.org"}))]
pub struct Channel {
    /// What kind of way.
    pub kind: ChannelKind,
    /// E-mail address, telephone number, web address or text, by kind.
    #[schema(min_length = 1, max_length = 500)]
    pub value: String,
}

/// Kinds of ways to reach a contact point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are plain")]
pub enum ChannelKind {
    Email,
    Phone,
    Web,
    Post,
    Visit,
    Form,
}

/// What a contact point belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are plain")]
pub enum OwnerType {
    Organisation,
    Network,
    Forum,
}

/// Who may see a contact point.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// Everyone.
    #[default]
    Public,
    /// Public bodies' systems and editors.
    Partners,
    /// The owner's editors only; never indexed.
    Protected,
}

/// Whether a contact point exists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ContactPointStatus {
    /// It exists.
    #[default]
    Active,
    /// Someone has asked for it.
    Wanted,
}

/// A named person behind a function, kept only with a recorded legal basis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(example = json!({"name": "Anna Exempel", "basis": "consent", "recordedAt": "2026-11-24"}))]
pub struct Person {
    /// The person's name.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// The legal basis for publishing the name.
    pub basis: PersonBasis,
    /// The day the basis was recorded.
    #[schema(example = "2026-11-24")]
    pub recorded_at: NaiveDate,
}

/// Legal bases for a named person (GDPR article 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are the regulation's")]
pub enum PersonBasis {
    Consent,
    Contract,
    LegalObligation,
    PublicTask,
    LegitimateInterest,
}
