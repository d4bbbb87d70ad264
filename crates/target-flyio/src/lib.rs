//! Deploys to Fly.io Machines in stages, and back.
//!
//! [`FlyTarget`] is a [`Deployer`](pipeline_core::Deployer): it reads `fly.toml` ([`FlyToml`]), plans
//! (`plan/`), and brings every machine to its goal by reading it and taking one step at a time (`goal.rs`,
//! `driver.rs`), so that a deploy or a restore that was cut off anywhere is finished by doing
//! it again.
//!
//! ```
//! use std::path::Path;
//! use pipeline_core::{Deployer as _, Step};
//! use target_flyio::{FlyConfig, FlyTarget, FlyToml, Strategy};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let token = "a token that may deploy";
//! # let text = "[http_service]\ninternal_port = 8080\n";
//! let fly_toml = FlyToml::parse(Path::new("fly.toml"), text)?; // or FlyToml::read
//! let mut config = FlyConfig::new("shop", "https://shop.fly.dev", token, fly_toml);
//! config.strategy = Strategy::BlueGreen;
//! let target = FlyTarget::new(config);
//! assert_eq!(target.target(), "flyio:shop");
//! let image = Step::builder("image", target.known_image("registry.fly.io/shop:v2"));
//! # let _ = image;
//! # Ok(()) }
//! ```
//!
//! [`FlyctlBuild`] and [`DockerBuild`] are [`Builder`](pipeline_core::Builder)s: they make the image and push it.

mod api;
mod bake;
mod boots;
mod build;
mod config;
mod desired;
mod driver;
mod duration;
mod error;
mod fly_toml;
mod front;
mod goal;
mod group;
mod introduce;
mod leases;
mod memory;
mod one_off;
mod patience;
mod plan;
mod proof;
mod record;
mod recording;
mod removal;
mod restore;
mod rollout;
mod run_once;
mod session;
mod sides;
mod stage;
mod steady;
mod target;
mod traffic;
mod view;
mod way_back;

pub use api::{
    ApiError, FoundImage, LogLine, NewRelease, Platform, RecordedRelease, ReleaseRef, ReleaseStatus,
};
pub use build::{BuildConfig, BuildError, DockerBuild, FlyctlBuild, KnownImage, Trouble};
pub use config::{FlyConfig, Strategy, Unreachable};
pub use error::{FlyError, LogTail};
pub use fly_toml::{BuildSpec, FlyToml, FlyTomlError, Lint, LintSetting, Place};
pub use target::FlyTarget;
pub use view::{CheckStatus, MachineStatus};
