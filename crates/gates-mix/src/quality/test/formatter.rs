//! Our `ExUnit` formatter: compiled once into a temporary folder, and loaded by the VM before Mix starts.

use std::fs;

use pipeline_core::Context;
use tempfile::TempDir;

use crate::error::Error;
use crate::mix::MixTask;
use crate::project::MixProject;

/// A folder that holds the compiled formatter; it goes with this value.
#[derive(Debug)]
pub(super) struct Formatter {
    dir: TempDir,
}

impl Formatter {
    /// Its module.
    pub(super) const MODULE: &str = "PipelineGatesMixFormatter";
    /// The environment variable that names the file it writes to.
    pub(super) const EVENTS: &str = "PIPELINE_GATES_MIX_EVENTS";

    /// Compiles it with the project's own Elixir. `None` when that does not work: then the text is read.
    pub(super) async fn make(project: &MixProject, cx: &Context) -> Result<Option<Self>, Error> {
        let dir = TempDir::new()?;
        // The VM splits its flags at white space.
        let path = dir.path().to_str().filter(|it| !it.contains([' ', '\t', '\'', '"', '\\']));
        if path.is_none() {
            return Ok(None);
        }
        fs::write(dir.path().join("compile.exs"), include_str!("../../elixir/compile.exs"))?;
        fs::write(dir.path().join("formatter.exs"), include_str!("../../elixir/formatter.exs"))?;
        let task = MixTask::new(["run", "--no-mix-exs", "compile.exs", "formatter.exs", "."]);
        let answer = project.run_aside(&task, dir.path(), cx).await?;
        let beam = dir.path().join(format!("Elixir.{}.beam", Self::MODULE));
        if answer.code != 0 || !beam.is_file() {
            tracing::debug!(?answer, "the formatter did not compile");
            cx.note("the tests are told by text only: the gate's own formatter did not compile");
            return Ok(None);
        }
        Ok(Some(Self { dir }))
    }

    /// Loads it while the VM starts: later Mix takes folders it does not know from the code path.
    pub(super) fn flags(&self) -> String {
        format!("-pa {} -s Elixir.{} load", self.dir.path().display(), Self::MODULE)
    }
}
