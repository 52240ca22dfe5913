//! Collaborations: who works with whom, how, and who says not to.

pub(crate) mod store;

use crate::resources::values::{Identifier, LocalizedText, Period, Source};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a client writes of a collaboration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CollaborationInput {
    /// The organisation of civil society.
    pub organisation_id: Uuid,
    /// The public body.
    pub public_body_id: Uuid,
    /// Whether they say that they work together. `no` is a statement, not a missing answer.
    pub stated: Stated,
    /// Keys of the vocabulary `collaboration-forms`; empty when `stated` is `no`.
    #[serde(default)]
    #[schema(max_items = 10, example = json!(["dialogue"]))]
    pub forms: Vec<String>,
    /// Keys of the vocabulary `topics`.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub topics: Vec<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<LocalizedText>,
    /// Keys in other registers.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub identifiers: Vec<Identifier>,
    /// Where the content comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// A stated yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are plain")]
pub enum Stated {
    Yes,
    No,
}
