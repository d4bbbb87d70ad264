//! A project with dialyxir: `mix dialyzer`.
//!
//! Of its formats `github` is read: it is there since dialyxir 1.2, names each part (`file=`, `line=`, since 1.4.3
//! `col=`, `title=`), and a warning of several lines shows where the next one begins. `short` tells the same
//! without names; `raw` has no message. Both share the weakness that dialyxir's own wording of a type may crash; then
//! `dialyzer` is asked for, in the words of Erlang.

use pipeline_core::{Context, Finding, Report};

use super::warnings::{self, Warned};
use super::{all_said, report, spelling, trouble_before};
use crate::diagnostics::Spot;
use crate::error::{Error, Trouble};
use crate::layout::Layout;
use crate::mix::{Answer, MixTask};
use crate::project::MixProject;

/// In which words dialyxir tells warnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Github,
    Dialyzer,
}

/// What dialyxir counts itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Totals {
    errors: i64,
    skipped: i64,
}

/// Asks dialyxir. `None` when there is no such task after all: a dependency of another environment, or of one
/// application of an umbrella.
pub(super) async fn check(
    project: &MixProject,
    layout: &Layout,
    cx: &Context,
) -> Result<Option<Report>, Error> {
    let mut format = Format::Github;
    let mut answer = project.run(&task(format), cx).await?;
    if crashed(&answer) {
        cx.note("dialyxir could not word a warning: it is asked again, for Erlang's words");
        format = Format::Dialyzer;
        answer = project.run(&task(format), cx).await?;
    }
    match read(&answer, layout, format) {
        Err(Error::Trouble { trouble: Trouble::NoTask(_), .. }) => Ok(None),
        report => report.map(Some),
    }
}

/// Warnings are told on standard error, all else on standard output.
pub(super) fn task(format: Format) -> MixTask {
    let format = match format {
        Format::Github => "github",
        Format::Dialyzer => "dialyzer",
    };
    MixTask::new(["dialyzer", "--format", format]).apart().env("MIX_ENV", "dev")
}

/// Did it analyse, and then break while it worded what it had found?
fn crashed(answer: &Answer) -> bool {
    let said = all_said(answer);
    let analysed = said.lines().any(|it| it == "Starting Dialyzer");
    answer.code == 1
        && analysed
        && totals(&said).is_none()
        && said.lines().any(|it| it.starts_with("** ("))
}

/// What the answer of `mix dialyzer --format FORMAT` says.
pub(super) fn read(answer: &Answer, layout: &Layout, format: Format) -> Result<Report, Error> {
    let said = all_said(answer);
    let Some(totals) = totals(&said) else { return Err(trouble(answer, layout, &said)) };
    let shown = totals.errors - totals.skipped;
    if answer.code == 1 && said.lines().any(|it| it == "unused filters present") {
        return Ok(numbered(unused_filters(&said, shown), totals));
    }
    let warned = match format {
        Format::Github => annotations(&said),
        Format::Dialyzer => warnings::read(&answer.stderr),
    };
    if usize::try_from(shown) != Ok(warned.len()) {
        let found = warned.len();
        return Err(answer.unreadable(format!("of its {shown} warnings {found} can be read")));
    }
    let says = |banner: &str| said.lines().any(|it| it == banner);
    let agrees = if warned.is_empty() {
        answer.code == 0 && says("done (passed successfully)")
    } else {
        // An alias in mix.exs may add `--ignore-exit-status`.
        [0, 2].contains(&answer.code) && says("done (warnings were emitted)")
    };
    if !agrees {
        return Err(answer.unreadable(format!("it does not end as one with {shown} warnings does")));
    }
    let findings = warned.iter().map(|it| warnings::finding(it, layout)).collect();
    Ok(numbered(report(findings), totals))
}

/// `Total errors: 10, Skipped: 6, Unnecessary Skips: 1`: the last one, for nothing of the project's code runs
/// after it.
fn totals(said: &str) -> Option<Totals> {
    let line = said.lines().rev().find_map(|line| line.strip_prefix("Total errors: "))?;
    let (errors, rest) = line.split_once(", Skipped: ")?;
    let (skipped, _) = rest.split_once(", Unnecessary Skips: ")?;
    Some(Totals { errors: errors.parse().ok()?, skipped: skipped.parse().ok()? })
}

/// `::warning file=F,line=1,col=2,title=T::message`; types in a message may go on for lines.
fn annotations(said: &str) -> Vec<Warned> {
    let mut found: Vec<Warned> = Vec::new();
    let mut open = false;
    for line in said.lines() {
        if line.starts_with("::warning ") {
            let warned = annotation(line);
            open = warned.is_some();
            found.extend(warned);
        } else if ["done (", "Unused filters:", "Halting VM "].iter().any(|it| line.starts_with(it))
        {
            open = false;
        } else if let Some(last) = found.last_mut().filter(|_| open) {
            last.message = format!("{} {}", last.message, line.trim());
        }
    }
    found
}

fn annotation(line: &str) -> Option<Warned> {
    let (file, rest) = line.strip_prefix("::warning file=")?.split_once(",line=")?;
    let (place, rest) = rest.split_once(",title=")?;
    let (title, message) = rest.split_once("::")?;
    let (line, column) = match place.split_once(",col=") {
        Some((line, column)) => (line, column.parse().ok()),
        None => (place, None),
    };
    let line = line.parse::<u32>().ok()?;
    let spot = Spot { file: file.to_owned(), line: Some(line).filter(|it| *it > 0), column };
    // Most of it is in Elixir's spelling already; patterns are not.
    let message = spelling::in_elixir(message);
    Some(Warned { spot, rule: title.to_owned(), message })
}

/// Filters that filter nothing, where `mix.exs` wants to know of them. dialyxir then keeps the warnings themselves
/// back.
fn unused_filters(said: &str, held_back: i64) -> Report {
    let lines = said.lines().skip_while(|it| *it != "Unused filters:").skip(1);
    let filters = lines.take_while(|it| !it.is_empty() && !it.starts_with("unused filters"));
    let finding = |filter: &str| {
        Finding::warning(format!("the filter {filter} filters nothing"))
            .rule("dialyzer/unused_filter")
            .remedy("take it out of the ignore file")
    };
    let mut findings: Vec<_> = filters.map(finding).collect();
    if held_back > 0 || findings.is_empty() {
        let message =
            format!("dialyxir keeps {held_back} warnings back as long as filters are unused");
        let remedy = "take the unused filters out and run it again";
        findings.push(Finding::warning(message).rule("dialyzer/held_back").remedy(remedy));
    }
    Report::refused_if_any(findings).number("warnings", float(held_back))
}

fn numbered(report: Report, totals: Totals) -> Report {
    report.number("skipped", float(totals.skipped))
}

#[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 warnings")]
fn float(count: i64) -> f64 {
    count as f64
}

/// Why there is no count of warnings.
fn trouble(answer: &Answer, layout: &Layout, said: &str) -> Error {
    if let Some(line) = said.lines().find_map(|it| it.strip_prefix(":dialyzer.run error: ")) {
        let plt = line.split_once("PLT file ").map(|it| it.1);
        let plt = plt.map(|it| it.split(": ").next().unwrap_or(it).trim());
        return answer.trouble(match plt {
            Some(plt) => Trouble::Plt(plt.to_owned()),
            None => Trouble::Other(line.to_owned()),
        });
    }
    let without =
        ["Erlang Dialyzer is not available", "The application \"dialyzer\" could not be found"];
    if without.iter().any(|it| said.contains(it)) {
        return Error::NoDialyzer { program: "dialyzer".into() };
    }
    trouble_before(answer, layout, "it does not say how many warnings there are")
}
