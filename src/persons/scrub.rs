//! A person taken out of the JSON of a record.

use super::{Place, Sought};
use crate::resources::Kind;
use serde_json::Value;

/// What stands where something was erased.
pub(super) const GONE: &str = "…";
/// Properties that hold an address of the web and nothing else: half of one is of no use.
const ADDRESSES: &[&str] = &["website", "onlineUrl", "registrationUrl"];
/// Lists whose texts are not changed by a machine: what an organisation is called, its keys in other registers.
const KEPT: &[&str] = &["/names/", "/identifiers/", "/url"];

/// What is to be done with what is found.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change<'a> {
    /// It goes.
    Away,
    /// This stands in its place.
    To(&'a str),
}

/// What became of a record.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scrubbed {
    /// Whether anything was changed.
    pub changed: bool,
    /// Whether nothing is left that anyone could use: a contact point without any way to reach it.
    pub is_empty: bool,
}

/// Where in JSON it stands, as pointers.
pub(super) fn in_json(content: &str, sought: &Sought) -> Vec<String> {
    let mut pointers = Vec::new();
    match serde_json::from_str(content) {
        Ok(value) => collect(&value, &mut String::new(), sought, &mut pointers),
        Err(_) if sought.is_in(content) => pointers.push(String::new()),
        Err(_) => {}
    }
    pointers
}

fn collect(value: &Value, pointer: &mut String, sought: &Sought, found: &mut Vec<String>) {
    let length = pointer.len();
    match value {
        Value::String(text) if sought.is_in(text) => found.push(pointer.clone()),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointer.push_str(&format!("/{index}"));
                collect(item, pointer, sought, found);
                pointer.truncate(length);
            }
        }
        Value::Object(properties) => {
            for (name, item) in properties {
                crate::api::body::push_segment(pointer, name);
                collect(item, pointer, sought, found);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

/// Whether nothing of what stands in a place is changed by a machine.
pub(super) fn is_left(place: &Place) -> bool {
    let kept = |pointer: &String| KEPT.iter().any(|list| pointer.starts_with(list));
    match place.place {
        "record" | "version" | "webhook" => place.pointers.iter().all(kept),
        _ => false,
    }
}

/// Changes the content of a record.
pub(super) fn scrub(kind: Kind, value: &mut Value, sought: &Sought, change: Change<'_>) -> Scrubbed {
    let mut scrubbed = Scrubbed::default();
    if matches!(change, Change::Away) && kind == Kind::ContactPoint {
        scrubbed = scrub_contact_point(value, sought);
    }
    scrubbed.changed |= rewrite(value, &mut String::new(), sought, change);
    scrubbed
}

/// The person goes with all that was recorded of it, and so do the ways that lead to it.
fn scrub_contact_point(value: &mut Value, sought: &Sought) -> Scrubbed {
    let mut scrubbed = Scrubbed::default();
    let Some(content) = value.as_object_mut() else { return scrubbed };
    let named = content.get("person").is_some_and(|person| !in_json(&person.to_string(), sought).is_empty());
    if named {
        content.shift_remove("person");
        scrubbed.changed = true;
    }
    if let Some(Value::Array(channels)) = content.get_mut("channels") {
        let before = channels.len();
        channels.retain(|channel| !channel["value"].as_str().is_some_and(|text| sought.is_in(text)));
        scrubbed.changed |= channels.len() != before;
        scrubbed.is_empty = channels.is_empty() && before > 0;
    }
    scrubbed
}

fn rewrite(value: &mut Value, pointer: &mut String, sought: &Sought, change: Change<'_>) -> bool {
    let length = pointer.len();
    let mut changed = false;
    match value {
        Value::String(text) => {
            if KEPT.iter().any(|list| pointer.starts_with(list)) && matches!(change, Change::Away) {
                return false;
            }
            let by = match change {
                Change::Away => GONE,
                Change::To(text) => text,
            };
            let after = sought.replaced(text, by);
            if after != *text {
                *text = after;
                changed = true;
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                pointer.push_str(&format!("/{index}"));
                changed |= rewrite(item, pointer, sought, change);
                pointer.truncate(length);
            }
        }
        Value::Object(properties) => {
            let addresses: Vec<String> = properties
                .iter()
                .filter(|(name, item)| {
                    ADDRESSES.contains(&name.as_str()) && item.as_str().is_some_and(|text| sought.is_in(text))
                })
                .map(|(name, _)| name.clone())
                .collect();
            if matches!(change, Change::Away) {
                for name in addresses {
                    properties.shift_remove(&name);
                    changed = true;
                }
            }
            for (name, item) in properties.iter_mut() {
                crate::api::body::push_segment(pointer, name);
                changed |= rewrite(item, pointer, sought, change);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
    changed
}
