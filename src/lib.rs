//! Samverkan: a registry that lets public bodies and civil society find each other.

pub mod api;
pub mod auth;
pub mod clock;
pub mod db;
pub mod error;
pub mod identifier;
pub mod resources;
pub mod search;
pub mod transfer;
pub mod vocabulary;
