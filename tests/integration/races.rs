//! Requests that come at once: each ends in a right state, and whoever was too late is told why.

use crate::harness::{Answer, Request, TestApp, organisation};
use diesel::prelude::*;
use samverkan::db::schema::changes;
use serde_json::{Value, json};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

const PATH: &str = "/api/v1/organisations";
/// How often a race is run: who wins differs.
const ROUNDS: usize = 12;

fn id(record: &Value) -> &str {
    record["id"].as_str().unwrap()
}

fn item(record: &Value) -> String {
    format!("{PATH}/{}", id(record))
}

/// Sends all requests at the same moment; gives their answers in order.
fn at_once(requests: Vec<Request<'_>>) -> Vec<Answer> {
    let start = Barrier::new(requests.len());
    std::thread::scope(|scope| {
        let sent: Vec<_> = requests
            .into_iter()
            .map(|request| {
                scope.spawn(|| {
                    start.wait();
                    request.send()
                })
            })
            .collect();
        sent.into_iter().map(|answer| answer.join().unwrap()).collect()
    })
}

fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

#[test]
fn a_reader_of_the_change_log_sees_no_gap_however_many_write() {
    let app = TestApp::new();
    let over = AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut last = 0;
            let mut polls = 0;
            loop {
                let ending = over.load(Ordering::Acquire);
                let new: Vec<i64> = app
                    .app
                    .db
                    .read(|connection| {
                        Ok(changes::table
                            .filter(changes::sequence.gt(last))
                            .order(changes::sequence)
                            .select(changes::sequence)
                            .load(connection)?)
                    })
                    .unwrap();
                for sequence in new {
                    assert_eq!(sequence, last + 1, "a change came after a later one was seen");
                    last = sequence;
                }
                polls += 1;
                if ending {
                    return (last, polls);
                }
            }
        });
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let app = &app;
                scope.spawn(move || {
                    for number in 0..40 {
                        let made = app.organisation(&format!("Förening {writer} {number}"));
                        if number % 4 == 0 {
                            let patch = json!({"website": "https://f.example.org"});
                            let changed = app.steward("PATCH", &item(&made)).patch(&json!(1), &patch).send();
                            assert_eq!(changed.status, 200, "{}", changed.text());
                        }
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.join().unwrap();
        }
        over.store(true, Ordering::Release);
        reader.join().unwrap()
    });
    assert_eq!(seen.0, 4 * 50);
    assert!(seen.1 > 20, "the reader polled {} times only", seen.1);
}

#[test]
fn of_many_changes_of_one_version_one_is_made() {
    let app = TestApp::new();
    for round in 0..ROUNDS {
        let made = app.organisation(&format!("Förening {round}"));
        let change = |number: usize| json!({"website": format!("https://f{number}.example.org")});
        let answers =
            at_once((0..6).map(|n| app.steward("PATCH", &item(&made)).patch(&json!(1), &change(n))).collect());
        assert_eq!((count(&answers, 200), count(&answers, 412)), (1, 5), "{answers:?}");
        assert_eq!(app.get(&item(&made)).json()["version"], 2);
    }
}

#[test]
fn a_key_that_many_put_at_once_makes_one_record() {
    let app = TestApp::new();
    for round in 0..ROUNDS {
        let path = format!("{PATH}/race:{round}");
        let answers =
            at_once((0..6).map(|n| app.steward("PUT", &path).json(&organisation(&format!("Namn {n}")))).collect());
        assert_eq!((count(&answers, 201), count(&answers, 200)), (1, 5), "{answers:?}");
        assert_eq!(app.get(&path).json()["version"], 6);
    }
}

#[test]
fn an_identifier_that_many_want_goes_to_one() {
    let app = TestApp::new();
    for round in 0..ROUNDS {
        let mut body = organisation("Föreningen");
        body["identifiers"] = json!([{"scheme": "race", "value": round.to_string()}]);
        let answers = at_once((0..4).map(|_| app.steward("POST", PATH).json(&body)).collect());
        assert_eq!(count(&answers, 201), 1, "{answers:?}");
        for late in answers.iter().filter(|answer| answer.status != 201) {
            late.problem(409, "identifier-taken");
        }
    }
}

#[test]
fn an_idempotency_key_sent_twice_at_once_writes_once() {
    let app = TestApp::new();
    for round in 0..ROUNDS {
        let before = app.app.db.head().unwrap().sequence;
        let key = format!("key-{round}");
        let body = organisation("En gång");
        let post = || app.steward("POST", PATH).header("idempotency-key", &key).json(&body);
        let answers = at_once((0..4).map(|_| post()).collect());
        for late in answers.iter().filter(|answer| answer.status != 201) {
            late.problem(409, "request-in-progress");
        }
        assert!(count(&answers, 201) >= 1, "{answers:?}");
        assert_eq!(app.app.db.head().unwrap().sequence, before + 1);
        assert_eq!(post().send().status, 201);
        assert_eq!(app.app.db.head().unwrap().sequence, before + 1);
    }
}

#[test]
fn two_that_would_each_lie_below_the_other_make_no_ring() {
    let app = TestApp::new();
    for round in 0..ROUNDS {
        let [one, other] = ["Ett", "Två"].map(|name| app.organisation(&format!("{name} {round}")));
        let below = |record: &Value, above: &Value| {
            app.steward("PATCH", &item(record)).patch(&json!(1), &json!({"parentId": above["id"]}))
        };
        let answers = at_once(vec![below(&one, &other), below(&other, &one)]);
        assert_eq!((count(&answers, 200), count(&answers, 422)), (1, 1), "{answers:?}");
    }
}

#[test]
fn a_record_does_not_go_while_another_comes_to_point_to_it() {
    let app = TestApp::new();
    for round in 0..ROUNDS {
        let parent = app.organisation(&format!("Över {round}"));
        let mut child = organisation("Under");
        child["parentId"] = parent["id"].clone();
        let answers = at_once(vec![
            app.steward("DELETE", &item(&parent)).header("if-match", "*"),
            app.steward("POST", PATH).json(&child),
        ]);
        match (answers[0].status, answers[1].status) {
            (200, 422) => drop(answers[1].problem(422, "invalid")),
            (409, 201) => drop(answers[0].problem(409, "referenced")),
            _ => panic!("{answers:?}"),
        }
    }
}

#[test]
fn what_an_organisation_owns_goes_with_it_even_when_it_comes_at_the_same_moment() {
    let app = TestApp::new();
    for round in 0..ROUNDS {
        let owner = app.organisation(&format!("Ägare {round}"));
        let point = json!({"ownerId": owner["id"], "ownerType": "organisation", "function": {"sv": "Kansliet"}});
        let points = "/api/v1/contact-points";
        let answers = at_once(vec![
            app.steward("DELETE", &item(&owner)).header("if-match", "*"),
            app.steward("POST", points).json(&point),
        ]);
        assert_eq!(answers[0].status, 200, "{answers:?}");
        match answers[1].status {
            201 => drop(app.get(&format!("{points}/{}", id(&answers[1].json()))).problem(410, "gone")),
            422 => {}
            _ => panic!("{answers:?}"),
        }
    }
}

#[test]
fn what_is_written_to_an_organisation_while_it_is_merged_moves_or_is_refused() {
    let app = TestApp::new();
    let umbrella = app.organisation("Paraplyet");
    for round in 0..ROUNDS {
        let [survivor, absorbed] = ["Kvar", "Borta"].map(|name| app.organisation(&format!("{name} {round}")));
        let membership = json!({"memberId": absorbed["id"], "inId": umbrella["id"], "inType": "organisation"});
        let point = json!({"ownerId": absorbed["id"], "ownerType": "organisation", "function": {"sv": "Kansliet"}});
        let mut child = organisation(&format!("Under {round}"));
        child["parentId"] = absorbed["id"].clone();
        let answers = at_once(vec![
            app.steward("POST", &format!("{}/merges", item(&survivor)))
                .json(&json!({"absorbedId": absorbed["id"], "reason": "samma"})),
            app.steward("POST", "/api/v1/memberships").json(&membership),
            app.steward("POST", "/api/v1/contact-points").json(&point),
            app.steward("POST", PATH).json(&child),
            app.steward("PATCH", &item(&absorbed)).patch(&json!(1), &json!({"website": "https://b.example.org"})),
            app.steward("PATCH", &item(&survivor)).patch(&json!(1), &json!({"website": "https://k.example.org"})),
        ]);
        assert_eq!(answers[0].status, 200, "{answers:?}");
        for (answer, (path, property)) in answers[1..4].iter().zip([
            ("/api/v1/memberships", "memberId"),
            ("/api/v1/contact-points", "ownerId"),
            (PATH, "parentId"),
        ]) {
            match answer.status {
                201 => {
                    let now = app.get(&format!("{path}/{}", id(&answer.json()))).json();
                    assert_eq!(now[property], survivor["id"]);
                }
                422 => {}
                _ => panic!("{answers:?}"),
            }
        }
        assert!([200, 409].contains(&answers[4].status), "{answers:?}");
        assert!([200, 412].contains(&answers[5].status), "{answers:?}");
        assert_eq!(app.get(&item(&absorbed)).status, 308);
    }
}

#[test]
fn of_two_merges_either_way_round_one_takes_place() {
    let app = TestApp::new();
    for round in 0..ROUNDS {
        let [one, other] = ["Ett", "Två"].map(|name| app.organisation(&format!("{name} {round}")));
        let merge = |survivor: &Value, absorbed: &Value| {
            app.steward("POST", &format!("{}/merges", item(survivor)))
                .json(&json!({"absorbedId": absorbed["id"], "reason": "samma"}))
        };
        let answers = at_once(vec![merge(&one, &other), merge(&other, &one)]);
        assert_eq!((count(&answers, 200), count(&answers, 409)), (1, 1), "{answers:?}");
    }
}
