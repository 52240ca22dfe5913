//! Who acts: clients, keys, tokens, and the `Actor` that every write needs.

pub mod actor;
pub mod clients;
pub(crate) mod extract;
pub mod keys;
pub(crate) mod oauth;
pub(crate) mod permission;
pub mod token;
