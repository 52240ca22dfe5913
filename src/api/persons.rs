//! What is held about a person, for administrators. A person's name stands in bodies only, never in an address.

use crate::api::body;
use crate::api::call::{Answer, Call, blocking, private};
use crate::api::negotiate::{Format, negotiate};
use crate::api::parameters::Params;
use crate::api::validate::{Validator, clean};
use crate::auth::permission::must_be_administrator;
use crate::db::audit::Entry;
use crate::error::{Error, FieldError, Message, Result};
use crate::nodes::{self, Withdrawal};
use crate::persons::{self, Outcome, Person, Place, Sought};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{post, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// Who is looked for: at least one name, address or number.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
#[schema(example = json!({"names": ["Anna Exempel"], "emails": ["anna@forening.example.org"], "phones": ["070-123 45 67"]}))]
pub(crate) struct PersonInput {
    /// Names, each as it is written; four letters at least.
    #[serde(default)]
    #[schema(max_items = 10)]
    names: Vec<PersonWord>,
    /// E-mail addresses.
    #[serde(default)]
    #[schema(max_items = 10)]
    emails: Vec<PersonWord>,
    /// Telephone numbers, in any spelling.
    #[serde(default)]
    #[schema(max_items = 10)]
    phones: Vec<PersonWord>,
    /// For a correction: what is to stand in the place of what is found.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    to: Option<String>,
}

/// A name, an address or a number.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(min_length = 1, max_length = 200, example = "Anna Exempel")]
pub(crate) struct PersonWord(String);

/// Where something is held.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"items": [{"place": "record", "type": "contact-point", "id": "0190d1a0-7c3e-7000-8000-5a1f0c2d3e4f", "pointers": ["/person/name"]}], "_meta": {"count": 1}}))]
pub(crate) struct PersonPlaces {
    /// The places.
    items: Vec<Place>,
    /// How many there are.
    #[serde(rename = "_meta")]
    #[schema(value_type = Object)]
    meta: serde_json::Value,
}

#[utoipa::path(
    tag = "administration",
    operation_id = "searchPerson",
    summary = "Sök allt om en person / Find everything about a person",
    description = "Var något om en person finns: poster med skyddade delar, deras historik, granskningsloggen, sparade svar, klienter och webhooks. \
        Sökorden står i innehållet, aldrig i adressen; därför POST fast inget ändras.\n\nWhere something about a person is held: records with protected parts, \
        their history, the audit log, kept answers, clients and webhooks. The words stand in the body, never in the address; hence POST, although nothing changes.",
    request_body(content = PersonInput, description = "Personen / The person"),
    responses((status = 200, description = "Ställena / The places", body = PersonPlaces)),
    security(("oauth" = ["write"])),
)]
#[post("/person-searches")]
pub(crate) async fn search_person(call: Call, payload: web::Payload) -> Answer {
    find(call, payload, false).await
}

#[utoipa::path(
    tag = "administration",
    operation_id = "exportPerson",
    summary = "Registerutdrag / Give out what is held about a person",
    description = "Allt som finns om en person, med innehållet (artikel 15). Inget ändras.\n\n\
        Everything held about a person, with the content (article 15). Nothing changes.",
    request_body(content = PersonInput, description = "Personen / The person"),
    responses((status = 200, description = "Ställena med innehåll / The places with content", body = PersonPlaces)),
    security(("oauth" = ["write"])),
)]
#[post("/person-exports")]
pub(crate) async fn export_person(call: Call, payload: web::Payload) -> Answer {
    find(call, payload, true).await
}

#[utoipa::path(
    tag = "administration",
    operation_id = "correctPerson",
    summary = "Rätta uppgifter om en person / Correct what is held about a person",
    description = "Sätter to i stället för det som hittas, i posterna som de är nu (artikel 16). Historiken står kvar.\n\n\
        Puts to in the place of what is found, in the records as they are now (article 16). History stays.",
    request_body(content = PersonInput, description = "Personen och det rätta / The person and what is right"),
    responses((status = 200, description = "Vad som gjordes / What was done", body = Outcome)),
    security(("oauth" = ["write"])),
)]
#[post("/person-corrections")]
pub(crate) async fn correct_person(call: Call, payload: web::Payload) -> Answer {
    let (sought, to) = read(&call, payload).await?;
    let to = to.ok_or_else(|| {
        let detail = Message::fixed("Skriv vad som ska stå i stället.", "Write what is to stand there.");
        Error::invalid(vec![FieldError::at("/to", "required", detail)])
    })?;
    let (app, by) = (call.app.clone(), call.by());
    let outcome = blocking(move || persons::correct(&app.db, &by, &sought, &to)).await?;
    told(&outcome)
}

#[utoipa::path(
    tag = "administration",
    operation_id = "erasePerson",
    summary = "Radera en person / Erase a person",
    description = "Tar bort personen ur poster, historik, granskningslogg och allt som sparats (artikel 17); flödet berättar ändringen utan innehållet. \
        Organisationers namn ändras inte utan räknas upp i left. Kan inte ångras.\n\nTakes the person out of records, history, audit log and all that is kept \
        (article 17); the feed tells the change without the content. Names of organisations are not changed but listed in left. It cannot be undone.",
    request_body(content = PersonInput, description = "Personen / The person"),
    responses((status = 200, description = "Vad som gjordes / What was done", body = Outcome)),
    security(("oauth" = ["write"])),
)]
#[post("/person-erasures")]
pub(crate) async fn erase_person(call: Call, payload: web::Payload) -> Answer {
    let (sought, _) = read(&call, payload).await?;
    let (app, by) = (call.app.clone(), call.by());
    let (outcome, withdrawal) = blocking(move || {
        let outcome = persons::erase(&app.db, &by, &sought)?;
        let narrowed = app.db.head()?.narrowed;
        Ok((outcome, nodes::withdraw(&app, &by, narrowed)))
    })
    .await?;
    let mut answer = told(&outcome)?;
    if withdrawal == Withdrawal::Pending {
        answer.headers_mut().insert(HeaderName::from_static("withdrawal"), HeaderValue::from_static("pending"));
    }
    Ok(answer)
}

async fn find(call: Call, payload: web::Payload, contents: bool) -> Answer {
    let (sought, _) = read(&call, payload).await?;
    let (app, by) = (call.app.clone(), call.by());
    let found = blocking(move || {
        let found = persons::find(&app.db, &sought, contents)?;
        let action = if contents { "person-exported" } else { "person-found" };
        let content = json!({"places": found.len()}).to_string();
        app.db.operate(|operations| {
            operations.note(&by, Entry { action, content: Some(content.clone()), ..Entry::default() })
        })?;
        Ok(found)
    })
    .await?;
    told(&json!({"items": found, "_meta": {"count": found.len()}}))
}

/// The person that a request is about, and what is to stand in its place.
async fn read(call: &Call, payload: web::Payload) -> Result<(Sought, Option<String>)> {
    must_be_administrator(&call.actor)?;
    Params::of(&call.request)?.only(&[])?;
    negotiate(&call.request, Format::PLAIN)?;
    let bytes = body::json_bytes(payload, &call.request, call.app.config.body_limit).await?;
    let mut body = body::parse(&bytes)?;
    let mut errors = Vec::new();
    clean(&mut body, &mut errors);
    errors.extend(Validator::of::<PersonInput>()?.check(&mut body));
    if !errors.is_empty() {
        return Err(Error::invalid(errors));
    }
    let input: PersonInput = serde_json::from_value(body).map_err(Error::internal)?;
    let texts = |words: Vec<PersonWord>| words.into_iter().map(|word| word.0).collect();
    let person = Person { names: texts(input.names), emails: texts(input.emails), phones: texts(input.phones) };
    let sought = Sought::of(&person).map_err(|_| {
        let detail = Message::fixed(
            "Minst ett namn om fyra bokstäver, en e-postadress eller ett telefonnummer om sex siffror behövs.",
            "At least one name of four letters, one e-mail address or one telephone number of six digits is needed.",
        );
        Error::invalid(vec![FieldError::at("", "too-short", detail)])
    })?;
    Ok((sought, input.to))
}

fn told(body: &impl Serialize) -> Answer {
    Ok(private(StatusCode::OK, serde_json::to_string(body)?))
}
