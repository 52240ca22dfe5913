//! The shapes of answers that are written as bytes, for the OpenAPI document.
#![expect(dead_code, reason = "these types describe answers and are never made")]

use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// Links by relation, each with absolute address and method.
#[derive(ToSchema)]
#[schema(example = json!({"self": {"href": "https://samverkan.example.org/api/v1/organisations/0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f", "rel": "self", "method": "GET"}}))]
pub(crate) struct Links(BTreeMap<String, Link>);

/// One link.
#[derive(ToSchema)]
pub(crate) struct Link {
    /// Absolute address.
    #[schema(example = "https://samverkan.example.org/api/v1/organisations")]
    href: String,
    /// Relation, IANA's where there is one.
    #[schema(example = "collection")]
    rel: String,
    /// HTTP method.
    #[schema(example = "GET")]
    method: String,
}

/// Where a page stands in its list.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", example = json!({"totalRecords": 154, "page": 1, "limit": 20, "count": 20, "changeSequence": 312}))]
pub(crate) struct Meta {
    /// Records in all.
    total_records: u64,
    /// This page, from 1.
    page: u64,
    /// The most records of a page.
    limit: u64,
    /// Records of this page.
    count: u64,
    /// The change up to which the answer is new.
    change_sequence: u64,
}

/// How many records each value of a property has.
#[derive(ToSchema)]
pub(crate) struct Facet {
    /// The filter that the values are for.
    #[schema(example = "topic")]
    name: String,
    /// Its title in the caller's language.
    #[schema(example = "Ämne")]
    title: String,
    /// The values, the most frequent first.
    values: Vec<FacetValue>,
}

/// One value and its count.
#[derive(ToSchema)]
#[schema(example = json!({"key": "civil-beredskap", "label": "Civil beredskap", "count": 12}))]
pub(crate) struct FacetValue {
    /// Value of the filter.
    key: String,
    /// Label in the caller's language.
    label: String,
    /// Hits if the value were added.
    count: u64,
}

/// A deleted record.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", example = json!({"id": "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f", "type": "organisation", "deletedAt": "2026-11-24T09:00:00Z", "version": 4, "changeSequence": 313}))]
pub(crate) struct Deleted {
    /// Its id.
    id: Uuid,
    /// What it was.
    #[schema(rename = "type")]
    kind: String,
    /// When it was deleted.
    #[schema(example = "2026-11-24T09:00:00Z")]
    deleted_at: DateTime<Utc>,
    /// Its last version.
    version: i64,
    /// Number of the change.
    change_sequence: i64,
}

/// The versions of a record.
#[derive(ToSchema)]
pub(crate) struct History {
    /// The versions, newest first.
    items: Vec<Version>,
    /// How many there are.
    #[schema(rename = "_meta")]
    meta: Meta,
    /// Link to itself.
    #[schema(rename = "_links")]
    links: Links,
}

/// One version of a record.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct Version {
    /// Its number.
    #[schema(example = 1)]
    version: i64,
    /// What made it: created, updated.
    #[schema(example = "created")]
    operation: String,
    /// When.
    #[schema(example = "2026-11-24T09:00:00Z")]
    at: DateTime<Utc>,
    /// Number of the change.
    #[schema(example = 17)]
    change_sequence: i64,
    /// The record as it was.
    #[schema(value_type = Object)]
    record: serde_json::Value,
}

/// A page of hits of any kind.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct SearchPage {
    /// The hits, best first.
    items: Vec<Hit>,
    /// Counts, when facets were asked for.
    facets: Vec<Facet>,
    /// A spelling that finds more, where nothing was found as it was typed.
    #[schema(example = "röda korset")]
    did_you_mean: Option<String>,
    /// How many there are, which page this is, how new the index is.
    #[schema(rename = "_meta")]
    meta: Meta,
    /// Links to this, the first, previous, next and last page.
    #[schema(rename = "_links")]
    links: Links,
}

/// One hit.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct Hit {
    /// What it is.
    #[schema(rename = "type", example = "organisation")]
    kind: String,
    /// Its id.
    id: Uuid,
    /// Its title in the caller's language.
    #[schema(example = "Svenska Röda Korset")]
    title: String,
    /// How well it fits; comparable within one answer.
    #[schema(example = 12.345)]
    score: f32,
    /// Which parts matched.
    #[schema(example = json!(["name"]))]
    matched_on: Vec<String>,
    /// Matching text with `<em>` marks, when asked for.
    highlights: Vec<Highlight>,
    /// Parts of the score, when asked for.
    #[schema(value_type = Option<Object>)]
    explanation: Option<serde_json::Value>,
    /// The record.
    #[schema(value_type = Object)]
    record: serde_json::Value,
}

/// Matching text of one part.
#[derive(ToSchema)]
#[schema(example = json!({"part": "name", "text": "Svenska <em>Röda</em> <em>Korset</em>"}))]
pub(crate) struct Highlight {
    /// Which part.
    part: String,
    /// The text, escaped for HTML but for the marks.
    text: String,
}

/// A page of the change feed.
#[derive(ToSchema)]
pub(crate) struct ChangesPage {
    /// The changes, in commit order; each record once.
    items: Vec<Change>,
    /// Where the reader goes on.
    #[schema(rename = "_meta")]
    meta: ChangesMeta,
    /// Links to this page and to what comes after it, now or later.
    #[schema(rename = "_links")]
    links: Links,
}

/// Where a reader of the change feed stands after a page.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", example = json!({"epoch": "6f1c1d3e-0c7b-4d43-9d7e-0a3a5f4d8a10", "changeSequence": 312, "count": 1, "more": false}))]
pub(crate) struct ChangesMeta {
    /// The epoch that numbers count in; another one after the database was restored.
    epoch: String,
    /// The number to send as `after` next time.
    change_sequence: i64,
    /// Changes of this page.
    count: u64,
    /// Whether there was more at once.
    more: bool,
}

/// The last change of a record.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", example = json!({
    "sequence": 312, "at": "2026-11-24T09:00:00Z", "type": "organisation", "id": "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f",
    "operation": "updated", "version": 2,
    "record": {"id": "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f", "sector": "civil-society", "kind": "association",
        "names": [{"value": "Samforma", "lang": "sv", "kind": "official"}],
        "version": 2, "createdAt": "2026-11-20T09:00:00Z", "updatedAt": "2026-11-24T09:00:00Z"},
}))]
pub(crate) struct Change {
    /// Its number.
    sequence: i64,
    /// When.
    #[schema(example = "2026-11-24T09:00:00Z")]
    at: DateTime<Utc>,
    /// What the record is.
    #[schema(rename = "type")]
    kind: String,
    /// The record.
    id: Uuid,
    /// created, updated, deleted, merged or erased: created when the record came after the reader's number; without record when it is to be dropped.
    operation: String,
    /// The record's version.
    version: i64,
    /// The survivor of a merge.
    merged_into: Option<Uuid>,
    /// `out-of-filter` when the record lives on but no longer meets the filter.
    reason: Option<String>,
    /// The record as it is now.
    #[schema(value_type = Option<Object>)]
    record: Option<serde_json::Value>,
}

/// Suggestions while typing.
#[derive(ToSchema)]
pub(crate) struct Suggestions {
    /// The suggestions, best first.
    items: Vec<Suggested>,
}

/// One suggestion: a record, or a topic or place to filter by.
#[derive(ToSchema)]
#[schema(example = json!({"type": "organisation", "id": "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f", "title": "Hembygdsföreningar"}))]
pub(crate) struct Suggested {
    /// What it leads to: a type of record, `topic` or `place`.
    #[schema(rename = "type")]
    kind: String,
    /// Id of the record.
    id: Option<Uuid>,
    /// Key of the topic, or code of the place as `municipality` takes it.
    key: Option<String>,
    /// Text to show.
    title: String,
    /// The name that matched, when it is not the title.
    matched: Option<String>,
}

/// A page of terms of a vocabulary.
#[derive(ToSchema)]
pub(crate) struct TermPage {
    /// The terms.
    items: Vec<TermShown>,
    /// How many there are, and which page this is.
    #[schema(rename = "_meta")]
    meta: Meta,
    /// Links to this, the first, previous, next and last page.
    #[schema(rename = "_links")]
    links: Links,
}

/// A term of a vocabulary.
#[derive(ToSchema)]
#[schema(as = Term, rename_all = "camelCase", example = json!({"key": "rennaring", "label": {"sv": "Rennäring", "en": "Reindeer husbandry", "se": "boazodoallu"}, "synonyms": {"sv": ["sameby", "renskötsel"]}, "broader": ["samiska-fragor"], "narrower": [], "related": ["landsbygd"]}))]
pub(crate) struct TermShown {
    /// Key, as in records and filters.
    key: String,
    /// Labels in every language that has one.
    label: crate::resources::values::LocalizedText,
    /// Explanation.
    description: Option<crate::resources::values::LocalizedText>,
    /// Other words for the same, by language.
    synonyms: BTreeMap<String, Vec<String>>,
    /// Keys of broader terms.
    broader: Vec<String>,
    /// Keys of narrower terms.
    narrower: Vec<String>,
    /// Keys of related terms.
    related: Vec<String>,
    /// Of areas: point of the main town.
    location: Option<crate::resources::values::Location>,
    /// Of areas: municipality, county or country.
    area: Option<String>,
}

/// A unit and the units below it.
#[derive(ToSchema)]
#[schema(no_recursion)]
pub(crate) struct UnitTree {
    /// The units directly below the organisation, each with those below it.
    items: Vec<UnitNode>,
    /// How many there are at all levels.
    #[schema(rename = "_meta")]
    meta: Meta,
    /// Link to itself.
    #[schema(rename = "_links")]
    links: Links,
}

/// One unit.
#[derive(ToSchema)]
#[schema(no_recursion, example = json!({"record": {"id": "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f"}, "units": []}))]
pub(crate) struct UnitNode {
    /// The unit.
    #[schema(value_type = Object)]
    record: serde_json::Value,
    /// The units below it.
    units: Vec<UnitNode>,
}

/// The same body in other registers.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", example = json!({"identifiers": [{"scheme": "SE-ON", "value": "802412-3450"}], "numberOf": null, "numberUsedBy": []}))]
pub(crate) struct Linked {
    /// Its keys in other registers.
    identifiers: Vec<crate::resources::values::Identifier>,
    /// The organisation whose number it uses.
    number_of: Option<Uuid>,
    /// Branches that use its number.
    number_used_by: Vec<Uuid>,
    /// Link to itself.
    #[schema(rename = "_links")]
    links: Links,
}
