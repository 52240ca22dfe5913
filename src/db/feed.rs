//! What the change feed reads: for each record and audience the first and the last change that may be told, kept level
//! with the log in the same transaction, so that a page costs what it holds and not what the log holds.

use super::AnyConnection;
use super::change_log::{Operation, PendingChange, Told, id, kind};
use super::schema::{changes, counter, latest};
use crate::error::Result;
use crate::resources::{Audience, Kind};
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use uuid::Uuid;

/// The last change of a record that an audience may be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Latest {
    /// What it is.
    pub kind: Kind,
    /// The record.
    pub id: Uuid,
    /// Number of the change by which it first came into this audience's sight.
    pub first: i64,
    /// Number of the last change.
    pub last: i64,
}

/// What shortening the log did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Rows of the log that went.
    pub changes: usize,
    /// The lowest number from which the feed can still be followed.
    pub complete_after: i64,
}

#[derive(Insertable)]
#[diesel(table_name = latest)]
struct NewLatest {
    record_id: String,
    kind: &'static str,
    public_first: Option<i64>,
    public_last: Option<i64>,
    partners_first: Option<i64>,
    partners_last: Option<i64>,
}

/// Notes changes of the log, numbered from the first on, as their records' last ones.
pub(super) fn note(connection: &mut AnyConnection, changes: &[PendingChange], first: i64) -> Result<()> {
    let mut new: Vec<NewLatest> = Vec::new();
    for (change, sequence) in changes.iter().zip(first..) {
        let update = match change.told {
            Told::Public => {
                "UPDATE latest SET public_first = COALESCE(public_first, $1), public_last = $1, \
                 partners_first = COALESCE(partners_first, $1), partners_last = $1 WHERE record_id = $2"
            }
            Told::Partners => {
                "UPDATE latest SET partners_first = COALESCE(partners_first, $1), partners_last = $1 \
                 WHERE record_id = $2"
            }
            Told::Protected => continue,
        };
        let record = change.id.to_string();
        let is_new = change.operation == Operation::Created && change.version == 1;
        if !is_new {
            // Those that are new come first: this change may be one of them.
            insert(connection, &mut new)?;
            let query = diesel::sql_query(update).bind::<BigInt, _>(sequence).bind::<Text, _>(&record);
            if query.execute(connection)? > 0 {
                continue;
            }
        }
        let public = (change.told == Told::Public).then_some(sequence);
        new.push(NewLatest {
            record_id: record,
            kind: change.kind.name(),
            public_first: public,
            public_last: public,
            partners_first: Some(sequence),
            partners_last: Some(sequence),
        });
    }
    insert(connection, &mut new)
}

fn insert(connection: &mut AnyConnection, new: &mut Vec<NewLatest>) -> Result<()> {
    for rows in new.chunks(1_000) {
        let insert = diesel::insert_into(latest::table).values(rows);
        match connection {
            AnyConnection::Sqlite(own) => insert.execute(own)?,
            AnyConnection::Postgresql(own) => insert.execute(own)?,
        };
    }
    new.clear();
    Ok(())
}

type LatestRow = (String, String, Option<i64>, Option<i64>);

/// The records whose last change an audience may be told of lies after a number, in the order of those changes.
pub(crate) fn latest_after(
    connection: &mut AnyConnection,
    audience: Audience,
    after: i64,
    kinds: &[Kind],
    limit: i64,
) -> Result<Vec<Latest>> {
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    macro_rules! read {
        ($first:ident, $last:ident) => {{
            let query = latest::table.filter(latest::$last.gt(after)).order(latest::$last).limit(limit).select((
                latest::record_id,
                latest::kind,
                latest::$first,
                latest::$last,
            ));
            if kinds.is_empty() {
                query.load::<LatestRow>(connection)?
            } else {
                query.filter(latest::kind.eq_any(kinds)).load::<LatestRow>(connection)?
            }
        }};
    }
    let rows = match audience {
        Audience::Public => read!(public_first, public_last),
        Audience::Partners => read!(partners_first, partners_last),
    };
    rows.into_iter()
        .map(|(record, kind_name, first, last)| {
            let last = last.unwrap_or_default();
            Ok(Latest { kind: kind(&kind_name)?, id: id(&record)?, first: first.unwrap_or(last), last })
        })
        .collect()
}

/// The newest contents of a record that an audience was told of before a change, newest first.
pub(crate) fn contents_before(
    connection: &mut AnyConnection,
    audience: Audience,
    record: Uuid,
    before: i64,
    limit: i64,
) -> Result<Vec<String>> {
    let told: &[Told] = match audience {
        Audience::Public => &[Told::Public],
        Audience::Partners => &[Told::Public, Told::Partners],
    };
    let rows: Vec<Option<String>> = changes::table
        .filter(changes::record_id.eq(record.to_string()))
        .filter(changes::sequence.lt(before))
        .filter(changes::audience.eq_any(told.iter().map(|told| told.name())))
        .filter(changes::content.is_not_null())
        .order(changes::sequence.desc())
        .limit(limit)
        .select(changes::content)
        .load(connection)?;
    Ok(rows.into_iter().flatten().collect())
}

/// Number of the change by which each record first came into sight: what breaks ties in every order.
pub(crate) fn creations(connection: &mut AnyConnection, ids: &[Uuid]) -> Result<Vec<(Uuid, i64)>> {
    let rows: Vec<(String, Option<i64>)> = latest::table
        .filter(latest::record_id.eq_any(ids.iter().map(Uuid::to_string)))
        .select((latest::record_id, latest::partners_first))
        .load(connection)?;
    rows.into_iter().map(|(record, first)| Ok((id(&record)?, first.unwrap_or(0)))).collect()
}

/// The records that came into sight after a change, in that order, each with the number of the change by which it did.
/// Some of them may be gone by now.
pub(crate) fn created_after(connection: &mut AnyConnection, after: i64, limit: i64) -> Result<Vec<(Kind, Uuid, i64)>> {
    let rows: Vec<(String, String, Option<i64>)> = latest::table
        .filter(latest::partners_first.gt(after))
        .order(latest::partners_first)
        .limit(limit)
        .select((latest::kind, latest::record_id, latest::partners_first))
        .load(connection)?;
    rows.into_iter()
        .map(|(kind_name, record, first)| Ok((kind(&kind_name)?, id(&record)?, first.unwrap_or(after))))
        .collect()
}

/// Shortens the log up to a moment. The number up to which it may have been shortened is kept in the same transaction.
pub(super) fn forget(connection: &mut AnyConnection, before: DateTime<Utc>) -> Result<Forgotten> {
    let (head, complete): (i64, i64) =
        counter::table.select((counter::sequence, counter::complete_after)).first(connection)?;
    let before: NaiveDateTime = before.naive_utc();
    // The log's order is that of commits: what comes after the first young change is kept, whatever its clock said.
    let young: Option<i64> = changes::table
        .filter(changes::sequence.gt(complete))
        .filter(changes::at.ge(before))
        .order(changes::sequence)
        .select(changes::sequence)
        .first(connection)
        .optional()?;
    let until = young.map_or(head, |sequence| sequence - 1);
    if until <= complete {
        return Ok(Forgotten { changes: 0, complete_after: complete });
    }
    let superseded = diesel::sql_query(
        "DELETE FROM changes WHERE sequence <= $1 AND EXISTS (SELECT 1 FROM changes AS later \
         WHERE later.record_id = changes.record_id AND later.audience = changes.audience \
         AND later.sequence > changes.sequence AND later.sequence <= $1)",
    )
    .bind::<BigInt, _>(until)
    .execute(connection)?;
    // Who left the sight of an audience need not be told to it any longer.
    diesel::sql_query(
        "UPDATE latest SET public_first = NULL, public_last = NULL WHERE public_last <= $1 AND EXISTS \
         (SELECT 1 FROM changes WHERE sequence = latest.public_last AND operation IN ('deleted', 'merged', 'erased'))",
    )
    .bind::<BigInt, _>(until)
    .execute(connection)?;
    diesel::sql_query(
        "UPDATE latest SET partners_first = NULL, partners_last = NULL WHERE partners_last <= $1 AND EXISTS \
         (SELECT 1 FROM changes WHERE sequence = latest.partners_last AND operation IN ('deleted', 'merged', 'erased'))",
    )
    .bind::<BigInt, _>(until)
    .execute(connection)?;
    diesel::delete(latest::table.filter(latest::public_last.is_null()).filter(latest::partners_last.is_null()))
        .execute(connection)?;
    let departed = diesel::delete(
        changes::table
            .filter(changes::sequence.le(until))
            .filter(changes::operation.eq_any(["deleted", "merged", "erased"])),
    )
    .execute(connection)?;
    // Of records that are no more nothing is left but the tombstone, which answers 308 and 410 for ever.
    let traces = diesel::sql_query(
        "DELETE FROM changes WHERE sequence <= $1 AND record_id IN (SELECT id FROM tombstones) \
         AND NOT EXISTS (SELECT 1 FROM latest WHERE latest.record_id = changes.record_id)",
    )
    .bind::<BigInt, _>(until)
    .execute(connection)?;
    diesel::update(counter::table).set(counter::complete_after.eq(until)).execute(connection)?;
    Ok(Forgotten { changes: superseded + departed + traces, complete_after: until })
}
