//! The rules of search once more, in the simplest code: every record is asked everything, nothing is kept ready. What the
//! index answers has to be the same.

mod clause;
mod plan;
mod record;
mod settle;
pub(in crate::search) mod spelling;

use crate::resources::{Audience, Kind};
use crate::search::document::Document;
use crate::search::query::{Filter, Query, Sort, SortBy};
use crate::search::text;
use crate::search::text::syntax::{self, Meaning, Typed};
use crate::search::weights;
use crate::vocabulary::Vocabulary;
use plan::{Gain, Need, Plan};
use record::{Labels, Place, Record};
use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// How many records there are, and how many have a word or a term.
pub(super) struct Snapshot {
    pub documents: u64,
    words: BTreeMap<String, u64>,
    terms: BTreeMap<u16, u64>,
}

impl Snapshot {
    fn of(records: &[Record<'_>]) -> Snapshot {
        let documents = records.len() as u64;
        let mut snapshot = Snapshot { documents, words: BTreeMap::new(), terms: BTreeMap::new() };
        for record in records {
            for word in record.words.keys() {
                *snapshot.words.entry(word.clone()).or_default() += 1;
            }
            for term in record.terms.keys() {
                *snapshot.terms.entry(*term).or_default() += 1;
            }
        }
        snapshot
    }

    fn word(&self, stem: &str) -> u64 {
        self.words.get(stem).copied().unwrap_or(1)
    }

    fn term(&self, number: u16) -> u64 {
        self.terms.get(&number).copied().unwrap_or(1)
    }

    /// Every word with its count, and every term.
    pub(super) fn counts(&self) -> (&BTreeMap<String, u64>, &BTreeMap<u16, u64>) {
        (&self.words, &self.terms)
    }
}

/// Records as the reference reads them.
pub(super) struct Reference<'a> {
    records: Vec<Record<'a>>,
    snapshot: Snapshot,
    /// Words as they are written, with how many records that everyone, and that partners may see hold them.
    spellings: [OnceCell<BTreeMap<(String, String), u64>>; 2],
}

/// A hit as it has to be.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expected {
    pub kind: Kind,
    pub id: Uuid,
    pub score: u32,
    pub matched_on: Vec<&'static str>,
    /// Names and points of the parts of the score, sorted.
    pub parts: Vec<(&'static str, i64)>,
}

/// An answer with all hits, whatever page was asked for.
#[derive(Debug)]
pub(super) struct Whole {
    pub hits: Vec<Expected>,
    pub facets: Vec<(&'static str, Vec<(u16, usize)>)>,
    pub did_you_mean: Option<String>,
}

impl<'a> Reference<'a> {
    /// Of these documents, with their own statistics.
    pub(super) fn new(documents: &'a [Document]) -> Reference<'a> {
        Reference::with_statistics_of(documents, documents)
    }

    /// With the statistics of others.
    pub(super) fn with_statistics_of(documents: &'a [Document], counted: &[Document]) -> Reference<'a> {
        let mut labels = Labels::default();
        let counted: Vec<Record<'_>> = counted.iter().map(|document| Record::new(document, &mut labels)).collect();
        let snapshot = Snapshot::of(&counted);
        let records = documents.iter().map(|document| Record::new(document, &mut labels)).collect();
        Reference { records, snapshot, spellings: [OnceCell::new(), OnceCell::new()] }
    }

    pub(super) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// Records that an asker may see.
    fn seen(&self, asker: Audience) -> impl Iterator<Item = &Record<'a>> {
        self.records.iter().filter(move |record| record.visible_to(asker))
    }

    fn knows_key(&self, asker: Audience, key: &str) -> bool {
        self.seen(asker).any(|record| record.has_key(key))
    }

    /// Answers a query with all its hits.
    pub(super) fn answer(&self, asker: Audience, query: &Query) -> Whole {
        let text = query.text.as_deref().map(|text| bounded(text.trim())).filter(|text| !text.is_empty());
        let typed = text.map(|text| syntax::read(&text, &query.without, &|key| self.knows_key(asker, key)));
        let query = &typed.as_ref().map_or_else(|| query.clone(), |typed| narrowed(query, typed));
        let has_words = typed.as_ref().is_some_and(Typed::has_words);
        let decided = typed.filter(|typed| !typed.only_filters()).map(|typed| self.decided(asker, typed));
        let request = Request { asker, query, decided, has_words, sorts: sorts(query, has_words) };
        let matching = self.records.iter().filter(|record| request.is_met(record, None));
        let mut hits: Vec<(&Record<'_>, Expected)> =
            matching.map(|record| (record, request.expected(record))).collect();
        hits.sort_by(|one, other| request.compare(one, other));
        Whole {
            hits: hits.into_iter().map(|(_, hit)| hit).collect(),
            facets: query.facets.iter().map(|name| (*name, self.facet(&request, name))).collect(),
            did_you_mean: request.decided.and_then(|(plan, _)| plan.did_you_mean),
        }
    }

    /// How many records each value finds, the facet's own filter being left out; from high to low, then by number.
    fn facet(&self, request: &Request<'_>, name: &'static str) -> Vec<(u16, usize)> {
        let mut counts: BTreeMap<u16, usize> = BTreeMap::new();
        for record in self.records.iter().filter(|record| request.is_met(record, Some(name))) {
            let values: BTreeSet<u16> = match name {
                "type" => Vocabulary::RecordTypes
                    .term(record.document.kind.name())
                    .map(|term| term.number)
                    .into_iter()
                    .collect(),
                "municipality" => {
                    let areas = Vocabulary::Municipalities.terms().iter().map(|term| term.number);
                    areas.filter(|area| record.covers(*area)).collect()
                }
                _ => record.document.facets.iter().filter(|(of, _)| *of == name).map(|(_, value)| *value).collect(),
            };
            values.into_iter().for_each(|value| *counts.entry(value).or_default() += 1);
        }
        let mut counts: Vec<(u16, usize)> = counts.into_iter().collect();
        counts.sort_by_key(|(value, count)| (std::cmp::Reverse(*count), *value));
        counts
    }
}

impl Record<'_> {
    fn is_shown_by_default(&self) -> bool {
        !matches!(self.document.kind, Kind::Membership | Kind::Collaboration)
    }
}

/// The first 32 words.
fn bounded(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.get(32) {
        Some(beyond) => text[..beyond.as_ptr() as usize - text.as_ptr() as usize].trim_end().to_owned(),
        None => text.to_owned(),
    }
}

/// How much a word tells.
fn rarity(documents: u64, frequency: u64) -> f64 {
    let frequency = frequency.max(1) as f64;
    let documents = (documents as f64).max(frequency);
    (1.0 + (documents - frequency + 0.5) / (frequency + 0.5)).ln().max(weights::LEAST_RARITY)
}

/// The query with the fields of its text as parameters.
fn narrowed(query: &Query, typed: &Typed) -> Query {
    let mut query = query.clone();
    for part in typed.parts.iter().filter(|part| !part.excluded) {
        match &part.meaning {
            Meaning::Filter(name, any) => query.filters.push(Filter { name, any: any.clone() }),
            Meaning::Areas(areas) => query.areas.push(areas.clone()),
            Meaning::Kinds(kinds) => {
                let is_open = query.kinds.is_empty();
                query.kinds.retain(|kind| kinds.contains(kind));
                if query.kinds.is_empty() {
                    query.kinds.clone_from(kinds);
                    if !is_open {
                        // Nobody has this id.
                        query.ids = vec![Uuid::nil()];
                    }
                }
            }
            _ => {}
        }
    }
    query
}

fn sorts(query: &Query, text: bool) -> Vec<Sort> {
    if query.sort.is_empty() {
        return vec![Sort { by: if text { SortBy::Relevance } else { SortBy::Name }, descending: false }];
    }
    query.sort.clone()
}

struct Request<'q> {
    asker: Audience,
    query: &'q Query,
    decided: Option<(Plan, Need)>,
    has_words: bool,
    sorts: Vec<Sort>,
}

impl Request<'_> {
    /// Whether a record is a hit, or would be one without the filters of a facet.
    fn is_met(&self, record: &Record<'_>, without: Option<&str>) -> bool {
        let (query, document) = (self.query, record.document);
        let of_kind = match query.kinds.as_slice() {
            _ if without == Some("type") => true,
            [] => record.is_shown_by_default(),
            kinds => kinds.contains(&document.kind),
        };
        let filtered = query.filters.iter().filter(|filter| without != Some(filter.name)).all(|filter| {
            filter
                .any
                .iter()
                .any(|value| document.filters.iter().any(|(name, held)| *name == filter.name && held == value))
        });
        let placed = without == Some("municipality")
            || query.areas.iter().all(|any| any.iter().any(|area| record.covers(*area)));
        let named = query.ids.is_empty() || query.ids.contains(&document.id);
        let said = self.decided.as_ref().is_none_or(|(plan, need)| plan.meets(record, *need));
        record.visible_to(self.asker) && of_kind && filtered && placed && named && said && self.is_in_ranges(record)
    }

    fn is_in_ranges(&self, record: &Record<'_>) -> bool {
        let (query, document) = (self.query, record.document);
        let near = query
            .near
            .and_then(|near| near.radius_km)
            .is_none_or(|radius| self.distance(record).is_some_and(|metres| metres as f64 <= radius * 1000.0));
        let boxed = query.bbox.is_none_or(|[west, south, east, north]| {
            document.location.is_some_and(|(lat, lon)| {
                let across = if west <= east { west <= lon && lon <= east } else { lon >= west || lon <= east };
                across && south <= lat && lat <= north
            })
        });
        let (from, to) = query.between;
        let timed = from.is_none_or(|from| document.span.is_some_and(|(_, end)| end >= from))
            && to.is_none_or(|to| document.span.is_some_and(|(start, _)| start < to));
        near && boxed && timed && query.updated_after.is_none_or(|after| document.updated_at > after)
    }

    /// The distance from the point asked about, in whole metres.
    fn distance(&self, record: &Record<'_>) -> Option<u64> {
        let (near, (lat, lon)) = self.query.near.zip(record.document.location)?;
        let half = |from: f64, to: f64| ((to - from) / 2.0).sin();
        let (from, to) = (near.lat.to_radians(), lat.to_radians());
        let across = half(0.0, (lon - near.lon).to_radians());
        let square = half(from, to) * half(from, to) + from.cos() * to.cos() * across * across;
        Some((2.0 * 6_371_008.8 * square.sqrt().min(1.0).asin()).round() as u64)
    }

    /// Whether hits have scores: with words, and in lists by relevance that ask for areas.
    fn is_scored(&self) -> bool {
        let by_relevance = self.sorts.iter().any(|sort| sort.by == SortBy::Relevance);
        self.has_words || by_relevance && !self.query.areas.is_empty()
    }

    fn expected(&self, record: &Record<'_>) -> Expected {
        let document = record.document;
        let mut expected =
            Expected { kind: document.kind, id: document.id, score: 0, matched_on: Vec::new(), parts: Vec::new() };
        if !self.is_scored() {
            return expected;
        }
        let gain = self.decided.as_ref().map_or_else(Gain::default, |(plan, need)| plan.gain(record, *need));
        let Gain { mut parts, mut places } = gain;
        let named = self.decided.iter().flat_map(|(plan, _)| &plan.areas);
        let areas = self.query.areas.iter().flatten().chain(named);
        let area = areas.map(|area| record.area_worth(*area)).max().unwrap_or(0);
        if area > 0 {
            parts.push(("area", area));
            places.insert(Place::Area);
        }
        let sum: u32 = parts.iter().map(|(_, points)| points).sum();
        let rest = weights::REST[usize::from(document.rest.min(3))];
        expected.score = sum.saturating_sub(rest);
        if parts.iter().any(|(signal, _)| *signal == "key") {
            expected.matched_on.push("key");
        }
        for place in places {
            if !expected.matched_on.contains(&place.shown()) {
                expected.matched_on.push(place.shown());
            }
        }
        expected.parts = parts.into_iter().map(|(signal, points)| (signal, points.into())).collect();
        if rest > 0 {
            expected.parts.push(("status", -i64::from(rest)));
        }
        expected.parts.sort_unstable();
        expected
    }

    fn compare(&self, one: &(&Record<'_>, Expected), other: &(&Record<'_>, Expected)) -> Ordering {
        let (a, b) = (one.0.document, other.0.document);
        for sort in &self.sorts {
            let ordering = match sort.by {
                SortBy::Relevance => directed(Some(other.1.score), Some(one.1.score), sort.descending),
                SortBy::Name => directed(name(a), name(b), sort.descending),
                SortBy::UpdatedAt => directed(Some(a.updated_at), Some(b.updated_at), sort.descending),
                SortBy::Distance => directed(self.distance(one.0), self.distance(other.0), sort.descending),
                SortBy::Start => directed(a.span.map(|span| span.0), b.span.map(|span| span.0), sort.descending),
            };
            if ordering != Ordering::Equal {
                return ordering;
            }
        }
        a.tie.cmp(&b.tie)
    }
}

fn name(document: &Document) -> Option<Vec<u8>> {
    document.titles.first().map(|(_, title)| text::sort_key(title)).filter(|key| !key.is_empty())
}

/// What lacks a value comes last in either direction.
fn directed<T: Ord>(one: Option<T>, other: Option<T>, descending: bool) -> Ordering {
    match (one, other) {
        (Some(one), Some(other)) if descending => other.cmp(&one),
        (Some(one), Some(other)) => one.cmp(&other),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}
