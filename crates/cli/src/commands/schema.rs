//! `pipeline schema events`: the JSON Schema of what programs read.

use pipeline_formats::EVENTS_SCHEMA;

use crate::app::App;
use crate::args::{Schema, SchemaOf};
use crate::error::CliError;
use crate::exit::Exit;

pub(crate) fn run(app: &App, args: &Schema) -> Result<Exit, CliError> {
    match args.of {
        SchemaOf::Events => app.fact(EVENTS_SCHEMA.trim_end())?,
    }
    Ok(Exit::Good)
}
