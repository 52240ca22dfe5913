//! Lists and search as CSV (RFC 4180): UTF-8 with a byte order mark, comma, CRLF, columns from the table.

use crate::api::table::{Cell, CellValue, Table};
use crate::error::{Error, Result};
use crate::search::query::Hit;
use serde_json::Value;

/// What parts several values in a cell.
const BETWEEN: &str = " | ";

/// Writes hits as CSV, with `fields` only the columns of the named properties.
///
/// # Errors
/// A fault of ours when a ready-made record is no JSON.
pub fn write_csv(table: &'static Table, fields: &[&'static str], hits: &[Hit]) -> Result<Vec<u8>> {
    let columns: Vec<Cell> = table.columns(fields).collect();
    let mut writer = begin(&columns, hits.len())?;
    for hit in hits {
        let record: Value = serde_json::from_slice(&hit.record)?;
        writer.write_record(columns.iter().map(|cell| harmless(content(cell, &record, Some(hit))))).map_err(fault)?;
    }
    end(writer)
}

/// Writes one record as a line of CSV; the first with the line of headers before it.
///
/// # Errors
/// A fault of ours when the record is no JSON.
pub fn write_csv_record(table: &'static Table, json: &[u8], first: bool) -> Result<Vec<u8>> {
    let columns: Vec<Cell> = table.columns(&[]).collect();
    let mut writer = if first { begin(&columns, 1)? } else { lines(Vec::with_capacity(json.len())) };
    let record: Value = serde_json::from_slice(json)?;
    writer.write_record(columns.iter().map(|cell| harmless(content(cell, &record, None)))).map_err(fault)?;
    end(writer)
}

fn lines(out: Vec<u8>) -> csv::Writer<Vec<u8>> {
    csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(out)
}

fn begin(columns: &[Cell], records: usize) -> Result<csv::Writer<Vec<u8>>> {
    let mut out = Vec::with_capacity(512 + records * 300);
    // Spreadsheets take a file without the mark for another encoding.
    out.extend_from_slice("\u{feff}".as_bytes());
    let mut writer = lines(out);
    writer.write_record(columns.iter().map(|cell| cell.header)).map_err(fault)?;
    Ok(writer)
}

fn end(writer: csv::Writer<Vec<u8>>) -> Result<Vec<u8>> {
    writer.into_inner().map_err(|error| Error::internal(format!("csv: {}", error.error())))
}

fn fault(error: csv::Error) -> Error {
    Error::internal(format!("csv: {error}"))
}

/// What stands in a cell; numbers are told apart, since a spreadsheet must be able to count with them.
enum Content {
    Number(String),
    Text(String),
}

fn content(cell: &Cell, record: &Value, hit: Option<&Hit>) -> Content {
    match cell.value {
        CellValue::Path(path) => at_path(record, path),
        CellValue::Where { list, key, is, give } => {
            let objects = record.get(list).and_then(Value::as_array).into_iter().flatten();
            let chosen = objects.filter(|object| object.get(key).and_then(Value::as_str) == Some(is));
            Content::Text(joined(chosen.filter_map(|object| object.get(give)).filter_map(plain), BETWEEN))
        }
        CellValue::Pairs { list, first, second } => {
            let objects = record.get(list).and_then(Value::as_array).into_iter().flatten();
            let pairs = objects.map(|object| {
                let first = object.get(first).and_then(plain).unwrap_or_default();
                let second = match object.get(second) {
                    Some(Value::Array(values)) => joined(values.iter().filter_map(plain), ","),
                    Some(value) => plain(value).unwrap_or_default(),
                    None => String::new(),
                };
                format!("{first}:{second}")
            });
            Content::Text(joined(pairs, BETWEEN))
        }
        CellValue::Hit(name) => hit.map_or_else(|| Content::Text(String::new()), |hit| of_hit(name, hit)),
    }
}

fn of_hit(name: &str, hit: &Hit) -> Content {
    match name {
        "type" => Content::Text(hit.kind.name().to_owned()),
        "title" => Content::Text(hit.title.clone()),
        _ => Content::Number(if hit.score.is_finite() { format!("{:.3}", hit.score) } else { String::new() }),
    }
}

fn at_path(record: &Value, path: &str) -> Content {
    let mut found = vec![record];
    for name in path.split('.') {
        found = found.into_iter().filter_map(|value| value.get(name)).flat_map(each).collect();
    }
    match found.as_slice() {
        [Value::Number(number)] => Content::Number(number.to_string()),
        found => Content::Text(joined(found.iter().filter_map(|value| plain(value)), BETWEEN)),
    }
}

/// The values of a list, or the one value.
fn each(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        value => vec![value],
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn joined(values: impl Iterator<Item = String>, between: &str) -> String {
    let mut text = String::new();
    for value in values {
        if !text.is_empty() {
            text.push_str(between);
        }
        text.push_str(&value);
    }
    text
}

/// Keeps a spreadsheet from taking text for a formula.
fn harmless(content: Content) -> String {
    match content {
        Content::Number(number) => number,
        Content::Text(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) => {
            format!("'{text}")
        }
        Content::Text(text) => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::tables::{self, CONTACT_POINTS, ORGANISATIONS, SEARCH};
    use crate::resources::Kind;
    use proptest::prelude::*;
    use serde_json::json;
    use std::collections::HashMap;
    use uuid::Uuid;

    fn hit(record: &Value) -> Hit {
        Hit {
            kind: Kind::Organisation,
            id: Uuid::nil(),
            title: "=1+1".to_owned(),
            score: 2.5,
            matched_on: vec![],
            highlights: vec![],
            explanation: None,
            record: record.to_string().into_bytes().into(),
        }
    }

    fn rows(bytes: &[u8]) -> Vec<HashMap<String, String>> {
        let text = bytes.strip_prefix("\u{feff}".as_bytes()).expect("a byte order mark");
        csv::Reader::from_reader(text).deserialize().collect::<std::result::Result<_, _>>().unwrap()
    }

    #[test]
    fn a_record_becomes_a_row() {
        let record = json!({
            "id": "1", "sector": "public", "topics": ["a", "b"],
            "names": [{"value": "Kort, \"K\"", "kind": "short"}, {"value": "Lång", "kind": "official"}],
            "identifiers": [{"scheme": "SE-ON", "value": "802412-3450"}, {"scheme": "demo", "value": "x"}],
            "address": {"locality": "Luleå"}, "location": {"lat": -65.5, "lon": 22}, "description": {"sv": "Rad\nrad"},
            "offers": [{"kind": "training", "topics": ["a", "b"]}], "addressProtected": false, "version": 3,
        });
        let bytes = write_csv(&ORGANISATIONS, &[], &[hit(&record)]).unwrap();
        assert!(bytes.windows(2).any(|pair| pair == b"\r\n"));
        let row = &rows(&bytes)[0];
        assert_eq!(row["name"], "Lång");
        assert_eq!(row["names.short"], "Kort, \"K\"");
        assert_eq!(row["topics"], "a | b");
        assert_eq!(row["identifiers"], "SE-ON:802412-3450 | demo:x");
        assert_eq!(row["address.locality"], "Luleå");
        assert_eq!(row["location.lat"], "-65.5");
        assert_eq!(row["description.sv"], "Rad\nrad");
        assert_eq!(row["offers"], "training:a,b");
        assert_eq!(row["addressProtected"], "false");
        assert_eq!(row["version"], "3");
    }

    #[test]
    fn a_cell_is_never_a_formula() {
        for text in ["=1+1", "+46", "-x", "@a", "\tx", "＝1"] {
            let record = json!({"id": "1", "website": text});
            assert_eq!(
                rows(&write_csv(&ORGANISATIONS, &[], &[hit(&record)]).unwrap())[0]["website"],
                format!("'{text}")
            );
        }
        let row = &rows(&write_csv(&SEARCH, &[], &[hit(&json!({"id": "1"}))]).unwrap())[0];
        assert_eq!(
            (row["type"].as_str(), row["title"].as_str(), row["score"].as_str()),
            ("organisation", "'=1+1", "2.500")
        );
    }

    #[test]
    fn fields_choose_the_columns() {
        let bytes = write_csv(&CONTACT_POINTS, &["id", "channels"], &[]).unwrap();
        assert_eq!(bytes, "\u{feff}id,channels\r\n".as_bytes());
    }

    proptest! {
        #[test]
        fn every_table_writes_any_record(name in ".*", number: usize) {
            let table = tables::ALL[number % tables::ALL.len()];
            let record = json!({"id": name, "names": [{"kind": "official", "value": name}], "topics": [name, name]});
            let bytes = write_csv(table, &[], &[hit(&record)]).unwrap();
            prop_assert_eq!(rows(&bytes).len(), 1);
        }
    }
}
