//! The store from outside: on files and in memory, in one process and in several.

#![cfg(test)]

mod common;
mod journal;
mod locks;
mod measurements;
mod opening;
mod processes;
mod recorder;
mod runs;
