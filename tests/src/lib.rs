//! A world for whole-system tests: a project folder, a simulated Fly.io, and the real command as a process.

mod machines;
pub mod postgres;
mod ran;
mod terminal;
pub mod tool;
mod world;

pub use machines::Fleet;
pub use ran::Ran;
pub use terminal::{Program, Terminal};
pub use world::{APP, SECRET, World, WorldConfig, install_tls, plain_client};
