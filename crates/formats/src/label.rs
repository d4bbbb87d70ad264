//! Names for the passes of phases, and words for what a step came to: the same in every format.

use std::collections::BTreeMap;

use pipeline_core::{
    Account, Cause, Failure, FaultKind, Finding, Phase, PhasePass, StepEnd, StepPass, Verdict,
};

use crate::text;

/// A name for each pass: `verify`, and the second time `verify-2`, in the order of the passes.
#[must_use]
pub fn labels(passes: &[PhasePass]) -> Vec<String> {
    let mut counts: BTreeMap<Phase, usize> = BTreeMap::new();
    let label = |pass: &PhasePass| {
        let count = counts.entry(pass.phase).or_default();
        *count += 1;
        match *count {
            1 => pass.phase.name().to_owned(),
            count => format!("{}-{count}", pass.phase.name()),
        }
    };
    passes.iter().map(label).collect()
}

/// What a step came to, in one word: its verdict, else the kind of its fault, `skipped`, or `open` where it did not end.
#[must_use]
pub fn verdict_word(step: &StepPass) -> String {
    match &step.end {
        Some(StepEnd::Done { outcome: Ok(report), .. }) => report.verdict().to_string(),
        Some(StepEnd::Done { outcome: Err(fault), .. }) => fault_word(fault.kind()).to_owned(),
        Some(StepEnd::Skipped { .. }) => "skipped".into(),
        None => "open".into(),
    }
}

/// The kind of a fault, as the event format has it.
pub(crate) fn fault_word(kind: FaultKind) -> &'static str {
    match kind {
        FaultKind::Transient => "transient",
        FaultKind::Permanent => "permanent",
        FaultKind::TimedOut => "timed_out",
        FaultKind::Cancelled => "cancelled",
    }
}

/// The failures that no step tells, such as of a look at the target, each with the number of its pass.
pub(crate) fn stepless(account: &Account) -> Vec<(usize, &Failure)> {
    let phases = &account.phases;
    let told = |failure: &Failure| {
        let passes = phases.iter().filter(|it| it.phase == failure.phase);
        let mut steps = passes.flat_map(|it| &it.steps);
        steps.any(|it| it.name == failure.step && it.verdict() != Some(Verdict::Passed))
    };
    let place = |failure: &Failure| {
        let own = phases.iter().rposition(|it| it.phase == failure.phase);
        own.or(phases.len().checked_sub(1))
    };
    let untold = account.failures.iter().filter(|it| !told(it));
    untold.filter_map(|it| Some((place(it)?, it))).collect()
}

/// Why, in plain words.
pub(crate) fn cause(it: &Cause) -> String {
    match it {
        Cause::Refused(found) => findings(found),
        Cause::Inconclusive(found) => format!("could not tell\n{}", findings(found)),
        Cause::Fault(fault) => text::fault(fault),
        Cause::Interrupted => "the run was asked to stop".into(),
    }
}

/// Findings as plain text.
pub(crate) fn findings(found: &[Finding]) -> String {
    found.iter().map(text::finding).collect::<Vec<_>>().join("\n")
}
