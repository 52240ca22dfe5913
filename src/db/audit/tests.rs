use super::*;
use crate::clock::{Clock, Fixed};
use crate::db::{Db, Target};
use chrono::Duration;
use std::sync::Arc;
use tempfile::TempDir;

/// A log of six rows, an hour between each; the fourth has no content.
fn log() -> (TempDir, Db) {
    let folder = tempfile::tempdir().unwrap();
    let begin: DateTime<Utc> = "2026-11-24T09:00:00Z".parse().unwrap();
    let clock = Arc::new(Fixed::at(begin));
    let target = Target::Sqlite(folder.path().join("x.sqlite"));
    let db = Db::open(&target, Arc::clone(&clock) as Arc<dyn Clock>, 1).unwrap();
    let by = By { client: "c-1".to_owned(), issuer: Some("https://x".to_owned()), request: Some(Uuid::nil()) };
    for hour in 0..6 {
        clock.set(begin + Duration::hours(hour));
        let entry = Entry {
            action: "updated",
            kind: Some("organisation"),
            record: Some(format!("r-{hour}")),
            change: Some(hour),
            content: (hour != 3).then(|| json!({"after": {"hour": hour}}).to_string()),
        };
        db.operate(|operations| operations.note(&by, entry.clone())).unwrap();
    }
    (folder, db)
}

fn sql(db: &Db, text: &str) {
    db.persist(|connection| Ok(diesel::sql_query(text).execute(connection)?)).unwrap();
}

fn check(db: &Db) -> Result<Verified, String> {
    db.read_at_once(verify).unwrap()
}

#[test]
fn a_log_that_nobody_touched_holds() {
    let (_folder, db) = log();
    let verified = check(&db).unwrap();
    assert_eq!((verified.rows, verified.removed), (6, 0));
    let last = db.read(|connection| entries(connection, &Wanted::default(), 1)).unwrap();
    assert_eq!(last[0].hash, verified.hash);
    let empty = Db::open(&Target::Sqlite(_folder.path().join("y.sqlite")), Arc::new(crate::clock::System), 1);
    assert_eq!(check(&empty.unwrap()), Ok(Verified { rows: 0, removed: 0, hash: String::new() }));
}

#[test]
fn a_change_of_any_column_breaks_it() {
    for change in [
        "at = '2026-11-24 11:00:01'",
        "client = 'c-2'",
        "issuer = NULL",
        "issuer = 'https://y'",
        "request_id = NULL",
        "request_id = '00000000-0000-0000-0000-000000000001'",
        "action = 'created'",
        "kind = 'network'",
        "kind = NULL",
        "record_id = 'r-9'",
        "record_id = NULL",
        "change_sequence = 9",
        "change_sequence = NULL",
        "salt = 'x'",
        "salt = NULL",
        "content = '{}'",
        "content = NULL",
        "content_hash = 'x'",
        "content_hash = ''",
        "hash = 'x'",
        "number = 99",
        "content = NULL, salt = NULL",
        "content = NULL, salt = NULL, content_hash = ''",
    ] {
        let (_folder, db) = log();
        sql(&db, &format!("UPDATE audit SET {change} WHERE number = 3"));
        let broken = check(&db).unwrap_err();
        assert!(broken.contains("row 3"), "{change}: {broken}");
    }
}

#[test]
fn a_row_that_is_taken_away_added_or_moved_breaks_it() {
    for change in [
        "DELETE FROM audit WHERE number = 1",
        "DELETE FROM audit WHERE number = 3",
        "DELETE FROM audit WHERE number = 6",
        "DELETE FROM audit",
        "INSERT INTO audit SELECT 7, at, client, issuer, request_id, action, kind, record_id, change_sequence, salt, \
         content, content_hash, hash FROM audit WHERE number = 6",
        "UPDATE audit SET number = CASE number WHEN 2 THEN -3 WHEN 3 THEN -2 ELSE number END",
        "UPDATE counter SET audit_hash = 'x'",
        "UPDATE counter SET audit = 5",
    ] {
        let (_folder, db) = log();
        sql(&db, change);
        sql(&db, "UPDATE audit SET number = -number WHERE number < 0");
        assert!(check(&db).is_err(), "{change}");
    }
}

/// Takes the content of a row away with nobody told: the chain then breaks at a row.
fn take_content(db: &Db, number: i64, breaks_at: i64) {
    sql(db, &format!("UPDATE audit SET content = NULL, salt = NULL WHERE number = {number}"));
    assert!(check(db).unwrap_err().contains(&format!("row {breaks_at}")));
}

#[test]
fn content_may_go_when_a_row_says_so() {
    let (_folder, db) = log();
    let by = By { client: "c-1".to_owned(), issuer: None, request: None };
    db.write(by.clone(), |tx| tx.strike(&[2, 4, 5], "erased")).unwrap();
    let verified = check(&db).unwrap();
    assert_eq!((verified.rows, verified.removed), (7, 2), "the fourth row had none");
    let told = db.read(|connection| entries(connection, &Wanted::default(), 1)).unwrap().remove(0);
    assert_eq!(told.action, CONTENT_REMOVED);
    assert_eq!(told.content.as_deref(), Some(r#"{"numbers":[2,5],"reason":"erased"}"#));
    // Nothing is told of what was gone already.
    db.write(by.clone(), |tx| tx.strike(&[2, 4, 5], "erased")).unwrap();
    assert_eq!(check(&db).unwrap().rows, 7);
    // The row that says so cannot be taken back, and no other content goes with it.
    take_content(&db, 3, 3);
}

#[test]
fn old_content_may_go_when_a_row_says_so() {
    let (_folder, db) = log();
    let by = By { client: "retention".to_owned(), issuer: None, request: None };
    let strike = |before: &str| {
        let before = before.parse().unwrap();
        db.operate(|operations| operations.strike_before(&by, before)).unwrap()
    };
    assert_eq!(strike("2026-11-24T09:00:00Z"), 0);
    assert_eq!(check(&db).unwrap().rows, 6, "there was nothing to tell");
    assert_eq!(strike("2026-11-24T12:00:00Z"), 3);
    let verified = check(&db).unwrap();
    assert_eq!((verified.rows, verified.removed), (7, 3));
    take_content(&db, 5, 5);
}

#[test]
fn what_told_of_a_removal_may_go_when_a_later_row_tells_of_that() {
    let (_folder, db) = log();
    let by = By { client: "retention".to_owned(), issuer: None, request: None };
    db.write(by.clone(), |tx| tx.strike(&[1], "erased")).unwrap();
    let all = "2026-11-25T00:00:00Z".parse().unwrap();
    assert_eq!(db.operate(|operations| operations.strike_before(&by, all)).unwrap(), 5);
    let verified = check(&db).unwrap();
    assert_eq!((verified.rows, verified.removed), (8, 6));
    // Without that row nothing is explained.
    take_content(&db, 8, 1);
}

#[test]
fn a_record_that_only_its_protected_part_changed_shows_no_content() {
    let before = r#"{"id":"1","website":"a","names":[1],"version":1}"#;
    let after = r#"{"id":"1","website":"b","names":[1],"version":2}"#;
    let told = difference(Some(before), Some(after)).unwrap();
    assert_eq!(told.as_deref(), Some(r#"{"before":{"website":"a"},"after":{"website":"b"}}"#));
    assert_eq!(difference(Some(before), Some(before)).unwrap(), None);
    assert_eq!(difference(None, None).unwrap(), None);
    let made = difference(None, Some(after)).unwrap();
    assert_eq!(made.as_deref(), Some(r#"{"after":{"website":"b","names":[1]}}"#));
    let gone = difference(Some(before), None).unwrap();
    assert_eq!(gone.as_deref(), Some(r#"{"before":{"website":"a","names":[1]}}"#));
}
