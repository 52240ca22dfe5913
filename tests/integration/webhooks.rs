//! Webhooks: what receivers are sent, when they are away, and who may see and change what.

mod receiver;

use crate::database::{TestDatabase, Which};
use crate::harness::{Answer, NOW, TestApp, new_client, organisation};
use chrono::{DateTime, Duration, Utc};
use receiver::{Got, Mode, Receiver, until};
use samverkan::app::{App, Background};
use samverkan::auth::actor::Role;
use samverkan::clock::{Clock, Fixed};
use samverkan::config::Config;
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

const PATH: &str = "/api/v1/webhooks";

fn may_send(config: &mut Config) {
    config.webhook_networks.0.push("127.0.0.0/8".parse().unwrap());
    // Tokens outlast the leaps of the tests' clock.
    config.token_lifetime = 10_000_000;
}

/// A registry that may send to this machine.
fn registry() -> TestApp {
    TestApp::configured(may_send, |_| {})
}

/// A client that receives.
struct Client<'a> {
    app: &'a TestApp,
    token: String,
}

impl Client<'_> {
    fn of(app: &TestApp) -> Client<'_> {
        Client { app, token: app.token(Role::Reader, None, false) }
    }

    fn ask(&self, method: &str, path: &str) -> crate::harness::Request<'_> {
        self.app.anyone(method, path).token(&self.token)
    }

    fn make(&self, content: &Value) -> Value {
        let answer = self.ask("POST", PATH).json(content).send();
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()
    }

    fn read(&self, hook: &Value) -> Value {
        self.ask("GET", &path(hook)).send().json()
    }

    fn patch(&self, hook: &Value, patch: &Value) -> Answer {
        let answer = self.ask("PATCH", &path(hook)).patch(&self.read(hook)["version"], patch).send();
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer
    }

    fn outcomes(&self, hook: &Value) -> Vec<String> {
        let deliveries = self.ask("GET", &format!("{}/deliveries", path(hook))).send().json();
        let items = deliveries["items"].as_array().unwrap().iter();
        items.map(|item| item["outcome"].as_str().unwrap().to_owned()).collect()
    }
}

/// A receiver, the client whose it is, and the webhook that leads there.
fn receiving(app: &TestApp) -> (Receiver, Client<'_>, Value) {
    let (receiver, client) = (Receiver::start(), Client::of(app));
    let hook = client.make(&json!({"url": receiver.url}));
    (receiver, client, hook)
}

fn path(hook: &Value) -> String {
    format!("{PATH}/{}", hook["id"].as_str().unwrap())
}

fn rename(app: &TestApp, record: &Value, name: &str) -> Value {
    let path = format!("/api/v1/organisations/{}", record["id"].as_str().unwrap());
    let patch = json!({"names": [{"value": name, "lang": "sv", "kind": "official"}]});
    let answer = app.steward("PATCH", &path).patch(&record["version"], &patch).send();
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn remove(app: &TestApp, record: &Value) {
    let path = format!("/api/v1/organisations/{}", record["id"].as_str().unwrap());
    let tag = format!("\"{}\"", record["version"]);
    assert_eq!(app.steward("DELETE", &path).header("if-match", &tag).send().status, 200);
}

fn now() -> DateTime<Utc> {
    NOW.parse().unwrap()
}

#[test]
fn a_receiver_is_sent_each_change_signed_and_in_order() {
    let app = registry();
    let receiver = Receiver::start();
    app.organisation("Före prenumerationen");
    let client = Client::of(&app);
    let hook = client.make(&json!({"url": receiver.url}));
    let first = app.organisation("Föreningen");
    let second = app.organisation("Bygdegården");
    receiver.wait(2);
    let renamed = rename(&app, &first, "Föreningen Norrsken");
    receiver.wait(3);
    remove(&app, &second);
    let got = receiver.wait(4);
    let kinds: Vec<Value> = got.iter().map(|got| got.body()["type"].clone()).collect();
    assert_eq!(kinds, ["organisation.created", "organisation.created", "organisation.updated", "organisation.deleted"]);
    for got in &got {
        assert!(got.is_signed_with(hook["secret"].as_str().unwrap()), "{got:?}");
        assert_eq!(got.timestamp, now().timestamp());
        assert_eq!(got.body()["epoch"], hook["position"]["epoch"]);
        let id = format!(
            "{}:{}:{}",
            hook["id"].as_str().unwrap(),
            hook["position"]["epoch"].as_str().unwrap(),
            got.data()["sequence"]
        );
        assert_eq!(got.id, id);
    }
    // The record is the one that the API gives out, byte for byte.
    let feed = client.ask("GET", "/api/v1/changes?after=0&limit=1000").send().text();
    let record = serde_json::to_string(&got[2].data()["record"]).unwrap();
    assert_eq!(got[2].data()["record"]["names"], renamed["names"]);
    assert!(feed.contains(&record), "{record} is not in {feed}");
    assert!(got[3].data().get("record").is_none());
    until("the position did not move", || client.read(&hook)["position"]["sequence"] == 5);
    assert_eq!(client.outcomes(&hook), ["delivered"; 4]);
    assert!(client.read(&hook).get("secret").is_none());
}

#[test]
fn a_receiver_that_was_down_for_an_hour_gets_the_last_state_of_everything_once() {
    let app = registry();
    let (receiver, client, hook) = receiving(&app);
    let kept = app.organisation("Den som ändras");
    let gone = app.organisation("Den som tas bort");
    let before = receiver.wait(2);
    until("the position did not move", || client.read(&hook)["position"]["sequence"] == 2);

    receiver.is(Mode::Down);
    let mut kept = rename(&app, &kept, "Den som ändras 0");
    remove(&app, &gone);
    for minutes in 1..=12 {
        let tries = receiver.all().len();
        app.clock.set(now() + Duration::minutes(5 * minutes));
        kept = rename(&app, &kept, &format!("Den som ändras {minutes}"));
        app.organisation(&format!("Ny {minutes}"));
        if minutes <= 3 {
            until("it was not tried again", || receiver.all().len() > tries);
        }
    }
    let failing = client.read(&hook);
    assert!(failing["failures"].as_i64().unwrap() >= 3, "{failing}");
    assert_eq!(failing["failingSince"], NOW);
    assert_eq!(failing["status"], "active");
    assert_eq!(receiver.taken().len(), before.len(), "it was down");

    receiver.is(Mode::Status(200, String::new()));
    // The longest delay is half an hour.
    app.clock.set(now() + Duration::minutes(91));
    let got = receiver.wait(before.len() + 14).split_off(before.len());
    until("the position did not move", || {
        client.read(&hook)["position"]["sequence"] == app.app.db.head().unwrap().sequence
    });
    assert_eq!(receiver.taken().len(), before.len() + 14, "something came twice");
    let epoch = hook["position"]["epoch"].as_str().unwrap();
    let feed = client.ask("GET", &format!("/api/v1/changes?after=2&epoch={epoch}&limit=1000")).send().json();
    let expected: Vec<(Value, Value, Value)> = feed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["sequence"].clone(), item["id"].clone(), item["record"].clone()))
        .collect();
    let told: Vec<(Value, Value, Value)> = got
        .iter()
        .map(|got| (got.data()["sequence"].clone(), got.data()["id"].clone(), got.data()["record"].clone()))
        .collect();
    assert_eq!(told, expected);
    let mut ids: Vec<&str> = got.iter().map(|got| got.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 14);
    for got in &got {
        assert!(got.is_signed_with(hook["secret"].as_str().unwrap()));
        assert_eq!(got.timestamp, (now() + Duration::minutes(91)).timestamp());
    }
    let recovered = client.read(&hook);
    assert_eq!((&recovered["failures"], recovered.get("failingSince")), (&json!(0), None));
    assert!(client.outcomes(&hook).contains(&"connection".to_owned()));
}

#[test]
fn filters_tell_also_what_leaves_them() {
    let app = registry();
    let receiver = Receiver::start();
    let client = Client::of(&app);
    client.make(&json!({"url": receiver.url, "filter": "type=organisation&seatMunicipality=2580"}));
    let with_seat = |code: &str| {
        let mut content = organisation("Föreningen");
        content["seatMunicipality"] = json!(code);
        content
    };
    app.make("/api/v1/organisations", &with_seat("2584"));
    let here = app.make("/api/v1/organisations", &with_seat("2580"));
    receiver.wait(1);
    let path = format!("/api/v1/organisations/{}", here["id"].as_str().unwrap());
    let moved = app.steward("PATCH", &path).patch(&here["version"], &json!({"seatMunicipality": "2584"})).send();
    assert_eq!(moved.status, 200);
    let got = receiver.wait(2);
    assert_eq!(got.len(), 2);
    assert!(got.iter().all(|got| got.data()["id"] == here["id"]));
    assert_eq!((&got[1].data()["operation"], &got[1].data()["reason"]), (&json!("deleted"), &json!("out-of-filter")));
}

#[test]
fn a_webhook_that_fails_for_too_long_is_dead_until_its_owner_wakes_it() {
    let app = registry();
    let receiver = Receiver::start();
    receiver.is(Mode::Status(500, String::new()));
    let client = Client::of(&app);
    let hook = client.make(&json!({"url": receiver.url}));
    app.organisation("Föreningen");
    until("it was not tried", || client.read(&hook)["failures"] == 1);
    app.clock.set(now() + Duration::hours(119));
    until("it was not tried again", || client.read(&hook)["failures"] == 2);
    assert_eq!(client.read(&hook)["status"], "active");
    app.clock.set(now() + Duration::hours(121));
    until("it did not die", || client.read(&hook)["status"] == "dead");
    let dead = client.read(&hook);
    assert_eq!((&dead["reason"], dead.get("nextAttemptAt")), (&json!("failing"), None));
    let tries = receiver.all().len();
    app.clock.set(now() + Duration::hours(200));
    std::thread::sleep(std::time::Duration::from_millis(1500));
    assert_eq!(receiver.all().len(), tries, "a dead webhook was tried");

    receiver.is(Mode::Status(200, String::new()));
    client.patch(&hook, &json!({"status": "active"}));
    assert_eq!(receiver.wait(1)[0].data()["record"]["names"][0]["value"], "Föreningen");
    assert_eq!(client.read(&hook)["status"], "active");

    receiver.is(Mode::Status(410, String::new()));
    app.organisation("Nästa");
    until("it did not die", || client.read(&hook)["status"] == "dead");
    assert_eq!(client.read(&hook)["reason"], "gone");
}

#[test]
fn an_owner_need_not_wait_for_the_next_try() {
    let app = registry();
    let (receiver, client, hook) = receiving(&app);
    receiver.is(Mode::Status(500, "retry-after: 1000\r\n".to_owned()));
    app.organisation("Föreningen");
    until("it was not tried", || client.read(&hook)["failures"] == 1);
    receiver.is(Mode::Status(200, String::new()));
    let described = client.patch(&hook, &json!({"description": "En annan text"})).json();
    assert_eq!(
        (&described["failures"], &described["nextAttemptAt"]),
        (&json!(1), &client.read(&hook)["nextAttemptAt"])
    );
    assert_eq!(receiver.all().len(), 1, "a text makes no new try");
    client.patch(&hook, &json!({"status": "active"}));
    receiver.wait(1);
    until("the position did not move", || client.read(&hook)["failures"] == 0);
}

#[test]
fn what_was_told_can_be_told_again_from_any_change() {
    let app = registry();
    let (receiver, client, hook) = receiving(&app);
    for name in ["Ett", "Två", "Tre"] {
        app.organisation(name);
    }
    let first = receiver.wait(3);
    until("the position did not move", || client.read(&hook)["position"]["sequence"] == 3);
    client.patch(&hook, &json!({"position": {"sequence": 1}}));
    let again = receiver.wait(5).split_off(3);
    let ids = |got: &[Got]| got.iter().map(|got| got.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&again), ids(&first[1..]));
    for (sequence, code) in [(json!(99), "too-large"), (json!(-1), "too-small")] {
        let version = &client.read(&hook)["version"];
        let patch = json!({"position": {"sequence": sequence}});
        let problem = client.ask("PATCH", &path(&hook)).patch(version, &patch).send().problem(422, "invalid");
        assert_eq!(
            (&problem["errors"][0]["pointer"], &problem["errors"][0]["code"]),
            (&json!("/position/sequence"), &json!(code))
        );
    }
    // A new one may begin in the past as well.
    let other = Receiver::start();
    client.make(&json!({"url": other.url, "position": {"sequence": 0}}));
    assert_eq!(other.wait(3).len(), 3);
}

#[test]
fn while_a_secret_is_replaced_both_sign() {
    let app = registry();
    let (receiver, client, hook) = receiving(&app);
    let old = hook["secret"].as_str().unwrap();
    let answer = client.ask("POST", &format!("{}/secrets", path(&hook))).send();
    assert_eq!(answer.status, 201, "{}", answer.text());
    let new = answer.json()["secret"].as_str().unwrap().to_owned();
    assert_eq!(answer.json()["formerUntil"], "2026-11-25T09:00:00Z");
    app.organisation("Ett");
    let got = receiver.wait(1);
    assert!(got[0].is_signed_with(old) && got[0].is_signed_with(&new) && old != new);
    app.clock.set(now() + Duration::hours(24));
    app.organisation("Två");
    let got = receiver.wait(2);
    assert!(got[1].is_signed_with(&new) && !got[1].is_signed_with(old));
}

#[test]
fn a_new_epoch_is_told_and_the_feed_goes_on_in_it() {
    let app = registry();
    let (receiver, client, hook) = receiving(&app);
    app.organisation("Ett");
    receiver.wait(1);
    let epoch = app.app.db.operate(|operations| operations.new_epoch()).unwrap();
    app.organisation("Två");
    let restart = receiver.wait(2)[1].body();
    assert_eq!((&restart["type"], &restart["data"]["epoch"]), (&json!("feed.restart"), &json!(epoch)));
    let export = restart["data"]["export"].as_str().unwrap();
    assert!(app.get(export).text().contains(&epoch));
    app.organisation("Tre");
    until("the feed did not go on", || receiver.taken().iter().any(|got| got.body().to_string().contains("Tre")));
    assert_eq!(client.read(&hook)["position"]["epoch"], json!(epoch));
    // A number alone counts in the epoch that is now, also while the webhook still stands in the one before.
    client.patch(&hook, &json!({"status": "paused"}));
    app.app.db.operate(|operations| operations.new_epoch()).unwrap();
    client.patch(&hook, &json!({"position": {"sequence": 0}, "status": "active"}));
    until("it was not told again", || {
        receiver.taken().iter().filter(|got| got.body().to_string().contains("Ett")).count() == 2
    });
}

#[test]
fn nothing_is_sent_to_where_nothing_may_be_sent_nor_led_there() {
    let app = TestApp::new();
    let receiver = Receiver::start();
    let client = Client::of(&app);
    for url in [
        "http://example.org/",
        "ftp://example.org/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://10.0.0.1/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::ffff:127.0.0.1]/",
        "https://169.254.169.254/",
        "https://a:b@example.org/",
        "https://example.org/#a",
        "nonsense",
        "https://",
    ] {
        let problem = client.ask("POST", PATH).json(&json!({"url": url})).send().problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], "/url", "{url}: {problem}");
    }
    // A name is looked up when something is sent.
    let named = receiver.url.replace("http://127.0.0.1", "https://localhost");
    let hook = client.make(&json!({"url": named}));
    app.organisation("Ett");
    until("it was not tried", || client.outcomes(&hook) == ["out-of-reach"]);
    assert!(receiver.all().is_empty());

    let app = registry();
    let client = Client::of(&app);
    let other = Receiver::start();
    receiver.is(Mode::Status(307, format!("location: {}\r\n", other.url)));
    let hook = client.make(&json!({"url": receiver.url}));
    app.organisation("Två");
    until("it was not tried", || client.outcomes(&hook) == ["refused"]);
    assert!(other.all().is_empty(), "it was led elsewhere");
}

#[test]
fn webhooks_are_their_clients_own() {
    let app = registry();
    let (one, other) = (Client::of(&app), Client::of(&app));
    app.get(PATH).problem(401, "unauthorized");
    app.anyone("POST", PATH).json(&json!({"url": "https://example.org/"})).send().problem(401, "unauthorized");
    let hook = one.make(&json!({"url": "https://example.org/a", "status": "paused", "description": "Vår kopia"}));
    assert_eq!(one.ask("GET", PATH).send().json()["items"][0]["description"], "Vår kopia");
    assert_eq!(other.ask("GET", PATH).send().json()["items"], json!([]));
    for (method, path) in [
        ("GET", path(&hook)),
        ("GET", format!("{}/deliveries", path(&hook))),
        ("POST", format!("{}/secrets", path(&hook))),
    ] {
        other.ask(method, &path).send().problem(404, "not-found");
    }
    other.ask("PATCH", &path(&hook)).patch(&json!(1), &json!({"status": "active"})).send().problem(404, "not-found");
    other.ask("DELETE", &path(&hook)).header("if-match", "\"1\"").send().problem(404, "not-found");
    let administrator = app.token(Role::Administrator, None, false);
    assert_eq!(app.anyone("GET", PATH).token(&administrator).send().json()["_meta"]["totalRecords"], 1);

    one.ask("PATCH", &path(&hook)).json(&json!({})).send().problem(428, "precondition-required");
    one.ask("PATCH", &path(&hook)).patch(&json!(7), &json!({})).send().problem(412, "precondition-failed");
    for (patch, pointer) in [
        (json!({"url": null}), "/url"),
        (json!({"colour": 1}), "/colour"),
        (json!({"status": "dead"}), "/status"),
        (json!({"filter": "topik=x"}), "/filter"),
        (json!({"filter": "topic=%ZZ"}), "/filter"),
        (json!({"position": {"sequence": "x"}}), "/position/sequence"),
        (json!({"position": {"epoch": "x"}}), "/position/epoch"),
        (json!([]), ""),
    ] {
        let problem = one.ask("PATCH", &path(&hook)).patch(&json!(1), &patch).send().problem(422, "invalid");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    // What was read can be sent back.
    let read = one.ask("GET", &path(&hook)).send();
    let tag = read.header("etag").unwrap().to_owned();
    assert_eq!(one.ask("GET", &path(&hook)).header("if-none-match", &tag).send().status, 304);
    let mut back = read.json();
    back["description"] = json!("En annan");
    for name in ["status", "position"] {
        back.as_object_mut().unwrap().remove(name);
    }
    let changed = one.ask("PATCH", &path(&hook)).header("if-match", &tag).json(&back).send();
    assert_eq!((changed.status, &changed.json()["version"]), (200, &json!(2)), "{}", changed.text());
    assert_eq!(one.ask("DELETE", &path(&hook)).header("if-match", changed.header("etag").unwrap()).send().status, 200);
    one.ask("GET", &path(&hook)).send().problem(404, "not-found");
}

#[test]
fn the_example_of_the_document_can_be_sent() {
    let app = registry();
    let client = Client::of(&app);
    let document = app.get("/api/v1/openapi.json").json();
    let mut example =
        document["paths"]["/webhooks"]["post"]["requestBody"]["content"]["application/json"]["example"].clone();
    // Its place in the feed is that of another registry.
    example.as_object_mut().unwrap().remove("position");
    client.make(&example);
    let wrong = json!({"url": "https://example.org/", "filter": "topik=kultur"});
    let problem = client.ask("POST", PATH).json(&wrong).send().problem(422, "invalid");
    let detail = problem["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.starts_with("topik: ") && detail.contains("topic"), "{detail}");
}

#[test]
fn a_retried_creation_makes_no_second_webhook_and_keeps_no_secret() {
    let app = registry();
    let client = Client::of(&app);
    let content = json!({"url": "https://example.org/a", "status": "paused"});
    let send = || client.ask("POST", PATH).header("idempotency-key", "k-1").json(&content).send();
    let (first, again) = (send(), send());
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.json()["id"], again.json()["id"]);
    assert!(first.json()["secret"].is_string() && again.json().get("secret").is_none());
    assert_eq!(client.ask("GET", PATH).send().json()["_meta"]["totalRecords"], 1);
}

#[test]
fn a_revoked_client_is_sent_nothing_more() {
    let app = registry();
    let (receiver, client, hook) = receiving(&app);
    app.organisation("Ett");
    receiver.wait(1);
    until("the position did not move", || client.read(&hook)["position"]["sequence"] == 1);
    let id = hook["clientId"].as_str().unwrap();
    app.app.revoke_client(id).unwrap();
    app.organisation("Två");
    std::thread::sleep(std::time::Duration::from_millis(1500));
    assert_eq!(receiver.all().len(), 1);
}

#[test]
fn what_is_protected_is_never_sent_and_what_is_withdrawn_is_told_as_deleted() {
    let app = registry();
    let receiver = Receiver::start();
    Client::of(&app).make(&json!({"url": receiver.url}));
    let owner = app.organisation("Kvinnojouren");
    let point = |visibility: &str, number: &str| {
        json!({
            "ownerId": owner["id"], "ownerType": "organisation", "function": {"sv": "Jour"}, "purposes": ["crisis"],
            "channels": [{"kind": "phone", "value": number}], "visibility": visibility,
        })
    };
    app.make("/api/v1/contact-points", &point("protected", "0920-111111"));
    let open = app.make("/api/v1/contact-points", &point("partners", "0920-222222"));
    let got = receiver.wait(2);
    assert!(got.iter().any(|got| got.body().to_string().contains("0920-222222")), "partners are told");
    let path = format!("/api/v1/contact-points/{}", open["id"].as_str().unwrap());
    let closed = app.steward("PATCH", &path).patch(&open["version"], &json!({"visibility": "protected"})).send();
    assert_eq!(closed.status, 200, "{}", closed.text());
    let got = receiver.wait(3);
    assert_eq!(got[2].body()["type"], "contact_point.deleted");
    assert!(got.iter().all(|got| !got.body().to_string().contains("0920-111111")));
}

/// A node in a folder, with the clock of others.
fn node(database: &TestDatabase, folder: &std::path::Path, clock: &Arc<Fixed>) -> (App, Background) {
    let mut config = database.config(folder);
    config.listen = "127.0.0.1:0".to_owned();
    config.workers = 1;
    may_send(&mut config);
    let app = App::build_with_clock(config, Arc::clone(clock) as Arc<dyn Clock>).unwrap();
    (app.clone(), Background::start(app).unwrap())
}

fn ask(base: &str, method: &str, path: &str, token: &str, body: &Value) -> Value {
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("{base}{path}"))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    let mut answer = crate::crash::agent().run(request.body(body.to_string()).unwrap()).unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    assert!(answer.status().is_success(), "{text}");
    serde_json::from_str(&text).unwrap()
}

fn steward(app: &App, base: &str) -> String {
    let (id, secret) = app.create_client(&new_client(Role::Steward, None, false)).unwrap();
    crate::crash::token(&crate::crash::agent(), base, &json!({"clientId": id, "clientSecret": secret})).unwrap()
}

#[test]
fn a_node_that_starts_again_goes_on_where_it_was() {
    let (database, folder, clock) = (TestDatabase::new(), tempfile::tempdir().unwrap(), Arc::new(Fixed::at(now())));
    let receiver = Receiver::start();
    let (app, server) = node(&database, folder.path(), &clock);
    let token = steward(&app, &server.base);
    let hook = ask(&server.base, "POST", PATH, &token, &json!({"url": receiver.url}));
    ask(&server.base, "POST", "/api/v1/organisations", &token, &organisation("Ett"));
    receiver.wait(1);
    receiver.is(Mode::Down);
    ask(&server.base, "POST", "/api/v1/organisations", &token, &organisation("Två"));
    until("it was not tried", || receiver.all().len() == 2);
    drop((app, server));
    receiver.is(Mode::Status(204, String::new()));
    clock.set(now() + Duration::minutes(1));
    let (_app, _server) = node(&database, folder.path(), &clock);
    let got = receiver.wait(2);
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(receiver.taken().len(), 2, "something came twice");
    assert_eq!(got[1].data()["record"]["names"][0]["value"], "Två");
    assert!(got[1].is_signed_with(hook["secret"].as_str().unwrap()));
}

#[test]
fn of_several_nodes_one_delivers() {
    let database = TestDatabase::of(Which::Postgresql);
    let clock = Arc::new(Fixed::at(now()));
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let receivers = [Receiver::start(), Receiver::start(), Receiver::start()];
    let (app, first) = node(&database, folders[0].path(), &clock);
    let keys = folders[1].path().join("keys");
    std::fs::create_dir_all(&keys).unwrap();
    for entry in std::fs::read_dir(folders[0].path().join("keys")).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), keys.join(entry.file_name())).unwrap();
    }
    let (other, second) = node(&database, folders[1].path(), &clock);
    let token = steward(&app, &first.base);
    for receiver in &receivers {
        ask(&first.base, "POST", PATH, &token, &json!({"url": receiver.url}));
    }
    for number in 0..40 {
        let base = if number % 2 == 0 { &first.base } else { &second.base };
        // Tokens name the node's own address: each node has clients of its own here.
        let token = if number % 2 == 0 { token.clone() } else { steward(&other, &second.base) };
        ask(base, "POST", "/api/v1/organisations", &token, &organisation(&format!("Nummer {number}")));
    }
    for receiver in &receivers {
        let got = receiver.wait(40);
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert_eq!(receiver.all().len(), 40, "something came twice");
        let sequences: Vec<i64> = got.iter().map(|got| got.data()["sequence"].as_i64().unwrap()).collect();
        assert!(sequences.is_sorted(), "{sequences:?}");
        let mut ids: Vec<Uuid> = got.iter().map(|got| got.data()["id"].as_str().unwrap().parse().unwrap()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 40);
    }
}
