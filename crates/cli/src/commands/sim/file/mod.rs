//! The file of `--apps`: what there is at the simulated Fly.io, what goes wrong, and how it behaves. `raw` is what
//! the file says, [`World`] is what it means.

mod check;
mod raw;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use sim_flyio::{Fault, Image, SimConfig};
use target_flyio::FlyToml;

use crate::error::{CliError, SourceFile};

/// What the file means.
#[derive(Debug, Default)]
pub(super) struct World {
    pub(super) config: SimConfig,
    /// For the machines of all images.
    pub(super) env: BTreeMap<String, String>,
    pub(super) images: Vec<Image>,
    pub(super) apps: Vec<App>,
    pub(super) faults: Vec<Fault>,
}

/// An application, and what runs in it at the beginning.
#[derive(Debug)]
pub(super) struct App {
    pub(super) name: String,
    /// How many machines, of each process group.
    pub(super) machines: u32,
    /// Where they are, in turn.
    pub(super) regions: Vec<String>,
    pub(super) like: Like,
}

/// What the machines of an application are like.
#[derive(Debug)]
pub(super) enum Like {
    /// As `pipeline` would make them of this file, with this image.
    FlyToml { toml: Box<FlyToml>, image: String },
    /// This configuration of a machine.
    Config(Value),
    /// There are none.
    Nothing,
}

impl App {
    /// One without machines.
    pub(super) fn empty(name: String) -> Self {
        Self { name, machines: 0, regions: Vec::new(), like: Like::Nothing }
    }
}

impl World {
    /// Reads a file; relative paths in it start at its folder.
    pub(super) fn read(path: &Path) -> Result<Self, CliError> {
        Ok(check::check(&SourceFile::read(path)?)?)
    }
}

#[cfg(test)]
mod tests;
