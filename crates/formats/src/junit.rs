//! A run as `JUnit` XML: a test suite for each pass of a phase, a test case for each step and for each check of a verifier.

use std::collections::BTreeMap;
use std::time::Duration;

use pipeline_core::{
    Account, Cause, Check, Failure, Fault, FaultKind, PhasePass, Report as Answer, StepEnd,
    StepPass, Verdict,
};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestRerun, TestSuite};

use crate::label::{fault_word, findings, labels, stepless, verdict_word};
use crate::ndjson::timestamp;
use crate::text;

/// The run as `JUnit` XML, as Jenkins and `GitLab` read it. Times are exact to the millisecond. Each test case has the property
/// `verdict`; what a step that is not required refuses fails no build, so it is told as skipped.
#[must_use]
pub fn junit(account: &Account) -> String {
    let version = account.release.as_ref().map_or("pipeline", |it| it.version.as_str());
    let mut report = Report::new(
        account
            .target
            .as_ref()
            .map_or_else(|| version.to_owned(), |target| format!("{version} to {target}")),
    );
    report.set_time(Duration::from_millis(account.took_ms()));
    let stepless = stepless(account);
    for (number, (pass, label)) in account.phases.iter().zip(labels(&account.phases)).enumerate() {
        let mut suite = suite(account, pass, &label);
        for step in &pass.steps {
            suite.add_test_cases(cases(step, &label));
        }
        let own = stepless.iter().filter(|(at, _)| *at == number);
        suite.add_test_cases(own.map(|(_, it)| failed(it, &label)));
        report.add_test_suite(suite);
    }
    let text = report.to_string().expect("text is written to memory");
    // No characters by XML, and let through by the crate.
    text.replace(['\u{fffe}', '\u{ffff}'], "")
}

fn suite(account: &Account, pass: &PhasePass, label: &str) -> TestSuite {
    let mut suite = TestSuite::new(label);
    // An attribute of its own: the crate's would need a calendar of its own.
    suite.extra.insert("timestamp".into(), timestamp(pass.started).into());
    if let Some(end) = pass.end {
        suite.set_time(Duration::from_millis(end.took_ms));
    }
    let verdict = pass.end.and_then(|it| it.verdict).map(|it| it.to_string());
    let conclusion = account.conclusion.and_then(|it| serde_json::to_value(it).ok());
    let conclusion = conclusion.and_then(|it| it.as_str().map(ToOwned::to_owned));
    let known = [
        ("phase", Some(pass.phase.name().to_owned())),
        ("verdict", verdict),
        ("run", account.run.as_ref().map(ToString::to_string)),
        ("version", account.release.as_ref().map(|it| it.version.clone())),
        ("revision", account.release.as_ref().and_then(|it| it.revision.clone())),
        ("target", account.target.clone()),
        ("conclusion", conclusion),
    ];
    for (name, value) in known {
        if let Some(value) = value {
            suite.add_property((name, value.as_str()));
        }
    }
    suite
}

/// The step, and each check of it.
fn cases(step: &StepPass, label: &str) -> Vec<TestCase> {
    let mut case = TestCase::new(&step.name, status(step));
    case.set_classname(format!("pipeline.{label}"));
    case.extra.insert("timestamp".into(), timestamp(step.started).into());
    if let Some(ms) = step.took_ms() {
        case.set_time(Duration::from_millis(ms));
    }
    case.add_property(("verdict", verdict_word(step).as_str()));
    let Some(StepEnd::Done { outcome, required, remembered_from, .. }) = &step.end else {
        return vec![case];
    };
    if !required {
        case.add_property(("required", "false"));
    }
    if remembered_from.is_some() {
        case.add_property(("remembered", "true"));
    }
    let Ok(report) = outcome else { return vec![case] };
    for (name, value) in report.numbers() {
        case.add_property((format!("number.{name}").as_str(), value.to_string().as_str()));
    }
    if report.lets_pass() && !report.findings().is_empty() {
        case.set_system_out(findings(report.findings()));
    }
    let class = format!("pipeline.{label}.{}", step.name);
    let checks = checks(report.checks(), &class, *required);
    std::iter::once(case).chain(checks).collect()
}

fn checks(checks: &[Check], class: &str, required: bool) -> Vec<TestCase> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let named = checks.iter().map(|check| {
        let mut name = check.name.clone();
        if let Some(instance) = &check.instance {
            name.extend([" (machine ", instance, ")"]);
        }
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            name = format!("{name} #{count}");
        }
        let status = by_verdict(check.verdict, required, || (check.message.clone(), String::new()));
        let mut case = TestCase::new(name, status);
        case.set_classname(class);
        case.add_property(("verdict", check.verdict.to_string().as_str()));
        if check.verdict == Verdict::Alert {
            case.set_system_out(&check.message);
        }
        case
    });
    named.collect()
}

fn status(step: &StepPass) -> TestCaseStatus {
    let mut status = match &step.end {
        Some(StepEnd::Done { outcome: Ok(report), required, .. }) => of_report(report, *required),
        Some(StepEnd::Done { outcome: Err(fault), required, .. }) => of_fault(fault, *required),
        Some(StepEnd::Skipped { reason }) => skipped(reason),
        None => error("open", "it did not end: the run was left half-way", ""),
    };
    for retry in &step.retries {
        let mut rerun = TestRerun::new(NonSuccessKind::Error);
        rerun.set_type(fault_word(retry.fault.kind()));
        rerun.set_message(format!(
            "try {}: {}",
            retry.attempt,
            text::headline(retry.fault.message())
        ));
        rerun.set_description(text::fault(&retry.fault));
        status.add_rerun(rerun);
    }
    status
}

fn of_report(report: &Answer, required: bool) -> TestCaseStatus {
    by_verdict(report.verdict(), required, || {
        let found = report.findings();
        let worst = found.iter().rev().max_by_key(|it| it.severity);
        let first = worst.map(|it| text::headline(&it.message)).unwrap_or_default();
        let message = match found.len() {
            0 | 1 => first.to_owned(),
            count => format!("{} and {} more", first, count - 1),
        };
        (message, findings(found))
    })
}

fn by_verdict(
    verdict: Verdict,
    required: bool,
    said: impl FnOnce() -> (String, String),
) -> TestCaseStatus {
    match verdict {
        Verdict::Passed | Verdict::Alert => TestCaseStatus::success(),
        verdict if !required => {
            let (message, description) = said();
            let mut status = skipped(&format!("{verdict}, not required: {message}"));
            describe(&mut status, &description);
            status
        }
        Verdict::Refused => {
            let (message, description) = said();
            non_success(NonSuccessKind::Failure, "refused", (&message, &description))
        }
        Verdict::Inconclusive => {
            let (message, description) = said();
            error("inconclusive", &format!("could not tell: {message}"), &description)
        }
    }
}

fn of_fault(fault: &Fault, required: bool) -> TestCaseStatus {
    let message = text::headline(fault.message());
    if fault.kind() == FaultKind::Cancelled {
        return skipped(message);
    }
    if !required {
        let mut status = skipped(&format!("could not look, not required: {message}"));
        describe(&mut status, &text::fault(fault));
        return status;
    }
    error(fault_word(fault.kind()), message, &text::fault(fault))
}

fn failed(failure: &Failure, label: &str) -> TestCase {
    let status = match &failure.cause {
        Cause::Refused(found) => {
            non_success(NonSuccessKind::Failure, "refused", ("refused", &findings(found)))
        }
        Cause::Inconclusive(found) => error("inconclusive", "could not tell", &findings(found)),
        Cause::Fault(fault) => of_fault(fault, true),
        Cause::Interrupted => error("interrupted", "the run was asked to stop", ""),
    };
    let mut case = TestCase::new(&failure.step, status);
    case.set_classname(format!("pipeline.{label}"));
    case
}

fn error(kind: &str, message: &str, description: &str) -> TestCaseStatus {
    non_success(NonSuccessKind::Error, kind, (message, description))
}

fn non_success(
    kind: NonSuccessKind,
    word: &str,
    (message, description): (&str, &str),
) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(word).set_message(message);
    describe(&mut status, description);
    status
}

fn skipped(message: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::skipped();
    status.set_message(message);
    status
}

fn describe(status: &mut TestCaseStatus, description: &str) {
    if !description.is_empty() {
        status.set_description(description);
    }
}

#[cfg(test)]
#[path = "junit_tests.rs"]
mod tests;
