//! A small web application to run in machines: good, slow, broken or stubborn, as its
//! environment says. It runs inside the simulator, or as a process: any program can become it by
//! calling [`serve`].

mod behaviour;
mod chance;
mod echo;
mod health;
mod listener;
mod mirror;
mod paced;
mod pages;
mod process;
mod server;
mod told;

pub use behaviour::{Behaviour, Token};
pub use health::HealthScript;
pub(crate) use listener::Incoming;
pub use process::{AppError, serve};
pub(crate) use server::{Place, Says, live};
pub(crate) use told::Told;
