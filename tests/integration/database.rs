//! The databases of tests: a file of SQLite, or a database of a PostgreSQL server that this process starts for itself.
//!
//! `TEST_DATABASE` says which of the two a run uses; `TEST_DATABASE_URL` names a server in place of one's own.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use samverkan::clock::System;
use samverkan::config::Config;
use samverkan::db::{Db, Target};
use std::env;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use tempfile::TempDir;

/// Which database a run of the tests uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The embedded one.
    Sqlite,
    /// The server.
    Postgresql,
}

impl Which {
    /// What the environment asks for.
    pub fn asked() -> Which {
        match env::var("TEST_DATABASE").as_deref() {
            Err(_) | Ok("" | "sqlite") => Which::Sqlite,
            Ok("postgresql") => Which::Postgresql,
            Ok(other) => panic!("TEST_DATABASE is {other}; it must be sqlite or postgresql"),
        }
    }
}

/// A database for one test, gone with it.
pub struct TestDatabase {
    url: Option<String>,
    name: Option<String>,
}

impl TestDatabase {
    /// An empty database of the kind that the environment asks for.
    pub fn new() -> TestDatabase {
        TestDatabase::of(Which::asked())
    }

    /// An empty database of a kind.
    pub fn of(which: Which) -> TestDatabase {
        if which == Which::Sqlite {
            return TestDatabase { url: None, name: None };
        }
        let server = Server::shared();
        let name = server.create(Some(&server.template));
        TestDatabase { url: Some(server.url(&name)), name: Some(name) }
    }

    /// A PostgreSQL database without any table.
    pub fn bare() -> TestDatabase {
        let server = Server::shared();
        let name = server.create(None);
        TestDatabase { url: Some(server.url(&name)), name: Some(name) }
    }

    /// A database that someone else takes away.
    pub fn at(url: &str) -> TestDatabase {
        TestDatabase { url: Some(url.to_owned()), name: None }
    }

    /// The URL; nothing for the file in the data folder.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// The configuration of a node in this folder on this database.
    pub fn config(&self, folder: &Path) -> Config {
        let config = Config::default().in_folder(folder);
        match &self.url {
            Some(url) => config.with_database(url),
            None => config,
        }
    }

    /// Lets a command use this database.
    pub fn tell<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        match &self.url {
            Some(url) => command.env("SAMVERKAN_DATABASE_URL", url),
            None => command.env_remove("SAMVERKAN_DATABASE_URL"),
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some(name) = &self.name {
            Server::shared().run(&format!("DROP DATABASE {name} WITH (FORCE)"));
        }
    }
}

/// A server with databases of tests.
struct Server {
    /// The URL up to the name of the database, and what stands after it.
    url: (String, String),
    /// The connection that makes and drops databases.
    maintenance: Mutex<PgConnection>,
    /// A migrated database that others are copied from.
    template: String,
    _cluster: Option<Cluster>,
}

impl Server {
    fn shared() -> &'static Server {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(|| {
            let (url, cluster) = match env::var("TEST_DATABASE_URL") {
                Ok(url) => (url, None),
                Err(_) => {
                    let cluster = Cluster::start();
                    (cluster.url("postgres"), Some(cluster))
                }
            };
            let maintenance = Mutex::new(PgConnection::establish(&url).unwrap());
            let (before, after) = match url.split_once('?') {
                Some((before, after)) => (before, format!("?{after}")),
                None => (url.as_str(), String::new()),
            };
            let before = before.rsplit_once('/').unwrap().0.to_owned();
            let mut server = Server { url: (before, after), maintenance, template: String::new(), _cluster: cluster };
            server.template = server.create(None);
            drop(open(&server.url(&server.template)));
            server
        })
    }

    fn url(&self, name: &str) -> String {
        format!("{}/{name}{}", self.url.0, self.url.1)
    }

    fn run(&self, sql: &str) {
        self.maintenance.lock().unwrap().batch_execute(sql).unwrap();
    }

    fn create(&self, template: Option<&str>) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("samverkan_test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let template = template.unwrap_or("template0");
        self.run(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
        name
    }
}

/// The registry's database at a URL, migrated.
pub fn open(url: &str) -> Db {
    Db::open(&url.parse::<Target>().unwrap(), Arc::new(System), 4).unwrap()
}

/// A PostgreSQL server of this process's own, in a private folder, reached by a socket in it.
pub struct Cluster {
    folder: PathBuf,
    user: Option<(u32, u32)>,
    programs: PathBuf,
    /// Stops the server and removes the folder when this process ends, however it ends: its standard input then ends.
    _watcher: Child,
}

impl Cluster {
    /// Makes and starts one.
    pub fn start() -> Cluster {
        let programs = programs();
        let user = unprivileged();
        let folder = TempDir::with_prefix("samverkan-pg").unwrap().keep();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
        if let Some((user, group)) = user {
            chown(&folder, Some(user), Some(group)).unwrap();
        }
        let mut watcher = Command::new("sh");
        watcher
            .args([
                "-c",
                "trap '' INT TERM HUP; cat >/dev/null; \"$1/pg_ctl\" -D \"$2/data\" -m immediate stop; rm -rf \"$2\"",
                "sh",
            ])
            .args([&programs, &folder])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        as_user(&mut watcher, user);
        let cluster = Cluster { user, programs, _watcher: watcher.spawn().unwrap(), folder };
        let data = cluster.folder.join("data");
        cluster.run(
            "initdb",
            &["-A", "trust", "-U", "samverkan", "-E", "UTF8", "--no-locale", "--no-sync", "-D"],
            &data,
        );
        // Nothing here outlives the test: the file system need not be waited for.
        let settings = format!(
            "listen_addresses = ''\nunix_socket_directories = '{}'\nfsync = off\nfull_page_writes = off\n\
             max_connections = 400\nautovacuum = off\nmax_wal_size = 4GB\n",
            cluster.folder.display()
        );
        let file = data.join("postgresql.conf");
        let written = fs::read_to_string(&file).unwrap() + &settings;
        fs::write(&file, written).unwrap();
        cluster.resume();
        cluster
    }

    /// The URL of a database of it.
    pub fn url(&self, name: &str) -> String {
        let host = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://samverkan@{host}/{name}")
    }

    /// Stops the server at once, as if its machine had failed.
    pub fn halt(&self) {
        self.run("pg_ctl", &["-w", "-m", "immediate", "stop", "-D"], &self.folder.join("data"));
    }

    /// Starts the server again.
    pub fn resume(&self) {
        let log = self.folder.join("log");
        let log = log.to_str().unwrap();
        self.run("pg_ctl", &["-w", "-l", log, "start", "-D"], &self.folder.join("data"));
    }

    fn run(&self, program: &str, arguments: &[&str], data: &Path) {
        let mut command = Command::new(self.programs.join(program));
        // Of what it writes nothing is caught by a pipe: the server would hold it open.
        let log = fs::File::options().create(true).append(true).open(self.folder.join("setup")).unwrap();
        command.args(arguments).arg(data).current_dir("/").stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        as_user(&mut command, self.user);
        let status = command.status().unwrap();
        if !status.success() {
            let text = |name: &str| fs::read_to_string(self.folder.join(name)).unwrap_or_default();
            panic!("{program} failed: {}\n{}", text("setup"), text("log"));
        }
    }
}

fn as_user(command: &mut Command, user: Option<(u32, u32)>) {
    if let Some((user, group)) = user {
        command.uid(user).gid(group);
    }
}

/// Where the server's programs are.
fn programs() -> PathBuf {
    let mut folders: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|found| found.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect())
        .unwrap_or_default();
    folders.sort();
    folders.reverse();
    folders.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let whole = |folder: &PathBuf| ["initdb", "pg_ctl", "postgres"].iter().all(|name| folder.join(name).exists());
    folders.into_iter().find(whole).unwrap_or_else(|| {
        panic!(
            "the tests on PostgreSQL need its server (initdb, pg_ctl, postgres): install it, for example by \
             `apt-get install postgresql`, or name a server in TEST_DATABASE_URL"
        )
    })
}

/// The server refuses to run as root: then it runs as a user without rights.
fn unprivileged() -> Option<(u32, u32)> {
    let myself = tempfile::tempfile().unwrap().metadata().unwrap();
    if std::os::unix::fs::MetadataExt::uid(&myself) != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let find = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    Some(
        find("postgres")
            .or_else(|| find("nobody"))
            .unwrap_or_else(|| panic!("PostgreSQL does not run as root, and there is no user postgres or nobody")),
    )
}
