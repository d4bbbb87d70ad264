//! What users see while the deployer works: 500 requests a second, long requests and `WebSocket`s, on
//! virtual time.
#![expect(clippy::print_stdout, reason = "what was measured is shown where somebody asks for it")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod deploys;
mod least;
mod rollback;
#[path = "../fly/run.rs"]
#[expect(dead_code, reason = "it is shared")]
mod run;
mod shop;
mod users;
mod wire;
