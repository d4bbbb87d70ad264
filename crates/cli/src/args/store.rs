//! What was typed behind `store`.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Store {
    /// Where it is, how large, and what is in it
    Info,
    /// Bring all runs, journals, events, measurements and baselines from the file of another store into the configured one
    Import(Import),
    /// Let go of the events and samples of old runs; never of what resume, rollback and verdicts need
    Prune(Prune),
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// Where from, as sqlite:PATH
    #[arg(value_name = "sqlite:PATH")]
    pub(crate) from: String,
    /// Give the runs the next free numbers where others are there already
    #[arg(long)]
    pub(crate) append: bool,
}

#[derive(Debug, Args)]
#[group(id = "old", required = true, multiple = true, args = ["keep", "older_than"])]
pub(crate) struct Prune {
    /// Keep the newest N runs of each target
    #[arg(long, value_name = "N")]
    pub(crate) keep: Option<u32>,
    /// Keep what began within this time, such as 180d or 12w
    #[arg(long, value_name = "AGE")]
    pub(crate) older_than: Option<String>,
    /// Remove the runs altogether; history and trends forget them
    #[arg(long)]
    pub(crate) runs: bool,
    /// Only say what would go
    #[arg(long)]
    pub(crate) dry_run: bool,
}
