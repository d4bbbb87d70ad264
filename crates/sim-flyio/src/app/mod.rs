//! A small web application to run in machines: good, slow, broken or stubborn, as its
//! environment says. Any program can become it by calling [`serve`].

mod behaviour;
mod echo;
mod mirror;
mod paced;
mod pages;
mod server;

pub use behaviour::{Behaviour, Token};
pub use server::{AppError, serve};
