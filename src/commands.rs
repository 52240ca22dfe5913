//! What the command line does. Messages for people go to standard error, data to standard output.

use crate::app::{App, Opened};
use crate::auth::actor::{Actor, Role};
use crate::auth::assertion::PublicKey;
use crate::auth::clients::{self, NewClient};
use crate::auth::keys;
use crate::clock::System;
use crate::config::Config;
use crate::db::audit::Entry;
use crate::db::{self, By, Target};
use crate::error::{Code, Error, FieldError, Place};
use crate::evaluate::{self, Evaluation};
use crate::persons::{self, Person, Sought};
use crate::resources::Kind;
use crate::transfer::import::{Options, Report, Step};
use crate::transfer::{export, import};
use crate::{demo, generate, logging, search};
use chrono::TimeDelta;
use indicatif::{ProgressBar, ProgressStyle};
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All done.
    Done,
    /// The input or a check failed; it has been told.
    Failed,
}

/// Why a command could not be carried out.
#[derive(Debug)]
pub enum Failure {
    /// Used wrongly.
    Wrong(String),
    /// An error on the way.
    Error(Error),
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Failure::Error(error.into())
    }
}

type Result<T = Outcome> = std::result::Result<T, Failure>;

fn configured() -> Result<Config> {
    Config::from_environment().map_err(|error| Failure::Wrong(error.to_string()))
}

/// Serves the configured registry.
pub fn serve() -> Result {
    let config = configured()?;
    logging::start(&config)?;
    crate::app::serve(App::open(config, Arc::new(System))?, None)?;
    Ok(Outcome::Done)
}

/// Serves the demo registry, made anew.
pub fn demo() -> Result {
    let config = demo::fresh(configured()?)?;
    logging::start(&config)?;
    let app = App::build(config)?;
    let report = demo::load(&app.db)?;
    if !report.written {
        tell(&report, false);
        return Ok(Outcome::Failed);
    }
    let client = demo::client(&app)?;
    crate::app::serve(app, Some(&client))?;
    Ok(Outcome::Done)
}

/// Runs outstanding migrations.
pub fn migrate() -> Result {
    Opened::open(&configured()?)?;
    eprintln!("the database is up to date");
    Ok(Outcome::Done)
}

/// Imports a file.
pub fn import(file: &Path, keep_going: bool, dry_run: bool) -> Result {
    let opened = Opened::open(&configured()?)?;
    let input: Box<dyn Read> = if file == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(file).map_err(|error| Failure::Wrong(format!("{}: {error}", file.display())))?)
    };
    let bar = ProgressBar::new(0);
    bar.set_style(
        ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {per_sec} {eta}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let mut step = None;
    let mut progress = |now: Step, done: u64, total: u64| {
        if step != Some(now) {
            step = Some(now);
            bar.set_message(if now == Step::Check { "checking" } else { "writing" });
            bar.set_length(total);
            bar.set_position(0);
        }
        if done.is_multiple_of(256) || done == total {
            bar.set_position(done);
        }
    };
    let report = import::import(&opened.db, &Actor::Operator, input, Options { keep_going, dry_run }, &mut progress)?;
    bar.finish_and_clear();
    tell(&report, dry_run);
    let failed = !report.rejected.is_empty();
    Ok(if failed { Outcome::Failed } else { Outcome::Done })
}

/// Tells what an import did: every bad line with its number and reasons, then the sums.
fn tell(report: &Report, dry_run: bool) {
    for (line, errors) in &report.rejected {
        for FieldError { place, code, detail } in errors {
            let place = match place {
                Place::Pointer(pointer) => pointer.as_str(),
                Place::Parameter(_) | Place::Header(_) | Place::Line(_) => "",
            };
            eprintln!("line {line}: {place} {code}: {}", detail.en);
        }
    }
    let Report { created, updated, unchanged, rejected, written } = report;
    eprintln!("{created} created, {updated} updated, {unchanged} unchanged, {} rejected", rejected.len());
    if dry_run {
        eprintln!("nothing was written: this was a dry run");
    } else if !written {
        eprintln!("nothing was written: mend the lines above, or use --keep-going to write the others");
    }
}

/// Exports everything public.
pub fn export(file: Option<&Path>, csv: bool) -> Result {
    let opened = Opened::open(&configured()?)?;
    let mut out = output(file)?;
    if csv {
        export::export_csv(&opened.db, &mut out)?;
    } else {
        export::export(&opened.db, &mut out, &Kind::ALL, opened.clock.now())?;
    }
    out.flush()?;
    Ok(Outcome::Done)
}

fn output(file: Option<&Path>) -> Result<BufWriter<Box<dyn Write>>> {
    let out: Box<dyn Write> = match file {
        Some(path) if path != Path::new("-") => {
            Box::new(File::create(path).map_err(|error| Failure::Wrong(format!("{}: {error}", path.display())))?)
        }
        _ => Box::new(io::stdout().lock()),
    };
    Ok(BufWriter::with_capacity(1 << 20, out))
}

/// Makes the index anew.
pub fn reindex() -> Result {
    let config = configured()?;
    let opened = Opened::open(&config)?;
    let tailer = opened.tailer(&config)?;
    tailer.rebuild()?;
    tailer.level()?;
    eprintln!("the index is level with the database");
    Ok(Outcome::Done)
}

/// The file of the configured database; with PostgreSQL its own programs do the work.
fn embedded(config: &Config) -> Result<PathBuf> {
    match config.database_target()?.parse()? {
        Target::Sqlite(path) => Ok(path),
        Target::Postgresql(_) => Err(Failure::Wrong(
            "the database is PostgreSQL: use pg_dump for a backup; restore it with pg_restore, then run \
             `samverkan restore --new-epoch`"
                .to_owned(),
        )),
    }
}

/// Copies the embedded database while it is used.
pub fn backup(file: &Path) -> Result {
    db::backup(&embedded(&configured()?)?, file)?;
    eprintln!("the backup is complete");
    Ok(Outcome::Done)
}

/// Puts a backup in the place of the embedded database.
pub fn restore(file: &Path, replace: bool, new_keys: bool) -> Result {
    let config = configured()?;
    let epoch = db::restore(&embedded(&config)?, file, replace)?;
    if new_keys {
        crate::auth::keys::forget(&config.data_dir.join("keys"))?;
    }
    eprintln!("restored; the epoch is {epoch}, and the index is made anew at the next start");
    Ok(Outcome::Done)
}

/// Begins a new epoch in the configured database.
pub fn new_epoch() -> Result {
    let epoch = Opened::open(&configured()?)?.db.operate(|operations| operations.new_epoch())?;
    eprintln!("the epoch is {epoch}; every node makes its index anew");
    Ok(Outcome::Done)
}

/// Asks the node that the configuration tells of whether it is ready.
pub fn check() -> Result {
    let config = configured()?;
    // A node that listens on every address is asked on this machine's own.
    let address = match config.listen.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_unspecified() && address.is_ipv4() => format!("127.0.0.1:{}", address.port()),
        Ok(address) if address.ip().is_unspecified() => format!("[::1]:{}", address.port()),
        _ => config.listen,
    };
    let settings = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .timeout_global(Some(Duration::from_secs(5)))
        .build();
    let asked = ureq::Agent::new_with_config(settings).get(format!("http://{address}/health/ready")).call();
    match asked.and_then(|mut answer| Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))) {
        Ok((200, _)) => Ok(Outcome::Done),
        Ok((status, text)) => {
            eprintln!("not ready: {status} {text}");
            Ok(Outcome::Failed)
        }
        Err(error) => {
            eprintln!("not ready: {error}");
            Ok(Outcome::Failed)
        }
    }
}

/// Prints the OpenAPI document as it is committed.
pub fn openapi() -> Result {
    let mut out = output(None)?;
    out.write_all(crate::api::openapi::committed_form()?.as_bytes())?;
    out.flush()?;
    Ok(Outcome::Done)
}

/// Prints the effective configuration.
pub fn config() -> Result {
    print!("{}", configured()?.effective());
    Ok(Outcome::Done)
}

/// Makes a client.
pub fn create_client(name: &str, role: &str, organisation: Option<&str>, protected: bool, json: bool) -> Result {
    let role = Role::from_name(role).ok_or_else(|| {
        let names: Vec<&str> = Role::ALL.iter().map(|role| role.name()).collect();
        Failure::Wrong(format!("the role must be one of {}", names.join(", ")))
    })?;
    let opened = Opened::open(&configured()?)?;
    let organisation = organisation.map(|text| opened.organisation(text)).transpose()?;
    let new = NewClient { name: name.to_owned(), role, organisation, protected };
    if !new.is_whole() {
        return Err(Failure::Wrong("editors and umbrellas act for an --organisation, others do not".to_owned()));
    }
    let (id, secret) = opened.create_client(&operator(), &new)?;
    show_secret(json, &[("clientId", &id), ("clientSecret", &secret)]);
    Ok(Outcome::Done)
}

/// Who acts at the command line.
fn operator() -> By {
    By::from(&Actor::Operator)
}

/// Shows what is shown this once.
fn show_secret(json: bool, shown: &[(&str, &str)]) {
    if json {
        let object: serde_json::Map<String, serde_json::Value> =
            shown.iter().map(|(name, text)| ((*name).to_owned(), (*text).into())).collect();
        println!("{}", serde_json::Value::Object(object));
    } else {
        for (name, text) in shown {
            println!("{name}: {text}");
        }
        eprintln!("This is shown once: keep it where secrets are kept.");
    }
}

/// Lists clients.
pub fn list_clients() -> Result {
    let opened = Opened::open(&configured()?)?;
    for client in opened.db.read(db::clients::clients)? {
        let state = client.revoked_at.map_or_else(|| "active".to_owned(), |at| format!("revoked {at}"));
        let organisation = client.organisation_id.unwrap_or_default();
        println!("{}\t{}\t{}\t{organisation}\t{state}", client.id, client.role, client.name);
    }
    Ok(Outcome::Done)
}

/// Lists the secrets and keys of a client, never their texts.
pub fn list_credentials(client: &str) -> Result {
    let opened = Opened::open(&configured()?)?;
    let now = opened.clock.now().naive_utc();
    for row in opened.db.read(|connection| db::clients::credentials_of(connection, client, now))? {
        let end = row.expires_at.map_or_else(|| "no end".to_owned(), |at| format!("until {at}"));
        println!("{}\t{}\t{}…\t{}\t{end}", row.id, row.kind, row.prefix, row.created_at);
    }
    Ok(Outcome::Done)
}

/// Revokes a client, or one of its secrets and keys.
pub fn revoke_client(client: &str, credential: Option<&str>) -> Result {
    let opened = Opened::open(&configured()?)?;
    found(opened.db.operate(|operations| match credential {
        Some(credential) => clients::delete_credential(operations, &operator(), client, credential).map(drop),
        None => clients::revoke(operations, &operator(), client).map(drop),
    }))?
    .map_or(Ok(Outcome::Failed), |()| {
        eprintln!("revoked: every node knows within a second");
        Ok(Outcome::Done)
    })
}

/// Gives a client a new secret.
pub fn rotate_client(client: &str, overlap: u32, json: bool) -> Result {
    let opened = Opened::open(&configured()?)?;
    let end = opened.clock.now() + TimeDelta::hours(i64::from(overlap));
    let made = found(opened.db.operate(|operations| clients::rotate(operations, &operator(), client, end)))?;
    Ok(made.map_or(Outcome::Failed, |(secret, _)| {
        show_secret(json, &[("clientId", client), ("clientSecret", &secret)]);
        Outcome::Done
    }))
}

/// Gives a client an API key.
pub fn create_api_key(client: &str, json: bool) -> Result {
    let opened = Opened::open(&configured()?)?;
    let made = found(opened.db.operate(|operations| clients::new_api_key(operations, &operator(), client)))?;
    Ok(made.map_or(Outcome::Failed, |(key, _)| {
        show_secret(json, &[("clientId", client), ("apiKey", &key)]);
        Outcome::Done
    }))
}

/// Lets a client be known by a key of its own.
pub fn add_public_key(client: &str, file: &Path) -> Result {
    let text = std::fs::read_to_string(file).map_err(|error| Failure::Wrong(format!("{}: {error}", file.display())))?;
    let key = PublicKey::read(&text).map_err(|why| Failure::Wrong(format!("{}: {}", file.display(), why.en)))?;
    let opened = Opened::open(&configured()?)?;
    let made = found(opened.db.operate(|operations| clients::add_public_key(operations, &operator(), client, &key)))?;
    Ok(made.map_or(Outcome::Failed, |row| {
        println!("{}", row.hash);
        Outcome::Done
    }))
}

/// What was asked for, if it was there.
fn found<T>(outcome: crate::error::Result<T>) -> Result<Option<T>> {
    match outcome {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.code() == Code::NotFound => {
            eprintln!("there is no such client, or no such secret or key of it");
            Ok(None)
        }
        Err(Error::Problem { code: Code::Conflict, detail, .. }) => {
            eprintln!("{}", detail.en);
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Makes a new key for access tokens.
pub fn rotate_keys(at_once: bool) -> Result {
    let opened = Opened::open(&configured()?)?;
    let folder = configured()?.data_dir.join("keys");
    let rotated = keys::rotate(&folder, opened.clock.now(), at_once)?;
    opened.db.operate(|operations| {
        let content = serde_json::json!({"made": rotated.made, "removed": rotated.removed}).to_string();
        operations.note(&operator(), Entry { action: "keys-rotated", content: Some(content), ..Entry::default() })
    })?;
    eprintln!("{} signs from now on; {} earlier keys removed", rotated.made, rotated.removed.len());
    Ok(Outcome::Done)
}

/// The person that a command is about.
pub fn person_of(names: Vec<String>, emails: Vec<String>, phones: Vec<String>, input: Option<&str>) -> Result<Sought> {
    let mut person = Person { names, emails, phones };
    match input {
        None => {}
        Some("-") => {
            for line in io::stdin().lines() {
                let line = line?;
                match line.split_once(':').map(|(what, text)| (what.trim(), text.trim().to_owned())) {
                    Some(("name", text)) => person.names.push(text),
                    Some(("email", text)) => person.emails.push(text),
                    Some(("phone", text)) => person.phones.push(text),
                    _ if line.trim().is_empty() => {}
                    _ => return Err(Failure::Wrong("lines are name: …, email: … or phone: …".to_owned())),
                }
            }
        }
        Some(_) => return Err(Failure::Wrong("use --name, --email or --phone, or - for standard input".to_owned())),
    }
    Sought::of(&person).map_err(|why| Failure::Wrong(why.to_owned()))
}

/// Tells where something about a person is held, with the contents when they are to be given out.
pub fn find_person(sought: &Sought, contents: bool) -> Result {
    let opened = Opened::open(&configured()?)?;
    let found = persons::find(&opened.db, sought, contents)?;
    opened.db.operate(|operations| {
        let action = if contents { "person-exported" } else { "person-found" };
        let content = serde_json::json!({"places": found.len()}).to_string();
        operations.note(&operator(), Entry { action, content: Some(content), ..Entry::default() })
    })?;
    println!("{}", serde_json::to_string_pretty(&found)?);
    eprintln!("{} places", found.len());
    Ok(Outcome::Done)
}

/// Corrects what is held about a person.
pub fn correct_person(sought: &Sought, to: &str) -> Result {
    let opened = Opened::open(&configured()?)?;
    report(&persons::correct(&opened.db, &operator(), sought, to)?)
}

/// Erases a person.
pub fn erase_person(sought: &Sought) -> Result {
    let opened = Opened::open(&configured()?)?;
    report(&persons::erase(&opened.db, &operator(), sought)?)
}

fn report(outcome: &persons::Outcome) -> Result {
    println!("{}", serde_json::to_string_pretty(outcome)?);
    eprintln!(
        "{} records changed, {} erased; {} places are left to decide about",
        outcome.changed,
        outcome.erased,
        outcome.left.len()
    );
    Ok(Outcome::Done)
}

/// Checks the audit log from its beginning.
pub fn verify_audit(expected: Option<&str>) -> Result {
    let opened = Opened::open(&configured()?)?;
    match opened.db.read_at_once(db::audit::verify)? {
        Ok(verified) if expected.is_none_or(|hash| hash == verified.hash) => {
            println!("{}\t{}\t{}", verified.rows, verified.removed, verified.hash);
            eprintln!("the audit log holds: rows, rows whose content was removed, hash of the last row");
            Ok(Outcome::Done)
        }
        Ok(verified) => {
            eprintln!("the last row has another hash than expected: {}", verified.hash);
            Ok(Outcome::Failed)
        }
        Err(broken) => {
            eprintln!("the audit log does not hold: {broken}");
            Ok(Outcome::Failed)
        }
    }
}

/// Measures search.
pub fn evaluate_search(file: &Path, json: bool, url: Option<&str>, on_demo: bool) -> Result {
    let text = std::fs::read_to_string(file).map_err(|error| Failure::Wrong(format!("{}: {error}", file.display())))?;
    let cases = evaluate::cases(&text).map_err(|error| Failure::Wrong(error.to_string()))?;
    let evaluation = if let Some(url) = url {
        let base = url.trim_end_matches('/').to_owned();
        evaluate::evaluate(&cases, &|query| ask_service(&base, query))?
    } else if on_demo {
        let folder = tempfile::tempdir()?;
        let app = demo::in_folder(folder.path())?;
        evaluate::evaluate(&cases, &|query| crate::api::lists::ask(&app, query))?
    } else {
        let app = App::build(configured()?)?;
        evaluate::evaluate(&cases, &|query| crate::api::lists::ask(&app, query))?
    };
    if json {
        println!("{}", serde_json::to_string_pretty(&evaluation)?)
    } else {
        print_evaluation(&evaluation)
    }
    Ok(Outcome::Done)
}

fn ask_service(base: &str, query: &str) -> crate::error::Result<serde_json::Value> {
    let root = if base.ends_with("/api/v1") { base.to_owned() } else { format!("{base}/api/v1") };
    let body = ureq::get(format!("{root}/search?{query}"))
        .call()
        .and_then(|mut answer| answer.body_mut().read_to_string())
        .map_err(|error| Error::internal(format!("the service does not answer: {error}")))?;
    Ok(serde_json::from_str(&body)?)
}

fn print_evaluation(evaluation: &Evaluation) {
    println!("{:<20} {:>5} {:>7} {:>9} {:>6}", "ability", "cases", "first", "all in 5", "MRR");
    let rows = evaluation.abilities.iter().map(|(name, figures)| (name.as_str(), figures));
    for (name, figures) in rows.chain([("all", &evaluation.all)]) {
        println!(
            "{name:<20} {:>5} {:>7.3} {:>9.3} {:>6.3}",
            figures.cases, figures.first, figures.all_in_first_five, figures.mean_reciprocal_rank
        );
    }
    for (resource, queries) in &evaluation.pending {
        println!("waiting for {resource}: {}", queries.len());
    }
    for failed in &evaluation.failed {
        println!("failed: {} | expected {} | got {}", failed.q, failed.expect.join(", "), failed.got.join(", "));
    }
}

/// Counts how common the lexicon's words are in the names and Swedish texts of records.
pub fn count_lexicon(files: &[PathBuf]) -> Result {
    let mut texts = Vec::new();
    for file in files {
        let lines =
            std::fs::read_to_string(file).map_err(|error| Failure::Wrong(format!("{}: {error}", file.display())))?;
        for line in lines.lines().filter(|line| !line.trim().is_empty()) {
            let record =
                serde_json::from_str(line).map_err(|error| Failure::Wrong(format!("{}: {error}", file.display())))?;
            let mut text = String::new();
            swedish(&record, &mut text);
            texts.push(text);
        }
    }
    println!("# In how many records each word of words.txt stands, by its stem; `samverkan lexicon` counts it.");
    for (stem, count) in search::text::count_frequencies(texts.into_iter()) {
        println!("{stem} {count}");
    }
    Ok(Outcome::Done)
}

/// The names and Swedish texts of a record.
fn swedish(value: &serde_json::Value, text: &mut String) {
    match value {
        serde_json::Value::Array(items) => items.iter().for_each(|item| swedish(item, text)),
        serde_json::Value::Object(properties) => {
            let foreign = properties.get("lang").and_then(|lang| lang.as_str()).is_some_and(|lang| lang != "sv");
            for (name, value) in properties {
                match value.as_str() {
                    Some(words) if name == "sv" || name == "value" && properties.contains_key("lang") && !foreign => {
                        text.push_str(words);
                        text.push('\n');
                    }
                    _ => swedish(value, text),
                }
            }
        }
        _ => {}
    }
}

/// Writes invented organisations, or cases for them.
pub fn generate(organisations: u64, seed: u64, cases: Option<u64>, out: Option<&Path>) -> Result {
    let mut out = output(out)?;
    match cases {
        Some(queries) => {
            serde_json::to_writer_pretty(&mut out, &generate::cases(seed, organisations, queries))?;
            out.write_all(b"\n")?;
        }
        None => generate::write(&mut out, seed, organisations)?,
    }
    out.flush()?;
    Ok(Outcome::Done)
}
