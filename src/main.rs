//! The command line.

use clap::{Parser, Subcommand, ValueEnum};
use samverkan::commands::{self, Outcome};
use std::path::PathBuf;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A registry that lets public bodies and civil society find each other.
#[derive(Parser)]
#[command(name = "samverkan", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs migrations, catches the index up and serves the API.
    Serve,
    /// Serves the Norrbotten demo registry, made anew in a folder of its own.
    Demo,
    /// Runs outstanding migrations and exits.
    Migrate,
    /// Imports records from NDJSON; `-` reads standard input.
    Import {
        /// The file.
        file: PathBuf,
        /// Write the good lines although others are bad.
        #[arg(long)]
        keep_going: bool,
        /// Check and rehearse everything, write nothing.
        #[arg(long)]
        dry_run: bool,
    },
    /// Exports everything public; `-` or nothing writes to standard output.
    Export {
        /// The file.
        file: Option<PathBuf>,
        /// NDJSON of all records, or CSV of organisations.
        #[arg(long, value_enum, default_value_t = Format::Ndjson)]
        format: Format,
    },
    /// Copies the embedded database into a file while it is used.
    Backup {
        /// The file; it must not be there.
        file: PathBuf,
    },
    /// Puts a backup in the place of the embedded database, in a new epoch.
    Restore {
        /// The backup.
        #[arg(required_unless_present = "new_epoch")]
        file: Option<PathBuf>,
        /// Also where a database is there: it is lost.
        #[arg(long)]
        replace: bool,
        /// Also make new keys: every token, cursor and secret of a webhook so far is void.
        #[arg(long)]
        new_keys: bool,
        /// Only begin a new epoch, after a restore by other means such as pg_restore.
        #[arg(long, conflicts_with_all = ["file", "replace", "new_keys"])]
        new_epoch: bool,
    },
    /// Asks the node at the configured address whether it is ready.
    Check,
    /// Makes the search index anew from the database.
    Reindex,
    /// Prints the OpenAPI document.
    Openapi,
    /// Makes, lists and revokes clients of the API, and changes their secrets and keys.
    Client {
        #[command(subcommand)]
        command: ClientCommand,
    },
    /// Changes the keys that sign access tokens.
    Key {
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Finds, gives out, corrects or erases what is held about a person.
    Person {
        #[command(subcommand)]
        command: PersonCommand,
    },
    /// Checks the audit log.
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
    /// Prints the effective configuration, without secrets.
    Config,
    /// Measures quality on labelled cases.
    Evaluate {
        #[command(subcommand)]
        command: EvaluateCommand,
    },
    /// Counts how common the lexicon's words are in records: what `data/lexicon/frequencies.txt` holds.
    Lexicon {
        /// NDJSON files in the form of imports.
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Writes realistic, invented organisations as NDJSON, the same for the same seed.
    Generate {
        /// How many.
        #[arg(long)]
        organisations: u64,
        /// The seed.
        #[arg(long, default_value_t = 42)]
        seed: u64,
        /// Instead of the organisations, cases for `evaluate search` from so many queries for them.
        #[arg(long)]
        cases: Option<u64>,
        /// Where to; nothing writes to standard output.
        #[arg(long)]
        out: Option<PathBuf>,
    },
}

#[derive(Subcommand)]
enum ClientCommand {
    /// Makes a client and prints its id and secret; the secret is shown this once.
    Create {
        /// A name for people.
        #[arg(long)]
        name: String,
        /// reader, editor, umbrella, steward or administrator.
        #[arg(long)]
        role: String,
        /// The organisation an editor or umbrella acts for: id, identifier or organisation number.
        #[arg(long)]
        organisation: Option<String>,
        /// May see protected contact points and addresses.
        #[arg(long)]
        protected: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Lists clients.
    List,
    /// Lists the secrets and keys of a client, never their texts.
    Credentials {
        /// The client's id.
        id: String,
    },
    /// Gives a client a new secret; the one so far ends after a while.
    Rotate {
        /// The client's id.
        id: String,
        /// For so many hours both are good.
        #[arg(long, default_value_t = 24)]
        overlap: u32,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Gives a client a key for the header X-API-Key, for systems that cannot get tokens. It only reads.
    ApiKey {
        /// The client's id.
        id: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Lets a client be known by a key of its own (private_key_jwt).
    PublicKey {
        /// The client's id.
        id: String,
        /// The public half, as JWK (RFC 7517): Ed25519, P-256, or RSA.
        file: PathBuf,
    },
    /// Revokes a client, or one secret or key of it: every node knows within a second.
    Revoke {
        /// The client's id.
        id: String,
        /// Only this secret or key, by its id.
        #[arg(long)]
        credential: Option<String>,
    },
}

#[derive(Subcommand)]
enum KeyCommand {
    /// Makes a new key that signs access tokens from now on. Earlier ones go when their tokens have expired.
    Rotate {
        /// Earlier keys go at once: every token so far is void.
        #[arg(long)]
        at_once: bool,
    },
}

/// Who is looked for: one of these at least. `-` reads lines `name: …`, `email: …`, `phone: …` from standard input, so that
/// they stand in no list of processes.
#[derive(clap::Args)]
struct WhoArgs {
    /// A name as it is written; may be given several times.
    #[arg(long = "name")]
    names: Vec<String>,
    /// An e-mail address.
    #[arg(long = "email")]
    emails: Vec<String>,
    /// A telephone number.
    #[arg(long = "phone")]
    phones: Vec<String>,
    /// `-`: read them from standard input.
    input: Option<String>,
}

#[derive(Subcommand)]
enum PersonCommand {
    /// Tells where something about the person is held.
    Find {
        #[command(flatten)]
        who: WhoArgs,
    },
    /// Gives out everything held, as JSON.
    Export {
        #[command(flatten)]
        who: WhoArgs,
    },
    /// Puts other words in the place of a name, an address or a number, in the records as they are now.
    Correct {
        #[command(flatten)]
        who: WhoArgs,
        /// What is to stand there.
        #[arg(long)]
        to: String,
    },
    /// Takes the person out of records, their history, the audit log and all that is kept. It cannot be undone.
    Erase {
        #[command(flatten)]
        who: WhoArgs,
    },
}

#[derive(Subcommand)]
enum AuditCommand {
    /// Follows the chain of hashes from the beginning.
    Verify {
        /// The hash that the last row must have, noted elsewhere.
        #[arg(long)]
        expect: Option<String>,
    },
}

#[derive(Subcommand)]
enum EvaluateCommand {
    /// Runs search cases.
    Search {
        /// JSON list of cases {q, filters, expect, ability}.
        file: PathBuf,
        /// Print JSON.
        #[arg(long)]
        json: bool,
        /// Ask a running service instead of the configured data folder.
        #[arg(long)]
        url: Option<String>,
        /// Ask the demo registry, made in a temporary folder.
        #[arg(long, conflicts_with = "url")]
        demo: bool,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Ndjson,
    Csv,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Serve => commands::serve(),
        Command::Demo => commands::demo(),
        Command::Migrate => commands::migrate(),
        Command::Import { file, keep_going, dry_run } => commands::import(&file, keep_going, dry_run),
        Command::Export { file, format } => commands::export(file.as_deref(), matches!(format, Format::Csv)),
        Command::Backup { file } => commands::backup(&file),
        Command::Restore { file: Some(file), replace, new_keys, .. } => commands::restore(&file, replace, new_keys),
        Command::Restore { .. } => commands::new_epoch(),
        Command::Check => commands::check(),
        Command::Reindex => commands::reindex(),
        Command::Openapi => commands::openapi(),
        Command::Config => commands::config(),
        Command::Client { command } => match command {
            ClientCommand::Create { name, role, organisation, protected, json } => {
                commands::create_client(&name, &role, organisation.as_deref(), protected, json)
            }
            ClientCommand::List => commands::list_clients(),
            ClientCommand::Credentials { id } => commands::list_credentials(&id),
            ClientCommand::Rotate { id, overlap, json } => commands::rotate_client(&id, overlap, json),
            ClientCommand::ApiKey { id, json } => commands::create_api_key(&id, json),
            ClientCommand::PublicKey { id, file } => commands::add_public_key(&id, &file),
            ClientCommand::Revoke { id, credential } => commands::revoke_client(&id, credential.as_deref()),
        },
        Command::Key { command: KeyCommand::Rotate { at_once } } => commands::rotate_keys(at_once),
        Command::Person { command } => {
            let who = |who: WhoArgs| commands::person_of(who.names, who.emails, who.phones, who.input.as_deref());
            match command {
                PersonCommand::Find { who: args } => who(args).and_then(|who| commands::find_person(&who, false)),
                PersonCommand::Export { who: args } => who(args).and_then(|who| commands::find_person(&who, true)),
                PersonCommand::Correct { who: args, to } => {
                    who(args).and_then(|who| commands::correct_person(&who, &to))
                }
                PersonCommand::Erase { who: args } => who(args).and_then(|who| commands::erase_person(&who)),
            }
        }
        Command::Audit { command: AuditCommand::Verify { expect } } => commands::verify_audit(expect.as_deref()),
        Command::Evaluate { command: EvaluateCommand::Search { file, json, url, demo } } => {
            commands::evaluate_search(&file, json, url.as_deref(), demo)
        }
        Command::Lexicon { files } => commands::count_lexicon(&files),
        Command::Generate { organisations, seed, cases, out } => {
            commands::generate(organisations, seed, cases, out.as_deref())
        }
    };
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Failed) => ExitCode::from(1),
        Err(commands::Failure::Wrong(text)) => {
            eprintln!("samverkan: {text}");
            ExitCode::from(2)
        }
        Err(commands::Failure::Error(error)) => {
            eprintln!("samverkan: {error}");
            ExitCode::from(1)
        }
    }
}
