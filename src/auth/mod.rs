//! Who acts: clients, keys, tokens, and the `Actor` that every write needs.

pub mod actor;
pub mod assertion;
pub(crate) mod authority;
pub mod clients;
pub mod credentials;
pub(crate) mod extract;
pub(crate) mod issuers;
pub mod keys;
pub(crate) mod oauth;
pub(crate) mod permission;
pub mod token;
