//! The change feed: each record once, at its last change, as it is for the reader's audience at the moment of reading.
//!
//! A page is read from one moment of the database. What changes between two pages moves behind the later one, so that a
//! reader who goes on from the position of the last page misses nothing: numbers follow commit order without late gaps.

use crate::db::feed::{Latest, contents_before, latest_after};
use crate::db::store::Row;
use crate::db::{AnyConnection, Change, Head, Operation, head, numbered};
use crate::error::{Code, Error, Message, Result};
use crate::resources::resource::{Resource, partner, public, with_kind};
use crate::resources::values::rfc3339;
use crate::resources::{Audience, Kind};
use crate::search::meets;
use crate::search::query::Query;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::Write;
use uuid::Uuid;

/// A filtered page looks at so many records at a time.
const BATCH: usize = 200;
/// A filtered page that finds little ends after so many records; the reader goes on from there.
const MOST_SCANNED: usize = 10_000;
/// So many earlier versions are looked at for whether a reader may hold the record.
const MOST_VERSIONS: i64 = 50;

/// What a reader of the feed asks for.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Who reads.
    pub audience: Audience,
    /// Filters that records must meet, and kinds.
    pub query: Query,
    /// The most items of a page.
    pub limit: usize,
}

impl Asked {
    /// Whether records are told apart by more than their kind.
    fn is_filtered(&self) -> bool {
        !(self.query.filters.is_empty() && self.query.areas.is_empty() && self.query.ids.is_empty())
    }
}

/// Where a reader stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    /// The number of the last change that it knows of.
    pub after: i64,
    /// The epoch of that number; needed from the first change on.
    pub epoch: Option<String>,
}

/// One record at its last change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// Number of the change.
    pub sequence: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// What the record is.
    pub kind: Kind,
    /// The record.
    pub id: Uuid,
    /// What happened, to this reader.
    pub operation: Operation,
    /// The record's version.
    pub version: i64,
    /// Canonical JSON; none when the reader should drop the record.
    pub record: Option<String>,
    /// The survivor of a merge.
    pub merged_into: Option<Uuid>,
    /// Whether the record lives on outside of the reader's filter.
    pub out_of_filter: bool,
}

impl Item {
    /// How many bytes it takes as JSON, rounded up.
    pub(crate) fn length(&self) -> usize {
        320 + self.record.as_ref().map_or(0, String::len)
    }

    /// Writes it as JSON; its record byte for byte as everywhere else.
    pub(crate) fn write(&self, out: &mut Vec<u8>) -> Result<()> {
        let (sequence, at, kind, id) = (self.sequence, rfc3339(self.at), self.kind.name(), self.id);
        let (operation, version) = (self.operation.name(), self.version);
        write!(
            out,
            "{{\"sequence\":{sequence},\"at\":\"{at}\",\"type\":\"{kind}\",\"id\":\"{id}\",\
             \"operation\":\"{operation}\",\"version\":{version}"
        )?;
        if let Some(into) = self.merged_into {
            write!(out, ",\"mergedInto\":\"{into}\"")?;
        }
        if self.out_of_filter {
            out.extend_from_slice(b",\"reason\":\"out-of-filter\"");
        }
        if let Some(record) = &self.record {
            out.extend_from_slice(b",\"record\":");
            out.extend_from_slice(record.as_bytes());
        }
        out.push(b'}');
        Ok(())
    }
}

/// A page of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// The epoch of its numbers.
    pub epoch: String,
    /// The items, in commit order.
    pub items: Vec<Item>,
    /// Where the reader goes on.
    pub position: i64,
    /// Whether there was more at that moment.
    pub more: bool,
}

/// Reads a page in a transaction that sees one moment.
///
/// # Errors
/// 410 `feed-restart` when the feed cannot be followed from there.
pub(crate) fn page(connection: &mut AnyConnection, asked: &Asked, standing: &Standing) -> Result<Page> {
    let head = head(connection)?;
    check(&head, standing)?;
    let size = if asked.is_filtered() { BATCH.max(asked.limit + 1) } else { asked.limit + 1 };
    let mut page = Page { epoch: head.epoch.clone(), items: Vec::new(), position: standing.after, more: true };
    let mut scanned = 0;
    loop {
        let limit = i64::try_from(size).map_err(Error::internal)?;
        let latest = latest_after(connection, asked.audience, page.position, &asked.query.kinds, limit)?;
        let ended = latest.len() < size;
        scanned += latest.len();
        let mut told = tell(connection, asked, standing.after, &head, &latest)?;
        for change in latest {
            let item = told.remove(&change.last);
            if item.is_some() && page.items.len() >= asked.limit {
                return Ok(page);
            }
            page.items.extend(item);
            page.position = change.last;
        }
        if ended {
            // Nothing is left: what other audiences and filters were told in between is behind the reader too.
            page.position = head.sequence;
            page.more = false;
            return Ok(page);
        }
        if scanned >= MOST_SCANNED {
            return Ok(page);
        }
    }
}

/// Refuses a reader that cannot follow on from where it stands.
fn check(head: &Head, standing: &Standing) -> Result<()> {
    let restart = |sv: &'static str, en: &'static str| Err(Error::problem(Code::FeedRestart, Message::fixed(sv, en)));
    if standing.epoch.as_ref().is_some_and(|epoch| *epoch != head.epoch) {
        return restart(
            "Ändringarna räknas på nytt sedan dess. Börja om från exporten.",
            "The changes are counted anew since then. Start again from the export.",
        );
    }
    if standing.after > head.sequence {
        return restart(
            "Så många ändringar finns inte. Börja om från exporten.",
            "There are not that many changes. Start again from the export.",
        );
    }
    if standing.after < head.complete_after {
        return restart(
            "Det som togs bort så tidigt berättas inte längre. Börja om från exporten.",
            "What was deleted that early is no longer told. Start again from the export.",
        );
    }
    Ok(())
}

/// What of these changes is told, by number.
fn tell(
    connection: &mut AnyConnection,
    asked: &Asked,
    after: i64,
    head: &Head,
    latest: &[Latest],
) -> Result<HashMap<i64, Item>> {
    let numbers: Vec<i64> = latest.iter().map(|change| change.last).collect();
    let changes: HashMap<i64, Change> =
        numbered(connection, &numbers)?.into_iter().map(|change| (change.sequence, change)).collect();
    let mut living: BTreeMap<Kind, Vec<Uuid>> = BTreeMap::new();
    for change in changes.values() {
        if matches!(change.operation, Operation::Created | Operation::Updated) {
            living.entry(change.kind).or_default().push(change.id);
        }
    }
    let mut current = Current::default();
    for (kind, ids) in living {
        with_kind!(kind, R => current.read::<R>(connection, asked, &ids))?;
    }
    let mut told = HashMap::with_capacity(latest.len());
    for place in latest {
        let change = changes.get(&place.last).ok_or_else(|| Error::internal("the feed names a change that is gone"))?;
        let is_new = place.first > after;
        let record = current.records.remove(&place.id);
        let fits = record.is_some() && (!asked.is_filtered() || current.fitting.contains(&place.id));
        if !fits && asked.is_filtered() && (is_new || !may_hold(connection, asked, head, place)?) {
            continue;
        }
        let operation = match change.operation {
            Operation::Created | Operation::Updated if !fits => Operation::Deleted,
            Operation::Created | Operation::Updated if is_new => Operation::Created,
            Operation::Created | Operation::Updated => Operation::Updated,
            departed => departed,
        };
        let item = Item {
            sequence: place.last,
            at: change.at,
            kind: place.kind,
            id: place.id,
            operation,
            version: change.version,
            out_of_filter: !fits && record.is_some(),
            record: record.filter(|_| fits),
            merged_into: change.merged_into,
        };
        told.insert(place.last, item);
    }
    Ok(told)
}

/// Records as they are now.
#[derive(Default)]
struct Current {
    /// Canonical JSON, as far as the audience may see it.
    records: HashMap<Uuid, String>,
    /// Those that meet the filters.
    fitting: HashSet<Uuid>,
}

impl Current {
    fn read<R: Resource>(&mut self, connection: &mut AnyConnection, asked: &Asked, ids: &[Uuid]) -> Result<()> {
        // SQLite binds at most some thousand values in a statement.
        for ids in ids.chunks(500) {
            let mut open = Vec::new();
            for row in R::load(connection, ids)? {
                let json = match asked.audience {
                    Audience::Public => public::<R>(&row)?,
                    Audience::Partners => partner::<R>(&row)?,
                };
                if let Some(json) = json {
                    self.records.insert(row.id, json);
                    open.push(row);
                }
            }
            if asked.is_filtered() {
                let documents = R::documents(connection, open)?;
                let fitting = documents.iter().filter(|document| meets(document, &asked.query));
                self.fitting.extend(fitting.map(|document| document.id));
            }
        }
        Ok(())
    }
}

/// Whether a reader may hold a record that does not meet its filters any more: whether any version that it may have been
/// told met them. A reader need not have stood where the log stood, so every version counts; where they are too many or
/// forgotten, the answer is yes: to be told of a record that one never had does no harm.
fn may_hold(connection: &mut AnyConnection, asked: &Asked, head: &Head, place: &Latest) -> Result<bool> {
    if place.first <= head.complete_after {
        return Ok(true);
    }
    let contents = contents_before(connection, asked.audience, place.id, place.last, MOST_VERSIONS)?;
    if i64::try_from(contents.len()).is_ok_and(|count| count >= MOST_VERSIONS) {
        return Ok(true);
    }
    let rows: Vec<Row> = contents.iter().map(|content| row(place.id, content)).collect::<Result<_>>()?;
    let documents = with_kind!(place.kind, R => R::documents(connection, rows))?;
    Ok(documents.iter().any(|document| meets(document, &asked.query)))
}

/// A row made of the canonical JSON of an earlier version: its content, for the filters.
fn row(id: Uuid, canonical: &str) -> Result<Row> {
    let mut content: Map<String, Value> = serde_json::from_str(canonical)?;
    for name in ["id", "version", "createdAt", "updatedAt"] {
        content.shift_remove(name);
    }
    let (created_at, updated_at) = (DateTime::<Utc>::UNIX_EPOCH, DateTime::<Utc>::UNIX_EPOCH);
    Ok(Row { id, version: 0, created_at, updated_at, content: serde_json::to_string(&content)? })
}
