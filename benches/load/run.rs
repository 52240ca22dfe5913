//! The whole run.

use crate::client::{self, Measured};
use crate::process::{Core, Server, command, timed, without_limits};
use crate::report::{self, Figure, Series};
use crate::{Outcome, Settings};
use samverkan::generate;
use serde_json::Value;
use std::ffi::OsStr;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Records that are read by id are taken from so many.
const READ: u64 = 20_000;
/// So many searches are asked again where answers are kept: about as many as fit.
const AGAIN: usize = 500;
const FACETS: &str = "&facets=municipality,kind,activityArea,level";

/// Files of a run.
struct Files {
    organisations: PathBuf,
    data: PathBuf,
    bare: PathBuf,
    search: PathBuf,
    facets: PathBuf,
    read: PathBuf,
    /// The searches, each with a token.
    authorised: PathBuf,
    /// Few searches, for asking them again.
    again: PathBuf,
}

/// Runs everything and prints the tables.
pub(crate) fn run(settings: &Settings) -> Outcome<()> {
    let program = settings.program.clone().unwrap_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_samverkan")));
    let files = prepare(settings, &program)?;
    let mut figures: Vec<Figure> = Vec::new();
    let data = |folder: &'static str| (folder, files.data.as_os_str());
    let variables = [data("SAMVERKAN_DATA_DIR")];
    if !settings.again || !files.data.exists() {
        remove(&files.data)?;
        let import = timed(&program, &[OsStr::new("import"), files.organisations.as_os_str()], &variables)?;
        figures.push(("import", settings.organisations as f64 / import, "records/s"));
        figures.push(("index build", timed(&program, &["reindex"], &variables)?, "s"));
    }
    let service = Server::start(command_of(&program, &files.data, Kept::None))?;
    figures.push(("cold start until it is ready", service.ready()?, "s"));
    let index = bytes(&files.data.join("index"))?;
    figures.push((
        "index, of the imported NDJSON",
        index / std::fs::metadata(&files.organisations)?.len() as f64,
        "times",
    ));
    let own = std::env::current_exe()?;
    let fixed_of = |bytes: usize| {
        let mut command = command(&own, Core::Server);
        command.args(["fixed", "--bytes", &bytes.to_string()]);
        Server::start(command)
    };
    let export = files.bare.with_added_extension("ndjson");
    figures.push(("export", timed(&program, &[OsStr::new("export"), export.as_os_str()], &variables)?, "s"));
    let mut tantivy = command(&own, Core::Server);
    tantivy.arg("tantivy").arg("--index").arg(files.data.join("index"));
    tantivy.arg("--export").arg(&export).arg("--folder").arg(&files.bare);
    let tantivy = Server::start(tantivy)?;
    found(&service, &tantivy, &files.search)?;
    let search_body = ask(&own, settings, tantivy.address, &files.search, 0.5)?.bytes;
    let read_body = ask(&own, settings, service.address, &files.read, 0.5)?.bytes;
    let (fixed_search, fixed_read) = (fixed_of(search_body)?, fixed_of(read_body)?);

    let client = make_client(&program, &files.data)?;
    let plan: [(&'static str, SocketAddr, &Path, Option<usize>); 8] = [
        ("bare actix, as many bytes as a search", fixed_search.address, &files.search, None),
        ("bare tantivy + actix, search", tantivy.address, &files.search, None),
        ("samverkan, search", service.address, &files.search, Some(1)),
        ("bare tantivy + actix, 4 facets", tantivy.address, &files.facets, None),
        ("samverkan, search with 4 facets", service.address, &files.facets, Some(3)),
        ("bare actix, as many bytes as a record", fixed_read.address, &files.read, None),
        ("samverkan, GET by id", service.address, &files.read, Some(5)),
        ("samverkan, search with a token (of search without)", service.address, &files.authorised, Some(2)),
    ];
    let mut series: Vec<Series> =
        plan.iter().map(|(name, _, _, against)| Series { name, against: *against, rounds: Vec::new() }).collect();
    for round in 0..settings.rounds {
        // A token lasts for five minutes, a run may take longer.
        let token = token(service.address, &client)?;
        let searches = std::fs::read_to_string(&files.search)?;
        let lines: String = searches.lines().map(|path| format!("{path}\t{token}\n")).collect();
        std::fs::write(&files.authorised, lines)?;
        for ((name, address, paths, _), series) in plan.iter().zip(&mut series) {
            let measured = ask(&own, settings, *address, paths, settings.seconds)?;
            eprintln!("round {}: {name}: {:.0}/s, {} errors", round + 1, measured.rate, measured.errors);
            series.rounds.push(measured);
        }
    }
    figures.extend(crate::feed::figures(&service)?);
    for (server, names) in [
        (&service, ["memory of samverkan, resident", "memory of samverkan, anonymous"]),
        (&tantivy, ["memory of bare tantivy, resident", "memory of bare tantivy, anonymous"]),
    ] {
        let (resident, anonymous) = server.memory()?;
        figures.extend([(names[0], resident, "MB"), (names[1], anonymous, "MB")]);
    }
    drop(service);
    let service = Server::start(command_of(&program, &files.data, Kept::Usual))?;
    service.ready()?;
    let mut kept = Series { name: "samverkan, search again with answers kept", against: Some(1), rounds: Vec::new() };
    // Before the first round is counted everything was asked once.
    ask(&own, settings, service.address, &files.again, settings.seconds)?;
    for _ in 0..settings.rounds {
        kept.rounds.push(ask(&own, settings, service.address, &files.again, settings.seconds)?);
    }
    series.push(kept);
    println!(
        "\n{} organisations, {} queries, {} connections, {} rounds of {} s",
        settings.organisations, settings.queries, settings.connections, settings.rounds, settings.seconds
    );
    report::print(&series, &figures);
    Ok(())
}

fn remove(folder: &Path) -> Outcome<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    Ok(())
}

/// All bytes of a folder.
fn bytes(folder: &Path) -> Outcome<f64> {
    let mut sum = 0.0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        sum += if entry.file_type()?.is_dir() { bytes(&entry.path())? } else { entry.metadata()?.len() as f64 };
    }
    Ok(sum)
}

/// Whether the service keeps answers for those who ask the same again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    None,
    Usual,
}

/// The service, as it is by default but for the one worker that the bare programs have too, for the limits that they have not,
/// and for kept answers where they are not what is measured.
fn command_of(program: &Path, data: &Path, kept: Kept) -> Command {
    let mut command = command(program, Core::Server);
    without_limits(&mut command)
        .arg("serve")
        .env("SAMVERKAN_DATA_DIR", data)
        .env("SAMVERKAN_LISTEN", "127.0.0.1:0")
        .env("SAMVERKAN_WORKERS", "1");
    if kept == Kept::None {
        command.env("SAMVERKAN_ANSWER_CACHE", "0");
    }
    command
}

/// Makes the files of a run.
fn prepare(settings: &Settings, program: &Path) -> Outcome<Files> {
    let folder = match &settings.folder {
        Some(folder) => folder.clone(),
        None => Path::new(env!("CARGO_TARGET_TMPDIR")).join("load"),
    };
    std::fs::create_dir_all(&folder)?;
    let Settings { organisations, seed, queries, .. } = settings;
    let named = |what: &str| folder.join(format!("{what}-{organisations}-{seed}"));
    let files = Files {
        organisations: named("organisations").with_added_extension("ndjson"),
        data: named("data"),
        bare: named("bare"),
        search: named("search"),
        facets: named("facets"),
        read: named("read"),
        authorised: named("authorised"),
        again: named("again"),
    };
    let seconds = timed(
        program,
        &[
            OsStr::new("generate"),
            OsStr::new("--organisations"),
            OsStr::new(&organisations.to_string()),
            OsStr::new("--seed"),
            OsStr::new(&seed.to_string()),
            OsStr::new("--out"),
            files.organisations.as_os_str(),
        ],
        &[],
    )?;
    eprintln!("generated in {seconds:.1} s");
    let queries = generate::queries(*seed, *organisations, *queries);
    let paths =
        |end: &str| -> String { queries.iter().map(|query| format!("/api/v1/search?{query}{end}\n")).collect() };
    std::fs::write(&files.search, paths(""))?;
    std::fs::write(&files.facets, paths(FACETS))?;
    let few: String = paths("").split_inclusive('\n').take(AGAIN).collect();
    std::fs::write(&files.again, few)?;
    // A step without a common divisor goes through all records in no order.
    let ids = (0..READ.min(*organisations)).map(|at| generate::id(*seed, at.wrapping_mul(7_368_787) % organisations));
    let read: String = ids.map(|id| format!("/api/v1/organisations/{id}\n")).collect();
    std::fs::write(&files.read, read)?;
    Ok(files)
}

/// Id and secret of a new client that reads.
fn make_client(program: &Path, data: &Path) -> Outcome<(String, String)> {
    let output = command(program, Core::Client)
        .args(["client", "create", "--name", "load", "--role", "reader", "--json"])
        .env("SAMVERKAN_DATA_DIR", data)
        .output()?;
    let made: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let text = |name: &str| made[name].as_str().map(str::to_owned).ok_or("no client was made");
    Ok((text("clientId")?, text("clientSecret")?))
}

/// A token of a client.
fn token(address: SocketAddr, (id, secret): &(String, String)) -> Outcome<String> {
    let form = [("grant_type", "client_credentials"), ("client_id", id), ("client_secret", secret)];
    let body = ureq::post(format!("http://{address}/oauth2/token")).send_form(form)?.body_mut().read_to_string()?;
    let answer: serde_json::Value = serde_json::from_str(&body)?;
    Ok(answer["access_token"].as_str().ok_or("no token was given")?.to_owned())
}

/// Looks whether both search servers answer the same queries, and tells how many find something.
fn found(service: &Server, bare: &Server, paths: &Path) -> Outcome<()> {
    let paths = std::fs::read_to_string(paths)?;
    for (name, address) in [("samverkan", service.address), ("bare tantivy", bare.address)] {
        let (mut asked, mut answered) = (0, 0);
        for path in paths.lines().take(200) {
            let (status, body) = client::once(address, path)?;
            let body: Value = serde_json::from_slice(&body)?;
            if status != 200 {
                return Err(format!("{name} answers {status} to {path}: {body}").into());
            }
            asked += 1;
            answered += usize::from(body["_meta"]["totalRecords"].as_u64().unwrap_or_default() > 0);
        }
        eprintln!("{name} finds something for {answered} of {asked} queries");
    }
    Ok(())
}

/// Lets the client measure in a process of its own.
fn ask(own: &Path, settings: &Settings, address: SocketAddr, paths: &Path, seconds: f64) -> Outcome<Measured> {
    let mut command = command(own, Core::Client);
    command.args(["client", "--address", &address.to_string(), "--connections", &settings.connections.to_string()]);
    command.args(["--seconds", &seconds.to_string()]).arg("--paths").arg(paths);
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("the client ended with {}", output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
