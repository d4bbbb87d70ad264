//! What a cache knows while its process lives.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use pipeline_core::{Run, RunId};

use crate::disk;
use crate::error::Error;
use crate::index::Index;
use crate::listing::Listing;

/// The file of the index, below the cache's folder. No gate's folder begins with a dot.
const INDEX: &str = ".index";

#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Once it was read.
    index: Option<Index>,
    /// Of each run, since its gates were recalled.
    runs: HashMap<RunId, OfRun>,
}

#[derive(Debug, Default)]
pub(crate) struct OfRun {
    /// What each gate read before it started.
    pub(crate) before: BTreeMap<String, Listing>,
    /// Was it told already that the disk is no help?
    warned: bool,
}

impl Memory {
    pub(crate) fn run(&mut self, run: &Run) -> &mut OfRun {
        self.runs.entry(run.id.clone()).or_default()
    }

    /// The index, from its file at first. One that is damaged is written anew.
    pub(crate) fn take_index(&mut self, cache: &Path) -> Result<Index, Error> {
        if let Some(index) = self.index.take() {
            return Ok(index);
        }
        let bytes = disk::read(&cache.join(INDEX))?;
        Ok(bytes.and_then(|bytes| Index::from_bytes(&bytes)).unwrap_or_default())
    }

    /// Puts the index back, and into its file if it has grown.
    pub(crate) fn put_index(&mut self, mut index: Index, cache: &Path) -> Result<(), Error> {
        let grown = std::mem::take(&mut index.grown);
        let bytes = grown.then(|| index.to_bytes());
        self.index = Some(index);
        bytes.map_or(Ok(()), |bytes| disk::write(&cache.join(INDEX), &bytes))
    }

    /// Takes what came of a use of the disk. The first thing that went wrong in a run is told, and all are left at that.
    pub(crate) fn settle<T: Default>(&mut self, came: Result<T, Error>, run: &Run) -> T {
        came.unwrap_or_else(|error| {
            tracing::debug!(%error, "the gates' cache cannot use its folder");
            if !std::mem::replace(&mut self.run(run).warned, true) {
                run.warn(format!("answers of gates may not be remembered: {error}"));
            }
            T::default()
        })
    }
}
