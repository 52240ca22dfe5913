//! What a record is to the index: the one shape that every resource turns its rows into.

use crate::resources::values::{NameKind, TextLanguage};
use crate::resources::{Audience, Kind};
use uuid::Uuid;

/// A record as the index takes it in.
#[derive(Debug, Clone)]
pub struct Document {
    /// What it is.
    pub kind: Kind,
    /// Its id.
    pub id: Uuid,
    /// Who may find it.
    pub audience: Audience,
    /// Change number of its creation: breaks every tie, so that order never changes.
    pub tie: u64,
    /// When it was last changed, in microseconds since 1970.
    pub updated_at: i64,
    /// What a list of hits shows as its title, by language; the first is the fallback.
    pub titles: Vec<(TextLanguage, String)>,
    /// Its names.
    pub names: Vec<DocumentName>,
    /// Numbers of its topics (not of broader ones: the index adds those).
    pub topics: Vec<u16>,
    /// Numbers of the areas it is active in or serves, as stated.
    pub areas: Vec<u16>,
    /// Number of the municipality of its seat.
    pub seat: Option<u16>,
    /// Numbers of other vocabulary terms whose labels and synonyms are searched (kind, activity areas, target groups …).
    pub terms: Vec<u16>,
    /// Running text: descriptions, offers, frequencies, functions.
    pub texts: Vec<String>,
    /// Names of related records that should lead here (host, owner, parent): searched with low weight.
    pub related_names: Vec<String>,
    /// Exact keys: identifiers (`scheme:value` and the bare value), found as they are.
    pub keys: Vec<String>,
    /// Exact filter terms: name of the filter and value. Topics, areas and broader terms included where a filter covers them.
    pub filters: Vec<(&'static str, String)>,
    /// Facet name and term number. Municipality facets are computed from `areas`.
    pub facets: Vec<(&'static str, u16)>,
    /// Where it is.
    pub location: Option<(f64, f64)>,
    /// 0 for active, higher for less alive (wanted, or nothing but a name, 1, dormant 2, dissolved or ended 3).
    pub rest: u8,
    /// First and last moment it concerns, in microseconds since 1970 (meetings).
    pub span: Option<(i64, i64)>,
    /// The canonical JSON of the audience, as it is sent.
    pub record: Vec<u8>,
}

/// A name as the index takes it in.
#[derive(Debug, Clone)]
pub struct DocumentName {
    /// The name.
    pub value: String,
    /// Its language.
    pub lang: TextLanguage,
    /// What it is.
    pub kind: NameKind,
}
