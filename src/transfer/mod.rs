//! In and out: files in the API's own representation, one record a line, the change feed, and webhooks.

pub mod export;
pub mod exports;
pub(crate) mod feed;
pub mod followers;
pub mod import;
pub mod webhooks;
