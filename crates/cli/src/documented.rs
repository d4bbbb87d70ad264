//! For tests of documentation: does the command understand what a page tells people to write?

use std::collections::BTreeMap;
use std::path::Path;

use clap::Parser as _;
use clap::error::ErrorKind;

use crate::args::Arguments;
use crate::config::Config;

/// Would the command take these arguments? The first is the command's own name.
pub fn check_arguments(words: &[String]) -> Result<(), String> {
    match Arguments::try_parse_from(words) {
        Ok(_) => Ok(()),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(()),
            _ => Err(error.to_string()),
        },
    }
}

/// Would the command take this `pipeline.toml`? The error is what a person would see.
pub fn check_config(path: &Path) -> Result<(), String> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let loaded = Config::load(Some(path), folder, &BTreeMap::new());
    loaded.map(drop).map_err(|error| error.render(false))
}
