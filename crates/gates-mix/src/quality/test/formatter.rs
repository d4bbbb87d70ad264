//! Our `ExUnit` formatter: compiled into a folder, and loaded by the VM before Mix starts.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use pipeline_core::Context;
use tempfile::TempDir;

use crate::error::Error;
use crate::mix::MixTask;
use crate::project::MixProject;

const SOURCE: &str = include_str!("../../elixir/formatter.exs");

/// A folder that holds the compiled formatter: kept between runs, or gone with this value.
#[derive(Debug)]
pub(super) struct Formatter {
    dir: PathBuf,
    /// Holds the folder where it is not kept.
    temporary: Option<TempDir>,
}

impl Formatter {
    /// Its module.
    pub(super) const MODULE: &str = "PipelineGatesMixFormatter";
    /// The environment variable that names the file it writes to.
    pub(super) const EVENTS: &str = "PIPELINE_GATES_MIX_EVENTS";

    /// Takes the kept one, or compiles it with the project's own Elixir. `None` when that does not work: then
    /// the text is read.
    pub(super) async fn make(project: &MixProject, cx: &Context) -> Result<Option<Self>, Error> {
        let kept = kept(project);
        if let Some(dir) = kept.as_ref().filter(|dir| is_whole(&beam(dir))) {
            return Ok(Some(Self { dir: dir.clone(), temporary: None }));
        }
        // Beside the place where it is kept, so that it can be moved there.
        let beside = kept.as_ref().and_then(|dir| {
            fs::create_dir_all(dir).ok()?;
            TempDir::new_in(dir.parent()?).ok()
        });
        let work = beside.map_or_else(TempDir::new, Ok)?;
        if speakable(work.path()).is_none() || !compile(project, work.path(), cx).await? {
            return Ok(None);
        }
        let keep = |dir: &PathBuf| fs::rename(beam(work.path()), beam(dir)).is_ok();
        Ok(Some(match kept.filter(keep) {
            Some(dir) => Self { dir, temporary: None },
            None => Self { dir: work.path().to_owned(), temporary: Some(work) },
        }))
    }

    /// Loads it while the VM starts: later Mix takes folders it does not know from the code path.
    pub(super) fn flags(&self) -> String {
        format!("-pa {} -s Elixir.{} load", self.dir.display(), Self::MODULE)
    }

    /// Keeps it no longer, because it could not be used: the next run compiles it again.
    pub(super) fn forget(&self) {
        if self.temporary.is_none()
            && let Err(error) = fs::remove_dir_all(&self.dir)
        {
            tracing::debug!(%error, dir = %self.dir.display(), "the formatter could not be removed");
        }
    }
}

/// Where it is kept for these versions: a VM does not run what a newer one compiled. `None` where nothing is kept.
fn kept(project: &MixProject) -> Option<PathBuf> {
    let version = |tool| project.known_tools().get(tool).map(|it| plain(it));
    let (elixir, erlang) = (version("elixir")?, version("erlang")?);
    let mut hash = DefaultHasher::new();
    SOURCE.hash(&mut hash);
    let name = format!("formatter-{elixir}-{erlang}-{:016x}", hash.finish());
    // Mix runs in another folder than this process does.
    let dir = std::path::absolute(project.kept_dir()?.join(name)).ok()?;
    speakable(&dir).map(Path::to_owned)
}

fn plain(version: &str) -> String {
    version
        .chars()
        .map(|it| if it.is_ascii_alphanumeric() || it == '.' { it } else { '_' })
        .collect()
}

/// A path that may stand among the flags of the VM, which splits them at white space.
fn speakable(path: &Path) -> Option<&Path> {
    let splits = |it: char| it.is_whitespace() || "'\"\\".contains(it);
    path.to_str().filter(|it| !it.contains(splits)).map(Path::new)
}

fn beam(dir: &Path) -> PathBuf {
    dir.join(format!("Elixir.{}.beam", Formatter::MODULE))
}

/// Is there a compiled module, as long as it says it is?
fn is_whole(beam: &Path) -> bool {
    let Ok(bytes) = fs::read(beam) else { return false };
    let Some((b"FOR1", rest)) = bytes.split_first_chunk::<4>() else { return false };
    let length = rest.split_first_chunk::<4>();
    length.is_some_and(|(length, rest)| u32::from_be_bytes(*length) as usize == rest.len())
}

/// Does it compile in this folder?
async fn compile(project: &MixProject, dir: &Path, cx: &Context) -> Result<bool, Error> {
    fs::write(dir.join("compile.exs"), include_str!("../../elixir/compile.exs"))?;
    fs::write(dir.join("formatter.exs"), SOURCE)?;
    let task = MixTask::new(["run", "--no-mix-exs", "compile.exs", "formatter.exs", "."]);
    let answer = project.run_aside(&task, dir, cx).await?;
    let compiled = answer.code == 0 && beam(dir).is_file();
    if !compiled {
        tracing::debug!(?answer, "the formatter did not compile");
        cx.note("the tests are told by text only: the gate's own formatter did not compile");
    }
    Ok(compiled)
}

#[cfg(test)]
#[path = "formatter_tests.rs"]
mod tests;
