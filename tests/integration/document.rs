//! The OpenAPI document: committed as it is made, complete, and true.

use crate::harness::TestApp;
use samverkan::api::openapi::committed_form;
use samverkan::api::validate::Validator;
use samverkan::resources::Kind;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

pub fn document() -> Value {
    serde_json::from_str(&committed_form().unwrap()).unwrap()
}

pub fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            found.push((path.clone(), method.clone(), operation.clone()));
        }
    }
    assert!(found.len() > 80, "{}", found.len());
    found
}

#[test]
fn the_committed_document_is_the_one_that_the_program_makes() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/openapi.json");
    let committed = fs::read_to_string(file).unwrap_or_default();
    assert!(
        committed == committed_form().unwrap(),
        "openapi/openapi.json is out of date: run `cargo run -- openapi > openapi/openapi.json`"
    );
}

#[test]
fn every_operation_is_described_with_its_problems_and_trace() {
    let mut ids = Vec::new();
    for (path, method, operation) in operations(&document()) {
        let place = format!("{method} {path}");
        for text in ["operationId", "summary", "description"] {
            assert!(operation[text].as_str().is_some_and(|text| !text.is_empty()), "{place} has no {text}");
        }
        assert!(operation["description"].as_str().unwrap().contains("\n\n"), "{place} is described in one language");
        ids.push(operation["operationId"].clone());
        let parameters = operation["parameters"].as_array().unwrap();
        assert!(parameters.iter().any(|parameter| parameter["name"] == "traceparent"), "{place}");
        assert!(operation["responses"]["400"].is_object() && operation["responses"]["401"].is_object(), "{place}");
        for parameter in parameters {
            assert!(parameter["description"].as_str().is_some_and(|text| text.len() > 2), "{place} {parameter}");
            assert!(!parameter["example"].is_null(), "{place} {parameter}");
        }
    }
    let count = ids.len();
    ids.sort_by_key(Value::to_string);
    ids.dedup();
    assert_eq!(ids.len(), count, "operation ids stand twice");
}

#[test]
fn every_json_body_and_answer_has_an_example() {
    for (path, method, operation) in operations(&document()) {
        let bodies = operation.pointer("/requestBody/content").and_then(Value::as_object).into_iter().flatten();
        let answers = operation["responses"].as_object().unwrap().values();
        let answers = answers.filter_map(|answer| answer["content"].as_object()).flatten();
        for (media_type, content) in bodies.chain(answers) {
            if media_type.ends_with("json") && media_type != "application/ld+json" {
                assert!(!content["example"].is_null(), "{method} {path} {media_type}");
            }
        }
    }
}

#[test]
fn the_examples_of_bodies_pass_their_own_checks() {
    let document = document();
    for kind in Kind::ALL {
        let path = format!("/{}", kind.plural());
        let mut example =
            document["paths"][&path]["post"]["requestBody"]["content"]["application/json"]["example"].clone();
        assert!(example.is_object(), "{path}");
        let errors = Validator::for_kind(kind).unwrap().check(&mut example);
        assert!(errors.is_empty(), "{path}: {errors:?} in {example}");
    }
}

#[test]
fn every_array_and_text_of_a_body_has_a_longest_length() {
    fn walk(place: &str, schema: &Value, schemas: &Value, seen: &mut BTreeSet<String>) {
        if let Some(name) = schema["$ref"].as_str().map(|text| text.rsplit('/').next().unwrap()) {
            if seen.insert(name.to_owned()) {
                walk(name, &schemas[name], schemas, seen);
            }
            return;
        }
        let is = |kind: &str| {
            schema["type"] == kind || schema["type"].as_array().is_some_and(|kinds| kinds.contains(&json!(kind)))
        };
        assert!(!is("array") || schema["maxItems"].is_u64(), "{place} has no maxItems");
        let bounded = ["maxLength", "enum", "const"].iter().any(|name| !schema[*name].is_null());
        assert!(!is("string") || bounded, "{place} has no maxLength");
        for (property, schema) in schema["properties"].as_object().into_iter().flatten() {
            walk(&format!("{place}.{property}"), schema, schemas, seen);
        }
        for part in ["oneOf", "anyOf", "allOf"].iter().filter_map(|name| schema[*name].as_array()).flatten() {
            walk(place, part, schemas, seen);
        }
        for part in ["items", "additionalProperties"].iter().filter(|name| schema[**name].is_object()) {
            walk(&format!("{place}/{part}"), &schema[*part], schemas, seen);
        }
    }
    let document = document();
    let mut seen = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        for (media_type, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            assert!(content["schema"].is_object(), "{method} {path} {media_type}");
            walk(&format!("{method} {path}"), &content["schema"], &document["components"]["schemas"], &mut seen);
        }
    }
    assert!(seen.len() > 30, "{seen:?}");
}

#[test]
fn texts_without_a_length_of_their_own_are_bounded_too() {
    let mut body = json!({
        "sector": "civil-society", "kind": "association", "topics": ["a".repeat(101)],
        "names": [{"value": "Föreningen", "lang": "sv", "kind": "official"}],
    });
    let errors = Validator::for_kind(Kind::Organisation).unwrap().check(&mut body);
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0].code, "too-long");
}

#[test]
fn the_limits_are_described_where_they_hold() {
    let document = document();
    for (path, method, operation) in operations(&document) {
        let limited = path != "/api-info";
        assert_eq!(operation["responses"]["429"].is_object(), limited, "{method} {path}");
        for (status, answer) in operation["responses"].as_object().unwrap() {
            if status.starts_with('2') {
                for name in ["RateLimit", "RateLimit-Policy"] {
                    assert_eq!(answer["headers"][name].is_object(), limited, "{method} {path} {status} {name}");
                }
            }
        }
    }
    let headers = document["components"]["responses"]["StatusTooManyRequests"]["headers"].as_object().unwrap();
    assert_eq!(headers.keys().collect::<Vec<_>>(), ["RateLimit", "RateLimit-Policy", "Retry-After"]);
    for header in headers.values() {
        let place = header["$ref"].as_str().unwrap().trim_start_matches('#');
        assert!(document.pointer(place).unwrap()["description"].is_string(), "{place}");
    }
}

#[test]
fn paths_are_plural_nouns_in_lower_case_with_hyphens() {
    for (path, ..) in operations(&document()) {
        assert!(path.chars().all(|c| c.is_ascii_lowercase() || "/-{}".contains(c)), "{path}");
        assert!(!path.starts_with("/api/"), "{path}");
    }
}

#[test]
fn property_names_are_letters_in_camel_case_and_dates_have_examples() {
    fn walk(name: &str, schema: &Value) {
        for (property, schema) in schema["properties"].as_object().into_iter().flatten() {
            let bare = property.strip_prefix('_').unwrap_or(property);
            assert!(bare.chars().all(|c| c.is_ascii_alphabetic()), "{name}.{property}");
            if schema["format"] == "date" || schema["format"] == "date-time" {
                assert!(schema["example"].is_string(), "{name}.{property} has no example");
            }
            walk(&format!("{name}.{property}"), schema);
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            walk(name, part);
        }
    }
    for (name, schema) in document()["components"]["schemas"].as_object().unwrap() {
        assert!(name.chars().all(|c| c.is_ascii_alphabetic()), "{name}");
        walk(name, schema);
    }
}

#[test]
fn the_served_document_names_the_public_address_first() {
    let app = TestApp::demo();
    let served = app.get("/api/v1/openapi.json");
    assert_eq!(served.status, 200);
    assert_eq!(served.json()["servers"][0]["url"], format!("{}/api/v1", app.base));
}

#[test]
fn every_list_and_record_of_the_document_answers() {
    let app = TestApp::demo();
    for (path, method, operation) in operations(&document()) {
        if method == "get" && !path.contains('{') && path != "/changes/stream" {
            let address = format!("/api/v1{path}{}", if path == "/suggest" { "?q=r" } else { "" });
            let open = operation["security"].as_array().unwrap().contains(&json!({}));
            if !open {
                app.get(&address).problem(401, "unauthorized");
            }
            let asked = |method, address: &str| {
                if open { app.anyone(method, address) } else { app.administrator(method, address) }.send()
            };
            let answer = asked("GET", &address);
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            let head = asked("HEAD", &format!("/api/v1{path}"));
            assert_eq!((head.status, head.body.len()), (200, 0), "HEAD {path}");
        }
        if method == "get" && path.starts_with("/organisations/{id}") {
            let path = path.replace("{id}", "demo:pub-region-norrbotten");
            let answer = app.get(&format!("/api/v1{path}"));
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        }
    }
}

#[test]
fn documentation_needs_nothing_from_elsewhere() {
    let app = TestApp::demo();
    assert_eq!(app.get("/").header("location"), Some("/docs"));
    let page = app.get("/docs");
    assert_eq!(page.status, 200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe-eval"), "{policy}");
    let text = page.text();
    for part in text.split('"').filter(|part| part.starts_with("/docs/")) {
        assert_eq!(app.get(part).status, 200, "{part}");
    }
    let outside = text.split('"').filter(|part| part.starts_with("http")).count();
    assert_eq!(outside, 0, "{text}");
}

#[test]
fn every_problem_has_a_page() {
    let app = TestApp::demo();
    for code in samverkan::error::Code::ALL {
        assert_eq!(app.get(&format!("/problems/{}", code.name())).status, 200, "{}", code.name());
    }
    app.get("/problems/nonsense").problem(404, "not-found");
}
