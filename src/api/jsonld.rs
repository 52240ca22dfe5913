//! Single records as linked data: schema.org and the W3C Organization Ontology, the context inline.

use crate::error::Result;
use crate::resources::Kind;
use serde_json::{Map, Value, json};

/// The record as a JSON-LD object; `@id` is its address.
///
/// # Errors
/// A fault of ours when the canonical JSON does not parse.
pub fn record(kind: Kind, canonical: &[u8], api: &str) -> Result<Vec<u8>> {
    let record: Value = serde_json::from_slice(canonical)?;
    let mut out = Map::new();
    out.insert("@context".to_owned(), context());
    out.insert("@id".to_owned(), json!(address(api, kind, &record["id"])));
    let types = match kind {
        Kind::Organisation if record["sector"] == "civil-society" => json!(["Organization", "NGO", "org:Organization"]),
        Kind::Organisation if record["kind"] == "unit" => json!(["Organization", "org:OrganizationalUnit"]),
        Kind::Organisation if record["sector"] == "public" => {
            json!(["GovernmentOrganization", "org:FormalOrganization"])
        }
        Kind::ContactPoint => json!("ContactPoint"),
        _ => json!(["Organization", "org:OrganizationalCollaboration"]),
    };
    out.insert("@type".to_owned(), types);
    if kind == Kind::ContactPoint {
        contact_point(&mut out, &record, api);
    } else {
        organisation(&mut out, &record, api);
    }
    out.insert("dateModified".to_owned(), record["updatedAt"].clone());
    Ok(serde_json::to_vec(&Value::Object(out))?)
}

fn context() -> Value {
    json!({
        "@vocab": "https://schema.org/",
        "org": "http://www.w3.org/ns/org#",
        "skos": "http://www.w3.org/2004/02/skos/core#",
        "url": {"@type": "@id"},
        "parentOrganization": {"@type": "@id"},
        "org:subOrganizationOf": {"@type": "@id"},
        "org:hasMember": {"@type": "@id"},
        "sponsor": {"@type": "@id"},
    })
}

fn address(api: &str, kind: Kind, id: &Value) -> String {
    format!("{api}/{}/{}", kind.plural(), id.as_str().unwrap_or_default())
}

/// A text in each of its languages.
fn tagged(text: &Value) -> Vec<Value> {
    let texts = text.as_object().into_iter().flatten();
    texts.map(|(lang, text)| json!({"@value": text, "@language": lang})).collect()
}

fn list<'a>(record: &'a Value, property: &str) -> impl Iterator<Item = &'a Value> {
    record.get(property).and_then(Value::as_array).into_iter().flatten()
}

fn put(out: &mut Map<String, Value>, name: &str, values: Vec<Value>) {
    if !values.is_empty() {
        out.insert(name.to_owned(), Value::Array(values));
    }
}

fn organisation(out: &mut Map<String, Value>, record: &Value, api: &str) {
    let names = |wanted: &dyn Fn(&str) -> bool| -> Vec<Value> {
        list(record, "names")
            .filter(|name| name["kind"].as_str().is_some_and(wanted))
            .map(|name| json!({"@value": name["value"], "@language": name["lang"]}))
            .collect()
    };
    put(out, "name", names(&|kind| kind == "official"));
    put(out, "alternateName", names(&|kind| kind != "official"));
    put(out, "description", tagged(&record["description"]));
    let identifiers: Vec<Value> = list(record, "identifiers")
        .map(|key| json!({"@type": "PropertyValue", "propertyID": key["scheme"], "value": key["value"]}))
        .collect();
    let number = list(record, "identifiers").find(|key| key["scheme"] == "SE-ON").map(|key| key["value"].clone());
    if let Some(number) = number {
        out.insert("taxID".to_owned(), number);
    }
    put(out, "identifier", identifiers);
    if let Some(website) = record.get("website") {
        out.insert("url".to_owned(), website.clone());
    }
    if let Some(address) = record.get("address") {
        out.insert(
            "address".to_owned(),
            json!({
                "@type": "PostalAddress", "streetAddress": address["street"], "postalCode": address["postalCode"],
                "addressLocality": address["locality"], "addressCountry": address["country"],
            }),
        );
    }
    if let Some(location) = record.get("location") {
        let geo = json!({"@type": "GeoCoordinates", "latitude": location["lat"], "longitude": location["lon"]});
        out.insert("location".to_owned(), json!({"@type": "Place", "geo": geo}));
    }
    if let Some(parent) = record.get("parentId") {
        let parent = json!(address(api, Kind::Organisation, parent));
        out.insert("parentOrganization".to_owned(), parent.clone());
        out.insert("org:subOrganizationOf".to_owned(), parent);
    }
    put(out, "sponsor", list(record, "hosts").map(|host| json!(address(api, Kind::Organisation, host))).collect());
    put(out, "areaServed", list(record, "activeIn").chain(list(record, "areas")).cloned().collect());
    put(
        out,
        "knowsAbout",
        list(record, "topics").map(|topic| json!(format!("{api}/topics/{}", text(topic)))).collect(),
    );
    put(out, "knowsLanguage", list(record, "languages").cloned().collect());
}

fn contact_point(out: &mut Map<String, Value>, record: &Value, api: &str) {
    put(out, "contactType", tagged(&record["function"]));
    put(out, "description", tagged(&record["description"]));
    put(out, "availableLanguage", list(record, "languages").cloned().collect());
    put(out, "areaServed", list(record, "areas").cloned().collect());
    for (kind, name) in [("email", "email"), ("phone", "telephone"), ("web", "url")] {
        let values =
            list(record, "channels").filter(|channel| channel["kind"] == kind).map(|channel| channel["value"].clone());
        put(out, name, values.collect());
    }
    let owner = Kind::from_name(text(&record["ownerType"])).unwrap_or(Kind::Organisation);
    out.insert("sourceOrganization".to_owned(), json!({"@id": address(api, owner, &record["ownerId"])}));
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_association_is_an_ngo_with_names_in_their_languages() {
        let record_json = json!({
            "id": "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f", "sector": "civil-society", "kind": "association",
            "names": [{"value": "Röda Korset", "lang": "sv", "kind": "official"}, {"value": "Red Cross", "lang": "en", "kind": "alias"}],
            "identifiers": [{"scheme": "SE-ON", "value": "802412-3450"}], "topics": ["folkhalsa"], "updatedAt": "2026-11-24T09:00:00Z",
        });
        let out = record(Kind::Organisation, record_json.to_string().as_bytes(), "https://x/api/v1").unwrap();
        let out: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(out["@id"], "https://x/api/v1/organisations/0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f");
        assert_eq!(out["name"], json!([{"@value": "Röda Korset", "@language": "sv"}]));
        assert_eq!(out["taxID"], "802412-3450");
        assert_eq!(out["knowsAbout"], json!(["https://x/api/v1/topics/folkhalsa"]));
    }
}
