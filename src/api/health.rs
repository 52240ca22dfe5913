//! Whether the node lives and whether it can serve.

use crate::api::call::blocking;
use crate::app::App;
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde_json::{Map, Value, json};

/// A node that lags by more changes than this is not ready.
const MOST_LAG: u64 = 10_000;

/// Registers the endpoints.
pub(crate) fn configure(service: &mut web::ServiceConfig) {
    service
        .service(web::resource("/health/live").route(web::get().to(live)))
        .service(web::resource("/health/ready").route(web::get().to(ready)));
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(json!({"status": "alive"}))
}

async fn ready(app: web::Data<App>) -> HttpResponse {
    let db = app.db.clone();
    let position = app.index.position();
    let indexed = position.as_ref().map_or(0, |position| position.sequence);
    let mut told = Map::from_iter([("indexSequence".to_owned(), json!(indexed))]);
    let head = match blocking(move || db.head()).await {
        Ok(head) => head,
        Err(_) => return answer(Some("the database does not answer"), told),
    };
    let known = u64::try_from(head.sequence).unwrap_or(0);
    told.insert("changeSequence".to_owned(), json!(known));
    let unready = if position.is_none_or(|position| position.epoch != head.epoch) {
        if let Some(to) = app.following.made_to() {
            told.insert("madeTo".to_owned(), json!(to));
        }
        Some("the index is being made anew")
    } else if known.saturating_sub(indexed) > MOST_LAG || !app.following.has_been_level() {
        Some("the index is catching up")
    } else {
        None
    };
    answer(unready, told)
}

/// Whether the node is ready, or why not, and how far its index is.
fn answer(unready: Option<&str>, told: Map<String, Value>) -> HttpResponse {
    let (mut answer, mut body) = match unready {
        None => (HttpResponse::Ok(), Map::from_iter([("status".to_owned(), json!("ready"))])),
        Some(reason) => {
            let body = [("status".to_owned(), json!("unready")), ("reason".to_owned(), json!(reason))];
            (HttpResponse::ServiceUnavailable(), Map::from_iter(body))
        }
    };
    if unready.is_some() {
        answer.insert_header((header::RETRY_AFTER, "1"));
    }
    body.extend(told);
    answer.insert_header((header::CACHE_CONTROL, "no-store")).json(body)
}
