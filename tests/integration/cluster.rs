//! Three nodes on one PostgreSQL while much is written: one is killed, the server goes away, an index is thrown away.

use crate::crash::{Served, agent, assert_level, command, token};
use crate::database::{Cluster, TestDatabase, Which, open};
use crate::harness::{TestApp, new_client, organisation};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use samverkan::app::{App, Background};
use samverkan::auth::actor::Role;
use samverkan::clock::System;
use samverkan::config::Config;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use ureq::Body;
use ureq::http::Response;

const NODES: usize = 3;
/// The public address of every node, with which its links begin.
const PUBLIC: &str = "https://register.example.org";

fn pause(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

/// The nodes, each up or down.
struct Nodes<'a> {
    // The first to go: nothing writes into the folders any more when they are removed.
    served: [Mutex<Option<Served>>; NODES],
    bases: [RwLock<Option<String>>; NODES],
    folders: [TempDir; NODES],
    database: &'a TestDatabase,
    client: Value,
    /// Whether the server of the database is away.
    away: AtomicBool,
}

impl<'a> Nodes<'a> {
    fn start(database: &'a TestDatabase) -> Nodes<'a> {
        let folders: [TempDir; NODES] = std::array::from_fn(|_| tempfile::tempdir().unwrap());
        let app = App::build(database.config(folders[0].path())).unwrap();
        let (id, secret) = app.create_client(&new_client(Role::Steward, None, false)).unwrap();
        drop(app);
        // Nodes share the keys that sign tokens and cursors.
        for folder in &folders[1..] {
            std::fs::create_dir(folder.path().join("keys")).unwrap();
            for entry in std::fs::read_dir(folders[0].path().join("keys")).unwrap() {
                let entry = entry.unwrap();
                std::fs::copy(entry.path(), folder.path().join("keys").join(entry.file_name())).unwrap();
            }
        }
        let nodes = Nodes {
            served: Default::default(),
            bases: Default::default(),
            folders,
            database,
            client: json!({"clientId": id, "clientSecret": secret}),
            away: AtomicBool::new(false),
        };
        for at in 0..NODES {
            nodes.up(at);
        }
        nodes
    }

    fn up(&self, at: usize) {
        let served = Served::start(self.folders[at].path(), self.database);
        *self.bases[at].write().unwrap() = Some(served.base.clone());
        *self.served[at].lock().unwrap() = Some(served);
    }

    /// Kills a node; whoever asks it from now on knows that it is down.
    fn down(&self, at: usize) {
        *self.bases[at].write().unwrap() = None;
        self.served[at].lock().unwrap().take().unwrap().kill();
    }

    fn base(&self, at: usize) -> Option<String> {
        self.bases[at].read().unwrap().clone()
    }

    /// Asserts that a node which did not answer has been taken down.
    #[track_caller]
    fn excuse(&self, at: usize, base: &str, error: &dyn std::fmt::Display) {
        if self.base(at).as_deref() == Some(base) {
            let ended = self.served[at].lock().unwrap().as_mut().and_then(Served::ended);
            let log = std::fs::read_to_string(self.folders[at].path().join("log")).unwrap_or_default();
            panic!("node {at} did not answer: {error}; ended {ended:?}\n{log}");
        }
    }
}

/// Status and body, when both came.
fn told(answer: Result<Response<Body>, ureq::Error>) -> Result<(u16, String), ureq::Error> {
    let mut answer = answer?;
    Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
}

/// What was acknowledged.
#[derive(Default)]
struct Acknowledged {
    made: Mutex<Vec<String>>,
    deleted: Mutex<Vec<String>>,
}

/// Puts records by keys of its own, each until some node says that it is there; deletes some of them again.
fn write(nodes: &Nodes<'_>, writer: usize, token: &str, over: &AtomicBool, acknowledged: &Acknowledged) -> u32 {
    let agent = agent();
    let mut again = 0;
    let mut next = writer;
    for number in 0.. {
        if over.load(Ordering::Acquire) {
            return again;
        }
        let goes = number % 25 == 24;
        let area = ["2580", "2584", "25"][number % 3];
        let mut body = organisation(&format!("Förening {writer} {number}"));
        body["topics"] = json!([if goes { "integration" } else { "folkhalsa" }]);
        body["activeIn"] = json!([area]);
        let path = format!("/api/v1/organisations/cluster:{writer}-{number}");
        // Calls a node after the other until one has done it.
        let mut call = |method: &str, done: &[u16]| loop {
            next += 1;
            let Some(base) = nodes.base(next % NODES) else { continue };
            let url = format!("{base}{path}");
            let authorization = format!("Bearer {token}");
            let answer = if method == "PUT" {
                let request = agent.put(&url).header("authorization", &authorization);
                request.content_type("application/json").send(body.to_string())
            } else {
                agent.delete(&url).header("authorization", &authorization).header("if-match", "*").call()
            };
            match told(answer) {
                Ok((status, text)) if done.contains(&status) => return text,
                // It cannot write now, and says so; or it waits for longer than the caller does.
                Ok((503, _)) => pause(20),
                Ok((status, text)) => panic!("{method} {path}: {status} {text}"),
                Err(ureq::Error::Timeout(_)) => {}
                Err(error) => nodes.excuse(next % NODES, &base, &error),
            }
            again += 1;
        };
        let made: Value = serde_json::from_str(&call("PUT", &[200, 201])).unwrap();
        let id = made["id"].as_str().unwrap().to_owned();
        if goes {
            // 404: a call that nobody answered had done it, and the key is free again.
            call("DELETE", &[200, 404]);
            acknowledged.deleted.lock().unwrap().push(id);
        } else {
            acknowledged.made.lock().unwrap().push(id);
        }
    }
    unreachable!()
}

/// The answer of a node; none when it goes down meanwhile. A node that is there answers.
fn get(agent: &ureq::Agent, nodes: &Nodes<'_>, at: usize, path: &str) -> Option<(u16, String)> {
    let Some(base) = nodes.base(at) else {
        pause(5);
        return None;
    };
    match told(agent.get(format!("{base}{path}")).call()) {
        Ok(answer) => Some(answer),
        Err(error) => {
            nodes.excuse(at, &base, &error);
            None
        }
    }
}

/// Searches all the time: every search is answered, and none goes back behind what the node told before. Gives how many
/// there were, and how many of them while the server was away.
fn search(nodes: &Nodes<'_>, at: usize, over: &AtomicBool) -> [u32; 2] {
    let agent = agent();
    let mut searched = [0; 2];
    let mut least = 0;
    while !over.load(Ordering::Acquire) {
        let away = nodes.away.load(Ordering::Acquire);
        let Some((status, text)) = get(&agent, nodes, at, "/api/v1/search?topic=folkhalsa&limit=1") else { continue };
        assert_eq!(status, 200, "a search was not answered: {text}");
        let page: Value = serde_json::from_str(&text).unwrap();
        let total = page["_meta"]["totalRecords"].as_u64().unwrap();
        assert!(total >= least, "{total} were found after {least}");
        least = total;
        searched[0] += 1;
        searched[1] += u32::from(away);
        pause(5);
    }
    searched
}

/// Reads the newest acknowledged record by its id all the time: it is there but while the server is away. Gives how often it
/// was read.
fn read(nodes: &Nodes<'_>, at: usize, over: &AtomicBool, acknowledged: &Acknowledged) -> u32 {
    let agent = agent();
    let mut found = 0;
    while !over.load(Ordering::Acquire) {
        let away = nodes.away.load(Ordering::Acquire);
        let Some(id) = acknowledged.made.lock().unwrap().last().cloned() else { continue };
        let Some((status, text)) = get(&agent, nodes, at, &format!("/api/v1/organisations/{id}")) else { continue };
        let excused = away || nodes.away.load(Ordering::Acquire);
        match status {
            200 => found += 1,
            503 if excused => {}
            _ => panic!("an acknowledged write is not read: {status} {text}"),
        }
        pause(5);
    }
    found
}

/// Every page of a list or search of a node, as bytes, from the first on.
fn pages(agent: &ureq::Agent, base: &str, first: &str) -> Vec<String> {
    let mut pages = Vec::new();
    let mut next = Some(first.to_owned());
    while let Some(path) = next {
        let mut answer = agent.get(format!("{base}{path}")).call().unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        assert_eq!(answer.status(), 200, "{text}");
        let page: Value = serde_json::from_str(&text).unwrap();
        next = page["_links"]["next"]["href"].as_str().map(|link| link.strip_prefix(PUBLIC).unwrap().to_owned());
        pages.push(text);
    }
    pages
}

/// Brings so many records at once that the statistics for scoring have to be made anew.
fn import(database: &TestDatabase) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("generated.ndjson");
    let mut lines = Vec::new();
    samverkan::generate::write(&mut lines, 42, 1_010).unwrap();
    std::fs::write(&file, &lines).unwrap();
    assert!(command(folder.path(), database, &["import", file.to_str().unwrap()]).status().unwrap().success());
}

#[test]
fn three_nodes_lose_nothing_and_agree_whatever_fails_meanwhile() {
    let cluster = Cluster::start();
    let url = cluster.url("postgres");
    drop(open(&url));
    let database = TestDatabase::at(&url);
    let nodes = Nodes::start(&database);
    let token = token(&agent(), &nodes.base(0).unwrap(), &nodes.client).unwrap();
    let (over, acknowledged) = (AtomicBool::new(false), Acknowledged::default());
    let again = AtomicU32::new(0);
    let read = std::thread::scope(|scope| {
        let (nodes, token, over, acknowledged, again) = (&nodes, &token, &over, &acknowledged, &again);
        for writer in 0..3 {
            scope.spawn(move || again.fetch_add(write(nodes, writer, token, over, acknowledged), Ordering::Relaxed));
        }
        let readers: Vec<_> = (0..NODES)
            .map(|at| {
                let searching = scope.spawn(move || search(nodes, at, over));
                (searching, scope.spawn(move || read(nodes, at, over, acknowledged)))
            })
            .collect();
        // Whatever fails here ends those that write and read.
        let events = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            pause(1_000);
            nodes.down(0);
            pause(700);
            nodes.up(0);
            import(nodes.database);
            nodes.away.store(true, Ordering::Release);
            cluster.halt();
            // Longer than the pools wait for a connection.
            pause(4_000);
            cluster.resume();
            // Requests that began before this moment may still be told that it was away.
            nodes.away.store(false, Ordering::Release);
            pause(1_000);
            nodes.down(1);
            std::fs::remove_dir_all(nodes.folders[1].path().join("index")).unwrap();
            nodes.up(1);
            pause(700);
        }));
        over.store(true, Ordering::Release);
        events.unwrap();
        let ended = readers.into_iter().map(|(search, read)| (search.join().unwrap(), read.join().unwrap()));
        ended.collect::<Vec<_>>()
    });
    for ([searched, meanwhile], found) in &read {
        assert!(searched.min(found) > &100 && meanwhile > &50, "{read:?}");
    }
    assert!(again.into_inner() > 0, "no writer noticed that anything failed");
    let (made, deleted) = (acknowledged.made.into_inner().unwrap(), acknowledged.deleted.into_inner().unwrap());
    assert!(made.len() > 100 && !deleted.is_empty(), "{} made, {} deleted", made.len(), deleted.len());
    // Every node has everything, and the same: records, order, totals and facets, byte for byte.
    let head = open(&url).head().unwrap().sequence;
    let agent = agent();
    let facets = format!("limit=100&facets=topic,municipality,sector&minChange={head}");
    let each = |query: &str| -> [Vec<String>; NODES] {
        std::array::from_fn(|at| pages(&agent, &nodes.base(at).unwrap(), &format!("/api/v1/search?{query}&{facets}")))
    };
    let [one, others @ ..] = each("status=any&sort=name");
    for other in others {
        assert_eq!(one.len(), other.len());
        for (one, other) in one.iter().zip(&other) {
            assert_eq!(one, other);
        }
    }
    // Scores too, as soon as every node has the newest statistics.
    let since = Instant::now();
    loop {
        let [one, other, another] = each("q=fotboll+tr%C3%A4ningar");
        if one == other && one == another {
            break;
        }
        assert!(since.elapsed() < Duration::from_secs(5), "{}\n{}\n{}", one[0], other[0], another[0]);
        pause(100);
    }
    let mut listed = BTreeSet::new();
    for page in &one {
        let page: Value = serde_json::from_str(page).unwrap();
        listed.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
    }
    for id in &made {
        assert!(listed.contains(id), "an acknowledged write is lost");
    }
    for id in &deleted {
        assert!(!listed.contains(id), "an acknowledged deletion is lost");
    }
    for at in 0..NODES {
        let mut ready = agent.get(format!("{}/health/ready", nodes.base(at).unwrap())).call().unwrap();
        let ready: Value = serde_json::from_str(&ready.body_mut().read_to_string().unwrap()).unwrap();
        assert_eq!(ready, json!({"status": "ready", "indexSequence": head, "changeSequence": head}));
    }
    // And each index is what a rebuild gives, so all are the same.
    for at in 0..NODES {
        nodes.down(at);
    }
    let dumps: Vec<_> = nodes
        .folders
        .iter()
        .map(|folder| assert_level(folder.path(), &database).index.searcher().dump().unwrap())
        .collect();
    assert!(dumps.iter().all(|dump| *dump == dumps[0]), "the indexes of two nodes differ");
}

/// Asks until a node that lives says what it is to say about being ready.
#[track_caller]
fn ready(base: &str, wanted: &Value) {
    let (agent, since) = (agent(), Instant::now());
    let get = |path: &str| told(agent.get(format!("{base}{path}")).call()).unwrap();
    loop {
        assert_eq!(get("/health/live").0, 200);
        let (status, text) = get("/health/ready");
        let said: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(status, if said["status"] == "ready" { 200 } else { 503 }, "{text}");
        if said == *wanted {
            return;
        }
        assert!(since.elapsed() < Duration::from_secs(10), "{text}");
        pause(20);
    }
}

#[test]
fn a_node_that_lags_or_makes_its_index_anew_lives_but_is_not_ready() {
    let database = TestDatabase::of(Which::Postgresql);
    let url = database.url().unwrap().to_owned();
    let app = TestApp::over(database);
    app.organisation("Föreningen");
    app.settle();
    let [mut holding, mut changing] = [(); 2].map(|()| PgConnection::establish(&url).unwrap());
    // Nobody reads the log, and many changes come.
    holding.batch_execute("BEGIN; LOCK TABLE changes IN ACCESS EXCLUSIVE MODE").unwrap();
    changing.batch_execute("UPDATE counter SET sequence = sequence + 20000").unwrap();
    let (catching, making) = ("the index is catching up", "the index is being made anew");
    ready(&app.base, &json!({"status": "unready", "reason": catching, "indexSequence": 1, "changeSequence": 20_001}));
    holding.batch_execute("COMMIT").unwrap();
    ready(&app.base, &json!({"status": "ready", "indexSequence": 20_001, "changeSequence": 20_001}));
    // The database gets another history, and nobody reads its rows.
    holding.batch_execute("BEGIN; LOCK TABLE organisations IN ACCESS EXCLUSIVE MODE").unwrap();
    changing.batch_execute("UPDATE counter SET epoch = 'another', sequence = 1").unwrap();
    ready(
        &app.base,
        &json!({"status": "unready", "reason": making, "indexSequence": 20_001, "changeSequence": 1, "madeTo": 0}),
    );
    assert_eq!(app.get("/api/v1/search?q=f%C3%B6reningen").status, 200);
    holding.batch_execute("COMMIT").unwrap();
    ready(&app.base, &json!({"status": "ready", "indexSequence": 1, "changeSequence": 1}));
}

#[test]
fn a_node_without_an_index_lives_while_it_makes_one_and_answers_no_search_from_half_of_it() {
    let database = TestDatabase::of(Which::Postgresql);
    let url = database.url().unwrap().to_owned();
    let app = TestApp::over(database);
    let made = app.organisation("Föreningen");
    let path = format!("/api/v1/organisations/{}", made["id"].as_str().unwrap());
    let [mut holding, mut changing] = [(); 2].map(|()| PgConnection::establish(&url).unwrap());
    // So much that a node does not take it in before it listens; and nobody reads which records there are.
    changing.batch_execute("UPDATE counter SET sequence = sequence + 20000").unwrap();
    holding.batch_execute("BEGIN; LOCK TABLE latest IN ACCESS EXCLUSIVE MODE").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::clone(&app.app.config).in_folder(folder.path()).with_database(&url);
    config.listen = "127.0.0.1:0".to_owned();
    let other = Background::start(App::open(config, Arc::new(System)).unwrap()).unwrap();
    let agent = agent();
    let ask = |path: &str| {
        let mut answer = agent.get(format!("{}{path}", other.base)).call().unwrap();
        let retry = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        (answer.status().as_u16(), retry, answer.body_mut().read_to_string().unwrap())
    };
    let making = "the index is being made anew";
    ready(
        &other.base,
        &json!({"status": "unready", "reason": making, "indexSequence": 0, "changeSequence": 20_001, "madeTo": 0}),
    );
    for search in ["/api/v1/search?q=f%C3%B6reningen", "/api/v1/organisations", "/api/v1/suggest?q=f"] {
        let (status, retry, told) = ask(search);
        assert_eq!((status, retry.as_deref()), (503, Some("5")), "{search}: {told}");
        assert!(told.contains("/problems/unavailable\""), "{told}");
    }
    // What the database tells is there.
    assert_eq!(ask(&path).0, 200);
    holding.batch_execute("COMMIT").unwrap();
    ready(&other.base, &json!({"status": "ready", "indexSequence": 20_001, "changeSequence": 20_001}));
    let (status, _, page) = ask("/api/v1/search?q=f%C3%B6reningen");
    assert_eq!(status, 200);
    assert_eq!(serde_json::from_str::<Value>(&page).unwrap()["_meta"]["totalRecords"], 1);
}
