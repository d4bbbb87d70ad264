//! What users see while the deployer works: 500 requests a second, long requests and `WebSocket`s, on
//! virtual time.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod deploys;
mod least;
mod rollback;
#[path = "../fly/run.rs"]
mod run;
mod shop;
mod users;
mod wire;
