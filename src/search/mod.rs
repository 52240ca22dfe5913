//! Full-text search: the one place that knows tantivy.
//!
//! The index is derived from the database and may be deleted at any time. `Index` takes documents in and commits them
//! with the position in the change log as payload; `Searcher` answers queries from what was last committed.
//!
//! A word has one posting list, whose frequency is a code for where in the record it stands (`evidence`); matching,
//! ranking and `matchedOn` all come from it. Points are whole numbers (`cursor`), so order never depends on segments.

mod beginnings;
mod best;
mod build_query;
mod coded_docs;
mod collect;
mod column;
mod columns;
mod columns_pass;
mod condition;
mod correct;
mod counting;
mod cursor;
pub mod document;
mod dump;
mod evidence;
mod facets;
mod few;
mod fields;
mod folders;
pub mod following;
mod highlight;
mod indexer;
mod intake;
mod known;
mod masks;
mod order;
mod packed;
mod page;
mod phrase;
mod postings;
pub mod query;
mod ready;
mod searcher;
mod source;
mod sparse;
mod statistics;
mod stored;
mod suggest;
pub mod tailer;
mod terms;
#[cfg(test)]
mod tests;
pub mod text;
mod view;
mod warm;
mod weights;
mod window;

pub use fields::schema_version;
pub use folders::folder_in_use;
pub use indexer::{Index, Options, Position};
pub(crate) use intake::meets;
pub use searcher::Searcher;
