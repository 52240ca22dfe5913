//! The Norrbotten demo registry, compiled in.

use crate::app::App;
use crate::auth::actor::{Actor, Role};
use crate::auth::clients::NewClient;
use crate::config::Config;
use crate::db::Db;
use crate::error::{Error, Result};
use crate::transfer::import::{Options, Report, import};
use std::path::Path;

/// The files of the demo registry, in the order that references need least.
const FILES: [&str; 6] = [
    include_str!("../data/registry/organisations.ndjson"),
    include_str!("../data/registry/networks.ndjson"),
    include_str!("../data/registry/forums.ndjson"),
    include_str!("../data/registry/contact-points.ndjson"),
    include_str!("../data/registry/memberships.ndjson"),
    include_str!("../data/registry/collaborations.ndjson"),
];

/// A client for trying out what needs a token.
#[derive(Debug, Clone)]
pub struct DemoClient {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
}

/// The configuration of a demo: on SQLite in a fresh folder below the configured data folder.
pub fn fresh(config: Config) -> Result<Config> {
    let folder = config.data_dir.join("demo");
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(config.in_folder(&folder))
}

/// Loads the demo registry.
pub fn load(db: &Db) -> Result<Report> {
    let all = FILES.concat();
    import(db, &Actor::Operator, all.as_bytes(), Options::default(), &mut |_, _, _| {})
}

/// Makes a client that may write everything.
pub fn client(app: &App) -> Result<DemoClient> {
    let new = NewClient { name: "demo".to_owned(), role: Role::Steward, organisation: None, protected: false };
    let (id, secret) = app.create_client(&new)?;
    Ok(DemoClient { id, secret })
}

/// The demo registry in a folder, indexed, without serving it.
pub fn in_folder(folder: &Path) -> Result<App> {
    let config = Config::default().in_folder(folder);
    let app = App::build(config)?;
    let report = load(&app.db)?;
    if !report.written {
        return Err(Error::internal(format!("the demo registry has {} bad lines", report.rejected.len())));
    }
    app.level()?;
    Ok(app)
}
