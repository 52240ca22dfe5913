//! A registry of its own for each test, served on a free port, and a small client.

use crate::database::TestDatabase;
use chrono::{DateTime, Utc};
use samverkan::app::{App, Background};
use samverkan::auth::actor::Role;
use samverkan::auth::clients::NewClient;
use samverkan::clock::{Clock, Fixed, System};
use samverkan::config::{Config, Limit};
use samverkan::demo;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;
use uuid::Uuid;

/// The moment at which the tests' clock stands.
pub const NOW: &str = "2026-11-24T09:00:00Z";

/// A served registry in a folder of its own.
pub struct TestApp {
    server: Option<Background>,
    /// The node.
    pub app: App,
    /// The address, as `http://127.0.0.1:port`.
    pub base: String,
    /// The tests' clock.
    pub clock: Arc<Fixed>,
    steward: OnceLock<String>,
    administrator: OnceLock<String>,
    _folder: TempDir,
    // The last to go: what uses it is gone by then.
    _database: TestDatabase,
}

impl TestApp {
    /// An empty registry.
    pub fn new() -> TestApp {
        TestApp::with(|_| {})
    }

    /// A registry that a step fills before it is served.
    pub fn with(fill: impl FnOnce(&App)) -> TestApp {
        TestApp::configured(|_| {}, fill)
    }

    /// An empty registry on a database of the caller's.
    pub fn over(database: TestDatabase) -> TestApp {
        TestApp::build(database, NOW.parse().unwrap(), |_| {}, |_| {})
    }

    /// A registry with settings of its own.
    pub fn configured(set: impl FnOnce(&mut Config), fill: impl FnOnce(&App)) -> TestApp {
        TestApp::build(TestDatabase::new(), NOW.parse().unwrap(), set, fill)
    }

    /// An empty registry with settings of its own, whose clock stands at the real time: for what another program has timed.
    pub fn of_today(set: impl FnOnce(&mut Config)) -> TestApp {
        TestApp::build(TestDatabase::new(), System.now(), set, |_| {})
    }

    fn build(
        database: TestDatabase,
        now: DateTime<Utc>,
        set: impl FnOnce(&mut Config),
        fill: impl FnOnce(&App),
    ) -> TestApp {
        let folder = tempfile::tempdir().unwrap();
        let mut config = database.config(folder.path());
        // Links carry the public address: the port must be known before the server starts.
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        config.listen = free.to_string();
        config.workers = 2;
        // Tests hammer from one address; those of limits set their own.
        for limit in [
            &mut config.limit_search,
            &mut config.limit_records,
            &mut config.limit_writes,
            &mut config.limit_token,
            &mut config.limit_token_failures,
        ] {
            *limit = Limit::OFF;
        }
        set(&mut config);
        let clock = Arc::new(Fixed::at(now));
        let app = App::build_with_clock(config, Arc::clone(&clock) as Arc<_>).unwrap();
        fill(&app);
        app.level().unwrap();
        let server = Background::start(app.clone()).unwrap();
        let base = server.base.clone();
        TestApp {
            server: Some(server),
            app,
            base,
            clock,
            steward: OnceLock::new(),
            administrator: OnceLock::new(),
            _folder: folder,
            _database: database,
        }
    }

    /// The demo registry, shared by all tests that only read.
    pub fn demo() -> &'static TestApp {
        static DEMO: OnceLock<TestApp> = OnceLock::new();
        DEMO.get_or_init(|| {
            TestApp::with(|app| {
                let report = demo::load(&app.db).unwrap();
                assert!(report.written, "{:?}", report.rejected);
            })
        })
    }

    /// A token of a new client.
    pub fn token(&self, role: Role, organisation: Option<Uuid>, protected: bool) -> String {
        let (id, secret) = self.app.create_client(&new_client(role, organisation, protected)).unwrap();
        self.exchanged(&id, &secret)
    }

    /// The answer to a client that asks for a token.
    pub fn exchange(&self, id: &str, secret: &str) -> Answer {
        let fields = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
        self.form("/oauth2/token", &fields)
    }

    /// A token for a secret.
    pub fn exchanged(&self, id: &str, secret: &str) -> String {
        let answer = self.exchange(id, secret);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    fn steward_token(&self) -> &str {
        self.steward.get_or_init(|| self.token(Role::Steward, None, false))
    }

    /// A request without a token.
    pub fn anyone(&self, method: &str, path: &str) -> Request<'_> {
        Request { app: self, method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body: None }
    }

    /// A GET without a token.
    pub fn get(&self, path: &str) -> Answer {
        self.anyone("GET", path).send()
    }

    /// A request of a steward.
    pub fn steward(&self, method: &str, path: &str) -> Request<'_> {
        let token = self.steward_token().to_owned();
        self.anyone(method, path).token(&token)
    }

    /// A request of an administrator.
    pub fn administrator(&self, method: &str, path: &str) -> Request<'_> {
        let token = self.administrator.get_or_init(|| self.token(Role::Administrator, None, false)).clone();
        self.anyone(method, path).token(&token)
    }

    /// Posts a form.
    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.anyone("POST", path).header("content-type", "application/x-www-form-urlencoded").raw(body).send()
    }

    /// Makes a record as a steward; gives it back.
    pub fn make(&self, path: &str, body: &Value) -> Value {
        let answer = self.steward("POST", path).json(body).send();
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()
    }

    /// Makes an organisation of that name.
    pub fn organisation(&self, name: &str) -> Value {
        self.make("/api/v1/organisations", &organisation(name))
    }

    /// Waits until the index has everything.
    pub fn settle(&self) {
        let head = self.app.db.head().unwrap().sequence;
        let answer = self.get(&format!("/api/v1/organisations?limit=1&minChange={head}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        drop(self.server.take());
        if std::thread::panicking() {
            return;
        }
        // What the index holds after all writes is what a rebuild gives: nothing was left undone.
        self.app.level().unwrap();
        let followed = self.app.index.searcher().dump().unwrap();
        self.app.tailer().rebuild().unwrap();
        let rebuilt = self.app.index.searcher().dump().unwrap();
        assert_eq!(followed.len(), rebuilt.len(), "the index differs from its own rebuild");
        for (followed, rebuilt) in followed.iter().zip(&rebuilt) {
            assert_eq!(followed, rebuilt, "the index differs from its own rebuild");
        }
    }
}

/// A client to be made.
pub fn new_client(role: Role, organisation: Option<Uuid>, protected: bool) -> NewClient {
    NewClient { name: "test".to_owned(), role, organisation, protected }
}

/// The least that makes an organisation.
pub fn organisation(name: &str) -> Value {
    json!({
        "sector": "civil-society",
        "kind": "association",
        "names": [{"value": name, "lang": "sv", "kind": "official"}],
    })
}

/// A request being made.
pub struct Request<'a> {
    app: &'a TestApp,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

impl Request<'_> {
    /// Adds a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds a token.
    pub fn token(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// Sends JSON.
    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").raw(body.to_string())
    }

    /// Sends a JSON Merge Patch for a version.
    pub fn patch(self, version: &Value, body: &Value) -> Self {
        self.header("content-type", "application/merge-patch+json")
            .header("if-match", &format!("\"{version}\""))
            .raw(body.to_string())
    }

    /// Sends bytes.
    pub fn raw(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// Sends it.
    pub fn send(self) -> Answer {
        let agent = ureq::Agent::new_with_config(
            ureq::Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .allow_non_standard_methods(true)
                .build(),
        );
        let url = if self.path.starts_with("http") { self.path } else { format!("{}{}", self.app.base, self.path) };
        let mut request = ureq::http::Request::builder().method(self.method.as_str()).uri(url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let answer = agent.run(request.body(self.body.unwrap_or_default()).unwrap()).unwrap();
        let headers = answer
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
            .collect();
        let status = answer.status().as_u16();
        let body = answer.into_body().with_config().limit(64 << 20).read_to_vec().unwrap();
        Answer { status, headers, body }
    }
}

/// An answer.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} {}", self.status, self.text())
    }
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Asserts a problem of a code; gives it.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem = self.json();
        let kind = problem["type"].as_str().unwrap();
        assert!(kind.ends_with(&format!("/problems/{code}")), "{kind}");
        for member in ["title", "detail", "instance"] {
            assert!(problem[member].is_string(), "{member} is missing: {problem}");
        }
        assert_eq!(problem["status"], status);
        problem
    }
}
