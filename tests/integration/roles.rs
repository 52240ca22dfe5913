//! Who may do what, over every operation of the OpenAPI document; and that nobody learns of a record that is hidden.

use crate::document::{document, operations};
use crate::harness::{Answer, TestApp, organisation};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use samverkan::auth::actor::Role;
use serde_json::{Value, json};
use uuid::Uuid;

/// Who may do an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    /// Everyone, without a token.
    Anyone,
    /// Any client, with what is its own.
    Client,
    /// Editors of the organisation.
    Editor,
    /// Stewards.
    Steward,
    /// Administrators.
    Administrator,
}

/// Who may do what: an operation that is not named here fails the test.
fn allowed(method: &str, path: &str) -> Who {
    let first = path.split('/').nth(1).unwrap_or_default();
    match (method, first) {
        (
            _,
            "clients" | "audit-entries" | "person-searches" | "person-exports" | "person-corrections"
            | "person-erasures",
        ) => Who::Administrator,
        (_, "webhooks") => Who::Client,
        ("get", _) => Who::Anyone,
        ("post", "organisations") if path.ends_with("/merges") => Who::Steward,
        (_, "organisations" | "contact-points" | "meetings" | "memberships") => Who::Editor,
        (_, "networks" | "forums" | "collaborations") => Who::Steward,
        _ => panic!("nobody has said who may {method} {path}"),
    }
}

/// Tokens of every kind, right and wrong.
struct Tokens {
    editor: String,
    other_editor: String,
    umbrella: String,
    reader: String,
    steward: String,
    administrator: String,
    /// Good but for what their name says.
    expired: String,
    other_audience: String,
    other_issuer: String,
}

/// A good token's claims, changed and signed again by the node's own key.
fn resigned(app: &TestApp, token: &str, change: impl Fn(&mut Value)) -> String {
    let parts: Vec<&str> = token.split('.').collect();
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    change(&mut claims);
    let text = format!("{}.{}", parts[0], URL_SAFE_NO_PAD.encode(claims.to_string()));
    let secret = std::fs::read(app.app.config.data_dir.join("keys/1.ed25519")).unwrap();
    let head = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    let key = EncodingKey::from_ed_der(&[&head[..], &secret].concat());
    format!("{text}.{}", jsonwebtoken::crypto::sign(text.as_bytes(), &key, Algorithm::EdDSA).unwrap())
}

/// What the operations are tried on.
struct Fixture {
    app: TestApp,
    /// The editor's organisation, another one, and an umbrella.
    own: Value,
    other: Value,
    tokens: Tokens,
    made: std::cell::Cell<u32>,
}

impl Fixture {
    fn new() -> Fixture {
        let app = TestApp::new();
        let (own, other, above) =
            (app.organisation("Byaföreningen"), app.organisation("Grannföreningen"), app.organisation("Paraplyet"));
        let id = |record: &Value| Some(record["id"].as_str().unwrap().parse().unwrap());
        let steward = app.token(Role::Steward, None, false);
        let tokens = Tokens {
            editor: app.token(Role::Editor, id(&own), false),
            other_editor: app.token(Role::Editor, id(&other), false),
            umbrella: app.token(Role::Umbrella, id(&above), false),
            reader: app.token(Role::Reader, None, false),
            administrator: app.token(Role::Administrator, None, false),
            expired: resigned(&app, &steward, |claims| claims["exp"] = json!(claims["iat"].as_i64().unwrap() - 60)),
            other_audience: resigned(&app, &steward, |claims| {
                claims["aud"] = json!("https://other.example.org/api/v1")
            }),
            other_issuer: resigned(&app, &steward, |claims| claims["iss"] = json!("https://other.example.org")),
            steward,
        };
        // The way it signs is good: what is refused below is what the claims say.
        let again = resigned(&app, &tokens.steward, |_| {});
        let answer = app.anyone("GET", "/api/v1/webhooks").token(&again).send();
        assert_eq!(answer.status, 200, "{answer:?}");
        Fixture { app, own, other, tokens, made: std::cell::Cell::new(0) }
    }

    /// A body that makes a record of a collection, belonging to the editor's organisation.
    fn body(&self, collection: &str) -> Value {
        let (own, other) = (&self.own["id"], &self.other["id"]);
        let number = self.made.replace(self.made.get() + 1);
        match collection {
            "organisations" => {
                let mut body = organisation(&format!("Sektion {number}"));
                body["parentId"] = own.clone();
                body
            }
            "contact-points" => json!({
                "ownerId": own, "ownerType": "organisation", "function": {"sv": "Kansli"},
                "channels": [{"kind": "email", "value": "kansli@example.org"}],
            }),
            "meetings" => json!({
                "ofId": own, "ofType": "organisation", "title": {"sv": "Årsmöte"}, "start": "2027-02-10T08:00:00Z",
            }),
            "memberships" => json!({"memberId": own, "inId": other, "inType": "organisation"}),
            "networks" | "forums" => json!({
                "names": [{"value": format!("Rådet {number}"), "lang": "sv", "kind": "official"}], "hosts": [own],
            }),
            "collaborations" => json!({
                "organisationId": own, "publicBodyId": other, "stated": "yes", "forms": ["dialogue"],
            }),
            "webhooks" => json!({"url": "https://mottagare.example.org/", "filter": ""}),
            "clients" => json!({"name": "Ett system", "role": "reader"}),
            _ => panic!("nothing is known of {collection}"),
        }
    }

    /// A new thing of a collection; gives its id.
    fn make(&self, collection: &str) -> String {
        let token = match collection {
            "webhooks" => &self.tokens.reader,
            "clients" => &self.tokens.administrator,
            _ => &self.tokens.steward,
        };
        let path = format!("/api/v1/{collection}");
        let answer = self.app.anyone("POST", &path).token(token).json(&self.body(collection)).send();
        assert_eq!(answer.status, 201, "{collection}: {answer:?}");
        let made = answer.json();
        made["id"].as_str().or_else(|| made["clientId"].as_str()).unwrap().to_owned()
    }

    /// Does an operation on something made for it.
    fn call(&self, method: &str, path: &str, token: Option<&str>) -> Answer {
        let collection = path.split('/').nth(1).unwrap_or_default();
        let mut address = format!("/api/v1{path}");
        if address.contains("{key}") {
            let list = self.app.get(&format!("/api/v1/{collection}")).json();
            address = address.replace("{key}", list["items"][0]["key"].as_str().unwrap());
        }
        if address.contains("{id}") {
            let id = match collection {
                // To editors their own organisation is there already, under another's it would not be theirs.
                "organisations" if method != "delete" && !path.ends_with("/merges") => {
                    self.own["id"].as_str().unwrap().to_owned()
                }
                collection => self.make(collection),
            };
            address = address.replace("{id}", &id);
        }
        if address.contains("{credential}") {
            let client = address.trim_start_matches("/api/v1/clients/").split('/').next().unwrap().to_owned();
            let list = format!("/api/v1/clients/{client}/credentials");
            let held = self.app.anyone("GET", &list).token(&self.tokens.administrator).send().json();
            address = address.replace("{credential}", held["items"][0]["id"].as_str().unwrap());
        }
        if address.contains("{number}") {
            address = address.replace("{number}", "1");
        }
        if path == "/suggest" {
            address.push_str("?q=by");
        }
        let mut request = self.app.anyone(&method.to_uppercase(), &address);
        if let Some(token) = token {
            request = request.token(token);
        }
        let request = match (method, path) {
            ("get", _) => request,
            ("delete", _) => request.header("if-match", "*"),
            ("patch", path) if path.starts_with("/webhooks") => {
                request.header("if-match", "*").json(&json!({"description": "x"}))
            }
            ("patch", path) if path.starts_with("/memberships") => {
                request.header("if-match", "*").json(&json!({"role": "chair"}))
            }
            ("patch", _) => request.header("if-match", "*").json(&json!({"topics": []})),
            ("put", _) => {
                let mut body = organisation("Byaföreningen");
                body["parentId"] = Value::Null;
                body.as_object_mut().unwrap().remove("parentId");
                request.json(&body)
            }
            (_, path) if path.ends_with("/merges") => {
                let absorbed = self.make("organisations");
                request.json(&json!({"absorbedId": absorbed, "reason": "samma"}))
            }
            (_, path) if path.ends_with("/secrets") => request,
            (_, path) if path.ends_with("/credentials") => request.json(&json!({"kind": "api-key"})),
            (_, path) if path.starts_with("/person-") => {
                request.json(&json!({"names": ["Ingen Alls"], "to": "Någon Annan"}))
            }
            (_, path) => request.json(&self.body(path.trim_start_matches('/'))),
        };
        request.send()
    }
}

#[test]
fn every_operation_is_open_to_those_who_may_and_closed_to_others() {
    let fixture = Fixture::new();
    let tokens = &fixture.tokens;
    let mut tried = 0;
    for (path, method, _) in operations(&document()) {
        // A stream has no end: what lets it begin is what lets the feed be read.
        if path == "/changes/stream" {
            continue;
        }
        tried += 1;
        let who = allowed(&method, &path);
        let call = |token: Option<&str>| fixture.call(&method, &path, token);
        let place = format!("{method} {path}");
        // A token that is not good is never taken for none.
        for (why, token) in
            [("expired", &tokens.expired), ("audience", &tokens.other_audience), ("issuer", &tokens.other_issuer)]
        {
            let answer = call(Some(token));
            assert_eq!(answer.status, 401, "{place} with a wrong token ({why}): {answer:?}");
            assert!(answer.header("www-authenticate").is_some_and(|told| told.contains("invalid_token")), "{place}");
        }
        let nobody = call(None);
        let good: Vec<(&str, &String)> = match who {
            Who::Anyone => {
                assert_eq!(nobody.status, 200, "{place}: {nobody:?}");
                vec![("a reader", &tokens.reader), ("an editor", &tokens.editor)]
            }
            Who::Client => vec![("the client", &tokens.reader), ("an administrator", &tokens.administrator)],
            Who::Editor => vec![
                ("an editor", &tokens.editor),
                ("a steward", &tokens.steward),
                ("an administrator", &tokens.administrator),
            ],
            Who::Steward => vec![("a steward", &tokens.steward), ("an administrator", &tokens.administrator)],
            Who::Administrator => vec![("an administrator", &tokens.administrator)],
        };
        let bad: Vec<(&str, &String)> = match who {
            Who::Anyone | Who::Client => Vec::new(),
            Who::Editor => vec![
                ("a reader", &tokens.reader),
                ("another's editor", &tokens.other_editor),
                ("another's umbrella", &tokens.umbrella),
            ],
            Who::Steward => {
                vec![("a reader", &tokens.reader), ("an editor", &tokens.editor), ("an umbrella", &tokens.umbrella)]
            }
            Who::Administrator => vec![
                ("a reader", &tokens.reader),
                ("an editor", &tokens.editor),
                ("an umbrella", &tokens.umbrella),
                ("a steward", &tokens.steward),
            ],
        };
        if who != Who::Anyone {
            nobody.problem(401, "unauthorized");
        }
        for (name, token) in bad {
            let answer = call(Some(token));
            assert_eq!(answer.status, 403, "{place} as {name}: {answer:?}");
        }
        // Another's webhook is as if it were not there.
        if who == Who::Client && path.contains("{id}") {
            call(Some(&tokens.steward)).problem(404, "not-found");
        }
        for (name, token) in good {
            let answer = call(Some(token));
            assert!((200..300).contains(&answer.status), "{place} as {name}: {answer:?}");
        }
    }
    assert!(tried > 90, "{tried}");
}

#[test]
fn nobody_moves_a_record_to_where_it_may_not_write() {
    let app = TestApp::new();
    let (own, other) = (app.organisation("Byaföreningen"), app.organisation("Grannföreningen"));
    let (above, elsewhere) = (app.organisation("Paraplyet"), app.organisation("Paraply två"));
    let token = |role, record: &Value| app.token(role, Some(record["id"].as_str().unwrap().parse().unwrap()), false);
    let (editor, umbrella) = (token(Role::Editor, &own), token(Role::Umbrella, &above));
    let point = json!({
        "ownerId": own["id"], "ownerType": "organisation", "function": {"sv": "Kansli"},
        "channels": [{"kind": "email", "value": "kansli@example.org"}],
    });
    let meeting = json!({
        "ofId": own["id"], "ofType": "organisation", "title": {"sv": "Årsmöte"}, "start": "2027-02-10T08:00:00Z",
    });
    let membership = json!({"memberId": own["id"], "inId": above["id"], "inType": "organisation"});
    let [point, meeting, membership] = [("contact-points", point), ("meetings", meeting), ("memberships", membership)]
        .map(|(collection, body)| app.make(&format!("/api/v1/{collection}"), &body));
    for (token, collection, record, property, to) in [
        (&editor, "organisations", &own, "parentId", &other),
        (&editor, "contact-points", &point, "ownerId", &other),
        (&editor, "meetings", &meeting, "ofId", &other),
        (&editor, "memberships", &membership, "memberId", &other),
        (&umbrella, "memberships", &membership, "inId", &elsewhere),
    ] {
        let path = format!("/api/v1/{collection}/{}", record["id"].as_str().unwrap());
        let mut moved = app.get(&path).json();
        moved[property] = to["id"].clone();
        // Only organisations can be put.
        let put = (collection == "organisations").then_some(("PUT", moved));
        for (method, body) in [("PATCH", json!({property: to["id"]}))].into_iter().chain(put) {
            let send = |token: &str| app.anyone(method, &path).token(token).header("if-match", "*").json(&body).send();
            let answer = send(token);
            assert_eq!(answer.status, 403, "{method} {path} {property}: {answer:?}");
            assert_ne!(app.get(&path).json()[property], to["id"], "{method} {path} {property}");
        }
        // The move itself is good: a steward does it.
        let answer = app.steward("PATCH", &path).header("if-match", "*").json(&json!({property: to["id"]})).send();
        assert_eq!(answer.status, 200, "{path} {property}: {answer:?}");
    }
}

#[test]
fn an_umbrella_keeps_what_it_made_until_the_organisation_writes_itself() {
    let app = TestApp::new();
    let id = |record: &Value| record["id"].as_str().unwrap().to_owned();
    let path = |record: &Value| format!("/api/v1/organisations/{}", id(record));
    let above = app.organisation("Paraplyet");
    let umbrella = app.token(Role::Umbrella, Some(id(&above).parse().unwrap()), false);
    let post = |token: &str, path: &str, body: &Value| app.anyone("POST", path).token(token).json(body).send();
    let made = post(&umbrella, "/api/v1/organisations", &organisation("Medlemmen"));
    assert_eq!(made.status, 201, "{made:?}");
    let member = made.json();
    let membership =
        |member: &Value, of: &Value| json!({"memberId": member["id"], "inId": of["id"], "inType": "organisation"});
    // Its own members, whoever they are; nobody else's.
    let stranger = app.organisation("Främlingen");
    for member in [&member, &stranger] {
        assert_eq!(post(&umbrella, "/api/v1/memberships", &membership(member, &above)).status, 201);
    }
    post(&umbrella, "/api/v1/memberships", &membership(&stranger, &app.organisation("Ett annat")))
        .problem(403, "forbidden");
    let change = |token: &str, record: &Value, version: u64, topics: Value| {
        app.anyone("PATCH", &path(record)).token(token).patch(&json!(version), &json!({"topics": topics})).send()
    };
    assert_eq!(change(&umbrella, &member, 1, json!(["integration"])).status, 200);
    change(&umbrella, &stranger, 1, json!(["integration"])).problem(403, "forbidden");
    let mut below = organisation("Under kommunen");
    below["parentId"] = stranger["id"].clone();
    post(&umbrella, "/api/v1/organisations", &below).problem(403, "forbidden");
    let point = json!({
        "ownerId": member["id"], "ownerType": "organisation", "function": {"sv": "Kansli"},
        "channels": [{"kind": "email", "value": "kansli@example.org"}],
    });
    assert_eq!(post(&umbrella, "/api/v1/contact-points", &point).status, 201);
    // A steward mends something: the umbrella goes on.
    assert_eq!(change(app.token(Role::Steward, None, false).as_str(), &member, 2, json!([])).status, 200);
    assert_eq!(change(&umbrella, &member, 3, json!(["integration"])).status, 200);
    // A section of it writes itself: the umbrella keeps what lies above.
    let mut section = organisation("Sektionen");
    section["parentId"] = member["id"].clone();
    let section = post(&umbrella, "/api/v1/organisations", &section).json();
    let of_section = app.token(Role::Editor, Some(id(&section).parse().unwrap()), false);
    assert_eq!(change(&of_section, &section, 1, json!(["integration"])).status, 200);
    assert_eq!(change(&umbrella, &member, 4, json!(["folkhalsa"])).status, 200);
    // The organisation writes: from now on it is theirs.
    let editor = app.token(Role::Editor, Some(id(&member).parse().unwrap()), false);
    assert_eq!(post(&editor, "/api/v1/contact-points", &point).status, 201);
    change(&umbrella, &member, 5, json!([])).problem(403, "forbidden");
    post(&umbrella, "/api/v1/contact-points", &point).problem(403, "forbidden");
    assert_eq!(change(&editor, &member, 5, json!([])).status, 200);
    // Another umbrella never could.
    let other = app.organisation("Paraply två");
    let other = app.token(Role::Umbrella, Some(id(&other).parse().unwrap()), false);
    change(&other, &member, 6, json!([])).problem(403, "forbidden");
}

#[test]
fn a_client_goes_with_its_organisation_when_that_is_merged() {
    let app = TestApp::new();
    let (survivor, absorbed) = (app.organisation("Nya föreningen"), app.organisation("Gamla föreningen"));
    let editor = app.token(Role::Editor, Some(absorbed["id"].as_str().unwrap().parse().unwrap()), false);
    let path = format!("/api/v1/organisations/{}", survivor["id"].as_str().unwrap());
    let change =
        |version: u64| app.anyone("PATCH", &path).token(&editor).patch(&json!(version), &json!({"topics": []})).send();
    change(1).problem(403, "forbidden");
    let merge = json!({"absorbedId": absorbed["id"], "reason": "samma"});
    assert_eq!(app.steward("POST", &format!("{path}/merges")).json(&merge).send().status, 200);
    let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while change(2).status == 403 && std::time::Instant::now() < until {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(change(2).status, 200);
}

/// An answer without what differs from request to request.
fn essence(answer: &Answer, id: &str) -> String {
    let mut headers = answer.headers.clone();
    for name in [
        "date",
        "x-request-id",
        "traceparent",
        "content-length",
        "change-sequence",
        "access-control-expose-headers",
        "etag",
    ] {
        headers.remove(name);
    }
    let mut text = answer.text();
    if let Some(instance) = text.split("urn:uuid:").nth(1).map(|rest| rest[..36].to_owned()) {
        text = text.replace(&instance, "");
    }
    format!("{} {headers:?} {text}", answer.status).replace(id, "ID")
}

#[test]
fn nobody_learns_that_a_hidden_record_exists() {
    let app = TestApp::new();
    let owner = app.organisation("Jouren");
    let own: Uuid = owner["id"].as_str().unwrap().parse().unwrap();
    let other: Uuid = app.organisation("Grannen")["id"].as_str().unwrap().parse().unwrap();
    let editor = app.token(Role::Editor, Some(own), false);
    let point = |key: &str, visibility: &str| {
        json!({
            "ownerId": owner["id"], "ownerType": "organisation", "function": {"sv": "Jour"}, "visibility": visibility,
            "identifiers": [{"scheme": "jour", "value": key}], "channels": [{"kind": "phone", "value": "0920-12 34 56"}],
        })
    };
    let hidden =
        app.anyone("POST", "/api/v1/contact-points").token(&editor).json(&point("nyckel-a17", "protected")).send();
    assert_eq!(hidden.status, 201, "{hidden:?}");
    let hidden = hidden.json()["id"].as_str().unwrap().to_owned();
    let nowhere = Uuid::now_v7().to_string();
    let tokens = [
        None,
        Some(app.token(Role::Reader, None, false)),
        Some(app.token(Role::Editor, Some(other), false)),
        Some(app.token(Role::Umbrella, Some(other), false)),
        Some(app.token(Role::Steward, None, false)),
        Some(app.token(Role::Administrator, None, false)),
    ];
    let compare = |when: &str| {
        // How far the index has come stands in lists.
        app.settle();
        for token in &tokens {
            let send = |method: &str, path: String, body: Option<Value>| {
                let mut request = app.anyone(method, &path).header("if-match", "\"1\"");
                if let Some(token) = token {
                    request = request.token(token);
                }
                body.map_or_else(|| app_send(&app, method, &path, token.as_deref()), |body| request.json(&body).send())
            };
            for (method, path, body) in [
                ("GET", "/api/v1/contact-points/ID", None),
                ("HEAD", "/api/v1/contact-points/ID", None),
                ("GET", "/api/v1/contact-points/ID/history", None),
                ("GET", "/api/v1/contact-points/ID?include=owner", None),
                ("DELETE", "/api/v1/contact-points/ID", None),
                ("PATCH", "/api/v1/contact-points/ID", Some(json!({"topics": []}))),
                ("GET", "/api/v1/contact-points?id=ID", None),
                ("GET", "/api/v1/search?id=ID", None),
                ("GET", "/api/v1/organisations/ID", None),
                (
                    "POST",
                    "/api/v1/memberships",
                    Some(json!({"memberId": other, "inId": own, "inType": "organisation", "contactPointId": "ID"})),
                ),
            ] {
                let told = |id: &str| {
                    let body =
                        body.as_ref().map(|body| serde_json::from_str(&body.to_string().replace("ID", id)).unwrap());
                    essence(&send(method, path.replace("ID", id), body), id)
                };
                assert_eq!(told(&hidden), told(&nowhere), "{when}: {method} {path}");
            }
            let by_key = |key: &str| {
                let path = format!("/api/v1/contact-points/jour:{key}");
                essence(&app_send(&app, "GET", &path, token.as_deref()), key)
            };
            assert_eq!(by_key("nyckel-a17"), by_key("nyckel-a18"), "{when}: by key");
        }
        let totals = |query: &str| app.steward("GET", query).send().json()["_meta"]["totalRecords"].clone();
        assert_eq!(totals("/api/v1/contact-points?status=any"), json!(0), "{when}");
        assert_eq!(totals(&format!("/api/v1/contact-points?owner={own}")), json!(0), "{when}");
    };
    compare("while it is there");
    // Whoever takes the same key does not hear that it is taken.
    let made = app.make("/api/v1/contact-points", &point("nyckel-a17", "public"));
    let made = format!("/api/v1/contact-points/{}", made["id"].as_str().unwrap());
    assert_eq!(app.steward("DELETE", &made).header("if-match", "*").send().status, 200);
    let seen = app.anyone("GET", "/api/v1/contact-points/jour:nyckel-a17").token(&editor).send();
    assert_eq!(seen.json()["id"], json!(hidden), "its editors find it by its key");
    let path = format!("/api/v1/contact-points/{hidden}");
    assert_eq!(app.anyone("DELETE", &path).token(&editor).header("if-match", "*").send().status, 200);
    compare("when it is gone");
}

fn app_send(app: &TestApp, method: &str, path: &str, token: Option<&str>) -> Answer {
    let request = app.anyone(method, path).header("if-match", "\"1\"");
    match token {
        Some(token) => request.token(token).send(),
        None => request.send(),
    }
}
