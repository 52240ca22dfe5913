//! What only a server shows: that its schema is the embedded one's, that losing it is survived, and several nodes on one.

use crate::crash::{Served, agent, assert_level, token};
use crate::database::{Cluster, TestDatabase, Which};
use crate::harness::organisation;
use diesel::migration::MigrationSource;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use samverkan::app::{App, Background};
use samverkan::auth::actor::Role;
use samverkan::config::Config;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

#[derive(QueryableByName, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    required: bool,
}

#[derive(QueryableByName, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Constraint {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    columns: String,
}

const SQLITE_TABLES: &str =
    "sqlite_master AS t WHERE t.type = 'table' AND t.name NOT LIKE '\\_\\_%' ESCAPE '\\' AND t.name NOT LIKE 'sqlite%'";

fn sqlite_schema() -> (BTreeSet<Column>, BTreeSet<Constraint>) {
    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    connection.run_pending_migrations(MIGRATIONS).unwrap();
    let of = |from: &str| SQLITE_TABLES.replace("sqlite_master AS t", &format!("sqlite_master AS t, {from}"));
    let columns = diesel::sql_query(format!(
        "SELECT t.name AS table_name, c.name AS column_name, lower(c.type) AS kind, c.\"notnull\" <> 0 OR c.pk > 0 AS required FROM {}",
        of("pragma_table_info(t.name) AS c")
    ));
    let primary = diesel::sql_query(format!(
        "SELECT t.name AS table_name, 'primary key' AS kind, group_concat(c.name, ',') AS columns FROM {} AND c.pk > 0 GROUP BY t.name",
        of("pragma_table_info(t.name) AS c")
    ));
    let foreign = diesel::sql_query(format!(
        "SELECT t.name AS table_name, 'references ' || c.\"table\" || ' ' || lower(c.on_delete) AS kind, c.\"from\" AS columns FROM {}",
        of("pragma_foreign_key_list(t.name) AS c")
    ));
    let indexes = diesel::sql_query(format!(
        "SELECT t.name AS table_name, 'index ' || i.name AS kind, \
         (SELECT group_concat(name, ',') FROM pragma_index_info(i.name)) AS columns FROM {} AND i.origin = 'c'",
        of("pragma_index_list(t.name) AS i")
    ));
    let mut constraints: BTreeSet<Constraint> = primary.load(&mut connection).unwrap().into_iter().collect();
    constraints.extend(foreign.load::<Constraint>(&mut connection).unwrap());
    constraints.extend(indexes.load::<Constraint>(&mut connection).unwrap());
    (columns.load(&mut connection).unwrap().into_iter().collect(), constraints)
}

fn postgresql_schema(connection: &mut PgConnection) -> (BTreeSet<Column>, BTreeSet<Constraint>) {
    let columns = diesel::sql_query(
        "SELECT table_name::text AS table_name, column_name::text AS column_name, \
         replace(data_type, ' without time zone', '')::text AS kind, is_nullable = 'NO' AS required \
         FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%'",
    );
    let keys = diesel::sql_query(
        "SELECT r.relname::text AS table_name, \
         CASE c.contype WHEN 'p' THEN 'primary key' ELSE 'references ' || f.relname || ' ' || \
             CASE c.confdeltype WHEN 'c' THEN 'cascade' ELSE 'no action' END END AS kind, \
         (SELECT string_agg(a.attname, ',' ORDER BY k.place) FROM unnest(c.conkey) WITH ORDINALITY AS k(attnum, place) \
             JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum)::text AS columns \
         FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid LEFT JOIN pg_class f ON f.oid = c.confrelid \
         WHERE c.contype IN ('p', 'f') AND c.connamespace = 'public'::regnamespace AND r.relname NOT LIKE '\\_\\_%'",
    );
    let indexes = diesel::sql_query(
        "SELECT r.relname::text AS table_name, 'index ' || i.relname AS kind, \
         (SELECT string_agg(a.attname, ',' ORDER BY k.place) FROM unnest(x.indkey::int2[]) WITH ORDINALITY AS k(attnum, place) \
             JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum)::text AS columns \
         FROM pg_index x JOIN pg_class r ON r.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid \
         WHERE NOT x.indisprimary AND r.relnamespace = 'public'::regnamespace AND r.relname NOT LIKE '\\_\\_%'",
    );
    let mut constraints: BTreeSet<Constraint> = keys.load(connection).unwrap().into_iter().collect();
    constraints.extend(indexes.load::<Constraint>(connection).unwrap());
    (columns.load(connection).unwrap().into_iter().collect(), constraints)
}

#[test]
fn both_databases_have_the_same_schema_and_migrations_run_up_down_and_up() {
    let database = TestDatabase::bare();
    let mut connection = PgConnection::establish(database.url().unwrap()).unwrap();
    connection.run_pending_migrations(MIGRATIONS).unwrap();
    let up = postgresql_schema(&mut connection);
    let (columns, constraints) = sqlite_schema();
    assert!(columns.len() > 50 && constraints.len() > 30, "{} {}", columns.len(), constraints.len());
    let text = |set: &BTreeSet<Column>| set.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>();
    assert_eq!(text(&up.0), text(&columns));
    let text = |set: &BTreeSet<Constraint>| set.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>();
    assert_eq!(text(&up.1), text(&constraints));
    let count = MigrationSource::<diesel::pg::Pg>::migrations(&MIGRATIONS).unwrap().len();
    assert_eq!(connection.revert_all_migrations(MIGRATIONS).unwrap().len(), count);
    assert!(postgresql_schema(&mut connection).0.is_empty());
    connection.run_pending_migrations(MIGRATIONS).unwrap();
    assert_eq!(postgresql_schema(&mut connection), up);
}

fn status(agent: &ureq::Agent, method: &str, url: &str, token: &str) -> (u16, Option<String>) {
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(url)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    let body = if method == "POST" { organisation("Röda Korset i Kalix").to_string() } else { String::new() };
    let answer = agent.run(request.body(body).unwrap()).unwrap();
    let after = answer.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
    (answer.status().as_u16(), after)
}

#[test]
fn search_goes_on_without_the_server_and_writes_when_it_is_back() {
    let cluster = Cluster::start();
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::default().in_folder(folder.path()).with_database(&cluster.url("postgres"));
    config.listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    config.workers = 2;
    let app = App::build(config).unwrap();
    let (id, secret) = app.create_client("test", Role::Steward, None, false).unwrap();
    let server = Background::start(app).unwrap();
    let base = server.base.clone();
    let agent = agent();
    let token = token(&agent, &base, &json!({"clientId": id, "clientSecret": secret})).unwrap();
    let organisations = format!("{base}/api/v1/organisations");
    assert_eq!(status(&agent, "POST", &organisations, &token).0, 201);
    let search = format!("{base}/api/v1/search?q=r%C3%B6da+korset&minChange=1");
    assert_eq!(status(&agent, "GET", &search, &token).0, 200);
    cluster.halt();
    for method in ["POST", "GET"] {
        let url = if method == "GET" { format!("{organisations}/802412-3456") } else { organisations.clone() };
        let since = Instant::now();
        let (status, after) = status(&agent, method, &url, &token);
        assert_eq!((status, after.is_some()), (503, true), "{method}");
        assert!(since.elapsed() < Duration::from_secs(20), "{method} waited {:?}", since.elapsed());
    }
    let open = format!("{base}/api/v1/search?q=r%C3%B6da+korset");
    assert_eq!(status(&agent, "GET", &open, &token).0, 200);
    cluster.resume();
    assert_eq!(status(&agent, "POST", &organisations, &token).0, 201);
    assert_eq!(status(&agent, "GET", &search.replace("minChange=1", "minChange=2"), &token).0, 200);
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
        let (id, secret) = app.create_client("test", Role::Steward, None, false).unwrap();
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
        assert_eq!(status(&agent, "POST", &format!("{base}/api/v1/organisations"), &token).0, 201);
        for base in [&first.base, &second.base] {
            assert_eq!(found(&agent, base, change)["_meta"]["totalRecords"], change);
        }
    }
    first.kill();
    assert_eq!(status(&agent, "POST", &format!("{}/api/v1/organisations", second.base), &token).0, 201);
    assert_eq!(found(&agent, &second.base, 6)["_meta"]["totalRecords"], 6);
    second.kill();
    for folder in &folders {
        assert_level(folder.path(), &database);
    }
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
        assert_eq!(status(&agent, "POST", &format!("{}/api/v1/organisations", first.base), &token).0, 201);
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
