//! Configuration: environment variables with the prefix `SAMVERKAN_`, then a TOML file, then defaults. A name that is not
//! known refuses the start.

use crate::auth::issuers::Outside;
use crate::error::{Error, Result as CrateResult};
use crate::transfer::webhooks::Reach;
use ipnet::IpNet;
use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::str::FromStr;

const PREFIX: &str = "SAMVERKAN_";
/// The variable that names the file.
const FILE: &str = "SAMVERKAN_CONFIG";
/// Access tokens last for so many seconds at most.
const LONGEST_TOKEN: u64 = 300;
const DEFAULT_FILE: &str = "samverkan.toml";

macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $field:ident: $type:ty = $default:expr, $key:literal, $shown:literal;)*) => {
        /// The effective configuration. Each field's text names what it sets; its variable is the key in capitals with the prefix.
        #[derive(Debug, Clone)]
        pub struct Config { $($(#[doc = $doc])+ pub $field: $type,)* }

        impl Default for Config {
            fn default() -> Self {
                Config { $($field: $default,)* }
            }
        }

        impl Config {
            fn set(&mut self, key: &str, value: &str) -> Result<bool, String> {
                match key {
                    $($key => {
                        self.$field = <$type as Setting>::read(value)?;
                        Ok(true)
                    })*
                    _ => Ok(false),
                }
            }

            /// One row for each setting: variable, key in the file, default and meaning.
            pub fn table() -> Vec<SettingRow> {
                vec![$(SettingRow {
                    variable: format!("{PREFIX}{}", $key.to_uppercase()),
                    key: $key,
                    default: $shown,
                    text: concat!($($doc),+).trim(),
                },)*]
            }

            fn shown(&self) -> Vec<(&'static str, String)> {
                vec![$(($key, self.$field.show()),)*]
            }
        }
    };
}

/// A row of the configuration table.
#[derive(Debug, Clone)]
pub struct SettingRow {
    /// Environment variable.
    pub variable: String,
    /// Key in the TOML file.
    pub key: &'static str,
    /// The default, as people read it.
    pub default: &'static str,
    /// What it sets.
    pub text: &'static str,
}

settings! {
    /// Address and port that the API listens on.
    listen: String = "127.0.0.1:8080".to_owned(), "listen", "127.0.0.1:8080";
    /// Address and port of `GET /metrics` for Prometheus, for the inside only; none when it is not set.
    metrics_listen: Option<String> = None, "metrics_listen", "off";
    /// Folder of database, index and keys.
    data_dir: PathBuf = PathBuf::from("./var"), "data_dir", "./var";
    /// The database: `sqlite:PATH` or `postgres://…`. May hold a password; never shown.
    database_url: Secret = Secret::default(), "database_url", "SQLite in the data folder";
    /// Folder of the search index; each node has its own.
    index_dir: Option<PathBuf> = None, "index_dir", "`index` in the data folder";
    /// The address that clients use: links, the OpenAPI document's server, the issuer of tokens.
    public_url: Option<String> = None, "public_url", "http:// and the listening address";
    /// What is logged: a level (error, warn, info, debug, trace) or filter directives.
    log: String = "info".to_owned(), "log", "info";
    /// Form of the log: `pretty` or `json`.
    log_format: LogFormat = LogFormat::Pretty, "log_format", "pretty";
    /// Threads that answer requests.
    workers: usize = std::thread::available_parallelism().map_or(2, usize::from), "workers", "one for each core";
    /// The longest body that is read, in bytes.
    body_limit: usize = 2 << 20, "body_limit", "2097152";
    /// The longest that an answer may take, in seconds.
    request_timeout: u64 = 30, "request_timeout", "30";
    /// Origins whose pages may call the API (CORS), separated by commas; `*` for all.
    cors_origins: List = List(vec!["*".to_owned()]), "cors_origins", "*";
    /// How long a node that has lost its database goes on answering searches, in seconds.
    max_staleness: u64 = 300, "max_staleness", "300";
    /// Room for answers of lists and searches that are kept until the index changes, in megabytes; 0 for none.
    answer_cache: u32 = 16, "answer_cache", "16";
    /// How long an access token lasts, in seconds, at most 300.
    token_lifetime: u64 = 300, "token_lifetime", "300";
    /// The file that tells which outside issuers' tokens are taken, and what they give.
    issuers: Outside = Outside::default(), "issuers", "none";
    /// How many streams of changes a node serves at once.
    max_streams: usize = 500, "max_streams", "500";
    /// Networks or addresses of proxies in front of the node, separated by commas: their `Forwarded` or `X-Forwarded-For` tells the address of a caller.
    trusted_proxies: Networks = Networks::default(), "trusted_proxies", "none";
    /// Lists, searches and suggestions that an address may ask for in a minute; a client with a token five times as many. `off` or `0` for no limit; so too below.
    limit_search: Limit = Limit::of(6_000), "limit_search", "6000";
    /// Other reads of the API that an address may make in a minute; a client five times as many.
    limit_records: Limit = Limit::of(12_000), "limit_records", "12000";
    /// Writes that an address may try in a minute; a client five times as many.
    limit_writes: Limit = Limit::of(3_000), "limit_writes", "3000";
    /// Tokens that an address may ask for in a minute.
    limit_token: Limit = Limit::of(600), "limit_token", "600";
    /// Wrong client secrets that an address may give in a minute.
    limit_token_failures: Limit = Limit::of(60), "limit_token_failures", "60";
    /// How many connections a node holds at once; more wait.
    max_connections: usize = 4_096, "max_connections", "4096";
    /// Networks that webhooks may be sent to although they are not public, also without TLS: `10.20.0.0/16`, separated by commas.
    webhook_networks: Networks = Networks::default(), "webhook_networks", "none";
    /// A webhook that has failed for so many hours is dead.
    webhook_patience: u64 = 120, "webhook_patience", "120";
    /// How long superseded versions and deletions stay in the change log, in days.
    change_retention: Option<u64> = None, "change_retention", "for ever";
    /// How long the audit log tells what was changed, in days; after that only that it was.
    audit_retention: Option<u64> = None, "audit_retention", "for ever";
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words are plain")]
pub enum LogFormat {
    Pretty,
    Json,
}

/// A value that is never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Option<String>);

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

/// Values separated by commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List(pub Vec<String>);

/// Networks separated by commas.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(pub Vec<IpNet>);

/// How many requests in a minute; none when there is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(pub Option<NonZeroU32>);

impl Limit {
    /// No limit.
    pub const OFF: Limit = Limit(None);

    /// So many; no limit for 0.
    pub const fn of(most: u32) -> Limit {
        Limit(NonZeroU32::new(most))
    }
}

/// A type of setting: how it is read from text and shown as TOML.
trait Setting: Sized {
    fn read(text: &str) -> Result<Self, String>;
    fn show(&self) -> String;
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn number<N: FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| "is no whole number in range".to_owned())
}

impl Setting for String {
    fn read(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err("is empty".to_owned()) } else { Ok(text.to_owned()) }
    }
    fn show(&self) -> String {
        quoted(self)
    }
}

impl Setting for PathBuf {
    fn read(text: &str) -> Result<Self, String> {
        String::read(text).map(PathBuf::from)
    }
    fn show(&self) -> String {
        quoted(&self.to_string_lossy())
    }
}

impl<T: Setting> Setting for Option<T> {
    fn read(text: &str) -> Result<Self, String> {
        T::read(text).map(Some)
    }
    fn show(&self) -> String {
        self.as_ref().map_or_else(|| "\"\"".to_owned(), Setting::show)
    }
}

/// A size that may be nothing.
impl Setting for u32 {
    fn read(text: &str) -> Result<Self, String> {
        number(text)
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for usize {
    fn read(text: &str) -> Result<Self, String> {
        match number(text)? {
            0 => Err("must be at least 1".to_owned()),
            value => Ok(value),
        }
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for u64 {
    fn read(text: &str) -> Result<Self, String> {
        match number(text)? {
            0 => Err("must be at least 1".to_owned()),
            value => Ok(value),
        }
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for Secret {
    fn read(text: &str) -> Result<Self, String> {
        String::read(text).map(|text| Secret(Some(text)))
    }
    fn show(&self) -> String {
        quoted(if self.0.is_some() { "(set)" } else { "" })
    }
}

impl Setting for List {
    fn read(text: &str) -> Result<Self, String> {
        Ok(List(text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()))
    }
    fn show(&self) -> String {
        quoted(&self.0.join(","))
    }
}

impl Setting for Networks {
    fn read(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts
            .map(|part| part.parse().or_else(|_| part.parse::<IpAddr>().map(IpNet::from)).map_err(|_| part))
            .map(|read| read.map_err(|part| format!("holds {part}, which is no network such as 10.20.0.0/16")))
            .collect::<Result<_, _>>()
            .map(Networks)
    }
    fn show(&self) -> String {
        quoted(&self.0.iter().map(IpNet::to_string).collect::<Vec<_>>().join(","))
    }
}

impl Setting for Outside {
    fn read(text: &str) -> Result<Self, String> {
        PathBuf::read(text).and_then(|path| Outside::read(&path))
    }
    fn show(&self) -> String {
        quoted(&self.path().map(Path::to_string_lossy).unwrap_or_default())
    }
}

impl Setting for Limit {
    fn read(text: &str) -> Result<Self, String> {
        if text == "off" { Ok(Limit::OFF) } else { number(text).map(Limit::of) }
    }
    fn show(&self) -> String {
        self.0.map_or_else(|| quoted("off"), |most| most.to_string())
    }
}

impl Setting for LogFormat {
    fn read(text: &str) -> Result<Self, String> {
        match text {
            "pretty" => Ok(LogFormat::Pretty),
            "json" => Ok(LogFormat::Json),
            _ => Err("must be pretty or json".to_owned()),
        }
    }
    fn show(&self) -> String {
        quoted(if *self == LogFormat::Pretty { "pretty" } else { "json" })
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConfigError {
    /// A name that is not known.
    #[error("{name} is no setting{}", .near.as_ref().map(|near| format!("; did you mean {near}?")).unwrap_or_default())]
    Unknown {
        /// The name.
        name: String,
        /// The nearest known one.
        near: Option<String>,
    },
    /// A value that cannot be used.
    #[error("{name} {reason}")]
    Value {
        /// The setting.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The file cannot be read.
    #[error("the configuration file {0}: {1}")]
    File(String, String),
}

impl Config {
    /// Reads the configuration of this process.
    pub fn from_environment() -> Result<Config, ConfigError> {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())));
        let variables: Vec<(String, String)> = variables.collect();
        let named = variables.iter().find(|(name, _)| name == FILE).map(|(_, path)| PathBuf::from(path));
        let file = named.or_else(|| Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.exists()));
        Config::load(variables.into_iter(), file.as_deref())
    }

    /// Reads a configuration from variables and a file; a variable wins over the file.
    pub fn load(variables: impl Iterator<Item = (String, String)>, file: Option<&Path>) -> Result<Config, ConfigError> {
        let mut config = Config::default();
        if let Some(path) = file {
            config.read_file(path)?;
        }
        let ours: BTreeMap<String, String> =
            variables.filter(|(name, _)| name.starts_with(PREFIX) && name != FILE).collect();
        for (name, value) in ours {
            let key = name.strip_prefix(PREFIX).unwrap_or_default().to_lowercase();
            config.take(&name, &key, &value, |near| format!("{PREFIX}{}", near.to_uppercase()))?;
        }
        if !(1..=LONGEST_TOKEN).contains(&config.token_lifetime) {
            let reason = format!("must be from 1 to {LONGEST_TOKEN} seconds");
            return Err(ConfigError::Value { name: "token_lifetime".to_owned(), reason });
        }
        Ok(config)
    }

    fn read_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let told = |reason: String| ConfigError::File(path.display().to_string(), reason);
        let text = std::fs::read_to_string(path).map_err(|error| told(error.to_string()))?;
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| told(error.message().to_owned()))?;
        for (key, value) in table {
            let text = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Boolean(flag) => flag.to_string(),
                toml::Value::Array(values) => {
                    values.iter().filter_map(toml::Value::as_str).collect::<Vec<_>>().join(",")
                }
                _ => return Err(ConfigError::Value { name: key, reason: "has a form that no setting has".to_owned() }),
            };
            self.take(&key, &key, &text, str::to_owned)?;
        }
        Ok(())
    }

    fn take(&mut self, name: &str, key: &str, value: &str, spell: impl Fn(&str) -> String) -> Result<(), ConfigError> {
        match self.set(key, value) {
            Ok(true) => Ok(()),
            Ok(false) => {
                let near = Config::table().into_iter().map(|row| row.key).min_by_key(|known| distance(key, known));
                let near = near.filter(|known| distance(key, known) <= 4).map(spell);
                Err(ConfigError::Unknown { name: name.to_owned(), near })
            }
            Err(reason) => Err(ConfigError::Value { name: name.to_owned(), reason }),
        }
    }

    /// The effective values as TOML, without secrets.
    pub fn effective(&self) -> String {
        self.shown().into_iter().map(|(key, value)| format!("{key} = {value}\n")).collect()
    }

    /// The same configuration with everything it keeps in another folder, on SQLite.
    pub fn in_folder(self, folder: &Path) -> Config {
        Config { data_dir: folder.to_owned(), database_url: Secret::default(), index_dir: None, ..self }
    }

    /// With this database.
    #[must_use]
    pub fn with_database(self, url: &str) -> Config {
        Config { database_url: Secret(Some(url.to_owned())), ..self }
    }

    /// The URL of the database.
    pub fn database_target(&self) -> CrateResult<String> {
        match &self.database_url.0 {
            Some(url) => Ok(url.clone()),
            None => {
                let path = self.data_dir.join("samverkan.sqlite");
                let path = path.to_str().ok_or_else(|| Error::internal("the data folder's name is no Unicode"))?;
                Ok(format!("sqlite:{path}"))
            }
        }
    }

    /// Where webhooks may be sent.
    pub fn webhook_reach(&self) -> Reach {
        Reach { networks: self.webhook_networks.0.clone() }
    }

    /// The folder of the index.
    pub fn index_folder(&self) -> PathBuf {
        self.index_dir.clone().unwrap_or_else(|| self.data_dir.join("index"))
    }

    /// The address that clients use, without a final stroke.
    pub fn public_address(&self) -> String {
        self.public_url
            .as_deref()
            .map_or_else(|| format!("http://{}", self.listen), |url| url.trim_end_matches('/').to_owned())
    }
}

/// How many letters differ (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut left_above = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = (above + 1).min(row[j] + 1).min(left_above + usize::from(a != *b));
            left_above = above;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
        Config::load(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())), None)
    }

    #[test]
    fn a_variable_sets_its_field() {
        let config =
            load(&[("SAMVERKAN_LISTEN", "0.0.0.0:80"), ("HOME", "/x"), ("SAMVERKAN_LOG_FORMAT", "json")]).unwrap();
        assert_eq!(config.listen, "0.0.0.0:80");
        assert_eq!(config.log_format, LogFormat::Json);
        assert_eq!(config.public_address(), "http://0.0.0.0:80");
    }

    #[test]
    fn a_typing_error_refuses_the_start_and_names_the_right_word() {
        let error = load(&[("SAMVERKAN_LISTN", "x")]).unwrap_err();
        assert_eq!(error.to_string(), "SAMVERKAN_LISTN is no setting; did you mean SAMVERKAN_LISTEN?");
        assert!(load(&[("SAMVERKAN_WORKERS", "many")]).is_err());
        assert!(load(&[("SAMVERKAN_WORKERS", "0")]).is_err());
        assert!(load(&[("SAMVERKAN_TOKEN_LIFETIME", "301")]).is_err());
        assert!(load(&[("SAMVERKAN_TOKEN_LIFETIME", "0")]).is_err());
    }

    #[test]
    fn a_variable_wins_over_the_file_and_unknown_keys_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samverkan.toml");
        std::fs::write(&path, "listen = \"1.1.1.1:1\"\nworkers = 3\n").unwrap();
        let variables = [("SAMVERKAN_LISTEN".to_owned(), "2.2.2.2:2".to_owned())];
        let config = Config::load(variables.into_iter(), Some(&path)).unwrap();
        assert_eq!((config.listen.as_str(), config.workers), ("2.2.2.2:2", 3));
        std::fs::write(&path, "colour = \"red\"\n").unwrap();
        assert!(matches!(Config::load(std::iter::empty(), Some(&path)), Err(ConfigError::Unknown { .. })));
    }

    #[test]
    fn what_is_shown_is_valid_and_holds_no_secret() {
        let config = load(&[("SAMVERKAN_DATABASE_URL", "postgres://me:planted@db/x")]).unwrap();
        assert!(!config.effective().contains("planted"));
        assert!(!format!("{config:?}").contains("planted"));
        assert_eq!(config.effective().parse::<toml::Table>().unwrap().len(), Config::table().len());
    }
}
