//! Problems as callers read them (RFC 9457): `application/problem+json` in their language.

use crate::api::language::Language;
use crate::api::surface::{ROOT, RequestId, Surface, public_address};
use crate::auth::extract;
use crate::error::{Code, Error, FieldError, Place};
use crate::resources::values::rfc3339;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// The media type of problems.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Ett fel, enligt RFC 9457. / A problem, by RFC 9457.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "type": "https://samverkan.example.org/problems/not-found",
    "title": "Det finns inget här",
    "status": 404,
    "detail": "Ingen sådan post finns.",
    "instance": "urn:uuid:01932f4a-7b1c-7000-8000-000000000001"
}))]
pub struct Problem {
    /// Sida som förklarar felet. / A page that explains the problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// Felets namn på anroparens språk. / The problem's name in the caller's language.
    pub title: String,
    /// HTTP-status. / The HTTP status.
    pub status: u16,
    /// Vad som är fel i just det här anropet. / What is wrong in this very request.
    pub detail: String,
    /// Anropets id; ange det till supporten. / The request's id; quote it to the support.
    pub instance: String,
    /// Varje enskilt fel. / Every single error.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemError>,
    /// Posten som denna slogs samman med. / The record that this one was merged into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<Uuid>,
    /// När posten togs bort. / When the record was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, example = "2026-11-24T10:00:00Z")]
    pub deleted_at: Option<String>,
    /// Poster som pekar på denna. / Records that point to this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<ProblemReference>,
    /// Var den som följer ändringarna börjar om. / Where a follower of the changes starts again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "https://samverkan.example.org/api/v1/export")]
    pub restart: Option<String>,
}

/// Ett enskilt fel. / A single error.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"pointer": "/names/0/lang", "code": "unknown-value", "detail": "Värdet är inte ett av dem som finns."}))]
pub struct ProblemError {
    /// Plats i innehållet, som JSON Pointer. / Place in the content, as a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Parameterns namn. / Name of the parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Huvudets namn. / Name of the header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// Rad i filen, från 1. / Line of the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Ett kort ord för maskiner. / A short word for machines.
    pub code: &'static str,
    /// Vad som är fel. / What is wrong.
    pub detail: String,
}

/// En post som pekar hit. / A record that points here.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(example = json!({"type": "membership", "id": "01932f4a-7b1c-7000-8000-000000000001"}))]
pub struct ProblemReference {
    /// Postens slag. / What the record is.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Postens id. / The record's id.
    pub id: Uuid,
}

impl Problem {
    /// What a caller may read of an error.
    pub fn new(error: &Error, language: Language, public_url: &str, request_id: Uuid) -> Problem {
        let code = error.code();
        let mut problem = Problem {
            kind: format!("{public_url}/problems/{}", code.name()),
            title: language.pick(&code.title()).to_owned(),
            status: code.status(),
            detail: String::new(),
            instance: format!("urn:uuid:{request_id}"),
            errors: Vec::new(),
            merged_into: None,
            deleted_at: None,
            references: Vec::new(),
            restart: (code == Code::FeedRestart).then(|| format!("{public_url}{ROOT}/export")),
        };
        let (sv, en) = match error {
            Error::Problem { detail, errors, .. } => {
                problem.detail = language.pick(detail).to_owned();
                problem.errors = errors.iter().map(|error| ProblemError::new(error, language)).collect();
                return problem;
            }
            Error::Merged(_, into) => {
                problem.merged_into = Some(*into);
                (format!("Posten är nu {into}."), format!("The record is now {into}."))
            }
            Error::Gone(at) => {
                problem.deleted_at = Some(rfc3339(*at));
                (format!("Posten togs bort {}.", rfc3339(*at)), format!("The record was deleted at {}.", rfc3339(*at)))
            }
            Error::Referenced(records) => {
                problem.references =
                    records.iter().map(|(kind, id)| ProblemReference { kind: kind.name(), id: *id }).collect();
                let count = records.len();
                (format!("{count} poster pekar på posten."), format!("{count} records point to the record."))
            }
            Error::Clash(_) | Error::Lost(_) => {
                ("Försök igen om en stund.".to_owned(), "Try again in a moment.".to_owned())
            }
            Error::Internal(_) => (
                "Felet är noterat hos tjänsten. Ange värdet i instance vid kontakt.".to_owned(),
                "The fault is noted at the service. Quote the value of instance when you ask about it.".to_owned(),
            ),
        };
        problem.detail = match language {
            Language::Sv => sv,
            Language::En => en,
        };
        problem
    }
}

impl ProblemError {
    fn new(error: &FieldError, language: Language) -> ProblemError {
        let mut told = ProblemError {
            pointer: None,
            parameter: None,
            header: None,
            line: None,
            code: error.code,
            detail: language.pick(&error.detail).to_owned(),
        };
        match &error.place {
            Place::Pointer(pointer) => told.pointer = Some(pointer.clone()),
            Place::Parameter(name) => told.parameter = Some(name.clone()),
            Place::Header(name) => told.header = Some(name.clone()),
            Place::Line(line) => told.line = Some(*line),
        }
        told
    }
}

/// The answer to a request that failed, in the caller's language; faults of ours go to the log with the request's id.
///
/// A merged record answers GET and HEAD with 308 to the survivor.
pub fn response(error: &Error, request: &HttpRequest) -> HttpResponse {
    let id = RequestId::of(request);
    log_fault(error, id);
    let language = Language::of(request);
    let mut problem = Problem::new(error, language, public_address(request), id);
    if let Error::Merged(plural, into) = error
        && (request.method() == Method::GET || request.method() == Method::HEAD)
    {
        problem.status = StatusCode::PERMANENT_REDIRECT.as_u16();
        let mut response = write(&problem, language);
        set(&mut response, header::LOCATION, &survivor_address(request, plural, *into));
        return response;
    }
    let mut response = write(&problem, language);
    add_headers(&mut response, error.code(), request);
    response
}

/// What callers are not told stands in the log.
fn log_fault(error: &Error, id: Uuid) {
    match error {
        Error::Internal(text) => tracing::error!(request_id = %id, fault = %text, "a request failed"),
        Error::Clash(text) | Error::Lost(text) => tracing::warn!(request_id = %id, fault = %text, "a request failed"),
        Error::Problem { .. } | Error::Merged(..) | Error::Gone(_) | Error::Referenced(_) => {}
    }
}

/// The address of the record that a merged one became: the rest of the path and the query stay.
fn survivor_address(request: &HttpRequest, plural: &str, into: Uuid) -> String {
    let public = public_address(request);
    let path = request.uri().path();
    let lead = format!("/{plural}/");
    let Some(at) = path.find(&lead) else {
        return format!("{public}{ROOT}/{plural}/{into}");
    };
    let (before, after) = path.split_at(at + lead.len());
    let rest = after.find('/').and_then(|end| after.get(end..)).unwrap_or_default();
    let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{public}{before}{into}{rest}{query}")
}

/// The answer to an error when the request itself is no longer at hand.
pub(crate) fn rendered(error: &Error, language: Language, public_url: &str, id: Uuid) -> HttpResponse {
    log_fault(error, id);
    let mut response = write(&Problem::new(error, language, public_url, id), language);
    if matches!(error.code(), Code::Unavailable | Code::Timeout | Code::NotYetIndexed) {
        set(&mut response, header::RETRY_AFTER, "5");
    }
    response
}

fn write(problem: &Problem, language: Language) -> HttpResponse {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    // A problem is made of texts and numbers: writing it cannot fail.
    let body = serde_json::to_vec(problem).unwrap_or_default();
    HttpResponse::build(status)
        .insert_header((header::CONTENT_TYPE, PROBLEM_JSON))
        .insert_header((header::CONTENT_LANGUAGE, language.code()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(body)
}

fn add_headers(response: &mut HttpResponse, code: Code, request: &HttpRequest) {
    match code {
        Code::Unauthorized => {
            let challenge = if extract::is_shown(request) {
                r#"Bearer realm="samverkan", error="invalid_token""#
            } else {
                r#"Bearer realm="samverkan""#
            };
            set(response, header::WWW_AUTHENTICATE, challenge);
        }
        Code::MethodNotAllowed => {
            let allow = Surface::of(request).and_then(|surface| surface.routes.allow(request.uri().path()));
            set(response, header::ALLOW, &allow.unwrap_or_default());
        }
        Code::TooManyRequests | Code::NotYetIndexed | Code::RequestInProgress => {
            set(response, header::RETRY_AFTER, "1");
        }
        Code::Unavailable | Code::Timeout => set(response, header::RETRY_AFTER, "5"),
        _ => {}
    }
}

fn set(response: &mut HttpResponse, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// The answer before a middleware has seen it: in Swedish, without the request's own id. `middleware::observe` puts
/// `response` in its place.
impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        write(&Problem::new(self, Language::Sv, "", Uuid::now_v7()), Language::Sv)
    }
}

/// The problem that stands for an error of the framework's, by its status alone: its text may quote the request.
pub(crate) fn by_status(status: StatusCode) -> Error {
    let code = match status.as_u16() {
        401 => Code::Unauthorized,
        403 => Code::Forbidden,
        404 => Code::NotFound,
        405 => Code::MethodNotAllowed,
        406 => Code::NotAcceptable,
        408 | 504 => Code::Timeout,
        413 => Code::TooLarge,
        414 => Code::UriTooLong,
        415 => Code::UnsupportedMediaType,
        429 => Code::TooManyRequests,
        431 => Code::HeadersTooLarge,
        503 => Code::Unavailable,
        400..=499 => Code::Malformed,
        _ => return Error::internal(format!("the framework answered {status}")),
    };
    Error::problem(code, code.title())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Message;
    use crate::resources::Kind;
    use actix_web::body::to_bytes;
    use actix_web::test::TestRequest;
    use serde_json::{Value, json};

    async fn told(error: &Error, request: HttpRequest) -> (HttpResponse<()>, Value) {
        let (head, body) = response(error, &request).into_parts();
        let body = to_bytes(body).await.unwrap();
        (head.map_body(|_, _| ()), serde_json::from_slice(&body).unwrap())
    }

    fn header<'a>(head: &'a HttpResponse<()>, name: &str) -> &'a str {
        head.headers().get(name).unwrap().to_str().unwrap()
    }

    #[actix_web::test]
    async fn a_problem_is_told_in_the_callers_language() {
        let error = Error::parameter("page", "range", Message::fixed("Fel sida.", "Wrong page."));
        let (head, body) = told(&error, TestRequest::get().to_http_request()).await;
        assert_eq!(head.status(), 400);
        assert_eq!(header(&head, "content-type"), PROBLEM_JSON);
        assert_eq!(header(&head, "content-language"), "sv");
        assert_eq!(body["detail"], "Fel sida.");
        let english = TestRequest::get().insert_header(("accept-language", "en")).to_http_request();
        let (head, body) = told(&error, english).await;
        assert_eq!(header(&head, "content-language"), "en");
        assert_eq!(body["errors"], json!([{"parameter": "page", "code": "range", "detail": "Wrong page."}]));
        assert!(body["instance"].as_str().unwrap().starts_with("urn:uuid:"));
    }

    #[actix_web::test]
    async fn a_fault_tells_nothing_of_itself() {
        let (head, body) = told(&Error::internal("secret text"), TestRequest::get().to_http_request()).await;
        assert_eq!(head.status(), 500);
        assert!(!body.to_string().contains("secret"));
    }

    #[actix_web::test]
    async fn a_merged_record_leads_readers_on_and_stops_writers() {
        let into = Uuid::from_u128(7);
        let error = Error::Merged("organisations", into);
        let get = TestRequest::get().uri("/api/v1/organisations/demo:x/members?page=2").to_http_request();
        let (head, body) = told(&error, get).await;
        assert_eq!(head.status(), 308);
        assert_eq!(header(&head, "location"), format!("/api/v1/organisations/{into}/members?page=2"));
        assert_eq!(body["mergedInto"], into.to_string());
        let (head, _) = told(&error, TestRequest::patch().uri("/api/v1/organisations/x").to_http_request()).await;
        assert_eq!(head.status(), 409);
        assert!(!head.headers().contains_key("location"));
    }

    #[actix_web::test]
    async fn what_the_code_calls_for_stands_in_the_headers() {
        let unauthorized = Error::problem(Code::Unauthorized, Code::Unauthorized.title());
        let (head, _) = told(&unauthorized, TestRequest::get().to_http_request()).await;
        assert_eq!(header(&head, "www-authenticate"), r#"Bearer realm="samverkan""#);
        let bad = TestRequest::get().insert_header(("authorization", "Bearer x")).to_http_request();
        let key = TestRequest::get().insert_header(("x-api-key", "svk_x")).to_http_request();
        for bad in [bad, key] {
            let (head, _) = told(&unauthorized, bad).await;
            assert!(header(&head, "www-authenticate").contains("invalid_token"));
        }
        let (head, _) =
            told(&Error::problem(Code::Unavailable, Code::Unavailable.title()), TestRequest::get().to_http_request())
                .await;
        assert!(head.headers().contains_key("retry-after"));
    }

    #[actix_web::test]
    async fn references_are_listed() {
        let error = Error::Referenced(vec![(Kind::ContactPoint, Uuid::from_u128(1))]);
        let (_, body) = told(&error, TestRequest::delete().to_http_request()).await;
        assert_eq!(body["references"][0]["type"], "contact-point");
    }
}
