use super::*;
use crate::api::answers::Answers;
use crate::api::cursor::CursorKey;
use crate::api::limits::Limits;
use crate::api::routes::RouteTable;
use crate::config::Config;
use actix_web::dev::Service;
use actix_web::middleware::{Compress, from_fn};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, Responder};
use serde_json::Value;

fn surface() -> web::Data<Surface> {
    let mut routes = RouteTable::default();
    routes.add("/things", &["GET", "POST"]);
    web::Data::new(Surface {
        public_url: "https://x.example".to_owned(),
        routes,
        cursors: CursorKey::new(b"test").unwrap(),
        answers: Answers::new(0),
        timeout: Duration::from_millis(50),
        sequence: Box::new(|| Some(7)),
        requests: None,
        limits: Limits::new(&Config::default()),
        trusted_proxies: Vec::new(),
        origins: Vec::new(),
    })
}

async fn things() -> impl Responder {
    HttpResponse::Ok()
        .insert_header(("etag", "\"3\""))
        .insert_header(("content-type", "application/json"))
        .body("{}".repeat(500))
}

async fn fails() -> Result<HttpResponse, Error> {
    Err(Error::not_found())
}

async fn sleeps() -> HttpResponse {
    tokio::time::sleep(Duration::from_secs(5)).await;
    HttpResponse::Ok().finish()
}

async fn number(path: web::Path<u32>) -> HttpResponse {
    HttpResponse::Ok().body(path.to_string())
}

macro_rules! app {
    () => {
        init_service(
            App::new()
                .app_data(surface())
                .configure(configure)
                .route("/things", web::get().to(things))
                .route("/fails", web::get().to(fails))
                .route("/sleeps", web::get().to(sleeps))
                .route("/numbers/{n}", web::get().to(number))
                .default_service(web::to(unknown))
                .wrap(Compress::default())
                .wrap(cors(&[]))
                .wrap(from_fn(observe)),
        )
        .await
    };
}

fn text<'a>(response: &'a ServiceResponse<impl MessageBody>, name: &str) -> &'a str {
    response.headers().get(name).unwrap_or_else(|| panic!("no {name}")).to_str().unwrap()
}

#[actix_web::test]
async fn every_answer_has_its_headers() {
    let app = app!();
    let response = call_service(&app, TestRequest::get().uri("/things").to_request()).await;
    assert_eq!(response.status(), 200);
    for name in ["x-request-id", "traceparent", "x-content-type-options", "referrer-policy", "content-security-policy"]
    {
        assert!(response.headers().contains_key(name), "{name}");
    }
    assert_eq!(text(&response, "vary"), VARY);
    assert_eq!(text(&response, "change-sequence"), "7");
    assert_eq!(text(&response, "cache-control"), "no-cache");
    assert!(text(&response, "strict-transport-security").contains("max-age"));
}

#[actix_web::test]
async fn head_is_get_without_the_body() {
    let app = app!();
    let response = call_service(&app, TestRequest::default().method(Method::HEAD).uri("/things").to_request()).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.response().body().size(), BodySize::Sized(1000));
    assert_eq!(text(&response, "etag"), "\"3\"");
    assert!(read_body(response).await.is_empty());
}

#[actix_web::test]
async fn a_compressed_answer_has_a_tag_of_its_own() {
    let app = app!();
    let request = TestRequest::get().uri("/things").insert_header(("accept-encoding", "gzip")).to_request();
    let response = call_service(&app, request).await;
    assert_eq!(text(&response, "content-encoding"), "gzip");
    assert_eq!(text(&response, "etag"), "\"3-gzip\"");
    assert_eq!(text(&response, "vary"), VARY);
}

#[actix_web::test]
async fn an_error_of_a_handler_is_told_in_the_callers_language() {
    let app = app!();
    let request = TestRequest::get().uri("/fails").insert_header(("accept-language", "en")).to_request();
    let response = call_service(&app, request).await;
    assert_eq!(response.status(), 404);
    assert_eq!(text(&response, "content-type"), PROBLEM_JSON);
    let id = text(&response, "x-request-id").to_owned();
    let body: Value = serde_json::from_slice(&read_body(response).await).unwrap();
    assert_eq!(body["type"], "https://x.example/problems/not-found");
    assert_eq!(body["title"], "There is nothing here");
    assert_eq!(body["instance"], format!("urn:uuid:{id}"));
}

#[actix_web::test]
async fn wrong_methods_and_unknown_paths_are_told() {
    let app = app!();
    let response = call_service(&app, TestRequest::delete().uri("/things").to_request()).await;
    assert_eq!((response.status().as_u16(), text(&response, "allow")), (405, "GET, HEAD, OPTIONS, POST"));
    assert_eq!(text(&response, "content-type"), PROBLEM_JSON);
    let options = TestRequest::default().method(Method::OPTIONS).uri("/things").to_request();
    let response = call_service(&app, options).await;
    assert_eq!((response.status().as_u16(), text(&response, "allow")), (204, "GET, HEAD, OPTIONS, POST"));
    let response = call_service(&app, TestRequest::get().uri("/nowhere").to_request()).await;
    assert_eq!((response.status().as_u16(), text(&response, "content-type")), (404, PROBLEM_JSON));
}

#[actix_web::test]
async fn an_address_that_cannot_be_read_never_reaches_a_handler() {
    let app = app!();
    for (path, status) in
        [("/things/%00", 400), ("/things/%ff", 400), (&*format!("/things?q={}", "a".repeat(9000)), 414)]
    {
        let response = call_service(&app, TestRequest::get().uri(path).to_request()).await;
        assert_eq!(response.status(), status);
        assert_eq!(text(&response, "content-type"), PROBLEM_JSON);
    }
}

#[actix_web::test]
async fn what_the_framework_refuses_is_a_problem_too() {
    let app = app!();
    let response = call_service(&app, TestRequest::get().uri("/numbers/x").to_request()).await;
    assert_eq!((response.status().as_u16(), text(&response, "content-type")), (400, PROBLEM_JSON));
}

#[actix_web::test]
async fn an_answer_that_takes_too_long_is_given_up() {
    let app = app!();
    let error = app.call(TestRequest::get().uri("/sleeps").to_request()).await.err().unwrap();
    let response = error.error_response();
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers().get("content-type").unwrap(), PROBLEM_JSON);
    assert!(response.headers().contains_key("x-request-id"));
    assert!(response.headers().contains_key("retry-after"));
    assert!(!response.headers().contains_key("access-control-allow-origin"));
    let request = TestRequest::get().uri("/sleeps").insert_header(("origin", "https://site.example")).to_request();
    let response = app.call(request).await.err().unwrap().error_response();
    let header = |name| response.headers().get(name).unwrap().to_str().unwrap();
    assert_eq!(header("access-control-allow-origin"), "*");
    assert!(header("access-control-expose-headers").contains("x-request-id"));
    assert_eq!(header("vary"), VARY);
}

#[test]
fn origins_that_are_named_are_the_only_ones() {
    let allowed = |origin: &str| {
        let request = TestRequest::get().insert_header(("origin", origin)).to_http_request();
        allowed_origin(&request, &["https://a.example".to_owned()])
    };
    assert_eq!(allowed("https://a.example").unwrap(), "https://a.example");
    assert_eq!(allowed("https://b.example"), None);
    assert_eq!(allowed_origin(&TestRequest::get().to_http_request(), &[]), None);
}

#[actix_web::test]
async fn any_site_may_ask_without_credentials() {
    let app = app!();
    let request = TestRequest::get().uri("/fails").insert_header(("origin", "https://site.example")).to_request();
    let response = call_service(&app, request).await;
    assert_eq!(text(&response, "access-control-allow-origin"), "*");
    assert!(!response.headers().contains_key("access-control-allow-credentials"));
    let preflight = TestRequest::default()
        .method(Method::OPTIONS)
        .uri("/things")
        .insert_header(("origin", "https://site.example"))
        .insert_header(("access-control-request-method", "PATCH"))
        .insert_header(("access-control-request-headers", "if-match,authorization"))
        .to_request();
    let response = call_service(&app, preflight).await;
    assert!(response.status().is_success());
    assert!(text(&response, "access-control-allow-methods").contains("PATCH"));
}
