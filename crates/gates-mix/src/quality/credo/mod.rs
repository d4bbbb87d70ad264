//! The gate `credo`: does Credo object to anything?

mod config;
mod faults;
mod files;
mod issues;
mod verdict;

use async_trait::async_trait;
use pipeline_core::{Context, Finding, Gate, Inputs, Outcome, Report};

use self::config::Config;
use self::verdict::Rules;
use crate::mix::MixTask;
use crate::path_deps;
use crate::project::MixProject;
use crate::quality::{only_in, there};

/// `mix credo --strict`: refuses with one finding for each issue, whatever its category and its priority.
///
/// The rule of a finding is `credo/` and the name of the check, such as `credo/Readability.ModuleDoc`. Checks
/// for which `.credo.exs` says `exit_status: 0` are told and block nothing, as in Credo itself. A file that
/// Credo cannot parse, which it only mentions, is a fault: nobody has looked at it. The numbers are `issues`
/// and, for each category, the likes of `issues/readability`.
///
/// Where only some files are meant, Credo since 1.7 is given these, unless `.credo.exs` might not include them; else
/// it looks at all, and these are told of. There is one number then, `issues`.
#[derive(Clone, Debug)]
pub struct Credo {
    project: MixProject,
}

impl Credo {
    /// The gate for this project.
    #[must_use]
    pub fn new(project: MixProject) -> Self {
        Self { project }
    }
}

#[async_trait]
impl Gate for Credo {
    fn inputs(&self, _: &Context) -> Option<Inputs> {
        let files =
            ["**/*.ex", "**/*.exs", ".credo.exs", "config/.credo.exs", "mix.exs", "mix.lock"];
        let dir = self.project.dir();
        let known = !self.project.known_tools().is_empty();
        let complete = known && Config::of(dir).stands_alone();
        // Credo itself, or what it needs, may be one of them.
        let of_deps = path_deps::globs(dir, &self.project.layout(), &["mix.exs", "lib/**"]);
        let files = files.map(Into::into).into_iter().chain(of_deps).collect();
        Some(Inputs { complete, ..self.project.inputs(files) })
    }

    fn honours_changed(&self) -> bool {
        true
    }

    async fn check(&self, cx: &Context) -> Outcome {
        let (dir, config) = (self.project.dir(), Config::of(self.project.dir()));
        let source = |file: &str| [".ex", ".exs"].iter().any(|it| file.ends_with(it));
        let changed = cx.changed().map(|changed| there(dir, changed, source));
        let given = changed.as_ref().and_then(|files| files::given(files, dir, &config));
        if [&changed, &given].into_iter().flatten().any(Vec::is_empty) {
            return Ok(Report::passed().number("issues", 0.0));
        }
        let answer = self.project.run(&task(&given.unwrap_or_default()), cx).await?;
        let layout = self.project.layout();
        let rules = Rules { layout: &layout, config: &config, redactor: self.project.redactor() };
        let report = verdict::read(&answer, &rules)?;
        let report = match changed {
            Some(files) => counted(only_in(&report, &files)),
            None => report,
        };
        Ok(self.project.with_log(report, cx))
    }
}

/// With the number of issues that are left; what Credo says of itself is none.
#[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 issues")]
fn counted(report: Report) -> Report {
    let of_credo = |it: &Finding| it.file.is_none() || it.rule.as_deref() == Some("credo/config");
    let issues = report.findings().iter().filter(|it| !of_credo(it)).count() as f64;
    report.number("issues", issues)
}

/// The task for these files; for none of them, for all that `.credo.exs` includes.
///
/// They are plain arguments: Credo 1.7 ignores `--files-included`. It still leaves out what `.credo.exs`
/// excludes, looks at what it does not include, and crashes on a file that is gone. Credo before 1.7 looks at
/// the first one only, and checks of consistency compare no others than these.
fn task(files: &[String]) -> MixTask {
    let task = MixTask::new(["credo", "--strict", "--format", "json"]).env("MIX_ENV", "dev");
    files.iter().fold(task.apart(), MixTask::arg)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
