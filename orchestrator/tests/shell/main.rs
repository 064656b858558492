//! The shells with their real parts: a database on disk (SQLite, and PostgreSQL where one is installed), the engine's loop, a
//! broker with real clients.

#[path = "../support/contract.rs"]
#[allow(dead_code, reason = "the live stream is tested with the HTTP surface")]
mod contract;

mod config;
mod engine;
mod first_heard;
mod fixture;
mod mqtt;
mod parking;
mod postgres;
mod process;
mod server;
mod store;
