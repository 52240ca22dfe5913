//! Putting it together: what a node holds, and how it serves.

use crate::api;
use crate::auth::actor::Actor;
use crate::auth::authority::Authority;
use crate::auth::clients::{self, NewClient};
use crate::auth::issuers::Issuers;
use crate::auth::keys::Keys;
use crate::clock::{Clock, System};
use crate::config::Config;
use crate::db::{By, Db, Verified};
use crate::demo::DemoClient;
use crate::error::{Code, Error, Message, Result};
use crate::identifier::parse_path_id;
use crate::nodes::Lease;
use crate::resources::Kind;
use crate::resources::service::locate;
use crate::retention::Retention;
use crate::search::following::Following;
use crate::search::tailer::{Running, Tailer};
use crate::search::{Index, Options, Searcher};
use crate::transfer::exports::Exports;
use crate::transfer::followers::{Followers, Watch};
use crate::transfer::webhooks::{Counts, Delivering, Settings};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// The database of a configuration, for commands that need no index.
pub struct Opened {
    /// The database.
    pub db: Db,
    /// What tells the time.
    pub clock: Arc<dyn Clock>,
}

impl Opened {
    /// Opens the configured database and runs outstanding migrations.
    pub fn open(config: &Config) -> Result<Opened> {
        Opened::with_clock(config, Arc::new(System))
    }

    fn with_clock(config: &Config, clock: Arc<dyn Clock>) -> Result<Opened> {
        std::fs::create_dir_all(&config.data_dir)?;
        let target = config.database_target()?.parse()?;
        let readers = u32::try_from(config.workers.saturating_mul(4).clamp(4, 64)).unwrap_or(8);
        Ok(Opened { db: Db::open(&target, Arc::clone(&clock), readers)?, clock })
    }

    /// A tailer for the configured index.
    pub fn tailer(&self, config: &Config) -> Result<Tailer> {
        let index = Arc::new(Index::open(&config.index_folder(), Options::default())?);
        Ok(Tailer::new(self.db.clone(), index, Arc::default()))
    }

    /// The organisation that a command names by id, identifier or number.
    pub fn organisation(&self, text: &str) -> Result<Uuid> {
        let path = parse_path_id(text)?;
        self.db.read(|connection| {
            let id = locate(connection, Kind::Organisation, &path)?;
            if crate::resources::steps::exists(connection, Kind::Organisation, id)? {
                Ok(id)
            } else {
                Err(Error::not_found())
            }
        })
    }

    /// Makes a client; gives its id and secret.
    pub fn create_client(&self, by: &By, new: &NewClient) -> Result<(String, String)> {
        let (row, secret) = self.db.operate(|operations| clients::create(operations, by, new))?;
        Ok((row.id, secret))
    }
}

/// A node: the registry, its index and what serves them.
#[derive(Clone)]
pub struct App {
    /// The configuration.
    pub config: Arc<Config>,
    /// The database.
    pub db: Db,
    /// The index.
    pub index: Arc<Index>,
    /// What tells the time.
    pub clock: Arc<dyn Clock>,
    /// Keys of tokens and cursors.
    pub keys: Arc<Keys>,
    /// Who requests are from.
    pub(crate) authority: Arc<Authority>,
    /// How far the index has come in following the database.
    pub following: Arc<Following>,
    /// Who follows the change feed.
    pub followers: Arc<Followers>,
    /// The exported files.
    pub exports: Arc<Exports>,
    /// What it counts of its webhooks.
    pub deliveries: Arc<Counts>,
}

impl App {
    /// Builds a node: migrations, index, keys. The index is level with the database afterwards.
    pub fn build(config: Config) -> Result<App> {
        App::build_with_clock(config, Arc::new(System))
    }

    /// Builds a node with a clock of the caller's.
    pub fn build_with_clock(config: Config, clock: Arc<dyn Clock>) -> Result<App> {
        let app = App::open(config, clock)?;
        app.level()?;
        Ok(app)
    }

    /// Builds a node whose index is brought level by serving.
    pub fn open(config: Config, clock: Arc<dyn Clock>) -> Result<App> {
        let opened = Opened::with_clock(&config, Arc::clone(&clock))?;
        let keys = Arc::new(Keys::open(&config.data_dir.join("keys"))?);
        let index = Arc::new(Index::open(&config.index_folder(), Options::default())?);
        let followers = Arc::new(Followers::new(config.max_streams));
        let folder = config.data_dir.join("exports");
        let exports = Arc::new(Exports::new(opened.db.clone(), Arc::clone(&clock), folder));
        let authority = Arc::new(Authority::open(
            opened.db.clone(),
            Arc::clone(&clock),
            Arc::clone(&keys),
            config.public_address(),
            config.token_lifetime,
            Issuers::of(&config.issuers),
        )?);
        Ok(App {
            config: Arc::new(config),
            db: opened.db,
            index,
            clock,
            keys,
            authority,
            following: Arc::default(),
            followers,
            exports,
            deliveries: Arc::default(),
        })
    }

    /// Brings the index level with the database.
    pub fn level(&self) -> Result<()> {
        self.tailer().level()
    }

    /// What answers lists and searches. A node does not answer from an index that has not been level since it began, nor from
    /// one that has not heard from the database for longer than the configuration allows.
    pub fn searcher(&self) -> Result<Searcher> {
        let told = |sv, en| Err(Error::problem(Code::Unavailable, Message::fixed(sv, en)));
        if !self.following.has_been_level() {
            return told(
                "Noden bygger sitt sökindex; försök igen om en stund.",
                "The node is making its search index; try again in a while.",
            );
        }
        if self.following.age() > Duration::from_secs(self.config.max_staleness) {
            return told(
                "Noden har inte nått sin databas på länge; svaret kunde vara för gammalt.",
                "The node has not reached its database for long; the answer could be too old.",
            );
        }
        Ok(self.index.searcher())
    }

    /// A tailer of this node.
    pub fn tailer(&self) -> Tailer {
        Tailer::new(self.db.clone(), Arc::clone(&self.index), Arc::clone(&self.following))
    }

    /// Makes a client; gives its id and secret.
    pub fn create_client(&self, new: &NewClient) -> Result<(String, String)> {
        let opened = Opened { db: self.db.clone(), clock: Arc::clone(&self.clock) };
        let made = opened.create_client(&By::from(&Actor::Operator), new)?;
        self.authority.look()?;
        Ok(made)
    }

    /// Follows the audit log from its beginning.
    pub fn verify_audit(&self) -> Result<Result<Verified, String>> {
        self.db.read_at_once(crate::db::audit::verify)
    }

    /// Takes a client's rights away.
    pub fn revoke_client(&self, id: &str) -> Result<()> {
        self.db.operate(|operations| clients::revoke(operations, &By::from(&Actor::Operator), id).map(drop))?;
        self.authority.look()
    }
}

/// A node that serves.
pub struct Serving {
    /// Where it listens.
    pub address: SocketAddr,
    server: actix_web::dev::Server,
    tailer: Running,
    beside: Beside,
}

/// What runs beside the server, each in a thread of its own, and ends when dropped.
struct Beside {
    _watch: Watch,
    _delivering: Delivering,
    _authority: crate::auth::authority::Watch,
    _retention: Retention,
}

/// Starts to serve, in a running actix system.
pub fn start(app: &App) -> Result<Serving> {
    app.tailer().level_if_soon()?;
    let listener = TcpListener::bind(&app.config.listen)
        .map_err(|error| Error::internal(format!("cannot listen on {}: {error}", app.config.listen)))?;
    let address = listener.local_addr()?;
    let requests = app.config.metrics_listen.as_deref().map(|_| Arc::new(api::server::counters()));
    if let (Some(listen), Some(requests)) = (&app.config.metrics_listen, &requests) {
        let server = api::metrics::start(app, listen, Arc::clone(requests))?;
        // It ends with the system that it runs in.
        actix_web::rt::spawn(server);
    }
    let tailer = app.tailer().run(Lease::of(&app.db, &app.config.data_dir)?)?;
    let authority = app.authority.watch()?;
    let watch = app.followers.watch(app.db.clone())?;
    let delivering = Delivering::start(Settings {
        db: app.db.clone(),
        clock: Arc::clone(&app.clock),
        keys: Arc::clone(&app.keys),
        filter: api::changes::filter,
        reach: app.config.webhook_reach(),
        export: format!("{}{}/export", app.config.public_address(), api::surface::ROOT),
        patience: app.config.webhook_patience,
        counts: Arc::clone(&app.deliveries),
    })?;
    let server = api::server::start(app, listener, requests)?;
    let beside =
        Beside { _watch: watch, _delivering: delivering, _authority: authority, _retention: Retention::start(app)? };
    Ok(Serving { address, server, tailer, beside })
}

/// Serves until a signal ends it; requests that run are answered first.
pub fn serve(app: App, demo: Option<&DemoClient>) -> Result<()> {
    actix_web::rt::System::new().block_on(async {
        let Serving { address, server, tailer, beside } = start(&app)?;
        println!("samverkan serves at http://{address}/ (documentation: http://{address}/docs)");
        if let Some(client) = demo {
            println!("demo client: id {} secret {}", client.id, client.secret);
        }
        let (handle, followers) = (server.handle(), Arc::clone(&app.followers));
        actix_web::rt::spawn(async move {
            if let Err(error) = stop_signal().await {
                tracing::error!(%error, "signals cannot be listened to");
                return;
            }
            followers.close();
            handle.stop(true).await;
        });
        let ended = server.await;
        drop(beside);
        tailer.stop();
        ended.map_err(Error::from)
    })
}

/// Waits until the process is asked to stop.
async fn stop_signal() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminated = signal(SignalKind::terminate())?;
        let mut interrupted = signal(SignalKind::interrupt())?;
        tokio::select! {
            _ = terminated.recv() => {}
            _ = interrupted.recv() => {}
        }
        Ok(())
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

/// Serves in a thread of its own until dropped: for tests and measurements.
pub struct Background {
    /// The address, as `http://host:port`.
    pub base: String,
    handle: actix_web::dev::ServerHandle,
    followers: Arc<Followers>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Background {
    /// Starts to serve.
    pub fn start(app: App) -> Result<Background> {
        let followers = Arc::clone(&app.followers);
        let (told, hears) = std::sync::mpsc::channel();
        let thread = std::thread::Builder::new().name("serving".to_owned()).spawn(move || {
            actix_web::rt::System::new().block_on(async {
                match start(&app) {
                    Ok(Serving { address, server, tailer, beside }) => {
                        // Nobody listening means that the starter is gone: then there is nobody to serve either.
                        if told.send(Ok((address, server.handle()))).is_ok()
                            && let Err(error) = server.await
                        {
                            tracing::error!(%error, "serving ended");
                        }
                        drop(beside);
                        tailer.stop();
                    }
                    Err(error) => drop(told.send(Err(error))),
                }
            });
        })?;
        let (address, handle) = hears.recv().map_err(|_| Error::internal("the server did not start"))??;
        Ok(Background { base: format!("http://{address}"), handle, followers, thread: Some(thread) })
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.followers.close();
        // The future only carries the answer; the command is sent at once.
        drop(self.handle.stop(true));
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the server had panicked");
        }
    }
}
