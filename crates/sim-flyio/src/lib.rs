//! A faithful local Fly.io: Machines API, proxy, and real processes as machines. Stricter than
//! the real platform where the two differ, never kinder; `docs/simulator.md` says where.
//!
//! ```
//! use sim_flyio::{Image, SimConfig, SimFly};
//!
//! # tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
//! let sim = SimFly::start(SimConfig::default()).await?;
//! sim.create_app("shop");
//! sim.register_image(Image::inside("registry.fly.io/shop:v1"));
//! // What flyctl, `pipeline` or anything else is pointed at: FLY_FLAPS_BASE_URL, and a token.
//! assert!(sim.api_url().starts_with("http://127.0.0.1:"));
//! // Where the users of the app come.
//! assert!(sim.app_url("shop").await?.starts_with("http://127.0.0.1:"));
//! assert!(sim.machines("shop").is_empty());
//! # Ok::<(), sim_flyio::SimError>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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
