//! What was typed to look at what runs, and at what was measured: `verify`, `baseline`, `replay`.

use clap::{Args, Subcommand, value_parser};

use super::{Environment, ExportTo};

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// An environment of pipeline.toml
    pub(crate) environment: String,
    /// Only these verifiers: smoke, performance, journeys, watch
    #[arg(long, value_delimiter = ',', value_name = "VERIFIER,…")]
    pub(crate) only: Vec<String>,
    /// Compare what runs with itself N times instead: how often would latency have raised a false alarm?
    #[arg(long, value_name = "N", conflicts_with = "only", value_parser = value_parser!(u32).range(1..=10_000))]
    pub(crate) aa: Option<u32>,
    #[command(flatten)]
    pub(crate) export: ExportTo,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Baseline {
    /// What each endpoint is held to, and where it comes from
    Show(Environment),
    /// Measure what runs now, and hold later releases to it
    Record(Environment),
}

impl Baseline {
    pub(crate) fn environment(&self) -> &str {
        match self {
            Self::Show(it) | Self::Record(it) => &it.environment,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The run, as a version such as v12
    pub(crate) run: String,
    /// Alert above so many times the control, instead of what the environment says
    #[arg(long, value_name = "RATIO")]
    pub(crate) alert: Option<f64>,
    /// Refuse above so many times the control, instead of what the environment says
    #[arg(long, value_name = "RATIO")]
    pub(crate) rollback: Option<f64>,
}
