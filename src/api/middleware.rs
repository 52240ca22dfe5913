//! What happens around every request: ids, problems in the caller's language, headers, the log line, time limits, HEAD.

use crate::api::etag::with_coding;
use crate::api::language::Language;
use crate::api::limits::Counted;
use crate::api::parameters::{check_address, check_headers};
use crate::api::problem::{self, PROBLEM_JSON, by_status, rendered};
use crate::api::surface::{ROOT, RequestId, Surface};
use crate::api::trace::{TRACEPARENT, Trace};
use crate::auth::extract;
use crate::error::{Code, Error, Message};
use crate::metrics::{Requests, RunningRequest};
use actix_cors::Cors;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tracing::{Instrument, Span};
use uuid::Uuid;

/// The header with the request's id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The header with our place in a trace.
const TRACE: HeaderName = HeaderName::from_static(TRACEPARENT);
/// The header with the change number that this node has seen.
pub const CHANGE_SEQUENCE: HeaderName = HeaderName::from_static("change-sequence");
/// What answers differ by.
const VARY: &str = "Accept, Accept-Language, Accept-Encoding, Authorization, X-API-Key";
/// The same where pages of other sites are named.
const VARY_BY_ORIGIN: &str = "Accept, Accept-Language, Accept-Encoding, Authorization, X-API-Key, Origin";
/// The policy of everything that is no page of ours.
const NO_CONTENT: &str = "default-src 'none'; frame-ancestors 'none'";

/// What a request was, kept while the framework has it.
struct Observed {
    id: Uuid,
    trace: Trace,
    language: Language,
    public_url: String,
    timeout: Duration,
    method: Method,
    authorized: bool,
    origin: Option<HeaderValue>,
    since: Instant,
    requests: Option<Arc<Requests>>,
    _running: Option<RunningRequest>,
    span: Span,
}

impl Observed {
    fn new(request: &HttpRequest) -> Observed {
        let surface = Surface::of(request);
        let requests = surface.and_then(|surface| surface.requests.clone());
        let id = Uuid::now_v7();
        let trace = Trace::of(request);
        // At the level error, so that it is there for every line of every level; free when nothing at all is logged.
        let span = tracing::error_span!(
            "request",
            request_id = %id,
            trace_id = %trace.id(),
            span_id = %trace.span_id(),
        );
        Observed {
            id,
            trace,
            language: Language::of(request),
            public_url: surface.map_or_else(String::new, |surface| surface.public_url.clone()),
            timeout: surface.map_or(Duration::from_secs(30), |surface| surface.timeout),
            method: request.method().clone(),
            authorized: extract::is_shown(request),
            origin: surface.and_then(|surface| allowed_origin(request, &surface.origins)),
            since: Instant::now(),
            _running: requests.as_ref().map(Requests::begin),
            requests,
            span,
        }
    }

    /// The answer to a request that the framework has not given back.
    fn lost(&self, error: &Error) -> HttpResponse {
        let mut response = rendered(error, self.language, &self.public_url, self.id);
        if let Some(origin) = &self.origin {
            let headers = response.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            set(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, &EXPOSED.join(", "));
            if origin != "*" {
                headers.insert(header::VARY, HeaderValue::from_static("Origin"));
            }
        }
        self.mark(response.headers_mut());
        self.count(response.status(), None);
        self.log(response.status(), None, None);
        response
    }

    /// Sets the headers that every answer has.
    fn mark(&self, headers: &mut HeaderMap) {
        set(headers, REQUEST_ID, self.id.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
        set(headers, TRACE, self.trace.header());
        let by_origin = headers.get_all(header::VARY).any(|value| contains_ignoring_case(value, "origin"));
        let fixed = |text| HeaderValue::from_static(text);
        headers.insert(header::VARY, fixed(if by_origin { VARY_BY_ORIGIN } else { VARY }));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff"));
        headers.insert(header::REFERRER_POLICY, fixed("no-referrer"));
        headers.insert(header::X_FRAME_OPTIONS, fixed("DENY"));
        // Pages of other sites read by CORS; they have no other way in.
        headers.insert(header::CROSS_ORIGIN_RESOURCE_POLICY, fixed("same-origin"));
        default(headers, header::CONTENT_SECURITY_POLICY, NO_CONTENT);
        if self.public_url.starts_with("https:") {
            set(headers, header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
        }
        // What is withdrawn must be gone at once: a cache has to ask again each time.
        default(headers, header::CACHE_CONTROL, if self.authorized { "private, no-cache" } else { "no-cache" });
    }

    /// Whether the log has a line of it.
    fn is_told(&self, status: StatusCode) -> bool {
        status.is_client_error()
            || status.is_server_error()
            || tracing::enabled!(target: "samverkan::request", tracing::Level::DEBUG)
    }

    fn count(&self, status: StatusCode, route: Option<&str>) {
        if let Some(requests) = &self.requests {
            requests.count(route, status.as_u16(), self.since.elapsed());
        }
    }

    /// Path, query and address are never told: they may hold names and numbers of people.
    fn log(&self, status: StatusCode, route: Option<String>, client: Option<&str>) {
        let micros = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX);
        let route = route.unwrap_or_default();
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    target: "samverkan::request",
                    method = %self.method,
                    route,
                    status = status.as_u16(),
                    micros,
                    client,
                    "answered"
                )
            };
        }
        // A line costs more than reading a record does: what went well is told at the level debug only.
        if status.is_server_error() {
            line!(warn);
        } else if status.is_client_error() {
            line!(info);
        } else {
            line!(debug);
        }
    }
}

/// Goes around every request. Wrap the app with `from_fn(observe)` last, so that it lies outermost.
///
/// # Errors
/// Answers to requests that the framework does not give back: time outs and refusals of other middleware.
pub async fn observe(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let observed = Observed::new(request.request());
    request.extensions_mut().insert(RequestId(observed.id));
    let span = observed.span.clone();
    let sound =
        check_headers(request.headers()).and_then(|()| check_address(request.uri().path(), request.query_string()));
    if let Err(error) = sound {
        let _within = span.enter();
        let response = problem::response(&error, request.request());
        return Ok(finish(observed, request.into_response(response)));
    }
    if *request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let answered = tokio::time::timeout(observed.timeout, next.call(request).instrument(span.clone())).await;
    let _within = span.enter();
    match answered {
        Ok(Ok(response)) => Ok(finish(observed, response.map_into_boxed_body())),
        Ok(Err(error)) => Err(given_up(&observed, &own(&error))),
        Err(_) => {
            let detail = Message::fixed("Försök igen om en stund.", "Try again in a moment.");
            Err(given_up(&observed, &Error::problem(Code::Timeout, detail)))
        }
    }
}

fn given_up(observed: &Observed, error: &Error) -> actix_web::Error {
    InternalError::from_response("the request was given up", observed.lost(error)).into()
}

/// The crate's error in one of the framework's; by its status when it holds another.
fn own(error: &actix_web::Error) -> Error {
    match error.as_error::<Error>() {
        Some(Error::Problem { code, detail, errors }) => {
            Error::Problem { code: *code, detail: detail.clone(), errors: errors.clone() }
        }
        Some(Error::Merged(plural, into)) => Error::Merged(plural, *into),
        Some(Error::Gone(at)) => Error::Gone(*at),
        Some(Error::Referenced(records)) => Error::Referenced(records.clone()),
        Some(Error::Clash(text)) => Error::Clash(text.clone()),
        Some(Error::Lost(text)) => Error::Lost(text.clone()),
        Some(Error::Internal(text)) => Error::Internal(text.clone()),
        None => by_status(error.as_response_error().status_code()),
    }
}

/// Gives an answer its last form: problems in the caller's language, headers, no body for HEAD.
fn finish(observed: Observed, mut response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    if let Some(error) = unfinished(&response) {
        let told = problem::response(&error, response.request());
        // What other middleware has put in stays: CORS, rate limits.
        let earlier = std::mem::replace(response.headers_mut(), HeaderMap::new());
        let (request, _) = response.into_parts();
        response = ServiceResponse::new(request, told);
        for (name, value) in earlier {
            if !response.headers().contains_key(&name) && name != header::CONTENT_LENGTH {
                response.headers_mut().append(name, value);
            }
        }
    }
    if !response.headers().contains_key(&CHANGE_SEQUENCE)
        && let Some(sequence) = Surface::of(response.request()).and_then(|surface| (surface.sequence)())
    {
        set(response.headers_mut(), CHANGE_SEQUENCE, &sequence.to_string());
    }
    // `identity` was only said to keep what compresses away.
    if response.headers().get(header::CONTENT_ENCODING).is_some_and(|coding| coding == "identity") {
        response.headers_mut().remove(header::CONTENT_ENCODING);
    }
    code_etag(response.headers_mut());
    let counted = response.request().extensions_mut().remove::<Counted>();
    if let Some(counted) = &counted {
        counted.tell(response.headers_mut());
    }
    observed.mark(response.headers_mut());
    let is_told = observed.is_told(response.status());
    let route = if is_told || observed.requests.is_some() { response.request().match_pattern() } else { None };
    observed.count(response.status(), route.as_deref());
    if is_told {
        observed.log(response.status(), route, counted.as_ref().and_then(Counted::client));
    }
    if observed.method == Method::HEAD {
        response.map_body(|_, body| BoxBody::new(Headed(body.size())))
    } else {
        response
    }
}

/// The error that an answer still has to tell: one that a handler returned, or a bare one of the framework's.
fn unfinished(response: &ServiceResponse<BoxBody>) -> Option<Error> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return None;
    }
    if let Some(error) = response.response().error() {
        return Some(own(error));
    }
    let told = response.headers().get(header::CONTENT_TYPE);
    let bare = told.is_none_or(|kind| contains_ignoring_case(kind, "text/plain"));
    (bare && told.is_none_or(|kind| kind != PROBLEM_JSON)).then(|| by_status(status))
}

/// Other bytes need another strong tag: a compressed answer says its coding in it.
fn code_etag(headers: &mut HeaderMap) {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(tag), Some(coding)) = (text(header::ETAG), text(header::CONTENT_ENCODING)) else { return };
    let coded = with_coding(tag, coding);
    set(headers, header::ETAG, &coded);
}

fn contains_ignoring_case(value: &HeaderValue, part: &str) -> bool {
    value.to_str().is_ok_and(|text| text.to_ascii_lowercase().contains(part))
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn default(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    if !headers.contains_key(&name) {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// The body of an answer to HEAD: as long as GET's, and not there.
struct Headed(BodySize);

impl MessageBody for Headed {
    type Error = std::convert::Infallible;

    fn size(&self) -> BodySize {
        self.0
    }

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Poll::Ready(None)
    }
}

/// Answers what no route takes: 204 to OPTIONS, 405 with `Allow` where the path has other methods, else 404.
pub async fn unknown(request: HttpRequest) -> HttpResponse {
    let allow = Surface::of(&request).and_then(|surface| surface.routes.allow(request.path()));
    let Some(allow) = allow else {
        let detail = Message::fixed("Adressen finns inte.", "There is no such address.");
        return problem::response(&Error::problem(Code::NotFound, detail), &request);
    };
    if request.method() == Method::OPTIONS {
        return HttpResponse::NoContent().insert_header((header::ALLOW, allow)).finish();
    }
    let detail = Message::new(format!("Adressen har {allow}."), format!("The address has {allow}."));
    problem::response(&Error::problem(Code::MethodNotAllowed, detail), &request)
}

/// What pages of other sites may read of the headers.
const EXPOSED: [&str; 13] = [
    "accept-ranges",
    "change-sequence",
    "content-language",
    "content-range",
    "etag",
    "location",
    "ratelimit",
    "ratelimit-policy",
    "repr-digest",
    "retry-after",
    TRACEPARENT,
    "withdrawal",
    "x-request-id",
];

/// What `Access-Control-Allow-Origin` says to a request, for answers that `cors` does not see; nothing to other origins.
fn allowed_origin(request: &HttpRequest, origins: &[String]) -> Option<HeaderValue> {
    let origin = request.headers().get(header::ORIGIN)?;
    if origins.is_empty() {
        return Some(HeaderValue::from_static("*"));
    }
    origins.iter().any(|allowed| origin == allowed.as_str()).then(|| origin.clone())
}

/// Which pages of other sites may call the API: any when none are named. Credentials of the browser are never used.
pub fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allowed_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
        .allowed_headers([
            "accept",
            "accept-language",
            "authorization",
            "content-type",
            "idempotency-key",
            "if-match",
            "if-none-match",
            "if-range",
            "last-event-id",
            "range",
            TRACEPARENT,
            "x-api-key",
        ])
        .expose_headers(EXPOSED)
        .max_age(3600);
    if origins.is_empty() {
        return cors.allow_any_origin().send_wildcard().disable_vary_header();
    }
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin)).block_on_origin_mismatch(false)
}

/// Errors of the framework's own readers as problems of ours.
pub fn configure(service: &mut web::ServiceConfig) {
    let told = |error: &dyn actix_web::ResponseError| by_status(error.status_code());
    service
        .app_data(web::PathConfig::default().error_handler(move |error, _| told(&error).into()))
        .app_data(web::FormConfig::default().error_handler(move |error, _| told(&error).into()))
        .app_data(web::JsonConfig::default().error_handler(move |error, _| told(&error).into()));
}

/// The API's path of an address, without the root; the whole path outside of the API.
pub fn below_root(request: &HttpRequest) -> &str {
    let path = request.uri().path();
    path.strip_prefix(ROOT).unwrap_or(path)
}

#[cfg(test)]
mod tests;
