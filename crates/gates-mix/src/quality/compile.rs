//! The gate `compile`: does the project compile from nothing, without a warning?

use async_trait::async_trait;
use pipeline_core::{Context, Finding, Gate, Inputs, Level, Outcome, Report};

use crate::diagnostics::{self, Diagnostic, Weight};
use crate::error::Error;
use crate::layout::Layout;
use crate::mix::{Answer, MixTask};
use crate::path_deps;
use crate::project::MixProject;
use crate::trouble::{self, is_configuration};

/// What compiling reads of a path dependency.
const OF_DEPENDENCY: [&str; 6] =
    ["mix.exs", "lib/**", "src/**", "include/**", "priv/**", "config/**"];
/// Mix's own words for "no, because of warnings".
const REFUSED: &str = "due to warnings while using the --warnings-as-errors option";

/// `mix compile --warnings-as-errors --force`: refuses with one finding for each warning and each error.
///
/// It compiles in the environment `dev`, so that it can run beside the tests. Warnings from `mix.exs` and from
/// configuration files, which Mix does not count as the project's, are told and block nothing. In an umbrella
/// Mix stops at the first application that has any.
#[derive(Clone, Debug)]
pub struct Compile {
    project: MixProject,
}

impl Compile {
    /// The gate for this project.
    #[must_use]
    pub fn new(project: MixProject) -> Self {
        Self { project }
    }
}

#[async_trait]
impl Gate for Compile {
    fn inputs(&self, _: &Context) -> Option<Inputs> {
        Some(sources(&self.project, &[]))
    }

    async fn check(&self, cx: &Context) -> Outcome {
        let answer = self.project.run(&task(), cx).await?;
        let report = read(&answer, &self.project.layout())?;
        Ok(self.project.with_log(report, cx))
    }
}

/// What compiling reads. Never complete: code may read any file and any variable while it compiles.
pub(super) fn sources(project: &MixProject, more: &[&str]) -> Inputs {
    let folders = ["lib", "src", "include", "config", "priv"];
    let folders = folders.iter().chain(more).map(|folder| format!("{folder}/**"));
    let paths: Vec<_> = ["mix.exs".to_owned()].into_iter().chain(folders).collect();
    let layout = project.layout();
    let of_app =
        |app: &String| paths.iter().map(|path| format!("{app}/{path}")).collect::<Vec<_>>();
    let of_apps: Vec<_> = layout.apps.values().flat_map(of_app).collect();
    let of_deps = path_deps::globs(project.dir(), &layout, &OF_DEPENDENCY);
    let all = paths.into_iter().chain(of_apps).chain(of_deps).chain(["mix.lock".to_owned()]);
    project.inputs(all.collect())
}

/// `--all-warnings`, because without it a cached build of a path dependency keeps them to itself.
fn task() -> MixTask {
    MixTask::new(["compile", "--warnings-as-errors", "--force", "--all-warnings"])
        .env("MIX_ENV", "dev")
}

/// What the answer of `mix compile --warnings-as-errors --force` says.
fn read(answer: &Answer, layout: &Layout) -> Result<Report, Error> {
    let text = &answer.text;
    let (aside, own): (Vec<_>, Vec<_>) =
        diagnostics::read(text, layout).into_iter().partition(is_aside);
    let trouble = (answer.code != 0).then(|| trouble::read(text, layout)).flatten();
    if let Some(trouble) = trouble.filter(|_| !own.iter().any(|it| it.weight == Weight::Error)) {
        return Err(answer.trouble(trouble));
    }
    if answer.code != 0 && own.is_empty() && !text.contains(REFUSED) {
        return Err(answer.unreadable("it names neither a warning nor an error"));
    }
    if answer.code == 0 && !["Compiling ", "Generated "].iter().any(|it| begins(text, it)) {
        return Err(answer.unreadable("it does not say that it compiled anything"));
    }
    Ok(numbered(report(answer, &own, &aside), &own))
}

fn report(answer: &Answer, own: &[Diagnostic], aside: &[Diagnostic]) -> Report {
    let mut findings: Vec<_> = own.iter().map(finding).collect();
    if findings.is_empty() && answer.code != 0 {
        findings.push(unnamed());
    }
    let aside = aside.iter().map(|it| Finding { level: Level::Advisory, ..finding(it) });
    if !findings.is_empty() {
        return aside.fold(Report::refused_if_any(findings), Report::finding);
    }
    let mut aside = aside;
    match aside.next() {
        None => Report::passed(),
        Some(first) => aside.fold(Report::alert(first), Report::finding),
    }
}

/// Warnings that Mix does not hold against the project: of its configuration, or of no file at all.
fn is_aside(diagnostic: &Diagnostic) -> bool {
    let of_sources = diagnostic.spot.as_ref().is_some_and(|spot| !is_configuration(&spot.file));
    diagnostic.weight == Weight::Warning && !of_sources
}

/// The finding that a diagnostic stands for.
pub(super) fn finding(diagnostic: &Diagnostic) -> Finding {
    let finding = match diagnostic.weight {
        Weight::Error => Finding::error(&*diagnostic.message).rule("compile/error"),
        Weight::Warning => Finding::warning(&*diagnostic.message).rule("compile/warning"),
    };
    let (spot, app) = (diagnostic.spot.as_ref(), diagnostic.app.clone());
    Finding {
        app,
        file: spot.map(|it| it.file.clone()),
        line: spot.and_then(|it| it.line),
        column: spot.and_then(|it| it.column),
        ..finding
    }
}

fn unnamed() -> Finding {
    Finding::warning("mix refuses because of warnings that it does not repeat")
        .rule("compile/warning")
        .remedy("run `mix compile --warnings-as-errors --force`")
}

#[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 warnings")]
fn numbered(report: Report, own: &[Diagnostic]) -> Report {
    let of = |weight| own.iter().filter(|it| it.weight == weight).count() as f64;
    report.number("warnings", of(Weight::Warning)).number("errors", of(Weight::Error))
}

fn begins(text: &str, with: &str) -> bool {
    text.lines().any(|line| line.starts_with(with))
}

#[cfg(test)]
#[path = "compile_tests.rs"]
mod tests;
