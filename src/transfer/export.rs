//! Export: everything public of one moment, in the format that import reads.

use crate::api::csv::{write_csv, write_csv_record};
use crate::api::tables;
use crate::db::store::Row;
use crate::db::{Db, Head};
use crate::error::{Error, Result};
use crate::resources::Kind;
use crate::resources::organisation::Organisations;
use crate::resources::resource::{Resource, public, with_kind};
use crate::resources::values::rfc3339;
use chrono::{DateTime, Utc};
use serde_json::json;
use std::io::Write;

/// So many rows are read at once.
const BATCH: i64 = 1_000;

/// What was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// How many records.
    pub count: u64,
    /// Where the change log stood: the feed goes on from there.
    pub head: Head,
}

/// Writes NDJSON: a first line that says where the change feed goes on, then one record a line, ordered by kind and id.
pub fn export(db: &Db, out: &mut dyn Write, kinds: &[Kind], at: DateTime<Utc>) -> Result<Exported> {
    db.read_at_once(|connection| {
        let head = crate::db::head(connection)?;
        let mut count = 0;
        for &kind in kinds {
            count += with_kind!(kind, R => each_public::<R>(connection, &mut |_| Ok(())))?;
        }
        let meta = json!({"meta": {
            "epoch": head.epoch,
            "changeSequence": head.sequence,
            "createdAt": rfc3339(at),
            "count": count,
            "version": env!("CARGO_PKG_VERSION"),
        }});
        writeln!(out, "{meta}")?;
        for &kind in kinds {
            let start = format!("{{\"type\":\"{}\",", kind.name());
            with_kind!(kind, R => each_public::<R>(connection, &mut |json| {
                let rest = json.get(1..).ok_or_else(|| Error::internal("a record is no JSON object"))?;
                out.write_all(start.as_bytes())?;
                out.write_all(rest.as_bytes())?;
                out.write_all(b"\n")?;
                Ok(())
            }))?;
        }
        out.flush()?;
        Ok(Exported { count, head })
    })
}

/// Writes the public organisations as CSV, with the columns of their list.
pub fn export_csv(db: &Db, out: &mut dyn Write) -> Result<Exported> {
    let table = tables::of(Kind::Organisation);
    let mut first = true;
    db.read_at_once(|connection| {
        let head = crate::db::head(connection)?;
        let count = each_public::<Organisations>(connection, &mut |json| {
            let csv = write_csv_record(table, json.as_bytes(), first)?;
            first = false;
            out.write_all(&csv)?;
            Ok(())
        })?;
        if first {
            out.write_all(&write_csv(table, &[], &[])?)?;
        }
        out.flush()?;
        Ok(Exported { count, head })
    })
}

fn each_public<R: Resource>(
    connection: &mut crate::db::AnyConnection,
    work: &mut dyn FnMut(&str) -> Result<()>,
) -> Result<u64> {
    let mut last = None;
    let mut count = 0;
    loop {
        let rows: Vec<Row> = R::after(connection, last, BATCH)?;
        let Some(end) = rows.last() else { return Ok(count) };
        last = Some(end.id);
        for row in &rows {
            if let Some(json) = public::<R>(row)? {
                count += 1;
                work(&json)?;
            }
        }
    }
}
