//! What a node counts, on its own port.

use crate::harness::{TestApp, organisation};
use samverkan::app::{App, Background};
use samverkan::config::Config;
use std::collections::BTreeSet;

fn free() -> String {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn read(url: &str) -> (u16, String, String) {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let mut answer = agent.get(url).call().unwrap();
    let kind = answer.headers().get("content-type").map(|kind| kind.to_str().unwrap().to_owned()).unwrap_or_default();
    (answer.status().as_u16(), kind, answer.body_mut().read_to_string().unwrap())
}

/// The value of the one line that begins so.
fn value(text: &str, start: &str) -> f64 {
    let found: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix(start)).collect();
    assert_eq!(found.len(), 1, "{start} in {text}");
    found[0].trim().parse().unwrap()
}

/// Asserts the form: comments, or a name, labels and a number, of a family that was told of before; the end is marked.
fn assert_form(text: &str) {
    assert!(text.ends_with("# EOF\n"), "{text}");
    let mut families = BTreeSet::new();
    let mut series = BTreeSet::new();
    for line in text.lines() {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.splitn(3, ' ');
            let word = words.next().unwrap();
            assert!(["HELP", "TYPE", "UNIT", "EOF"].contains(&word), "{line}");
            if word == "TYPE" {
                assert!(families.insert(words.next().unwrap().to_owned()), "{line} comes twice");
            }
            continue;
        }
        let (name, number) = line.rsplit_once(' ').unwrap();
        assert!(number.parse::<f64>().is_ok(), "{line}");
        assert!(series.insert(name), "{name} comes twice");
        let (bare, labels) = name.split_once('{').unwrap_or((name, "}"));
        assert!(bare.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{line}");
        assert!(labels.ends_with('}'), "{line}");
        assert!(families.iter().any(|family| bare.starts_with(family.as_str())), "{line} has no type");
    }
}

#[test]
fn requests_are_counted_by_pattern_and_nothing_of_them_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (api, inside) = (free(), free());
    let config = Config {
        listen: api.clone(),
        metrics_listen: Some(inside.clone()),
        workers: 1,
        ..Config::default().in_folder(folder.path())
    };
    let server = Background::start(App::build(config).unwrap()).unwrap();
    let metrics = format!("http://{inside}/metrics");
    let (status, kind, before) = read(&metrics);
    assert_eq!(status, 200);
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    assert_form(&before);
    for _ in 0..3 {
        assert_eq!(read(&format!("http://{api}/api/v1/search?q=hemligplanterad")).0, 200);
    }
    assert_eq!(read(&format!("http://{api}/api/v1/organisations/00000000-0000-4000-8000-00000000abcd")).0, 404);
    assert_eq!(read(&format!("http://{api}/planterad/adress")).0, 404);
    let (_, _, after) = read(&metrics);
    assert_form(&after);
    let requests = "samverkan_http_requests_total";
    assert_eq!(value(&after, &format!("{requests}{{route=\"/api/v1/search\",status=\"200\"}}")) as u64, 3);
    assert_eq!(
        value(&after, &format!("{requests}{{route=\"/api/v1/organisations/{{id}}\",status=\"404\"}}")) as u64,
        1
    );
    assert_eq!(value(&after, &format!("{requests}{{route=\"unmatched\",status=\"404\"}}")) as u64, 1);
    let duration = "samverkan_http_request_duration_seconds";
    assert_eq!(value(&after, &format!("{duration}_count{{route=\"/api/v1/search\"}}")) as u64, 3);
    assert_eq!(value(&after, &format!("{duration}_bucket{{le=\"+Inf\",route=\"/api/v1/search\"}}")) as u64, 3);
    for name in [
        "samverkan_index_sequence",
        "samverkan_index_lag_changes",
        "samverkan_index_documents",
        "samverkan_index_segments",
        "samverkan_index_contact_age_seconds",
        "samverkan_database_up",
        "samverkan_database_sequence",
        "samverkan_process_start_time_seconds",
        "samverkan_http_requests_running",
        "samverkan_database_connections{pool=\"writers\",state=\"idle\"}",
    ] {
        assert!(value(&after, &format!("{name} ")) >= 0.0);
    }
    assert!(after.contains(concat!("version=\"", env!("CARGO_PKG_VERSION"), "\"")));
    for planted in ["planterad", "abcd", "127.0.0.1"] {
        assert!(!after.contains(planted), "{planted} is told");
    }
    assert_eq!(read(&format!("http://{api}/metrics")).0, 404);
    assert_eq!(read(&format!("http://{inside}/api/v1/search")).0, 404);
    drop(server);
}

#[test]
fn without_the_setting_nothing_is_counted_and_nothing_listens() {
    let app = TestApp::new();
    assert_eq!(app.app.config.metrics_listen, None);
    app.make("/api/v1/organisations", &organisation("Föreningen"));
    app.get("/metrics").problem(404, "not-found");
}
