//! Facets over HTTP: every value of every facet finds as many as it counts.

use crate::harness::TestApp;
use samverkan::api::tables::{self, SEARCH};
use samverkan::resources::Kind;
use serde_json::Value;

type Parameters = Vec<(&'static str, String)>;

fn ask(path: &str, parameters: &[(&str, String)]) -> Value {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    let answer = TestApp::demo().get(&format!("/api/v1/{path}?{query}"));
    assert_eq!(answer.status, 200, "{path}?{query}: {}", answer.text());
    answer.json()
}

fn total(answer: &Value) -> u64 {
    answer["_meta"]["totalRecords"].as_u64().unwrap()
}

/// Asks for all facets; then for each value in place of the facet's own parameter. Gives how many were tried.
fn assert_counts_come_true(path: &str, facets: &[&'static str], base: &[(&'static str, &str)]) -> usize {
    let base: Parameters = base.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let with = |more: &[(&'static str, String)]| [&base, more].concat();
    let paging = |page: u64| [("facets", facets.join(",")), ("limit", "7".to_owned()), ("page", page.to_string())];
    let answer = ask(path, &with(&paging(1)));
    for page in 2..=(total(&answer) / 7 + 1).min(4) {
        let other = ask(path, &with(&paging(page)));
        assert_eq!((&other["facets"], total(&other)), (&answer["facets"], total(&answer)), "page {page} of {path}");
    }
    let counted = answer["facets"].as_array().unwrap();
    let names: Vec<&str> = counted.iter().map(|facet| facet["name"].as_str().unwrap()).collect();
    assert_eq!(names, facets);
    let mut tried = 0;
    for (facet, name) in counted.iter().zip(facets) {
        let values = facet["values"].as_array().unwrap();
        let counts: Vec<u64> = values.iter().map(|value| value["count"].as_u64().unwrap()).collect();
        assert!(counts.is_sorted_by(|one, other| one >= other) && !counts.contains(&0), "{name}: {counts:?}");
        for (value, count) in values.iter().zip(counts) {
            let mut chosen: Parameters = base.iter().filter(|(other, _)| other != name).cloned().collect();
            chosen.extend([(*name, value["key"].as_str().unwrap().to_owned()), ("limit", "1".to_owned())]);
            assert_eq!(total(&ask(path, &chosen)), count, "{path} {chosen:?}");
            tried += 1;
        }
    }
    tried
}

#[test]
fn every_value_of_every_facet_of_a_search_finds_as_many_as_it_counts() {
    let facets: Vec<&'static str> = SEARCH.facets().collect();
    assert!(facets.len() > 8 && facets.contains(&"type") && facets.contains(&"municipality"), "{facets:?}");
    let mut tried = 0;
    for base in [
        &[][..],
        &[("q", "förening")],
        &[("q", "kvinnojour luleå"), ("status", "any")],
        &[("q", "hembigdsförening")],
        &[("q", "samverkan kring psykisk ohälsa"), ("topic", "folkhalsa,kultur"), ("type", "organisation")],
        &[
            ("municipality", "2580"),
            ("level", "regional"),
            ("kind", "association,umbrella"),
            ("type", "organisation,forum"),
        ],
        &[("type", "membership,collaboration")],
    ] {
        tried += assert_counts_come_true("search", &facets, base);
    }
    assert!(tried > 500, "{tried}");
}

#[test]
fn every_value_of_every_facet_of_a_list_finds_as_many_as_it_counts() {
    let mut tried = 0;
    for (path, kind, bases) in [
        (
            "organisations",
            Kind::Organisation,
            &[
                &[][..],
                &[("q", "förening kultur"), ("targetGroup", "young-people")],
                &[
                    ("municipality", "2584"),
                    ("topic", "integration"),
                    ("topic", "barn-unga"),
                    ("sector", "civil-society"),
                ],
            ][..],
        ),
        ("contact-points", Kind::ContactPoint, &[&[][..], &[("q", "bidrag")]][..]),
        ("collaborations", Kind::Collaboration, &[&[][..], &[("stated", "yes")]][..]),
    ] {
        let facets: Vec<&'static str> = tables::of(kind).facets().collect();
        for base in bases {
            tried += assert_counts_come_true(path, &facets, base);
        }
    }
    assert!(tried > 200, "{tried}");
}

#[test]
fn kinds_are_counted_where_records_are_named() {
    let search = |more: &[(&'static str, &str)]| {
        let parameters: Parameters = more.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        ask("search", &parameters)
    };
    let found = search(&[("limit", "1"), ("type", "forum")]);
    let id = found["items"][0]["record"]["id"].as_str().unwrap();
    let answer = search(&[("id", id), ("type", "organisation"), ("facets", "type")]);
    assert_eq!(total(&answer), 0);
    assert_eq!(answer["facets"][0]["values"][0]["key"], "forum");
    assert_eq!(answer["facets"][0]["values"][0]["count"], 1);
}
