//! Both databases have the same schema, made by the same migrations.

use crate::database::{TestDatabase, open};
use diesel::connection::LoadConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::collections::BTreeSet;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

macro_rules! lines {
    ($connection:expr, $sql:expr) => {
        diesel::sql_query($sql)
            .load::<Line>($connection)
            .unwrap()
            .into_iter()
            .map(|line| line.line)
            .collect::<BTreeSet<String>>()
    };
}

/// Tables, columns, keys and indexes of SQLite, each as one line.
fn of_sqlite(connection: &mut SqliteConnection) -> BTreeSet<String> {
    let tables = "(SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_\\_%' ESCAPE '\\') t";
    let mut all = lines!(
        connection,
        format!(
            "SELECT t.name || ' ' || c.name || ' ' || lower(c.type) || CASE WHEN c.\"notnull\" OR c.pk THEN ' not null' \
             ELSE '' END || ' ' || coalesce(c.dflt_value, 'no default') AS line FROM {tables}, pragma_table_info(t.name) c"
        )
    );
    all.extend(lines!(
        connection,
        format!(
            "SELECT t.name || ' PRIMARY KEY (' || group_concat(k.name, ', ') || ')' AS line FROM {tables}, \
             (SELECT m.name AS owner, c.name, c.pk FROM sqlite_master m, pragma_table_info(m.name) c WHERE c.pk > 0 \
             ORDER BY c.pk) k WHERE k.owner = t.name GROUP BY t.name"
        )
    ));
    all.extend(lines!(
        connection,
        format!(
            "SELECT t.name || ' FOREIGN KEY (' || f.\"from\" || ') REFERENCES ' || f.\"table\" || '(' || f.\"to\" || ')' \
             || CASE f.on_delete WHEN 'NO ACTION' THEN '' ELSE ' ON DELETE ' || f.on_delete END \
             || ' DEFERRABLE INITIALLY DEFERRED' AS line FROM {tables}, pragma_foreign_key_list(t.name) f"
        )
    ));
    all.extend(lines!(
        connection,
        format!(
            "SELECT t.name || ' index ' || i.name || CASE i.\"unique\" WHEN 1 THEN ' unique' ELSE '' END || ' (' || \
             (SELECT group_concat(x.name, ', ') FROM pragma_index_info(i.name) x) || ')' AS line \
             FROM {tables}, pragma_index_list(t.name) i WHERE i.origin <> 'pk'"
        )
    ));
    all
}

/// The same of PostgreSQL.
fn of_postgresql(connection: &mut PgConnection) -> BTreeSet<String> {
    let mut all = lines!(
        connection,
        "SELECT table_name || ' ' || column_name || ' ' || replace(data_type, ' without time zone', '') \
         || CASE is_nullable WHEN 'NO' THEN ' not null' ELSE '' END || ' ' || replace(coalesce(column_default, 'no default'), '::text', '') \
         AS line FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_%'"
    );
    all.extend(lines!(
        connection,
        "SELECT conrelid::regclass::text || ' ' || pg_get_constraintdef(oid) AS line FROM pg_constraint \
         WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'f') AND conrelid::regclass::text NOT LIKE '\\_\\_%'"
    ));
    all.extend(lines!(
        connection,
        "SELECT x.indrelid::regclass::text || ' index ' || x.indexrelid::regclass::text || CASE WHEN x.indisunique THEN \
         ' unique' ELSE '' END || ' (' || (SELECT string_agg(a.attname, ', ' ORDER BY k.n) FROM unnest(x.indkey::int[]) \
         WITH ORDINALITY k (number, n) JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.number) || ')' AS line \
         FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid WHERE c.relnamespace = 'public'::regnamespace \
         AND NOT x.indisprimary AND c.relname NOT LIKE '\\_\\_%'"
    ));
    all
}

/// How many checks each table has, and which values they name: the databases write the same check differently.
fn checks<C>(connection: &mut C, sql: &str, count: impl Fn(&str) -> usize) -> Vec<(String, usize, BTreeSet<String>)>
where
    C: LoadConnection,
    for<'a> diesel::query_builder::SqlQuery: diesel::query_dsl::LoadQuery<'a, C, Line>,
{
    let mut found: Vec<_> = diesel::sql_query(sql)
        .load::<Line>(connection)
        .unwrap()
        .into_iter()
        .map(|line| {
            let (table, text) = line.line.split_once('|').unwrap();
            let values = text.split('\'').skip(1).step_by(2).map(str::to_owned).collect();
            (table.to_owned(), count(text), values)
        })
        .filter(|(_, count, _)| *count > 0)
        .collect();
    found.sort();
    found
}

#[test]
fn both_databases_have_the_same_schema() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("registry.sqlite");
    drop(open(&format!("sqlite:{}", file.display())));
    let mut sqlite = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    let database = TestDatabase::bare();
    drop(open(database.url().unwrap()));
    let mut postgresql = PgConnection::establish(database.url().unwrap()).unwrap();
    let (ours, theirs) = (of_sqlite(&mut sqlite), of_postgresql(&mut postgresql));
    assert!(ours.len() > 150, "{}", ours.len());
    let only = |one: &BTreeSet<String>, other: &BTreeSet<String>| one.difference(other).cloned().collect::<Vec<_>>();
    assert!(ours == theirs, "only SQLite: {:#?}\nonly PostgreSQL: {:#?}", only(&ours, &theirs), only(&theirs, &ours));
    let ours = checks(
        &mut sqlite,
        "SELECT name || '|' || sql AS line FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_\\_%' ESCAPE '\\'",
        |text| text.matches("CHECK (").count(),
    );
    let theirs = checks(
        &mut postgresql,
        "SELECT conrelid::regclass::text || '|' || string_agg(pg_get_constraintdef(oid), ' ') AS line FROM pg_constraint \
         WHERE connamespace = 'public'::regnamespace AND contype = 'c' GROUP BY conrelid",
        |text| text.matches("CHECK (").count(),
    );
    assert!(ours.len() > 10, "{}", ours.len());
    assert_eq!(ours, theirs);
}

#[test]
fn every_migration_runs_up_down_and_up_again_on_postgresql() {
    let database = TestDatabase::bare();
    let mut connection = PgConnection::establish(database.url().unwrap()).unwrap();
    connection.run_pending_migrations(MIGRATIONS).unwrap();
    let first = of_postgresql(&mut connection);
    connection.revert_all_migrations(MIGRATIONS).unwrap();
    assert!(of_postgresql(&mut connection).is_empty());
    connection.run_pending_migrations(MIGRATIONS).unwrap();
    assert_eq!(of_postgresql(&mut connection), first);
}

#[test]
fn nodes_that_start_at_once_migrate_one_after_the_other() {
    let database = TestDatabase::bare();
    let url = database.url().unwrap();
    let epochs: BTreeSet<String> = std::thread::scope(|scope| {
        let nodes: Vec<_> = (0..6).map(|_| scope.spawn(|| open(url).head().unwrap().epoch)).collect();
        nodes.into_iter().map(|node| node.join().unwrap()).collect()
    });
    assert_eq!(epochs.len(), 1, "{epochs:?}");
}
