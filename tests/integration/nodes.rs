//! Several nodes on one database.

use crate::crash::{Served, agent, assert_level, token};
use crate::database::{TestDatabase, Which};
use crate::harness::{new_client, organisation};
use diesel::prelude::*;
use samverkan::app::App;
use samverkan::auth::actor::Role;
use serde_json::{Value, json};

fn make(agent: &ureq::Agent, base: &str, token: &str) {
    let request = agent
        .post(format!("{base}/api/v1/organisations"))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    assert_eq!(request.send(organisation("Röda Korset i Kalix").to_string()).unwrap().status(), 201);
}

/// Two nodes on one database.
struct Nodes {
    // The first to go: nothing writes into the folders any more when they are removed.
    served: [Served; 2],
    folders: [tempfile::TempDir; 2],
    /// A steward's client.
    client: Value,
}

impl Nodes {
    fn start(database: &TestDatabase) -> Nodes {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let app = App::build(database.config(folders[0].path())).unwrap();
        let (id, secret) = app.create_client(&new_client(Role::Steward, None, false)).unwrap();
        drop(app);
        // Nodes share the keys that sign tokens.
        let keys = |at: usize| folders[at].path().join("keys");
        std::fs::create_dir_all(keys(1)).unwrap();
        for entry in std::fs::read_dir(keys(0)).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), keys(1).join(entry.file_name())).unwrap();
        }
        let served = [0, 1].map(|at| Served::start(folders[at].path(), database));
        Nodes { folders, served, client: json!({"clientId": id, "clientSecret": secret}) }
    }
}

fn found(agent: &ureq::Agent, base: &str, change: u64) -> Value {
    let url = format!("{base}/api/v1/organisations?q=r%C3%B6da+korset&minChange={change}");
    let text = agent.get(&url).call().unwrap().body_mut().read_to_string().unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn what_one_node_writes_another_finds_and_a_killed_one_loses_nothing() {
    let database = TestDatabase::of(Which::Postgresql);
    let Nodes { folders, served: [first, second], client } = Nodes::start(&database);
    let agent = agent();
    let token = token(&agent, &first.base, &client).unwrap();
    for change in 1..=5 {
        let base = if change % 2 == 0 { &second.base } else { &first.base };
        make(&agent, base, &token);
        for base in [&first.base, &second.base] {
            assert_eq!(found(&agent, base, change)["_meta"]["totalRecords"], change);
        }
    }
    first.kill();
    make(&agent, &second.base, &token);
    assert_eq!(found(&agent, &second.base, 6)["_meta"]["totalRecords"], 6);
    second.kill();
    for folder in &folders {
        assert_level(folder.path(), &database);
    }
}

#[test]
fn a_client_is_known_and_refused_on_every_node() {
    let database = TestDatabase::of(Which::Postgresql);
    let nodes = Nodes::start(&database);
    let [first, second] = &nodes.served;
    let agent = agent();
    let folder = tempfile::tempdir().unwrap();
    let app = App::build(database.config(folder.path())).unwrap();
    let (id, secret) = app.create_client(&new_client(Role::Administrator, None, false)).unwrap();
    let administrator = token(&agent, &first.base, &json!({"clientId": id, "clientSecret": secret})).unwrap();
    let asked = |base: &str, token: &str| {
        let request = agent.get(format!("{base}/api/v1/webhooks")).header("authorization", format!("Bearer {token}"));
        request.call().unwrap().status().as_u16()
    };
    for _ in 0..3 {
        let made = agent
            .post(format!("{}/api/v1/clients", first.base))
            .header("authorization", format!("Bearer {administrator}"))
            .header("content-type", "application/json")
            .send(json!({"name": "Ett system", "role": "reader"}).to_string());
        let made: Value = serde_json::from_str(&made.unwrap().body_mut().read_to_string().unwrap()).unwrap();
        // A node that has not heard of it asks when its token comes, rather than refuse it.
        let bearer = token(&agent, &second.base, &made).unwrap();
        assert_eq!((asked(&second.base, &bearer), asked(&first.base, &bearer)), (200, 200));
        let revoked = agent
            .delete(format!("{}/api/v1/clients/{}", first.base, made["clientId"].as_str().unwrap()))
            .header("authorization", format!("Bearer {administrator}"));
        assert_eq!(revoked.call().unwrap().status(), 200);
        assert_eq!(asked(&first.base, &bearer), 401, "the node that revoked it");
        let since = std::time::Instant::now();
        while asked(&second.base, &bearer) != 401 {
            assert!(since.elapsed() < std::time::Duration::from_secs(5), "the other node still takes it");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        assert!(token(&agent, &second.base, &made).is_none(), "nor is it given another");
    }
    drop(app);
}

#[test]
fn what_is_withdrawn_on_one_node_is_gone_from_the_other_when_the_write_answers() {
    let database = TestDatabase::of(Which::Postgresql);
    let nodes = Nodes::start(&database);
    let [first, second] = &nodes.served;
    let agent = agent();
    let token = token(&agent, &first.base, &nodes.client).unwrap();
    let delete = |id: &str| {
        let url = format!("{}/api/v1/organisations/{id}", first.base);
        let request = agent.delete(&url).header("authorization", format!("Bearer {token}")).header("if-match", "\"1\"");
        let answer = request.call().unwrap();
        assert_eq!(answer.status(), 200);
        answer.headers().contains_key("withdrawal")
    };
    for change in 1..=10 {
        make(&agent, &first.base, &token);
        found(&agent, &second.base, change);
    }
    let listed = found(&agent, &second.base, 10);
    let ids: Vec<&str> = listed["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    for (gone, id) in ids[..9].iter().enumerate() {
        assert!(!delete(id), "the other node did not follow in time");
        assert_eq!(found(&agent, &second.base, 0)["_meta"]["totalRecords"], 9 - gone, "still shown by the other node");
    }
    // A node that lives but does not follow is waited for, told of, and holds nothing up for good.
    let mut connection = PgConnection::establish(database.url().unwrap()).unwrap();
    let silent = "INSERT INTO nodes (id, sequence, renewed_at) VALUES ('silent', 0, now() AT TIME ZONE 'UTC')";
    diesel::sql_query(silent).execute(&mut connection).unwrap();
    assert!(delete(ids[9]));
}
