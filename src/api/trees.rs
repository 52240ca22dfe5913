//! Answers about one organisation that are no lists: its tree of units, its keys elsewhere.

use crate::api::call::{Addresses, Answer, Call, blocking};
use crate::api::negotiate::{Format, negotiate};
use crate::api::parameters::Params;
use crate::error::{Error, Result};
use crate::identifier::parse_path_id;
use crate::resources::Kind;
use crate::resources::organisation::{Organisations, relations};
use crate::resources::resource::Resource;
use crate::resources::service;
use crate::search::text::sort_key;
use actix_web::HttpResponse;
use actix_web::http::header;
use serde_json::{Value, json};
use std::collections::HashMap;
use uuid::Uuid;

/// The units and branches below an organisation.
pub(crate) async fn units(call: Call, id: String) -> Answer {
    Params::of(&call.request)?.only(&[])?;
    negotiate(&call.request, Format::PLAIN)?;
    let path = parse_path_id(&id)?;
    let (app, actor) = (call.app.clone(), call.actor.clone());
    let (id, tree, records) = blocking(move || {
        app.db.read_at_once(|connection| {
            let id = service::locate(connection, Kind::Organisation, &path)?;
            service::read::<Organisations>(connection, &actor, id)?;
            let tree = relations::below(connection, id)?;
            let ids: Vec<Uuid> = tree.values().flatten().copied().collect();
            let records = service::load_visible(connection, &actor, Kind::Organisation, &ids)?;
            Ok((id, tree, records))
        })
    })
    .await?;
    let count = records.len();
    let addresses = call.addresses();
    let mut nodes = Nodes { tree, records: HashMap::new(), addresses };
    for (id, json) in records {
        nodes.records.insert(id, serde_json::from_str(&json)?);
    }
    let own = format!("{}/units", call.address(Kind::Organisation, id));
    let body = json!({
        "items": nodes.below(id, 0),
        "_meta": {"totalRecords": count, "page": 1, "limit": count, "count": count,
            "changeSequence": call.app.index.searcher().sequence()},
        "_links": {"self": {"href": own, "rel": "self", "method": "GET"}},
    });
    Ok(send(&call, &body))
}

fn send(call: &Call, body: &Value) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, Format::Json.content_type()))
        .insert_header((header::CACHE_CONTROL, call.cache_control()))
        .body(body.to_string())
}

struct Nodes {
    tree: HashMap<Uuid, Vec<Uuid>>,
    records: HashMap<Uuid, Value>,
    addresses: Addresses,
}

impl Nodes {
    fn below(&self, id: Uuid, depth: usize) -> Vec<Value> {
        // Rings are refused at writing; a hundred levels are more than any tree has.
        if depth > 100 {
            return Vec::new();
        }
        let children = self.tree.get(&id).map(Vec::as_slice).unwrap_or_default();
        let mut nodes: Vec<(Vec<u8>, Value)> = children
            .iter()
            .filter_map(|child| {
                let mut record = self.records.get(child)?.clone();
                let name = record.pointer("/names/0/value").and_then(Value::as_str).unwrap_or_default();
                let key = sort_key(name);
                let href = self.addresses.record(Kind::Organisation, *child);
                record["_links"] = json!({"self": {"href": href, "rel": "self", "method": "GET"}});
                Some((key, json!({"record": record, "units": self.below(*child, depth + 1)})))
            })
            .collect();
        nodes.sort_by(|(one, _), (other, _)| one.cmp(other));
        nodes.into_iter().map(|(_, node)| node).collect()
    }
}

/// The keys of an organisation in other registers, and who shares its number.
pub(crate) async fn linked(call: Call, id: String) -> Answer {
    Params::of(&call.request)?.only(&[])?;
    negotiate(&call.request, Format::PLAIN)?;
    let path = parse_path_id(&id)?;
    let (app, actor) = (call.app.clone(), call.actor.clone());
    let (id, links) = blocking(move || {
        app.db.read_at_once(|connection| {
            let id = service::locate(connection, Kind::Organisation, &path)?;
            service::read::<Organisations>(connection, &actor, id)?;
            let stored = Organisations::reveal(connection, id)?.ok_or_else(Error::not_found)?;
            let links: Result<_> = relations::links(connection, id, &stored.content);
            Ok((id, links?))
        })
    })
    .await?;
    let own = format!("{}/linked", call.address(Kind::Organisation, id));
    let body = json!({
        "identifiers": links.identifiers,
        "numberOf": links.number_of,
        "numberUsedBy": links.number_used_by,
        "_links": {"self": {"href": own, "rel": "self", "method": "GET"}},
    });
    Ok(send(&call, &body))
}
