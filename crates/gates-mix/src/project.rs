//! The Elixir project that the gates look at.

mod run;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pipeline_core::{Context, Evidence, Inputs, Report};
use pipeline_process::Redactor;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::lanes::Lanes;
use crate::layout::Layout;
use crate::mix::{MixTask, read_versions};
use crate::versions;

/// What would colour, shorten or change the output if it were handed on. `LC_ALL` makes the VM write UTF-8; one
/// `MIX_BUILD_PATH` for all would let environments that run side by side overwrite each other.
const ENVIRONMENT: [(&str, Option<&str>); 10] = [
    ("CLICOLOR", None),
    ("CLICOLOR_FORCE", None),
    ("FORCE_COLOR", None),
    ("LC_ALL", Some("C.UTF-8")),
    ("MIX_BUILD_PATH", None),
    ("MIX_DEBUG", None),
    ("MIX_EXS", None),
    ("MIX_QUIET", None),
    ("NO_COLOR", Some("1")),
    ("TERM", Some("dumb")),
];

/// An Elixir project and the `mix` that works on it. Shared by all its gates; cheap to clone.
///
/// Tasks that build in the same `_build` folder wait for each other, whatever gates run them: Mix before 1.18
/// does not guard that folder itself. Tasks in different Mix environments run side by side. Other processes on the same
/// checkout take turns as well, once they know where ([`lock_dir`](Self::lock_dir)).
///
/// When a task has ended, all that it started is killed, in whatever process group it is by then: ports of a BEAM are in
/// sessions of their own, and outlive it. `epmd` alone stays.
///
/// ```
/// use gates_mix::MixProject;
///
/// let project = MixProject::at("examples/shop").env("DATABASE_URL", "ecto://localhost/shop");
/// ```
#[derive(Clone, Debug)]
pub struct MixProject {
    program: PathBuf,
    dir: PathBuf,
    env: BTreeMap<String, Option<OsString>>,
    log_dir: Option<PathBuf>,
    cache_dir: Option<PathBuf>,
    lock_dir: Option<PathBuf>,
    redactor: Redactor,
    grace: Duration,
    tools: BTreeMap<String, String>,
    lanes: Lanes,
    /// The logs that have begun: what a gate runs next is written below.
    begun: Arc<Mutex<BTreeSet<PathBuf>>>,
}

impl MixProject {
    /// The project in this folder, with the `mix` that the `PATH` finds.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        let env = ENVIRONMENT.map(|(name, value)| (name.to_owned(), value.map(OsString::from)));
        Self {
            program: "mix".into(),
            dir: dir.into(),
            env: env.into(),
            log_dir: None,
            cache_dir: None,
            lock_dir: None,
            redactor: Redactor::default(),
            grace: Duration::from_secs(5),
            tools: BTreeMap::new(),
            lanes: Lanes::default(),
            begun: Arc::default(),
        }
    }

    /// Another `mix`: a path, or a name that the `PATH` finds.
    #[must_use]
    pub fn program(mut self, mix: impl Into<PathBuf>) -> Self {
        self.program = mix.into();
        self
    }

    /// Sets an environment variable for every task, over what the gate itself would set.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<OsString>) -> Self {
        self.env.insert(name.into(), Some(value.into()));
        self
    }

    /// Keeps an environment variable from the project's code, such as the deploy token.
    #[must_use]
    pub fn without_env(mut self, name: impl Into<String>) -> Self {
        self.env.insert(name.into(), None);
        self
    }

    /// Writes each gate's whole output to `<gate>.log` in this folder. Lines beyond 64 KiB and logs beyond
    /// 256 MiB are cut.
    #[must_use]
    pub fn log_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.log_dir = Some(dir.into());
        self
    }

    /// Where what gates compile for themselves is kept between runs, once the versions are known
    /// ([`tools`](Self::tools)). Whoever may write to this folder can run code in the tests.
    #[must_use]
    pub fn cache_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.cache_dir = Some(dir.into());
        self
    }

    /// Where build folders are claimed, so that processes on the same checkout take turns: one folder for each
    /// checkout, on a disk of this machine. A claim ends with the task, or with the process, however it ends. After a
    /// task that was killed the project's own applications are compiled anew: Mix may take half of a build for a
    /// whole one.
    #[must_use]
    pub fn lock_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.lock_dir = Some(dir.into());
        self
    }

    /// Takes these out of everything that is told, kept or logged. Those shorter than four bytes are ignored.
    #[must_use]
    pub fn secrets(mut self, secrets: &[SecretString]) -> Self {
        self.redactor = Redactor::new(secrets);
        self
    }

    /// How long a task may take to end after SIGTERM before its whole process group is killed. 5 s if not
    /// said; keep it below the grace of the step.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// The versions of Elixir and Erlang, as [`versions`](Self::versions) found them. Without them no answer
    /// can be cached.
    #[must_use]
    pub fn tools(mut self, versions: BTreeMap<String, String>) -> Self {
        self.tools = versions;
        self
    }

    /// The versions of `elixir` and `erlang`: as they lie on disk (`25.2.3`), or, where a shim or a wrapper decides, as
    /// `mix --version` says them (`25`), which takes about a second. The two may name more or fewer digits.
    pub async fn versions(&self, cx: &Context) -> Result<BTreeMap<String, String>, Error> {
        let path = self.env.get("PATH").map(|it| it.as_deref().unwrap_or_default());
        if let Some(versions) = versions::installed(&self.program, &self.dir, path) {
            return Ok(versions);
        }
        let task = MixTask::new(["--version"]).builds_nothing();
        let answer = self.run(&task, cx).await?;
        read_versions(&answer.text)
            .ok_or_else(|| answer.unreadable("it names no version of Elixir"))
    }

    /// The project's folder.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The `elixir` beside this `mix`, where it has a place of its own; else the one that the `PATH` finds.
    pub(crate) fn elixir(&self) -> PathBuf {
        let beside = self.program.parent().map(|bin| bin.join("elixir"));
        beside.filter(|it| it.is_file()).unwrap_or_else(|| "elixir".into())
    }

    /// Where gates keep what they compiled.
    pub(crate) fn kept_dir(&self) -> Option<&Path> {
        self.cache_dir.as_deref()
    }

    pub(crate) fn known_tools(&self) -> &BTreeMap<String, String> {
        &self.tools
    }

    pub(crate) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// The report with the log, where there is one, to look at.
    pub(crate) fn with_log(&self, report: Report, cx: &Context) -> Report {
        match self.log(cx) {
            Some(log) => report.evidence(Evidence::new("log", log.display().to_string())),
            None => report,
        }
    }

    /// The log of the step that `cx` belongs to.
    fn log(&self, cx: &Context) -> Option<PathBuf> {
        let safe = |it: char| if it.is_alphanumeric() || "-_.".contains(it) { it } else { '_' };
        let name: String = cx.step().chars().map(safe).collect();
        Some(self.log_dir.as_ref()?.join(format!("{name}.log")))
    }

    pub(crate) fn layout(&self) -> Layout {
        Layout::of(&self.dir)
    }

    /// What a gate reads that reads these files. Not complete: that is for the gate to say.
    pub(crate) fn inputs(&self, files: Vec<String>) -> Inputs {
        Inputs {
            files,
            tools: self.tools.clone(),
            settings: self.settings(),
            environment: self.environment(),
            complete: false,
        }
    }

    /// The variables that the project is given, for the cache; their values may be secret, and are not told.
    fn settings(&self) -> BTreeMap<String, String> {
        let usual = |name: &String| ENVIRONMENT.iter().any(|(it, _)| it == name);
        let given = self.env.iter().filter(|(name, _)| !usual(name));
        let digest = |value: &OsString| format!("{:x}", Sha256::digest(value.as_encoded_bytes()));
        let given = given.filter_map(|(name, value)| Some((name.clone(), digest(value.as_ref()?))));
        given.map(|(name, digest)| (format!("env.{name}"), digest)).collect()
    }

    /// The names of the environment variables that change what `mix` does: those that it gets from outside.
    fn environment(&self) -> Vec<String> {
        let mix = ["ELIXIR_ERL_OPTIONS", "ERL_FLAGS", "MIX_DEPS_PATH", "MIX_TARGET"];
        let outside = mix.into_iter().filter(|name| !self.env.contains_key(*name));
        outside.map(ToOwned::to_owned).collect()
    }
}

#[cfg(test)]
#[path = "project_tests.rs"]
mod tests;
