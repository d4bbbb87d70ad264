//! A world for whole-system tests: a project folder, a simulated Fly.io, and the real command as a process.

mod machines;
mod ran;
pub mod tool;
mod world;

pub use machines::Fleet;
pub use ran::Ran;
pub use world::{APP, SECRET, World, WorldConfig, install_tls};
