//! The operators of `q` and suggestions over HTTP, against the Norrbotten demo registry.

use crate::harness::{TestApp, organisation};
use serde_json::{Value, json};

fn get(path: &str, query: &[(&str, &str)]) -> Value {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    let answer = TestApp::demo().get(&format!("/api/v1/{path}?{query}"));
    assert_eq!(answer.status, 200, "{path}?{query}: {}", answer.text());
    answer.json()
}

fn total(answer: &Value) -> u64 {
    answer["_meta"]["totalRecords"].as_u64().unwrap()
}

fn titles(answer: &Value) -> Vec<&str> {
    answer["items"].as_array().unwrap().iter().map(|item| item["title"].as_str().unwrap()).collect()
}

#[test]
fn a_field_of_q_gives_what_its_parameter_gives() {
    const FACETS: (&str, &str) = ("facets", "topic,type,municipality,level");
    let same = |path: &str, q: &str, parameters: &[(&str, &str)]| {
        let facets = if path == "search" { FACETS } else { ("facets", "topic,municipality,level") };
        let by_field = get(path, &[("q", q), facets]);
        let by_parameter = get(path, &[parameters, &[facets]].concat());
        assert!(total(&by_parameter) > 0, "{q}");
        assert_eq!(total(&by_field), total(&by_parameter), "{q}");
        assert_eq!(by_field["items"], by_parameter["items"], "{q}");
        assert_eq!(by_field["facets"], by_parameter["facets"], "{q}");
    };
    same("search", "ämne:integration", &[("topic", "integration")]);
    same("search", "topic:Integration ort:lulea", &[("topic", "integration"), ("municipality", "2580")]);
    same("search", "folkhögskola typ:organisation", &[("q", "folkhögskola"), ("type", "organisation")]);
    same("search", "status:any sektor:civil-society", &[("status", "any"), ("sector", "civil-society")]);
    same("search", "förening nivå:lokal", &[("q", "förening"), ("level", "local")]);
    same("organisations", "kind:association säte:25", &[("kind", "association"), ("seatMunicipality", "25")]);
    same("organisations", "status:dissolved,active", &[("status", "dissolved,active")]);
    same("forums", "kommun:\"Luleå kommun\"", &[("municipality", "2580")]);
}

#[test]
fn a_facet_counts_what_choosing_its_value_by_a_field_gives() {
    for base in ["förening", "-förening", "\"röda korset\"", "råd -ämne:integration", "status:any", "kommun:luleå"]
    {
        let answer = get("search", &[("q", base), ("facets", "topic,type,level"), ("limit", "1")]);
        for facet in answer["facets"].as_array().unwrap() {
            let name = facet["name"].as_str().unwrap();
            for value in facet["values"].as_array().unwrap().iter().take(4) {
                let key = value["key"].as_str().unwrap();
                let chosen = get("search", &[("q", &format!("{base} {name}:{key}")), ("limit", "1")]);
                assert_eq!(value["count"].as_u64(), Some(total(&chosen)), "{base} {name}:{key}");
            }
        }
    }
}

#[test]
fn phrases_and_exclusions_are_exact() {
    let phrase = get("search", &[("q", "\"röda korset\""), ("highlight", "true"), ("explain", "true")]);
    let words = get("search", &[("q", "röda korset")]);
    assert!(total(&phrase) > 0 && total(&phrase) <= total(&words));
    assert_eq!(titles(&phrase)[0], "Svenska Röda Korset");
    assert!(phrase.to_string().contains("<em>Röda</em> <em>Korset</em>"), "{phrase}");
    assert!(phrase["items"][0]["explanation"].to_string().contains("röda korset"), "{phrase}");
    assert_eq!(total(&get("search", &[("q", "\"korset röda\"")])), 0);
    let without = get("search", &[("q", "-\"röda korset\"")]);
    assert_eq!(total(&without) + total(&phrase), total(&get("search", &[])));
    let forums = get("search", &[("q", "-type:forum"), ("facets", "type")]);
    assert_eq!(total(&forums) + total(&get("search", &[("type", "forum")])), total(&get("search", &[])));
}

#[test]
fn what_was_meant_comes_back_with_its_operators() {
    let answer = get("search", &[("q", "folkhögskula -sunderby typ:organisation")]);
    assert_eq!(answer["didYouMean"], "folkhögskola -sunderby typ:organisation", "{answer}");
    assert!(total(&answer) > 0 && titles(&answer).iter().all(|title| !title.contains("Sunderby")), "{answer}");
    let quoted = get("search", &[("q", "\"folkhögskula\"")]);
    assert_eq!((total(&quoted), &quoted["didYouMean"]), (0, &Value::Null));
}

#[test]
fn addresses_lead_to_their_records() {
    for q in ["samforma.se", "https://www.samforma.se/kontakt", "webb:samforma", "info@samforma.se"] {
        let answer = get("search", &[("q", q)]);
        assert!(titles(&answer)[0].contains("Samforma"), "{q}: {answer}");
    }
    assert_eq!(titles(&get("search", &[("q", "demo:org-samforma")]))[0], "Samforma");
}

#[test]
fn channels_and_numbers_are_found_in_any_spelling() {
    let app = TestApp::new();
    let mut body = organisation("Sällskapet");
    body["website"] = json!("https://www.sallskapet.example.org");
    body["identifiers"] = json!([{"scheme": "SE-ON", "value": "802405-3442"}]);
    let owner = app.make("/api/v1/organisations", &body);
    let channel = |kind: &str, value: &str| json!({"kind": kind, "value": value});
    let point = json!({
        "ownerId": owner["id"], "ownerType": "organisation", "function": {"sv": "Kansliet"},
        "channels": [
            channel("email", "Info.Kansli@sallskapet.example.org"),
            channel("phone", "0920-12 34 56"),
            channel("web", "https://sallskapet.example.org/kontakt"),
        ],
    });
    app.make("/api/v1/contact-points", &point);
    app.settle();
    let first = |q: &str| -> Option<String> {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", q).finish();
        let answer = app.get(&format!("/api/v1/search?{query}"));
        answer.json()["items"][0]["title"].as_str().map(str::to_owned)
    };
    for q in [
        "info.kansli@sallskapet.example.org",
        "INFO.KANSLI@SALLSKAPET.EXAMPLE.ORG",
        "skriv till info.kansli@sallskapet.example.org",
        "www.sallskapet.example.org/kontakt",
        "0920-123456",
        "0920 12 34 56",
        "+46 920 12 34 56",
        "0046920123456",
        "e-post:kansli",
        "email:sallskapet.example.org",
        "webb:kontakt",
        "tel:0920123456",
    ] {
        assert_eq!(first(q).as_deref(), Some("Kansliet"), "{q}");
    }
    for q in [
        "sallskapet.example.org/om",
        "8024053442",
        "SE802405344201",
        "802405 3442",
        "orgnr:802405-3442",
        "\"802405-3442\"",
    ] {
        assert_eq!(first(q).as_deref(), Some("Sällskapet"), "{q}");
    }
    for q in ["0920-123457", "tel:0920-123457", "8024053443", "e-post:kansliet"] {
        assert_eq!(first(q), None, "{q}");
    }
}

#[test]
fn pages_of_operators_follow_their_cursor() {
    let mut seen = Vec::new();
    let query = [("q", "-förening sektor:civil-society"), ("limit", "7"), ("sort", "name"), ("fields", "id")];
    let mut answer = get("search", &query);
    let all = total(&answer);
    loop {
        seen.extend(answer["items"].as_array().unwrap().iter().map(|item| item["record"]["id"].clone()));
        let Some(next) = answer["_links"]["next"]["href"].as_str() else { break };
        answer = TestApp::demo().get(next).json();
    }
    let distinct: std::collections::BTreeSet<String> = seen.iter().map(ToString::to_string).collect();
    assert_eq!((seen.len() as u64, distinct.len() as u64), (all, all));
}

#[test]
fn suggestions_name_places_and_forgive_one_letter() {
    let found = get("suggest", &[("q", "giron")]);
    let place = found["items"].as_array().unwrap().iter().find(|item| item["type"] == "place").unwrap();
    assert_eq!((place["key"].as_str(), place["matched"].as_str()), (Some("2584"), Some("Giron")), "{found}");
    let chosen = get("search", &[("municipality", place["key"].as_str().unwrap())]);
    assert!(total(&chosen) > 0);
    let names = get("suggest", &[("q", "svneska röda kor")]);
    assert_eq!(titles(&names)[0], "Svenska Röda Korset");
    assert!(titles(&get("suggest", &[("q", "röda")])).iter().any(|title| title.contains("Röda Korset")));
    assert!(titles(&get("suggest", &[("q", "xvenska")])).is_empty());
}

#[test]
fn whatever_is_typed_is_answered() {
    let pieces = [
        "\"",
        "”",
        "»",
        "«",
        "-",
        "--",
        "topic:",
        "ämne:",
        "name:\"",
        "kommun:",
        "-type:forum",
        "status:any",
        "orgnr:",
        "tel:+",
        "email:@",
        "web:///",
        "röda",
        "korset",
        "-\"",
        "(",
        "[",
        ":",
        ",",
        "å\u{308}",
        "𝒳",
        "811218-9876",
        "http://",
        "a@b.c",
        " ",
        " ",
    ];
    let mut state = 7_u64;
    let mut roll = |sides: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % sides
    };
    for _ in 0..400 {
        let q: String = (0..=roll(12)).map(|_| pieces[roll(pieces.len())]).collect();
        let answer = get("search", &[("q", &q), ("facets", "type,topic"), ("highlight", "true"), ("explain", "true")]);
        assert!(answer["items"].as_array().unwrap().len() as u64 <= total(&answer), "{q}");
        get("suggest", &[("q", &q)]);
    }
    let long = "-\"röda korset\" ".repeat(33);
    get("search", &[("q", &long)]);
}
