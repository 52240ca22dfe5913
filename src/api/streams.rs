//! The change feed as server-sent events: for copies that want to know at once.
//!
//! A stream holds one page and no transaction. While nothing happens it waits for the one watch over the log.

use crate::api::call::{Answer, Call, blocking};
use crate::api::changes::{position, read};
use crate::api::language::Language;
use crate::api::negotiate::{Format, negotiate};
use crate::api::parameters::Params;
use crate::api::problem::Problem;
use crate::api::surface::RequestId;
use crate::app::App;
use crate::auth::actor::Actor;
use crate::error::{Code, Error, Message, Result};
use crate::transfer::feed::{self, Asked, Page, Standing};
use crate::transfer::followers::Seat;
use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, get, web};
use futures_util::stream;
use std::io::Write;
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};
use uuid::Uuid;

/// A sign of life is sent when nothing else was for so long.
const HEARTBEAT: Duration = Duration::from_secs(15);

#[utoipa::path(
    tag = "changes",
    operation_id = "streamChanges",
    summary = "Ändringar som ström / Changes as a stream",
    description = "Samma som /changes, som server-sent events: varje händelse change har id epoch:sequence och en ändring som data. \
        Efter ett avbrott fortsätter Last-Event-ID därifrån. Händelsen restart är ett problem: börja om från exporten. En ström med token \
        avslutas när token skulle ha gått ut; anslut på nytt med en ny.\n\n\
        The same as /changes, as server-sent events: every event change has the id epoch:sequence and one change as its data. After a break \
        Last-Event-ID goes on from there. The event restart is a problem: start again from the export. A stream with a token ends when the \
        token would have expired; connect again with a new one.",
    params(
        ("after" = Option<i64>, Query, description = "Numret på den sista ändring som läsaren känner till / Number of the last change that the reader knows of", minimum = 0, example = 0),
        ("epoch" = Option<String>, Query, description = "Epoken som numret räknas i; krävs när after är större än 0 / The epoch that the number counts in; required when after is more than 0", example = "6f1c1d3e-0c7b-4d43-9d7e-0a3a5f4d8a10"),
        ("Last-Event-ID" = Option<String>, Header, description = "Id från den sista händelsen, i stället för after och epoch / Id of the last event, instead of after and epoch", example = "6f1c1d3e-0c7b-4d43-9d7e-0a3a5f4d8a10:312"),
    ),
    responses((status = 200, description = "Händelserna, utan slut / The events, without end", body = String, content_type = "text/event-stream")),
)]
#[get("/changes/stream")]
pub(crate) async fn stream_changes(call: Call) -> Answer {
    let params = Params::of(&call.request)?;
    negotiate(&call.request, Format::STREAM)?;
    let last = call.request.headers().get("last-event-id").map(|value| position(value.to_str().unwrap_or_default()));
    let (asked, standing) = read(&call, &params, &["after", "epoch"], last.transpose()?)?;
    let seat = call.app.followers.seat().ok_or_else(|| {
        Error::problem(
            Code::Unavailable,
            Message::fixed(
                "Noden har inte plats för fler strömmar. Läs /changes i stället.",
                "The node has no room for more streams. Read /changes instead.",
            ),
        )
    })?;
    let left = |until: i64| Duration::from_secs(u64::try_from(until - call.app.clock.now().timestamp()).unwrap_or(0));
    let until = call.until.map(|until| Instant::now() + left(until));
    let rights = (call.actor != Actor::Anyone).then(|| call.app.authority.generation());
    let mut follower = Follower {
        app: call.app.clone(),
        asked,
        standing,
        seat,
        until,
        rights,
        level: false,
        told: 0,
        state: State::Following,
        language: Language::of(&call.request),
        request: RequestId::of(&call.request),
    };
    // What is wrong with the position is told as a problem, not as an event.
    let first = follower.page().await?;
    let mut opening = b"retry: 2000\n\n".to_vec();
    follower.events(&mut opening, &first)?;
    let events = stream::unfold((follower, Some(opening)), |(mut follower, opening)| async move {
        let bytes = match opening {
            Some(opening) => opening,
            None => follower.next().await?,
        };
        Some((Ok::<Bytes, actix_web::Error>(Bytes::from(bytes)), (follower, None)))
    });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, Format::Events.content_type()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // Compression would hold events back.
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(Box::pin(events)))
}

/// One client that follows.
struct Follower {
    app: web::Data<App>,
    asked: Asked,
    standing: Standing,
    seat: Seat,
    /// When its token expires.
    until: Option<Instant>,
    /// What the node knew of rights when it began: when that has changed, the client has to come again.
    rights: Option<u64>,
    /// Whether there was no more when it last looked.
    level: bool,
    /// The position of the last id that was sent.
    told: i64,
    state: State,
    language: Language,
    request: Uuid,
}

#[derive(PartialEq, Eq)]
enum State {
    Following,
    Over,
}

impl Follower {
    async fn page(&mut self) -> Result<Page> {
        // What is written after this look at the newest number wakes the stream again.
        self.seat.newest.borrow_and_update();
        let (app, asked, standing) = (self.app.clone(), self.asked.clone(), self.standing.clone());
        let page =
            blocking(move || app.db.read_at_once(|connection| feed::page(connection, &asked, &standing))).await?;
        self.standing = Standing { after: page.position, epoch: Some(page.epoch.clone()) };
        self.level = !page.more;
        Ok(page)
    }

    fn events(&mut self, out: &mut Vec<u8>, page: &Page) -> Result<()> {
        for item in &page.items {
            write!(out, "event: change\nid: {}:{}\ndata: ", page.epoch, item.sequence)?;
            item.write(out)?;
            out.extend_from_slice(b"\n\n");
            self.told = item.sequence;
        }
        Ok(())
    }

    /// The next bytes; none when the stream ends.
    async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            let revoked = self.rights.is_some_and(|rights| rights != self.app.authority.generation());
            if self.state == State::Over || revoked || *self.seat.closed.borrow() {
                return None;
            }
            if self.level
                && let Some(woken) = self.wait().await
            {
                return woken;
            }
            let mut out = Vec::new();
            match self.page().await {
                Ok(page) => self.events(&mut out, &page).ok()?,
                Err(error) if error.code() == Code::FeedRestart => {
                    self.state = State::Over;
                    let public_url = self.app.config.public_address();
                    let problem = Problem::new(&error, self.language, &public_url, self.request);
                    write!(out, "event: restart\ndata: {}\n\n", serde_json::to_string(&problem).ok()?).ok()?;
                }
                Err(error) => {
                    tracing::error!(request_id = %self.request, %error, "a stream of changes ended");
                    return None;
                }
            }
            if !out.is_empty() {
                return Some(out);
            }
        }
    }

    /// Waits for a change. Gives what is sent meanwhile, or the end, when something else came first.
    async fn wait(&mut self) -> Option<Option<Vec<u8>>> {
        let expiry = async {
            match self.until {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        let quiet = tokio::select! {
            changed = self.seat.newest.changed() => return changed.is_err().then_some(None),
            _ = self.seat.closed.changed() => return Some(None),
            () = expiry => return Some(None),
            () = sleep(HEARTBEAT) => b": heartbeat\n\n",
        };
        let mut out = quiet.to_vec();
        if let Some(epoch) = &self.standing.epoch
            && self.standing.after > self.told
        {
            // Changes that this client is not told of moved it on: an id without data is no event.
            self.told = self.standing.after;
            write!(out, "id: {epoch}:{}\n\n", self.told).ok()?;
        }
        Some(Some(out))
    }
}
