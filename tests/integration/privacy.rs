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
        ("/api/v1/search?q=0920-123%2045%2067".to_owned(), 0),
        ("/api/v1/search?q=tel:%2B469201234567".to_owned(), 0),
        ("/api/v1/search?q=%22journummer%20planterad%22".to_owned(), 0),
        ("/api/v1/search?q=-kansliet%20name:planterad".to_owned(), 0),
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

/// What is planted: an address, a place, what a hidden contact point says. None of it is allowed to leave.
const PLANTED: &[&str] = &[
    "Hemligplanterad",
    "hemligplanterad",
    "979 99",
    "65.7171717",
    "22.8282828",
    "9199191919",
    "91 99 19 19",
    "zorkelby",
    "Zorkelby",
];

fn planted(bytes: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(bytes);
    PLANTED.iter().copied().find(|part| text.contains(part))
}

/// Numbers as columns hold them.
fn planted_numbers(bytes: &[u8]) -> bool {
    [65.717_171_7_f64, 22.828_282_8].iter().any(|number| {
        let (little, big) = (number.to_le_bytes(), number.to_be_bytes());
        bytes.windows(8).any(|window| window == little || window == big)
    })
}

/// Every GET of the document, filled with these ids.
fn reads(organisation: &str, contact_point: &str) -> Vec<String> {
    let mut reads = Vec::new();
    for (path, method, operation) in crate::document::operations(&crate::document::document()) {
        if method != "get" || path == "/changes/stream" || path.starts_with("/clients") || path.starts_with("/webhooks")
        {
            continue;
        }
        let id = if path.starts_with("/contact-points") { contact_point } else { organisation };
        let path = format!("/api/v1{}", path.replace("{id}", id).replace("{key}", "2580").replace("{number}", "1"));
        let named =
            |name: &str| operation["parameters"].as_array().unwrap().iter().any(|parameter| parameter["name"] == name);
        reads.push(path.clone());
        if named("q") {
            for q in PLANTED {
                reads.push(format!("{path}?q={}", q.replace(' ', "+")));
            }
        }
        if named("near") {
            reads.push(format!("{path}?near=65.7171717,22.8282828&radiusKm=1&sort=distance"));
            reads.push(format!("{path}?bbox=22.8,65.7,22.9,65.8"));
        }
        if named("facets") {
            reads.push(format!("{path}?facets=status&status=any"));
        }
        if named("include") {
            reads.push(format!("{path}?include=contactPoints"));
        }
    }
    assert!(reads.len() > 150, "{}", reads.len());
    reads
}

#[test]
fn planted_secrets_are_in_no_answer_file_log_or_number() {
    let app = TestApp::configured(|config| config.metrics_listen = Some("127.0.0.1:0".to_owned()), |_| {});
    // One shelter is protected from the beginning, because shelters are; another becomes it after it was public.
    let mut body = organisation("Kvinnojouren");
    body["kind"] = json!("shelter");
    body["address"] = json!({"street": "Hemligplanterad 17", "postalCode": "97999", "locality": "Zorkelby"});
    body["location"] = json!({"lat": 65.7171717, "lon": 22.8282828});
    let shelter = app.make("/api/v1/organisations", &body);
    assert_eq!(shelter["addressProtected"], true, "shelters are protected unless they say otherwise");
    assert_eq!(shelter["address"], json!(null), "a steward without the scope does not see it, not even as the answer");
    body["addressProtected"] = json!(false);
    body["names"][0]["value"] = json!("Tjejjouren");
    let open = app.make("/api/v1/organisations", &body);
    assert_eq!(open["address"]["postalCode"], "979 99");
    let id = |record: &serde_json::Value| record["id"].as_str().unwrap().to_owned();
    let point = |owner: &serde_json::Value, visibility: &str| {
        json!({
            "ownerId": owner["id"], "ownerType": "organisation", "function": {"sv": "Hemligplanterad funktion"},
            "description": {"sv": "Zorkelby"}, "channels": [{"kind": "phone", "value": "91 99 19 19"}],
            "identifiers": [{"scheme": format!("jour-{visibility}"), "value": "9199191919"}], "visibility": visibility,
        })
    };
    let editor = app.token(Role::Editor, Some(id(&shelter).parse().unwrap()), false);
    let hidden = app.anyone("POST", "/api/v1/contact-points").token(&editor).json(&point(&shelter, "protected")).send();
    assert_eq!(hidden.status, 201, "{hidden:?}");
    let hidden = id(&hidden.json());
    let opened = app
        .steward("POST", "/api/v1/contact-points")
        .header("idempotency-key", "k")
        .json(&point(&open, "public"))
        .send();
    let opened = id(&opened.json());
    app.settle();
    assert!(planted(&app.get("/api/v1/export").body).is_some(), "what is public yet is told");
    let protect = app.steward("PATCH", &format!("/api/v1/organisations/{}", id(&open)));
    assert_eq!(protect.patch(&json!(1), &json!({"addressProtected": true})).send().status, 200);
    let protector = app.token(Role::Steward, None, true);
    let path = format!("/api/v1/contact-points/{opened}");
    let protect = app.anyone("PATCH", &path).token(&protector).patch(&json!(1), &json!({"visibility": "protected"}));
    assert_eq!(protect.send().status, 200);
    // And they are changed while they are protected.
    let moved =
        json!({"address": {"street": "Hemligplanterad 18"}, "location": {"lat": 65.7171717, "lon": 22.8282828}});
    let path = format!("/api/v1/organisations/{}", id(&shelter));
    assert_eq!(app.anyone("PATCH", &path).token(&editor).patch(&json!(1), &moved).send().status, 200);
    app.settle();

    let other = app.token(Role::Editor, Some(id(&app.organisation("Grannen")).parse().unwrap()), false);
    let tokens = [
        None,
        Some(app.token(Role::Reader, None, false)),
        Some(other),
        Some(app.token(Role::Steward, None, false)),
        Some(app.token(Role::Administrator, None, false)),
    ];
    for (organisation, contact_point) in [(id(&shelter), &hidden), (id(&open), &opened)] {
        for path in reads(&organisation, contact_point) {
            for token in &tokens {
                for format in ["application/json", "text/csv", "application/ld+json", "application/x-ndjson"] {
                    let mut request = app.anyone("GET", &path).header("accept", format);
                    if let Some(token) = token {
                        request = request.token(token);
                    }
                    let answer = request.send();
                    let asked = path.split_once('?').map_or("", |(_, query)| query);
                    let text = format!("{} {:?}", answer.text(), answer.headers);
                    // What the caller asked for may stand in links to the same page.
                    let text = text.replace(asked, "").replace(&asked.replace('&', "\\u0026"), "");
                    assert_eq!(planted(text.as_bytes()), None, "{path} {format}: {text}");
                    if path.contains("near=") || path.contains("bbox=") {
                        let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                        let total = &body["_meta"]["totalRecords"];
                        assert!(total.is_null() || *total == json!(0), "{path}: {total}");
                    }
                }
            }
        }
    }
    // Errors do not quote it either.
    let refused = app.steward("PATCH", &path).patch(&json!(1), &json!({"addressProtected": false})).send();
    assert_eq!((refused.status, planted(&refused.body)), (403, None), "{refused:?}");
    let again = app
        .steward("POST", "/api/v1/contact-points")
        .header("idempotency-key", "k")
        .json(&point(&open, "public"))
        .send();
    assert!(
        again.status != 201
            || planted(again.text().replace(&point(&open, "public").to_string(), "").as_bytes()).is_some()
    );
    // Of what is protected no file of the index and no export keeps anything, nor of what became it.
    let folder = app.app.config.data_dir.clone();
    let telling = || {
        let mut all = Vec::new();
        crate::persons::files(&folder, &mut all);
        all.retain(|file| !file.file_name().unwrap().to_string_lossy().contains("sqlite"));
        all.retain(|file| std::fs::read(file).is_ok_and(|bytes| planted(&bytes).is_some() || planted_numbers(&bytes)));
        all
    };
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !telling().is_empty() && std::time::Instant::now() < until {
        std::thread::sleep(std::time::Duration::from_millis(200));
        app.app.level().unwrap();
    }
    assert_eq!(telling(), Vec::<std::path::PathBuf>::new());
    // Those who may still see it.
    assert!(planted(&app.anyone("GET", &path).token(&editor).send().body).is_some());
}

#[test]
fn what_is_protected_stands_in_no_line_of_the_log() {
    let mut seen = 0;
    let folder = tempfile::tempdir().unwrap();
    let lines = crate::crash::logged(folder.path(), "trace", |base, client| {
        let agent = crate::crash::agent();
        let token = crate::crash::token(&agent, base, client).unwrap();
        let mut send = |method: &str, path: &str, body: serde_json::Value| {
            let request = ureq::http::Request::builder()
                .method(method)
                .uri(format!("{base}{path}"))
                .header("authorization", format!("Bearer {token}"))
                .header("content-type", "application/json")
                .header("if-match", "*");
            let mut answer = agent.run(request.body(body.to_string()).unwrap()).unwrap();
            seen += 1;
            (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
        };
        let mut body = organisation("Kvinnojouren");
        body["kind"] = json!("shelter");
        body["address"] = json!({"street": "Hemligplanterad 17", "postalCode": "97999", "locality": "Zorkelby"});
        body["location"] = json!({"lat": 65.7171717, "lon": 22.8282828});
        let (status, made) = send("POST", "/api/v1/organisations", body.clone());
        assert_eq!(status, 201, "{made}");
        let made: serde_json::Value = serde_json::from_str(&made).unwrap();
        let path = format!("/api/v1/organisations/{}", made["id"].as_str().unwrap());
        for (visibility, status) in [("protected", 201), ("hemligplanterad", 422)] {
            let point = json!({
                "ownerId": made["id"], "ownerType": "organisation", "function": {"sv": "Hemligplanterad"},
                "channels": [{"kind": "phone", "value": "91 99 19 19"}], "visibility": visibility,
            });
            assert_eq!(send("POST", "/api/v1/contact-points", point).0, status);
        }
        body["location"]["lat"] = json!("Hemligplanterad");
        assert_eq!(send("PUT", &path, body).0, 422);
        assert_eq!(send("PATCH", &path, json!({"address": {"street": "Hemligplanterad 18"}})).0, 200);
        assert_eq!(send("DELETE", &path, json!({})).0, 200);
    });
    assert!(seen == 6 && lines.len() > 6, "{seen} {}", lines.len());
    for line in &lines {
        assert_eq!(planted(line.as_bytes()), None, "{line}");
    }
}
