//! The simulator from outside: over HTTP, with real processes.

#![cfg(test)]

mod checks;
mod conformance;
mod deviations;
mod exec;
mod faults;
mod inside;
mod limits;
mod machines_api;
mod openapi;
mod processes;
mod proxy;
mod resources;
mod rules;
mod schema;
mod stage;
mod traffic;
mod update;
mod wait;
