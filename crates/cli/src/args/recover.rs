//! What was typed after `recover`.

use clap::Args;

use super::ExportTo;

#[derive(Debug, Args)]
pub(crate) struct Recover {
    /// An environment of pipeline.toml
    pub(crate) environment: String,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) export: ExportTo,
}
