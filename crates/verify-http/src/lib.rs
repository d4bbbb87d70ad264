//! Verifies a live deployment over HTTP: what users see, and each machine by itself.
//!
//! An answer that is wrong, or that does not come, is a refusal. Where this side cannot look (a name that
//! does not resolve, an address that is none, a secret that is missing) there is no verdict but a fault.
//!
//! ```no_run
//! use pipeline_core::Step;
//! use verify_http::{Bearer, Client, Connections, Smoke, SmokeCheck, SmokeConfig};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = SmokeConfig {
//!     checks: vec![
//!         SmokeCheck::get("/api/v1/health"),
//!         SmokeCheck::get("/api/v1/status").json(),
//!         SmokeCheck::get("/dashboard").bearer(Bearer::named("SHOP_TOKEN", None)),
//!     ],
//!     ..SmokeConfig::default()
//! };
//! let smoke = Step::verifier("smoke", Smoke::new(config, Client::new(Connections::Fresh)?)?);
//! # Ok(()) }
//! ```

mod certificate;
mod client;
mod config;
mod error;
mod expect;
mod extract;
mod health;
mod journeys;
mod place;
mod redact;
mod response;
mod smoke;
mod watch;

pub use client::{Client, Connections};
pub use config::{Bearer, ConfigError, Echo, Echoed, Method, SmokeCheck, SmokeConfig};
pub use error::Error;
pub use expect::{
    Difference, Expect, HeaderRule, HeaderWant, JsonPath, JsonRule, JsonWant, Part, RuleError,
    Schema, pattern,
};
pub use extract::{Extract, ExtractError};
pub use journeys::{
    Action, BadStep, BadTemplate, Body, Capture, HurlError, Journey, JourneyError, JourneyStep,
    Journeys, Json, Template, Variable, read_hurl,
};
pub use smoke::Smoke;
pub use watch::{Watch, WatchConfig, WatchError, WatchLimits};
