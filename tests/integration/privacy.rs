//! What is protected leaves no trace.

use crate::harness::{Answer, TestApp, organisation};
use samverkan::auth::actor::Role;
use serde_json::json;

const STREET: &str = "Hemlig planterad gata 17";
const PHONE: &str = "0920-1234567";

fn leaks(answer: &Answer) -> bool {
    let text = format!("{} {:?}", answer.text(), answer.headers);
    text.contains("planterad") || text.contains("1234567") || text.contains("65.123")
}

#[test]
fn a_protected_address_is_seen_by_its_editors_only() {
    let app = TestApp::new();
    let mut body = organisation("Kvinnojouren");
    body["addressProtected"] = json!(true);
    body["address"] = json!({"street": STREET, "postalCode": "97238", "locality": "Luleå"});
    body["location"] = json!({"lat": 65.123, "lon": 22.1});
    let made = app.make("/api/v1/organisations", &body);
    let id = made["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/organisations/{id}");
    app.settle();
    for public in [
        path.clone(),
        format!("{path}/history"),
        "/api/v1/organisations?facets=kind".to_owned(),
        "/api/v1/search?q=planterad".to_owned(),
        "/api/v1/search?q=kvinnojouren&highlight=true&explain=true".to_owned(),
        "/api/v1/search?q=kvinnojouren&near=65.123,22.1&radiusKm=5".to_owned(),
        "/api/v1/suggest?q=hemlig".to_owned(),
    ] {
        let answer = app.get(&public);
        assert_eq!(answer.status, 200, "{public}: {}", answer.text());
        let body: String = answer.text().replace("near=65.123", "");
        assert!(!body.contains("planterad gata") && !body.contains("\"lat\""), "{public} leaks: {body}");
    }
    let near = app.get("/api/v1/organisations?near=65.123,22.1&radiusKm=5").json();
    assert_eq!(near["_meta"]["totalRecords"], 0, "a protected place is not found by distance");
    let etag = app.get(&path).header("etag").map(str::to_owned);
    let editor = app.token(Role::Editor, Some(id.parse().unwrap()), false);
    let seen = app.anyone("GET", &path).token(&editor).send();
    assert!(seen.text().contains(STREET), "{}", seen.text());
    let moved = app
        .anyone("PATCH", &path)
        .token(&editor)
        .patch(&json!(1), &json!({"address": {"street": "Annan planterad gata 3"}}))
        .send();
    assert_eq!(moved.status, 200, "{}", moved.text());
    let after = app.get(&path);
    assert_eq!(after.header("etag").map(str::to_owned), etag, "the public record did not change");
    assert_eq!(after.json()["version"], 1);
    let steward = app.steward("GET", &path).send();
    assert!(!leaks(&steward), "a steward without the scope sees nothing protected");
    let kept = app.steward("PATCH", &path).patch(&json!(1), &json!({"website": "https://jour.example.org"})).send();
    assert_eq!(kept.status, 200, "{}", kept.text());
    let seen = app.anyone("GET", &path).token(&editor).send();
    assert!(seen.text().contains("Annan planterad gata 3"), "a writer that cannot see it does not lose it");
    app.steward("PATCH", &path).patch(&json!(2), &json!({"addressProtected": false})).send().problem(403, "forbidden");
}

#[test]
fn contact_points_are_shown_to_their_audience_only() {
    let app = TestApp::new();
    let owner = app.organisation("Jouren");
    let id = owner["id"].as_str().unwrap();
    let point = |visibility: &str| {
        json!({
            "ownerId": id, "ownerType": "organisation", "function": {"sv": format!("Journummer planterad {visibility}")},
            "channels": [{"kind": "phone", "value": PHONE}], "visibility": visibility,
        })
    };
    let partners = app.make("/api/v1/contact-points", &point("partners"));
    let editor = app.token(Role::Editor, Some(id.parse().unwrap()), false);
    let protected = app.anyone("POST", "/api/v1/contact-points").token(&editor).json(&point("protected")).send();
    assert_eq!(protected.status, 201, "{}", protected.text());
    let protected = protected.json();
    app.settle();
    let reader = app.token(Role::Reader, None, false);
    let path = |record: &serde_json::Value| format!("/api/v1/contact-points/{}", record["id"].as_str().unwrap());
    app.get(&path(&partners)).problem(404, "not-found");
    app.get(&path(&protected)).problem(404, "not-found");
    assert_eq!(app.anyone("GET", &path(&partners)).token(&reader).send().status, 200);
    app.anyone("GET", &path(&protected)).token(&reader).send().problem(404, "not-found");
    app.steward("GET", &path(&protected)).send().problem(404, "not-found");
    assert_eq!(app.anyone("GET", &path(&protected)).token(&editor).send().status, 200);
    for (list, total) in [
        ("/api/v1/contact-points".to_owned(), 0),
        (format!("/api/v1/contact-points?owner={id}"), 0),
        (format!("/api/v1/organisations/{id}/contact-points"), 0),
        ("/api/v1/search?q=planterad".to_owned(), 0),
    ] {
        assert_eq!(app.get(&list).json()["_meta"]["totalRecords"], total, "{list}");
        let seen = app.anyone("GET", &list).token(&reader).send().json();
        assert_eq!(seen["_meta"]["totalRecords"], 1, "{list}");
    }
    assert!(!leaks(&app.get("/api/v1/suggest?q=journummer")));
    let deleted = app.anyone("DELETE", &path(&protected)).token(&editor).header("if-match", "*").send();
    assert_eq!(deleted.status, 200, "{}", deleted.text());
}

#[test]
fn what_is_withdrawn_is_gone_from_every_public_answer() {
    let app = TestApp::new();
    let owner = app.organisation("Föreningen");
    let point = app.make(
        "/api/v1/contact-points",
        &json!({
            "ownerId": owner["id"], "ownerType": "organisation", "function": {"sv": "Telefon planterad"},
            "channels": [{"kind": "phone", "value": PHONE}],
        }),
    );
    let path = format!("/api/v1/contact-points/{}", point["id"].as_str().unwrap());
    app.settle();
    assert!(leaks(&app.get("/api/v1/search?q=planterad")));
    let hidden = app.steward("PATCH", &path).patch(&json!(1), &json!({"visibility": "partners"})).send();
    assert_eq!(hidden.status, 200, "{}", hidden.text());
    app.settle();
    assert!(!leaks(&app.get("/api/v1/search?q=telefon")));
    app.get(&path).problem(404, "not-found");
    app.get(&format!("{path}/history")).problem(404, "not-found");
}
