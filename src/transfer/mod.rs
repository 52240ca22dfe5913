//! Files in and out: NDJSON in the API's own representation, one record a line.

pub mod export;
pub(crate) mod feed;
pub mod import;
