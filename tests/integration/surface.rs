//! The conventions of the HTTP surface.

use crate::harness::TestApp;

#[test]
fn a_wrong_method_is_told_which_are_right() {
    let app = TestApp::demo();
    let answer = app.anyone("DELETE", "/api/v1/organisations").send();
    answer.problem(405, "method-not-allowed");
    assert_eq!(answer.header("allow"), Some("GET, HEAD, OPTIONS, POST"));
    let options = app.anyone("OPTIONS", "/api/v1/organisations").send();
    assert_eq!((options.status, options.header("allow")), (204, Some("GET, HEAD, OPTIONS, POST")));
    app.get("/api/v1/nonsense").problem(404, "not-found");
    app.get("/nonsense").problem(404, "not-found");
}

#[test]
fn unknown_parameters_and_values_are_named() {
    let app = TestApp::demo();
    let problem =
        app.get("/api/v1/organisations?topik=folkhalsa&kind=spaceship&limit=1000").problem(400, "invalid-parameter");
    let named: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|error| error["parameter"].as_str().unwrap()).collect();
    for name in ["topik", "kind", "limit"] {
        assert!(named.contains(&name), "{named:?}");
    }
    app.get("/api/v1/organisations/demo:org-samforma?nonsense=1").problem(400, "invalid-parameter");
}

#[test]
fn a_page_outside_is_empty_and_not_an_error() {
    let app = TestApp::demo();
    for page in ["0", "400"] {
        let answer = app.get(&format!("/api/v1/organisations?page={page}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.json()["items"].as_array().unwrap().len(), 0);
    }
}

#[test]
fn commas_mean_or_and_repetition_means_and() {
    let app = TestApp::demo();
    let total = |query: &str| {
        app.get(&format!("/api/v1/organisations?{query}")).json()["_meta"]["totalRecords"].as_u64().unwrap()
    };
    let (one, other) = (total("topic=integration"), total("topic=folkhalsa"));
    let (either, both) = (total("topic=integration,folkhalsa"), total("topic=integration&topic=folkhalsa"));
    assert!(either >= one.max(other) && both <= one.min(other));
    assert_eq!(either + both, one + other);
}

#[test]
fn a_repeated_read_is_answered_by_304() {
    let app = TestApp::demo();
    for path in [
        "/api/v1/organisations/demo:org-samforma",
        "/api/v1/organisations?limit=5",
        "/api/v1/search?q=kultur",
        "/api/v1/topics",
    ] {
        let first = app.get(path);
        let tag = first.header("etag").unwrap_or_else(|| panic!("{path} has no ETag")).to_owned();
        let again = app.anyone("GET", path).header("if-none-match", &tag).send();
        assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
        assert_eq!(again.header("etag"), Some(tag.as_str()));
    }
}

#[test]
fn fields_and_include_shape_the_answer() {
    let app = TestApp::demo();
    let one = app.get("/api/v1/organisations/demo:unit-rn-kulturenheten?fields=id,names&include=parent").json();
    assert!(one.get("topics").is_none() && one["names"].is_array());
    assert_eq!(one["_embedded"]["parent"]["identifiers"][0]["value"], "unit-rn-regional-utveckling");
    let many = app.get("/api/v1/forums?include=hosts&limit=3").json();
    for forum in many["items"].as_array().unwrap() {
        assert!(forum["_embedded"]["hosts"].is_array(), "{forum}");
    }
}

#[test]
fn lists_come_as_csv_and_records_as_linked_data() {
    let app = TestApp::demo();
    let csv = app.anyone("GET", "/api/v1/organisations?limit=3").header("accept", "text/csv").send();
    assert!(csv.header("content-type").unwrap().starts_with("text/csv"));
    assert!(csv.text().starts_with("\u{feff}id,"), "{}", csv.text());
    assert_eq!(csv.text().lines().count(), 4);
    let linked =
        app.anyone("GET", "/api/v1/organisations/demo:org-samforma").header("accept", "application/ld+json").send();
    assert_eq!(linked.header("content-type"), Some("application/ld+json"));
    assert_eq!(linked.json()["name"][0]["@value"], "Samforma");
    app.anyone("GET", "/api/v1/organisations").header("accept", "image/png").send().problem(406, "not-acceptable");
}

#[test]
fn every_answer_can_be_traced() {
    let app = TestApp::demo();
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let answer = app.anyone("GET", "/api/v1/api-info").header("traceparent", parent).send();
    let returned = answer.header("traceparent").unwrap();
    assert!(returned.starts_with("00-0af7651916cd43dd8448eb211c80319c-") && returned != parent, "{returned}");
    assert!(answer.header("x-request-id").is_some() && answer.header("change-sequence").is_some());
    assert!(answer.header("vary").unwrap().contains("Accept-Language"));
}

#[test]
fn a_reader_waits_for_its_own_write() {
    let app = TestApp::new();
    let made = app.organisation("Nyss skapad");
    let sequence = made["changeSequence"].as_u64().unwrap();
    let found = app.get(&format!("/api/v1/search?q=nyss+skapad&minChange={sequence}")).json();
    assert_eq!(found["items"][0]["id"], made["id"]);
    app.get(&format!("/api/v1/search?minChange={}", sequence + 100)).problem(400, "invalid-parameter");
}

#[test]
fn health_tells_where_index_and_log_stand() {
    let app = TestApp::demo();
    assert_eq!(app.get("/health/live").status, 200);
    let ready = app.get("/health/ready");
    assert_eq!(ready.status, 200);
    assert_eq!(ready.json()["indexSequence"], ready.json()["changeSequence"]);
}

#[test]
fn a_search_explains_highlights_and_corrects() {
    let app = TestApp::demo();
    let found = app.get("/api/v1/search?q=r%C3%B6da+korset&highlight=true&explain=true").json();
    let hit = &found["items"][0];
    assert!(hit["highlights"].to_string().contains("<em>"), "{hit}");
    assert!(hit["explanation"].is_object() || hit["explanation"].is_array(), "{hit}");
    assert_eq!(hit["matchedOn"][0], "name");
    let corrected = app.get("/api/v1/search?q=funktonsr%C3%A4tt").json();
    assert!(corrected["didYouMean"].is_string(), "{corrected}");
}

#[test]
fn who_says_not_to_work_together_can_be_asked_for() {
    let app = TestApp::demo();
    let no = app.get("/api/v1/organisations?notCollaboratingWith=demo:pub-region-norrbotten").json();
    assert_eq!(no["_meta"]["totalRecords"], 2);
}

#[test]
fn a_search_finds_every_kind_that_it_is_asked_for() {
    let app = TestApp::new();
    let owner = app.organisation("Föreningen");
    let other = app.organisation("Kommunen");
    app.make("/api/v1/meetings", &serde_json::json!({
        "ofId": owner["id"], "ofType": "organisation", "title": {"sv": "Årsmöte"}, "start": "2027-02-10T08:00:00+01:00",
    }));
    app.make(
        "/api/v1/memberships",
        &serde_json::json!({"memberId": owner["id"], "inId": other["id"], "inType": "organisation"}),
    );
    app.make(
        "/api/v1/collaborations",
        &serde_json::json!({
            "organisationId": owner["id"], "publicBodyId": other["id"], "stated": "yes", "forms": ["dialogue"],
        }),
    );
    app.settle();
    for kind in ["meeting", "membership", "collaboration", "organisation"] {
        let found = app.get(&format!("/api/v1/search?type={kind}")).json();
        assert!(found["_meta"]["totalRecords"].as_u64() > Some(0), "{kind}: {found}");
    }
    let meetings = app.get("/api/v1/meetings").json();
    assert_eq!(meetings["items"][0]["start"], "2027-02-10T07:00:00Z", "moments come out in UTC");
}
