//! Killed at any moment, the registry loses nothing that it has acknowledged, and its index is level again after a restart.

use crate::database::{TestDatabase, Which};
use samverkan::app::App;
use serde_json::{Value, json};
use std::fs::{File, read_to_string};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// The program, on the data of a folder and a database.
pub fn command(folder: &Path, database: &TestDatabase, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_samverkan"));
    database.tell(&mut command);
    // Nodes of one registry have one public address: tokens are issued in its name.
    command.env("SAMVERKAN_PUBLIC_URL", "https://register.example.org");
    command.args(arguments).env("SAMVERKAN_DATA_DIR", folder).env("SAMVERKAN_LOG", "error").current_dir(folder);
    command
}

/// A served registry in a process of its own.
pub struct Served {
    child: Child,
    pub base: String,
}

impl Served {
    pub fn start(folder: &Path, database: &TestDatabase) -> Served {
        Served::with(folder, database, &[])
    }

    /// With settings of its own.
    pub fn with(folder: &Path, database: &TestDatabase, settings: &[(&str, &str)]) -> Served {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let listen = format!("127.0.0.1:{port}");
        let log = folder.join("log");
        let mut child = command(folder, database, &["serve"])
            .env("SAMVERKAN_LISTEN", &listen)
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(&log).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains(&listen), "the service did not start: {line}{}", read_to_string(log).unwrap());
        Served { child, base: format!("http://{listen}") }
    }

    pub fn kill(self) {
        drop(self);
    }

    /// How the process ended, when it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // SIGKILL: nothing is flushed, nothing is ended in order. A test that fails leaves no process behind either.
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Lets work be done with the program and a steward of it; gives the lines of its log.
pub fn logged(folder: &Path, log: &str, work: impl FnOnce(&str, &Value)) -> Vec<String> {
    let database = TestDatabase::of(Which::Sqlite);
    let mut make = command(folder, &database, &["client", "create", "--name", "x", "--role", "steward", "--json"]);
    let client: Value = serde_json::from_slice(&make.output().unwrap().stdout).unwrap();
    let settings =
        [("SAMVERKAN_LOG", log), ("SAMVERKAN_LOG_FORMAT", "json"), ("SAMVERKAN_TRUSTED_PROXIES", "127.0.0.1")];
    let served = Served::with(folder, &database, &settings);
    work(&served.base, &client);
    // What was told last is written when nothing more comes.
    let mut read = String::new();
    loop {
        std::thread::sleep(Duration::from_millis(300));
        let now = read_to_string(folder.join("log")).unwrap();
        if now == read {
            return now.lines().map(str::to_owned).collect();
        }
        read = now;
    }
}

pub fn agent() -> ureq::Agent {
    ureq::Agent::new_with_config(
        ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(10))).build(),
    )
}

pub fn token(agent: &ureq::Agent, base: &str, client: &Value) -> Option<String> {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", client["clientId"].as_str()?),
        ("client_secret", client["clientSecret"].as_str()?),
    ];
    let mut answer = agent.post(format!("{base}/oauth2/token")).send_form(form).ok()?;
    let answer: Value = serde_json::from_str(&answer.body_mut().read_to_string().ok()?).ok()?;
    answer["access_token"].as_str().map(str::to_owned)
}

/// Asserts that the index of a folder is what a rebuild of it gives.
pub fn assert_level(folder: &Path, database: &TestDatabase) -> App {
    let app = App::build(database.config(folder)).unwrap();
    let followed = app.index.searcher().dump().unwrap();
    app.tailer().rebuild().unwrap();
    let rebuilt = app.index.searcher().dump().unwrap();
    assert_eq!(followed.len(), rebuilt.len());
    assert!(followed == rebuilt, "the index differs from its own rebuild");
    app
}

#[test]
fn no_acknowledged_write_is_lost_when_the_service_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::new();
    let made =
        command(folder.path(), &database, &["client", "create", "--name", "writer", "--role", "steward", "--json"])
            .output()
            .unwrap();
    let client: Value = serde_json::from_slice(&made.stdout).unwrap();
    let acknowledged: Mutex<Vec<String>> = Mutex::new(Vec::new());
    let next = AtomicU64::new(0);
    for round in 0..8u64 {
        let served = Served::start(folder.path(), &database);
        let token = token(&agent(), &served.base, &client).unwrap();
        let base = served.base.clone();
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let agent = agent();
                    while !over.load(Ordering::Relaxed) {
                        let key = next.fetch_add(1, Ordering::Relaxed);
                        let body = json!({
                            "sector": "civil-society", "kind": "association",
                            "names": [{"value": format!("Förening {key}"), "lang": "sv", "kind": "official"}],
                            "topics": ["folkhalsa"], "activeIn": ["2580"],
                        });
                        let answer = agent
                            .put(format!("{base}/api/v1/organisations/crash:{key}"))
                            .header("authorization", format!("Bearer {token}"))
                            .content_type("application/json")
                            .send(body.to_string());
                        match answer {
                            Ok(answer) if answer.status() == 201 => acknowledged.lock().unwrap().push(key.to_string()),
                            Ok(answer) => panic!("{}", answer.status()),
                            Err(_) => break,
                        }
                    }
                });
            }
            // The moment of the kill differs from round to round: in requests, commits, merges.
            std::thread::sleep(Duration::from_millis(120 + 97 * round));
            over.store(round % 2 == 0, Ordering::Relaxed);
            served.kill();
            over.store(true, Ordering::Relaxed);
        });
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(acknowledged.len() > 20, "only {} writes were acknowledged", acknowledged.len());
    let app = assert_level(folder.path(), &database);
    let held = app.db.head().unwrap().sequence;
    assert!(held >= i64::try_from(acknowledged.len()).unwrap());
    for key in &acknowledged {
        let answer = samverkan::api::lists::ask(&app, &format!("q=crash:{key}")).unwrap();
        let first = &answer["items"][0]["record"]["identifiers"][0]["value"];
        assert_eq!(first, key.as_str(), "an acknowledged write is lost");
    }
}

#[test]
fn a_killed_import_has_written_all_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("generated.ndjson");
    let mut lines = Vec::new();
    samverkan::generate::write(&mut lines, 42, 600).unwrap();
    std::fs::write(&file, &lines).unwrap();
    let mut finished = false;
    for round in 0..6u64 {
        let data = folder.path().join(format!("data-{round}"));
        std::fs::create_dir(&data).unwrap();
        let database = TestDatabase::new();
        let mut child =
            command(&data, &database, &["import", file.to_str().unwrap()]).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(150 + 350 * round));
        child.kill().unwrap();
        finished |= child.wait().unwrap().success();
        let app = assert_level(&data, &database);
        let sequence = app.db.head().unwrap().sequence;
        assert!(sequence == 0 || sequence == 600, "{sequence} of 600 records were written");
    }
    let data = folder.path().join("whole");
    std::fs::create_dir(&data).unwrap();
    let database = TestDatabase::new();
    assert!(finished || command(&data, &database, &["import", file.to_str().unwrap()]).status().unwrap().success());
}
