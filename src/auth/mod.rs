//! Who acts: clients, tokens and the `Actor` that every write needs.

pub mod actor;
pub(crate) mod permission;
