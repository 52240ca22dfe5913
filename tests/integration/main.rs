//! The integration tests: one binary, one file per subject.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod harness;
mod importing;
mod invariants;
mod licences;
mod privacy;
mod registry;
mod writing;
