//! What README says is so.

use crate::harness::TestApp;
use samverkan::config::Config;
use std::fs;
use std::path::Path;

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

#[test]
fn the_table_of_settings_is_the_programs() {
    let mut table = "| variable | key in the file | default | meaning |\n|--|--|--|--|\n".to_owned();
    for row in Config::table() {
        table.push_str(&format!("| `{}` | `{}` | {} | {} |\n", row.variable, row.key, row.default, row.text));
    }
    let text = readme();
    let start = text.find("<!-- configuration -->\n").unwrap() + "<!-- configuration -->\n".len();
    let end = text.find("<!-- /configuration -->").unwrap();
    assert_eq!(&text[start..end], table);
}

#[test]
fn the_calls_of_the_quick_start_answer() {
    let app = TestApp::demo();
    let text = readme();
    let mut called = 0;
    for line in text.lines().filter(|line| line.starts_with("curl \"$api/")) {
        let path = line.trim_start_matches("curl \"$api").split('"').next().unwrap();
        let answer = app.get(&format!("/api/v1{path}"));
        assert_eq!(answer.status, 200, "{line}: {}", answer.text());
        assert!(!answer.json()["items"].as_array().unwrap().is_empty(), "{line} finds nothing");
        called += 1;
    }
    assert!(called >= 5, "{called}");
    let first = app.get("/api/v1/search?q=r%C3%B6da+korset&limit=1&fields=id,names").text();
    let shown = text.lines().find(|line| line.starts_with("{\"items\":[{\"type\":\"organisation\"")).unwrap();
    let shown = shown.trim_end_matches(", …");
    assert!(first.starts_with(shown), "{first}\n{shown}");
}
