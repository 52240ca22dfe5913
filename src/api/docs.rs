//! Pages for people: the documentation, with everything it needs from this node, and the page of each problem.

use crate::api::problem;
use crate::api::surface::ROOT;
use crate::error::{Code, Error};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use std::sync::Arc;
use utoipa_swagger_ui::Config;

/// Nothing from elsewhere, no script but our own files; the user interface sets styles of elements.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// The assets change with the program only.
const KEEP: &str = "public, max-age=3600";

/// Registers the pages.
pub(crate) fn configure(service: &mut web::ServiceConfig) {
    let config = web::Data::from(Arc::new(Config::from(format!("{ROOT}/openapi.json"))));
    service
        .app_data(config)
        .service(web::resource("/").route(web::get().to(home)))
        .service(web::resource("/docs").route(web::get().to(page)))
        .service(web::resource("/docs/").route(web::get().to(home)))
        .service(web::resource("/docs/{file}").route(web::get().to(file)))
        .service(web::resource("/problems/{code}").route(web::get().to(explain)));
}

async fn home() -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, "/docs")).finish()
}

fn send(content_type: &str, cache: &'static str, body: impl Into<Vec<u8>>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, content_type.to_owned()))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((header::PERMISSIONS_POLICY, "camera=(), geolocation=(), microphone=()"))
        .insert_header((header::CROSS_ORIGIN_OPENER_POLICY, "same-origin"))
        .insert_header((header::CACHE_CONTROL, cache))
        .body(body.into())
}

async fn page() -> HttpResponse {
    send("text/html; charset=utf-8", "no-cache", include_str!("docs/index.html"))
}

async fn file(request: HttpRequest, name: web::Path<String>, config: web::Data<Config<'static>>) -> HttpResponse {
    match name.as_str() {
        "start.js" => return send("text/javascript; charset=utf-8", KEEP, include_str!("docs/start.js")),
        "style.css" => return send("text/css; charset=utf-8", KEEP, include_str!("docs/style.css")),
        _ => {}
    }
    match utoipa_swagger_ui::serve(&name, config.into_inner()) {
        Ok(Some(found)) => send(&found.content_type, KEEP, found.bytes.into_owned()),
        Ok(None) | Err(_) => problem::response(&Error::problem(Code::NotFound, Code::NotFound.title()), &request),
    }
}

async fn explain(request: HttpRequest, name: web::Path<String>) -> HttpResponse {
    let Some(code) = Code::ALL.iter().find(|code| code.name() == name.as_str()) else {
        return problem::response(&Error::problem(Code::NotFound, Code::NotFound.title()), &request);
    };
    let title = code.title();
    let body = format!(
        "<!doctype html>\n<html lang=\"sv\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{sv} – Samverkan</title>\n\
         <link rel=\"stylesheet\" href=\"/docs/style.css\">\n</head>\n<body>\n<main class=\"text\">\n\
         <h1>{sv}</h1>\n<p>Felkod <code>{name}</code>, HTTP-status {status}. Svaret säger i <code>detail</code> och \
         <code>errors</code> vad som är fel i just det anropet.</p>\n\
         <section lang=\"en\">\n<h2>{en}</h2>\n<p>Problem code <code>{name}</code>, HTTP status {status}. The answer says in \
         <code>detail</code> and <code>errors</code> what is wrong in that very request.</p>\n</section>\n\
         <p><a href=\"/docs\">Dokumentation / Documentation</a></p>\n</main>\n</body>\n</html>\n",
        sv = title.sv,
        en = title.en,
        name = code.name(),
        status = code.status(),
    );
    send("text/html; charset=utf-8", KEEP, body)
}
