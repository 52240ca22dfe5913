//! The HTTP surface: how requests are read and answers written, the same for every resource.

pub mod body;
pub mod csv;
pub mod cursor;
pub mod etag;
pub mod language;
pub mod middleware;
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
pub mod trace;
pub mod validate;
pub(crate) mod values;
