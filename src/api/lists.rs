//! Lists and search: one way from parameters to bytes. A list is a search without `q`; hits come ready-made from the
//! index, with no database call but for keys in filters and for `include`.

use crate::api::answers::Key;
use crate::api::call::{Answer, Call, blocking};
use crate::api::csv::write_csv;
use crate::api::cursor::CursorKey;
use crate::api::embed::embedded;
use crate::api::etag;
use crate::api::language::Language;
use crate::api::negotiate::{Format, negotiate};
use crate::api::page::{Embedded, Place, page_links, write_list, write_search};
use crate::api::parameters::Params;
use crate::api::parse::{Context, ListRequest, Resolve, parse};
use crate::api::surface::ROOT;
use crate::api::table::Table;
use crate::api::tables;
use crate::app::App;
use crate::auth::actor::Actor;
use crate::db::AnyConnection;
use crate::error::{Code, Error, Message, Result};
use crate::identifier::{PathId, parse_path_id};
use crate::resources::resource::Resource;
use crate::resources::{Audience, Kind, service};
use crate::search::Searcher;
use crate::search::query::{self, Filter, Record};
use actix_web::rt;
use actix_web::web::Bytes;
use std::cell::Cell;
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long a list waits for a change to become searchable.
const PATIENCE: Duration = Duration::from_secs(2);

/// The list of a kind.
pub(crate) async fn list<R: Resource>(call: Call) -> Answer {
    answer(call, tables::of(R::KIND), Scope::None).await
}

/// The list of what belongs to a record: those of a kind whose filter names it.
pub(crate) async fn list_of<O: Resource, R: Resource>(call: Call, id: String, filter: &'static str) -> Answer {
    let owner = owner::<O, _>(&call, &id, |_, _| Ok(())).await?.0;
    answer(call, tables::of(R::KIND), Scope::Filter(filter, owner)).await
}

/// The list of records of a kind that the database names for a record.
pub(crate) async fn list_related<O: Resource, R: Resource>(
    call: Call,
    id: String,
    related: impl Fn(&mut AnyConnection, Uuid) -> Result<Vec<Uuid>> + Send + 'static,
) -> Answer {
    let (owner, ids) = owner::<O, _>(&call, &id, related).await?;
    answer(call, tables::of(R::KIND), Scope::Ids(owner, ids)).await
}

/// Search over all kinds.
pub(crate) async fn search(call: Call) -> Answer {
    answer(call, &tables::SEARCH, Scope::None).await
}

/// What a path adds to a query.
enum Scope {
    None,
    Filter(&'static str, Uuid),
    Ids(Uuid, Vec<Uuid>),
}

impl Scope {
    fn text(&self) -> String {
        match self {
            Scope::None => String::new(),
            Scope::Filter(name, id) => format!("{name}={id}"),
            Scope::Ids(id, _) => id.to_string(),
        }
    }

    fn narrow(self, query: &mut query::Query) {
        match self {
            Scope::None => {}
            Scope::Filter(name, id) => query.filters.push(Filter { name, any: vec![id.to_string()] }),
            Scope::Ids(_, ids) if query.ids.is_empty() => {
                // No id at all would mean no restriction: the empty one belongs to nobody.
                query.ids = if ids.is_empty() { vec![Uuid::nil()] } else { ids };
            }
            Scope::Ids(_, ids) => {
                query.ids.retain(|id| ids.contains(id));
                if query.ids.is_empty() {
                    query.ids.push(Uuid::nil());
                }
            }
        }
    }
}

/// The record of a path that the caller may see, and what the database tells of it.
async fn owner<O: Resource, T: Send + 'static>(
    call: &Call,
    id: &str,
    tell: impl Fn(&mut AnyConnection, Uuid) -> Result<T> + Send + 'static,
) -> Result<(Uuid, T)> {
    let path = parse_path_id(id)?;
    let (app, actor) = (call.app.clone(), call.actor.clone());
    blocking(move || {
        app.db.read(|connection| {
            let id = service::locate(connection, O::KIND, &path)?;
            service::read::<O>(connection, &actor, id)?;
            Ok((id, tell(connection, id)?))
        })
    })
    .await
}

async fn answer(call: Call, table: &'static Table, scope: Scope) -> Answer {
    let params = Params::of(&call.request)?;
    let format = negotiate(&call.request, Format::LISTS)?;
    let language = Language::of(&call.request);
    let answers = call.answers()?;
    let key = (answers.is_on() && matches!(scope, Scope::None)).then(|| Key {
        address: format!("{}{}", call.request.path(), params.with(&[])),
        language,
        format,
        audience: call.actor.audience(),
    });
    if let Some(key) = &key
        && let Some(kept) = answers.get(key, call.app.searcher()?.state())
    {
        return call.tagged(kept.tag, format, || Ok(kept.body));
    }
    let (mut request, by_index_alone) = request(&call, table, &params, language, scope.text()).await?;
    scope.narrow(&mut request.query);
    if let Some(change) = request.min_change {
        wait_for(&call.app, change).await?;
    }
    let searcher = call.app.searcher()?;
    let state = searcher.state();
    let answer = find(&call, searcher, &request).await?;
    request.check_depth(answer.total as u64)?;
    let (bytes, hash) = match format {
        Format::Csv => {
            let bytes = write_csv(table, &request.fields, &answer.hits)?;
            let mut hash = etag::Hash::default();
            hash.add(&bytes);
            (bytes, hash.value())
        }
        _ => {
            let embedded = embed(&call, &request, &answer).await?;
            let api = call.api();
            let path = call.request.path();
            let place = Place { api: &api, path: path.strip_prefix(ROOT).unwrap_or(path), params: &params };
            let links = page_links(&place, &request, &answer, call.cursors()?);
            let body = if table.is_search() {
                write_search(&place, &request, &answer, &links, language)?
            } else {
                write_list(&place, &request, &answer, &links, &embedded, language)?
            };
            (body.bytes, body.hash)
        }
    };
    let (tag, body) = (etag::weak(hash, format), Bytes::from(bytes));
    // What the database had a part in may change before the index does.
    if let Some(key) = key.filter(|_| by_index_alone && request.include.is_empty()) {
        answers.keep(key, state, tag.clone(), body.clone());
    }
    call.tagged(tag, format, || Ok(body))
}

/// Reads the parameters: on this thread when they name records by their ids only, which it tells, else where one may wait.
async fn request(
    call: &Call,
    table: &'static Table,
    params: &Params,
    language: Language,
    scope: String,
) -> Result<(ListRequest, bool)> {
    let cursors = call.cursors()?;
    let plain = OnlyIds::default();
    let context = Context { resolve: &plain, language, cursors: Some(cursors), scope: &scope };
    let parsed = parse(table, params, &context);
    if !plain.needs_database.get() {
        return Ok((parsed?, true));
    }
    let (app, actor, params, cursors) = (call.app.clone(), call.actor.clone(), params.clone(), cursors.clone());
    blocking(move || {
        let resolve = ByDatabase { app: &app, actor: &actor };
        let context = Context { resolve: &resolve, language, cursors: Some(&cursors), scope: &scope };
        Ok((parse(table, &params, &context)?, false))
    })
    .await
}

/// Takes ids as they are and notes when something else was asked for.
#[derive(Default)]
struct OnlyIds {
    needs_database: Cell<bool>,
}

impl Resolve for OnlyIds {
    fn resolve(&self, _kinds: &[Kind], text: &str) -> Result<Option<Uuid>> {
        if let Ok(id) = Uuid::parse_str(text) {
            return Ok(Some(id));
        }
        self.needs_database.set(true);
        Ok(None)
    }
}

/// Finds records by their keys.
struct ByDatabase<'a> {
    app: &'a App,
    actor: &'a Actor,
}

impl Resolve for ByDatabase<'_> {
    fn resolve(&self, kinds: &[Kind], text: &str) -> Result<Option<Uuid>> {
        let Ok(path) = parse_path_id(text) else { return Ok(None) };
        let PathId::Identifier { scheme, value } = path else {
            return Ok(Uuid::parse_str(text).ok());
        };
        self.app.db.read(|connection| {
            let Some((kind, id)) = crate::db::store::holder(connection, &scheme, &value)? else { return Ok(None) };
            let fits = kinds.is_empty() || kinds.contains(&kind);
            // A key of a record that the caller may not see is as unknown as one that nobody holds.
            let seen = fits && !service::load_visible(connection, self.actor, kind, &[id])?.is_empty();
            Ok(seen.then_some(id))
        })
    }
}

async fn find(call: &Call, searcher: Searcher, request: &ListRequest) -> Result<query::Answer> {
    let audience = call.actor.audience();
    if searcher.is_heavy(&request.query) {
        let query = request.query.clone();
        return blocking(move || searcher.find(audience, &query)).await;
    }
    searcher.find(audience, &request.query)
}

async fn embed(call: &Call, request: &ListRequest, answer: &query::Answer) -> Result<Embedded> {
    if request.include.is_empty() {
        return Ok(Embedded::new());
    }
    let records: Vec<(Uuid, Record)> = answer.hits.iter().map(|hit| (hit.id, hit.record.clone())).collect();
    let (app, actor, include) = (call.app.clone(), call.actor.clone(), request.include.clone());
    blocking(move || {
        let records: Vec<(Uuid, &[u8])> = records.iter().map(|(id, json)| (*id, &**json)).collect();
        app.db.read(|connection| embedded(connection, &app, &actor, &include, &records))
    })
    .await
}

/// Waits until this node has indexed a change.
async fn wait_for(app: &App, change: u64) -> Result<()> {
    let started = Instant::now();
    let mut asked = false;
    while app.index.searcher().sequence() < change {
        if !asked {
            asked = true;
            let db = app.db.clone();
            let head = blocking(move || db.head()).await?;
            if u64::try_from(head.sequence).is_ok_and(|sequence| change > sequence) {
                return Err(Error::parameter(
                    "minChange",
                    "range",
                    Message::fixed("Så många ändringar finns inte än.", "There are not that many changes yet."),
                ));
            }
        }
        if started.elapsed() > PATIENCE {
            return Err(Error::problem(
                Code::NotYetIndexed,
                Message::fixed(
                    "Ändringen är sparad men inte sökbar än. Försök igen om en stund.",
                    "The change is stored but not searchable yet. Try again in a while.",
                ),
            ));
        }
        rt::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

/// Answers a query string of `GET /search` as anyone would get it, without HTTP: for evaluation.
pub fn ask(app: &App, query: &str) -> Result<serde_json::Value> {
    let params = Params::parse(query)?;
    let cursors = CursorKey::new(app.keys.cursor_secret())?;
    let resolve = ByDatabase { app, actor: &Actor::Anyone };
    let context = Context { resolve: &resolve, language: Language::Sv, cursors: Some(&cursors), scope: "" };
    let request = parse(&tables::SEARCH, &params, &context)?;
    let answer = app.searcher()?.find(Audience::Public, &request.query)?;
    let place = Place { api: "", path: "/search", params: &params };
    let body = write_search(&place, &request, &answer, &[], Language::Sv)?;
    Ok(serde_json::from_slice(&body.bytes)?)
}
