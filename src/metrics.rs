//! What a node counts of itself, in the text form that Prometheus reads (OpenMetrics).
//!
//! Labels are patterns of routes, statuses and names of pools, all known at the start: nothing that a client sends can
//! become one.

use crate::app::App;
use crate::db::webhooks::webhook_counts;
use crate::db::{Db, Head};
use crate::error::{Error, Result};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeLabelSet, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

/// The media type of the text.
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// The label of what no route takes.
const UNMATCHED: &str = "unmatched";
/// Upper bounds of the latency buckets in microseconds.
const BOUNDS: [u64; 13] =
    [250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000];
/// The statuses that are told one by one, in order; all others share the last counter.
const STATUSES: [u16; 28] = [
    200, 201, 202, 204, 206, 301, 303, 304, 308, 400, 401, 403, 404, 405, 406, 409, 410, 412, 413, 415, 422, 428, 429,
    431, 500, 502, 503, 504,
];

/// Counts requests by route and status, without locks.
#[derive(Debug)]
pub struct Requests {
    by_pattern: HashMap<String, usize>,
    routes: Vec<Route>,
    running: AtomicI64,
}

/// The counters of one route.
#[derive(Debug)]
struct Route {
    pattern: String,
    statuses: [AtomicU64; STATUSES.len() + 1],
    buckets: [AtomicU64; BOUNDS.len() + 1],
    micros: AtomicU64,
}

impl Route {
    fn new(pattern: String) -> Route {
        Route {
            pattern,
            statuses: std::array::from_fn(|_| AtomicU64::new(0)),
            buckets: std::array::from_fn(|_| AtomicU64::new(0)),
            micros: AtomicU64::new(0),
        }
    }

    fn count(&self, status: u16, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let status = STATUSES.binary_search(&status).unwrap_or(STATUSES.len());
        self.statuses[status].fetch_add(1, Ordering::Relaxed);
        self.buckets[BOUNDS.partition_point(|bound| *bound < micros)].fetch_add(1, Ordering::Relaxed);
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }
}

/// A request that runs; ends when dropped, answered or given up.
#[derive(Debug)]
pub struct RunningRequest(Arc<Requests>);

impl Drop for RunningRequest {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Requests {
    /// Counters for these patterns of routes.
    pub fn new(patterns: impl Iterator<Item = String>) -> Requests {
        let mut requests = Requests { by_pattern: HashMap::new(), routes: Vec::new(), running: AtomicI64::new(0) };
        for pattern in patterns.chain([UNMATCHED.to_owned()]) {
            if !requests.by_pattern.contains_key(&pattern) {
                requests.by_pattern.insert(pattern.clone(), requests.routes.len());
                requests.routes.push(Route::new(pattern));
            }
        }
        requests
    }

    /// Counts a request as running until the value is dropped.
    pub fn begin(self: &Arc<Self>) -> RunningRequest {
        self.running.fetch_add(1, Ordering::Relaxed);
        RunningRequest(Arc::clone(self))
    }

    /// Counts an answer.
    pub fn count(&self, pattern: Option<&str>, status: u16, took: Duration) {
        let known = pattern.and_then(|pattern| self.by_pattern.get(pattern).copied());
        // The last route is the one of what no route takes.
        if let Some(route) = self.routes.get(known.unwrap_or(self.routes.len().saturating_sub(1))) {
            route.count(status, took);
        }
    }
}

impl Collector for Requests {
    fn encode(&self, mut encoder: DescriptorEncoder) -> std::result::Result<(), std::fmt::Error> {
        let help = "Answers by pattern of the route and status";
        let mut counters = encoder.encode_descriptor("http_requests", help, None, MetricType::Counter)?;
        for route in &self.routes {
            for (at, count) in route.statuses.iter().enumerate() {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    let status = STATUSES.get(at);
                    let status = status.map_or_else(|| "other".to_owned(), u16::to_string);
                    let labels = [("route", route.pattern.as_str()), ("status", status.as_str())];
                    counters.encode_family(&labels)?.encode_counter::<NoLabelSet, _, u64>(&count, None)?;
                }
            }
        }
        let help = "Time until an answer began";
        let name = "http_request_duration";
        let mut histograms = encoder.encode_descriptor(name, help, Some(&Unit::Seconds), MetricType::Histogram)?;
        for route in &self.routes {
            let bounds = BOUNDS.iter().map(|micros| seconds(*micros)).chain([f64::INFINITY]);
            let buckets: Vec<(f64, u64)> =
                bounds.zip(&route.buckets).map(|(bound, count)| (bound, count.load(Ordering::Relaxed))).collect();
            let count = buckets.iter().map(|(_, count)| count).sum();
            if count > 0 {
                let labels = [("route", route.pattern.as_str())];
                let sum = seconds(route.micros.load(Ordering::Relaxed));
                histograms.encode_family(&labels)?.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
            }
        }
        let help = "Requests that are being answered";
        encoder
            .encode_descriptor("http_requests_running", help, None, MetricType::Gauge)?
            .encode_gauge(&self.running.load(Ordering::Relaxed))
    }
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of a process's life are far below 2^53")]
fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PoolLabels {
    pool: &'static str,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    status: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

/// What is told of the database.
#[derive(Debug, Clone)]
pub struct Database {
    /// Where it stands.
    head: Head,
    /// How many webhooks have each status.
    webhooks: Vec<(String, i64)>,
}

impl Database {
    /// As it is now.
    pub fn read(db: &Db) -> Result<Database> {
        Ok(Database { head: db.head()?, webhooks: db.read(webhook_counts)? })
    }
}

/// The metrics of a node as text. `database` is `None` when it does not answer.
pub fn text(app: &App, requests: &Arc<Requests>, started: f64, database: Option<&Database>) -> Result<String> {
    let mut registry = Registry::with_prefix("samverkan");
    let gauge = |registry: &mut Registry, name: &str, help: &str, value: i64| {
        let gauge: Gauge = Gauge::default();
        gauge.set(value);
        registry.register(name, help, gauge);
    };
    let float = |registry: &mut Registry, name: &str, help: &str, value: f64| {
        let gauge: Gauge<f64, AtomicU64> = Gauge::default();
        gauge.set(value);
        registry.register_with_unit(name, help, Unit::Seconds, gauge);
    };
    let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    registry.register("build", "The program", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
    float(&mut registry, "process_start_time", "When the node started, since 1970", started);
    let searcher = app.index.searcher();
    let indexed = whole(searcher.sequence());
    gauge(&mut registry, "index_sequence", "Number of the last change in the index", indexed);
    gauge(&mut registry, "index_documents", "Records in the index", whole(searcher.records()));
    gauge(&mut registry, "index_segments", "Segments of the index", i64::try_from(searcher.segments()).unwrap_or(0));
    let contact = app.following.age().as_secs_f64();
    float(&mut registry, "index_contact_age", "Time since the index last heard from the database", contact);
    gauge(&mut registry, "database_up", "Whether the database answers: 1 or 0", i64::from(database.is_some()));
    if let Some(Database { head, webhooks }) = database {
        gauge(&mut registry, "database_sequence", "Number of the last change in the database", head.sequence);
        let lag = head.sequence.saturating_sub(indexed).max(0);
        gauge(&mut registry, "index_lag_changes", "Changes of the database that the index lacks", lag);
        let by_status: Family<StatusLabels, Gauge> = Family::default();
        for (status, count) in webhooks {
            by_status.get_or_create(&StatusLabels { status: status.clone() }).set(*count);
        }
        registry.register("webhooks", "Webhooks by status", by_status);
    }
    let pools: Family<PoolLabels, Gauge> = Family::default();
    for (pool, idle, busy) in app.db.pools() {
        for (state, connections) in [("idle", idle), ("busy", busy)] {
            pools.get_or_create(&PoolLabels { pool, state }).set(i64::from(connections));
        }
    }
    let deliveries: Family<OutcomeLabels, Counter> = Family::default();
    for (outcome, count) in [("delivered", &app.deliveries.delivered), ("failed", &app.deliveries.failed)] {
        deliveries.get_or_create(&OutcomeLabels { outcome }).inc_by(count.load(Ordering::Relaxed));
    }
    registry.register(
        "webhook_deliveries",
        "Events that this node sent, by whether the receiver took them",
        deliveries,
    );
    registry.register("database_connections", "Open connections by pool", pools);
    registry.register_collector(Box::new(Arc::clone(requests)));
    let mut text = String::with_capacity(16 << 10);
    prometheus_client::encoding::text::encode(&mut text, &registry).map_err(Error::internal)?;
    Ok(text)
}
