//! The store from outside: on files and in memory, in one process and in several.

#![cfg(test)]

mod common;
mod journal;
mod locks;
mod many;
mod measured;
mod measurements;
mod opening;
#[path = "../../../../tests/src/postgres.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    clippy::allow_attributes,
    reason = "whole-system tests need the rest, and in public"
)]
mod postgres;
mod processes;
mod recorder;
mod runs;
mod server;
mod upkeep;
