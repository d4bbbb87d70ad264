//! From what Credo said to the gate's answer.

use std::collections::BTreeMap;

use pipeline_core::{Finding, Level, Report};

use super::config::Config;
use super::faults::{self, COULD_NOT_RUN};
use super::issues::{self, Issue};
use crate::error::Error;
use crate::layout::{Layout, Place};
use crate::mix::Answer;
use pipeline_process::is_cut;
use pipeline_process::{Redactor, clean, one_line};

/// The categories of Credo's own checks. They are counted even when there is none to count.
const CATEGORIES: [&str; 5] = ["consistency", "design", "readability", "refactor", "warning"];
/// The longest message, in bytes.
const LONGEST: usize = 500;

/// What an answer is read by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules<'a> {
    pub(super) layout: &'a Layout,
    pub(super) config: &'a Config,
    pub(super) redactor: &'a Redactor,
}

/// What the answer of `mix credo --strict --format json` says.
pub(super) fn read(answer: &Answer, rules: &Rules<'_>) -> Result<Report, Error> {
    if let Some(trouble) = faults::left_out(answer, rules.layout) {
        return Err(answer.trouble(trouble));
    }
    let ran = answer.code < COULD_NOT_RUN;
    let Some(issues) = issues::read(&answer.text).filter(|_| ran) else {
        return Err(no_answer(answer, rules, "it has no report in JSON"));
    };
    let known = issues.found.iter().map(|issue| finding(issue, Level::Blocking, rules));
    if !issues.whole {
        // Our memory is bounded, not Credo's: what it could say is a "no" already.
        let refused = is_cut(&answer.text) && answer.code != 0 && !issues.found.is_empty();
        let known = known.chain([too_many()]);
        return refused
            .then(|| Report::refused_if_any(known.collect()))
            .ok_or_else(|| answer.unreadable("its report has no end"));
    }
    if issues.found.is_empty() && answer.code != 0 {
        return Err(no_answer(answer, rules, "its report names no issue"));
    }
    Ok(numbered(report(answer, &issues.found, rules), &issues.found))
}

fn no_answer(answer: &Answer, rules: &Rules<'_>, what: &str) -> Error {
    match faults::no_answer(answer, rules.layout) {
        Some(trouble) => answer.trouble(trouble),
        None => answer.unreadable(what),
    }
}

fn report(answer: &Answer, issues: &[Issue], rules: &Rules<'_>) -> Report {
    let exempt = |issue: &Issue| rules.config.exempts(issue.check());
    // When only such issues are there and Credo fails, they are not exempt after all.
    let believed = answer.code == 0 || !issues.iter().all(exempt);
    let level = |issue| if believed && exempt(issue) { Level::Advisory } else { Level::Blocking };
    let mut findings: Vec<_> = issues.iter().map(|it| finding(it, level(it), rules)).collect();
    findings.sort_by(|one, two| {
        let key = |it: &Finding| (it.file.clone(), it.line, it.column, it.rule.clone());
        key(one).cmp(&key(two))
    });
    let (blocking, aside): (Vec<_>, Vec<_>) =
        findings.into_iter().partition(|it| it.level == Level::Blocking);
    let muted = (answer.code == 0 && !blocking.is_empty()).then(muted);
    let mut aside = aside.into_iter().chain(complaints(answer, rules)).chain(muted);
    if !blocking.is_empty() {
        return aside.fold(Report::refused_if_any(blocking), Report::finding);
    }
    match aside.next() {
        None => Report::passed(),
        Some(first) => aside.fold(Report::alert(first), Report::finding),
    }
}

fn finding(issue: &Issue, level: Level, rules: &Rules<'_>) -> Finding {
    let safe = |text: &str| told(text, rules);
    let message = match (safe(issue.scope()), safe(issue.message())) {
        (scope, message) if scope.is_empty() => message,
        (scope, message) => format!("{scope}: {message}"),
    };
    let finding = match issue.category() {
        "warning" => Finding::error(message),
        _ => Finding::warning(message),
    };
    let check = safe(issue.check());
    let rule = check.strip_prefix("Credo.Check.").unwrap_or(&check);
    let path = safe(issue.file());
    let (file, app) = match rules.layout.place(&path, None) {
        _ if path.is_empty() => (None, None),
        Place::Own { file, app } => (Some(file), app),
        Place::Foreign => (Some(path), None),
    };
    let (line, column) = (issue.line(), issue.column());
    let finding =
        Finding { level, file, line, column, app, ..finding.rule(format!("credo/{rule}")) };
    match finding.place().filter(|_| line.is_some()) {
        Some(place) => finding.remedy(format!("run `mix credo explain {place}`")),
        None => finding,
    }
}

/// What Credo says against its own configuration, and goes on: it may have left out a check.
fn complaints(answer: &Answer, rules: &Rules<'_>) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for line in answer.stderr.lines().filter_map(|it| it.strip_prefix("** (config) ")) {
        let place = line.split_once(": ").filter(|(path, _)| path.ends_with(".credo.exs"));
        let file = place.and_then(|(path, _)| rules.layout.relative(path));
        let message = place.filter(|_| file.is_some()).map_or(line, |(_, message)| message);
        let finding = Finding::warning(told(message, rules)).rule("credo/config");
        let finding = Finding { level: Level::Advisory, file, ..finding };
        if !found.contains(&finding) {
            found.push(finding);
        }
    }
    found
}

fn told(text: &str, rules: &Rules<'_>) -> String {
    one_line(&rules.redactor.hide(&clean(text.as_bytes())), LONGEST)
}

fn muted() -> Finding {
    let message = "`mix credo` ends with exit code 0 although it found this: something mutes it";
    let finding = Finding::note(message).rule("credo/exit-status").remedy(
        "take `--mute-exit-status` out of the alias, or say `exit_status: 0` for a check in .credo.exs",
    );
    Finding { level: Level::Advisory, ..finding }
}

fn too_many() -> Finding {
    Finding::error("there are more issues than are kept in memory: these are some of them")
        .rule("credo/too-many")
        .remedy("run `mix credo --strict` to see all of them")
}

#[expect(clippy::cast_precision_loss, reason = "nobody has 2^52 issues")]
fn numbered(report: Report, issues: &[Issue]) -> Report {
    let mut counts: BTreeMap<_, u64> = CATEGORIES.map(|it| (it, 0)).into();
    for issue in issues {
        let known = |it: char| it.is_alphanumeric() || it == '_' || it == '-';
        let named = !issue.category().is_empty() && issue.category().chars().all(known);
        *counts.entry(if named { issue.category() } else { "other" }).or_default() += 1;
    }
    let report = report.number("issues", issues.len() as f64);
    counts.into_iter().fold(report, |report, (category, count)| {
        report.number(format!("issues/{category}"), count as f64)
    })
}
