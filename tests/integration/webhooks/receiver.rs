//! A receiver of webhooks, and what it was sent.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// What a receiver does with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// Answers with a status and further header lines.
    Status(u16, String),
    /// Breaks the connection off.
    Down,
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Got {
    pub id: String,
    pub timestamp: i64,
    pub signatures: Vec<String>,
    pub raw: Vec<u8>,
    pub taken: bool,
}

impl Got {
    pub fn body(&self) -> Value {
        serde_json::from_slice(&self.raw).unwrap()
    }

    pub fn data(&self) -> Value {
        self.body()["data"].clone()
    }

    /// Whether a secret as its owner was given it made one of the signatures.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{}.{}.", self.id, self.timestamp).as_bytes());
        mac.update(&self.raw);
        self.signatures.contains(&format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
    }
}

#[derive(Debug)]
struct State {
    mode: Mode,
    got: Vec<Got>,
}

/// A receiver in threads of its own.
pub struct Receiver {
    pub url: String,
    state: Arc<Mutex<State>>,
}

impl Receiver {
    pub fn start() -> Receiver {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/mottagare", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State { mode: Mode::Status(204, String::new()), got: Vec::new() }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let state = Arc::clone(&shared);
                // What breaks off was meant to, or belongs to a test that is over.
                std::thread::spawn(move || drop(receive(&stream.unwrap(), &state)));
            }
        });
        Receiver { url, state }
    }

    pub fn is(&self, mode: Mode) {
        self.state.lock().unwrap().mode = mode;
    }

    pub fn all(&self) -> Vec<Got> {
        self.state.lock().unwrap().got.clone()
    }

    /// Those that it took.
    pub fn taken(&self) -> Vec<Got> {
        self.all().into_iter().filter(|got| got.taken).collect()
    }

    /// Waits until it has taken so many.
    #[track_caller]
    pub fn wait(&self, count: usize) -> Vec<Got> {
        until("the events did not come", || self.taken().len() >= count);
        self.taken()
    }
}

fn receive(stream: &TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut id, mut timestamp, mut signatures, mut length) = (String::new(), 0, Vec::new(), 0);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.is_empty() {
            return Ok(());
        }
        assert!(line.starts_with("POST /mottagare "), "{line}");
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "webhook-id" => value.clone_into(&mut id),
                "webhook-timestamp" => timestamp = value.parse().unwrap(),
                "webhook-signature" => signatures = value.split(' ').map(str::to_owned).collect(),
                "content-length" => length = value.parse().unwrap(),
                _ => {}
            }
        }
        let mut raw = vec![0; length];
        reader.read_exact(&mut raw)?;
        let mut state = state.lock().unwrap();
        let taken = matches!(state.mode, Mode::Status(200..300, _));
        state.got.push(Got { id, timestamp, signatures, raw, taken });
        let Mode::Status(status, more) = state.mode.clone() else { return Ok(()) };
        drop(state);
        let mut stream = stream;
        write!(stream, "HTTP/1.1 {status} x\r\ncontent-length: 0\r\n{more}\r\n")?;
    }
}

#[track_caller]
pub fn until(what: &str, mut met: impl FnMut() -> bool) {
    let since = Instant::now();
    while !met() {
        assert!(since.elapsed().as_secs() < 20, "{what}");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
