//! Deploys to Fly.io Machines in stages, and back.
//!
//! [`FlyTarget`] is a [`Deployer`](pipeline_core::Deployer): it reads `fly.toml` ([`FlyToml`]), plans
//! (`plan/`), and brings every machine to its goal by reading it and taking one step at a time (`goal.rs`,
//! `driver.rs`), so that a deploy or a restore that was cut off anywhere is finished by doing
//! it again.

mod api;
mod config;
mod desired;
mod driver;
mod duration;
mod error;
mod fly_toml;
mod goal;
mod leases;
mod memory;
mod patience;
mod plan;
mod record;
mod restore;
mod rollout;
mod session;
mod sides;
mod target;
mod traffic;
mod view;
mod way_back;

pub use api::ApiError;
pub use config::{FlyConfig, Strategy};
pub use error::FlyError;
pub use fly_toml::{FlyToml, FlyTomlError, Place};
pub use target::FlyTarget;
pub use view::{CheckStatus, MachineStatus};
