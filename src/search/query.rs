//! A query as the API parses it and an answer as the API renders it.

use crate::resources::values::TextLanguage;
use crate::resources::{Audience, Kind};
pub use crate::search::ready::Record;
use uuid::Uuid;

/// A parsed search: a list is one without `text`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// The words and operators, as typed.
    pub text: Option<String>,
    /// Parameters whose fields are no operators of the text: the list has no such filter.
    pub without: Vec<&'static str>,
    /// Kinds of records to find; empty means all that a search shows without being asked for a type.
    pub kinds: Vec<Kind>,
    /// All must hold.
    pub filters: Vec<Filter>,
    /// Municipality, county or country code to search in: covers what is active there, in its county or nationally;
    /// what names it first comes first. Several are alternatives; repeated ones must all hold.
    pub areas: Vec<Vec<u16>>,
    /// Records whose ids are named; empty means no restriction.
    pub ids: Vec<Uuid>,
    /// Within this distance.
    pub near: Option<Near>,
    /// Within this box: west, south, east, north in degrees.
    pub bbox: Option<[f64; 4]>,
    /// Changed after this moment, microseconds since 1970.
    pub updated_after: Option<i64>,
    /// Meetings that end at or after and start before, microseconds since 1970.
    pub between: (Option<i64>, Option<i64>),
    /// Order; empty means relevance with text, else name.
    pub sort: Vec<Sort>,
    /// Facets to count.
    pub facets: Vec<&'static str>,
    /// Whether matches are marked.
    pub highlight: bool,
    /// Whether scores are explained.
    pub explain: bool,
    /// Language of titles.
    pub lang: Option<TextLanguage>,
    /// Where to start.
    pub start: Start,
    /// How many hits to give.
    pub limit: usize,
}

/// One filter: any of the values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Name of the filter, as in `Document::filters`.
    pub name: &'static str,
    /// Alternatives.
    pub any: Vec<String>,
}

/// Of these statuses a search shows when none is asked for.
pub const USUAL_STATUSES: &[&str] = &["active", "dormant", "wanted"];

impl Filter {
    /// What is shown when no status is asked for.
    pub fn usual_statuses() -> Filter {
        Filter { name: "status", any: USUAL_STATUSES.iter().map(|status| (*status).to_owned()).collect() }
    }
}

/// A circle on the earth.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the names say it; degrees and kilometres")]
pub struct Near {
    pub lat: f64,
    pub lon: f64,
    pub radius_km: Option<f64>,
}

/// A sort key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub by: SortBy,
    /// Whether from high to low (names: from ö to a).
    pub descending: bool,
}

/// What to sort by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// Score, best first.
    Relevance,
    /// Official name in Swedish alphabetical order.
    Name,
    /// Last change.
    UpdatedAt,
    /// Distance from `near`.
    Distance,
    /// Start of a meeting.
    Start,
}

/// Where a page starts.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// After so many hits (clamped by the index).
    Offset(usize),
    /// After the hit with these sort values.
    After(Position),
}

impl Default for Start {
    fn default() -> Self {
        Start::Offset(0)
    }
}

/// The place of a hit in an order: its sort keys, encoded so that bytes compare as the order does, and its tie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Encoded sort keys.
    pub key: Vec<u8>,
    /// Change number of the record's creation.
    pub tie: u64,
}

/// An answer.
#[derive(Debug, Default)]
pub struct Answer {
    /// How many hits there are in all.
    pub total: usize,
    /// The hits of this page.
    pub hits: Vec<Hit>,
    /// Counts, in the order asked for; each from high to low, then by number.
    pub facets: Vec<(&'static str, Vec<(u16, usize)>)>,
    /// A spelling that finds more, where nothing exact was found.
    pub did_you_mean: Option<String>,
    /// Change number up to which the index has taken in everything.
    pub sequence: u64,
    /// Position of the last hit, when there are more after it.
    pub next: Option<Position>,
}

/// One hit.
#[derive(Debug)]
pub struct Hit {
    /// What it is.
    pub kind: Kind,
    /// Its id.
    pub id: Uuid,
    /// Title in the language asked for.
    pub title: String,
    /// Score; 0 in lists.
    pub score: f32,
    /// Which parts of the record matched: name, alias, topic, place, kind, text, key …
    pub matched_on: Vec<&'static str>,
    /// Matching text by part, with `<em>` marks; everything else is escaped.
    pub highlights: Vec<(&'static str, String)>,
    /// Parts of the score, when asked for.
    pub explanation: Option<serde_json::Value>,
    /// The canonical JSON, ready-made.
    pub record: Record,
}

/// A suggestion while typing.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// What it leads to.
    pub kind: SuggestionKind,
    /// Text to show.
    pub title: String,
    /// The name that matched, when it is not the title.
    pub matched: Option<String>,
}

/// What a suggestion leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuggestionKind {
    /// A record.
    Record(Kind, Uuid),
    /// A topic, by its number.
    Topic(u16),
    /// A municipality, a county or the country, by its number.
    Place(u16),
}

/// Who asks: what the index must not show others.
pub type Asker = Audience;
