//! Search over everything, and suggestions while typing.

use crate::api::call::{Answer, Call};
use crate::api::language::Language;
use crate::api::lists;
use crate::api::negotiate::{Format, negotiate};
use crate::api::parameters::{Params, Reading};
use crate::api::schemas::{SearchPage, Suggestions};
use crate::error::{FieldError, Message, Result};
use crate::resources::Kind;
use crate::search::query::{Suggestion, SuggestionKind};
use crate::vocabulary::by_number;
use actix_web::http::header;
use actix_web::{HttpResponse, get};
use serde_json::{Value, json};

/// How many suggestions are given when nothing else is said.
const FEW: usize = 10;
const MOST: usize = 50;

#[utoipa::path(
    tag = "search",
    operation_id = "search",
    summary = "Sök bland alla slags poster / Search all kinds of records",
    description = "Söker efter det som orden betyder: böjningar, sammansättningar, felstavningar, andra namn, ämnen och orter. \
        Medlemskap och samverkan hittas bara när type nämner dem.\n\n\
        Operatorer i q: \"röda korset\" är ord i följd i ett namn eller en text (med å, ä och ö stavas de så, utan dem hur som helst); \
        -boden tar bort poster med ordet, -\"röda korset\" de med frasen; fält med kolon filtrerar som parametern med samma namn: \
        kvinnojour kommun:luleå -status:dormant, namn:\"hela sverige\", ämne:integration, typ:forum, orgnr:802405-3442, \
        e-post:info, webb:foreningen.se, tel:0920-123456. Värden är nycklar, etiketter eller synonymer på något språk. \
        Det som inte är en operator är text; inget är fel.\n\n\
        Searches for what the words mean: inflections, compounds, typing errors, other names, topics and places. \
        Memberships and collaborations are found only when type names them.\n\n\
        Operators in q: \"röda korset\" means words in a row in one name or one text (typed with å, ä and ö they are spelled so, without them \
        in any way); -boden leaves out records with the word, -\"röda korset\" those with the phrase; fields with a colon filter like the \
        parameter of that name: kvinnojour municipality:luleå -status:dormant, name:\"hela sverige\", topic:integration, type:forum, \
        number:802405-3442, email:info, web:foreningen.se, phone:0920-123456. Values are keys, labels or synonyms in any language. \
        What is no operator is text; nothing is wrong.",
    responses((status = 200, description = "En sida träffar / A page of hits", body = SearchPage)),
)]
#[get("/search")]
pub(crate) async fn search(call: Call) -> Answer {
    lists::search(call).await
}

#[utoipa::path(
    tag = "search",
    operation_id = "suggest",
    summary = "Förslag medan man skriver / Suggestions while typing",
    description = "Från första bokstaven: poster vars officiella namn börjar så, sedan poster med ett annat namn som börjar så, orter och ämnen \
        (på alla språk, med nyckel att filtrera på), och poster där orden börjar ord i namnen. Verksamma kommer före vilande, nationella organisationer och \
        paraplyer före andra. Ett fel bland minst fyra bokstäver tillåts när inget börjar så, aldrig i siffror.\n\n\
        From the first letter: records whose official name begins so, then records with another name that does, places and topics \
        (in all languages, with a key to filter by), and records where the words begin words of names. Active ones come before dormant ones, national \
        organisations and umbrellas before others. One wrong letter among at least four is allowed when nothing begins so, never in digits.",
    params(
        ("q" = Option<String>, Query, description = "Det som skrivits hittills / What has been typed so far", example = "hemb"),
        ("type" = Option<String>, Query, description = "Slag av poster, med komma emellan / Types of records, separated by commas", example = "organisation"),
        ("limit" = Option<usize>, Query, description = "Högst så många, 1 till 50 / At most so many, 1 to 50", minimum = 1, maximum = 50, example = 10),
    ),
    responses((status = 200, description = "Förslagen / The suggestions", body = Suggestions)),
)]
#[get("/suggest")]
pub(crate) async fn suggest(call: Call) -> Answer {
    let params = Params::of(&call.request)?;
    params.only(&["q", "type", "limit"])?;
    negotiate(&call.request, Format::PLAIN)?;
    let language = Language::of(&call.request);
    let asked = Asked::read(&params)?;
    let searcher = call.app.searcher()?;
    let found = searcher.suggest(call.actor.audience(), &asked.text, &asked.kinds, language.text(), asked.limit)?;
    let items: Vec<Value> = found.iter().filter_map(|suggestion| shown(suggestion, language)).collect();
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, Format::Json.content_type()))
        .insert_header((header::CACHE_CONTROL, call.cache_control()))
        .body(json!({ "items": items }).to_string()))
}

struct Asked {
    text: String,
    kinds: Vec<Kind>,
    limit: usize,
}

impl Asked {
    fn read(params: &Params) -> Result<Asked> {
        let mut reading = Reading { params, errors: Vec::new() };
        let text = reading.single("q").unwrap_or_default().to_owned();
        if text.chars().count() > 200 {
            let detail = Message::fixed("Högst 200 tecken.", "At most 200 characters.");
            reading.errors.push(FieldError::parameter("q", "too-long", detail));
        }
        let limit = reading.number("limit", 1, MOST as u64).and_then(|limit| usize::try_from(limit).ok());
        let mut kinds = Vec::new();
        for name in params.all("type").flat_map(|value| value.split(',')).map(str::trim) {
            match Kind::from_name(name) {
                Some(kind) => kinds.push(kind),
                None => {
                    let detail = Message::fixed("Det slaget av post finns inte.", "There is no such type of record.");
                    reading.errors.push(FieldError::parameter("type", "unknown-value", detail));
                }
            }
        }
        reading.end()?;
        Ok(Asked { text, kinds, limit: limit.unwrap_or(FEW) })
    }
}

fn shown(suggestion: &Suggestion, language: Language) -> Option<Value> {
    let mut item = match suggestion.kind {
        SuggestionKind::Record(kind, id) => json!({"type": kind.name(), "id": id, "title": suggestion.title}),
        SuggestionKind::Topic(number) => {
            let topic = by_number(number)?;
            json!({"type": "topic", "key": topic.key, "title": topic.title(language.text())})
        }
        SuggestionKind::Place(number) => {
            let place = by_number(number)?;
            json!({"type": "place", "key": place.key, "title": place.title(language.text())})
        }
    };
    if let Some(matched) = &suggestion.matched {
        item["matched"] = json!(matched);
    }
    Some(item)
}
