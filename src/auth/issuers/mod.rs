//! Outside issuers: tokens of other organisations' identity providers, accepted by configuration.

mod key_set;
mod organisations;
mod settings;

pub(crate) use settings::Outside;

use crate::auth::actor::Actor;
use crate::auth::authority::Bearer;
use crate::auth::token::{self, LEEWAY, part, refused};
use crate::db::Db;
use crate::error::{Code, Error, Message, Result};
use crate::identifier::{PathId, looks_personal};
use arc_swap::ArcSwap;
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use key_set::KeySet;
use organisations::Organisations;
use serde_json::{Map, Value};
use settings::{Rule, Settings};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use ureq::Agent;

/// Keys are fetched anew after this time.
const FRESH: TimeDelta = TimeDelta::minutes(5);
/// Whatever tokens come, an issuer is asked at most so often.
const PAUSE: TimeDelta = TimeDelta::seconds(10);
/// While an issuer does not answer, its keys are good for this time.
const OUTAGE: TimeDelta = TimeDelta::hours(24);
/// No token is taken that is good for longer than this, in seconds.
const LONGEST_LIFE: i64 = 24 * 60 * 60;
/// The longest subject, in bytes.
const LONGEST_SUBJECT: usize = 128;
/// So many requests wait for an issuer's keys at most; others are told to come again.
const WAITING: usize = 8;
/// Headers that offer a key or ask for more than is done here.
const NOT_TAKEN: [&str; 6] = ["jku", "jwk", "x5u", "x5c", "crit", "b64"];

/// The configured issuers.
#[derive(Default)]
pub(crate) struct Issuers(Vec<Issuer>);

/// One outside issuer.
pub(crate) struct Issuer {
    settings: Settings,
    agent: Agent,
    held: ArcSwap<Held>,
    /// Held while the issuer is asked.
    asking: Mutex<()>,
    waiting: AtomicUsize,
    organisations: Organisations,
}

/// What is known of an issuer's keys.
#[derive(Default)]
struct Held {
    keys: Arc<KeySet>,
    /// When the keys came.
    fetched: Option<DateTime<Utc>>,
    /// When the issuer was last asked.
    asked: Option<DateTime<Utc>>,
    /// Whether it did not answer then.
    failed: bool,
    /// Raised when the keys change.
    generation: u64,
}

/// A good token.
struct Checked<'a> {
    rule: &'a Rule,
    subject: String,
    organisation: Option<PathId>,
    until: i64,
}

/// A place among those that wait.
struct Place<'a>(&'a AtomicUsize);

impl Issuers {
    /// Those that are configured.
    pub(crate) fn of(outside: &Outside) -> Issuers {
        Issuers(outside.issuers.iter().cloned().map(Issuer::new).collect())
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The issuer of that name.
    pub(crate) fn find(&self, url: &str) -> Option<&Issuer> {
        self.0.iter().find(|issuer| *issuer.settings.url == *url)
    }

    /// Changes with every change of keys.
    pub(crate) fn generation(&self) -> u64 {
        self.0.iter().map(|issuer| issuer.held.load().generation).sum()
    }

    /// Fetches keys where that is due. It waits for issuers.
    pub(crate) fn tend(&self, now: DateTime<Utc>) {
        for issuer in &self.0 {
            if issuer.held.load().is_due(now) {
                issuer.ask(now, Held::is_due);
            }
        }
    }
}

impl Held {
    /// Whether the issuer may be asked. A clock that was set back holds nothing up.
    fn may_ask(&self, now: DateTime<Utc>) -> bool {
        self.asked.is_none_or(|asked| (now - asked).abs() >= PAUSE)
    }

    /// Whether the keys are to be fetched without anybody asking for one.
    fn is_due(&self, now: DateTime<Utc>) -> bool {
        self.may_ask(now) && self.fetched.is_none_or(|fetched| (now - fetched).abs() >= FRESH)
    }

    /// Whether the keys are good.
    fn is_good(&self, now: DateTime<Utc>) -> bool {
        self.fetched.is_some_and(|fetched| now - fetched < OUTAGE)
    }
}

impl Issuer {
    fn new(settings: Settings) -> Issuer {
        Issuer {
            settings,
            agent: key_set::agent(),
            held: ArcSwap::default(),
            asking: Mutex::default(),
            waiting: AtomicUsize::new(0),
            organisations: Organisations::new(),
        }
    }

    /// Who a token names, by what is known; `None` when its key or organisation is not.
    pub(crate) fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Option<Bearer>> {
        let Some(checked) = self.check(token, now)? else { return Ok(None) };
        let organisation = match &checked.organisation {
            None => None,
            Some(path) => match self.organisations.at_hand(path, now) {
                None => return Ok(None),
                Some(None) => return Err(self.without_rights("its organisation is not in the registry")),
                Some(found) => found,
            },
        };
        let actor = Actor::Client {
            id: format!("{}:{}", self.settings.name, checked.subject),
            role: checked.rule.role,
            organisation,
            protected: checked.rule.protected,
            issuer: Some(Arc::clone(&self.settings.url)),
        };
        Ok(Some(Bearer { actor, until: Some(checked.until) }))
    }

    /// Asks the issuer for an unknown key and the database for an unknown organisation. It may wait.
    pub(crate) fn look_up(&self, token: &str, db: &Db, now: DateTime<Utc>) -> Result<()> {
        let checked = match self.check(token, now)? {
            None => {
                self.refresh(now)?;
                self.check(token, now)?
            }
            checked => checked,
        };
        match checked.and_then(|checked| checked.organisation) {
            Some(path) => self.organisations.look_up(db, &path, now),
            None => Ok(()),
        }
    }

    /// Checks a token by the keys that are known; `None` when its key is not.
    fn check(&self, token: &str, now: DateTime<Utc>) -> Result<Option<Checked<'_>>> {
        let header: Map<String, Value> = part(token, 0).ok_or_else(refused)?;
        let text = |name: &str| header.get(name).and_then(Value::as_str);
        if NOT_TAKEN.iter().any(|name| header.contains_key(*name))
            || !text("typ").is_some_and(|t| self.settings.takes(t))
        {
            return Err(self.refuse("its header"));
        }
        let algorithm = text("alg").and_then(|name| name.parse().ok());
        let algorithm = algorithm.filter(|algorithm| self.settings.algorithms.contains(algorithm));
        let (Some(algorithm), Some(id)) = (algorithm, text("kid")) else {
            return Err(self.refuse("its algorithm or key id"));
        };
        let held = self.held.load();
        if !held.is_good(now) || !held.keys.has(id) {
            return Ok(None);
        }
        let key = held.keys.find(id, algorithm).ok_or_else(|| self.refuse("its algorithm is not the key's"))?;
        let claims = self.claims(token, key, algorithm)?;
        let until = in_time(&claims, now).ok_or_else(|| self.refuse("its times"))?;
        let subject = self.settings.subject.of(&claims).and_then(Value::as_str).filter(|text| is_subject(text));
        let subject = subject.ok_or_else(|| self.refuse("its subject"))?.to_owned();
        let rule = self.settings.rule(&claims).ok_or_else(|| self.without_rights("no rule is met"))?;
        let organisation = match &rule.organisation {
            None => None,
            Some(named) => {
                let path = named.path(&claims);
                Some(path.ok_or_else(|| self.without_rights("it names no organisation"))?)
            }
        };
        Ok(Some(Checked { rule, subject, organisation, until }))
    }

    /// The claims of a token that this key signed for us. Their times are not checked.
    fn claims(&self, token: &str, key: &DecodingKey, algorithm: Algorithm) -> Result<Map<String, Value>> {
        let mut validation = Validation::new(algorithm);
        validation.set_issuer(&[&*self.settings.url]);
        validation.set_audience(&[&self.settings.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        // The time is checked by the node's own clock.
        validation.validate_exp = false;
        match decode(token, key, &validation) {
            Ok(decoded) => Ok(decoded.claims),
            Err(error) => Err(self.refuse(&error.to_string())),
        }
    }

    /// Asks for keys because one is not known. One request asks, a few wait for it.
    fn refresh(&self, now: DateTime<Utc>) -> Result<()> {
        if self.held.load().may_ask(now) {
            let _place = self.place().ok_or_else(unavailable)?;
            self.ask(now, Held::may_ask);
        }
        let held = self.held.load();
        // Whether it is the issuer's, only the issuer could tell.
        if held.failed || !held.is_good(now) { Err(unavailable()) } else { Ok(()) }
    }

    fn place(&self) -> Option<Place<'_>> {
        let place = Place(&self.waiting);
        (self.waiting.fetch_add(1, Ordering::AcqRel) < WAITING).then_some(place)
    }

    /// Asks the issuer for its keys, unless another has while this one waited.
    fn ask(&self, now: DateTime<Utc>, is_due: impl Fn(&Held, DateTime<Utc>) -> bool) {
        let _turn = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        let held = self.held.load_full();
        if !is_due(&held, now) {
            return;
        }
        let Settings { name, url, algorithms, .. } = &self.settings;
        let fresh = match KeySet::fetch(&self.agent, url, algorithms) {
            Ok(keys) => {
                let changed = !keys.is_same(&held.keys);
                if changed || held.failed {
                    tracing::info!(issuer = %name, keys = keys.len(), "the keys of an outside issuer were fetched");
                }
                Held {
                    keys: if changed { Arc::new(keys) } else { Arc::clone(&held.keys) },
                    fetched: Some(now),
                    asked: Some(now),
                    failed: false,
                    generation: held.generation + u64::from(changed),
                }
            }
            Err(reason) => {
                if !held.failed {
                    tracing::warn!(issuer = %name, %reason, "the keys of an outside issuer cannot be fetched");
                }
                Held {
                    keys: Arc::clone(&held.keys),
                    fetched: held.fetched,
                    asked: Some(now),
                    failed: true,
                    generation: held.generation,
                }
            }
        };
        self.held.store(Arc::new(fresh));
    }

    /// The token is not good; the operator may read why.
    fn refuse(&self, why: &str) -> Error {
        tracing::info!(issuer = %self.settings.name, why, "a token of an outside issuer was refused");
        refused()
    }

    /// The token is good and gives no rights here.
    fn without_rights(&self, why: &str) -> Error {
        tracing::info!(issuer = %self.settings.name, why, "a token of an outside issuer gives no rights");
        Error::problem(
            Code::Forbidden,
            Message::fixed(
                "Token är giltig men ger inga rättigheter här. Be den som driver registret om en regel för din roll.",
                "The token is valid but gives no rights here. Ask who runs the registry for a rule for your role.",
            ),
        )
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Until when a token is good that is good now.
fn in_time(claims: &Map<String, Value>, now: DateTime<Utc>) -> Option<i64> {
    let latest = now.timestamp() + LEEWAY;
    let second = |name: &str| claims.get(name).map(Value::as_i64);
    let begun = |name: &str| second(name).is_none_or(|at| at.is_some_and(|at| at <= latest));
    let until = second("exp")??;
    let in_time = token::in_time(Some(until), now) && until <= latest + LONGEST_LIFE;
    (in_time && begun("iat") && begun("nbf")).then_some(until)
}

/// Whether a subject may stand in the logs.
fn is_subject(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST_SUBJECT
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && !looks_personal(text)
}

fn unavailable() -> Error {
    Error::problem(
        Code::Unavailable,
        Message::fixed(
            "Utfärdarens nycklar kan inte hämtas just nu; försök igen om en stund.",
            "The issuer's keys cannot be fetched now; try again in a while.",
        ),
    )
}
