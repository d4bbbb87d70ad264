//! The five metrics of software delivery, from what happened: dora.dev/guides/dora-metrics.

mod fail_rate;
mod frequency;
mod lead_time;
mod recovery;
mod rework;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use pipeline_core::Conclusion;
use serde::Serialize;
use store_sql::{RunKind, RunOutcome, RunRow};

use crate::answer::Answer;

pub use fail_rate::{FailRate, Rate};
pub use frequency::{Bucket, Frequency};
pub use lead_time::LeadTime;
pub use recovery::Recovery;
pub use rework::Rework;

/// What the metrics rest on.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// All runs of one environment since `from`, newest first.
    pub runs: &'a [RunRow],
    /// When the commits of the revisions were made, as far as anybody knows.
    pub commits: &'a BTreeMap<String, Timestamp>,
    /// When the stage began that was the last of a deploy that was taken back, by the number of its run.
    pub cut_overs: &'a BTreeMap<i64, Timestamp>,
    /// Since when runs are looked at: the beginning of the window, or of the history where that is later.
    pub from: Timestamp,
    /// Now.
    pub now: Timestamp,
    /// A rollback, and a deploy after a failed one, belong to the deploy before only within so long.
    pub window: SignedDuration,
}

/// The five metrics of one environment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Dora {
    /// Since when runs were looked at.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// How many deploys changed something.
    pub deploys: u64,
    /// Deployment frequency.
    pub deployment_frequency: Answer<Frequency>,
    /// Change lead time.
    pub change_lead_time: Answer<LeadTime>,
    /// Change fail rate.
    pub change_fail_rate: Answer<FailRate>,
    /// Failed deployment recovery time.
    pub failed_deployment_recovery_time: Answer<Recovery>,
    /// Deployment rework rate.
    pub deployment_rework_rate: Answer<Rework>,
}

/// The five metrics.
#[must_use]
pub fn dora(ground: &Ground<'_>) -> Dora {
    let deploys = deploys(ground);
    Dora {
        from: ground.from,
        to: ground.now,
        deploys: count(deploys.len()),
        deployment_frequency: frequency::frequency(ground),
        change_lead_time: lead_time::lead_time(ground),
        change_fail_rate: fail_rate::fail_rate(&deploys),
        failed_deployment_recovery_time: recovery::recovery(&deploys, ground),
        deployment_rework_rate: rework::rework(&deploys, ground),
    }
}

/// The revisions whose commits [`Ground::commits`] should know, each once: all that the lead time looks at, of the runs of
/// [`Ground::runs`].
#[must_use]
pub fn revisions(runs: &[RunRow]) -> Vec<&str> {
    let bringers = lead_time::bringers(runs).into_iter();
    bringers.filter_map(|it| it.begun.revision.as_deref()).collect()
}

/// A deploy that changed something, and what went wrong with it.
#[derive(Clone, Copy, Debug)]
struct Deploy<'a> {
    run: &'a RunRow,
    fault: Option<Trouble<'a>>,
}

/// Why a deploy counts as failed.
#[derive(Clone, Copy, Debug)]
enum Trouble<'a> {
    /// It went back by itself.
    WentBack,
    /// Somebody took it back soon after.
    TakenBack(&'a RunRow),
    /// It ended stuck, or was left in place although the verifiers had said no.
    Left,
}

/// The deploys that changed something, the oldest first: those whose gates refused, or which nobody confirmed, were none.
fn deploys<'a>(ground: &Ground<'a>) -> Vec<Deploy<'a>> {
    let oldest_first = || ground.runs.iter().rev();
    let touched = |it: &&RunRow| it.begun.kind == RunKind::Deploy && is_deployed(it);
    let mut deploys: Vec<Deploy<'a>> =
        oldest_first().filter(touched).map(|run| Deploy { run, fault: fault(run) }).collect();
    for back in oldest_first().filter(|it| it.begun.kind == RunKind::Rollback && serves(it)) {
        // What it takes back is what served: one deploy for one rollback, whatever else was tried since.
        let later = deploys.partition_point(|it| it.run.number < back.number);
        let before = deploys[..later].iter_mut().rev().find(|it| !went_back(it.run));
        let brought_back = |it: &Deploy<'_>| back.begun.restores.as_ref() == Some(&it.run.id);
        if let Some(taken) =
            before.filter(|it| it.fault.is_none() && serves(it.run) && !brought_back(it))
            && ended(taken.run).is_some_and(|it| back.started.duration_since(it) <= ground.window)
        {
            taken.fault = Some(Trouble::TakenBack(back));
        }
    }
    deploys
}

fn fault(run: &RunRow) -> Option<Trouble<'_>> {
    match run.ending?.conclusion? {
        Conclusion::RolledBack => Some(Trouble::WentBack),
        Conclusion::Stuck => Some(Trouble::Left),
        Conclusion::Left if run.bad.is_some() => Some(Trouble::Left),
        Conclusion::Left | Conclusion::Succeeded | Conclusion::Rejected => None,
    }
}

fn went_back(run: &RunRow) -> bool {
    run.ending.and_then(|it| it.conclusion) == Some(Conclusion::RolledBack)
}

/// Did it get as far as the target?
fn is_deployed(run: &RunRow) -> bool {
    let conclusion = run.ending.and_then(|it| it.conclusion);
    conclusion.is_some_and(|it| it != Conclusion::Rejected)
}

/// Did it end with its release serving, verified?
fn serves(run: &RunRow) -> bool {
    run.ending.is_some_and(|it| it.outcome == RunOutcome::Pass)
}

fn ended(run: &RunRow) -> Option<Timestamp> {
    run.ended
}

fn count(it: usize) -> u64 {
    u64::try_from(it).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[path = "dora_tests.rs"]
mod tests;
