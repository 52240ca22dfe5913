//! How fast the whole service is, beside bare programs that do the same work with nothing around it, in one run:
//!
//! ```sh
//! cargo bench --bench load                                   # 250,000 organisations
//! cargo bench --bench load -- --organisations 6000 --seconds 2 --rounds 1
//! ```
//!
//! It generates organisations, imports them with the built program, starts that and two bare servers on loopback, and
//! asks each of them in turn. Where there are two cores and `taskset`, servers have the first and the client the second.
//! The servers and the client are this program again, so that each is a process of its own.

mod client;
mod feed;
mod fixed;
mod process;
mod report;
mod run;
mod spread;
mod tantivy_server;

use clap::{Parser, Subcommand};
use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The result of everything here.
type Outcome<T> = Result<T, Box<dyn Error>>;

/// Measures the service beside bare programs.
#[derive(Parser)]
#[command(name = "load")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: Settings,
    /// Given by cargo; without it and without a command nothing is measured, so that tests of all targets stay quick.
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

/// The settings of a whole run.
#[derive(clap::Args)]
struct Settings {
    /// How many organisations.
    #[arg(long, default_value_t = 250_000)]
    organisations: u64,
    /// Seed of organisations and queries.
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// How many different queries.
    #[arg(long, default_value_t = 20_000)]
    queries: u64,
    /// How long each measurement takes, in seconds.
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
    /// How often all measurements are repeated.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Connections of the client.
    #[arg(long, default_value_t = 8)]
    connections: usize,
    /// Where files, database and indexes are put; the target folder's `load` when nothing is said.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Take database and index of the last run instead of importing anew.
    #[arg(long)]
    again: bool,
    /// Another built program than the one beside this one.
    #[arg(long)]
    program: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Serves one body, again and again: the limit of HTTP.
    Fixed {
        /// Bytes of the body.
        #[arg(long)]
        bytes: usize,
    },
    /// Serves search by tantivy and nothing else over the service's index: the limit of the engine.
    Tantivy {
        /// The service's index.
        #[arg(long)]
        index: PathBuf,
        /// What the service exports.
        #[arg(long)]
        export: PathBuf,
        /// Where its own files go.
        #[arg(long)]
        folder: PathBuf,
    },
    /// How soon a change that one node wrote is found at another, while others write and search:
    /// `cargo bench --bench load -- spread --database postgres://…` (an empty database), or without it on SQLite.
    Spread(spread::Settings),
    /// Asks a server as fast as it answers; prints what it measured as JSON.
    Client {
        /// The server.
        #[arg(long)]
        address: SocketAddr,
        /// Paths to ask for, one a line.
        #[arg(long)]
        paths: PathBuf,
        /// Connections.
        #[arg(long, default_value_t = 8)]
        connections: usize,
        /// How long, in seconds.
        #[arg(long, default_value_t = 4.0)]
        seconds: f64,
    },
}

fn main() -> Outcome<()> {
    let cli = Cli::parse();
    match cli.command {
        Some(Command::Fixed { bytes }) => fixed::serve(bytes),
        Some(Command::Tantivy { index, export, folder }) => tantivy_server::serve(&index, &export, &folder),
        Some(Command::Spread(settings)) => spread::run(&settings),
        Some(Command::Client { address, paths, connections, seconds }) => {
            let measured = client::drive(address, &std::fs::read_to_string(paths)?, connections, seconds)?;
            println!("{}", serde_json::to_string(&measured)?);
            Ok(())
        }
        None if cli.bench => run::run(&cli.run),
        None => {
            println!("run me with `cargo bench --bench load`");
            Ok(())
        }
    }
}
