//! `pipeline completions SHELL`.

use clap::CommandFactory;

use crate::app::App;
use crate::args::{Arguments, Completions};
use crate::error::CliError;
use crate::exit::Exit;

pub(crate) fn run(app: &App, args: &Completions) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Arguments::command(), "pipeline", &mut script);
    app.fact(String::from_utf8_lossy(&script).trim_end())?;
    Ok(Exit::Good)
}
