//! `pipeline config`: the commented reference, its JSON Schema, or one key of it.

use crate::app::App;
use crate::args;
use crate::commands::explain;
use crate::config::{Keys, REFERENCE};
use crate::error::CliError;
use crate::exit::Exit;

pub(crate) fn run(app: &App, args: &args::Config) -> Result<Exit, CliError> {
    match &args.explain {
        Some(key) => explain::run(app, key),
        None if args.schema => {
            app.fact(&format!("{:#}", Keys::known().schema()))?;
            Ok(Exit::Good)
        }
        None => {
            app.fact(REFERENCE.trim_end())?;
            Ok(Exit::Good)
        }
    }
}
