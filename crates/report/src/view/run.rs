//! One run in detail: what is known of it, its timeline, what was found.

use pipeline_core::{Cause, Check, DecidedBy, Decision, Failure, Severity, StepEnd, Verdict};
use serde::Serialize;

use crate::charts::timeline;
use crate::page::{Detail, Page};
use crate::path::run_path;
use crate::svg::Figure;
use crate::words::{self, moment, took};

/// So many findings and checks are shown; the store has all of them.
const MOST: usize = 200;

/// What is shown of one.
#[derive(Debug, Serialize)]
pub(crate) struct View {
    version: String,
    path: String,
    environment: String,
    sign: &'static str,
    outcome: &'static str,
    facts: Vec<(&'static str, String)>,
    story: Vec<String>,
    figure: Option<Figure>,
    findings: Vec<Found>,
    checks: Vec<Looked>,
    left_out: usize,
}

/// A finding, with who found it.
#[derive(Debug, Serialize)]
struct Found {
    step: String,
    sign: &'static str,
    word: &'static str,
    rule: Option<String>,
    place: Option<String>,
    message: String,
    remedy: Option<String>,
}

/// A check of a verifier.
#[derive(Debug, Serialize)]
struct Looked {
    step: String,
    name: String,
    sign: &'static str,
    verdict: String,
    instance: Option<String>,
    message: String,
}

impl View {
    pub(crate) fn of(detail: &Detail, page: &Page) -> Self {
        let (sign, outcome) = words::outcome(&detail.row);
        let mut findings = findings(detail);
        let mut checks = checks(detail);
        let left_out = findings.len().saturating_sub(MOST) + checks.len().saturating_sub(MOST);
        findings.truncate(MOST);
        checks.truncate(MOST);
        Self {
            version: detail.row.version.clone(),
            path: run_path(&detail.row.version),
            environment: detail.row.begun.environment.clone(),
            sign,
            outcome,
            facts: facts(detail),
            story: story(detail),
            figure: timeline::figure(&detail.account, page.made),
            findings,
            checks,
            left_out,
        }
    }
}

fn facts(detail: &Detail) -> Vec<(&'static str, String)> {
    let row = &detail.row;
    let begun = &row.begun;
    let mut facts = vec![
        ("Began", moment(row.started)),
        ("Took", row.duration_ms().map_or_else(|| "it has not ended".into(), took)),
        ("Target", begun.target.clone()),
        ("Who", format!("{} on {}", begun.who, begun.host)),
    ];
    let known = [
        ("Revision", &begun.revision),
        ("Image", &begun.image),
        ("Started by", &begun.origin),
        ("Marked bad", &row.bad),
    ];
    facts.extend(known.into_iter().filter_map(|(name, it)| Some((name, it.clone()?))));
    facts.push(("Pipeline", begun.pipeline_version.clone()));
    facts
}

/// What happened, in sentences: warnings, failures, decisions.
fn story(detail: &Detail) -> Vec<String> {
    let account = &detail.account;
    let failures = account.failures.iter().map(failure);
    let decisions = account.decisions.iter().map(|it| {
        let by = match it.by {
            DecidedBy::Policy => "by policy",
            DecidedBy::Person => "by a person",
            DecidedBy::Nobody => "because nobody answered",
        };
        let what = match it.decision {
            Decision::Restore => "It was taken back",
            Decision::Leave => "It was left as it is",
            Decision::Ask => "A person was asked",
        };
        let why = it.reason.as_ref().map(|it| format!(": {it}")).unwrap_or_default();
        format!("{what}, {by}{why}.")
    });
    account.warnings.iter().cloned().chain(failures).chain(decisions).collect()
}

fn failure(failure: &Failure) -> String {
    let (phase, step) = (failure.phase.name(), &failure.step);
    match &failure.cause {
        Cause::Refused(found) => {
            format!("{step} refused in {phase} ({}).", words::many(found.len(), "finding"))
        }
        Cause::Inconclusive(_) => format!("{step} could not tell in {phase}."),
        Cause::Fault(fault) => format!("{step} had no answer in {phase}: {fault}."),
        Cause::Interrupted => format!("Somebody stopped the run in {phase}, at {step}."),
    }
}

/// The findings of every step, blocking ones first; a step that had no answer tells why.
fn findings(detail: &Detail) -> Vec<Found> {
    let mut all = Vec::new();
    for (_, step) in detail.account.steps() {
        let Some(StepEnd::Done { outcome, .. }) = &step.end else { continue };
        match outcome {
            Ok(report) => all.extend(report.findings().iter().map(|it| {
                let (order, sign, word) = severity(it.severity);
                (
                    order,
                    Found {
                        step: step.name.clone(),
                        sign,
                        word,
                        rule: it.rule.clone(),
                        place: it.place(),
                        message: it.message.clone(),
                        remedy: it.remedy.clone(),
                    },
                )
            })),
            Err(fault) => all.push((
                0,
                Found {
                    step: step.name.clone(),
                    sign: "fault",
                    word: "no answer",
                    rule: None,
                    place: None,
                    message: fault.to_string(),
                    remedy: fault.next_step().map(ToOwned::to_owned),
                },
            )),
        }
    }
    all.sort_by_key(|(order, _)| *order);
    all.into_iter().map(|(_, found)| found).collect()
}

fn severity(severity: Severity) -> (u8, &'static str, &'static str) {
    match severity {
        Severity::Error => (0, "fail", "error"),
        Severity::Warning => (1, "alert", "warning"),
        Severity::Note => (2, "dot", "note"),
    }
}

/// What the verifiers looked at, what did not pass first.
fn checks(detail: &Detail) -> Vec<Looked> {
    let mut all: Vec<(Verdict, Looked)> = Vec::new();
    for (_, step) in detail.account.steps() {
        if let Some(StepEnd::Done { outcome: Ok(report), .. }) = &step.end {
            all.extend(report.checks().iter().map(|it| (it.verdict, looked(&step.name, it))));
        }
    }
    all.sort_by_key(|(verdict, _)| std::cmp::Reverse(*verdict));
    all.into_iter().map(|(_, looked)| looked).collect()
}

fn looked(step: &str, check: &Check) -> Looked {
    let sign = match check.verdict {
        Verdict::Passed => "pass",
        Verdict::Alert => "alert",
        Verdict::Inconclusive => "unsure",
        Verdict::Refused => "fail",
    };
    Looked {
        step: step.to_owned(),
        name: check.name.clone(),
        sign,
        verdict: check.verdict.to_string(),
        instance: check.instance.clone(),
        message: check.message.clone(),
    }
}
