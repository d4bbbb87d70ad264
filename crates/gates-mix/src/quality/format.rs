//! The gate `format`: is every file written as `mix format` would write it?

use std::fs;
use std::path::Path;

use async_trait::async_trait;
use pipeline_core::{Context, Finding, Gate, Inputs, Outcome, Report};
use tempfile::TempDir;

use crate::diagnostics;
use crate::error::{Error, Trouble};
use crate::layout::{Layout, Place};
use crate::mix::{Answer, MixTask};
use crate::path_deps;
use crate::project::MixProject;
use crate::quality::{only_in, there};
use crate::trouble;

/// Mix's own words for "no".
const REFUSED: &str = "mix format failed due to --check-formatted";
/// What is formatted without plug-ins; `.heex` with one that every Phoenix project has.
const FORMATTED: [&str; 3] = [".ex", ".exs", ".heex"];
/// For how many files the line is looked up.
const MOST_PLACED: usize = 100;
/// Mix's words for a file that it cannot parse.
const BROKEN: &str = "mix format failed for file: ";

/// `mix format --check-formatted`: refuses with one finding for each file that is not formatted.
///
/// Where only some files are meant it still looks at all, and tells of these: given files by name, Mix would
/// judge those as well that `.formatter.exs` does not include.
#[derive(Clone, Debug)]
pub struct Format {
    project: MixProject,
}

impl Format {
    /// The gate for this project.
    #[must_use]
    pub fn new(project: MixProject) -> Self {
        Self { project }
    }

    /// May it build something, because `.formatter.exs` names plug-ins? Then it should not run beside what builds in
    /// the same folder.
    #[must_use]
    pub fn builds(&self) -> bool {
        uses_plugins(self.project.dir(), &self.project.layout())
    }
}

#[async_trait]
impl Gate for Format {
    fn inputs(&self, _: &Context) -> Option<Inputs> {
        let files = ["**/*.ex", "**/*.exs", "**/*.heex", "**/.formatter.exs", "mix.lock"];
        // A plug-in may format other files, and depends on its own code.
        let (dir, layout) = (self.project.dir(), self.project.layout());
        let complete = !self.project.known_tools().is_empty() && !uses_plugins(dir, &layout);
        // `import_deps` reads those of dependencies.
        let of_deps = path_deps::globs(dir, &layout, &[".formatter.exs"]);
        let files = files.map(Into::into).into_iter().chain(of_deps).collect();
        Some(Inputs { complete, ..self.project.inputs(files) })
    }

    fn honours_changed(&self) -> bool {
        true
    }

    async fn check(&self, cx: &Context) -> Outcome {
        let changed = cx.changed().map(|changed| self.changed(changed));
        if changed.as_ref().is_some_and(Vec::is_empty) {
            return Ok(Report::passed().number("files", 0.0));
        }
        let task = if self.builds() { task() } else { task().builds_nothing() };
        let answer = self.project.run(&task, cx).await?;
        let report = read(&answer, &self.project.layout())?;
        let report = match changed {
            Some(files) => numbered(only_in(&report, &files)),
            None => report,
        };
        let report =
            if report.findings().is_empty() { report } else { self.placed(report, cx).await };
        Ok(self.project.with_log(report, cx))
    }
}

impl Format {
    /// Those of the changed files that may have a format: with plug-ins, any.
    fn changed(&self, changed: &[String]) -> Vec<String> {
        let any = uses_plugins(self.project.dir(), &self.project.layout());
        let formatted = |file: &str| FORMATTED.iter().any(|it| file.ends_with(it));
        there(self.project.dir(), changed, |file| any || formatted(file))
    }

    /// The same refusal with the line where each file first differs. Mix names it only since 1.15, and for
    /// people; where it cannot be told the finding stays without.
    async fn placed(&self, report: Report, cx: &Context) -> Report {
        let files = report.findings().iter().filter_map(|it| it.file.clone()).take(MOST_PLACED);
        let Ok(text) = self.first_differences(files.collect(), cx).await else { return report };
        let mut findings = report.findings().to_vec();
        for (finding, line) in findings.iter_mut().filter_map(|it| {
            let line = line_of(&text, it.file.as_deref()?)?;
            Some((it, line))
        }) {
            finding.line = Some(line);
        }
        let placed = Report::refused_if_any(findings);
        report.numbers().iter().fold(placed, |report, (name, value)| report.number(name, *value))
    }

    async fn first_differences(&self, files: Vec<String>, cx: &Context) -> Result<String, Error> {
        let dir = TempDir::new()?;
        let script = include_str!("../elixir/first_difference.exs");
        fs::write(dir.path().join("first_difference.exs"), script)?;
        let project = std::path::absolute(self.project.dir())?;
        let task = MixTask::new(["run", "--no-mix-exs", "first_difference.exs"])
            .arg(project.to_string_lossy());
        let task = files.into_iter().fold(task, MixTask::arg);
        Ok(self.project.run_aside(&task, dir.path(), cx).await?.text)
    }
}

/// The line in an answer of `FILE:LINE` lines.
fn line_of(text: &str, file: &str) -> Option<u32> {
    text.lines().find_map(|line| line.strip_prefix(file)?.strip_prefix(':')?.trim().parse().ok())
}

fn task() -> MixTask {
    MixTask::new(["format", "--check-formatted"]).env("MIX_ENV", "dev")
}

/// What the answer of `mix format --check-formatted` says.
fn read(answer: &Answer, layout: &Layout) -> Result<Report, Error> {
    let text = &answer.text;
    if text.contains(REFUSED) {
        let mut findings: Vec<_> = files(text).map(|path| finding(path, layout)).collect();
        // Mix looks at files side by side and names them in any order.
        findings.sort_by(|one, two| one.file.cmp(&two.file));
        if findings.is_empty() {
            return Ok(Report::refused(
                Finding::error("mix says that files are not formatted, and not which")
                    .rule("format")
                    .remedy("run `mix format`"),
            ));
        }
        return Ok(numbered(Report::refused_if_any(findings)));
    }
    if let Some(trouble) = broken(text, layout).or_else(|| trouble(text, layout)) {
        return Err(answer.trouble(trouble));
    }
    if answer.code == 0 {
        return Ok(Report::passed());
    }
    Err(answer.unreadable("it says neither which files are not formatted nor what is wrong"))
}

#[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 files")]
fn numbered(report: Report) -> Report {
    let files = report.findings().len() as f64;
    report.number("files", files)
}

fn finding(path: &str, layout: &Layout) -> Finding {
    let (file, app) = match layout.place(path, None) {
        Place::Own { file, app } => (file, app),
        Place::Foreign => (path.to_owned(), None),
    };
    let finding = Finding::error("not formatted").rule("format").remedy("run `mix format`");
    Finding { app, ..finding.in_file(file) }
}

/// The paths after Mix's refusal: `  * path`, or since 1.15 a path alone above its differences, whose lines
/// begin with a number or a space.
fn files(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().skip_while(|line| !line.contains(REFUSED)).skip(1);
    lines.filter_map(|line| {
        if let Some(path) = line.strip_prefix("  * ") {
            return Some(path.trim());
        }
        let alone = line.starts_with(|it: char| !it.is_whitespace() && !it.is_ascii_digit());
        let is_path = line.contains('.') && !line.ends_with(':') && !line.starts_with("** (");
        (alone && is_path).then(|| line.trim())
    })
}

/// A file that cannot be parsed cannot be formatted either.
fn broken(text: &str, layout: &Layout) -> Option<Trouble> {
    let file = text.lines().find_map(|line| line.strip_prefix(BROKEN))?.trim();
    let boxed = diagnostics::read(text, layout);
    let boxed = boxed.into_iter().find_map(|it| Some((it.spot?, it.message)));
    let crash = || trouble::crash(text, layout).and_then(|it| Some((it.spot?, it.message)));
    Some(match boxed.or_else(crash) {
        Some((spot, message)) => Trouble::DoesNotCompile { place: spot.text(), message },
        None => {
            Trouble::DoesNotCompile { place: file.into(), message: "it cannot be parsed".into() }
        }
    })
}

fn trouble(text: &str, layout: &Layout) -> Option<Trouble> {
    let nothing = ["Expected one or more files/patterns", "Could not find a file to format"];
    if nothing.iter().any(|it| text.contains(it)) {
        return Some(if layout.mix_exs { Trouble::NothingToFormat } else { Trouble::NotAProject });
    }
    trouble::read(text, layout)
}

/// Does any `.formatter.exs` name plug-ins? One that cannot be read might.
fn uses_plugins(dir: &Path, layout: &Layout) -> bool {
    let folders = layout.apps.values().map(String::as_str).chain([""]);
    let mut files = folders.map(|folder| dir.join(folder).join(".formatter.exs"));
    files.any(|file| match fs::read_to_string(&file) {
        Ok(text) => text.contains("plugins"),
        Err(_) => file.exists(),
    })
}

#[cfg(test)]
#[path = "format_tests.rs"]
mod tests;
