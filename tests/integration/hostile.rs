//! Whatever is sent, the answer is never a fault of the service, and the service lives on.

use crate::harness::TestApp;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const REQUESTS: u64 = 10_000;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }

    fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.roll(items.len())]
    }
}

const METHODS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW", "get"];
const PATHS: &[&str] = &[
    "/api/v1/organisations",
    "/api/v1/organisations/demo:org-samforma",
    "/api/v1/organisations/%00",
    "/api/v1/organisations/%C3%28",
    "/api/v1/organisations/811218-9876",
    "/api/v1/organisations/ffffffff-ffff-ffff-ffff-ffffffffffff",
    "/api/v1/organisations/demo:org-samforma/units",
    "/api/v1/organisations/demo:org-samforma/history",
    "/api/v1/organisations/demo:org-samforma/merges",
    "/api/v1/organisations/demo:org-samforma/nonsense/more",
    "/api/v1/contact-points",
    "/api/v1/networks",
    "/api/v1/forums/demo:forum-ledningsgrupp/participants",
    "/api/v1/meetings",
    "/api/v1/memberships",
    "/api/v1/collaborations",
    "/api/v1/search",
    "/api/v1/suggest",
    "/api/v1/topics",
    "/api/v1/municipalities/2580",
    "/api/v1/openapi.json",
    "/oauth2/token",
    "/docs/..%2f..%2fetc%2fpasswd",
    "/problems/%F0%9F%92%A9",
    "//api//v1//search",
    "/",
    "/api/v1/%E2%80%AE",
];
const NAMES: &[&str] = &[
    "q",
    "type",
    "page",
    "limit",
    "cursor",
    "sort",
    "fields",
    "include",
    "facets",
    "id",
    "near",
    "radiusKm",
    "bbox",
    "updatedAfter",
    "municipality",
    "topic",
    "kind",
    "status",
    "host",
    "collaboratesWith",
    "asOf",
    "highlight",
    "explain",
    "from",
    "to",
    "%00",
    "%FF",
    "q[]",
    "__proto__",
    "",
];
const VALUES: &[&str] = &[
    "",
    "%",
    "%zz",
    "%00",
    "%C3%28",
    "%F0%9F%98%80",
    "a%CC%8A",
    "-1",
    "0",
    "1",
    "99999999999999999999999",
    "18446744073709551615",
    "1e999",
    "NaN",
    "inf",
    "-inf",
    "true",
    "null",
    "../../etc/passwd",
    "%27%20OR%201%3D1--",
    "%3Cscript%3E",
    "*",
    "AND",
    "NOT",
    "%22",
    "%5C",
    "a:b:c",
    "demo:org-samforma",
    "2580",
    "folkhalsa,integration",
    ",,,,",
    "name,-name",
    "65.5,22.1",
    "91,181",
    "nan,nan",
    "22,65,23,66",
    "23,66,22,65",
    "2026-02-31T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "-262144-01-01T00:00:00Z",
    "%E2%80%8B",
    "%EF%BB%BF",
    "r%C3%B6da+korset",
    "%22r%C3%B6da+korset%22",
    "-%22r%C3%B6da+-korset",
    "%E2%80%9D%C2%BB-a-%C2%AB%22",
    "-topic:integration+type:forum+-type:forum",
    "name:%22%22+topic:+kommun:%22x+status:any,any",
    "orgnr:8112189876+tel:%2B%2B46+email:@@+web:///",
    "8112189876",
    "%0d%0aX-Injected:1",
    "AQAAAAAAAAAAAAAAAAAAAAAA",
    "%F3%A0%80%81",
    "%CC%81%CC%81%CC%81",
];
const TYPES: &[&str] = &[
    "application/json",
    "application/merge-patch+json",
    "text/plain",
    "application/xml",
    "multipart/form-data; boundary=x",
    "",
    "application/json; charset=latin1",
    "application/x-www-form-urlencoded",
];
const ACCEPTS: &[&str] = &[
    "*/*",
    "application/json",
    "text/csv",
    "application/ld+json",
    "image/png",
    "text/*;q=0",
    ";;;",
    "application/json;q=2",
];
const BODIES: &[&str] = &[
    "",
    "{",
    "[]",
    "null",
    "1e400",
    "\"text\"",
    "{}",
    "{\"a\":1,\"a\":2}",
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    "{\"sector\":\"civil-society\",\"kind\":7,\"names\":{}}",
    "{\"names\":[{\"value\":\"\\u0000\",\"lang\":\"sv\",\"kind\":\"official\"}]}",
    "{\"names\":[{\"value\":\"\\ud800\",\"lang\":\"sv\"}]}",
    "{\"location\":{\"lat\":1e308,\"lon\":-1e308}}",
    "{\"version\":99999999999999999999}",
    "{\"absorbedId\":\"demo:x\",\"reason\":[]}",
    "grant_type=client_credentials&client_id=%00&client_secret=%FF",
    "\u{feff}{}",
    "{\"names\":[{\"value\":\"\u{202e}\u{200b}\u{1f4a9}\",\"lang\":\"sv\",\"kind\":\"official\"}],\"sector\":\"civil-society\",\"kind\":\"association\"}",
];

fn request(dice: &mut Dice, token: &str) -> Vec<u8> {
    let method = dice.pick(METHODS);
    let mut target = dice.pick(PATHS).to_owned();
    for at in 0..dice.roll(5) {
        target.push(if at == 0 { '?' } else { '&' });
        target.push_str(dice.pick(NAMES));
        target.push('=');
        target.push_str(dice.pick(VALUES));
    }
    if dice.roll(40) == 0 {
        target.push_str(if target.contains('?') { "&q=" } else { "?q=" });
        target.push_str(&"%C3%A5".repeat(dice.roll(3_000)));
    }
    let body = if dice.roll(50) == 0 {
        let depth = 1 + dice.roll(2_000);
        format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth))
    } else {
        dice.pick(BODIES).to_owned()
    };
    let mut head = format!("{method} {target} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n", body.len());
    let mut header = |name: &str, value: &str| head.push_str(&format!("{name}: {value}\r\n"));
    header("content-type", dice.pick(TYPES));
    header("accept", dice.pick(ACCEPTS));
    match dice.roll(6) {
        0 => header("authorization", "Bearer rubbish.rubbish.rubbish"),
        1 => header("authorization", "Basic !!!"),
        2 => header("if-none-match", "W/\"x\", ,\"unclosed"),
        3 => header("idempotency-key", dice.pick(&["", "k", "å", "\u{7f}"])),
        _ => header("authorization", &format!("Bearer {token}")),
    }
    match dice.roll(6) {
        0 => header("if-match", dice.pick(&["*", "\"1\"", "\"x", "", "W/\"1\"", "\"99999999999999999999\""])),
        1 => header(
            "traceparent",
            dice.pick(&["00-0-0-0", "zz", "00-00000000000000000000000000000000-0000000000000000-00"]),
        ),
        2 => header("accept-language", dice.pick(&["sv;q=x", "*", "en-GB,en;q=0.9", ";;;;", "\u{e5}"])),
        _ => {}
    }
    head.push_str("connection: close\r\n\r\n");
    [head.into_bytes(), body.into_bytes()].concat()
}

/// Reads an answer as far as it says it goes: a server may keep a connection open for a while after refusing a body.
fn read_answer(stream: &mut TcpStream, without_body: bool) -> (Vec<u8>, bool) {
    let mut answer = Vec::new();
    let mut buffer = [0; 16 << 10];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return (answer, true),
            Ok(count) => answer.extend_from_slice(&buffer[..count]),
            Err(_) => return (answer, false),
        }
        let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        let whole = if without_body { 0 } else { length.unwrap_or(0) };
        if answer.len() >= end + 4 + whole && !head.contains("transfer-encoding: chunked") {
            return (answer, true);
        }
        if head.contains("transfer-encoding: chunked") && answer.ends_with(b"0\r\n\r\n") {
            return (answer, true);
        }
    }
}

#[test]
fn ten_thousand_hostile_requests_give_no_fault() {
    let app = TestApp::new();
    let samforma = serde_json::json!({
        "sector": "civil-society", "kind": "umbrella", "identifiers": [{"scheme": "demo", "value": "org-samforma"}],
        "names": [{"value": "Samforma", "lang": "sv", "kind": "official"}],
    });
    app.make("/api/v1/organisations", &samforma);
    let token = app.token(samverkan::auth::actor::Role::Steward, None, true);
    let address = app.base.strip_prefix("http://").unwrap().to_owned();
    let mut dice = Dice(0x5eed_cafe_f00d);
    let mut answered = 0;
    for number in 0..REQUESTS {
        let request = request(&mut dice, &token);
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // A server that refuses early may close before all was sent: what it answered counts.
        let sent = stream.write_all(&request);
        let (answer, read) = read_answer(&mut stream, request.starts_with(b"HEAD"));
        let head = String::from_utf8_lossy(&answer[..answer.len().min(60)]).into_owned();
        let status: u16 = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let shown = String::from_utf8_lossy(&request[..request.len().min(600)]).into_owned();
        assert!(status != 0 || sent.is_err() || !read, "request {number} was not answered: {shown}");
        assert!(status < 500, "request {number} gave {status}: {shown}\n{}", String::from_utf8_lossy(&answer));
        answered += u64::from(status != 0);
        assert!(!String::from_utf8_lossy(&answer).to_lowercase().contains("x-injected:1\r\n"));
    }
    assert!(answered > REQUESTS * 9 / 10, "{answered}");
    assert_eq!(app.get("/health/live").status, 200);
}
