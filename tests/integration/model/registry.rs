//! The model: what the registry should hold and tell, by the plainest means.

use samverkan::resources::Kind;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Properties in the order of the canonical JSON, each with what stands there when nothing was said.
const ORGANISATION: &[(&str, &str)] = &[
    ("sector", ""),
    ("kind", ""),
    ("names", ""),
    ("identifiers", "[]"),
    ("levels", "[]"),
    ("parentId", ""),
    ("activeIn", "[]"),
    ("activityAreas", "[]"),
    ("topics", "[]"),
    ("sustainabilityGoals", "[]"),
    ("targetGroups", "[]"),
    ("languages", "[]"),
    ("website", ""),
    ("addressProtected", "false"),
    ("offers", "[]"),
    ("needs", "[]"),
    ("status", "\"active\""),
];
const CONTACT_POINT: &[(&str, &str)] = &[
    ("ownerId", ""),
    ("ownerType", ""),
    ("function", ""),
    ("identifiers", "[]"),
    ("purposes", "[]"),
    ("topics", "[]"),
    ("areas", "[]"),
    ("channels", "[]"),
    ("languages", "[]"),
    ("visibility", "\"public\""),
    ("person", ""),
    ("status", "\"active\""),
];
const MEMBERSHIP: &[(&str, &str)] = &[
    ("memberId", ""),
    ("inId", ""),
    ("inType", ""),
    ("role", "\"member\""),
    ("contactPointId", ""),
    ("identifiers", "[]"),
];

/// The scheme of the keys that records are put by.
pub const SCHEME: &str = "model";

pub fn text(id: Uuid) -> Value {
    json!(id.to_string())
}

/// Who reads: each sees what those before it see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    Anyone,
    Partner,
    Writer,
}

/// A call that changes something.
#[derive(Debug, Clone)]
pub enum Call {
    Create(Kind, Value),
    Put(String, Value),
    Patch(Kind, Uuid, i64, Value),
    Delete(Kind, Uuid, i64),
    Merge(Uuid, Uuid),
    /// Erases one of a few persons.
    Erase(u8),
}

/// The name of one of a few persons.
pub fn name_of(person: u8) -> String {
    format!("Erasa Testperson-{}", ["Ek", "Alm", "Björk", "Lind"][usize::from(person) % 4])
}

/// The address of one of them.
pub fn email_of(person: u8) -> String {
    format!("erasa.testperson{}@example.org", person % 4)
}

/// Takes a person out of the content of a contact point; true when no way to it is left.
fn erase_from(content: &mut Map<String, Value>, person: u8) -> bool {
    if content.get("person").is_some_and(|held| held["name"] == name_of(person)) {
        content.shift_remove("person");
    }
    let Some(Value::Array(channels)) = content.get_mut("channels") else { return false };
    let before = channels.len();
    channels.retain(|channel| channel["value"] != email_of(person));
    before > 0 && channels.is_empty()
}

#[derive(Debug, Clone)]
pub struct Record {
    pub kind: Kind,
    content: Map<String, Value>,
    pub version: i64,
    created: String,
    updated: String,
}

impl Record {
    fn canonical(&self, id: Uuid) -> String {
        format!(
            "{{\"id\":\"{id}\",{},\"version\":{},\"createdAt\":\"{}\",\"updatedAt\":\"{}\"}}",
            self.written(),
            self.version,
            self.created,
            self.updated
        )
    }

    fn written(&self) -> String {
        let properties = match self.kind {
            Kind::Organisation => ORGANISATION,
            Kind::ContactPoint => CONTACT_POINT,
            _ => MEMBERSHIP,
        };
        let value = |name, otherwise: &str| match self.content.get(name) {
            Some(value) => value.to_string(),
            None => otherwise.to_owned(),
        };
        let written = properties.iter().map(|(name, otherwise)| (name, value(*name, otherwise)));
        let told: Vec<_> = written.filter(|(_, value)| !value.is_empty()).collect();
        assert!(self.content.keys().all(|key| told.iter().any(|(name, _)| *name == key)), "{:?}", self.content);
        told.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect::<Vec<_>>().join(",")
    }

    /// Who may see it, at least.
    fn seen_by(&self) -> Who {
        match self.content.get("visibility").and_then(Value::as_str) {
            Some("partners") => Who::Partner,
            Some("protected") => Who::Writer,
            _ => Who::Anyone,
        }
    }

    fn names(&self, property: &str, id: Uuid) -> bool {
        self.content.get(property) == Some(&text(id))
    }

    pub fn refers(&self, property: &str) -> Option<Uuid> {
        self.content.get(property)?.as_str()?.parse().ok()
    }
}

/// One line of a record's past.
#[derive(Debug, Clone)]
pub struct Change {
    pub sequence: i64,
    pub version: i64,
    pub operation: &'static str,
    pub at: String,
    seen_by: Who,
    pub content: Option<String>,
}

/// What a read by id finds.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    Record(i64, String),
    Merged(Uuid),
    Gone,
    Nothing,
}

#[derive(Debug)]
pub struct Registry {
    /// The moment of the next call.
    pub now: String,
    pub sequence: i64,
    pub live: BTreeMap<Uuid, Record>,
    /// Records that are no more, with the survivor of a merge.
    pub departed: BTreeMap<Uuid, (Kind, Option<Uuid>)>,
    past: BTreeMap<Uuid, Vec<Change>>,
}

impl Registry {
    pub fn new() -> Registry {
        let (live, departed, past) = Default::default();
        Registry { now: String::new(), sequence: 0, live, departed, past }
    }

    /// Does a call, to the record of an id when it makes one; gives the status and the record it is about.
    pub fn call(&mut self, call: &Call, made: Option<Uuid>) -> (u16, Option<Uuid>) {
        match call {
            Call::Create(kind, body) => self.create(*kind, body.as_object().unwrap().clone(), made),
            Call::Put(key, body) => {
                let mut content = body.as_object().unwrap().clone();
                let identifier = json!({"scheme": SCHEME, "value": key});
                let holds = |record: &Record| {
                    record.content.get("identifiers").is_some_and(|all| all.as_array().unwrap().contains(&identifier))
                };
                let holder = self.live.iter().find(|(_, record)| holds(record)).map(|(id, _)| *id);
                content.insert("identifiers".to_owned(), json!([identifier]));
                match holder {
                    Some(id) => (self.replace(id, content), Some(id)),
                    None => self.create(Kind::Organisation, content, made),
                }
            }
            Call::Patch(kind, id, version, patch) => (self.patch(*kind, *id, *version, patch), Some(*id)),
            Call::Delete(kind, id, version) => (self.delete(*kind, *id, *version), Some(*id)),
            Call::Merge(survivor, absorbed) => (self.merge(*survivor, *absorbed), Some(*survivor)),
            // Of many records or of none: the caller looks at each.
            Call::Erase(person) => (200, self.erase(*person).first().copied()),
        }
    }

    fn create(&mut self, kind: Kind, content: Map<String, Value>, made: Option<Uuid>) -> (u16, Option<Uuid>) {
        let at = self.now.clone();
        let record = Record { kind, content, version: 1, created: at.clone(), updated: at };
        if !self.fits(None, &record) {
            return (422, None);
        }
        let Some(id) = made else { return (201, None) };
        self.log(id, &record, "created", record.seen_by());
        self.live.insert(id, record);
        (201, Some(id))
    }

    /// Why a record of that version cannot be written.
    fn refused(&self, kind: Kind, id: Uuid, version: i64) -> Option<u16> {
        match (self.live.get(&id), self.find(kind, id, Who::Writer)) {
            (Some(record), _) => (record.version != version).then_some(412),
            (None, Found::Merged(_)) => Some(409),
            (None, Found::Gone) => Some(410),
            (None, _) => Some(404),
        }
    }

    fn patch(&mut self, kind: Kind, id: Uuid, version: i64, patch: &Value) -> u16 {
        if let Some(status) = self.refused(kind, id, version) {
            return status;
        }
        let mut content = self.live[&id].content.clone();
        for (name, value) in patch.as_object().unwrap() {
            if value.is_null() {
                content.remove(name);
            } else {
                content.insert(name.clone(), value.clone());
            }
        }
        self.replace(id, content)
    }

    fn replace(&mut self, id: Uuid, content: Map<String, Value>) -> u16 {
        let before = &self.live[&id];
        let after = Record { content, ..before.clone() };
        if before.written() == after.written() {
            return 200;
        }
        if !self.fits(Some(id), &after) {
            return 422;
        }
        let hides = after.seen_by() == Who::Writer && before.seen_by() != Who::Writer;
        if hides && self.live.values().any(|record| record.names("contactPointId", id)) {
            return 409;
        }
        self.update(id, after);
        200
    }

    /// Whether a record leads to what there is, and neither to itself nor round in a ring.
    fn fits(&self, id: Option<Uuid>, record: &Record) -> bool {
        let is = |property: &str, kind: Kind| {
            record.refers(property).is_none_or(|to| {
                Some(to) != id && self.live.get(&to).is_some_and(|to| to.kind == kind && (to.seen_by() != Who::Writer))
            })
        };
        is("contactPointId", Kind::ContactPoint)
            && ["parentId", "ownerId", "memberId", "inId"].iter().all(|property| is(property, Kind::Organisation))
            && (record.kind != Kind::Membership || record.refers("memberId") != record.refers("inId"))
            && id.is_none_or(|id| record.refers("parentId").is_none_or(|parent| !self.above(parent).contains(&id)))
    }

    fn above(&self, id: Uuid) -> Vec<Uuid> {
        let parent = |id: &Uuid| self.live[id].refers("parentId");
        std::iter::successors(parent(&id), |id| parent(id)).collect()
    }

    fn update(&mut self, id: Uuid, mut after: Record) {
        let was = self.live[&id].seen_by();
        let is = after.seen_by();
        if self.live[&id].written() == after.written() {
            return;
        }
        after.version += 1;
        after.updated.clone_from(&self.now);
        if is == Who::Writer && was != Who::Writer {
            // What is protected now is not to be read in its past either.
            self.past.get_mut(&id).unwrap().iter_mut().for_each(|change| change.content = None);
        }
        // Whoever loses sight of it is told that it is gone, whoever gains it that it is there.
        match (was, is) {
            (Who::Writer, Who::Writer) => self.log(id, &after, "updated", is),
            (Who::Writer, _) => self.log(id, &after, "created", is),
            (_, Who::Writer) => self.log(id, &after, "deleted", was),
            (Who::Anyone, Who::Partner) => {
                self.log(id, &after, "deleted", was);
                self.log(id, &after, "updated", is);
            }
            _ => self.log(id, &after, "updated", is),
        }
        self.live.insert(id, after);
    }

    fn delete(&mut self, kind: Kind, id: Uuid, version: i64) -> u16 {
        if let Some(status) = self.refused(kind, id, version) {
            return status;
        }
        let owned: Vec<Uuid> = self.ids(|record| record.names("ownerId", id) || record.names("memberId", id));
        let goes = |other: &Uuid| *other == id || owned.contains(other);
        let refers = |record: &Record| {
            ["parentId", "inId", "contactPointId"]
                .iter()
                .any(|property| record.refers(property).is_some_and(|to| goes(&to)))
        };
        if !self.ids(refers).iter().all(goes) {
            return 409;
        }
        for id in owned.into_iter().chain([id]) {
            self.depart(id, "deleted", None);
        }
        200
    }

    /// Erases a person from contact points, as they are and as they were. Gives those that it was in.
    pub fn erase(&mut self, person: u8) -> Vec<Uuid> {
        let mut found: Vec<(Kind, Uuid)> = Vec::new();
        let tells = |text: &str| text.contains(&name_of(person)) || text.contains(&email_of(person));
        for (id, record) in &self.live {
            let now = tells(&Value::Object(record.content.clone()).to_string());
            let then = self.past.get(id).into_iter().flatten().filter_map(|change| change.content.as_ref());
            if now || then.into_iter().any(|content| tells(content)) {
                found.push((record.kind, *id));
            }
        }
        found.sort();
        for (_, id) in &found {
            let mut after = self.live[id].clone();
            if erase_from(&mut after.content, person) {
                for membership in self.ids(|record| record.names("contactPointId", *id)) {
                    let mut released = self.live[&membership].clone();
                    released.content.shift_remove("contactPointId");
                    self.update(membership, released);
                }
                self.depart(*id, "erased", None);
            } else {
                self.update(*id, after);
            }
            for change in self.past.get_mut(id).unwrap() {
                let Some(content) = &change.content else { continue };
                let mut content: Map<String, Value> = serde_json::from_str(content).unwrap();
                let is_empty = erase_from(&mut content, person);
                change.content = (!is_empty).then(|| Value::Object(content).to_string());
            }
        }
        found.into_iter().map(|(_, id)| id).collect()
    }

    fn depart(&mut self, id: Uuid, operation: &'static str, into: Option<Uuid>) {
        let mut record = self.live.remove(&id).unwrap();
        record.version += 1;
        self.log(id, &record, operation, record.seen_by());
        self.departed.insert(id, (record.kind, into));
    }

    fn merge(&mut self, survivor: Uuid, absorbed: Uuid) -> u16 {
        if let Some(status) = self.refused(Kind::Organisation, survivor, self.version(survivor)) {
            return status;
        }
        if survivor == absorbed {
            return 409;
        }
        let Some(gone) = self.live.get(&absorbed).cloned() else { return 422 };
        let mut content = self.live[&survivor].content.clone();
        // Who absorbs what lies above it takes its place.
        if self.above(survivor).contains(&absorbed) {
            match gone.content.get("parentId") {
                Some(parent) => content.insert("parentId".to_owned(), parent.clone()),
                None => content.remove("parentId"),
            };
        }
        for property in ["parentId", "ownerId"] {
            for id in self.ids(|record| record.names(property, absorbed)) {
                let mut after = self.live[&id].clone();
                after.content.insert(property.to_owned(), text(survivor));
                if id != survivor {
                    self.update(id, after);
                }
            }
        }
        let moved = self.ids(|record| record.names("memberId", absorbed) || record.names("inId", absorbed));
        for id in moved {
            let mut after = self.live[&id].clone();
            for property in ["memberId", "inId"] {
                if after.names(property, absorbed) {
                    after.content.insert(property.to_owned(), text(survivor));
                }
            }
            let says = |record: &Record| {
                let role = record.content.get("role").cloned().unwrap_or(json!("member"));
                (record.refers("memberId"), record.refers("inId"), role)
            };
            let again = |(other, record): (&Uuid, &Record)| *other != id && says(record) == says(&after);
            let double = self.live.iter().filter(|(_, record)| record.kind == Kind::Membership).any(again);
            if double || after.refers("memberId") == after.refers("inId") {
                self.depart(id, "deleted", None);
            } else {
                self.update(id, after);
            }
        }
        for list in ["names", "identifiers"] {
            let mut held = content.get(list).and_then(Value::as_array).cloned().unwrap_or_default();
            for mut more in gone.content.get(list).and_then(Value::as_array).cloned().unwrap_or_default() {
                if more["kind"] == "official" {
                    more["kind"] = json!("former");
                }
                if !held.iter().any(|held| held["value"] == more["value"]) {
                    held.push(more);
                }
            }
            if !held.is_empty() {
                content.insert(list.to_owned(), Value::Array(held));
            }
        }
        self.depart(absorbed, "merged", Some(survivor));
        let after = Record { content, ..self.live[&survivor].clone() };
        self.update(survivor, after);
        200
    }

    fn log(&mut self, id: Uuid, record: &Record, operation: &'static str, seen_by: Who) {
        self.sequence += 1;
        let told = seen_by != Who::Writer && ["created", "updated"].contains(&operation);
        let content = told.then(|| record.canonical(id));
        let (sequence, version, at) = (self.sequence, record.version, self.now.clone());
        self.past.entry(id).or_default().push(Change { sequence, version, operation, at, seen_by, content });
    }

    fn ids(&self, wanted: impl Fn(&Record) -> bool) -> Vec<Uuid> {
        self.live.iter().filter(|(_, record)| wanted(record)).map(|(id, _)| *id).collect()
    }

    /// What a read by id finds.
    pub fn find(&self, kind: Kind, id: Uuid, who: Who) -> Found {
        if let Some(record) = self.live.get(&id).filter(|record| record.kind == kind) {
            let seen = record.seen_by() <= who;
            return if seen { Found::Record(record.version, record.canonical(id)) } else { Found::Nothing };
        }
        match self.departed.get(&id).filter(|(was, _)| *was == kind) {
            None => Found::Nothing,
            // To whoever could ever know of it.
            Some((_, None)) => {
                let told = self.past[&id].iter().any(|change| change.seen_by <= who);
                if told { Found::Gone } else { Found::Nothing }
            }
            // A chain of merges leads to its end.
            Some((_, Some(into))) => match self.find(kind, *into, who) {
                Found::Record(..) => Found::Merged(*into),
                further => further,
            },
        }
    }

    /// The version of a record; none where it is no more.
    pub fn version(&self, id: Uuid) -> i64 {
        self.live.get(&id).map_or(0, |record| record.version)
    }

    /// Everything that someone may see.
    pub fn open(&self, who: Who) -> BTreeMap<Uuid, (String, String)> {
        let seen = self.live.iter().filter(|(_, record)| record.seen_by() <= who);
        seen.map(|(id, record)| (*id, (record.kind.name().to_owned(), record.canonical(*id)))).collect()
    }

    /// Every record that someone was ever told of.
    pub fn told(&self, who: Who) -> BTreeSet<Uuid> {
        let told = self.past.iter().filter(|(_, past)| past.iter().any(|change| change.seen_by <= who));
        told.map(|(id, _)| *id).collect()
    }

    /// The versions of a record that someone may see, newest first.
    pub fn history(&self, id: Uuid, who: Who) -> Vec<&Change> {
        let past = self.past.get(&id).into_iter().flatten().rev();
        past.filter(|change| change.content.is_some() && change.seen_by <= who).collect()
    }

    /// How many members an organisation has.
    pub fn members(&self, id: Uuid) -> BTreeSet<Uuid> {
        let within = self.live.values().filter(|record| record.names("inId", id));
        within.filter_map(|record| record.refers("memberId")).collect()
    }
}
