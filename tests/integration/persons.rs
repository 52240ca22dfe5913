//! What is held about a person can be found, given out, corrected and erased, wherever it stands.

use crate::database::{TestDatabase, Which};
use crate::harness::{Answer, TestApp, organisation};
use diesel::Connection;
use diesel::connection::SimpleConnection;
use samverkan::auth::actor::Role;
use serde_json::{Value, json};
use std::path::Path;

const NAME: &str = "Åsa Planterad-Öberg";
const EMAIL: &str = "asa.planterad@forening.example.org";
const PHONE: &str = "070-765 43 21";

fn who() -> Value {
    json!({"names": [NAME], "emails": ["Asa.Planterad@Forening.example.org"], "phones": ["+46 70 765 43 21"]})
}

/// Whether anything of the person stands in bytes, in any of the spellings that the test plants.
fn tells(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    ["planterad", "765 43 21", "7654321", "765-43-21"].iter().any(|part| text.contains(part))
}

fn post(app: &TestApp, token: &str, path: &str, body: &Value) -> Answer {
    app.anyone("POST", path).token(token).json(body).send()
}

/// A registry that holds the person in every place where one can stand; gives the id of a contact point that is nothing else
/// but the person, and of one that is more.
fn planted(app: &TestApp) -> (String, String, String) {
    let owner = app.organisation("Byaföreningen");
    let id = owner["id"].as_str().unwrap().to_owned();
    let person = json!({"name": NAME, "basis": "consent", "purpose": "Svarar kommunen", "recordedAt": "2026-11-01"});
    let point = |channels: Value| json!({"ownerId": id, "ownerType": "organisation", "function": {"sv": "Ordförande"}, "channels": channels, "person": person});
    let alone = app.make("/api/v1/contact-points", &point(json!([{"kind": "email", "value": EMAIL}])));
    let body = point(json!([{"kind": "phone", "value": PHONE}, {"kind": "web", "value": "https://by.example.org/"}]));
    let more = app.steward("POST", "/api/v1/contact-points").header("idempotency-key", "k-1").json(&body).send().json();
    let (alone, more) = (alone["id"].as_str().unwrap().to_owned(), more["id"].as_str().unwrap().to_owned());
    app.make(
        "/api/v1/memberships",
        &json!({"memberId": id, "inId": app.organisation("Paraplyet")["id"], "inType": "organisation", "contactPointId": alone}),
    );
    let described = json!({"description": {"sv": format!("Ring {NAME} på 0046707654321, hon öppnar.")}});
    let path = format!("/api/v1/organisations/{id}");
    assert_eq!(app.steward("PATCH", &path).patch(&json!(1), &described).send().status, 200);
    // It stands in the past only.
    assert_eq!(
        app.steward("PATCH", &path).patch(&json!(2), &json!({"description": {"sv": "Ring oss."}})).send().status,
        200
    );
    let meeting = json!({
        "ofId": id, "ofType": "organisation", "title": {"sv": format!("Fika hos {NAME}")}, "start": "2027-02-10T08:00:00Z",
    });
    app.make("/api/v1/meetings", &meeting);
    let gone = app.make("/api/v1/meetings", &meeting);
    let gone = format!("/api/v1/meetings/{}", gone["id"].as_str().unwrap());
    assert_eq!(app.steward("DELETE", &gone).header("if-match", "\"1\"").send().status, 200);
    let hook =
        json!({"url": "https://mottagare.example.org/", "filter": "", "description": format!("Frågor till {NAME}")});
    assert_eq!(app.steward("POST", "/api/v1/webhooks").json(&hook).send().status, 201);
    let named = json!({"names": [{"value": format!("{NAME}s minnesfond"), "lang": "sv", "kind": "official"}]});
    let fund = app.organisation("Fonden");
    let fund_path = format!("/api/v1/organisations/{}", fund["id"].as_str().unwrap());
    assert_eq!(app.steward("PATCH", &fund_path).patch(&json!(1), &named).send().status, 200);
    (alone, more, id)
}

pub fn files(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

#[test]
fn a_person_is_found_given_out_and_erased_everywhere() {
    let app = TestApp::new();
    let (alone, more, owner) = planted(&app);
    let administrator = app.token(Role::Administrator, None, false);
    let found = post(&app, &administrator, "/api/v1/person-searches", &who()).json();
    let places: Vec<&str> =
        found["items"].as_array().unwrap().iter().map(|item| item["place"].as_str().unwrap()).collect();
    for place in ["record", "version", "audit-entry", "kept-answer", "webhook"] {
        assert!(places.contains(&place), "{place} in {places:?}");
    }
    assert!(!tells(found.to_string().as_bytes()), "a search tells where, not what");
    let given = post(&app, &administrator, "/api/v1/person-exports", &who());
    assert!(tells(&given.body) && given.text().contains(EMAIL));
    let feed_before = app.app.db.head().unwrap().sequence;

    let outcome = post(&app, &administrator, "/api/v1/person-erasures", &who());
    assert_eq!(outcome.status, 200, "{outcome:?}");
    let outcome = outcome.json();
    assert_eq!(outcome["erased"], 1, "{outcome}");
    let left: Vec<&str> =
        outcome["left"].as_array().unwrap().iter().map(|place| place["pointers"][0].as_str().unwrap()).collect();
    assert!(!left.is_empty() && left.iter().all(|pointer| *pointer == "/names/0/value"), "{outcome}");

    // The name of the fund is for people to decide about.
    let fund = app.get("/api/v1/organisations?q=minnesfond").json();
    let fund = fund["items"][0].clone();
    let renamed = json!({"names": [{"value": "Minnesfonden", "lang": "sv", "kind": "official"}]});
    let path = format!("/api/v1/organisations/{}", fund["id"].as_str().unwrap());
    assert_eq!(app.steward("PATCH", &path).patch(&fund["version"], &renamed).send().status, 200);
    let rest = post(&app, &administrator, "/api/v1/person-erasures", &who()).json();
    let versions = rest["left"].as_array().unwrap();
    assert!(versions.iter().all(|place| place["place"] == "version"), "{rest}");

    app.get(&format!("/api/v1/contact-points/{alone}")).problem(410, "gone");
    let kept = app.get(&format!("/api/v1/contact-points/{more}")).json();
    assert_eq!(kept["channels"], json!([{"kind": "web", "value": "https://by.example.org/"}]));
    assert_eq!(kept["person"], Value::Null);
    let history = app.get(&format!("/api/v1/organisations/{owner}/history"));
    assert!(history.text().contains("Ring … på …, hon öppnar."), "{history:?}");
    let feed =
        app.get(&format!("/api/v1/changes?limit=100&after={feed_before}&epoch={}", app.app.db.head().unwrap().epoch));
    let told = feed.json();
    let erased = told["items"].as_array().unwrap().iter().find(|item| item["id"] == json!(alone)).unwrap();
    assert_eq!((&erased["operation"], &erased["record"]), (&json!("erased"), &Value::Null));

    app.settle();
    for path in [
        "/api/v1/changes?limit=100".to_owned(),
        "/api/v1/export".to_owned(),
        "/api/v1/search?q=planterad&highlight=true&explain=true".to_owned(),
        "/api/v1/suggest?q=asa".to_owned(),
        format!("/api/v1/organisations/{owner}/history"),
        format!("/api/v1/organisations/{owner}?include=contactPoints"),
        format!("/api/v1/contact-points/{more}/history"),
    ] {
        let answer = app.steward("GET", &path).send();
        assert!(!tells(answer.text().replace("q=planterad", "").as_bytes()), "{path}: {answer:?}");
    }
    let search = post(&app, &administrator, "/api/v1/person-searches", &who()).json();
    let still: Vec<&Value> =
        search["items"].as_array().unwrap().iter().filter(|place| place["place"] != "version").collect();
    assert!(still.is_empty(), "{search}");
}

#[test]
fn an_erasure_leaves_nothing_in_any_file() {
    // Among so many others in one segment that the index would not merge it for one deleted document.
    let app = TestApp::with(|app| {
        let mut lines = Vec::new();
        for number in 0..80 {
            let mut line = organisation(&format!("Föreningen {number}"));
            line["type"] = json!("organisation");
            line["identifiers"] = json!([{"scheme": "x", "value": number.to_string()}]);
            line["id"] = json!(uuid::Uuid::from_u128(number + 1).to_string());
            lines.push(line.to_string());
        }
        let point = json!({
            "type": "contact-point", "id": uuid::Uuid::from_u128(1_000).to_string(),
            "ownerId": uuid::Uuid::from_u128(1).to_string(), "ownerType": "organisation",
            "function": {"sv": format!("Frågor till {NAME}")},
            "channels": [{"kind": "email", "value": EMAIL}, {"kind": "phone", "value": "0920-12 34 56"}],
        });
        lines.push(point.to_string());
        let all = lines.join("\n");
        let options = samverkan::transfer::import::Options::default();
        let actor = samverkan::auth::actor::Actor::Operator;
        let report = samverkan::transfer::import::import(&app.db, &actor, all.as_bytes(), options, &mut |_, _, _| {});
        assert!(report.unwrap().written);
    });
    app.settle();
    let folder = app.app.config.data_dir.clone();
    let telling = || {
        let mut all = Vec::new();
        files(&folder, &mut all);
        // Dictionaries of the index may hold digits one after the other by chance.
        let tells = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_lowercase().contains("planterad");
        all.retain(|file| std::fs::read(file).is_ok_and(|bytes| tells(&bytes)));
        all
    };
    assert!(!telling().is_empty(), "it stands in the index at least");
    let administrator = app.token(Role::Administrator, None, false);
    let outcome = post(&app, &administrator, "/api/v1/person-erasures", &who());
    assert_eq!(outcome.json()["left"], json!([]), "{outcome:?}");
    // The tailer looks once a second whether something was erased.
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !telling().is_empty() && std::time::Instant::now() < until {
        std::thread::sleep(std::time::Duration::from_millis(200));
        app.app.level().unwrap();
    }
    assert_eq!(telling(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn an_erasure_that_finds_only_the_past_tells_indexes_to_go_over_it() {
    let app = TestApp::new();
    let made = app.organisation("Byaföreningen");
    let path = format!("/api/v1/organisations/{}", made["id"].as_str().unwrap());
    for (version, text) in [(1, format!("Ring {NAME}.")), (2, "Ring oss.".to_owned())] {
        let body = json!({"description": {"sv": text}});
        assert_eq!(app.steward("PATCH", &path).patch(&json!(version), &body).send().status, 200);
    }
    let before = app.app.db.head().unwrap();
    let administrator = app.token(Role::Administrator, None, false);
    let outcome = post(&app, &administrator, "/api/v1/person-erasures", &who()).json();
    assert_eq!((&outcome["changed"], &outcome["erased"], &outcome["left"]), (&json!(0), &json!(0), &json!([])));
    let after = app.app.db.head().unwrap();
    assert_eq!((after.sequence, before.erased, after.erased), (before.sequence, 0, before.sequence));
    assert!(!tells(&app.get(&format!("{path}/history")).body));
}

#[test]
fn a_correction_or_erasure_that_fails_half_way_changes_nothing() {
    let app = TestApp::over(TestDatabase::of(Which::Sqlite));
    let (alone, more, _) = planted(&app);
    let administrator = app.token(Role::Administrator, None, false);
    let state = || {
        let records = [&alone, &more].map(|id| app.get(&format!("/api/v1/contact-points/{id}")).text());
        let search = post(&app, &administrator, "/api/v1/person-searches", &who()).json();
        (records, search["items"].clone(), app.app.db.head().unwrap().sequence)
    };
    let file = app.app.config.data_dir.join("samverkan.sqlite");
    let mut beside = diesel::SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    // Organisations and contact points come before meetings.
    beside.batch_execute("PRAGMA busy_timeout = 20000").unwrap();
    let fails = "CREATE TRIGGER fails BEFORE UPDATE ON meetings BEGIN SELECT RAISE(ABORT, 'no'); END";
    beside.batch_execute(fails).unwrap();
    let before = state();
    assert!(before.1.as_array().unwrap().len() > 5);
    for (path, body) in [("corrections", json!({"names": [NAME], "to": "Bo Annan"})), ("erasures", who())] {
        let answer = post(&app, &administrator, &format!("/api/v1/person-{path}"), &body);
        assert_eq!(answer.status, 500, "{answer:?}");
        assert_eq!(state(), before, "{path}");
    }
    beside.batch_execute("DROP TRIGGER fails").unwrap();
    let outcome = post(&app, &administrator, "/api/v1/person-erasures", &who()).json();
    assert_eq!((&outcome["changed"], &outcome["erased"]), (&json!(2), &json!(1)), "{outcome}");
}

#[test]
fn what_is_wrong_is_corrected_in_records_as_they_are_now() {
    let app = TestApp::new();
    let (_, more, _) = planted(&app);
    let administrator = app.token(Role::Administrator, None, false);
    let body = json!({"phones": [PHONE], "to": "070-111 22 33"});
    let outcome = post(&app, &administrator, "/api/v1/person-corrections", &body);
    assert_eq!(outcome.json()["changed"], 1, "{outcome:?}");
    let record = app.get(&format!("/api/v1/contact-points/{more}")).json();
    assert_eq!(record["channels"][0]["value"], "070-111 22 33");
    assert_eq!(record["version"], 2);
    let no_words = post(&app, &administrator, "/api/v1/person-corrections", &json!({"phones": [PHONE]}));
    assert_eq!(no_words.problem(422, "invalid")["errors"][0]["pointer"], "/to");
}

#[test]
fn only_administrators_ask_for_persons_and_the_audit_log_says_that_they_did() {
    let app = TestApp::new();
    for path in ["searches", "exports", "corrections", "erasures"] {
        let path = format!("/api/v1/person-{path}");
        app.anyone("POST", &path).json(&who()).send().problem(401, "unauthorized");
        for role in [Role::Reader, Role::Steward] {
            post(&app, &app.token(role, None, true), &path, &who()).problem(403, "forbidden");
        }
        let administrator = app.token(Role::Administrator, None, false);
        for bad in [
            json!({}),
            json!({"names": ["Bo"]}),
            json!({"phones": ["112"]}),
            json!({"name": NAME}),
            json!({"names": [7]}),
        ] {
            post(&app, &administrator, &path, &bad).problem(422, "invalid");
        }
    }
    let administrator = app.token(Role::Administrator, None, false);
    assert_eq!(post(&app, &administrator, "/api/v1/person-searches", &who()).json()["_meta"]["count"], 0);
    let verified = app.app.verify_audit().unwrap().unwrap();
    assert!(verified.rows > 1 && verified.removed == 0, "{verified:?}");
}

#[test]
fn a_name_goes_when_its_day_has_come() {
    let app = TestApp::new();
    let owner = app.organisation("Byaföreningen");
    let person = |more: Value| {
        let mut person = json!({"name": NAME, "basis": "consent", "purpose": "Svarar", "recordedAt": "2026-11-01"});
        person.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({
            "ownerId": owner["id"], "ownerType": "organisation", "function": {"sv": "Ordförande"},
            "channels": [{"kind": "web", "value": "https://by.example.org/"}], "person": person,
        })
    };
    let made = app.make("/api/v1/contact-points", &person(json!({})));
    assert_eq!(made["person"]["expiresAt"], "2028-11-01", "two years when nothing is said");
    for (pointer, wrong) in [
        ("/person/expiresAt", json!({"expiresAt": "2032-11-02"})),
        ("/person/expiresAt", json!({"expiresAt": "2026-10-31"})),
        ("/person/purpose", json!({"purpose": ""})),
    ] {
        let answer = app.steward("POST", "/api/v1/contact-points").json(&person(wrong)).send();
        assert_eq!(answer.problem(422, "invalid")["errors"][0]["pointer"], pointer);
    }
    let path = format!("/api/v1/contact-points/{}", made["id"].as_str().unwrap());
    app.clock.set("2028-11-01T23:59:59Z".parse().unwrap());
    samverkan::retention::run(&app.app);
    assert!(app.get(&path).text().contains(NAME));
    app.clock.set("2028-11-02T00:00:01Z".parse().unwrap());
    samverkan::retention::run(&app.app);
    let after = app.get(&path);
    assert_eq!((after.json()["version"].clone(), tells(&after.body)), (json!(2), false));
    assert!(!tells(&app.get(&format!("{path}/history")).body));
}

#[test]
fn names_at_organisations_that_tell_of_their_people_need_consent() {
    let app = TestApp::new();
    let mut congregation = organisation("Församlingen");
    congregation["kind"] = json!("congregation");
    let owner = app.make("/api/v1/organisations", &congregation);
    let point = |basis: &str| {
        json!({
            "ownerId": owner["id"], "ownerType": "organisation", "function": {"sv": "Pastor"},
            "channels": [{"kind": "web", "value": "https://kyrka.example.org/"}],
            "person": {"name": NAME, "basis": basis, "purpose": "Svarar", "recordedAt": "2026-11-01"},
        })
    };
    let refused = app.steward("POST", "/api/v1/contact-points").json(&point("legitimate-interest")).send();
    assert_eq!(refused.problem(422, "invalid")["errors"][0]["code"], "consent-required");
    app.make("/api/v1/contact-points", &point("consent"));
}
