//! The HTTP server: every service, and what all requests pass through.

use crate::api::answers::Answers;
use crate::api::cursor::CursorKey;
use crate::api::limits::Limits;
use crate::api::middleware::{configure, cors, observe, unknown};
use crate::api::routes::RouteTable;
use crate::api::surface::{ROOT, Surface};
use crate::api::{
    audit_entries, catalogue, changes, clients, discovery, docs, exports, health, openapi, persons, streams, webhooks,
};
use crate::app::App;
use crate::auth::oauth;
use crate::error::Result;
use crate::metrics::Requests;
use crate::resources::{collaboration, contact_point, forum, meeting, membership, network, organisation};
use actix_web::middleware::{Compress, from_fn};
use actix_web::{App as HttpApp, HttpServer, web};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use utoipa::openapi::OpenApi;
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;

/// The operations of the API: registering and describing them is one act.
fn operations(service: &mut ServiceConfig<'_>) {
    // Routes are tried in their order: what is asked for most comes first.
    service.service(discovery::search).service(discovery::suggest);
    {
        use organisation::routes as r;
        service
            .service(r::list_organisations)
            .service(r::create_organisation)
            .service(r::read_organisation)
            .service(r::change_organisation)
            .service(r::put_organisation)
            .service(r::delete_organisation)
            .service(r::organisation_history)
            .service(r::organisation_members)
            .service(r::organisation_umbrellas)
            .service(r::organisation_units)
            .service(r::organisation_contact_points)
            .service(r::organisation_networks)
            .service(r::organisation_forums)
            .service(r::organisation_collaborations)
            .service(r::organisation_meetings)
            .service(r::organisation_linked)
            .service(r::merge_organisations);
    }
    {
        use contact_point::routes as r;
        service
            .service(r::list_contact_points)
            .service(r::create_contact_point)
            .service(r::read_contact_point)
            .service(r::change_contact_point)
            .service(r::delete_contact_point)
            .service(r::contact_point_history);
    }
    {
        use network::routes as r;
        service
            .service(r::list_networks)
            .service(r::create_network)
            .service(r::read_network)
            .service(r::change_network)
            .service(r::delete_network)
            .service(r::network_history)
            .service(r::network_participants)
            .service(r::network_meetings)
            .service(r::network_contact_points);
    }
    {
        use forum::routes as r;
        service
            .service(r::list_forums)
            .service(r::create_forum)
            .service(r::read_forum)
            .service(r::change_forum)
            .service(r::delete_forum)
            .service(r::forum_history)
            .service(r::forum_participants)
            .service(r::forum_meetings)
            .service(r::forum_contact_points);
    }
    {
        use meeting::routes as r;
        service
            .service(r::list_meetings)
            .service(r::create_meeting)
            .service(r::read_meeting)
            .service(r::change_meeting)
            .service(r::delete_meeting)
            .service(r::meeting_history);
    }
    {
        use membership::routes as r;
        service
            .service(r::list_memberships)
            .service(r::create_membership)
            .service(r::read_membership)
            .service(r::change_membership)
            .service(r::delete_membership)
            .service(r::membership_history);
    }
    {
        use collaboration::routes as r;
        service
            .service(r::list_collaborations)
            .service(r::create_collaboration)
            .service(r::read_collaboration)
            .service(r::change_collaboration)
            .service(r::delete_collaboration)
            .service(r::collaboration_history);
    }
    service.service(openapi::api_info);
    service.service(changes::list_changes).service(streams::stream_changes).service(exports::export_registry);
    {
        use webhooks as r;
        service
            .service(r::list_webhooks)
            .service(r::create_webhook)
            .service(r::read_webhook)
            .service(r::change_webhook)
            .service(r::delete_webhook)
            .service(r::create_webhook_secret)
            .service(r::list_webhook_deliveries);
    }
    {
        use clients as r;
        service
            .service(r::list_clients)
            .service(r::create_client)
            .service(r::read_client)
            .service(r::revoke_client)
            .service(r::list_credentials)
            .service(r::create_credential)
            .service(r::delete_credential);
    }
    service.service(audit_entries::list_audit_entries).service(audit_entries::read_audit_entry);
    {
        use persons as r;
        service.service(r::search_person).service(r::export_person).service(r::correct_person).service(r::erase_person);
    }
    {
        use catalogue as r;
        service
            .service(r::list_topics)
            .service(r::read_topic)
            .service(r::list_municipalities)
            .service(r::read_municipality)
            .service(r::list_activity_areas)
            .service(r::read_activity_area)
            .service(r::list_legal_forms)
            .service(r::read_legal_form)
            .service(r::list_goals)
            .service(r::read_goal)
            .service(r::list_organisation_kinds)
            .service(r::read_organisation_kind)
            .service(r::list_target_groups)
            .service(r::read_target_group)
            .service(r::list_contact_purposes)
            .service(r::read_contact_purpose)
            .service(r::list_languages)
            .service(r::read_language)
            .service(r::list_collaboration_forms)
            .service(r::read_collaboration_form)
            .service(r::list_partnership_forms)
            .service(r::read_partnership_form);
    }
}

/// The document of the operations, as it is collected, with the root in the paths.
pub(crate) fn collected() -> OpenApi {
    let (_, document) =
        HttpApp::new().into_utoipa_app().service(utoipa_actix_web::scope(ROOT).configure(operations)).split_for_parts();
    document
}

/// How long a connection may wait for its next request.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// How long the head of a request may take to arrive.
const HEAD_PATIENCE: Duration = Duration::from_secs(5);
/// How long the end of a connection may take.
const LAST_PATIENCE: Duration = Duration::from_secs(2);

/// The paths that the document does not tell of.
const OTHER_PATHS: &[(&str, &[&str])] = &[
    ("/", &["GET"]),
    ("/docs", &["GET"]),
    ("/docs/", &["GET"]),
    ("/docs/{file}", &["GET"]),
    ("/problems/{code}", &["GET"]),
    ("/api/v1/openapi.json", &["GET"]),
    ("/health/live", &["GET"]),
    ("/health/ready", &["GET"]),
    ("/oauth2/token", &["POST"]),
    ("/.well-known/jwks.json", &["GET"]),
    ("/.well-known/oauth-authorization-server", &["GET"]),
];

/// Every path of the service with its methods.
fn route_table(document: &OpenApi) -> RouteTable {
    let mut routes = RouteTable::collect(document, ROOT);
    for (path, methods) in OTHER_PATHS {
        routes.add(path, methods);
    }
    routes
}

/// Counters for every route of the service.
pub(crate) fn counters() -> Requests {
    Requests::new(route_table(&collected()).patterns().map(str::to_owned))
}

/// Starts the server on a listener; requests are counted where counters are given.
pub(crate) fn start(
    app: &App,
    listener: TcpListener,
    requests: Option<Arc<Requests>>,
) -> Result<actix_web::dev::Server> {
    let document = collected();
    let routes = route_table(&document);
    let index = Arc::clone(&app.index);
    let origins: Vec<String> = app.config.cors_origins.0.iter().filter(|origin| *origin != "*").cloned().collect();
    let surface = web::Data::new(Surface {
        public_url: app.config.public_address(),
        routes,
        cursors: CursorKey::new(app.keys.cursor_secret())?,
        answers: Answers::new(app.config.answer_cache),
        timeout: Duration::from_secs(app.config.request_timeout),
        sequence: Box::new(move || Some(index.searcher().sequence())),
        requests,
        limits: Limits::new(&app.config),
        trusted_proxies: app.config.trusted_proxies.0.clone(),
        origins: origins.clone(),
    });
    let served = web::Data::new(openapi::Served::new(document, &app.config.public_address())?);
    let node = web::Data::new(app.clone());
    let server = HttpServer::new(move || {
        // The document's own address comes first: the scope of the operations would answer for everything below it.
        let (http, _) = HttpApp::new()
            .configure(openapi::configure)
            .into_utoipa_app()
            .service(utoipa_actix_web::scope(ROOT).configure(operations))
            .split_for_parts();
        http.app_data(node.clone())
            .app_data(surface.clone())
            .app_data(served.clone())
            .configure(configure)
            .configure(oauth::configure)
            .configure(docs::configure)
            .configure(health::configure)
            .default_service(web::to(unknown))
            .wrap(Compress::default())
            .wrap(cors(&origins))
            .wrap(from_fn(observe))
    })
    .workers(app.config.workers)
    .tcp_nodelay(true)
    // The framework counts for each worker.
    .max_connections(app.config.max_connections.div_ceil(app.config.workers))
    .keep_alive(KEEP_ALIVE)
    .client_request_timeout(HEAD_PATIENCE)
    .client_disconnect_timeout(LAST_PATIENCE)
    .shutdown_timeout(10)
    // Streams have to be ended before the server waits for them: `app` listens to signals.
    .disable_signals()
    .listen(listener)?
    .run();
    Ok(server)
}
