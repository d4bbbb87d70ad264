//! What was typed to bring a release, or to bring one back: `plan`, `deploy`, `rollback`, `resume`.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use super::{ExportTo, GateChoice};

#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// An environment of pipeline.toml
    pub(crate) environment: String,
    #[command(flatten)]
    pub(crate) choice: DeployChoice,
}

#[derive(Debug, Args)]
pub(crate) struct Deploy {
    /// An environment of pipeline.toml
    pub(crate) environment: String,
    #[command(flatten)]
    pub(crate) choice: DeployChoice,
    #[command(flatten)]
    pub(crate) gates: GateChoice,
    /// Show the plan and change nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Deploy although the last release was rolled back by itself just now
    #[arg(long)]
    pub(crate) despite_rollback: bool,
    #[command(flatten)]
    pub(crate) export: ExportTo,
}

/// What is deployed, and how.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct DeployChoice {
    /// The image to deploy, which is built already; if not said, [build] of pipeline.toml says who builds one
    #[arg(long, value_name = "REF", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) image: Option<String>,
    /// Bring the very image that this environment has verified last, by its digest; nothing is built
    #[arg(long, value_name = "ENV", conflicts_with = "image")]
    pub(crate) from: Option<String>,
    /// Another strategy than the configured one: rolling, canary, bluegreen, immediate
    #[arg(long, value_name = "STRATEGY")]
    pub(crate) strategy: Option<String>,
    /// Deploy although it is frozen; the run keeps that somebody said so
    #[arg(long)]
    pub(crate) despite_freeze: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Rollback {
    /// An environment of pipeline.toml
    pub(crate) environment: String,
    /// The release to bring back, such as v12; if not said, the last verified one before the current that nobody has left behind
    #[arg(long, value_name = "VERSION")]
    pub(crate) to: Option<String>,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) export: ExportTo,
}

#[derive(Debug, Args)]
pub(crate) struct Resume {
    /// The run, as a version such as v12; the newest interrupted one if not said
    pub(crate) run: Option<String>,
    /// Take it back instead
    #[arg(long)]
    pub(crate) back: bool,
    /// Go on although it is frozen by now; asked only of a run that has touched nothing yet
    #[arg(long, conflicts_with = "back")]
    pub(crate) despite_freeze: bool,
    #[command(flatten)]
    pub(crate) export: ExportTo,
}
