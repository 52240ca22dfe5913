use super::*;
use crate::api::parse::{Context, Resolve, parse};
use crate::api::table::Table;
use crate::api::tables::{ORGANISATIONS, SEARCH};
use crate::resources::Kind;
use crate::search::query::{Position, Start};
use crate::vocabulary::Vocabulary;
use serde_json::{Value, json};

struct Nobody;

impl Resolve for Nobody {
    fn resolve(&self, _: &[Kind], _: &str) -> Result<Option<Uuid>> {
        Ok(None)
    }
}

fn key() -> CursorKey {
    CursorKey::new(b"test").unwrap()
}

fn read(table: &'static Table, query: &str) -> (Params, ListRequest) {
    let params = Params::parse(query).unwrap();
    let key = key();
    let context = Context { resolve: &Nobody, language: Language::Sv, cursors: Some(&key), scope: "" };
    let request = parse(table, &params, &context).unwrap();
    (params, request)
}

fn answer(total: usize, count: usize) -> Answer {
    let hit = |number: usize| Hit {
        kind: Kind::Organisation,
        id: Uuid::from_u128(number as u128),
        title: format!("Förening \"{number}\""),
        score: 1.23456,
        matched_on: vec!["name", "topic"],
        highlights: vec![("name", "<em>Förening</em>".to_owned())],
        explanation: None,
        record: format!("{{\"id\":\"{}\",\"names\":[],\"version\":1}}", Uuid::from_u128(number as u128))
            .into_bytes()
            .into(),
    };
    Answer {
        total,
        hits: (0..count).map(hit).collect(),
        sequence: 77,
        next: Some(Position { key: vec![1], tie: 2 }),
        ..Answer::default()
    }
}

fn links(query: &str, answer: &Answer) -> HashMap<String, String> {
    let (params, request) = read(&ORGANISATIONS, query);
    let place = Place { api: "https://x.example/api/v1", path: "/organisations", params: &params };
    let links = page_links(&place, &request, answer, &key());
    links.into_iter().map(|link| (link.rel.into_owned(), link.href)).collect()
}

#[test]
fn links_keep_the_other_parameters() {
    let links = links("topic=folkhalsa&page=2&q=r%C3%B6d", &answer(100, 20));
    let base = "https://x.example/api/v1/organisations?topic=folkhalsa";
    assert_eq!(links["self"], format!("{base}&page=2&q=r%C3%B6d"));
    assert_eq!(links["first"], format!("{base}&q=r%C3%B6d&page=1"));
    assert_eq!(links["prev"], format!("{base}&q=r%C3%B6d&page=1"));
    assert_eq!(links["next"], format!("{base}&q=r%C3%B6d&page=3"));
    assert_eq!(links["last"], format!("{base}&q=r%C3%B6d&page=5"));
}

#[test]
fn the_ends_have_no_links_beyond_them() {
    let mut end = answer(100, 20);
    end.next = None;
    let last = links("page=5", &end);
    assert!(!last.contains_key("next") && last["prev"].ends_with("page=4"));
    let beyond = links("page=9", &Answer { total: 100, ..Answer::default() });
    assert!(beyond["prev"].ends_with("page=5") && !beyond.contains_key("next"));
    let zero = links("page=0", &Answer { total: 100, ..Answer::default() });
    assert!(!zero.contains_key("prev") && zero["next"].ends_with("page=1"));
    let empty = links("", &Answer::default());
    assert!(empty["last"].ends_with("page=1") && !empty.contains_key("next"));
}

#[test]
fn beyond_record_ten_thousand_a_cursor_leads_on() {
    let deep = links("page=500&status=any", &answer(20_000, 20));
    assert!(!deep.contains_key("last"));
    assert!(deep["prev"].contains("page=499"));
    let next = deep["next"].split_once('?').unwrap().1;
    assert!(next.starts_with("status=any&cursor="), "{next}");
    let (_, request) = read(&ORGANISATIONS, next);
    assert_eq!(request.before(), 10_000);
    assert!(matches!(request.query.start, Start::After(_)));
    assert_eq!(request.page, 501);
    let after = links(next, &answer(20_000, 20));
    assert!(after["prev"].contains("page=500"));
    assert!(after["next"].contains("cursor="));
    let (_, further) = read(&ORGANISATIONS, after["next"].split_once('?').unwrap().1);
    assert_eq!(further.before(), 10_020);
}

#[test]
fn a_list_is_records_with_links_and_counts() {
    let (params, request) = read(&ORGANISATIONS, "limit=2&fields=id");
    let place = Place { api: "https://x.example/api/v1", path: "/organisations", params: &params };
    let found = answer(3, 2);
    let embedded = Embedded::from([(Uuid::from_u128(1), vec![("parent", b"{\"id\":\"p\"}".to_vec())])]);
    let all = page_links(&place, &request, &found, &key());
    let body = write_list(&place, &request, &found, &all, &embedded, Language::Sv).unwrap();
    let value: Value = serde_json::from_slice(&body.bytes).unwrap();
    assert_eq!(
        value["items"][1],
        json!({
            "id": "00000000-0000-0000-0000-000000000001",
            "_embedded": {"parent": {"id": "p"}},
            "_links": {"self": {
                "href": "https://x.example/api/v1/organisations/00000000-0000-0000-0000-000000000001",
                "rel": "self", "method": "GET"
            }},
        })
    );
    assert_eq!(value["_meta"], json!({"totalRecords": 3, "page": 1, "limit": 2, "count": 2, "changeSequence": 77}));
    assert_eq!(value["_links"]["next"]["rel"], "next");
    assert!(value.get("facets").is_none());
}

#[test]
fn the_hash_leaves_the_change_number_out() {
    let (params, request) = read(&ORGANISATIONS, "");
    let place = Place { api: "https://x.example/api/v1", path: "/organisations", params: &params };
    let write = |answer: &Answer| write_list(&place, &request, answer, &[], &Embedded::new(), Language::Sv).unwrap();
    let mut later = answer(3, 2);
    later.sequence = 99;
    assert_eq!(write(&answer(3, 2)).hash, write(&later).hash);
    assert_ne!(write(&answer(3, 2)).hash, write(&answer(4, 2)).hash);
}

#[test]
fn a_search_wraps_its_records_and_labels_its_facets() {
    let (params, request) = read(&SEARCH, "q=f%C3%B6rening&facets=topic,municipality&highlight=true");
    let place = Place { api: "https://x.example/api/v1", path: "/search", params: &params };
    let mut found = answer(1, 1);
    let number = |vocabulary: Vocabulary, key: &str| vocabulary.term(key).unwrap().number;
    found.facets = vec![
        ("topic", vec![(number(Vocabulary::Topics, "folkhalsa"), 4)]),
        ("municipality", vec![(number(Vocabulary::Municipalities, "2580"), 2), (u16::MAX, 1)]),
    ];
    found.did_you_mean = Some("föreningar".to_owned());
    let body = write_search(&place, &request, &found, &[], Language::En).unwrap();
    let value: Value = serde_json::from_slice(&body.bytes).unwrap();
    let item = &value["items"][0];
    assert_eq!(item["type"], "organisation");
    assert_eq!(item["title"], "Förening \"0\"");
    assert_eq!(item["score"], 1.235);
    assert_eq!(item["matchedOn"], json!(["name", "topic"]));
    assert_eq!(item["highlights"], json!([{"part": "name", "text": "<em>Förening</em>"}]));
    assert!(item["record"]["_links"]["self"]["href"].is_string());
    assert_eq!(
        value["facets"][0],
        json!({"name": "topic", "title": "Topic", "values": [{"key": "folkhalsa", "label": "Public health", "count": 4}]})
    );
    assert_eq!(value["facets"][1]["values"].as_array().unwrap().len(), 1);
    assert_eq!(value["didYouMean"], "föreningar");
}
