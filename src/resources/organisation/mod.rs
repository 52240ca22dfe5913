//! Organisations: any actor, from a village association to a unit of a public body.

pub(crate) mod store;

use crate::resources::values::{
    Address, Exchange, Identifier, Level, LocalizedText, Location, Name, Source,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a client writes of an organisation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct OrganisationInput {
    /// The sector of society it belongs to.
    pub sector: Sector,
    /// Key of the vocabulary `organisation-kinds`.
    #[schema(max_length = 60, example = "association")]
    pub kind: String,
    /// Names; at least one is official.
    #[schema(min_items = 1, max_items = 50)]
    pub names: Vec<Name>,
    /// Keys in other registers.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub identifiers: Vec<Identifier>,
    /// The organisation whose organisation number this branch uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses_number_of: Option<Uuid>,
    /// Key of the vocabulary `legal-forms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 10, example = "61")]
    pub legal_form: Option<String>,
    /// Levels it works on.
    #[serde(default)]
    #[schema(max_items = 4)]
    pub levels: Vec<Level>,
    /// The organisation this one is a unit or branch of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<Uuid>,
    /// Municipality of its seat (four digits).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 4, example = "2580")]
    pub seat_municipality: Option<String>,
    /// Municipality (2580), county (25) and country (SE) codes where it is active.
    #[serde(default)]
    #[schema(max_items = 300, example = json!(["25"]))]
    pub active_in: Vec<String>,
    /// Keys of the vocabulary `activity-areas`.
    #[serde(default)]
    #[schema(max_items = 30)]
    pub activity_areas: Vec<String>,
    /// Keys of the vocabulary `topics`.
    #[serde(default)]
    #[schema(max_items = 50, example = json!(["civil-beredskap"]))]
    pub topics: Vec<String>,
    /// Numbers of the sustainability goals, 1 to 17, as keys of the vocabulary.
    #[serde(default)]
    #[schema(max_items = 17, example = json!(["3"]))]
    pub sustainability_goals: Vec<String>,
    /// Keys of the vocabulary `target-groups`.
    #[serde(default)]
    #[schema(max_items = 30)]
    pub target_groups: Vec<String>,
    /// Languages it works in, keys of the vocabulary `languages`.
    #[serde(default)]
    #[schema(max_items = 50, example = json!(["sv"]))]
    pub languages: Vec<String>,
    /// What it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<LocalizedText>,
    /// Its web site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500, example = "https://www.samforma.se")]
    pub website: Option<String>,
    /// Its address. Absent where the address is protected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// Where it is. Absent where the address is protected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// Whether address and location are kept from everyone but its editors.
    #[serde(default)]
    pub address_protected: bool,
    /// What it can give others.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub offers: Vec<Exchange>,
    /// What it looks for.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub needs: Vec<Exchange>,
    /// How it wants to be contacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_preference: Option<ContactPreference>,
    /// Whether it rests on a democratic ground: statutes, open membership, elected board.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub democratic_basis: Option<bool>,
    /// Whether it is at work.
    #[serde(default)]
    pub status: OrganisationStatus,
    /// Where the content comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// The sector an organisation belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are plain")]
pub enum Sector {
    CivilSociety,
    Public,
    Private,
    Academia,
}

/// How an organisation wants to be contacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ContactPreference {
    /// By its own contact points.
    Direct,
    /// By the umbrella it is a member of.
    ViaUmbrella,
}

/// Whether an organisation is at work. `merged` is set by a merge only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the words are plain")]
pub enum OrganisationStatus {
    #[default]
    Active,
    Dormant,
    Dissolved,
}
