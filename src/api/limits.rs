//! How many requests an address or a client may make: token buckets, kept in the node's memory.
//!
//! A bucket takes as many requests at once as it takes in a minute and fills up evenly. An operation of the API is counted when it is known
//! who calls: for the client where a token was accepted, else for the address. The token endpoint counts by itself.

use crate::api::address;
use crate::api::surface::{ROOT, Surface};
use crate::auth::actor::Actor;
use crate::auth::authority::Bearer;
use crate::auth::oauth;
use crate::config::{Config, Limit};
use crate::error::{Code, Error, Message, Result};
use crate::resources::Kind;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, web};
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::{DashMapStateStore, ShrinkableKeyedStateStore};
use governor::state::{RateLimiter, StateStore};
use governor::{NotUntil, Quota};
use std::convert::Infallible;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// How much is left of a limit.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// What the limit is.
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// A client with an accepted token may do so many times what an address may: one system asks for many people.
const CLIENT_SHARE: NonZeroU32 = NonZeroU32::new(5).unwrap();
/// After so many requests a bucket forgets those who have their whole limit again; no more keys than these are kept in vain.
const SWEEP: u32 = 10_000;

/// Where the bucket of a key stands, shared by what counts and what gives back.
#[derive(Debug, Clone, Default)]
struct Store(Arc<DashMapStateStore<u64>>);

impl StateStore for Store {
    type Key = u64;

    fn measure_and_replace<T, F, E>(&self, key: &u64, decide: F) -> std::result::Result<T, E>
    where
        F: Fn(Option<Nanos>) -> std::result::Result<(T, Nanos), E>,
    {
        self.0.measure_and_replace(key, decide)
    }
}

impl ShrinkableKeyedStateStore<u64> for Store {
    fn retain_recent(&self, drop_below: Nanos) {
        self.0.retain_recent(drop_below);
    }

    fn shrink_to_fit(&self) {
        self.0.shrink_to_fit();
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// One limit, counted for each key by itself.
struct Bucket<C: Clock = MonotonicClock> {
    name: &'static str,
    policy: HeaderValue,
    most: NonZeroU32,
    limiter: RateLimiter<u64, Store, C, StateInformationMiddleware>,
    store: Store,
    taken: AtomicU32,
}

impl<C: Clock> Bucket<C> {
    /// A bucket of so many requests a minute.
    fn new(name: &'static str, most: NonZeroU32, clock: C) -> Option<Bucket<C>> {
        let store = Store::default();
        let limiter = RateLimiter::new(Quota::per_minute(most), store.clone(), clock);
        let policy = HeaderValue::from_str(&format!("\"{name}\";q={most};w=60")).ok()?;
        Some(Bucket { name, policy, most, limiter, store, taken: AtomicU32::new(0) })
    }

    /// Takes one request from a key's bucket, where there is one.
    fn take(&self, key: u64) -> Standing {
        if self.taken.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.limiter.retain_recent();
        }
        let (left, seconds, refused) = match self.limiter.check_key(&key) {
            Ok(state) => {
                let left = state.remaining_burst_capacity();
                let used = u64::from(self.most.get().saturating_sub(left));
                (left, (used * 60).div_ceil(u64::from(self.most.get())), false)
            }
            Err(until) => (0, self.wait(&until), true),
        };
        Standing { name: self.name, policy: self.policy.clone(), left, seconds, refused }
    }

    fn wait(&self, until: &NotUntil<C::Instant>) -> u64 {
        let wait = until.wait_time_from(self.limiter.clock().now());
        (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
    }

    /// Puts back what was taken.
    fn give_back(&self, key: u64) {
        let one = Duration::from_secs(60).as_nanos() / u128::from(self.most.get());
        let one = u64::try_from(one).unwrap_or(u64::MAX);
        let earlier = |full: Option<Nanos>| {
            let full = full.map_or(0, Nanos::as_u64);
            Ok::<_, Infallible>(((), Nanos::new(full.saturating_sub(one))))
        };
        let Ok(()) = self.store.measure_and_replace(&key, earlier);
    }
}

/// Where a caller stands after a request.
#[derive(Debug, Clone)]
struct Standing {
    name: &'static str,
    policy: HeaderValue,
    left: u32,
    /// Until the bucket is full again, or until the next request is taken where this one was not.
    seconds: u64,
    refused: bool,
}

/// What was found out of a request when it was counted; the middleware tells it.
#[derive(Debug)]
pub(crate) struct Counted {
    client: Option<String>,
    standing: Option<Standing>,
}

impl Counted {
    /// The client that made the request.
    pub(crate) fn client(&self) -> Option<&str> {
        self.client.as_deref()
    }

    /// Writes the headers of the limit.
    pub(crate) fn tell(&self, headers: &mut HeaderMap) {
        let Some(Standing { name, policy, left, seconds, refused }) = &self.standing else { return };
        headers.insert(RATE_LIMIT_POLICY, policy.clone());
        if let Ok(value) = HeaderValue::from_str(&format!("\"{name}\";r={left};t={seconds}")) {
            headers.insert(RATE_LIMIT, value);
        }
        if *refused {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
        }
    }
}

/// The two buckets of a sort of operations.
struct Pair {
    addresses: Option<Bucket>,
    clients: Option<Bucket>,
}

impl Pair {
    fn new(name: &'static str, limit: Limit) -> Pair {
        let clients = limit.0.map(|most| most.saturating_mul(CLIENT_SHARE));
        Pair { addresses: bucket(name, limit.0), clients: bucket(name, clients) }
    }
}

fn bucket(name: &'static str, most: Option<NonZeroU32>) -> Option<Bucket> {
    Bucket::new(name, most?, MonotonicClock)
}

/// The limits of a node.
pub struct Limits {
    search: Pair,
    records: Pair,
    writes: Pair,
    token: Option<Bucket>,
    /// What is taken before a secret is looked at and given back unless it was wrong: guesses that run at once count too.
    failures: Option<Bucket>,
    ids: RandomState,
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Limits")
    }
}

impl Limits {
    /// The limits of a configuration.
    pub fn new(config: &Config) -> Limits {
        Limits {
            search: Pair::new("search", config.limit_search),
            records: Pair::new("records", config.limit_records),
            writes: Pair::new("writes", config.limit_writes),
            token: bucket("token", config.limit_token.0),
            failures: bucket("token-failures", config.limit_token_failures.0),
            ids: RandomState::new(),
        }
    }

    /// Counts an operation of the API; nothing where that sort has no limit.
    fn count(&self, request: &HttpRequest, client: Option<&str>, trusted: &[ipnet::IpNet]) -> Option<Standing> {
        let pair = if *request.method() != Method::GET {
            &self.writes
        } else if is_search(request.match_info().as_str()) {
            &self.search
        } else {
            &self.records
        };
        match client {
            Some(id) => pair.clients.as_ref().map(|bucket| bucket.take(self.ids.hash_one(id))),
            None => pair.addresses.as_ref().map(|bucket| bucket.take(network(address::of(request, trusted)))),
        }
    }
}

/// Whether a path of the API is a list or a search, so that the index answers.
fn is_search(path: &str) -> bool {
    let mut parts = path.strip_prefix(ROOT).unwrap_or_default().split('/').skip(1);
    let first = parts.next().unwrap_or_default();
    let listed = || matches!(first, "search" | "suggest") || Kind::ALL.iter().any(|kind| kind.plural() == first);
    match (parts.next(), parts.next()) {
        (None, _) => listed(),
        (Some(_), Some(last)) => last != "history" && listed(),
        (Some(_), None) => false,
    }
}

/// What an address is counted by: an IPv4 address by itself, an IPv6 address with all of its /64.
fn network(address: Option<IpAddr>) -> u64 {
    match address.map(|address| address.to_canonical()) {
        // No address below ::/32 is ever given to anyone: the two sorts of keys do not meet.
        Some(IpAddr::V4(address)) => u64::from(address.to_bits()),
        Some(IpAddr::V6(address)) => (address.to_bits() >> 64) as u64,
        None => 0,
    }
}

/// Counts an operation when it is known who calls, also one whose token was not good; refuses it above the limit.
///
/// # Errors
/// 429; else what was wrong with the token.
pub(crate) fn admit(request: &HttpRequest, bearer: Result<Bearer>) -> Result<Bearer> {
    let Some(surface) = Surface::of(request) else { return bearer };
    let client = match &bearer {
        Ok(Bearer { actor: Actor::Client { id, .. }, .. }) => Some(id.as_str()),
        _ => None,
    };
    let standing = surface.limits.count(request, client, &surface.trusted_proxies);
    let wait = standing.as_ref().filter(|standing| standing.refused).map(|standing| standing.seconds);
    request.extensions_mut().insert(Counted { client: client.map(str::to_owned), standing });
    let Some(seconds) = wait else { return bearer };
    let detail = Message::new(
        format!("Gränsen för antalet anrop är nådd. Försök igen om {seconds} s."),
        format!("The limit on requests is reached. Try again in {seconds} s."),
    );
    Err(Error::problem(Code::TooManyRequests, detail))
}

/// Goes around the token endpoint: counts requests and, apart, wrong secrets. What it refuses has the form of RFC 6749, which clients
/// of the endpoint read.
pub(crate) async fn tokens(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> std::result::Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let surface = request.app_data::<web::Data<Surface>>().filter(|_| *request.method() == Method::POST).cloned();
    let Some(surface) = surface else { return Ok(next.call(request).await?.map_into_boxed_body()) };
    let (limits, key) = (&surface.limits, network(address::of(request.request(), &surface.trusted_proxies)));
    let mut standing = limits.token.as_ref().map(|bucket| bucket.take(key));
    let refused = |standing: &Option<Standing>| standing.as_ref().is_some_and(|standing| standing.refused);
    if !refused(&standing) {
        let guess = limits.failures.as_ref().map(|bucket| bucket.take(key));
        standing = if refused(&guess) { guess } else { standing };
    }
    let over = refused(&standing);
    request.extensions_mut().insert(Counted { client: None, standing });
    if over {
        let told = "too many requests or wrong secrets; try again after Retry-After";
        return Ok(request.into_response(oauth::refuse(
            StatusCode::TOO_MANY_REQUESTS,
            "temporarily_unavailable",
            told,
        )));
    }
    let response = next.call(request).await?.map_into_boxed_body();
    if let Some(failures) = limits.failures.as_ref().filter(|_| response.status() != StatusCode::UNAUTHORIZED) {
        failures.give_back(key);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    fn small(most: u32) -> (Bucket<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (Bucket::new("search", NonZeroU32::new(most).unwrap(), clock.clone()).unwrap(), clock)
    }

    fn told(standing: Standing) -> Vec<(String, String)> {
        let mut headers = HeaderMap::new();
        Counted { client: None, standing: Some(standing) }.tell(&mut headers);
        let mut told: Vec<_> =
            headers.iter().map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
        told.sort();
        told
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_bucket_empties_and_fills_evenly() {
        let (bucket, clock) = small(6);
        let policy = ("ratelimit-policy", "\"search\";q=6;w=60");
        assert_eq!(told(bucket.take(1)), pairs(&[("ratelimit", "\"search\";r=5;t=10"), policy]));
        for _ in 0..5 {
            assert!(!bucket.take(1).refused);
        }
        let over = pairs(&[("ratelimit", "\"search\";r=0;t=10"), policy, ("retry-after", "10")]);
        assert_eq!(told(bucket.take(1)), over);
        assert!(!bucket.take(2).refused, "another key has a bucket of its own");
        clock.advance(Duration::from_millis(9_500));
        assert_eq!(bucket.take(1).seconds, 1, "what is left of a second is a second");
        clock.advance(Duration::from_millis(500));
        assert!(!bucket.take(1).refused);
        assert!(bucket.take(1).refused);
        clock.advance(Duration::from_secs(60));
        assert_eq!(bucket.take(1).left, 5);
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let (bucket, _clock) = small(3);
        for _ in 0..20 {
            assert!(!bucket.take(1).refused);
            bucket.give_back(1);
        }
        for _ in 0..3 {
            assert!(!bucket.take(1).refused);
        }
        assert!(bucket.take(1).refused);
    }

    #[test]
    fn keys_with_their_whole_limit_are_forgotten_and_no_others() {
        let (bucket, clock) = small(60);
        for key in 0..u64::from(SWEEP) - 1 {
            bucket.take(key);
        }
        assert_eq!(bucket.limiter.len(), SWEEP as usize - 1);
        clock.advance(Duration::from_secs(2));
        bucket.taken.store(1, Ordering::Relaxed);
        for _ in 0..50 {
            bucket.take(7);
        }
        bucket.taken.store(SWEEP - 1, Ordering::Relaxed);
        bucket.take(8);
        assert_eq!(bucket.limiter.len(), 2);
        assert_eq!(bucket.take(7).left, 9);
    }

    #[test]
    fn addresses_are_counted_by_what_one_caller_has() {
        let key = |text: &str| network(Some(text.parse().unwrap()));
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
    }

    #[test]
    fn lists_and_searches_are_told_from_other_reads() {
        for path in ["/search", "/suggest", "/organisations", "/organisations/x/members", "/forums/x/meetings"] {
            assert!(is_search(&format!("{ROOT}{path}")), "{path}");
        }
        for path in
            ["/organisations/x", "/organisations/x/history", "/changes", "/changes/stream", "/export", "/topics"]
        {
            assert!(!is_search(&format!("{ROOT}{path}")), "{path}");
        }
    }
}
