//! The gate `dialyzer`: do the types that the code says agree with what it does?

mod dialyxir;
mod erlang;
mod files;
mod plt;
mod rules;
mod spelling;
mod warnings;

use std::fs;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use pipeline_core::{Context, Evidence, Gate, Inputs, Outcome, Report};

use super::compile::sources;
use crate::diagnostics::{self, Weight};
use crate::error::{Error, Trouble};
use crate::layout::Layout;
use crate::mix::Answer;
use crate::project::MixProject;
use crate::trouble;

/// Where the PLTs of Erlang's own Dialyzer are kept, below the project, unless said otherwise.
const PLT_DIR: &str = ".pipeline/cache/plt";

/// Dialyzer: refuses with one finding for each warning.
///
/// A project that has dialyxir is asked through `mix dialyzer`: then the flags, the ignore file and the PLT are
/// those that `mix.exs` says. Without it, Erlang's own `dialyzer` looks at the compiled modules, with its default
/// warnings and unknown functions and types; what `mix.exs` and ignore files say to dialyxir is not read there.
/// The PLTs of that second way are kept in [`plt_dir`](Self::plt_dir): one of Erlang and Elixir, which takes
/// minutes once per version, and one of the dependencies, as they are.
///
/// Which way was taken is in the report's evidence, as `analysed by`.
#[derive(Clone, Debug)]
pub struct Dialyzer {
    project: MixProject,
    plt_dir: PathBuf,
    program: Option<PathBuf>,
}

impl Dialyzer {
    /// The gate for this project; PLTs are kept in its `.pipeline/cache/plt`.
    #[must_use]
    pub fn new(project: MixProject) -> Self {
        let plt_dir = project.dir().join(PLT_DIR);
        Self { project, plt_dir, program: None }
    }

    /// Keeps the PLTs of projects without dialyxir in this folder. It is made when it is not there, and may be
    /// used by several runs at once.
    #[must_use]
    pub fn plt_dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.plt_dir = dir.into();
        self
    }

    /// Another `dialyzer`, for projects without dialyxir: a path, or a name that the `PATH` finds. If not said,
    /// the one that belongs to the Erlang that runs `mix`, else the one on the `PATH`.
    #[must_use]
    pub fn dialyzer_program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = Some(program.into());
        self
    }

    async fn look(&self, layout: &Layout, cx: &Context) -> Result<Report, Error> {
        if has_dialyxir(self.project.dir(), layout) {
            let report = dialyxir::check(&self.project, layout, cx).await?;
            if let Some(report) = report {
                return Ok(report.evidence(Evidence::new("analysed by", "dialyxir")));
            }
            cx.note("mix.exs names dialyxir, and there is no `mix dialyzer` here: Erlang's own is asked");
        }
        let report = erlang::check(self, layout, cx).await?;
        Ok(report.evidence(Evidence::new("analysed by", "Erlang's dialyzer")))
    }
}

#[async_trait]
impl Gate for Dialyzer {
    fn inputs(&self, _: &Context) -> Option<Inputs> {
        let mut inputs = sources(&self.project, &[]);
        let ignored = [".dialyzer_ignore.exs", "dialyzer.ignore-warnings"];
        inputs.files.extend(ignored.map(ToOwned::to_owned));
        Some(inputs)
    }

    async fn check(&self, cx: &Context) -> Outcome {
        let report = self.look(&self.project.layout(), cx).await?;
        Ok(self.project.with_log(report, cx))
    }
}

/// Does a `mix.exs` name dialyxir, or is it among the fetched dependencies?
fn has_dialyxir(dir: &Path, layout: &Layout) -> bool {
    let folders = layout.apps.values().map(String::as_str).chain([""]);
    let mut files = folders.map(|folder| dir.join(folder).join("mix.exs"));
    let names_it = |line: &str| !line.trim_start().starts_with('#') && line.contains(":dialyxir");
    let named =
        files.any(|file| fs::read_to_string(file).is_ok_and(|text| text.lines().any(names_it)));
    named || dir.join("deps/dialyxir").is_dir()
}

/// Why Mix did not even come to Dialyzer, as far as it says so: code that does not compile is another gate's
/// question.
fn trouble_before(answer: &Answer, layout: &Layout, otherwise: &str) -> Error {
    let said = all_said(answer);
    let found = diagnostics::read(&said, layout);
    let error = found.into_iter().find(|it| it.weight == Weight::Error);
    if let Some(error) = error.filter(|_| said.contains("== Compilation error")) {
        let place = error.spot.as_ref().map_or("a file".into(), diagnostics::Spot::text);
        return answer.trouble(Trouble::DoesNotCompile { place, message: error.message });
    }
    match trouble::read(&said, layout) {
        Some(trouble) => answer.trouble(trouble),
        None => answer.unreadable(otherwise),
    }
}

/// Both streams, one after the other.
fn all_said(answer: &Answer) -> String {
    format!("{}\n{}", answer.text, answer.stderr)
}

/// The report of so many warnings.
#[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 warnings")]
fn report(findings: Vec<pipeline_core::Finding>) -> Report {
    let warnings = findings.len() as f64;
    Report::refused_if_any(findings).number("warnings", warnings)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
