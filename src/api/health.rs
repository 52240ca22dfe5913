//! Whether the node lives and whether it can serve.

use crate::api::call::blocking;
use crate::app::App;
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use serde_json::json;

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
    let head = blocking(move || db.head()).await;
    let unready = |reason: &str| {
        HttpResponse::ServiceUnavailable()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::RETRY_AFTER, "1"))
            .json(json!({"status": "unready", "reason": reason, "indexSequence": indexed}))
    };
    let Ok(head) = head else { return unready("the database does not answer") };
    if position.is_none_or(|position| position.epoch != head.epoch) {
        return unready("the index is being made anew");
    }
    let known = u64::try_from(head.sequence).unwrap_or(0);
    if known.saturating_sub(indexed) > MOST_LAG {
        return unready("the index is catching up");
    }
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(json!({
        "status": "ready", "indexSequence": indexed, "changeSequence": known,
    }))
}
