//! The processes of a run.

use crate::Outcome;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Which core a process is kept on.
#[derive(Clone, Copy)]
pub(crate) enum Core {
    /// That of servers.
    Server,
    /// That of the client.
    Client,
}

/// A command that is kept on a core, where that can be done.
pub(crate) fn command(program: &Path, core: Core) -> Command {
    let enough = std::thread::available_parallelism().is_ok_and(|cores| cores.get() >= 2);
    let taskset = Path::new("/usr/bin/taskset");
    if !enough || !taskset.exists() {
        return Command::new(program);
    }
    let mut command = Command::new(taskset);
    command.arg("-c").arg(match core {
        Core::Server => "0",
        Core::Client => "1",
    });
    command.arg(program);
    command
}

/// Lets a server answer one client as fast as it can.
pub(crate) fn without_limits(command: &mut Command) -> &mut Command {
    command.envs(
        ["SEARCH", "RECORDS", "WRITES", "TOKEN", "TOKEN_FAILURES"]
            .map(|limit| (format!("SAMVERKAN_LIMIT_{limit}"), "off")),
    )
}

/// A server that runs until it is dropped.
pub(crate) struct Server {
    child: Child,
    // Held so that the server can go on writing.
    _out: BufReader<ChildStdout>,
    /// Where it listens.
    pub address: SocketAddr,
    began: Instant,
}

impl Server {
    /// Starts it and waits for the line that tells its address.
    pub(crate) fn start(mut command: Command) -> Outcome<Server> {
        let began = Instant::now();
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut out = BufReader::new(child.stdout.take().ok_or("a server has no output")?);
        let mut line = String::new();
        loop {
            line.clear();
            if out.read_line(&mut line)? == 0 {
                child.wait()?;
                return Err("a server ended before it listened".into());
            }
            let address = line.split_once("http://").and_then(|(_, rest)| rest.split('/').next());
            if let Some(address) = address.and_then(|address| address.trim().parse().ok()) {
                return Ok(Server { child, _out: out, address, began });
            }
        }
    }

    /// Waits until the service says that it is ready; gives the seconds since it was started.
    pub(crate) fn ready(&self) -> Outcome<f64> {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let url = format!("http://{}/health/ready", self.address);
        while agent.get(&url).call()?.status() != 200 {
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(self.began.elapsed().as_secs_f64())
    }

    /// Resident and anonymous memory, in megabytes.
    pub(crate) fn memory(&self) -> Outcome<(f64, f64)> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<f64>().ok().map(|kilobytes| kilobytes / 1024.0)
        };
        of("VmRSS:").zip(of("RssAnon:")).ok_or_else(|| "the memory of a process cannot be read".into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself: then there is nothing left to do.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Runs a command to its end; gives the seconds it took.
pub(crate) fn timed<A: AsRef<OsStr>>(program: &Path, arguments: &[A], variables: &[(&str, &OsStr)]) -> Outcome<f64> {
    let start = Instant::now();
    let status = Command::new(program).args(arguments).envs(variables.iter().copied()).status()?;
    if status.success() {
        Ok(start.elapsed().as_secs_f64())
    } else {
        Err(format!("a command ended with {status}").into())
    }
}
