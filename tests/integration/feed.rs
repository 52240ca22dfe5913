//! The change feed, its stream and the export: what a copy of the registry is kept by.

use crate::harness::{Answer, TestApp, organisation};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use samverkan::auth::actor::Role;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

fn feed(app: &TestApp, query: &str) -> Value {
    let answer = app.get(&format!("/api/v1/changes?{query}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn epoch(app: &TestApp) -> String {
    app.app.db.head().unwrap().epoch
}

/// What the feed tells, as `operation name-of-type version`.
fn told(page: &Value) -> Vec<String> {
    page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            let operation = item["operation"].as_str().unwrap();
            let gone = ["deleted", "merged", "erased"].contains(&operation);
            assert_eq!(item.get("record").is_none(), gone, "{item}");
            format!("{operation} {} {}", item["type"].as_str().unwrap(), item["version"])
        })
        .collect()
}

fn patch(app: &TestApp, path: &str, version: i64, body: &Value) -> Value {
    let answer = app.steward("PATCH", path).patch(&json!(version), body).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn path(kind: &str, record: &Value) -> String {
    format!("/api/v1/{kind}/{}", record["id"].as_str().unwrap())
}

#[test]
fn each_record_stands_once_at_its_last_change() {
    let app = TestApp::new();
    let first = app.organisation("Första");
    let second = app.organisation("Andra");
    patch(&app, &path("organisations", &first), 1, &json!({"website": "https://forsta.example.org"}));
    let page = feed(&app, "");
    assert_eq!(told(&page), ["created organisation 1", "created organisation 2"]);
    assert_eq!(page["items"][0]["id"], second["id"]);
    assert_eq!(page["items"][1]["sequence"], 3);
    assert_eq!(page["_meta"], json!({"epoch": epoch(&app), "changeSequence": 3, "count": 2, "more": false}));
    let later = feed(&app, &format!("after=1&epoch={}", epoch(&app)));
    assert_eq!(told(&later), ["created organisation 1", "updated organisation 2"]);
    let next = later["_links"]["next"]["href"].as_str().unwrap();
    assert_eq!(told(&app.get(next).json()), [""; 0]);
    let one = feed(&app, "limit=1");
    assert_eq!((one["_meta"]["changeSequence"].as_i64(), &one["_meta"]["more"]), (Some(2), &json!(true)));
    // A reader at 2 may well have seen the first at 1: for whoever keeps a copy both words mean the same.
    assert_eq!(told(&app.get(one["_links"]["next"]["href"].as_str().unwrap()).json()), ["updated organisation 2"]);
    let shown = app.get(&path("organisations", &first)).text();
    let record = page["items"][1]["record"].to_string();
    assert!(shown.starts_with(record.trim_end_matches('}')), "{shown}\n{record}");
}

#[test]
fn departures_stay_as_tombstones_without_content() {
    let app = TestApp::new();
    let (kept, absorbed, gone) =
        (app.organisation("Kvar planterad"), app.organisation("Uppgår planterad"), app.organisation("Bort planterad"));
    let owned = app.make(
        "/api/v1/contact-points",
        &json!({"ownerId": gone["id"], "ownerType": "organisation", "function": {"sv": "Växel planterad"}}),
    );
    let start = feed(&app, "")["_meta"]["changeSequence"].as_i64().unwrap();
    let deleted = app.steward("DELETE", &path("organisations", &gone)).header("if-match", "\"1\"").send();
    assert_eq!(deleted.status, 200, "{}", deleted.text());
    let merged = app
        .steward("POST", &format!("{}/merges", path("organisations", &kept)))
        .json(&json!({"absorbedId": absorbed["id"], "reason": "samma"}))
        .send();
    assert_eq!(merged.status, 200, "{}", merged.text());
    let page = feed(&app, &format!("after={start}&epoch={}", epoch(&app)));
    assert_eq!(
        told(&page),
        ["deleted contact-point 2", "deleted organisation 2", "merged organisation 2", "updated organisation 2"]
    );
    assert_eq!(page["items"][0]["id"], owned["id"]);
    assert_eq!(page["items"][2]["mergedInto"], kept["id"]);
    let whole = feed(&app, "").to_string();
    assert!(!whole.contains("Bort planterad") && !whole.contains("Växel planterad"), "{whole}");
}

#[test]
fn each_audience_is_told_what_it_may_see() {
    let app = TestApp::new();
    let owner = app.organisation("Jouren");
    let id: uuid::Uuid = owner["id"].as_str().unwrap().parse().unwrap();
    let editor = app.token(Role::Editor, Some(id), true);
    let reader = app.token(Role::Reader, None, false);
    let partner = |query: &str| {
        let answer = app.anyone("GET", &format!("/api/v1/changes?type=contact-point{query}")).token(&reader).send();
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    };
    let public = || feed(&app, "type=contact-point");
    let made = app
        .anyone("POST", "/api/v1/contact-points")
        .token(&editor)
        .json(&json!({"ownerId": id, "ownerType": "organisation", "function": {"sv": "Nummer"}, "visibility": "protected"}))
        .send()
        .json();
    let place = path("contact-points", &made);
    let show = |version: i64, visibility: &str| {
        let answer = app
            .anyone("PATCH", &place)
            .token(&editor)
            .patch(&json!(version), &json!({"visibility": visibility}))
            .send();
        assert_eq!(answer.status, 200, "{}", answer.text());
    };
    assert_eq!((told(&public()), told(&partner(""))), (vec![], vec![]), "what was never shown leaves no trace");
    show(1, "partners");
    assert_eq!((told(&public()), told(&partner(""))), (vec![], vec!["created contact-point 2".to_owned()]));
    show(2, "public");
    assert_eq!(told(&public()), ["created contact-point 3"]);
    let seen = app.app.db.head().unwrap();
    let later = format!("&after={}&epoch={}", seen.sequence, seen.epoch);
    show(3, "partners");
    assert_eq!(told(&public()), ["deleted contact-point 4"]);
    assert_eq!(told(&partner(&later)), ["updated contact-point 4"]);
    show(4, "protected");
    assert_eq!(told(&public()), ["deleted contact-point 4"], "what partners were shown is not told to all");
    assert_eq!(told(&partner(&later)), ["deleted contact-point 5"]);
    show(5, "public");
    assert_eq!(told(&feed(&app, &format!("type=contact-point{later}"))), ["updated contact-point 6"]);
}

#[test]
fn a_filtered_feed_tells_when_a_record_leaves() {
    let app = TestApp::new();
    let mut local = organisation("Lokal");
    local["activeIn"] = json!(["2580"]);
    local["topics"] = json!(["folkhalsa"]);
    let local = app.make("/api/v1/organisations", &local);
    let mut county = organisation("Länsförening");
    county["activeIn"] = json!(["25"]);
    app.make("/api/v1/organisations", &county);
    let mut other = organisation("Annan ort");
    other["activeIn"] = json!(["2584"]);
    let other = app.make("/api/v1/organisations", &other);
    let page = feed(&app, "municipality=Lule%C3%A5");
    assert_eq!(told(&page), ["created organisation 1", "created organisation 1"], "the county covers the place");
    let after = format!("after={}&epoch={}", page["_meta"]["changeSequence"], epoch(&app));
    patch(&app, &path("organisations", &other), 1, &json!({"website": "https://annan.example.org"}));
    patch(&app, &path("organisations", &local), 1, &json!({"activeIn": ["2584"]}));
    patch(&app, &path("organisations", &local), 2, &json!({"website": "https://lokal.example.org"}));
    app.organisation("Utan ort");
    let page = feed(&app, &format!("municipality=2580&{after}"));
    assert_eq!(told(&page), ["deleted organisation 3"]);
    assert_eq!(page["items"][0]["reason"], "out-of-filter");
    assert_eq!(page["items"][0]["id"], local["id"]);
    assert_eq!(
        told(&feed(&app, &format!("municipality=2584&{after}"))),
        ["updated organisation 2", "updated organisation 3"]
    );
    let deleted = app.steward("DELETE", &path("organisations", &other)).header("if-match", "\"2\"").send();
    assert_eq!(deleted.status, 200);
    assert_eq!(told(&feed(&app, &format!("municipality=2580&{after}"))), ["deleted organisation 3"]);
    assert_eq!(told(&feed(&app, &format!("topic=folkhalsa&type=meeting&{after}"))), [""; 0]);
    assert_eq!(told(&feed(&app, &format!("sector=civil-society&status=any&{after}"))).len(), 3);
}

#[test]
fn who_cannot_follow_on_is_sent_to_the_export() {
    let app = TestApp::new();
    app.organisation("Första");
    let epoch = epoch(&app);
    for query in [format!("after=2&epoch={epoch}"), "after=1&epoch=6f1c1d3e-0c7b-4d43-9d7e-0a3a5f4d8a10".to_owned()] {
        let problem = app.get(&format!("/api/v1/changes?{query}")).problem(410, "feed-restart");
        assert_eq!(problem["restart"], format!("{}/api/v1/export", app.base), "{query}");
        app.get(&format!("/api/v1/changes/stream?{query}")).problem(410, "feed-restart");
    }
    for (query, name) in [
        ("after=1", "epoch"),
        ("after=-1", "after"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("q=x", "q"),
        ("topic=nonsense", "topic"),
        ("after=1&after=2&epoch=x", "after"),
    ] {
        let problem = app.get(&format!("/api/v1/changes?{query}")).problem(400, "invalid-parameter");
        assert!(problem["errors"].as_array().unwrap().iter().any(|error| error["parameter"] == name), "{problem}");
    }
    app.anyone("GET", "/api/v1/changes/stream").header("last-event-id", "x").send().problem(400, "malformed");
    assert_eq!(told(&feed(&app, &format!("after=1&epoch={epoch}"))), [""; 0]);
}

#[test]
fn a_shortened_log_keeps_feed_history_and_index_right() {
    let app = TestApp::new();
    let (kept, gone) = (app.organisation("Kvar"), app.organisation("Bort"));
    let place = path("organisations", &kept);
    patch(&app, &place, 1, &json!({"website": "https://ett.example.org"}));
    patch(&app, &place, 2, &json!({"website": "https://tva.example.org"}));
    app.steward("DELETE", &path("organisations", &gone)).header("if-match", "\"1\"").send();
    app.settle();
    let epoch = epoch(&app);
    app.clock.set("2026-12-24T09:00:00Z".parse().unwrap());
    // Tokens of the old day have expired: the change is made by the operator's own hand.
    let token = app.token(Role::Steward, None, false);
    let answer = app
        .anyone("PATCH", &place)
        .token(&token)
        .patch(&json!(3), &json!({"website": "https://tre.example.org"}))
        .send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let done = app.app.db.forget("2026-12-01T00:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(done.complete_after, 5);
    assert_eq!(done.changes, 4, "two superseded versions, the deletion and what it deleted");
    app.get("/api/v1/changes").problem(410, "feed-restart");
    app.get(&format!("/api/v1/changes?after=4&epoch={epoch}")).problem(410, "feed-restart");
    assert_eq!(told(&feed(&app, &format!("after=5&epoch={epoch}"))), ["updated organisation 4"]);
    let history = app.get(&format!("{place}/history")).json();
    let versions: Vec<_> = history["items"].as_array().unwrap().iter().map(|item| item["version"].clone()).collect();
    assert_eq!(versions, [4, 3], "every version that stood at the limit or later");
    let then = app.get(&format!("{place}/history?asOf=2026-12-05T00:00:00Z")).json();
    assert_eq!(then["items"][0]["version"], 3);
    assert_eq!(app.get(&path("organisations", &gone)).status, 410, "a tombstone answers for ever");
    assert_eq!(app.app.db.forget("2026-12-01T00:00:00Z".parse().unwrap()).unwrap().changes, 0);
}

fn sha256(bytes: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(bytes)))
}

fn export(app: &TestApp, headers: &[(&str, &str)]) -> Answer {
    headers
        .iter()
        .fold(app.anyone("GET", "/api/v1/export"), |request, (name, value)| request.header(name, value))
        .send()
}

#[test]
fn the_export_is_a_file_with_length_digest_tag_and_parts() {
    let app = TestApp::demo();
    let whole = export(app, &[]);
    assert_eq!(whole.status, 200, "{}", whole.text());
    assert_eq!(whole.header("content-type"), Some("application/x-ndjson"));
    assert_eq!(whole.header("content-length"), Some(whole.body.len().to_string().as_str()));
    assert_eq!(whole.header("content-encoding"), None);
    assert_eq!(whole.header("repr-digest"), Some(sha256(&whole.body).as_str()));
    let text = whole.text();
    let first: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(first["meta"]["count"], text.lines().count() - 1);
    assert_eq!(first["meta"]["epoch"], epoch(app));
    let tag = whole.header("etag").unwrap();
    assert_eq!(export(app, &[("if-none-match", tag)]).status, 304);
    let part = export(app, &[("range", "bytes=100-199"), ("if-range", tag)]);
    assert_eq!((part.status, part.body.as_slice()), (206, &whole.body[100..200]));
    let length = whole.body.len();
    assert_eq!(part.header("content-range"), Some(format!("bytes 100-199/{length}").as_str()));
    assert_eq!(part.header("repr-digest"), whole.header("repr-digest"));
    let other = export(app, &[("range", "bytes=100-199"), ("if-range", "\"other\"")]);
    assert_eq!((other.status, other.body.len()), (200, length));
    let outside = export(app, &[("range", &format!("bytes={length}-"))]);
    outside.problem(416, "range-not-satisfiable");
    assert_eq!(outside.header("content-range"), Some(format!("bytes */{length}").as_str()));
    let head = app.anyone("HEAD", "/api/v1/export").send();
    assert_eq!((head.status, head.header("content-length")), (200, Some(length.to_string().as_str())));
    let csv = export(app, &[("accept", "text/csv")]);
    assert!(csv.header("content-type").unwrap().starts_with("text/csv"));
    assert_eq!(csv.header("repr-digest"), Some(sha256(&csv.body).as_str()));
    export(app, &[("accept", "image/png")]).problem(406, "not-acceptable");
    app.get("/api/v1/export?minChange=999999999").problem(400, "invalid-parameter");
}

/// A request by hand: the test client would decode what is compressed, and wait for the end of a stream.
fn raw(app: &TestApp, path: &str, headers: &str) -> BufReader<TcpStream> {
    let address = app.base.trim_start_matches("http://");
    let mut connection = TcpStream::connect(address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(connection, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}\r\n").unwrap();
    BufReader::new(connection)
}

fn head(reader: &mut impl BufRead) -> String {
    let mut head = String::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line == "\r\n" || line.is_empty() {
            return head.to_lowercase();
        }
        head.push_str(&line);
    }
}

#[test]
fn a_compressed_export_is_the_same_file() {
    let app = TestApp::demo();
    let plain = export(app, &[]);
    let mut reader = raw(app, "/api/v1/export", "accept-encoding: gzip\r\n");
    let head = head(&mut reader);
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).unwrap();
    assert!(head.contains("content-encoding: gzip"), "{head}");
    assert!(head.contains(&format!("content-length: {}\r\n", bytes.len())), "{head}");
    assert!(head.contains(&sha256(&bytes).to_lowercase()), "{head}");
    let tag = plain.header("etag").unwrap().trim_matches('"').to_owned();
    assert!(head.contains(&format!("etag: \"{tag}-gzip\"")), "{head}");
    let mut decoded = Vec::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_end(&mut decoded).unwrap();
    assert_eq!(decoded, plain.body);
    let mut part = raw(
        app,
        "/api/v1/export",
        &format!("accept-encoding: gzip\r\nrange: bytes=10-29\r\nif-range: \"{tag}-gzip\"\r\n"),
    );
    let head = self::head(&mut part);
    let mut middle = Vec::new();
    part.read_to_end(&mut middle).unwrap();
    assert!(head.starts_with("http/1.1 206"), "{head}");
    assert_eq!(middle, bytes[10..30]);
}

#[test]
fn an_export_lives_five_minutes_unless_a_change_is_asked_for() {
    let app = TestApp::new();
    app.organisation("Första");
    let lines = |query: &str| app.get(&format!("/api/v1/export{query}")).text().lines().count();
    assert_eq!(lines(""), 2);
    let made = app.organisation("Andra");
    assert_eq!(lines(""), 2, "the file is given out again");
    assert_eq!(lines(&format!("?minChange={}", made["changeSequence"])), 3);
    app.organisation("Tredje");
    assert_eq!(lines(""), 3);
    app.clock.set("2026-11-24T09:05:01Z".parse().unwrap());
    assert_eq!(lines(""), 4);
}

/// Reads events until one of a type; gives its id and data.
fn event(reader: &mut impl BufRead) -> (String, Value) {
    let (mut id, mut data) = (String::new(), None);
    loop {
        let mut line = String::new();
        assert!(reader.read_line(&mut line).unwrap() > 0, "the stream ended");
        if let Some(text) = line.strip_prefix("id: ") {
            text.trim().clone_into(&mut id);
        } else if let Some(text) = line.strip_prefix("data: ") {
            data = Some(serde_json::from_str(text.trim()).unwrap());
        }
        if line == "\n"
            && let Some(data) = data.take()
        {
            return (id, data);
        }
    }
}

#[test]
fn a_stream_tells_changes_as_they_come_and_goes_on_after_a_break() {
    let app = TestApp::new();
    let first = app.organisation("Första");
    let mut stream = raw(&app, "/api/v1/changes/stream", "accept: text/event-stream\r\naccept-encoding: gzip, br\r\n");
    let told = head(&mut stream);
    assert!(told.contains("content-type: text/event-stream") && !told.contains("content-encoding"), "{told}");
    let (id, change) = event(&mut stream);
    assert_eq!(id, format!("{}:1", epoch(&app)));
    assert_eq!((&change["operation"], &change["id"]), (&json!("created"), &first["id"]));
    let second = app.organisation("Andra");
    let (id, change) = event(&mut stream);
    assert_eq!((id.rsplit(':').next(), &change["id"]), (Some("2"), &second["id"]));
    drop(stream);
    patch(&app, &path("organisations", &first), 1, &json!({"website": "https://forsta.example.org"}));
    let mut again = raw(&app, "/api/v1/changes/stream?type=organisation", &format!("last-event-id: {id}\r\n"));
    head(&mut again);
    let (id, change) = event(&mut again);
    assert_eq!((id.rsplit(':').next(), &change["operation"]), (Some("3"), &json!("updated")));
}

#[test]
fn streams_end_when_the_node_stops_and_are_bounded() {
    let app = TestApp::configured(|config| config.max_streams = 1, |_| {});
    let mut stream = raw(&app, "/api/v1/changes/stream", "");
    head(&mut stream);
    let refused = app.get("/api/v1/changes/stream");
    refused.problem(503, "unavailable");
    assert!(refused.header("retry-after").is_some());
    let since = Instant::now();
    drop(app);
    assert!(since.elapsed() < Duration::from_secs(8), "{:?}", since.elapsed());
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
}

#[test]
fn a_stream_ends_when_its_token_would_have_expired() {
    let app = TestApp::configured(|config| config.token_lifetime = 1, |_| {});
    let token = app.token(Role::Reader, None, false);
    let opened = Instant::now();
    let mut stream = raw(&app, "/api/v1/changes/stream", &format!("authorization: Bearer {token}\r\n"));
    assert!(head(&mut stream).starts_with("http/1.1 200"));
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(opened.elapsed().as_millis() >= 1_000, "it ended before its token did");
    // In chunks: the last one is empty, so that a client knows that nothing broke.
    assert!(rest.ends_with("0\r\n\r\n"), "{rest}");
}
