//! The simulator from outside: over HTTP, with real processes.

#![cfg(test)]

mod call_faults;
mod checks;
mod fault_control;
mod faults;
mod inside;
mod journal;
mod machine_faults;
mod machines_api;
mod processes;
mod proxy;
mod read_faults;
mod rules;
mod stage;
mod traffic;
mod update;
mod wait;
mod writers;
