//! Related records that `include` puts beside each record, so that nobody has to ask once per record.

use crate::api::page::Embedded;
use crate::api::table::{Include, IncludeBy};
use crate::app::App;
use crate::auth::actor::Actor;
use crate::db::AnyConnection;
use crate::error::Result;
use crate::resources::Kind;
use crate::resources::service::load_visible;
use crate::search::query::{Filter, Query};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// The most records that one include embeds in one record by looking the other way.
const MOST: usize = 100;

/// What is embedded in each record, by its id.
pub(crate) fn embedded(
    connection: &mut AnyConnection,
    app: &App,
    actor: &Actor,
    include: &[&'static Include],
    records: &[(Uuid, &[u8])],
) -> Result<Embedded> {
    if include.is_empty() {
        return Ok(Embedded::new());
    }
    let values: Vec<Value> =
        records.iter().map(|(_, json)| Ok(serde_json::from_slice(json)?)).collect::<Result<_>>()?;
    let mut wanted: HashMap<Kind, BTreeSet<Uuid>> = HashMap::new();
    for include in include {
        if let IncludeBy::Property(property, kinds) = include.by {
            let ids: BTreeSet<Uuid> = values.iter().flat_map(|value| named(value, property)).collect();
            for kind in kinds {
                wanted.entry(*kind).or_default().extend(&ids);
            }
        }
    }
    let mut found: HashMap<Uuid, String> = HashMap::new();
    for (kind, ids) in wanted {
        found.extend(load_visible(connection, actor, kind, &ids.into_iter().collect::<Vec<_>>())?);
    }
    records
        .iter()
        .zip(&values)
        .map(|((id, _), value)| {
            let mut parts = Vec::with_capacity(include.len());
            for include in include {
                let json = match include.by {
                    IncludeBy::Property(property, _) => by_property(value, property, &found),
                    IncludeBy::Reverse(kind, filter) => reverse(app, actor, kind, filter, *id)?,
                };
                parts.push((include.name, json));
            }
            Ok((*id, parts))
        })
        .collect()
}

/// The ids that a property holds.
fn named(record: &Value, property: &str) -> Vec<Uuid> {
    let id = |value: &Value| value.as_str().and_then(|text| Uuid::parse_str(text).ok());
    match record.get(property) {
        Some(Value::Array(items)) => items.iter().filter_map(id).collect(),
        Some(value) => id(value).into_iter().collect(),
        None => Vec::new(),
    }
}

fn by_property(record: &Value, property: &str, found: &HashMap<Uuid, String>) -> Vec<u8> {
    let mut records = named(record, property).into_iter().filter_map(|id| found.get(&id)).map(String::as_bytes);
    if matches!(record.get(property), Some(Value::Array(_))) {
        array(records)
    } else {
        records.next().unwrap_or(b"null").to_vec()
    }
}

fn reverse(app: &App, actor: &Actor, kind: Kind, filter: &'static str, id: Uuid) -> Result<Vec<u8>> {
    let query = Query {
        kinds: vec![kind],
        filters: vec![Filter { name: filter, any: vec![id.to_string()] }],
        limit: MOST,
        ..Query::default()
    };
    let answer = app.searcher()?.find(actor.audience(), &query)?;
    Ok(array(answer.hits.iter().map(|hit| &*hit.record)))
}

fn array<'a>(items: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut out = vec![b'['];
    for (index, item) in items.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(item);
    }
    out.push(b']');
    out
}
