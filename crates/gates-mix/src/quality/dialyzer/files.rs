//! What Erlang's Dialyzer looks at: copies of the project's own modules, and links to all others.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pipeline_core::Context;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::all_said;
use crate::error::{Error, Trouble};
use crate::layout::Layout;
use crate::mix::{Answer, MixTask};
use crate::project::MixProject;

/// A folder with all modules, which goes with this value, and what is known of the tools.
#[derive(Debug)]
pub(super) struct Files {
    dir: TempDir,
    pub(super) erlang: String,
    pub(super) elixir: String,
    /// The folders with the modules of Erlang and Elixir that everybody uses.
    pub(super) core: Vec<PathBuf>,
    /// The folder of Elixir's compiler: Dialyzer asks it for the code of modules.
    pub(super) compiler: PathBuf,
    /// The `dialyzer` of the Erlang that runs `mix`.
    pub(super) program: PathBuf,
}

impl Files {
    /// Gathers the modules of a project that has been compiled.
    pub(super) async fn gather(
        project: &MixProject,
        layout: &Layout,
        cx: &Context,
    ) -> Result<Self, Error> {
        let dir = TempDir::new()?;
        let script = dir.path().join("dialyzer_files.exs");
        fs::write(&script, include_str!("../../elixir/dialyzer_files.exs"))?;
        let mut task = MixTask::new(["run", "--no-mix-exs"]).env("MIX_ENV", "dev");
        for arg in [&script, dir.path()] {
            task = task.arg(arg.to_string_lossy());
        }
        let apps = layout.app.iter().chain(layout.apps.keys());
        let task = apps.fold(task, MixTask::arg);
        let answer = project.run(&task, cx).await?;
        // The script is none of the users' business.
        let answer = Answer { task: "dialyzer".into(), ..answer };
        let facts = fs::read_to_string(dir.path().join("facts"));
        let facts = facts.map_err(|_| answer.unreadable("it does not list the modules"))?;
        Self::of(dir, &facts, &answer)
    }

    fn of(dir: TempDir, facts: &str, answer: &Answer) -> Result<Self, Error> {
        let all = |key: &str| {
            let value =
                |line: &str| Some(line.split_once(' ').filter(|it| it.0 == key)?.1.to_owned());
            facts.lines().filter_map(value).collect::<Vec<_>>()
        };
        let one = |key: &str| {
            all(key).pop().ok_or_else(|| answer.unreadable(format!("it does not tell {key}")))
        };
        let bare = all("bare");
        if !bare.is_empty() {
            let mut names: Vec<_> =
                bare.iter().map(|it| it.trim_start_matches("Elixir.")).collect();
            names.sort_unstable();
            return Err(answer.trouble(Trouble::NoDebugInfo(names.join(", "))));
        }
        let core = all("core").into_iter().map(PathBuf::from).collect();
        let (erlang, elixir) = (one("erlang")?, one("elixir")?);
        let (compiler, program) = (one("compiler")?.into(), one("program")?.into());
        let files = Self { dir, erlang, elixir, core, compiler, program };
        if count(&files.own())? == 0 {
            tracing::debug!(said = all_said(answer), "no modules");
            return Err(answer.unreadable("there is no compiled module of the project"));
        }
        Ok(files)
    }

    /// The modules of the project itself.
    pub(super) fn own(&self) -> PathBuf {
        self.dir.path().join("own")
    }

    /// The modules of dependencies, and of whatever else the project uses.
    pub(super) fn more(&self) -> PathBuf {
        self.dir.path().join("more")
    }

    /// Where a PLT is built; it goes with this value.
    pub(super) fn unfinished(&self) -> PathBuf {
        self.dir.path().join("unfinished.plt")
    }
}

/// How many modules a folder holds.
pub(super) fn count(folder: &Path) -> io::Result<usize> {
    Ok(fs::read_dir(folder)?.count())
}

/// The names and the contents of the modules in these folders, and a text, as 16 hexadecimal digits.
pub(super) fn fingerprint(folders: &[PathBuf], text: &str) -> io::Result<String> {
    let mut all = Sha256::new_with_prefix(text);
    for folder in folders {
        let mut files: Vec<_> =
            fs::read_dir(folder)?.map(|it| Ok(it?.path())).collect::<io::Result<_>>()?;
        files.sort();
        for file in files.iter().filter(|it| it.extension().is_some_and(|it| it == "beam")) {
            let content = fs::read(file)?;
            all.update(file.file_name().unwrap_or_default().as_encoded_bytes());
            all.update(content.len().to_le_bytes());
            all.update(&content);
        }
    }
    let start = all.finalize().iter().take(8).fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
    Ok(format!("{start:016x}"))
}
