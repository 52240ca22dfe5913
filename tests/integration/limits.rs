//! How many requests are taken from whom, and what slow or large ones meet.

use crate::crash;
use crate::harness::{Answer, TestApp, new_client, organisation};
use samverkan::auth::actor::Role;
use samverkan::config::{Config, Limit};
use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const LIST: &str = "/api/v1/organisations";
const RECORD: &str = "/api/v1/organisations/00000000-0000-4000-8000-000000000001";

/// The test's own address is a trusted proxy: it may ask in anyone's name.
fn app(set: impl FnOnce(&mut Config)) -> TestApp {
    TestApp::configured(
        |config| {
            config.trusted_proxies.0.push("127.0.0.1/32".parse().unwrap());
            set(config);
        },
        |_| {},
    )
}

fn from(app: &TestApp, address: &str, path: &str) -> Answer {
    app.anyone("GET", path).header("x-forwarded-for", address).send()
}

/// Asserts a refusal by a limit and gives the seconds until the next try.
#[track_caller]
fn refused(answer: &Answer, name: &str, most: u32) -> u64 {
    answer.problem(429, "too-many-requests");
    told(answer, name, most, 0);
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert!(answer.header("ratelimit").unwrap().ends_with(&format!(";t={seconds}")), "{answer:?}");
    seconds
}

#[track_caller]
fn told(answer: &Answer, name: &str, most: u32, left: u32) {
    assert_eq!(answer.header("ratelimit-policy"), Some(format!("\"{name}\";q={most};w=60").as_str()));
    let standing = answer.header("ratelimit").unwrap();
    assert!(standing.starts_with(&format!("\"{name}\";r={left};t=")), "{standing}");
}

#[test]
fn a_limit_is_told_on_every_answer_and_refuses_above_it() {
    let app = app(|config| config.limit_search = Limit::of(3));
    for (left, path) in [(2, LIST), (1, "/api/v1/search?q=x"), (0, "/api/v1/suggest?q=x")] {
        let answer = from(&app, "192.0.2.1", path);
        assert_eq!(answer.status, 200);
        told(&answer, "search", 3, left);
    }
    for path in [LIST, "/api/v1/%73earch", "/api/v1/organisations?nonsense=1"] {
        refused(&from(&app, "192.0.2.1", path), "search", 3);
    }
    let head = app.anyone("HEAD", LIST).header("x-forwarded-for", "192.0.2.1").send();
    assert_eq!((head.status, head.header("retry-after").is_some()), (429, true));
    let english = app
        .anyone("GET", LIST)
        .header("x-forwarded-for", "192.0.2.1")
        .header("accept-language", "en")
        .header("origin", "https://site.example")
        .send();
    let problem = english.problem(429, "too-many-requests");
    assert!(problem["detail"].as_str().unwrap().starts_with("The limit"), "{problem}");
    assert_eq!(english.header("access-control-allow-origin"), Some("*"));
    assert!(english.header("access-control-expose-headers").unwrap().contains("ratelimit-policy"));
    assert_eq!(from(&app, "192.0.2.2", LIST).status, 200, "another address is another caller");
}

#[test]
fn what_is_taken_comes_back_with_time() {
    let app = app(|config| config.limit_search = Limit::of(60));
    let mut last = from(&app, "192.0.2.1", LIST);
    for _ in 0..120 {
        if last.status == 429 {
            break;
        }
        last = from(&app, "192.0.2.1", LIST);
    }
    assert_eq!(refused(&last, "search", 60), 1);
    std::thread::sleep(Duration::from_millis(1_050));
    assert_eq!(from(&app, "192.0.2.1", LIST).status, 200);
}

#[test]
fn sorts_of_operations_are_counted_apart_and_some_not_at_all() {
    let app = app(|config| {
        config.limit_search = Limit::of(1);
        config.limit_records = Limit::of(1);
        config.limit_writes = Limit::of(1);
    });
    let post = || app.anyone("POST", LIST).json(&organisation("Ingen")).send();
    assert_eq!(app.get(LIST).status, 200);
    app.get(RECORD).problem(404, "not-found");
    assert_eq!(app.get("/api/v1/search").status, 429);
    assert_eq!(post().status, 401);
    refused(&app.get(LIST), "search", 1);
    refused(&app.get(RECORD), "records", 1);
    refused(&app.get("/api/v1/topics"), "records", 1);
    refused(&post(), "writes", 1);
    refused(&app.get("/api/v1/api-info"), "records", 1);
    for path in ["/health/live", "/health/ready", "/docs", "/docs/style.css", "/api/v1/openapi.json"] {
        for _ in 0..5 {
            let answer = app.get(path);
            assert_eq!((answer.status, answer.header("ratelimit")), (200, None), "{path}");
        }
    }
}

#[test]
fn a_client_is_counted_by_itself_and_may_do_more() {
    let app = app(|config| {
        config.limit_search = Limit::of(1);
        config.limit_writes = Limit::of(1);
    });
    let (one, other) = (app.token(Role::Steward, None, false), app.token(Role::Steward, None, false));
    let ask =
        |token: &str, address: &str| app.anyone("GET", LIST).header("x-forwarded-for", address).token(token).send();
    assert_eq!(from(&app, "192.0.2.1", LIST).status, 200);
    refused(&from(&app, "192.0.2.1", LIST), "search", 1);
    for left in (0..5).rev() {
        let answer = ask(&one, if left % 2 == 0 { "192.0.2.1" } else { "192.0.2.2" });
        assert_eq!(answer.status, 200);
        told(&answer, "search", 5, left);
    }
    refused(&ask(&one, "192.0.2.3"), "search", 5);
    assert_eq!(ask(&other, "192.0.2.1").status, 200, "another client is another caller");
    let write = || app.anyone("POST", LIST).token(&one).json(&organisation("Föreningen")).send();
    for _ in 0..5 {
        assert_eq!(write().status, 201);
    }
    refused(&write(), "writes", 5);
    assert_eq!(app.app.db.head().unwrap().sequence, 5, "what is refused is not written");
}

#[test]
fn a_bad_token_counts_for_the_address() {
    let app = app(|config| config.limit_search = Limit::of(2));
    let guess = |token: &str| app.anyone("GET", LIST).header("x-forwarded-for", "192.0.2.1").token(token).send();
    guess("rubbish").problem(401, "unauthorized");
    guess("other.rubbish.here").problem(401, "unauthorized");
    refused(&guess("third"), "search", 2);
    refused(&from(&app, "192.0.2.1", LIST), "search", 2);
    assert_eq!(from(&app, "192.0.2.2", LIST).status, 200);
}

#[test]
fn an_address_of_version_six_is_its_network() {
    let app = app(|config| config.limit_search = Limit::of(1));
    assert_eq!(from(&app, "2001:db8:1:2::1", LIST).status, 200);
    assert_eq!(from(&app, "2001:db8:1:2:aaaa::9", LIST).status, 429);
    assert_eq!(from(&app, "2001:db8:1:3::1", LIST).status, 200);
}

#[test]
fn what_a_stranger_says_of_its_address_is_not_believed() {
    let app = TestApp::configured(|config| config.limit_search = Limit::of(2), |_| {});
    assert_eq!(from(&app, "192.0.2.1", LIST).status, 200);
    assert_eq!(app.anyone("GET", LIST).header("forwarded", "for=192.0.2.2").send().status, 200);
    refused(&from(&app, "192.0.2.3", LIST), "search", 2);
    for rubbish in ["", ",,,", "\"", "for=\"", "[::", "\u{e5}", "999.999.999.999", "for=;for=;"] {
        for header in ["forwarded", "x-forwarded-for"] {
            let answer = app.anyone("GET", LIST).header(header, rubbish).send();
            assert_eq!(answer.status, 429, "{header}: {rubbish}");
        }
    }
}

#[test]
fn two_headers_that_disagree_do_not_help() {
    let app = app(|config| config.limit_search = Limit::of(1));
    let ask = |spoofed: &str| {
        let request = app.anyone("GET", LIST).header("x-forwarded-for", "192.0.2.1");
        request.header("forwarded", &format!("for={spoofed}")).send().status
    };
    assert_eq!(ask("198.51.100.1"), 200);
    assert_eq!(ask("198.51.100.2"), 429, "whoever says two things shares the proxy's bucket");
    assert_eq!(ask("192.0.2.1"), 200);
}

/// Asks for a token in an address's name.
fn token(app: &TestApp, address: &str, id: &str, secret: &str) -> Answer {
    let body = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let request = app.anyone("POST", "/oauth2/token").header("x-forwarded-for", address);
    request.header("content-type", "application/x-www-form-urlencoded").raw(body).send()
}

#[track_caller]
fn refused_token(answer: &Answer, name: &str, most: u32) {
    assert_eq!(answer.status, 429, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.json()["error"], "temporarily_unavailable");
    assert!(answer.json()["error_description"].is_string());
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    told(answer, name, most, 0);
    assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
}

#[test]
fn wrong_secrets_are_limited_and_right_ones_cost_nothing_of_it() {
    let app = app(|config| {
        config.limit_token = Limit::of(100);
        config.limit_token_failures = Limit::of(3);
    });
    let (id, secret) = app.app.create_client(&new_client(Role::Reader, None, false)).unwrap();
    for left in (90..100).rev() {
        let answer = token(&app, "192.0.2.1", &id, &secret);
        assert_eq!(answer.status, 200, "{}", answer.text());
        told(&answer, "token", 100, left);
    }
    for _ in 0..3 {
        assert_eq!(token(&app, "192.0.2.1", &id, "wrong").status, 401);
    }
    refused_token(&token(&app, "192.0.2.1", &id, "wrong"), "token-failures", 3);
    refused_token(&token(&app, "192.0.2.1", &id, &secret), "token-failures", 3);
    assert_eq!(token(&app, "192.0.2.2", &id, &secret).status, 200, "the client itself is not locked out");
}

#[test]
fn tokens_are_limited_for_each_address() {
    let app = app(|config| config.limit_token = Limit::of(2));
    let (id, secret) = app.app.create_client(&new_client(Role::Reader, None, false)).unwrap();
    for _ in 0..2 {
        assert_eq!(token(&app, "192.0.2.1", &id, &secret).status, 200);
    }
    refused_token(&token(&app, "192.0.2.1", &id, &secret), "token", 2);
    app.get("/oauth2/token").problem(405, "method-not-allowed");
    assert_eq!(token(&app, "192.0.2.2", &id, &secret).status, 200);
}

#[test]
fn guesses_that_run_at_once_are_counted_before_they_are_answered() {
    let app = app(|config| config.limit_token_failures = Limit::of(4));
    let (id, _) = app.app.create_client(&new_client(Role::Reader, None, false)).unwrap();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let guesses: Vec<_> = (0..24).map(|_| scope.spawn(|| token(&app, "192.0.2.1", &id, "wrong").status)).collect();
        guesses.into_iter().map(|guess| guess.join().unwrap()).collect()
    });
    let tried = statuses.iter().filter(|status| **status == 401).count();
    // One comes back each fifteen seconds.
    assert!((4..=5).contains(&tried), "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 24 - tried);
}

#[test]
fn the_limits_of_every_day_are_met_by_nobody_honest() {
    let app = app(|config| {
        let usual = Config::default();
        config.limit_search = usual.limit_search;
        config.limit_records = usual.limit_records;
        config.limit_writes = usual.limit_writes;
    });
    let of = |limit: &str, answer: &Answer| -> u32 {
        let policy = answer.header("ratelimit-policy").unwrap();
        let (name, rest) = policy.split_once(";q=").unwrap();
        assert_eq!(name, format!("\"{limit}\""));
        rest.split(';').next().unwrap().parse().unwrap()
    };
    // A thousand people behind one address, each of whom types a search in a minute.
    assert!(of("search", &app.get(LIST)) >= 6_000);
    assert!(of("records", &app.get(RECORD)) >= 6_000);
    // A sync of the whole registry at once.
    let written = app.steward("POST", LIST).json(&organisation("Föreningen")).send();
    assert!(of("writes", &written) >= 2 * 6_000);
}

#[test]
fn the_log_has_the_route_and_nothing_that_a_caller_wrote() {
    // The time of a line is left out, and four digits alone are not looked for: they stand in ids by chance.
    const PLANTED: [&str; 5] = ["planterad", "Planterad", "811218", "192.0.2.77", "192.0.2.78"];
    let mut id = String::new();
    let folder = tempfile::tempdir().unwrap();
    let lines = crash::logged(folder.path(), "trace", |base, client| {
        id = client["clientId"].as_str().unwrap().to_owned();
        let bearer = crash::token(&crash::agent(), base, client).unwrap();
        for path in [
            "/api/v1/organisations/811218-9876",
            "/api/v1/organisations/demo:planterad",
            "/api/v1/search?q=Anna+Planterad+811218-9876",
            "/api/v1/organisations?planterad=811218-9876",
            "/planterad/811218-9876?q=planterad",
            "/api/v1/organisations/planterad%00",
        ] {
            let answer = crash::agent()
                .get(format!("{base}{path}"))
                .header("authorization", format!("Bearer {bearer}"))
                .header("x-forwarded-for", "192.0.2.77")
                .header("user-agent", "planterad")
                .header("referer", "https://x.example/planterad")
                .call();
            assert!(answer.unwrap().status().as_u16() < 500);
            let forwarded = crash::agent().get(format!("{base}{path}")).header("forwarded", "for=192.0.2.78").call();
            assert!(forwarded.unwrap().status().as_u16() < 500);
        }
    });
    let mut lines: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in &mut lines {
        assert!(line["timestamp"].take().is_string());
        let written = line.to_string();
        for planted in PLANTED {
            assert!(!written.contains(planted), "{planted} stands in the log: {written}");
        }
    }
    let answered: Vec<Value> = lines.into_iter().filter(|line| line["message"] == "answered").collect();
    assert_eq!(answered.len(), 13);
    let line = |route: &str, status: u16| {
        let found = answered.iter().find(|line| line["route"] == route && line["status"] == status);
        found.unwrap_or_else(|| panic!("{route} {status} is not in the log")).clone()
    };
    let searched = line("/api/v1/search", 200);
    assert_eq!((&searched["method"], &searched["client"]), (&Value::from("GET"), &Value::from(id.as_str())));
    assert!(searched["micros"].as_u64().unwrap() > 0);
    assert!(searched["path"].is_null());
    line("/api/v1/organisations/{id}", 404);
    line("/api/v1/organisations", 400);
    assert_eq!(line("", 404)["client"], Value::Null);
    let without = answered.iter().filter(|line| line["route"] == "/api/v1/search" && line["client"].is_null());
    assert_eq!(without.count(), 1);
}

fn connect(app: &TestApp) -> TcpStream {
    let stream = TcpStream::connect(app.base.strip_prefix("http://").unwrap()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
    stream
}

fn read_all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count) = stream.read(&mut buffer) {
        if count == 0 {
            return String::from_utf8_lossy(&answer).into_owned();
        }
        answer.extend_from_slice(&buffer[..count]);
    }
    panic!("the connection was left open: {}", String::from_utf8_lossy(&answer));
}

#[test]
fn a_body_that_trickles_ends_in_an_answer_and_a_closed_connection() {
    let app = TestApp::configured(|config| config.request_timeout = 1, |_| {});
    let bearer = app.token(Role::Steward, None, false);
    for (path, kind) in [(LIST, "application/json"), ("/oauth2/token", "application/x-www-form-urlencoded")] {
        let mut stream = connect(&app);
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {bearer}\r\ncontent-type: {kind}\r\norigin: https://a.example\r\ncontent-length: 5000\r\n\r\n{{"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let since = Instant::now();
        let mut trickle = stream.try_clone().unwrap();
        let slow = std::thread::spawn(move || {
            while since.elapsed() < Duration::from_secs(10) && trickle.write_all(b" ").is_ok() {
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        let answer = read_all(&mut stream);
        assert!(since.elapsed() < Duration::from_secs(8), "{:?}", since.elapsed());
        drop(stream);
        slow.join().unwrap();
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.contains("/problems/timeout"), "{answer}");
        let head = answer.split("\r\n\r\n").next().unwrap().to_lowercase();
        for header in ["access-control-allow-origin: *", "access-control-expose-headers: ", "retry-after: "] {
            assert!(head.contains(header), "{header} is missing: {head}");
        }
    }
    assert_eq!(app.get("/health/live").status, 200);
}

#[test]
fn a_head_that_trickles_is_not_waited_for() {
    let app = TestApp::new();
    let mut stream = connect(&app);
    stream.write_all(b"GET /health/live HTTP/1.1\r\nhost: ").unwrap();
    let since = Instant::now();
    let mut trickle = stream.try_clone().unwrap();
    let slow = std::thread::spawn(move || {
        while since.elapsed() < Duration::from_secs(12) && trickle.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let answer = read_all(&mut stream);
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    drop(stream);
    slow.join().unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[test]
fn headers_without_measure_are_refused() {
    let app = TestApp::new();
    let answer = app.anyone("GET", LIST).header("x-long", &"a".repeat(33_000)).send();
    answer.problem(431, "headers-too-large");
    assert_eq!(app.anyone("GET", LIST).header("x-long", &"a".repeat(20_000)).send().status, 200);
    let mut stream = connect(&app);
    let head =
        format!("GET {LIST} HTTP/1.1\r\nhost: x\r\n{}\r\n", format!("x-long: {}\r\n", "a".repeat(2_000)).repeat(90));
    // A server that refuses early may close before all was sent.
    let sent = stream.write_all(head.as_bytes());
    let mut answer = [0; 12];
    assert!(stream.read_exact(&mut answer).is_ok() || sent.is_err());
    assert!(sent.is_err() || answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
    assert_eq!(app.get("/health/live").status, 200);
}

#[test]
fn more_connections_than_allowed_wait_for_their_turn() {
    let app = TestApp::configured(
        |config| {
            config.workers = 1;
            config.max_connections = 4;
        },
        |_| {},
    );
    let ask = |stream: &mut TcpStream| {
        stream.write_all(b"GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).map(|()| answer.starts_with(b"HTTP/1.1 200"))
    };
    let mut held: Vec<TcpStream> = (0..8).map(|_| connect(&app)).collect();
    let mut waiting = held.split_off(4);
    for stream in &mut held {
        assert!(ask(stream).unwrap());
    }
    let last = waiting.last_mut().unwrap();
    last.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(ask(last).is_err(), "more are answered than allowed");
    drop(held);
    last.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut answer = [0; 12];
    last.read_exact(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"));
}

#[test]
fn answers_say_how_browsers_may_use_them() {
    let app = TestApp::new();
    for path in ["/docs", "/docs/style.css", LIST, "/nowhere"] {
        let answer = app.anyone("GET", path).header("origin", "https://site.example").send();
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"), "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{path}");
    }
    let page = app.get("/docs");
    assert!(page.header("permissions-policy").unwrap().contains("geolocation=()"));
    assert_eq!(page.header("cross-origin-opener-policy"), Some("same-origin"));
    let stroke = app.get("/docs/");
    assert_eq!((stroke.status, stroke.header("location")), (303, Some("/docs")));
}
