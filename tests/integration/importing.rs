//! Import: all or nothing, every bad line told.

use crate::harness::{TestApp, organisation};
use samverkan::auth::actor::Actor;
use samverkan::transfer::import::{Options, Report, import};
use serde_json::{Value, json};

fn line(name: &str, key: &str) -> Value {
    let mut line = organisation(name);
    line["type"] = json!("organisation");
    line["identifiers"] = json!([{"scheme": "test", "value": key}]);
    line
}

fn load(app: &TestApp, lines: &[String], options: Options) -> Report {
    import(&app.app.db, &Actor::Operator, lines.join("\n").as_bytes(), options, &mut |_, _, _| {}).unwrap()
}

#[test]
fn one_bad_line_keeps_everything_out_and_is_told_with_its_number() {
    let app = TestApp::new();
    let lines = [
        line("Ett", "1").to_string(),
        "{broken".to_owned(),
        String::new(),
        json!({"type": "organisation", "sector": "space"}).to_string(),
        line("Ett igen", "1").to_string(),
        json!({"type": "spaceship"}).to_string(),
        "[1]".to_owned(),
    ];
    let report = load(&app, &lines, Options::default());
    assert!(!report.written);
    let numbers: Vec<u64> = report.rejected.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [2, 4, 5, 6, 7]);
    assert_eq!(app.app.db.head().unwrap().sequence, 0);
}

#[test]
fn keep_going_writes_the_good_lines_without_those_that_need_bad_ones() {
    let app = TestApp::new();
    let bad_parent = "0190d1a0-0000-7000-8000-000000000001";
    let good_parent = "0190d1a0-0000-7000-8000-000000000002";
    let mut bad = line("Dålig", "bad");
    bad["id"] = json!(bad_parent);
    bad["kind"] = json!("no-such-kind");
    let mut below_bad = line("Under dålig", "below-bad");
    below_bad["parentId"] = json!(bad_parent);
    let mut below_good = line("Under god", "below-good");
    below_good["parentId"] = json!(good_parent);
    let mut good = line("God", "good");
    good["id"] = json!(good_parent);
    let lines: Vec<String> = [below_bad, below_good, bad, good].iter().map(Value::to_string).collect();
    let report = load(&app, &lines, Options { keep_going: true, dry_run: false });
    assert!(report.written);
    assert_eq!(report.created, 2);
    let numbers: Vec<u64> = report.rejected.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [1, 3]);
    app.settle();
    assert_eq!(app.get("/api/v1/organisations").json()["_meta"]["totalRecords"], 2);
}

#[test]
fn the_same_file_twice_changes_nothing_the_second_time() {
    let app = TestApp::new();
    let lines = [line("Ett", "1").to_string(), line("Två", "2").to_string()];
    assert_eq!(load(&app, &lines, Options::default()).created, 2);
    let again = load(&app, &lines, Options::default());
    assert_eq!((again.created, again.updated, again.unchanged), (0, 0, 2));
    let changed = [line("Ett nytt", "1").to_string()];
    assert_eq!(load(&app, &changed, Options::default()).updated, 1);
}

#[test]
fn a_dry_run_says_what_would_happen_and_writes_nothing() {
    let app = TestApp::new();
    let report = load(&app, &[line("Ett", "1").to_string()], Options { keep_going: false, dry_run: true });
    assert_eq!((report.created, report.written), (1, false));
    assert_eq!(app.app.db.head().unwrap().sequence, 0);
}

#[test]
fn a_conflict_with_the_registry_undoes_the_whole_file() {
    let app = TestApp::new();
    let mut held = organisation("Har nyckeln");
    held["identifiers"] = json!([{"scheme": "other", "value": "x"}]);
    app.make("/api/v1/organisations", &held);
    let mut clash = line("Vill ha nyckeln", "2");
    clash["id"] = json!("0190d1a0-0000-7000-8000-000000000003");
    clash["identifiers"] = json!([{"scheme": "test", "value": "2"}, {"scheme": "other", "value": "x"}]);
    let report = load(&app, &[line("Ett", "1").to_string(), clash.to_string()], Options::default());
    assert!(!report.written);
    assert_eq!(report.rejected.len(), 1);
    assert_eq!(app.app.db.head().unwrap().sequence, 1);
}
