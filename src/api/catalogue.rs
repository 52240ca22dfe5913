//! The vocabularies as lists and single terms.

use crate::api::call::{Answer, Call};
use crate::api::etag;
use crate::api::negotiate::{Format, negotiate};
use crate::api::parameters::{Params, wrong_parameters};
use crate::api::parse::{DEFAULT_LIMIT, MOST};
use crate::api::schemas::{TermPage, TermShown};
use crate::error::{Error, FieldError, Message};
use crate::search::text::fold;
use crate::vocabulary::{Area, Synonyms, Term, Vocabulary, by_number};
use actix_web::http::header;
use actix_web::{HttpResponse, get, web};
use serde_json::{Map, Value, json};

/// Describes and registers list and single term of a vocabulary.
macro_rules! vocabulary_operations {
    ($($vocabulary:ident $list:ident $read:ident $path:literal $item:literal $list_id:literal $read_id:literal $sv:literal $en:literal;)*) => {
        $(
            #[utoipa::path(
                tag = "vocabularies",
                operation_id = $list_id,
                summary = concat!("Lista ", $sv, " / List ", $en),
                description = concat!("Vokabulären ", $sv, ": nycklar med namn på alla språk, andra ord och samband.\n\nThe vocabulary of ", $en, ": keys with labels in all languages, other words and relations."),
                params(
                    ("q" = Option<String>, Query, description = "Ord i namn eller synonym / Words of a label or synonym", example = "hälsa"),
                    ("page" = Option<u64>, Query, description = "Sida från 1 / Page from 1", example = 1),
                    ("limit" = Option<u64>, Query, description = "Högst så många per sida, 1 till 100 / At most so many on a page, 1 to 100", minimum = 1, maximum = 100, example = 20),
                ),
                responses((status = 200, description = concat!("En sida ", $sv, " / A page of ", $en), body = TermPage)),
            )]
            #[get($path)]
            pub(crate) async fn $list(call: Call) -> Answer {
                list(&call, Vocabulary::$vocabulary)
            }

            #[utoipa::path(
                tag = "vocabularies",
                operation_id = $read_id,
                summary = concat!("Läs ett begrepp bland ", $sv, " / Read one of the ", $en),
                description = concat!("Ett begrepp i vokabulären ", $sv, ".\n\nOne term of the vocabulary of ", $en, "."),
                params(("key" = String, Path, description = "Nyckel / Key", example = "1")),
                responses((status = 200, description = "Begreppet / The term", body = TermShown)),
            )]
            #[get($item)]
            pub(crate) async fn $read(call: Call, key: web::Path<String>) -> Answer {
                read(&call, Vocabulary::$vocabulary, &key)
            }
        )*
    };
}

vocabulary_operations! {
    Topics list_topics read_topic "/topics" "/topics/{key}" "listTopics" "readTopic" "ämnen" "topics";
    Municipalities list_municipalities read_municipality "/municipalities" "/municipalities/{key}" "listMunicipalities" "readMunicipality" "kommuner och län" "municipalities and counties";
    ActivityAreas list_activity_areas read_activity_area "/activity-areas" "/activity-areas/{key}" "listActivityAreas" "readActivityArea" "verksamhetsområden" "activity areas";
    LegalForms list_legal_forms read_legal_form "/legal-forms" "/legal-forms/{key}" "listLegalForms" "readLegalForm" "juridiska former" "legal forms";
    SustainabilityGoals list_goals read_goal "/sustainability-goals" "/sustainability-goals/{key}" "listSustainabilityGoals" "readSustainabilityGoal" "globala mål" "sustainability goals";
    OrganisationKinds list_organisation_kinds read_organisation_kind "/organisation-kinds" "/organisation-kinds/{key}" "listOrganisationKinds" "readOrganisationKind" "slag av organisationer" "kinds of organisations";
    TargetGroups list_target_groups read_target_group "/target-groups" "/target-groups/{key}" "listTargetGroups" "readTargetGroup" "målgrupper" "target groups";
    ContactPurposes list_contact_purposes read_contact_purpose "/contact-purposes" "/contact-purposes/{key}" "listContactPurposes" "readContactPurpose" "kontaktärenden" "contact purposes";
    Languages list_languages read_language "/languages" "/languages/{key}" "listLanguages" "readLanguage" "språk" "languages";
    CollaborationForms list_collaboration_forms read_collaboration_form "/collaboration-forms" "/collaboration-forms/{key}" "listCollaborationForms" "readCollaborationForm" "samverkansformer" "collaboration forms";
    PartnershipForms list_partnership_forms read_partnership_form "/partnership-forms" "/partnership-forms/{key}" "listPartnershipForms" "readPartnershipForm" "partnerskapsformer" "partnership forms";
}

fn list(call: &Call, vocabulary: Vocabulary) -> Answer {
    let params = Params::of(&call.request)?;
    params.only(&["q", "page", "limit"])?;
    negotiate(&call.request, Format::PLAIN)?;
    let mut errors: Vec<FieldError> = Vec::new();
    let mut number = |name: &'static str, default: u64, least: u64, most: u64| match params.single(name) {
        Ok(None) => default,
        Ok(Some(text)) => text.parse().ok().filter(|n| (least..=most).contains(n)).unwrap_or_else(|| {
            let detail = Message::new(
                format!("Ett heltal från {least} till {most}."),
                format!("A whole number from {least} to {most}."),
            );
            errors.push(FieldError::parameter(name, "range", detail));
            default
        }),
        Err(error) => {
            errors.push(error);
            default
        }
    };
    let page = number("page", 1, 0, u64::from(u32::MAX));
    let limit = number("limit", DEFAULT_LIMIT as u64, 1, MOST as u64);
    let words = match params.single("q") {
        Ok(text) => text.map(fold).unwrap_or_default(),
        Err(error) => {
            errors.push(error);
            String::new()
        }
    };
    if !errors.is_empty() {
        return Err(wrong_parameters(errors));
    }
    let found: Vec<&Term> = vocabulary.terms().iter().filter(|term| says(term, &words)).collect();
    let start = usize::try_from(page.saturating_sub(1).saturating_mul(limit)).unwrap_or(usize::MAX);
    let size = if page == 0 { 0 } else { usize::try_from(limit).unwrap_or(MOST) };
    let items: Vec<Value> = found.iter().skip(start).take(size).map(|term| shown(term)).collect();
    let (total, count) = (found.len() as u64, items.len());
    let own = format!("{}/{}", call.api(), vocabulary.name());
    let link = |rel: &str, page: u64| {
        let page = page.to_string();
        let href = format!("{own}{}", params.with(&[("page", Some(&page))]));
        (rel.to_owned(), json!({"href": href, "rel": rel, "method": "GET"}))
    };
    let last = total.div_ceil(limit).max(1);
    let mut links = Map::from_iter([
        ("self".to_owned(), json!({"href": format!("{own}{}", params.with(&[])), "rel": "self", "method": "GET"})),
        link("first", 1),
        link("last", last),
    ]);
    if page > 1 {
        links.extend([link("prev", (page - 1).min(last))]);
    }
    if page < last {
        links.extend([link("next", page + 1)]);
    }
    let body = json!({
        "items": items,
        "_meta": {"totalRecords": total, "page": page, "limit": limit, "count": count,
            "changeSequence": call.app.index.searcher().sequence()},
        "_links": links,
    });
    // What a vocabulary holds changes with the program only: its answers are the same until then.
    let tagged = json!([body["items"], total, page, limit]).to_string();
    send(call, &tagged, body.to_string())
}

fn read(call: &Call, vocabulary: Vocabulary, key: &str) -> Answer {
    Params::of(&call.request)?.only(&[])?;
    negotiate(&call.request, Format::PLAIN)?;
    let term = vocabulary.term(key).ok_or_else(|| {
        Error::problem(
            crate::error::Code::NotFound,
            Message::fixed("Nyckeln finns inte i vokabulären.", "The key is not in the vocabulary."),
        )
    })?;
    let mut body = shown(term);
    let own = format!("{}/{}", call.api(), vocabulary.name());
    body["_links"] = json!({
        "self": {"href": format!("{own}/{key}"), "rel": "self", "method": "GET"},
        "collection": {"href": own, "rel": "collection", "method": "GET"},
    });
    let body = body.to_string();
    send(call, &body.clone(), body)
}

fn send(call: &Call, tagged: &str, body: String) -> Answer {
    let mut hash = etag::Hash::default();
    hash.add(tagged.as_bytes());
    let tag = etag::weak(hash.value(), Format::Json);
    if let Some(tag) = etag::not_modified(&call.request, &tag)? {
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, tag)).finish());
    }
    Ok(HttpResponse::Ok()
        .insert_header((header::ETAG, tag))
        .insert_header((header::CONTENT_TYPE, Format::Json.content_type()))
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .body(body))
}

/// Whether all words begin words of one label or synonym.
fn says(term: &Term, words: &str) -> bool {
    let labels = term.label.texts().map(|(_, text)| text).chain(term.synonyms.all()).chain([term.key.as_str()]);
    words.is_empty()
        || labels.map(fold).any(|label| {
            words
                .split_whitespace()
                .all(|word| label.split(|c: char| !c.is_alphanumeric()).any(|part| part.starts_with(word)))
        })
}

fn shown(term: &Term) -> Value {
    let keys = |numbers: &[u16]| -> Vec<&str> {
        numbers.iter().filter_map(|number| by_number(*number)).map(|term| term.key.as_str()).collect()
    };
    let mut item = json!({"key": term.key, "label": term.label});
    if let Some(description) = &term.description {
        item["description"] = json!(description);
    }
    item["synonyms"] = synonyms(&term.synonyms);
    item["broader"] = json!(term.broader);
    item["narrower"] = json!(keys(&term.narrower));
    item["related"] = json!(term.related);
    if let Some(location) = &term.location {
        item["location"] = json!(location);
    }
    if let Some(area) = term.area {
        item["area"] = json!(match area {
            Area::Municipality => "municipality",
            Area::County => "county",
            Area::Country => "country",
        });
    }
    item
}

fn synonyms(synonyms: &Synonyms) -> Value {
    let all: [(&str, &Vec<String>); 9] = [
        ("sv", &synonyms.sv),
        ("en", &synonyms.en),
        ("fi", &synonyms.fi),
        ("fit", &synonyms.fit),
        ("se", &synonyms.se),
        ("smj", &synonyms.smj),
        ("sma", &synonyms.sma),
        ("sje", &synonyms.sje),
        ("sju", &synonyms.sju),
    ];
    let there = all.into_iter().filter(|(_, words)| !words.is_empty());
    Value::Object(there.map(|(lang, words)| (lang.to_owned(), json!(words))).collect())
}
