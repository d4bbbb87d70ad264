//! What a format says of a run: each pass of a phase and each step, with verdict and time, in the words of all formats.

use pipeline_core::{Account, PhasePass, StepPass, Verdict};
use pipeline_formats::{took, verdict_word};

/// One pass of a phase.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Pass {
    pub(crate) phase: String,
    /// `none` where there is no answer.
    pub(crate) verdict: String,
    pub(crate) took_ms: Option<u64>,
    pub(crate) steps: Vec<Step>,
}

/// One step of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) verdict: String,
    pub(crate) took_ms: Option<u64>,
    pub(crate) tries: usize,
}

/// The picture that the account is.
pub(crate) fn of_account(account: &Account) -> Vec<Pass> {
    account.phases.iter().map(pass).collect()
}

fn pass(it: &PhasePass) -> Pass {
    let verdict = it.end.and_then(|it| it.verdict).map(|it: Verdict| it.to_string());
    Pass {
        phase: it.phase.name().to_owned(),
        verdict: verdict.unwrap_or_else(|| "none".into()),
        took_ms: it.end.map(|it| it.took_ms),
        steps: it.steps.iter().map(step).collect(),
    }
}

fn step(it: &StepPass) -> Step {
    Step {
        name: it.name.clone(),
        verdict: verdict_word(it),
        took_ms: it.took_ms(),
        tries: it.retries.len() + 1,
    }
}

/// A picture as people read it: phase, step, verdict, and the time in words.
pub(crate) type Line = (String, String, String, String);

/// The steps as people read them, each phase by its name.
pub(crate) fn lines(passes: &[Pass]) -> Vec<Line> {
    let of_pass = |pass: &Pass| {
        let phase = pass.phase.clone();
        let line = move |it: &Step| {
            let time = it.took_ms.map(took).unwrap_or_default();
            (phase.clone(), it.name.clone(), it.verdict.clone(), time)
        };
        pass.steps.iter().map(line).collect::<Vec<_>>()
    };
    passes.iter().flat_map(of_pass).collect()
}
