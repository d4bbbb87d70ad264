//! The simulator from outside: over HTTP, with real processes.

#![cfg(test)]

mod checks;
mod faults;
mod inside;
mod machines_api;
mod processes;
mod proxy;
mod rules;
mod stage;
mod traffic;
mod update;
mod wait;
