//! A faithful local Fly.io: Machines API, proxy, and real processes as machines. Stricter than
//! the real platform where the two differ, never kinder; `docs/simulator.md` says where.

mod api;
pub mod app;
mod clock;
mod config;
mod dice;
mod digest;
mod duration;
mod error;
mod faults;
mod ids;
mod image;
mod journal;
mod proxy;
mod request_id;
mod runtime;
mod sim;
mod world;

pub use api::{ApiRequest, Phase, Verdict};
pub use config::{Listen, SimConfig};
pub use error::SimError;
pub use faults::{Fault, FaultEffect, FaultError, FaultId, FaultPoint, FaultStatus, FaultTiming};
pub use image::Image;
pub use journal::ApiCall;
pub use proxy::{Ledger, Lost};
pub use sim::SimFly;
pub use world::{CheckView, LeaseView, MachineView};
