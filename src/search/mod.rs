//! Full-text search: the one place that knows tantivy.
//!
//! The index is derived from the database and may be deleted at any time. `Index` takes documents in and commits them
//! with the position in the change log as payload; `Searcher` answers queries from what was last committed.

pub mod document;
pub mod query;
