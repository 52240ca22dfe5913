//! The HTTP surface: how requests are read and answers written, the same for every resource.

pub mod body;
pub mod csv;
pub mod cursor;
pub mod etag;
pub mod language;
pub mod negotiate;
pub mod page;
pub mod parameters;
pub mod parse;
pub mod patch;
pub mod problem;
pub mod routes;
pub mod splice;
pub mod surface;
pub mod table;
pub mod tables;
pub mod validate;
pub(crate) pub(crate) mod call;
pub(crate) mod embed;
pub mod lists;
pub(crate) mod operations;
pub(crate) mod records;
pub(crate) mod writing;
pub(crate) mod schemas;
pub mod server;
mod values;
