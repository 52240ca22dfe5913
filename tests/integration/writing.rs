//! Creating, changing, replacing, deleting and merging records.

use crate::harness::{TestApp, organisation};
use samverkan::auth::actor::Role;
use serde_json::{Value, json};

const PATH: &str = "/api/v1/organisations";

fn item(record: &Value) -> String {
    format!("{PATH}/{}", record["id"].as_str().unwrap())
}

#[test]
fn a_created_record_is_answered_whole_and_read_back() {
    let app = TestApp::new();
    let answer = app.steward("POST", PATH).json(&organisation("Hembygdsföreningen i Överkalix")).send();
    assert_eq!(answer.status, 201, "{}", answer.text());
    let made = answer.json();
    assert_eq!(made["version"], 1);
    assert_eq!(made["createdAt"], "2026-11-24T09:00:00Z");
    assert_eq!(made["changeSequence"], 1);
    assert_eq!(answer.header("etag"), Some("\"1\""));
    let location = answer.header("location").unwrap();
    assert!(location.ends_with(&item(&made)), "{location}");
    let read = app.get(&item(&made));
    assert_eq!(read.status, 200);
    assert_eq!(read.json()["names"][0]["value"], "Hembygdsföreningen i Överkalix");
    assert_eq!(read.header("etag"), Some("\"1\""));
}

#[test]
fn every_error_of_a_body_is_told_at_once() {
    let app = TestApp::new();
    let body = json!({
        "sector": "space",
        "kind": "no-such-kind",
        "names": [],
        "topics": ["no-such-topic"],
        "unheardOf": 1,
        "activeIn": "2580",
    });
    let problem = app.steward("POST", PATH).json(&body).send().problem(422, "invalid");
    let pointers: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    for pointer in ["/sector", "/names", "/unheardOf", "/activeIn"] {
        assert!(pointers.contains(&pointer), "{pointer} is missing in {pointers:?}");
    }
}

#[test]
fn rules_beyond_the_schema_are_told_with_their_places() {
    let app = TestApp::new();
    let mut body = organisation("X");
    body["kind"] = json!("no-such-kind");
    body["topics"] = json!(["folkhalsa", "no-such-topic"]);
    body["seatMunicipality"] = json!("25");
    body["identifiers"] = json!([{"scheme": "SE-ON", "value": "802412-3457"}]);
    let problem = app.steward("POST", PATH).json(&body).send().problem(422, "invalid");
    let pointers: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    for pointer in ["/kind", "/topics/1", "/seatMunicipality", "/identifiers/0/value"] {
        assert!(pointers.contains(&pointer), "{pointer} is missing in {pointers:?}");
    }
}

#[test]
fn problems_speak_the_language_of_the_caller() {
    let app = TestApp::new();
    let path = format!("{PATH}/00000000-0000-7000-8000-000000000000");
    let swedish = app.anyone("GET", &path).header("accept-language", "sv").send().problem(404, "not-found");
    let english = app.anyone("GET", &path).header("accept-language", "en").send().problem(404, "not-found");
    assert_eq!(english["title"], "There is nothing here");
    assert_ne!(swedish["title"], english["title"]);
}

#[test]
fn writing_needs_a_token_and_a_role() {
    let app = TestApp::new();
    let answer = app.anyone("POST", PATH).json(&organisation("X")).send();
    answer.problem(401, "unauthorized");
    assert!(answer.header("www-authenticate").unwrap().starts_with("Bearer"));
    let reader = app.token(Role::Reader, None, false);
    app.anyone("POST", PATH).token(&reader).json(&organisation("X")).send().problem(403, "forbidden");
    app.anyone("POST", PATH).token("rubbish").json(&organisation("X")).send().problem(401, "unauthorized");
}

#[test]
fn an_editor_writes_its_own_tree_only() {
    let app = TestApp::new();
    let own = app.organisation("Egen");
    let other = app.organisation("Annan");
    let editor = app.token(Role::Editor, Some(own["id"].as_str().unwrap().parse().unwrap()), false);
    let patch = json!({"website": "https://egen.example.org"});
    let changed = app.anyone("PATCH", &item(&own)).token(&editor).patch(&own["version"], &patch).send();
    assert_eq!(changed.status, 200, "{}", changed.text());
    app.anyone("PATCH", &item(&other)).token(&editor).patch(&other["version"], &patch).send().problem(403, "forbidden");
    let mut unit = organisation("Enhet");
    unit["parentId"] = own["id"].clone();
    let unit = app.anyone("POST", PATH).token(&editor).json(&unit).send();
    assert_eq!(unit.status, 201, "{}", unit.text());
    let unit = unit.json();
    let moved = json!({"parentId": other["id"]});
    app.anyone("PATCH", &item(&unit)).token(&editor).patch(&unit["version"], &moved).send().problem(403, "forbidden");
}

#[test]
fn a_change_needs_the_version_it_starts_from() {
    let app = TestApp::new();
    let made = app.organisation("Föreningen");
    let body = json!({"website": "https://f.example.org"}).to_string();
    app.steward("PATCH", &item(&made))
        .header("content-type", "application/merge-patch+json")
        .raw(body.clone())
        .send()
        .problem(428, "precondition-required");
    app.steward("PATCH", &item(&made)).patch(&json!(7), &json!({})).send().problem(412, "precondition-failed");
    app.steward("DELETE", &item(&made)).send().problem(428, "precondition-required");
    let changed = app.steward("PATCH", &item(&made)).patch(&json!(1), &json!({"website": "f.example.org"})).send();
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(changed.json()["website"], "https://f.example.org");
    assert_eq!(changed.json()["version"], 2);
    assert_eq!(changed.header("etag"), Some("\"2\""));
}

#[test]
fn merge_patch_tells_absent_null_and_value_apart() {
    let app = TestApp::new();
    let mut body = organisation("Föreningen");
    body["website"] = json!("https://f.example.org");
    body["description"] = json!({"sv": "Svensk text", "en": "English text"});
    let made = app.make(PATH, &body);
    let patch = json!({"website": null, "description": {"en": "Other text"}});
    let changed = app.steward("PATCH", &item(&made)).patch(&json!(1), &patch).send().json();
    assert!(changed.get("website").is_none());
    assert_eq!(changed["description"], json!({"sv": "Svensk text", "en": "Other text"}));
    assert_eq!(changed["names"][0]["value"], "Föreningen");
}

#[test]
fn a_patch_that_changes_nothing_makes_no_version() {
    let app = TestApp::new();
    let made = app.organisation("Föreningen");
    let same = app.steward("PATCH", &item(&made)).patch(&json!(1), &json!({"version": 9, "id": "x"})).send();
    assert_eq!(same.status, 200, "{}", same.text());
    assert_eq!(same.json()["version"], 1);
    assert_eq!(app.app.db.head().unwrap().sequence, 1);
}

#[test]
fn put_by_own_key_creates_once_and_then_replaces() {
    let app = TestApp::new();
    let path = format!("{PATH}/ibgo:4711");
    let first = app.steward("PUT", &path).json(&organisation("Namn ett")).send();
    assert_eq!(first.status, 201, "{}", first.text());
    let again = app.steward("PUT", &path).json(&organisation("Namn två")).send();
    assert_eq!(again.status, 200, "{}", again.text());
    assert_eq!(again.json()["id"], first.json()["id"]);
    assert_eq!(again.json()["version"], 2);
    assert_eq!(app.get(&path).json()["names"][0]["value"], "Namn två");
}

#[test]
fn an_organisation_number_is_found_in_any_spelling_and_held_once() {
    let app = TestApp::new();
    let mut body = organisation("Föreningen");
    body["identifiers"] = json!([{"scheme": "SE-ON", "value": "SE8024053442"}]);
    let answer = app.steward("POST", PATH).json(&body).send();
    if answer.status == 422 {
        // 802405-3442 must be a number that passes the check digit for this test to say anything.
        panic!("{}", answer.text());
    }
    let made = answer.json();
    assert_eq!(made["identifiers"][0], json!({"scheme": "SE-ON", "value": "802405-3442"}));
    for spelling in ["802405-3442", "8024053442", "SE-ON-802405-3442", "SE-ON:802405-3442", "168024053442"] {
        let found = app.get(&format!("{PATH}/{spelling}"));
        assert_eq!(found.status, 200, "{spelling}: {}", found.text());
        assert_eq!(found.json()["id"], made["id"]);
    }
    let problem = app.steward("POST", PATH).json(&body).send().problem(409, "identifier-taken");
    assert_eq!(problem["errors"][0]["pointer"], "/identifiers/0/value");
}

#[test]
fn a_personal_number_is_refused_and_never_echoed() {
    let app = TestApp::new();
    for number in ["8112189876", "19811218-9876", "811218-9876"] {
        let mut body = organisation("Enskild firma");
        body["identifiers"] = json!([{"scheme": "SE-ON", "value": number}]);
        let answer = app.steward("POST", PATH).json(&body).send();
        answer.problem(422, "invalid");
        assert!(!answer.text().contains("9876"), "{}", answer.text());
    }
}

#[test]
fn a_repeated_post_with_a_key_gives_the_first_answer() {
    let app = TestApp::new();
    let post = |body: &Value, key: &str| app.steward("POST", PATH).header("idempotency-key", key).json(body).send();
    let first = post(&organisation("En gång"), "k-1");
    assert_eq!(first.status, 201, "{}", first.text());
    let again = post(&organisation("En gång"), "k-1");
    assert_eq!(again.status, 201);
    assert_eq!(again.json(), first.json());
    assert_eq!(again.header("location"), first.header("location"));
    post(&organisation("En annan"), "k-1").problem(422, "idempotency-key-reused");
    let failed = post(&json!({}), "k-2");
    failed.problem(422, "invalid");
    assert_eq!(post(&organisation("Efter felet"), "k-2").status, 201);
    assert_eq!(app.app.db.head().unwrap().sequence, 2);
}

#[test]
fn a_deleted_record_is_gone_with_what_it_owned() {
    let app = TestApp::new();
    let made = app.organisation("Föreningen");
    let point = app.make(
        "/api/v1/contact-points",
        &json!({
            "ownerId": made["id"], "ownerType": "organisation", "function": {"sv": "Styrelsen"},
            "channels": [{"kind": "email", "value": "styrelsen@example.org"}],
        }),
    );
    let deleted = app.steward("DELETE", &item(&made)).header("if-match", "\"1\"").send();
    assert_eq!(deleted.status, 200, "{}", deleted.text());
    let deleted = deleted.json();
    assert_eq!(
        (&deleted["id"], &deleted["type"], &deleted["version"]),
        (&made["id"], &json!("organisation"), &json!(2))
    );
    assert!(deleted["deletedAt"].is_string() && deleted["changeSequence"].is_number());
    app.get(&item(&made)).problem(410, "gone");
    app.get(&format!("/api/v1/contact-points/{}", point["id"].as_str().unwrap())).problem(410, "gone");
    app.steward("PATCH", &item(&made)).patch(&json!(1), &json!({})).send().problem(410, "gone");
    app.settle();
    assert_eq!(app.get(PATH).json()["_meta"]["totalRecords"], 0);
}

#[test]
fn a_record_that_others_point_to_is_not_deleted() {
    let app = TestApp::new();
    let parent = app.organisation("Över");
    let mut child = organisation("Under");
    child["parentId"] = parent["id"].clone();
    let child = app.make(PATH, &child);
    let problem = app.steward("DELETE", &item(&parent)).header("if-match", "*").send().problem(409, "referenced");
    assert!(problem.to_string().contains(child["id"].as_str().unwrap()), "{problem}");
    assert_eq!(app.get(&item(&parent)).status, 200);
}

#[test]
fn a_tree_has_no_rings() {
    let app = TestApp::new();
    let top = app.organisation("Överst");
    let mut below = organisation("Under");
    below["parentId"] = top["id"].clone();
    let below = app.make(PATH, &below);
    let problem = app
        .steward("PATCH", &item(&top))
        .patch(&json!(1), &json!({"parentId": below["id"]}))
        .send()
        .problem(422, "invalid");
    assert_eq!(problem["errors"][0]["pointer"], "/parentId");
}

#[test]
fn who_absorbs_what_lies_above_takes_its_place() {
    let app = TestApp::new();
    let below = |name: &str, above: &Value| {
        let mut body = organisation(name);
        body["parentId"] = above["id"].clone();
        app.make(PATH, &body)
    };
    let top = app.organisation("Överst");
    let absorbed = below("Region", &top);
    let between = below("Förvaltning", &absorbed);
    let survivor = below("Enhet", &between);
    let merged = app
        .steward("POST", &format!("{}/merges", item(&survivor)))
        .json(&json!({"absorbedId": absorbed["id"], "reason": "samma"}))
        .send();
    assert_eq!(merged.status, 200, "{}", merged.text());
    assert_eq!(merged.json()["parentId"], top["id"]);
    assert_eq!(app.get(&item(&between)).json()["parentId"], survivor["id"]);
}

#[test]
fn a_contact_point_that_another_s_membership_names_keeps_its_owner() {
    let app = TestApp::new();
    let [owner, member, umbrella] = ["Ägare", "Medlem", "Paraply"].map(|name| app.organisation(name));
    let point = json!({"ownerId": owner["id"], "ownerType": "organisation", "function": {"sv": "Kansliet"}});
    let point = app.make("/api/v1/contact-points", &point);
    let membership = json!({"memberId": member["id"], "inId": umbrella["id"], "inType": "organisation",
        "contactPointId": point["id"]});
    let membership = app.make("/api/v1/memberships", &membership);
    let problem = app.steward("DELETE", &item(&owner)).header("if-match", "*").send().problem(409, "referenced");
    assert!(problem.to_string().contains(membership["id"].as_str().unwrap()), "{problem}");
    // What goes with the member is in nobody's way.
    assert_eq!(app.steward("DELETE", &item(&member)).header("if-match", "*").send().status, 200);
    assert_eq!(app.steward("DELETE", &item(&owner)).header("if-match", "*").send().status, 200);
}

#[test]
fn a_move_and_a_rename_reach_all_that_show_the_names_of_what_is_above() {
    let app = TestApp::new();
    let (old, new) = (app.organisation("Gamla"), app.organisation("Nya"));
    let mut body = organisation("Mitten");
    body["parentId"] = old["id"].clone();
    let middle = app.make(PATH, &body);
    body = organisation("Enheten");
    body["parentId"] = middle["id"].clone();
    let unit = app.make(PATH, &body);
    app.make(
        "/api/v1/memberships",
        &json!({"memberId": unit["id"], "inId": new["id"], "inType": "organisation", "role": "chair"}),
    );
    let change = |record: &Value, patch: Value| {
        let answer = app.steward("PATCH", &item(record)).patch(&json!(1), &patch).send();
        assert_eq!(answer.status, 200, "{}", answer.text());
        app.settle();
    };
    // At its end the test compares what the index holds of each with a rebuild.
    change(&middle, json!({"parentId": new["id"]}));
    change(&new, json!({"names": [{"value": "Omdöpt", "lang": "sv", "kind": "official"}]}));
}

#[test]
fn references_must_lead_to_records_of_the_right_kind() {
    let app = TestApp::new();
    let forum = app.make("/api/v1/forums", &json!({"names": [{"value": "Forum", "lang": "sv", "kind": "official"}]}));
    let body = json!({"memberId": forum["id"], "inId": forum["id"], "inType": "network"});
    let problem = app.steward("POST", "/api/v1/memberships").json(&body).send().problem(422, "invalid");
    assert!(problem["errors"].as_array().unwrap().iter().any(|error| error["pointer"] == "/inId"), "{problem}");
    let body = json!({"memberId": forum["id"], "inId": "00000000-0000-7000-8000-000000000001", "inType": "network"});
    let problem = app.steward("POST", "/api/v1/memberships").json(&body).send().problem(422, "invalid");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2, "{problem}");
}

#[test]
fn a_merge_moves_everything_and_leads_on_for_ever() {
    let app = TestApp::new();
    let survivor = app.organisation("Funktionsrätt Norrbotten");
    let mut body = organisation("HSO Norrbotten");
    body["identifiers"] = json!([{"scheme": "old", "value": "17"}]);
    let absorbed = app.make(PATH, &body);
    let umbrella = app.organisation("Paraply");
    for member in [&survivor, &absorbed] {
        app.make(
            "/api/v1/memberships",
            &json!({
                "memberId": member["id"], "inId": umbrella["id"], "inType": "organisation",
            }),
        );
    }
    let point = app.make(
        "/api/v1/contact-points",
        &json!({
            "ownerId": absorbed["id"], "ownerType": "organisation", "function": {"sv": "Kansliet"},
        }),
    );
    let merged = app
        .steward("POST", &format!("{}/merges", item(&survivor)))
        .json(&json!({"absorbedId": absorbed["id"], "reason": "namnbyte"}))
        .send();
    assert_eq!(merged.status, 200, "{}", merged.text());
    let merged = merged.json();
    assert_eq!(merged["names"][1], json!({"value": "HSO Norrbotten", "lang": "sv", "kind": "former"}));
    let moved = app.get(&item(&absorbed));
    assert_eq!(moved.status, 308);
    assert!(moved.header("location").unwrap().ends_with(&item(&survivor)));
    let problem = app.steward("PATCH", &item(&absorbed)).patch(&json!(1), &json!({})).send().problem(409, "merged");
    assert_eq!(problem["mergedInto"], survivor["id"]);
    let point = app.get(&format!("/api/v1/contact-points/{}", point["id"].as_str().unwrap())).json();
    assert_eq!(point["ownerId"], survivor["id"]);
    assert_eq!(app.get(&format!("{PATH}/old:17")).json()["id"], survivor["id"]);
    app.settle();
    let members = app.get(&format!("/api/v1/memberships?in={}", umbrella["id"].as_str().unwrap())).json();
    assert_eq!(members["_meta"]["totalRecords"], 1, "duplicates collapse");
    let found = app.get("/api/v1/search?q=HSO+Norrbotten").json();
    assert_eq!(found["items"][0]["id"], survivor["id"]);
}

#[test]
fn history_tells_every_version_and_what_stood_when() {
    let app = TestApp::new();
    let made = app.organisation("Första namnet");
    app.clock.set("2026-11-24T09:02:00Z".parse().unwrap());
    let patch = json!({"names": [{"value": "Andra namnet", "lang": "sv", "kind": "official"}]});
    assert_eq!(app.steward("PATCH", &item(&made)).patch(&json!(1), &patch).send().status, 200);
    let history = app.get(&format!("{}/history", item(&made))).json();
    let names: Vec<&Value> =
        history["items"].as_array().unwrap().iter().map(|entry| &entry["record"]["names"][0]["value"]).collect();
    assert_eq!(names, ["Andra namnet", "Första namnet"]);
    let then = app.get(&format!("{}/history?asOf=2026-11-24T09:01:00Z", item(&made))).json();
    assert_eq!(then["items"].as_array().unwrap().len(), 1, "{then}");
    assert_eq!(then["items"][0]["record"]["names"][0]["value"], "Första namnet");
}
