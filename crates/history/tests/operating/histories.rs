//! Simulated histories.

use jiff::{SignedDuration, Timestamp};
use pipeline_core::{Phase, PhaseTotal, RunId, Verdict};
use store_sql::{Ending, NewRun, RunHistory, RunKind, RunOutcome, RunRow};

/// Deploys given oldest first, newest first as the store tells them: about eight hours apart.
pub(crate) fn history(deploys: impl IntoIterator<Item = (RunOutcome, u64)>) -> Vec<RunHistory> {
    let mut all: Vec<RunHistory> =
        (1_i64..).zip(deploys).map(|(number, (outcome, ms))| run(number, outcome, ms)).collect();
    all.reverse();
    all
}

fn run(number: i64, outcome: RunOutcome, ms: u64) -> RunHistory {
    let started = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(490_000 + 8 * number);
    let verdict = Some(Verdict::Passed);
    let run = RunRow {
        id: RunId::new(format!("run-{number}")),
        number,
        version: format!("v{number}"),
        begun: NewRun {
            kind: RunKind::Deploy,
            environment: "production".into(),
            target: "flyio:shop".into(),
            revision: None,
            image: None,
            origin: None,
            restores: None,
            promotes: None,
            who: "ada".into(),
            host: "build-7".into(),
            pid: 7,
            pipeline_version: "0.1.0".into(),
        },
        started,
        ended: Some(started + std::time::Duration::from_millis(ms)),
        ending: Some(Ending { conclusion: None, outcome, exit_code: 0 }),
        bad: None,
        traffic_back_ms: None,
    };
    RunHistory { run, phases: vec![PhaseTotal { phase: Phase::Deploy, verdict, took_ms: ms }] }
}

/// Normal, with mean 0 and deviation 1 (Box and Muller).
pub(crate) fn normal(random: &mut fastrand::Rng) -> f64 {
    let radius = (-2.0 * (1.0 - random.f64()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.f64()).cos()
}

/// The share of `runs` simulated histories for which something is so.
pub(crate) fn share(
    runs: u32,
    seed: u64,
    mut is_so: impl FnMut(&mut fastrand::Rng) -> bool,
) -> f64 {
    let mut random = fastrand::Rng::with_seed(seed);
    let count = (0..runs).filter(|_| is_so(&mut random)).count();
    f64::from(u32::try_from(count).expect("no more than `runs`")) / f64::from(runs)
}
