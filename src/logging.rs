//! Structured logs on standard error, for people or as JSON. Lines are written by a thread of their own, so that a request
//! never waits for them; personal data is never given to them.

use crate::config::{Config, LogFormat};
use crate::error::{Error, Result};
use std::sync::OnceLock;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;

/// So many lines may wait to be written before further ones are lost, so that no request waits for them; memory for their
/// places is taken at once.
const LINES: usize = 32_768;

/// Starts logging for the life of the process; a second start is a fault.
pub fn start(config: &Config) -> Result<()> {
    static GUARD: OnceLock<WorkerGuard> = OnceLock::new();
    let filter = EnvFilter::try_new(&config.log)
        .map_err(|_| Error::internal("the setting log is neither a level nor filter directives"))?;
    let (writer, guard) = NonBlockingBuilder::default().buffered_lines_limit(LINES).finish(std::io::stderr());
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_target(false);
    let started = match config.log_format {
        LogFormat::Json => builder.json().flatten_event(true).with_span_list(false).try_init(),
        LogFormat::Pretty => builder.with_ansi(false).try_init(),
    };
    started.map_err(|_| Error::internal("logging was started twice"))?;
    GUARD.set(guard).map_err(|_| Error::internal("logging was started twice"))
}
