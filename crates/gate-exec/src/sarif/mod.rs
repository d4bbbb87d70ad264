//! SARIF 2.1.0, the format in which most linters and scanners say what they found.

mod location;
mod log;
mod message;
mod rules;

use pipeline_core::{Finding, Report, Severity};

use self::log::{Invocation, Log, Notification, Run, SarifResult, Suppression};
use self::rules::Rules;
use crate::answer::Reading;
use crate::error::Error;
use crate::findings::{Findings, number};
use crate::project::Project;

/// The one version that is read. The ones before it differ in what matters.
const VERSION: &str = "2.1.0";

pub(crate) fn read(reading: &Reading<'_>) -> Result<Report, Error> {
    let log = parse(reading)?;
    let runs = log.runs.unwrap_or_default();
    let mut findings = Findings::new(reading);
    let suppressed: u64 = runs.iter().map(|run| take(run, &mut findings)).sum();
    let counts = findings.counts();
    if let Some(run) = runs.iter().find(|run| run.invocations().any(Invocation::failed)) {
        failed(&name(run, reading), &mut findings)?;
    }
    let without = runs.iter().find(|run| run.results.is_none()).map(|run| name(run, reading));
    let without = without.or_else(|| runs.is_empty().then(|| "the report".into()));
    let report = match without.filter(|_| !findings.refuse() && reading.answer.code == 0) {
        Some(without) => findings.inconclusive(nothing(&without)),
        None => findings.judged()?,
    };
    Ok(counts.into_iter().chain([("suppressed", suppressed)]).fold(report, number))
}

fn parse(reading: &Reading<'_>) -> Result<Log, Error> {
    let source = &reading.answer.source;
    if reading.text().trim().is_empty() {
        return Err(reading.unreadable(format!("{source} is empty")));
    }
    let log: Log = serde_json::from_str(reading.text()).map_err(|error| {
        let error = reading.line(&error.to_string());
        reading.unreadable(format!("{source} is not SARIF: {error}"))
    })?;
    match log.version.as_deref() {
        Some(VERSION) if log.runs.is_some() => Ok(log),
        Some(VERSION) => Err(reading.unreadable(format!("{source} has no `runs`"))),
        Some(other) => {
            let other = reading.line(other);
            Err(reading.unreadable(format!("{source} is version {other} of SARIF, not {VERSION}")))
        }
        None => {
            Err(reading.unreadable(format!("{source} does not say which version of SARIF it is")))
        }
    }
}

/// Whatever it left out, a no stays a no.
fn failed(name: &str, findings: &mut Findings<'_>) -> Result<(), Error> {
    let words = findings.words();
    if findings.refuse() {
        findings.word(
            Finding::warning(format!("{name} says that it failed: there may be more")).rule("tool"),
        );
        return Ok(());
    }
    let why = if words.is_empty() { ", and not why".into() } else { format!(": {words}") };
    Err(findings.reading().unreadable(format!("{name} says that it failed{why}")))
}

/// Takes what one run found, and says how many of its results are suppressed.
fn take(run: &Run, findings: &mut Findings<'_>) -> u64 {
    let (rules, project) = (Rules::of(run), findings.reading().project);
    let mut suppressed = 0;
    for result in run.results.iter().flatten() {
        if is_suppressed(result) {
            suppressed += 1;
        } else if is_told(result) {
            findings.push(finding(result, run, &rules, project));
        }
    }
    for invocation in run.invocations() {
        let failed = invocation.failed();
        let told =
            invocation.notifications().filter(|it| failed || it.level.as_deref() == Some("error"));
        told.filter_map(|it| notification(it, run, project)).for_each(|it| findings.word(it));
    }
    suppressed
}

/// One suppression that is not in force, and the result counts.
fn is_suppressed(result: &SarifResult) -> bool {
    let accepted =
        |it: &Suppression| it.status.as_deref().is_none_or(|status| status == "accepted");
    result.suppressions.as_ref().is_some_and(|all| !all.is_empty() && all.iter().all(accepted))
}

/// Is there anything wrong, as far as the tool can tell?
fn is_told(result: &SarifResult) -> bool {
    let gone = result.baseline_state.as_deref() == Some("absent");
    !gone && !matches!(result.kind.as_deref(), Some("pass" | "notApplicable"))
}

fn finding(result: &SarifResult, run: &Run, rules: &Rules<'_>, project: &Project) -> Finding {
    let rule = rules.rule(result);
    let message = message::of_result(result, rule, run);
    let level =
        result.level.as_deref().or_else(|| rule?.default_configuration.as_ref()?.level.as_deref());
    let finding = match severity(result.kind.as_deref(), level) {
        Severity::Error => Finding::error(message),
        Severity::Warning => Finding::warning(message),
        Severity::Note => Finding::note(message),
    };
    let place = location::of(result.locations.as_deref(), run, project);
    let id = result.id().or_else(|| rule?.id.as_deref());
    let remedy = rule.and_then(|it| it.help_uri.as_ref()).map(|uri| format!("see {uri}"));
    Finding {
        rule: id.map(ToOwned::to_owned),
        remedy,
        file: place.file,
        line: place.line,
        column: place.column,
        ..finding
    }
}

/// Only what failed has a level; the rest waits for a person, or informs.
fn severity(kind: Option<&str>, level: Option<&str>) -> Severity {
    match (kind, level) {
        (Some("open" | "review" | "informational"), _) | (_, Some("note" | "none")) => {
            Severity::Note
        }
        (_, Some("error")) => Severity::Error,
        _ => Severity::Warning,
    }
}

/// One without words says nothing.
fn notification(notification: &Notification, run: &Run, project: &Project) -> Option<Finding> {
    let place = location::of(notification.locations.as_deref(), run, project);
    let message = message::text(notification.message.as_ref())?;
    let finding = Finding::warning(message).rule("tool");
    Some(Finding { file: place.file, line: place.line, column: place.column, ..finding })
}

fn name(run: &Run, reading: &Reading<'_>) -> String {
    let name = run.tool.driver.name.as_deref();
    name.map_or("a run of the report".into(), |name| reading.line(name))
}

fn nothing(of: &str) -> Finding {
    Finding::warning(format!("{of} has no results, not even none"))
        .rule("sarif/nothing")
        .remedy("look whether the tool found anything to look at")
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
