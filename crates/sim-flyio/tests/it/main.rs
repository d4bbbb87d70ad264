//! The simulator from outside: over HTTP, with real processes.

#![cfg(test)]

mod call_faults;
mod checks;
mod conformance;
mod deviations;
mod exec;
mod fault_control;
mod faults;
mod history;
mod hostile;
mod inside;
mod journal;
mod limits;
mod listen;
mod machine_faults;
mod machines_api;
mod openapi;
mod processes;
mod proxy;
mod read_faults;
mod resources;
mod rules;
mod schema;
mod stage;
mod traffic;
mod update;
mod wait;
mod writers;
