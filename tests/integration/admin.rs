//! Clients, their secrets and keys, and the audit log: what administrators do over HTTP, and what everyone else may not.

use crate::database::Which;
use crate::harness::{Answer, NOW, TestApp, new_client, organisation};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use ed25519_dalek::SigningKey;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use samverkan::auth::actor::Role;
use samverkan::clock::Clock;
use serde_json::{Value, json};
use std::fs;

const CLIENTS: &str = "/api/v1/clients";
const ENTRIES: &str = "/api/v1/audit-entries";
const NOBODY: &str = "ffffffff-ffff-4fff-bfff-ffffffffffff";
const ORGANISATIONS: &str = "/api/v1/organisations?limit=1";

/// A registry whose tokens outlast the leaps of the tests' clock.
fn patient() -> TestApp {
    TestApp::configured(|config| config.token_lifetime = 10_000_000, |_| {})
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("{name} is no text in {answer}"))
}

fn make(app: &TestApp, content: &Value) -> Value {
    let answer = app.administrator("POST", CLIENTS).json(content).send();
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

fn reader(app: &TestApp) -> Value {
    make(app, &json!({"name": "Kommunens system", "role": "reader"}))
}

fn path(client: &Value) -> String {
    format!("{CLIENTS}/{}", text(client, "id"))
}

fn try_to_give(app: &TestApp, client: &Value, content: &Value) -> Answer {
    app.administrator("POST", &format!("{}/credentials", path(client))).json(content).send()
}

fn give(app: &TestApp, client: &Value, content: &Value) -> Value {
    let answer = try_to_give(app, client, content);
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

fn credentials(app: &TestApp, client: &Value) -> Vec<Value> {
    let answer = app.administrator("GET", &format!("{}/credentials", path(client))).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["items"].as_array().unwrap().clone()
}

fn entries(app: &TestApp, query: &str) -> Vec<Value> {
    let answer = app.administrator("GET", &format!("{ENTRIES}?{query}")).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("cache-control"), Some("private, no-store"));
    answer.json()["items"].as_array().unwrap().clone()
}

fn with_key(app: &TestApp, method: &str, path: &str, key: &str) -> Answer {
    app.anyone(method, path).header("x-api-key", key).json(&json!({})).send()
}

fn now() -> DateTime<Utc> {
    NOW.parse().unwrap()
}

#[test]
fn only_administrators_administer() {
    let app = TestApp::new();
    let document = app.get("/api/v1/openapi.json").json();
    let owner = app.organisation("Kommunen")["id"].as_str().unwrap().parse().ok();
    let mut others: Vec<String> = [Role::Reader, Role::Steward].map(|role| app.token(role, None, true)).into();
    others.extend([Role::Editor, Role::Umbrella].map(|role| app.token(role, owner, true)));
    // An administrator who asks for no scope to write is none, and so is one with an API key.
    let administrator = make(&app, &json!({"name": "x", "role": "administrator"}));
    let (id, secret) = (text(&administrator, "clientId"), text(&administrator, "clientSecret"));
    let fields =
        [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret), ("scope", "read")];
    others.push(text(&app.form("/oauth2/token", &fields).json(), "access_token").to_owned());
    let key = give(&app, &administrator, &json!({"kind": "api-key"}));
    let mut asked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            if operation["tags"][0] != "administration" {
                continue;
            }
            assert_eq!(operation["security"], json!([{"oauth": ["write"]}]), "{method} {path}");
            assert!(operation["responses"]["403"].is_object(), "{method} {path}");
            let (method, path) = (method.to_uppercase(), format!("/api/v1{path}"));
            let send = || app.anyone(&method, &path).json(&json!({}));
            send().send().problem(401, "unauthorized");
            for token in &others {
                send().token(token).send().problem(403, "forbidden");
            }
            with_key(&app, &method, &path, text(&key, "apiKey")).problem(403, "forbidden");
            asked += 1;
        }
    }
    assert!(asked >= 9, "{asked}");
}

#[test]
fn clients_are_made_listed_and_read() {
    let app = TestApp::new();
    let owner = app.organisation("Luleå kommun");
    let editor = make(&app, &json!({"name": "  Kommunen ", "role": "editor", "organisationId": owner["id"]}));
    let guarded = make(&app, &json!({"name": "Jouren", "role": "reader", "protected": true}));
    assert_eq!(
        (&editor["name"], &editor["protected"], &editor["status"]),
        (&json!("Kommunen"), &json!(false), &json!("active"))
    );
    assert_eq!((&editor["clientId"], &editor["organisationId"]), (&editor["id"], &owner["id"]));
    assert_eq!(guarded["protected"], true);
    assert!(app.administrator("DELETE", &path(&guarded)).send().status == 200);
    let list = |query: &str| app.administrator("GET", &format!("{CLIENTS}?{query}")).send().json();
    let total = |query: &str| list(query)["_meta"]["totalRecords"].as_u64().unwrap();
    // The administrator and the steward of the tests are there too.
    assert_eq!((total(""), total("status=any"), total("status=revoked")), (3, 4, 1));
    assert_eq!((total("role=editor"), total("role=reader"), total("role=reader&status=any")), (1, 0, 1));
    let of = format!("organisation={}", text(&owner, "id"));
    assert_eq!(list(&of)["items"][0]["id"], editor["id"]);
    let second = list("limit=1&page=2");
    assert_eq!(second["_meta"], json!({"totalRecords": 3, "page": 2, "limit": 1, "count": 1}));
    for (rel, page) in [("first", 1), ("prev", 1), ("next", 3), ("last", 3)] {
        let href = second["_links"][rel]["href"].as_str().unwrap();
        assert!(href.ends_with(&format!("page={page}")), "{rel}: {href}");
        assert_eq!(app.administrator("GET", href).send().status, 200);
    }
    for page in ["0", "400", "99999999999999999999999"] {
        assert_eq!(list(&format!("page={page}"))["items"], json!([]), "{page}");
    }
    for (query, name) in [
        ("role=king", "role"),
        ("status=x", "status"),
        ("organisation=x", "organisation"),
        ("limit=101", "limit"),
        ("limit=0", "limit"),
        ("page=x", "page"),
        ("rol=reader", "rol"),
        ("role=reader&role=editor", "role"),
    ] {
        let problem = app.administrator("GET", &format!("{CLIENTS}?{query}")).send().problem(400, "invalid-parameter");
        assert_eq!(problem["errors"][0]["parameter"], name, "{problem}");
    }
    let read = app.administrator("GET", &path(&editor)).send();
    assert_eq!((read.status, read.header("cache-control")), (200, Some("private, no-store")));
    assert_eq!(read.json()["_links"]["delete"]["method"], "DELETE");
    for nobody in [NOBODY, "x", "demo:x"] {
        app.administrator("GET", &format!("{CLIENTS}/{nobody}")).send().problem(404, "not-found");
        app.administrator("DELETE", &format!("{CLIENTS}/{nobody}")).send().problem(404, "not-found");
    }
    // What it was made for works: it writes its own organisation.
    let token = app.exchanged(text(&editor, "clientId"), text(&editor, "clientSecret"));
    let patch = json!({"website": "https://www.example.org"});
    let own = format!("/api/v1/organisations/{}", text(&owner, "id"));
    assert_eq!(app.anyone("PATCH", &own).token(&token).patch(&json!(1), &patch).send().status, 200);
    let other = format!("/api/v1/organisations/{}", text(&app.organisation("En annan"), "id"));
    app.anyone("PATCH", &other).token(&token).patch(&json!(1), &patch).send().problem(403, "forbidden");
}

#[test]
fn what_is_wrong_with_a_client_or_key_is_told_where_it_stands() {
    let app = TestApp::new();
    let owner = app.organisation("Kommunen")["id"].clone();
    let client = reader(&app);
    for (content, pointer, code) in [
        (json!({"name": "x", "role": "editor"}), "/organisationId", "role"),
        (json!({"name": "x", "role": "umbrella", "organisationId": null}), "/organisationId", "role"),
        (json!({"name": "x", "role": "reader", "organisationId": owner}), "/organisationId", "role"),
        (json!({"name": "x", "role": "editor", "organisationId": NOBODY}), "/organisationId", "unknown-reference"),
        (json!({"name": "x", "role": "editor", "organisationId": "x"}), "/organisationId", "format"),
        (json!({"name": " ", "role": "reader"}), "/name", "too-short"),
        (json!({"name": "x".repeat(201), "role": "reader"}), "/name", "too-long"),
        (json!({"name": "x"}), "/role", "required"),
        (json!({"name": "x", "role": "king"}), "/role", "unknown-value"),
        (json!({"name": "x", "role": "reader", "protected": "yes"}), "/protected", "type"),
        (json!({"name": "x", "role": "reader", "secret": "x"}), "/secret", "unknown-property"),
        (json!([]), "", "type"),
    ] {
        let problem = app.administrator("POST", CLIENTS).json(&content).send().problem(422, "invalid");
        assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]), (&json!(pointer), &json!(code)));
    }
    let (_, jwk) = pair(1);
    let mut private = jwk.clone();
    private["d"] = json!("AAAA");
    let mut curve = jwk.clone();
    curve["crv"] = json!("Ed448");
    let padded = json!({"kty": "OKP", "crv": "Ed25519", "x": jwk["x"], "kid": "x".repeat(9_000)});
    for (content, pointer) in [
        (json!({"kind": "secret", "overlapHours": 721}), "/overlapHours"),
        (json!({"kind": "secret", "overlapHours": -1}), "/overlapHours"),
        (json!({"kind": "api-key", "overlapHours": 1}), "/overlapHours"),
        (json!({"kind": "secret", "publicKey": jwk}), "/publicKey"),
        (json!({"kind": "public-key"}), "/publicKey"),
        (json!({"kind": "public-key", "publicKey": "x"}), "/publicKey"),
        (json!({"kind": "public-key", "publicKey": {}}), "/publicKey"),
        (json!({"kind": "public-key", "publicKey": {"kty": "oct", "k": "AAAA"}}), "/publicKey"),
        (json!({"kind": "public-key", "publicKey": private}), "/publicKey"),
        (json!({"kind": "public-key", "publicKey": curve}), "/publicKey"),
        (json!({"kind": "public-key", "publicKey": padded}), "/publicKey"),
        (json!({"kind": "password"}), "/kind"),
    ] {
        let problem = try_to_give(&app, &client, &content).problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    assert_eq!(credentials(&app, &client).len(), 1);
    let nobody = format!("{CLIENTS}/{NOBODY}/credentials");
    app.administrator("POST", &nobody).json(&json!({"kind": "secret"})).send().problem(404, "not-found");
    app.administrator("GET", &nobody).send().problem(404, "not-found");
}

#[test]
fn the_examples_of_the_document_can_be_sent() {
    let app = TestApp::new();
    let document = app.get("/api/v1/openapi.json").json();
    let example =
        |path: &str| document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"].clone();
    let mut content = example("/clients");
    content["organisationId"] = app.organisation("Kommunen")["id"].clone();
    let client = make(&app, &content);
    give(&app, &client, &example("/clients/{id}/credentials"));
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!((&schemes["apiKey"]["in"], &schemes["apiKey"]["name"]), (&json!("header"), &json!("X-API-Key")));
    assert!(schemes["oauth"]["description"].as_str().unwrap().contains("private_key_jwt"));
}

#[test]
fn secrets_and_keys_are_shown_once_and_kept_nowhere() {
    let app = TestApp::new();
    let content = json!({"name": "Kommunens system", "role": "reader"});
    let send = || app.administrator("POST", CLIENTS).header("idempotency-key", "client-1").json(&content).send();
    let (first, again) = (send(), send());
    assert_eq!((first.status, again.status, first.header("cache-control")), (201, 201, Some("private, no-store")));
    let client = first.json();
    assert_eq!((&client["id"], &client["id"]), (&again.json()["id"], &again.json()["clientId"]));
    assert!(first.header("location").unwrap().ends_with(&path(&client)));
    let mut answers = vec![again.text()];
    let mut texts = vec![text(&client, "clientSecret").to_owned()];
    for (kind, name) in [("secret", "clientSecret"), ("api-key", "apiKey")] {
        let own = format!("{}/credentials", path(&client));
        let content = json!({"kind": kind});
        let send = || app.administrator("POST", &own).header("idempotency-key", kind).json(&content).send();
        let (first, again) = (send(), send());
        assert_eq!(first.json()["id"], again.json()["id"]);
        texts.push(text(&first.json(), name).to_owned());
        answers.push(again.text());
    }
    assert_eq!(app.exchange(text(&client, "clientId"), &texts[1]).status, 200);
    assert_eq!(with_key(&app, "GET", ORGANISATIONS, &texts[2]).status, 200);
    for address in [
        CLIENTS.to_owned(),
        path(&client),
        format!("{}/credentials", path(&client)),
        format!("{ENTRIES}?limit=500"),
        "/api/v1/changes".to_owned(),
        "/api/v1/export".to_owned(),
    ] {
        let answer = app.administrator("GET", &address).send();
        assert_eq!(answer.status, 200, "{address}");
        answers.push(answer.text());
    }
    for held in credentials(&app, &client) {
        let names: Vec<&String> = held.as_object().unwrap().keys().collect();
        assert!(
            names
                .iter()
                .all(|name| ["id", "kind", "prefix", "createdAt", "expiresAt", "_links"].contains(&name.as_str())),
            "{held}"
        );
    }
    // A text is looked up by its first letters: what comes after them is the secret.
    for text in &texts {
        let secret = &text[12..];
        assert!(answers.iter().all(|answer| !answer.contains(secret)), "a secret is told again");
    }
    if Which::asked() == Which::Sqlite {
        let folder = &app.app.config.data_dir;
        let mut bytes = fs::read(folder.join("samverkan.sqlite")).unwrap();
        bytes.extend(fs::read(folder.join("samverkan.sqlite-wal")).unwrap_or_default());
        let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        assert!(holds(text(&client, "id")) && holds(&texts[1][..12]), "this is not the database");
        for text in &texts {
            assert!(!holds(&text[12..]), "a secret is kept");
        }
    }
    let names = entries(&app, "type=client");
    assert!(!json!(names).to_string().contains("Kommunens system"), "a name is in the audit log");
}

#[test]
fn while_a_secret_is_replaced_both_are_good() {
    let app = patient();
    let client = reader(&app);
    let (id, old) = (text(&client, "clientId"), text(&client, "clientSecret"));
    let made = give(&app, &client, &json!({"kind": "secret"}));
    let new = text(&made, "clientSecret");
    assert_eq!(made["formerUntil"], "2026-11-25T09:00:00Z");
    let held = credentials(&app, &client);
    assert_eq!((held.len(), &held[0]["expiresAt"]), (2, &json!("2026-11-25T09:00:00Z")));
    let good = |secret: &str| app.exchange(id, secret).status == 200;
    app.clock.set(now() + Duration::hours(24) - Duration::seconds(1));
    assert!(good(old) && good(new));
    app.clock.set(now() + Duration::hours(24));
    assert!(!good(old) && good(new));
    assert_eq!(credentials(&app, &client).len(), 1);
    // What ends is not made to last longer by a later rotation.
    let next = give(&app, &client, &json!({"kind": "secret", "overlapHours": 1}));
    let last = give(&app, &client, &json!({"kind": "secret", "overlapHours": 720}));
    app.clock.set(now() + Duration::hours(25));
    assert!(!good(new) && good(text(&next, "clientSecret")) && good(text(&last, "clientSecret")));
    // A secret that has leaked ends at once.
    let fresh = give(&app, &client, &json!({"kind": "secret", "overlapHours": 0}));
    assert!(!good(text(&next, "clientSecret")) && !good(text(&last, "clientSecret")));
    assert!(good(text(&fresh, "clientSecret")));
    let own = format!("{}/credentials/{}", path(&client), text(&fresh, "id"));
    let deleted = app.administrator("DELETE", &own).send();
    assert_eq!((deleted.status, &deleted.json()["id"]), (200, &fresh["id"]), "{}", deleted.text());
    assert!(!good(text(&fresh, "clientSecret")));
    app.administrator("DELETE", &own).send().problem(404, "not-found");
}

#[test]
fn a_revoked_client_is_refused_at_its_next_request() {
    let app = patient();
    let client = reader(&app);
    let (id, secret) = (text(&client, "clientId"), text(&client, "clientSecret"));
    let token = app.exchanged(id, secret);
    let key = give(&app, &client, &json!({"kind": "api-key"}));
    let key = text(&key, "apiKey");
    for _ in 0..3 {
        assert_eq!(app.anyone("GET", ORGANISATIONS).token(&token).send().status, 200);
        assert_eq!(with_key(&app, "GET", ORGANISATIONS, key).status, 200);
    }
    let revoked = app.administrator("DELETE", &path(&client)).send();
    assert_eq!((revoked.status, &revoked.json()["status"]), (200, &json!("revoked")), "{}", revoked.text());
    app.anyone("GET", ORGANISATIONS).token(&token).send().problem(401, "unauthorized");
    with_key(&app, "GET", ORGANISATIONS, key).problem(401, "unauthorized");
    assert_eq!(app.exchange(id, secret).status, 401);
    // Once more changes nothing and is told to nobody; and it gets nothing new.
    app.clock.set(now() + Duration::hours(1));
    let again = app.administrator("DELETE", &path(&client)).send();
    assert_eq!((again.status, &again.json()["revokedAt"]), (200, &json!(NOW)));
    assert_eq!(entries(&app, &format!("action=client-revoked&record={id}")).len(), 1);
    try_to_give(&app, &client, &json!({"kind": "secret"})).problem(409, "conflict");
    assert!(again.json()["_links"].get("delete").is_none());
}

#[test]
fn nobody_is_locked_out_by_himself() {
    let app = TestApp::new();
    let administrator = make(&app, &json!({"name": "x", "role": "administrator"}));
    let token = app.exchanged(text(&administrator, "clientId"), text(&administrator, "clientSecret"));
    let ask = |method, path: &str| app.anyone(method, path).token(&token);
    ask("DELETE", &path(&administrator)).send().problem(409, "conflict");
    let upper = format!("{CLIENTS}/{}", text(&administrator, "id").to_uppercase());
    ask("DELETE", &upper).send().problem(409, "conflict");
    let own = format!("{}/credentials", path(&administrator));
    let first = format!("{own}/{}", text(&credentials(&app, &administrator)[0], "id"));
    ask("DELETE", &first).send().problem(409, "conflict");
    // A key that only reads is no way back in; a new secret is.
    assert_eq!(ask("POST", &own).json(&json!({"kind": "api-key"})).send().status, 201);
    ask("DELETE", &first).send().problem(409, "conflict");
    let new = ask("POST", &own).json(&json!({"kind": "secret"})).send().json();
    ask("DELETE", &format!("{own}/{}", text(&new, "id"))).send().problem(409, "conflict");
    assert_eq!(ask("DELETE", &first).send().status, 200);
    assert_eq!(app.exchange(text(&administrator, "id"), text(&new, "clientSecret")).status, 200);
    // Another may do all of it.
    assert_eq!(app.administrator("DELETE", &path(&administrator)).send().status, 200);
    ask("GET", CLIENTS).send().problem(401, "unauthorized");
}

#[test]
fn an_api_key_reads_what_partners_may_and_no_more() {
    let app = TestApp::new();
    let owner = app.organisation("Föreningen");
    let content = json!({
        "ownerId": owner["id"], "ownerType": "organisation", "function": {"sv": "Kansli"}, "purposes": ["crisis"],
        "channels": [{"kind": "phone", "value": "0920-222222"}], "visibility": "partners",
    });
    let point = app.make("/api/v1/contact-points", &content);
    let point = format!("/api/v1/contact-points/{}", text(&point, "id"));
    // Also the key of a client that may write and see what is protected.
    let client = make(&app, &json!({"name": "x", "role": "steward", "protected": true}));
    let made = give(&app, &client, &json!({"kind": "api-key"}));
    let key = text(&made, "apiKey");
    app.get(&point).problem(404, "not-found");
    let read = with_key(&app, "GET", &point, key);
    assert_eq!(read.status, 200, "{}", read.text());
    assert!(read.header("cache-control").unwrap().starts_with("private"));
    assert!(read.header("vary").unwrap().contains("X-API-Key"));
    with_key(&app, "POST", "/api/v1/organisations", key).problem(403, "forbidden");
    with_key(&app, "PUT", "/api/v1/organisations/x:1", key).problem(403, "forbidden");
    with_key(&app, "PATCH", &point, key).problem(403, "forbidden");
    with_key(&app, "DELETE", &point, key).problem(403, "forbidden");
    // A webhook would outlive the key.
    with_key(&app, "POST", "/api/v1/webhooks", key).problem(403, "forbidden");
    assert_eq!(with_key(&app, "GET", "/api/v1/webhooks", key).status, 200);
    for method in ["PATCH", "DELETE"] {
        with_key(&app, method, &format!("/api/v1/webhooks/{NOBODY}"), key).problem(403, "forbidden");
    }
    for bad in ["", "x", &format!("{key}x"), &key[..key.len() - 1], text(&client, "clientSecret")] {
        let refused = with_key(&app, "GET", &point, bad);
        refused.problem(401, "unauthorized");
        assert!(refused.header("www-authenticate").unwrap().contains("invalid_token"), "{refused:?}");
    }
    let token = app.token(Role::Reader, None, false);
    app.anyone("GET", &point).token(&token).header("x-api-key", key).send().problem(401, "unauthorized");
    app.anyone("GET", &point).header("x-api-key", key).header("x-api-key", key).send().problem(401, "unauthorized");
    // A key is no secret and gets no token.
    assert_eq!(app.exchange(text(&client, "clientId"), key).status, 401);
    let asked = app
        .anyone("OPTIONS", ORGANISATIONS)
        .header("origin", "https://www.example.org")
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "x-api-key")
        .send();
    assert!(asked.header("access-control-allow-headers").unwrap().contains("x-api-key"), "{:?}", asked.headers);
    let own = format!("{}/credentials/{}", path(&client), text(&made, "id"));
    assert_eq!(app.administrator("DELETE", &own).send().status, 200);
    with_key(&app, "GET", ORGANISATIONS, key).problem(401, "unauthorized");
}

/// A pair of keys: what signs, and the public half as JWK.
fn pair(seed: u8) -> (EncodingKey, Value) {
    let key = SigningKey::from_bytes(&[seed; 32]);
    let mut der = vec![0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    der.extend(key.to_bytes());
    let x = URL_SAFE_NO_PAD.encode(key.verifying_key().to_bytes());
    (EncodingKey::from_ed_der(&der), json!({"kty": "OKP", "crv": "Ed25519", "x": x}))
}

fn assert_by(app: &TestApp, claims: &Value, key: &EncodingKey) -> Answer {
    let assertion = encode(&Header::new(Algorithm::EdDSA), claims, key).unwrap();
    app.form(
        "/oauth2/token",
        &[
            ("grant_type", "client_credentials"),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &assertion),
        ],
    )
}

#[test]
fn a_client_is_known_by_a_key_of_its_own() {
    let app = TestApp::new();
    let client = make(&app, &json!({"name": "x", "role": "steward"}));
    let other = reader(&app);
    let (key, jwk) = pair(1);
    let (others_key, others_jwk) = pair(2);
    let made = give(&app, &client, &json!({"kind": "public-key", "publicKey": jwk}));
    give(&app, &other, &json!({"kind": "public-key", "publicKey": others_jwk}));
    assert_eq!(made["kind"], "public-key");
    assert!(made.get("clientSecret").is_none() && made.get("apiKey").is_none());
    try_to_give(&app, &client, &json!({"kind": "public-key", "publicKey": jwk})).problem(409, "conflict");

    let (id, exp) = (text(&client, "id"), app.clock.now().timestamp() + 60);
    let claims = |changed: &Value| {
        let mut claims =
            json!({"iss": id, "sub": id, "aud": format!("{}/oauth2/token", app.base), "jti": "a", "exp": exp});
        claims.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        claims
    };
    for (changed, why) in [
        (json!({"aud": "https://example.org/"}), "another audience"),
        (json!({"exp": exp - 60 - 60}), "expired"),
        (json!({"exp": exp + 3600}), "lasts too long"),
        (json!({"nbf": exp}), "not good yet"),
        (json!({"iss": other["id"]}), "another issuer"),
        (json!({"iss": other["id"], "sub": other["id"]}), "another client by this key"),
        (json!({"jti": ""}), "no jti"),
        (json!({"jti": "x".repeat(256)}), "a long jti"),
    ] {
        let answer = assert_by(&app, &claims(&changed), &key);
        assert_eq!((answer.status, &answer.json()["error"]), (401, &json!("invalid_client")), "{why}");
    }
    assert_eq!(assert_by(&app, &claims(&json!({})), &others_key).status, 401, "another client's key");
    let granted = assert_by(&app, &claims(&json!({})), &key);
    assert_eq!(granted.status, 200, "{}", granted.text());
    let token = text(&granted.json(), "access_token").to_owned();
    let written = app.anyone("POST", "/api/v1/organisations").token(&token).json(&organisation("Föreningen")).send();
    assert_eq!(written.status, 201, "{}", written.text());
    assert_eq!(assert_by(&app, &claims(&json!({})), &key).status, 401, "the same again");
    let by_name = claims(&json!({"jti": "b", "aud": app.base}));
    assert_eq!(assert_by(&app, &by_name, &key).status, 200, "the service's name is an audience too");
    let own = format!("{}/credentials/{}", path(&client), text(&made, "id"));
    assert_eq!(app.administrator("DELETE", &own).send().status, 200);
    assert_eq!(assert_by(&app, &claims(&json!({"jti": "c"})), &key).status, 401, "a deleted key");
}

#[test]
fn the_audit_log_tells_who_did_what_from_which_request() {
    let app = patient();
    let client = make(&app, &json!({"name": "x", "role": "steward", "protected": true}));
    let (id, secret) = (text(&client, "clientId"), text(&client, "clientSecret"));
    let token = app.exchanged(id, secret);
    let mut content = organisation("Kvinnojouren");
    content["addressProtected"] = json!(true);
    content["address"] = json!({"street": "Hemlig planterad gata 17", "postalCode": "97238", "locality": "Luleå"});
    content["website"] = json!("https://fore.example.org");
    let made = app.anyone("POST", "/api/v1/organisations").token(&token).json(&content).send();
    assert_eq!(made.status, 201, "{}", made.text());
    let record = text(&made.json(), "id").to_owned();
    app.clock.set(now() + Duration::hours(1));
    let own = format!("/api/v1/organisations/{record}");
    let patch = json!({"website": "https://efter.example.org", "address": {"street": "En annan planterad gata 3"}});
    let changed = app.anyone("PATCH", &own).token(&token).patch(&json!(1), &patch).send();
    assert_eq!(changed.status, 200, "{}", changed.text());
    let request = changed.header("x-request-id").unwrap();

    // What changes in the protected part has a row of its own, without content.
    let of_record = entries(&app, &format!("record={record}"));
    let told: Vec<bool> = of_record.iter().map(|entry| entry["content"].is_object()).collect();
    assert_eq!(told, [false, true, false, true], "{of_record:?}");
    let entry = &of_record[1];
    assert_eq!((&entry["client"], &entry["requestId"]), (&json!(id), &json!(request)));
    assert_eq!(entry["type"], "organisation");
    assert_eq!((&entry["at"], &entry["action"]), (&json!("2026-11-24T10:00:00Z"), &json!("updated")));
    assert_eq!(of_record[0]["changeSequence"], changed.json()["changeSequence"]);
    let websites =
        json!({"before": {"website": "https://fore.example.org"}, "after": {"website": "https://efter.example.org"}});
    assert_eq!((&entry["content"], &entry["contentRemoved"]), (&websites, &json!(false)));
    let number = entry["number"].as_i64().unwrap();
    assert_eq!(app.administrator("GET", &format!("{ENTRIES}/{number}")).send().json(), *entry);
    for nobody in ["0", "-1", "99999", "9223372036854775807", "x"] {
        app.administrator("GET", &format!("{ENTRIES}/{nobody}")).send().problem(404, "not-found");
    }
    let all = app.administrator("GET", &format!("{ENTRIES}?limit=500")).send().text();
    assert!(!all.contains("planterad") && !all.contains("97238"), "something protected is told: {all}");

    let numbers = |query: &str| entries(&app, query).iter().map(|e| e["number"].as_i64().unwrap()).collect::<Vec<_>>();
    assert_eq!(numbers(&format!("request={request}")), [number + 1, number]);
    assert_eq!(
        numbers(&format!("client={id}&type=organisation&action=updated&before={}", number + 1)),
        [number, number - 1]
    );
    assert_eq!(numbers("from=2026-11-24T10:00:00Z"), [number + 1, number]);
    assert!(!numbers("to=2026-11-24T10:00:00Z").contains(&number) && numbers("to=2026-11-24").contains(&number));
    assert_eq!(numbers("to=2026-11-23"), [0_i64; 0]);
    assert_eq!(entries(&app, &format!("action=client-created&record={id}"))[0]["type"], "client");
    assert_eq!(entries(&app, "client=operator")[0]["action"], "client-created");

    // Page by page is all of it, newest first and without gaps.
    let mut address = format!("{ENTRIES}?limit=1");
    let mut walked = Vec::new();
    loop {
        let page = app.administrator("GET", &address).send().json();
        walked.extend(page["items"].as_array().unwrap().iter().map(|entry| entry["number"].as_i64().unwrap()));
        match page["_links"]["next"]["href"].as_str() {
            Some(next) => address = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(walked, (1..=number + 1).rev().collect::<Vec<_>>());
    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("before=x", "before"),
        ("before=0", "before"),
        ("record=x", "record"),
        ("request=x", "request"),
        ("from=yesterday", "from"),
        ("to=2026-13-01", "to"),
        ("action=Updated", "action"),
        ("type=", "type"),
        ("client=", "client"),
        ("clent=x", "clent"),
        ("limit=5&limit=6", "limit"),
    ] {
        let problem = app.administrator("GET", &format!("{ENTRIES}?{query}")).send().problem(400, "invalid-parameter");
        assert_eq!(problem["errors"][0]["parameter"], name, "{problem}");
    }
}

#[test]
fn a_client_of_the_command_line_is_one_of_the_api() {
    let app = TestApp::new();
    let (id, secret) = app.app.create_client(&new_client(Role::Reader, None, false)).unwrap();
    let read = app.administrator("GET", &format!("{CLIENTS}/{id}")).send();
    assert_eq!((read.status, &read.json()["name"]), (200, &json!("test")));
    assert_eq!(app.exchange(&id, &secret).status, 200);
    assert_eq!(app.administrator("DELETE", &format!("{CLIENTS}/{id}")).send().status, 200);
    assert_eq!(app.exchange(&id, &secret).status, 401);
}
