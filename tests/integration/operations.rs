//! Running the service: its log, backup and restore, the check of a node.

use crate::crash::{self, Served, agent, token};
use crate::database::{TestDatabase, Which};
use diesel::{Connection, RunQueryDsl};
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Backups by the program are of the embedded database.
fn embedded() -> TestDatabase {
    TestDatabase::of(Which::Sqlite)
}

fn command(folder: &Path, arguments: &[&str]) -> Command {
    crash::command(folder, &embedded(), arguments)
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

#[track_caller]
fn done(folder: &Path, arguments: &[&str]) -> Output {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output
}

#[track_caller]
fn refused(folder: &Path, arguments: &[&str], code: i32, says: &str) {
    let output = run(folder, arguments);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(text.contains(says), "{text}");
}

fn steward(folder: &Path) -> Value {
    let made = done(folder, &["client", "create", "--name", "writer", "--role", "steward", "--json"]);
    serde_json::from_slice(&made.stdout).unwrap()
}

fn put(base: &str, token: &str, key: &str) -> u16 {
    let body = json!({
        "sector": "civil-society", "kind": "association",
        "names": [{"value": format!("Förening {key}"), "lang": "sv", "kind": "official"}],
    });
    let answer = agent()
        .put(format!("{base}/api/v1/organisations/backup:{key}"))
        .header("authorization", format!("Bearer {token}"))
        .content_type("application/json")
        .send(body.to_string());
    answer.unwrap().status().as_u16()
}

#[test]
fn every_line_of_a_request_carries_its_ids() {
    let folder = tempfile::tempdir().unwrap();
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let given = format!("00-{trace}-00f067aa0ba902b7-01");
    let mut asked = Vec::new();
    let lines = crash::logged(folder.path(), "samverkan=debug", |base, client| {
        for address in ["/api/v1/search?q=x", "/nowhere"] {
            let answer = agent().get(format!("{base}{address}")).header("traceparent", &given).call().unwrap();
            let header = |name: &str| answer.headers().get(name).unwrap().to_str().unwrap().to_owned();
            asked.push((header("x-request-id"), header("traceparent")));
        }
        // The table is taken away below the running node: what fails is told from another thread than the request's.
        let sqlite = folder.path().join("samverkan.sqlite");
        let mut connection =
            <diesel::SqliteConnection as diesel::Connection>::establish(sqlite.to_str().unwrap()).unwrap();
        diesel::connection::SimpleConnection::batch_execute(&mut connection, "ALTER TABLE clients RENAME TO gone")
            .unwrap();
        assert_eq!(token(&agent(), base, client), None);
    });
    let lines: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (request, parent) in asked {
        let line = lines.iter().find(|line| line["span"]["request_id"] == request.as_str()).unwrap();
        assert_eq!(line["span"]["trace_id"], trace);
        assert_eq!(line["span"]["span_id"], parent.split('-').nth(2).unwrap());
    }
    let fault = lines.iter().find(|line| line["message"] == "the token endpoint failed").unwrap();
    assert!(fault["span"]["request_id"].is_string() && fault["span"]["trace_id"].is_string(), "{fault}");
}

#[test]
fn a_backup_under_load_restores_to_one_moment_in_a_new_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    let file = folder.path().join("it's a backup.sqlite");
    let file = file.to_str().unwrap();
    let client = steward(&data);
    let served = Served::start(&data, &embedded());
    let bearer = token(&agent(), &served.base, &client).unwrap();
    let next = AtomicU64::new(0);
    let over = AtomicBool::new(false);
    let before = std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !over.load(Ordering::Acquire) {
                    let key = next.fetch_add(1, Ordering::AcqRel);
                    assert_eq!(put(&served.base, &bearer, &key.to_string()), 201);
                }
            });
        }
        while next.load(Ordering::Acquire) < 40 {
            std::thread::yield_now();
        }
        // The three threads have at most one write each under way.
        let before = next.load(Ordering::Acquire) - 3;
        done(&data, &["backup", file]);
        let at_backup = next.load(Ordering::Acquire);
        while next.load(Ordering::Acquire) < at_backup + 20 {
            std::thread::yield_now();
        }
        over.store(true, Ordering::Release);
        before
    });
    refused(&data, &["backup", file], 1, "is there already");
    refused(&data, &["restore", file, "--replace"], 1, "in use");
    let after = next.load(Ordering::Acquire);
    served.kill();
    let app = crash::assert_level(&data, &embedded());
    let old = app.db.head().unwrap();
    assert_eq!(old.sequence, i64::try_from(after).unwrap());
    let old_position = app.index.position().unwrap();
    drop(app);
    refused(&data, &["restore", file], 1, "--replace");
    let jwks = std::fs::read(data.join("keys/1.ed25519")).unwrap();
    done(&data, &["restore", file, "--replace"]);
    assert_eq!(std::fs::read(data.join("keys/1.ed25519")).unwrap(), jwks);

    // The node starts on the restored database with the index of the lost future beside it.
    let served = Served::start(&data, &embedded());
    assert!(done_check(&data, &served.base));
    let bearer = token(&agent(), &served.base, &client).unwrap();
    assert_eq!(put(&served.base, &bearer, "afterwards"), 201);
    served.kill();
    let app = crash::assert_level(&data, &embedded());
    let new = app.db.head().unwrap();
    assert_ne!(new.epoch, old.epoch);
    assert_ne!(old_position.epoch, app.index.position().unwrap().epoch);
    assert!(new.sequence > i64::try_from(before).unwrap() && new.sequence < old.sequence, "{} {before}", new.sequence);
    let found = samverkan::api::lists::ask(&app, "q=backup:afterwards").unwrap();
    assert_eq!(found["items"][0]["record"]["identifiers"][0]["value"], "afterwards");
    assert_eq!(app.index.searcher().records(), u64::try_from(new.sequence).unwrap());
    drop(app);

    done(&data, &["restore", "--new-epoch"]);
    assert_ne!(crash::assert_level(&data, &embedded()).db.head().unwrap().epoch, new.epoch);
}

fn done_check(folder: &Path, base: &str) -> bool {
    let listen = base.trim_start_matches("http://");
    command(folder, &["check"]).env("SAMVERKAN_LISTEN", listen).status().unwrap().success()
}

#[test]
fn what_is_no_backup_is_refused_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    steward(folder.path());
    let database = folder.path().join("samverkan.sqlite");
    let held = std::fs::read(&database).unwrap();
    for (name, content) in [("empty", &b""[..]), ("text", b"this is no database at all, whatever its name says")] {
        let file = folder.path().join(name);
        std::fs::write(&file, content).unwrap();
        refused(folder.path(), &["restore", file.to_str().unwrap(), "--replace"], 1, "cannot be restored");
    }
    refused(folder.path(), &["restore", "nowhere", "--replace"], 1, "there is no backup");
    // A newer program knows more of its own database than this one.
    let newer = folder.path().join("newer");
    std::fs::copy(&database, &newer).unwrap();
    let mut connection = diesel::SqliteConnection::establish(newer.to_str().unwrap()).unwrap();
    diesel::sql_query("INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231000001')")
        .execute(&mut connection)
        .unwrap();
    drop(connection);
    refused(folder.path(), &["restore", newer.to_str().unwrap(), "--replace"], 1, "newer program");
    assert_eq!(std::fs::read(&database).unwrap(), held);
    let left: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with(".unfinished"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    assert!(!done_check(folder.path(), "http://127.0.0.1:1"));
}

#[test]
fn postgresql_has_its_own_programs() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["backup", "x"][..], &["restore", "x"]] {
        let output =
            command(folder.path(), arguments).env("SAMVERKAN_DATABASE_URL", "postgres://nobody@127.0.0.1:1/x").output();
        let output = output.unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{text}");
        for word in ["pg_dump", "pg_restore", "samverkan restore --new-epoch"] {
            assert!(text.contains(word), "{text}");
        }
    }
}
