//! The integration tests: one binary, one file per subject.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![expect(unreachable_pub, reason = "all of a test binary is private")]

mod admin;
mod cluster;
mod crash;
mod database;
mod deployment;
mod document;
mod facets;
mod feed;
mod harness;
mod hostile;
mod importing;
mod invariants;
mod issuers;
mod licences;
mod limits;
mod metrics;
mod model;
mod nodes;
mod operations;
mod outage;
mod parity;
mod persons;
mod privacy;
mod races;
mod readme;
mod registry;
mod roles;
mod search;
mod surface;
mod webhooks;
mod writing;
