//! The Elixir project that the gates look at, and how its `mix` is run.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures::future::{Either, select};
use pipeline_core::{Context, Evidence, Report};
use secrecy::SecretString;

use crate::clean::Redactor;
use crate::error::{Error, Tail};
use crate::layout::Layout;
use crate::mix::{Answer, MixTask, read_versions};
use crate::output::Output;
use crate::process::{self, Command, Exit};

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
/// does not guard that folder itself. Tasks in different Mix environments run side by side.
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
    redactor: Redactor,
    grace: Duration,
    tools: BTreeMap<String, String>,
    lanes: Lanes,
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
            redactor: Redactor::default(),
            grace: Duration::from_secs(5),
            tools: BTreeMap::new(),
            lanes: Lanes::default(),
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

    /// Asks `mix` for the versions of `elixir` and `erlang`.
    pub async fn versions(&self, cx: &Context) -> Result<BTreeMap<String, String>, Error> {
        let task = MixTask::new(["--version"]);
        let answer = self.run(&task, cx).await?;
        read_versions(&answer.text)
            .ok_or_else(|| answer.unreadable("it names no version of Elixir"))
    }

    /// The project's folder.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
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

    /// The names of the environment variables that change what `mix` does, for the cache.
    pub(crate) fn environment(&self) -> Vec<String> {
        let own = self.env.keys().cloned();
        let mix =
            ["MIX_ENV", "MIX_TARGET", "MIX_BUILD_PATH", "MIX_DEPS_PATH", "ELIXIR_ERL_OPTIONS"];
        own.chain(mix.map(ToOwned::to_owned)).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// Runs a task in the project, once no other task builds in the same folder.
    pub(crate) async fn run(&self, task: &MixTask, cx: &Context) -> Result<Answer, Error> {
        let command = self.command(task, &self.dir);
        let lane = self.lanes.lane(&command);
        let turn = match select(Box::pin(lane.lock()), Box::pin(cx.cancelled())).await {
            Either::Left((turn, _)) => turn,
            Either::Right(_) => return Err(Error::Stopped { task: task.to_string() }),
        };
        let answer = self.run_command(&command, task, cx).await;
        drop(turn);
        answer
    }

    /// Runs a task in another folder, for the gate's own needs: nobody is told what it says.
    pub(crate) async fn run_aside(
        &self,
        task: &MixTask,
        dir: &Path,
        cx: &Context,
    ) -> Result<Answer, Error> {
        let quiet = pipeline_core::Run::new(cx.run().clone(), cx.release().clone(), dir);
        let quiet = quiet.cancel(cx.cancel().clone()).context(cx.phase(), cx.step());
        let command = self.command(task, dir);
        let output = Output::new(&self.redactor, None, &quiet)?;
        Answer::of(task, process::run(&command, output, &quiet).await?)
    }

    async fn run_command(
        &self,
        command: &Command,
        task: &MixTask,
        cx: &Context,
    ) -> Result<Answer, Error> {
        let log = self.log(cx);
        let output = Output::new(&self.redactor, log.as_deref(), cx)?;
        let ended = process::run(command, output, cx).await?;
        tracing::debug!(%task, exit = ?ended.exit, took = ?ended.took, "mix ended");
        Answer::of(task, ended)
    }

    fn command(&self, task: &MixTask, dir: &Path) -> Command {
        let set = |(name, value): (&String, &OsString)| (name.clone(), Some(value.clone()));
        let mut env: BTreeMap<_, _> = task.environment().iter().map(set).collect();
        env.extend(self.env.clone());
        Command {
            program: self.program.clone(),
            args: task.args().iter().map(OsString::from).collect(),
            dir: dir.to_owned(),
            env,
            streams: task.streams(),
            grace: self.grace,
        }
    }
}

/// Whose turn it is in which build folder.
#[derive(Clone, Debug, Default)]
struct Lanes(Arc<std::sync::Mutex<BTreeMap<OsString, Arc<tokio::sync::Mutex<()>>>>>);

impl Lanes {
    fn lane(&self, command: &Command) -> Arc<tokio::sync::Mutex<()>> {
        let said = |name| command.env.get(name).cloned().flatten();
        let folder = said("MIX_BUILD_PATH").or_else(|| said("MIX_ENV")).unwrap_or_default();
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(folder).or_default())
    }
}

impl Answer {
    fn of(task: &MixTask, ended: process::Ended) -> Result<Self, Error> {
        let task = task.to_string();
        match ended.exit {
            Exit::Code(code) => Ok(Self { task, code, text: ended.stdout }),
            Exit::Signal(signal) => {
                Err(Error::Killed { task, signal, tail: Tail::of(&ended.stdout) })
            }
            Exit::Stopped => Err(Error::Stopped { task }),
        }
    }
}

#[cfg(test)]
#[path = "project_tests.rs"]
mod tests;
