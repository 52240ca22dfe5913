//! Samverkan: a registry that lets public bodies and civil society find each other.

pub mod api;
pub mod app;
pub mod auth;
pub mod clock;
pub mod commands;
pub mod config;
pub mod db;
pub mod demo;
pub mod error;
pub mod evaluate;
pub mod generate;
pub mod identifier;
pub mod logging;
pub mod metrics;
mod nodes;
mod outgoing;
pub mod persons;
pub mod resources;
pub mod retention;
pub mod search;
pub mod transfer;
pub mod vocabulary;
