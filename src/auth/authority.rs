//! Who a request is from: what a node knows of clients and keys, kept in memory and looked at often, so that a read never asks
//! the database for its rights.

use crate::auth::actor::{Actor, Role};
use crate::auth::clients::Rights;
use crate::auth::credentials;
use crate::auth::issuers::Issuers;
use crate::auth::keys::Keys;
use crate::auth::token::{self, Claims, Tokens, refused};
use crate::clock::Clock;
use crate::db::{self, Db, clients};
use crate::error::{Error, Result};
use arc_swap::ArcSwap;
use chrono::{DateTime, Utc};
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often a node looks for changed rights and keys.
const RHYTHM: Duration = Duration::from_millis(500);
/// What is not known is looked for at most so often, whatever callers send.
const LEAST: Duration = Duration::from_millis(200);
/// Clocks of nodes may differ by so many seconds.
const CLOCKS: i64 = 5;
/// So many tokens are remembered.
const REMEMBERED: usize = 10_000;
/// A token of an outside issuer is checked anew after so many seconds: its organisation may have changed.
const OUTSIDE: i64 = 60;
/// No token of ours or of an honest issuer is longer, in bytes.
const LONGEST: usize = 8 << 10;

/// Who a request is from and until when that holds.
#[derive(Debug, Clone)]
pub(crate) struct Bearer {
    /// Who.
    pub actor: Actor,
    /// Until when, in seconds since 1970; `None` for an API key.
    pub until: Option<i64>,
}

/// What a node knows.
#[derive(Default)]
struct Known {
    /// The epoch and number of the last change of rights.
    version: (String, i64),
    /// Raised with every change, of rights or keys: what was remembered before does not count.
    generation: u64,
    clients: HashMap<String, Rights>,
    /// API keys by their prefix: hash and client.
    api_keys: HashMap<String, Vec<(String, String)>>,
}

#[derive(Clone)]
struct Remembered {
    generation: u64,
    /// When it is checked anew, in seconds since 1970.
    again: Option<i64>,
    bearer: Bearer,
}

/// Tells who requests are from.
pub(crate) struct Authority {
    db: Db,
    clock: Arc<dyn Clock>,
    keys: Arc<Keys>,
    /// The public address: the issuer of our tokens.
    issuer: String,
    lifetime: u64,
    issuers: Issuers,
    known: ArcSwap<Known>,
    remembered: Cache<[u8; 32], Remembered>,
    looked: Mutex<Option<Instant>>,
    /// Up to this second everything that changed is known.
    checked: AtomicI64,
    /// Held while the database is read: what was read last is what is known.
    reading: Mutex<()>,
}

/// Running look-outs for changes; they stop when dropped.
pub(crate) struct Watch {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Authority {
    /// Reads what there is to know.
    pub(crate) fn open(
        db: Db,
        clock: Arc<dyn Clock>,
        keys: Arc<Keys>,
        issuer: String,
        lifetime: u64,
        issuers: Issuers,
    ) -> Result<Authority> {
        let authority = Authority {
            db,
            clock,
            keys,
            issuer,
            lifetime,
            issuers,
            known: ArcSwap::default(),
            remembered: Cache::new(REMEMBERED),
            looked: Mutex::default(),
            checked: AtomicI64::new(i64::MIN),
            reading: Mutex::default(),
        };
        authority.read()?;
        Ok(authority)
    }

    /// What issues and checks our tokens.
    pub(crate) fn tokens(&self) -> Tokens<'_> {
        Tokens { keys: &self.keys, issuer: &self.issuer, lifetime: self.lifetime }
    }

    /// Changes with every change of rights or keys.
    pub(crate) fn generation(&self) -> u64 {
        self.known.load().generation + self.issuers.generation()
    }

    /// Who a token names, where nothing has to be asked for; `None` where something has.
    pub(crate) fn token_at_hand(&self, token: &str) -> Option<Result<Bearer>> {
        if token.len() > LONGEST {
            return Some(Err(refused()));
        }
        let now = self.clock.now();
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        // What changes from here on makes what is remembered below count for nothing.
        let generation = self.generation();
        if let Some(held) = self.remembered.get(&digest)
            && held.generation == generation
            && held.again.is_none_or(|again| now.timestamp() < again)
        {
            return Some(token::in_time(held.bearer.until, now).then_some(held.bearer).ok_or_else(refused));
        }
        let found = self.verify(token, &self.known.load(), now).transpose()?;
        if let Ok(bearer) = &found {
            let again = bearer.actor.issuer().map(|_| now.timestamp() + OUTSIDE);
            let remembered = Remembered { generation, again, bearer: bearer.clone() };
            self.remembered.insert(digest, remembered);
        }
        Some(found)
    }

    /// Who a token names; asks the database, the key files or the outside issuer for what is not known. It may wait.
    pub(crate) fn token(&self, token: &str) -> Result<Bearer> {
        if let Some(found) = self.token_at_hand(token) {
            return found;
        }
        let outside = token::issuer(token).filter(|iss| *iss != self.issuer);
        match outside.and_then(|iss| self.issuers.find(&iss)) {
            Some(issuer) => issuer.look_up(token, &self.db, self.clock.now())?,
            // Of keys anyone may invent one. A client that is not known but has a token of ours was made a moment ago.
            None if self.tokens().has_key_of(token) || self.may_look() => self.look()?,
            None => {}
        }
        self.token_at_hand(token).unwrap_or_else(|| Err(refused()))
    }

    /// The claims of a token are checked; `None` where a key or client is not known.
    fn verify(&self, token: &str, known: &Known, now: DateTime<Utc>) -> Result<Option<Bearer>> {
        let iss = token::issuer(token).ok_or_else(refused)?;
        if iss != self.issuer {
            return self.issuers.find(&iss).ok_or_else(refused)?.verify(token, now);
        }
        let Some(claims) = self.tokens().verify(token, now)? else { return Ok(None) };
        let Claims { client_id, scope, exp, .. } = &claims;
        let rights = known.clients.get(client_id);
        // A client that was given its token before this node last looked is no more.
        if rights.is_none() && claims.iat.saturating_add(CLOCKS) < self.checked.load(Ordering::Acquire) {
            return Err(refused());
        }
        Ok(rights.map(|rights| Bearer { actor: rights.actor(client_id, scope), until: Some(*exp) }))
    }

    /// Who an API key is of, where nothing has to be asked for. It reads, and no more.
    pub(crate) fn api_key_at_hand(&self, key: &str) -> Option<Result<Bearer>> {
        let known = self.known.load();
        let candidates = known.api_keys.get(credentials::prefix(key))?;
        let (_, client) = candidates.iter().find(|(hash, _)| credentials::is_same(key, hash))?;
        let rights = known.clients.get(client)?;
        let actor = Rights { role: Role::Reader, ..rights.clone() }.actor(client, "read");
        Some(Ok(Bearer { actor, until: None }))
    }

    /// Who an API key is of. It may wait.
    pub(crate) fn api_key(&self, key: &str) -> Result<Bearer> {
        if let Some(found) = self.api_key_at_hand(key) {
            return found;
        }
        if self.may_look() {
            self.look()?;
        }
        self.api_key_at_hand(key).unwrap_or_else(|| Err(refused()))
    }

    /// Whether it is long enough ago that something unknown was looked for.
    fn may_look(&self) -> bool {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        if looked.is_some_and(|at| at.elapsed() < LEAST) {
            return false;
        }
        *looked = Some(Instant::now());
        true
    }

    /// Looks whether rights or keys have changed, and takes them in.
    pub(crate) fn look(&self) -> Result<()> {
        let now = self.clock.now().timestamp();
        let keys_changed = self.keys.reload()?;
        let version = self.db.read(clients::rights)?;
        if keys_changed || version != self.known.load().version {
            self.read()?;
        }
        self.checked.fetch_max(now, Ordering::AcqRel);
        Ok(())
    }

    fn read(&self) -> Result<()> {
        let _turn = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let (version, rows, keys) = self.db.read_at_once(|connection| {
            Ok((clients::rights(connection)?, clients::clients(connection)?, clients::api_keys(connection)?))
        })?;
        let mut fresh = Known { version, generation: self.known.load().generation + 1, ..Known::default() };
        for row in rows.iter().filter(|row| row.revoked_at.is_none()) {
            fresh.clients.insert(row.id.clone(), Rights::of(row)?);
        }
        for db::CredentialRow { prefix, hash, client_id, .. } in keys {
            fresh.api_keys.entry(prefix).or_default().push((hash, client_id));
        }
        self.known.store(Arc::new(fresh));
        self.remembered.clear();
        Ok(())
    }

    /// Looks out for changes in threads of its own: rights must not wait for issuers.
    pub(crate) fn watch(self: &Arc<Self>) -> Result<Watch> {
        let mut watch = Watch { stop: Arc::default(), threads: Vec::new() };
        watch.run("authority", Arc::clone(self), |authority| match authority.look() {
            Ok(()) => {}
            // The tailer tells of a database that does not answer.
            Err(Error::Lost(_)) => {}
            Err(error) => tracing::warn!(%error, "it could not be seen whether rights have changed"),
        })?;
        if !self.issuers.is_empty() {
            watch.run("issuers", Arc::clone(self), |authority| authority.issuers.tend(authority.clock.now()))?;
        }
        Ok(watch)
    }
}

impl Watch {
    fn run(&mut self, name: &str, authority: Arc<Authority>, look: impl Fn(&Authority) + Send + 'static) -> Result<()> {
        let told = Arc::clone(&self.stop);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
            while !told.load(Ordering::Acquire) {
                look(&authority);
                std::thread::park_timeout(RHYTHM);
            }
        })?;
        self.threads.push(thread);
        Ok(())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        for thread in self.threads.drain(..) {
            thread.thread().unpark();
            if thread.join().is_err() {
                tracing::error!("the look-out for changed rights had panicked");
            }
        }
    }
}
