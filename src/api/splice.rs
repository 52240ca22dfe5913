//! Changes to ready-made JSON that leave its bytes as they are: links put in, properties picked out.

use crate::error::{Error, Result};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// A link of `_links`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The relation; IANA's where there is one.
    pub rel: Cow<'static, str>,
    /// The address, absolute.
    pub href: String,
    /// The method.
    pub method: &'static str,
}

impl Link {
    /// A link that is read.
    pub fn get(rel: impl Into<Cow<'static, str>>, href: impl Into<String>) -> Link {
        Link { rel: rel.into(), href: href.into(), method: "GET" }
    }

    /// A link that does something.
    pub fn action(rel: impl Into<Cow<'static, str>>, method: &'static str, href: impl Into<String>) -> Link {
        Link { rel: rel.into(), href: href.into(), method }
    }
}

/// Writes `{"self": {"href": …, "rel": …, "method": …}, …}`.
pub fn write_links(out: &mut Vec<u8>, links: &[Link]) {
    out.push(b'{');
    for (index, link) in links.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_text(out, &link.rel);
        out.extend_from_slice(b":{\"href\":");
        write_text(out, &link.href);
        out.extend_from_slice(b",\"rel\":");
        write_text(out, &link.rel);
        out.extend_from_slice(b",\"method\":\"");
        out.extend_from_slice(link.method.as_bytes());
        out.extend_from_slice(b"\"}");
    }
    out.push(b'}');
}

/// The same as a value.
pub(crate) fn links(links: &[Link]) -> Map<String, Value> {
    let link = |link: &Link| json!({"href": link.href, "rel": link.rel, "method": link.method});
    links.iter().map(|one| (one.rel.to_string(), link(one))).collect()
}

/// Writes a text as a JSON string.
pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) {
    let plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
    if text.bytes().all(plain) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
        return;
    }
    // Writing a text into memory cannot fail.
    let _ = serde_json::to_writer(out, text);
}

/// The record with `_links` as its last property.
pub fn with_links(json: &[u8], links: &[Link]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() + 120 * links.len() + 16);
    let open = begin_object(&mut out, json);
    write_property_name(&mut out, open, "_links");
    write_links(&mut out, links);
    out.push(b'}');
    out
}

/// Writes an object but for its end; gives whether it has properties yet. What is no object becomes an empty one.
pub(crate) fn begin_object(out: &mut Vec<u8>, json: &[u8]) -> bool {
    match json.trim_ascii().strip_suffix(b"}") {
        Some(open) if open.first() == Some(&b'{') => {
            let open = open.trim_ascii_end();
            out.extend_from_slice(open);
            open.len() > 1
        }
        _ => {
            out.push(b'{');
            false
        }
    }
}

/// Writes a property's name, after a comma when it is not the first.
pub(crate) fn write_property_name(out: &mut Vec<u8>, more: bool, name: &str) {
    if more {
        out.push(b',');
    }
    write_text(out, name);
    out.push(b':');
}

/// The record with only the named properties, in its own order and as they were written.
///
/// # Errors
/// A fault of ours when it is no JSON object.
pub fn select_fields(json: &[u8], fields: &[&str]) -> Result<Vec<u8>> {
    let record: RawObject<'_> =
        serde_json::from_slice(json).map_err(|_| Error::internal("a ready-made record is no JSON object"))?;
    let mut out = Vec::with_capacity(json.len());
    out.push(b'{');
    let mut more = false;
    for (name, value) in record.0.iter().filter(|(name, _)| fields.contains(&name.as_ref())) {
        write_property_name(&mut out, more, name);
        out.extend_from_slice(value.get().as_bytes());
        more = true;
    }
    out.push(b'}');
    Ok(out)
}

/// An object whose values stay text.
struct RawObject<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for RawObject<'de> {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> std::result::Result<Self, D::Error> {
        struct Properties;
        impl<'de> Visitor<'de> for Properties {
            type Value = RawObject<'de>;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
                let mut properties = Vec::with_capacity(map.size_hint().unwrap_or(16));
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    properties.push((name, value));
                }
                Ok(RawObject(properties))
            }
        }
        reader.deserialize_map(Properties)
    }
}

/// A name that is borrowed where it holds no escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_come_last_and_the_rest_stays_as_it_is() {
        let json = br#"{"id":"1","names":[ {"value":"\u00e5"} ]}"#;
        let linked =
            with_links(json, &[Link::get("self", "https://x/1"), Link::action("edit", "PATCH", "https://x/\"1")]);
        assert!(linked.starts_with(&json[..json.len() - 1]));
        let value: Value = serde_json::from_slice(&linked).unwrap();
        assert_eq!(value["_links"]["self"], json!({"href": "https://x/1", "rel": "self", "method": "GET"}));
        assert_eq!(value["_links"]["edit"]["href"], "https://x/\"1");
        for odd in [&b"{}"[..], b"{ }", b"", b"[]"] {
            assert!(serde_json::from_slice::<Value>(&with_links(odd, &[])).unwrap()["_links"].is_object());
        }
    }

    #[test]
    fn fields_are_picked_without_rewriting_them() {
        let json = br#"{"id":"1","a":{"b" : 1.50},"c":[1,2],"d":null}"#;
        assert_eq!(select_fields(json, &["d", "a"]).unwrap(), br#"{"a":{"b" : 1.50},"d":null}"#);
        assert_eq!(select_fields(json, &["zz"]).unwrap(), b"{}");
        assert!(select_fields(b"[1]", &["a"]).is_err());
    }
}
