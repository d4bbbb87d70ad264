//! What `pipeline rehearse` understands.

use std::path::PathBuf;

use clap::{Args, ValueEnum, value_parser};

use super::{ExportTo, factor, sim::FAULTS};

const EXAMPLES: &str = "\
Examples:
  pipeline rehearse staging                                   a good release, under load
  pipeline rehearse staging --release broken                  and what becomes of a bad one
  pipeline rehearse staging --fault create@1=408-after        and when Fly.io has a bad day
  pipeline rehearse staging --run '_build/prod/rel/shop/bin/shop start'

The exit code is that of the deploy. Nothing real is touched: no Fly.io, no history, no secrets.
Gates are not run: `pipeline validate` does that.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{FAULTS}"))]
pub(crate) struct Rehearse {
    /// An environment of pipeline.toml
    pub(crate) environment: String,
    /// What the new release is like
    #[arg(long, value_enum, default_value_t = Release::Good, value_name = "RELEASE")]
    pub(crate) release: Release,
    /// Something that goes wrong at Fly.io once the old release is live; may be said more than once
    #[arg(long = "fault", value_name = "FAULT")]
    pub(crate) faults: Vec<String>,
    /// How many machines run the old release, of each process group
    #[arg(long, default_value_t = 3, value_name = "N", value_parser = value_parser!(u32).range(1..=100))]
    pub(crate) machines: u32,
    /// Another strategy than the configured one: rolling, canary, bluegreen, immediate
    #[arg(long, value_name = "STRATEGY")]
    pub(crate) strategy: Option<String>,
    /// Your own program as both releases, instead of a stand-in for it
    ///
    /// Split at spaces, looked for on the PATH, and started in this folder. It has to listen on 127.0.0.1 at the port
    /// that PORT says. Its environment is empty but for what a machine has, the variables of `bearer_env` and `secrets` with
    /// values made up for the rehearsal, `APP_VERSION` (v1 or v2) and what --env says.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) run: Option<String>,
    /// An environment variable for the machines of both releases; may be said more than once
    #[arg(long = "env", value_name = "NAME=VALUE")]
    pub(crate) env: Vec<String>,
    /// How much faster than in real life health checks run
    #[arg(long, default_value_t = 10.0, value_name = "FACTOR", value_parser = factor)]
    pub(crate) check_speed: f64,
    /// Makes all chance of the simulator repeatable
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// Write every call of the API to a file, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    /// Keep the folder with the store and what the machines printed
    #[arg(long)]
    pub(crate) keep: bool,
    #[command(flatten)]
    pub(crate) export: ExportTo,
}

/// What a release is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Release {
    /// As good as the old one
    Good,
    /// Its program ends a second after its start
    Crash,
    /// It answers 500 to everybody, health checks too
    Unhealthy,
    /// Health checks pass, but one page that the smoke tests ask for answers 500; with --run every page
    Broken,
    /// It answers as well as the old one, and takes fifty times as long for it; not with --run
    Slow,
    /// It takes more and more memory until it is killed
    Oom,
    /// No machine can pull its image
    Unpullable,
}
