//! The gate itself: a command, where it runs and who hears of it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use pipeline_core::{Context, Evidence, Gate, Inputs, Outcome, Report};
use pipeline_process::{Redactor, clean, one_line};
use secrecy::SecretString;

use crate::answer::Reading;
use crate::config::{ExecConfig, is_inside};
use crate::error::Error;
use crate::project::Project;

/// The longest name of a command for people, in bytes.
const LONGEST: usize = 200;

/// A command as a gate.
///
/// ```
/// use gate_exec::{ExecConfig, ExecGate};
///
/// let licenses = ExecGate::new("examples/shop", ExecConfig::new(["scripts/licenses", "--strict"]))?;
/// # let _: &dyn pipeline_core::Gate = &licenses;
/// # Ok::<(), gate_exec::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ExecGate {
    pub(crate) config: ExecConfig,
    pub(crate) dir: PathBuf,
    pub(crate) env: BTreeMap<String, Option<OsString>>,
    pub(crate) redactor: Redactor,
    pub(crate) grace: Duration,
    log_dir: Option<PathBuf>,
}

impl ExecGate {
    /// The command in the project's folder. `Err` names what of the configuration could not work.
    pub fn new(dir: impl Into<PathBuf>, config: ExecConfig) -> Result<Self, Error> {
        config.check()?;
        let set = config.env.iter().map(|(name, value)| (name.clone(), Some(value.into())));
        Ok(Self {
            env: set.collect(),
            dir: dir.into(),
            redactor: Redactor::default(),
            grace: Duration::from_secs(5),
            log_dir: None,
            config,
        })
    }

    /// Keeps an environment variable from the command, such as the deploy token, unless the configuration sets it.
    #[must_use]
    pub fn without_env(mut self, name: impl Into<String>) -> Self {
        self.env.entry(name.into()).or_insert(None);
        self
    }

    /// Writes the command's whole output to `<gate>.log` in this folder. Lines beyond 64 KiB and logs beyond
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

    /// How long the command may take to end after SIGTERM before its whole process group is killed. 5 s if not
    /// said; keep it below the grace of the step.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// What people would type.
    pub(crate) fn name(&self) -> String {
        one_line(&self.redactor.hide(&clean(self.config.command.join(" ").as_bytes())), LONGEST)
    }

    /// The log of the step that `cx` belongs to.
    pub(crate) fn log(&self, cx: &Context) -> Option<PathBuf> {
        let safe = |it: char| if it.is_alphanumeric() || "-_.".contains(it) { it } else { '_' };
        let name: String = cx.step().chars().map(safe).collect();
        Some(self.log_dir.as_ref()?.join(format!("{name}.log")))
    }

    fn with_log(&self, report: Report, cx: &Context) -> Report {
        match self.log(cx) {
            Some(log) => report.evidence(Evidence::new("log", log.display().to_string())),
            None => report,
        }
    }
}

#[async_trait]
impl Gate for ExecGate {
    /// What the configuration declares, and the program itself, where it is a file of the project.
    fn inputs(&self, _: &Context) -> Option<Inputs> {
        let config = &self.config;
        if config.inputs.is_empty() {
            return None;
        }
        let program = config.program_path().filter(|path| is_inside(path)).and_then(Path::to_str);
        let program = program.map(|it| it.trim_start_matches("./").to_owned());
        let mut files = config.inputs.clone();
        files.extend(program.filter(|it| !config.inputs.contains(it)));
        let (environment, settings) = (config.environment.clone(), config.settings());
        Some(Inputs { files, settings, environment, complete: true, ..Inputs::default() })
    }

    fn honours_changed(&self) -> bool {
        self.config.takes_files()
    }

    async fn check(&self, cx: &Context) -> Outcome {
        let answer = self.run(cx).await?;
        let project = Project::at(&self.dir);
        let reading = Reading { answer: &answer, project: &project, redactor: &self.redactor };
        let report = self.config.reader.read(&reading)?;
        Ok(self.with_log(report, cx))
    }
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
