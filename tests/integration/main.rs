//! The integration tests: one binary, one file per subject.

mod harness;
mod importing;
mod invariants;
mod licences;
mod privacy;
mod registry;
mod writing;
