//! The metrics, on a port of their own: they are for those who run the service, not for those who use it.

use crate::api::call::blocking;
use crate::app::App;
use crate::error::{Error, Result};
use crate::metrics::{Database, MEDIA_TYPE, Requests, text};
use actix_web::{App as HttpApp, HttpResponse, HttpServer, web};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

/// A database that takes longer does not answer, as far as the metrics go.
const PATIENCE: Duration = Duration::from_secs(1);

struct Source {
    app: App,
    requests: Arc<Requests>,
    started: f64,
}

/// Starts to serve `GET /metrics`.
pub(crate) fn start(app: &App, listen: &str, requests: Arc<Requests>) -> Result<actix_web::dev::Server> {
    let listener = TcpListener::bind(listen)
        .map_err(|error| Error::internal(format!("cannot listen on {listen} for metrics: {error}")))?;
    #[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 are far below 2^53")]
    let started = app.clock.now().timestamp_millis() as f64 / 1e3;
    let source = web::Data::new(Source { app: app.clone(), requests, started });
    let server =
        HttpServer::new(move || HttpApp::new().app_data(source.clone()).route("/metrics", web::get().to(read)))
            .workers(1)
            .disable_signals()
            .shutdown_timeout(1)
            .listen(listener)?
            .run();
    Ok(server)
}

async fn read(source: web::Data<Source>) -> HttpResponse {
    let db = source.app.db.clone();
    let database = tokio::time::timeout(PATIENCE, blocking(move || Database::read(&db))).await;
    let database = database.ok().and_then(Result::ok);
    match text(&source.app, &source.requests, source.started, database.as_ref()) {
        Ok(text) => HttpResponse::Ok().content_type(MEDIA_TYPE).body(text),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            HttpResponse::InternalServerError().finish()
        }
    }
}
