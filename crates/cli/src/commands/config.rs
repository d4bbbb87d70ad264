//! `pipeline config`: the commented reference.

use crate::app::App;
use crate::config::REFERENCE;
use crate::error::CliError;
use crate::exit::Exit;

pub(crate) fn run(app: &App) -> Result<Exit, CliError> {
    app.fact(REFERENCE.trim_end())?;
    Ok(Exit::Good)
}
