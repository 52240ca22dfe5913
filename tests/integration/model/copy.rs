//! A copy of the registry, kept by export and feed as any client would.

use crate::harness::TestApp;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Records by id: what each is and its bytes.
pub type State = BTreeMap<Uuid, (String, String)>;

pub struct Copy {
    token: Option<String>,
    epoch: String,
    pub position: i64,
    pub state: State,
    /// Every record that the feed has told of.
    pub told: BTreeSet<Uuid>,
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    items: Vec<Item<'a>>,
    _meta: Meta,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    epoch: String,
    change_sequence: i64,
    more: bool,
}

#[derive(Deserialize)]
struct Item<'a> {
    sequence: i64,
    #[serde(rename = "type")]
    kind: String,
    id: Uuid,
    operation: String,
    version: i64,
    #[serde(borrow)]
    record: Option<&'a RawValue>,
}

impl Copy {
    /// An empty one, for who has a token or none.
    pub fn new(token: Option<&str>) -> Copy {
        let (epoch, position, state, told) = Default::default();
        Copy { token: token.map(str::to_owned), epoch, position, state, told }
    }

    /// One made from the export.
    pub fn of_export(app: &TestApp, query: &str) -> Copy {
        let answer = app.get(&format!("/api/v1/export{query}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let text = answer.text();
        let mut lines = text.lines();
        let first: Value = serde_json::from_str(lines.next().unwrap()).unwrap();
        let mut copy = Copy::new(None);
        first["meta"]["epoch"].as_str().unwrap().clone_into(&mut copy.epoch);
        copy.position = first["meta"]["changeSequence"].as_i64().unwrap();
        for line in lines {
            let (kind, rest) = line.strip_prefix("{\"type\":\"").unwrap().split_once("\",").unwrap();
            let id = serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().parse().unwrap();
            let twice = copy.state.insert(id, (kind.to_owned(), format!("{{{rest}")));
            assert!(twice.is_none(), "{id} stands twice in the export");
        }
        assert_eq!(first["meta"]["count"], copy.state.len());
        copy
    }

    /// Takes in a page of the feed; true when there was more.
    pub fn step(&mut self, app: &TestApp, limit: usize) -> bool {
        let mut path = format!("/api/v1/changes?limit={limit}&after={}", self.position);
        if !self.epoch.is_empty() {
            path.push_str(&format!("&epoch={}", self.epoch));
        }
        let request = app.anyone("GET", &path);
        let answer = match &self.token {
            Some(token) => request.token(token).send(),
            None => request.send(),
        };
        assert_eq!(answer.status, 200, "{}", answer.text());
        let page: Page<'_> = serde_json::from_slice(&answer.body).unwrap();
        assert!(page.items.len() <= limit);
        for item in page.items {
            assert!(item.sequence > self.position, "{} was told after {}", item.sequence, self.position);
            self.position = item.sequence;
            self.told.insert(item.id);
            match item.record {
                Some(record) => {
                    assert!(["created", "updated"].contains(&item.operation.as_str()), "{}", item.operation);
                    let content: Value = serde_json::from_str(record.get()).unwrap();
                    assert_eq!(content["version"], item.version, "{record}");
                    self.state.insert(item.id, (item.kind, record.get().to_owned()));
                }
                None => {
                    assert!(["deleted", "merged", "erased"].contains(&item.operation.as_str()), "{}", item.operation);
                    self.state.remove(&item.id);
                }
            }
        }
        assert!(page._meta.change_sequence >= self.position);
        self.position = page._meta.change_sequence;
        self.epoch = page._meta.epoch;
        page._meta.more
    }

    /// Follows the feed until there is no more.
    pub fn follow(&mut self, app: &TestApp, limit: usize) {
        while self.step(app, limit) {}
    }
}

/// Tells two states apart by the first record in which they differ.
#[track_caller]
pub fn assert_same(what: &str, copy: &State, truth: &State) {
    let ids: BTreeSet<&Uuid> = copy.keys().chain(truth.keys()).collect();
    for id in ids {
        assert_eq!(copy.get(id), truth.get(id), "{what}: {id}");
    }
}
