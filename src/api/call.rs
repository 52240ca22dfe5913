//! One call of the API: what every handler starts from.

use crate::api::answers::Answers;
use crate::api::cursor::CursorKey;
use crate::api::etag;
use crate::api::limits;
use crate::api::negotiate::Format;
use crate::api::surface::{ROOT, RequestId, Surface};
use crate::app::App;
use crate::auth::actor::Actor;
use crate::auth::authority::Bearer;
use crate::auth::extract::{self, Found};
use crate::db::{AnyConnection, By, Db};
use crate::error::{Error, Result};
use crate::resources::Kind;
use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use futures_util::future::{Either, LocalBoxFuture};
use std::future::{Ready, ready};
use std::sync::Arc;
use uuid::Uuid;

/// What a handler gives back; errors become problems on the way out.
pub(crate) type Answer = Result<HttpResponse>;

/// A call: the node, the request and who makes it.
pub(crate) struct Call {
    /// The node.
    pub app: web::Data<App>,
    /// The request.
    pub request: HttpRequest,
    /// Who calls.
    pub actor: Actor,
    /// Until when its token holds, in seconds since 1970.
    pub until: Option<i64>,
}

impl FromRequest for Call {
    type Error = Error;
    type Future = Either<Ready<Result<Call>>, LocalBoxFuture<'static, Result<Call>>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        let (found, app) = match Call::node(request) {
            Ok(app) => (extract::bearer(&app, request), app),
            Err(error) => return Either::Left(ready(Err(error))),
        };
        match found {
            // Most requests never come here: a key or client that this node has not heard of yet.
            Ok(Found::Unknown(shown)) => {
                let request = request.clone();
                Either::Right(Box::pin(async move {
                    let authority = Arc::clone(&app.authority);
                    let bearer = blocking(move || shown.look_up(&authority)).await;
                    Call::of(app, request, bearer)
                }))
            }
            Ok(Found::Bearer(bearer)) => Either::Left(ready(Call::of(app, request.clone(), Ok(bearer)))),
            Err(error) => Either::Left(ready(Call::of(app, request.clone(), Err(error)))),
        }
    }
}

impl Call {
    fn node(request: &HttpRequest) -> Result<web::Data<App>> {
        let app = request.app_data::<web::Data<App>>().cloned();
        app.ok_or_else(|| Error::internal("the node was not given to the HTTP server"))
    }

    /// The call of a bearer, when it is within its limits: a bearer that is not good counts too.
    fn of(app: web::Data<App>, request: HttpRequest, bearer: Result<Bearer>) -> Result<Call> {
        let bearer = limits::admit(&request, bearer)?;
        Ok(Call { app, request, actor: bearer.actor, until: bearer.until })
    }

    /// Who acts, for the logs.
    pub(crate) fn by(&self) -> By {
        By::from(&self.actor).within(RequestId::of(&self.request))
    }

    fn surface(&self) -> Result<&Surface> {
        Surface::of(&self.request).ok_or_else(|| Error::internal("the surface was not given to the app"))
    }

    /// What signs cursors.
    pub(crate) fn cursors(&self) -> Result<&CursorKey> {
        Ok(&self.surface()?.cursors)
    }

    /// Answers that are kept.
    pub(crate) fn answers(&self) -> Result<&Answers> {
        Ok(&self.surface()?.answers)
    }

    /// The addresses of this API.
    pub(crate) fn addresses(&self) -> Addresses {
        Addresses { api: self.api() }
    }

    /// The address of the API's root.
    pub(crate) fn api(&self) -> String {
        format!("{}{ROOT}", self.app.config.public_address())
    }

    /// The address of a record.
    pub(crate) fn address(&self, kind: Kind, id: Uuid) -> String {
        self.addresses().record(kind, id)
    }

    /// Answers with a body under its tag, or without one to a caller who has it.
    pub(crate) fn tagged<B: Into<web::Bytes>>(
        &self,
        tag: String,
        format: Format,
        body: impl FnOnce() -> Result<B>,
    ) -> Answer {
        if let Some(tag) = etag::not_modified(&self.request, &tag)? {
            return Ok(HttpResponse::NotModified()
                .insert_header((header::ETAG, tag))
                .insert_header((header::CACHE_CONTROL, self.cache_control()))
                .finish());
        }
        let body: web::Bytes = body()?.into();
        Ok(HttpResponse::Ok()
            .insert_header((header::ETAG, tag))
            .insert_header((header::CONTENT_TYPE, format.content_type()))
            .insert_header((header::CACHE_CONTROL, self.cache_control()))
            .body(body))
    }

    /// What caches may do with an answer: an answer to a token is for its bearer, every answer is asked for again.
    pub(crate) fn cache_control(&self) -> &'static str {
        if self.actor == Actor::Anyone { "public, no-cache" } else { "private, no-cache" }
    }
}

/// The one spelling of an id that stands in a path; what is no id names nothing.
pub(crate) fn canonical(id: &str) -> Result<String> {
    Uuid::parse_str(id).map(|id| id.to_string()).map_err(|_| Error::not_found())
}

/// An answer for its caller alone, that nobody keeps.
pub(crate) fn private(status: StatusCode, body: String) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header(("content-type", Format::Json.content_type()))
        .insert_header(("cache-control", "private, no-store"))
        .body(body)
}

/// The addresses that answers link to.
#[derive(Debug, Clone)]
pub(crate) struct Addresses {
    api: String,
}

impl Addresses {
    /// The address of a record.
    pub(crate) fn record(&self, kind: Kind, id: Uuid) -> String {
        format!("{}/{}/{id}", self.api, kind.plural())
    }

    /// Writes the links of a record: itself, what belongs to it, and the actions that the caller may take.
    pub(crate) fn write_links(&self, out: &mut Vec<u8>, kind: Kind, id: Uuid, may_write: bool) {
        let own = self.record(kind, id);
        let list = own.rfind('/').and_then(|end| own.get(..end)).unwrap_or_default();
        // Addresses of ours hold nothing that JSON escapes, so they are written as they are.
        let mut write = |rel: &str, base: &str, path: &str, method: &str| {
            let start: &[&str] = if rel == "self" { &["{\""] } else { &[",\""] };
            let rest = [rel, "\":{\"href\":\"", base, path, "\",\"rel\":\"", rel, "\",\"method\":\"", method, "\"}"];
            start.iter().chain(&rest).for_each(|part| out.extend_from_slice(part.as_bytes()));
        };
        write("self", &own, "", "GET");
        write("collection", list, "", "GET");
        if may_write {
            write("edit", &own, "", "PATCH");
            write("delete", &own, "", "DELETE");
        }
        write("version-history", &own, "/history", "GET");
        parts(kind).iter().for_each(|(rel, path)| write(rel, &own, path, "GET"));
        out.push(b'}');
    }
}

/// What belongs to a record of a kind: relation and last part of the path.
const fn parts(kind: Kind) -> &'static [(&'static str, &'static str)] {
    match kind {
        Kind::Organisation => &[
            ("members", "/members"),
            ("umbrellas", "/umbrellas"),
            ("units", "/units"),
            ("contactPoints", "/contact-points"),
            ("networks", "/networks"),
            ("forums", "/forums"),
            ("collaborations", "/collaborations"),
            ("meetings", "/meetings"),
            ("linked", "/linked"),
        ],
        Kind::Network | Kind::Forum => {
            &[("participants", "/participants"), ("meetings", "/meetings"), ("contactPoints", "/contact-points")]
        }
        Kind::ContactPoint | Kind::Meeting | Kind::Membership | Kind::Collaboration => &[],
    }
}

/// Reads one thing from the database: on this thread where that is quicker than to hand it to another.
pub(crate) async fn reading<T: Send + 'static>(
    db: &Db,
    mut work: impl FnMut(&mut AnyConnection) -> Result<T> + Send + 'static,
) -> Result<T> {
    if let Some(read) = db.read_at_hand(&mut work) {
        return read;
    }
    let db = db.clone();
    blocking(move || db.read(work)).await
}

/// Runs what waits for the database on a thread that may wait.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    // The lines that the work logs belong to the request, whichever thread writes them.
    let span = tracing::Span::current();
    web::block(move || span.in_scope(work)).await.map_err(|_| Error::internal("the work was given up at shutdown"))?
}
