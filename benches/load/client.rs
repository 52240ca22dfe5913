//! A client that keeps its connections and sends the next request when the last answer is whole. It never sleeps: a server
//! would else pay for waking it with every answer, in a virtual machine more than for many a search.

use crate::Outcome;
use actix_web::rt::net::TcpStream;
use serde::{Deserialize, Serialize};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// What is asked for where nothing else is said.
const JSON: &str = "application/json";

/// What was measured.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// Whole answers a second.
    pub rate: f64,
    /// Half of the answers took no longer, in milliseconds.
    pub median: f64,
    /// 99 of 100 answers took no longer, in milliseconds.
    pub p99: f64,
    /// Answers.
    pub answers: usize,
    /// Answers that were no 200.
    pub errors: usize,
    /// Mean length of a body.
    pub bytes: usize,
}

/// What one connection saw.
#[derive(Default)]
struct Seen {
    micros: Vec<u32>,
    errors: usize,
    bytes: usize,
}

/// Asks for the paths (one a line) in turn until the time is up.
pub(crate) fn drive(address: SocketAddr, paths: &str, connections: usize, seconds: f64) -> Outcome<Measured> {
    let requests: Rc<Vec<Vec<u8>>> = Rc::new(paths.lines().map(|path| request(address, path, JSON)).collect());
    if requests.is_empty() {
        return Err("there are no paths".into());
    }
    let (all, elapsed) = actix_web::rt::System::new().block_on(async {
        actix_web::rt::spawn(async {
            loop {
                tokio::task::yield_now().await;
            }
        });
        // The first fifth of a second only warms the connections and the server up.
        ask(address, &requests, connections, Duration::from_millis(200)).await?;
        let start = Instant::now();
        let all = ask(address, &requests, connections, Duration::from_secs_f64(seconds)).await?;
        Ok::<_, io::Error>((all, start.elapsed().as_secs_f64()))
    })?;
    let (errors, bytes) = all.iter().fold((0, 0), |(errors, bytes), seen| (errors + seen.errors, bytes + seen.bytes));
    let mut micros: Vec<u32> = all.into_iter().flat_map(|seen| seen.micros).collect();
    micros.sort_unstable();
    let answers = micros.len();
    let at = |share: usize| micros.get(answers * share / 100).map_or(0.0, |micros| f64::from(*micros) / 1e3);
    Ok(Measured {
        rate: answers as f64 / elapsed,
        median: at(50),
        p99: at(99),
        answers,
        errors,
        bytes: bytes / answers.max(1),
    })
}

/// One answer, for looks before measuring.
pub(crate) fn once(address: SocketAddr, path: &str) -> Outcome<(u16, Vec<u8>)> {
    once_as(address, path, JSON)
}

/// One answer of a media type.
pub(crate) fn once_as(address: SocketAddr, path: &str, accept: &str) -> Outcome<(u16, Vec<u8>)> {
    let request = request(address, path, accept);
    Ok(actix_web::rt::System::new().block_on(async {
        let mut connection = Connection::open(address).await?;
        let answer = connection.exchange(&request).await?;
        let body = connection.buffer.get(answer.head..answer.whole).unwrap_or_default().to_vec();
        Ok::<_, io::Error>((answer.status, body))
    })?)
}

/// A request for a path; what stands behind a tab is the token that it carries.
fn request(address: SocketAddr, path: &str, accept: &str) -> Vec<u8> {
    let (path, token) = path.split_once('\t').map_or((path, None), |(path, token)| (path, Some(token)));
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: {accept}\r\n{token}\r\n").into_bytes()
}

async fn ask(
    address: SocketAddr,
    requests: &Rc<Vec<Vec<u8>>>,
    connections: usize,
    time: Duration,
) -> io::Result<Vec<Seen>> {
    let end = Instant::now() + time;
    let tasks: Vec<_> = (0..connections)
        .map(|number| {
            let requests = Rc::clone(requests);
            actix_web::rt::spawn(async move {
                let mut connection = Connection::open(address).await?;
                let mut seen = Seen::default();
                // Every connection begins elsewhere, so that they do not ask the same at once.
                let begin = requests.len() * number / connections;
                for request in requests.iter().cycle().skip(begin) {
                    let start = Instant::now();
                    if start >= end {
                        break;
                    }
                    let answer = connection.exchange(request).await?;
                    connection.buffer.drain(..answer.whole);
                    seen.micros.push(u32::try_from(start.elapsed().as_micros()).unwrap_or(u32::MAX));
                    seen.errors += usize::from(answer.status != 200);
                    seen.bytes += answer.whole - answer.head;
                }
                Ok::<Seen, io::Error>(seen)
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.push(task.await.map_err(io::Error::other)??);
    }
    Ok(all)
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    chunk: Box<[u8]>,
}

/// Where an answer stands in the buffer.
struct Answer {
    status: u16,
    head: usize,
    whole: usize,
}

impl Connection {
    async fn open(address: SocketAddr) -> io::Result<Connection> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, buffer: Vec::new(), chunk: vec![0; 64 << 10].into_boxed_slice() })
    }

    async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.send(request).await?;
        loop {
            if let Some(answer) = read_head(&self.buffer)? {
                while self.buffer.len() < answer.whole {
                    self.receive().await?;
                }
                return Ok(answer);
            }
            self.receive().await?;
        }
    }

    async fn send(&self, mut rest: &[u8]) -> io::Result<()> {
        while !rest.is_empty() {
            match self.stream.try_write(rest) {
                Ok(sent) => rest = rest.get(sent..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.stream.writable().await?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn receive(&mut self) -> io::Result<()> {
        loop {
            match self.stream.try_read(&mut self.chunk) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    self.buffer.extend_from_slice(self.chunk.get(..read).unwrap_or_default());
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.stream.readable().await?,
                Err(error) => return Err(error),
            }
        }
    }
}

/// Reads the head of an answer once it is there.
fn read_head(buffer: &[u8]) -> io::Result<Option<Answer>> {
    let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let wrong = || io::Error::other("an answer has no status or no length");
    let head = buffer.get(..end).and_then(|head| std::str::from_utf8(head).ok()).ok_or_else(wrong)?;
    let status = head.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(wrong)?;
    let length: usize = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, length)| length.trim().parse().ok())
        .ok_or_else(wrong)?;
    Ok(Some(Answer { status, head: end + 4, whole: end + 4 + length }))
}
