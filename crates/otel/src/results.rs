//! What came of a run, a phase and a step, in the words of the conventions (`cicd.pipeline.result` and
//! `cicd.pipeline.task.run.result`: success, failure, error, timeout, cancellation, skip).

use pipeline_core::{Account, Cause, Conclusion, FaultKind, PhasePass, StepEnd, StepPass, Verdict};

/// A result, the class of what went wrong, and what a person should read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Came {
    pub(crate) result: &'static str,
    pub(crate) error: Option<&'static str>,
    pub(crate) message: String,
}

impl Came {
    fn well(result: &'static str) -> Self {
        Self { result, error: None, message: String::new() }
    }

    fn badly(result: &'static str, error: &'static str, message: impl Into<String>) -> Self {
        Self { result, error: Some(error), message: message.into() }
    }
}

pub(crate) fn of_step(step: &StepPass) -> Came {
    match &step.end {
        Some(StepEnd::Done { outcome: Ok(report), .. }) => {
            let found = report.findings().iter().rev().max_by_key(|it| it.severity);
            let message = found.map(|it| it.message.as_str()).unwrap_or_default();
            of_verdict(report.verdict(), message)
        }
        Some(StepEnd::Done { outcome: Err(fault), .. }) => {
            of_fault(fault.kind(), &fault.to_string())
        }
        Some(StepEnd::Skipped { .. }) => Came::well("skip"),
        None => left_half_way(),
    }
}

pub(crate) fn of_phase(pass: &PhasePass) -> Came {
    let worst = || pass.steps.iter().map(of_step).find(|it| it.error.is_some());
    let message = || worst().map(|it| it.message).unwrap_or_default();
    match pass.end {
        Some(end) => match end.verdict {
            Some(verdict) => of_verdict(verdict, &message()),
            None => worst().unwrap_or_else(|| Came::badly("error", "no_answer", "")),
        },
        None => left_half_way(),
    }
}

/// Of the whole: by its conclusion, where it has one, else by the exit code of a command that only looks.
pub(crate) fn of_run(account: &Account, exit_code: u8) -> Came {
    let failure = account.failures.last();
    let why = || failure.map(|it| format!("{}: {}", it.step, why(&it.cause))).unwrap_or_default();
    match account.conclusion {
        Some(Conclusion::Succeeded) => Came::well("success"),
        Some(Conclusion::RolledBack) => Came::badly("failure", "rolled_back", why()),
        Some(Conclusion::Left) => Came::badly("failure", "left", why()),
        Some(Conclusion::Stuck) => Came::badly("error", "stuck", why()),
        Some(Conclusion::Rejected) => match failure.map(|it| &it.cause) {
            Some(Cause::Refused(_)) => Came::badly("failure", "rejected", why()),
            Some(Cause::Fault(fault)) => of_fault(fault.kind(), &why()),
            Some(Cause::Interrupted) => of_fault(FaultKind::Cancelled, &why()),
            Some(Cause::Inconclusive(_)) | None => Came::badly("error", "rejected", why()),
        },
        None => match exit_code {
            0 => Came::well("success"),
            10 => Came::badly("failure", "refused", ""),
            130 | 143 => Came::badly("cancellation", "interrupted", "the run was left half-way"),
            _ => Came::badly("error", "no_answer", ""),
        },
    }
}

fn of_verdict(verdict: Verdict, message: &str) -> Came {
    match verdict {
        Verdict::Passed | Verdict::Alert => Came::well("success"),
        Verdict::Refused => Came::badly("failure", "refused", message),
        Verdict::Inconclusive => Came::badly("error", "inconclusive", message),
    }
}

fn of_fault(kind: FaultKind, message: &str) -> Came {
    match kind {
        FaultKind::Transient => Came::badly("error", "transient", message),
        FaultKind::Permanent => Came::badly("error", "permanent", message),
        FaultKind::TimedOut => Came::badly("timeout", "timed_out", message),
        FaultKind::Cancelled => Came::badly("cancellation", "cancelled", message),
    }
}

fn left_half_way() -> Came {
    Came::badly("cancellation", "interrupted", "it did not end: the run was left half-way")
}

fn why(cause: &Cause) -> String {
    match cause {
        Cause::Refused(found) | Cause::Inconclusive(found) => {
            found.first().map(|it| it.message.clone()).unwrap_or_default()
        }
        Cause::Fault(fault) => fault.to_string(),
        Cause::Interrupted => "the run was asked to stop".into(),
    }
}
