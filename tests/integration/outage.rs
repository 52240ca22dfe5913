//! A registry whose PostgreSQL goes away and comes back.

use crate::database::{Cluster, TestDatabase, open};
use crate::harness::{Answer, TestApp, organisation};
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const PATH: &str = "/api/v1/organisations";

/// Longer than the pools wait for a connection, twice.
const PATIENCE: Duration = Duration::from_secs(8);

/// An answer that says that the database is away, soon, and nothing of it.
fn unavailable(since: Instant, answer: &Answer) {
    assert!(since.elapsed() < PATIENCE, "{:?}", since.elapsed());
    answer.problem(503, "unavailable");
    assert!(answer.header("retry-after").is_some());
    let text = answer.text().to_lowercase();
    for inside in ["postgres", "socket", "connection", "database", "samverkan-pg"] {
        assert!(!text.contains(inside), "{text}");
    }
}

#[test]
fn a_lost_database_stops_writes_but_not_searches_and_is_found_again() {
    let cluster = Cluster::start();
    let url = cluster.url("postgres");
    drop(open(&url));
    let app = TestApp::over(TestDatabase::at(&url));
    let made = app.organisation("Hembygdsföreningen");
    let item = format!("{PATH}/{}", made["id"].as_str().unwrap());
    app.settle();
    let searched = || app.get("/api/v1/search?q=hembygd").json()["_meta"]["totalRecords"].clone();
    assert_eq!(searched(), 1);

    cluster.halt();
    for _ in 0..2 {
        let since = Instant::now();
        unavailable(since, &app.get(&item));
        let since = Instant::now();
        unavailable(since, &app.steward("POST", PATH).json(&organisation("Under avbrottet")).send());
        assert_eq!(searched(), 1);
    }
    assert_eq!(app.get("/health/ready").status, 503);
    assert_eq!(app.get("/health/live").status, 200);

    cluster.resume();
    assert_eq!(app.get(&item).status, 200);
    let after = app.organisation("Efter avbrottet");
    app.settle();
    assert_eq!(app.get(&format!("{PATH}/{}", after["id"].as_str().unwrap())).status, 200);

    // A restart between two requests leaves dead connections in the pools: none of them reaches a caller.
    cluster.halt();
    cluster.resume();
    for _ in 0..4 {
        assert_eq!(app.get(&item).status, 200);
        app.organisation("Efter omstarten");
    }
}

#[test]
fn what_is_acknowledged_while_the_server_restarts_is_there_afterwards() {
    let cluster = Cluster::start();
    let url = cluster.url("postgres");
    drop(open(&url));
    let app = TestApp::over(TestDatabase::at(&url));
    let over = AtomicBool::new(false);
    let (mut made, mut refused) = (Vec::new(), 0);
    app.organisation("Den första");
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let (app, over) = (&app, &over);
                scope.spawn(move || {
                    let (mut made, mut refused) = (Vec::new(), 0);
                    while !over.load(Ordering::Relaxed) {
                        let since = Instant::now();
                        let answer = app.steward("POST", PATH).json(&organisation(&format!("Av {writer}"))).send();
                        match answer.status {
                            201 => made.push(answer.json()),
                            _ => {
                                unavailable(since, &answer);
                                refused += 1;
                            }
                        }
                    }
                    (made, refused)
                })
            })
            .collect();
        for _ in 0..3 {
            std::thread::sleep(Duration::from_millis(400));
            cluster.halt();
            std::thread::sleep(Duration::from_millis(400));
            cluster.resume();
        }
        std::thread::sleep(Duration::from_secs(1));
        over.store(true, Ordering::Relaxed);
        for writer in writers {
            let (more, times): (Vec<Value>, u32) = writer.join().unwrap();
            made.extend(more);
            refused += times;
        }
    });
    assert!(made.len() > 20, "{} made, {refused} refused", made.len());
    for record in &made {
        let read = app.get(&format!("{PATH}/{}", record["id"].as_str().unwrap()));
        assert_eq!(read.status, 200, "an acknowledged write is lost");
    }
}
