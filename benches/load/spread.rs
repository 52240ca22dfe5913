//! How soon a change is found: written at one node, asked for at another, while others write and search.

use crate::Outcome;
use crate::process::{Server, timed, without_limits};
use crate::report::{self, Figure};
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use ureq::Agent;
use ureq::http::{Request, StatusCode};

/// What is measured.
#[derive(clap::Args)]
pub(crate) struct Settings {
    /// An empty PostgreSQL database, for two nodes; without it one node on SQLite.
    #[arg(long)]
    database: Option<String>,
    /// How many organisations are imported first.
    #[arg(long, default_value_t = 6_000)]
    organisations: u64,
    /// How many changes are looked for.
    #[arg(long, default_value_t = 300)]
    samples: u32,
    /// How many others write meanwhile, and as many search.
    #[arg(long, default_value_t = 2)]
    others: u32,
    /// Another built program than the one beside this one.
    #[arg(long)]
    program: Option<PathBuf>,
}

/// A change that is not found after so long is an error.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(2);

struct Node {
    base: String,
    _server: Server,
}

/// Measures and prints a table.
pub(crate) fn run(settings: &Settings) -> Outcome<()> {
    let program = settings.program.clone().unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_samverkan")));
    let folder = tempfile::tempdir()?;
    let home = |number: usize| folder.path().join(number.to_string());
    let count = if settings.database.is_some() { 2 } else { 1 };
    let command = |number: usize, arguments: &[&OsStr]| {
        let mut command = Command::new(&program);
        without_limits(&mut command);
        command.args(arguments).env("SAMVERKAN_DATA_DIR", home(number)).env("SAMVERKAN_LISTEN", "127.0.0.1:0");
        command.env("SAMVERKAN_PUBLIC_URL", "https://register.example.org");
        if let Some(url) = &settings.database {
            command.env("SAMVERKAN_DATABASE_URL", url);
        }
        command
    };
    let file = folder.path().join("organisations.ndjson");
    let organisations = settings.organisations.to_string();
    let words = ["generate", "--organisations", &organisations, "--out"].map(OsStr::new);
    timed(&program, &[&words[..], &[file.as_os_str()]].concat(), &[])?;
    let start = Instant::now();
    ended(command(0, &["import".as_ref(), file.as_os_str()]).status()?)?;
    let import = start.elapsed().as_secs_f64();
    let made = ["client", "create", "--name", "load", "--role", "steward", "--json"].map(OsStr::new);
    let client: Value = serde_json::from_slice(&command(0, &made).output()?.stdout)?;
    let mut nodes = Vec::new();
    for number in 0..count {
        if number > 0 {
            copy(&home(0).join("keys"), &home(number).join("keys"))?;
        }
        let server = Server::start(command(number, &["serve".as_ref()]))?;
        server.ready()?;
        nodes.push(Node { base: format!("http://{}", server.address), _server: server });
    }
    let (Some(first), Some(last)) = (nodes.first(), nodes.last()) else { return Err("there is no node".into()) };
    let agent = agent();
    let token = token(&agent, &first.base, &client)?;
    let (over, written, searched) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    let since = Instant::now();
    let (millis, elapsed) = std::thread::scope(|scope| {
        for other in 0..settings.others {
            let (over, written, searched, token, nodes) = (&over, &written, &searched, &token, &nodes);
            scope.spawn(move || {
                let agent = self::agent();
                for round in 0_usize.. {
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    let made = write(&agent, &nodes[round % nodes.len()].base, token, &format!("Annan {other}"));
                    written.fetch_add(u64::from(made.is_ok()), Ordering::Relaxed);
                }
            });
            scope.spawn(move || {
                let agent = self::agent();
                for round in 0_usize.. {
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    let found = search(&agent, &nodes[round % nodes.len()].base, "förening");
                    searched.fetch_add(u64::from(found.is_ok()), Ordering::Relaxed);
                }
            });
        }
        let millis: Outcome<Vec<f64>> =
            (0..settings.samples).map(|sample| look(&agent, &first.base, &last.base, &token, sample)).collect();
        over.store(true, Ordering::Relaxed);
        (millis, since.elapsed().as_secs_f64())
    });
    let mut millis = millis?;
    millis.sort_unstable_by(f64::total_cmp);
    let at = |share: usize| millis.get(millis.len() * share / 100).copied().unwrap_or_default();
    let rate = |count: &AtomicU64| count.load(Ordering::Relaxed) as f64 / elapsed;
    println!("\n{count} node(s), {} organisations imported, {} samples", settings.organisations, settings.samples);
    let figures: [Figure; 5] = [
        ("import, one transaction", import, "s"),
        ("found at the other node after, median", at(50), "ms"),
        ("found at the other node after, p99", at(99), "ms"),
        ("writes meanwhile", rate(&written), "/s"),
        ("searches meanwhile", rate(&searched), "/s"),
    ];
    report::print(&[], &figures);
    Ok(())
}

fn ended(status: std::process::ExitStatus) -> Outcome<()> {
    if status.success() { Ok(()) } else { Err(format!("a command ended with {status}").into()) }
}

fn copy(from: &Path, to: &Path) -> Outcome<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        std::fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

fn agent() -> Agent {
    Agent::new_with_config(Agent::config_builder().http_status_as_error(false).build())
}

fn token(agent: &Agent, base: &str, client: &Value) -> Outcome<String> {
    let text = |name: &str| client[name].as_str().ok_or("no client was made");
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", text("clientId")?),
        ("client_secret", text("clientSecret")?),
    ];
    let answer = agent.post(format!("{base}/oauth2/token")).send_form(form)?.body_mut().read_to_vec()?;
    let answer: Value = serde_json::from_slice(&answer)?;
    Ok(answer["access_token"].as_str().ok_or("no token was given")?.to_owned())
}

/// Writes an organisation; gives its id.
fn write(agent: &Agent, base: &str, token: &str, name: &str) -> Outcome<Value> {
    let content = json!({
        "sector": "civil-society", "kind": "association",
        "names": [{"value": name, "lang": "sv", "kind": "official"}],
    });
    let request = Request::post(format!("{base}/api/v1/organisations"))
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    let mut answer = agent.run(request.body(content.to_string())?)?;
    let body = answer.body_mut().read_to_vec()?;
    if answer.status() != StatusCode::CREATED {
        return Err(format!("a write was answered with {}", answer.status()).into());
    }
    Ok(serde_json::from_slice::<Value>(&body)?["id"].take())
}

fn search(agent: &Agent, base: &str, text: &str) -> Outcome<Value> {
    let answer = agent.get(format!("{base}/api/v1/search")).query("q", text).call()?.body_mut().read_to_vec()?;
    Ok(serde_json::from_slice(&answer)?)
}

/// Writes at one node and asks another until it is found; gives the milliseconds from the answer to the write on.
fn look(agent: &Agent, at: &str, from: &str, token: &str, sample: u32) -> Outcome<f64> {
    // A word that nothing else has and that no other is a misspelling of.
    let letters = |number: u32| (0..8).map(move |place| char::from(b'b' + (number >> (place * 2) & 3) as u8 * 6));
    let word: String = letters(sample.wrapping_mul(0x9e37_79b9)).collect();
    let id = write(agent, at, token, &format!("Q{word}x"))?;
    let since = Instant::now();
    loop {
        let found = search(agent, from, &format!("Q{word}x"))?;
        if found["items"].as_array().into_iter().flatten().any(|item| item["id"] == id) {
            return Ok(since.elapsed().as_secs_f64() * 1e3);
        }
        if since.elapsed() > PATIENCE {
            return Err("a change was not found".into());
        }
        std::thread::sleep(PAUSE);
    }
}
