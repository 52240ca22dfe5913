//! In and out: files in the API's own representation, one record a line, and the change feed.

pub mod export;
pub mod exports;
pub(crate) mod feed;
pub mod followers;
pub mod import;
