//! The commands of the first minutes.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Write it although there is one already, which is kept as pipeline.toml.old
    #[arg(long)]
    pub(crate) force: bool,
    /// Print what would be written, and write nothing
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// An environment of pipeline.toml; all of them if not said
    pub(crate) environment: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Config {
    /// Print the JSON Schema of pipeline.toml, for the completion of an editor
    #[arg(long, conflicts_with = "explain")]
    pub(crate) schema: bool,
    /// What this key means, the value it has in your pipeline.toml, and where that comes from: `gates.test.timeout`
    #[arg(long, value_name = "KEY")]
    pub(crate) explain: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Write a page for each command into this folder, which is made if it is not there
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}
