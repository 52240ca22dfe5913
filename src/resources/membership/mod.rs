//! Memberships: who belongs to what, as what, when.

pub(crate) mod store;

use crate::resources::contact_point::OwnerType;
use crate::resources::values::{Identifier, Source};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a client writes of a membership.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MembershipInput {
    /// The organisation that belongs.
    pub member_id: Uuid,
    /// The organisation, network or forum it belongs to.
    pub in_id: Uuid,
    /// What that is.
    pub in_type: OwnerType,
    /// As what.
    #[serde(default)]
    pub role: MembershipRole,
    /// The organisation that the member speaks for, when not for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub represents: Option<Uuid>,
    /// The way in to the member in this matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_point_id: Option<Uuid>,
    /// First day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2024-01-01")]
    pub from: Option<NaiveDate>,
    /// Last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-12-31")]
    pub to: Option<NaiveDate>,
    /// Keys in other registers.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub identifiers: Vec<Identifier>,
    /// Where the content comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// Roles in a membership.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are plain")]
pub enum MembershipRole {
    #[default]
    Member,
    Chair,
    Secretariat,
    Participant,
    Observer,
}
