//! How long the parts of a run take otherwise, out of the store's history.

use std::collections::BTreeMap;

use pipeline_core::Usual;
use pipeline_history::median;
use store_sql::{RunFilter, RunHistory, RunKind, RunOutcome, StepTime, Store, StoreError};

/// So many good runs say what is usual.
const RUNS: u32 = 9;

/// What the last good runs of this kind in this environment took, of those before the run of this number.
pub(crate) async fn usual(
    store: &Store,
    kind: RunKind,
    (environment, before): (&str, i64),
) -> Result<Usual, StoreError> {
    let filter = RunFilter {
        environment: Some(environment.to_owned()),
        outcome: Some(RunOutcome::Pass),
        before: Some(before),
        kind: Some(kind),
        limit: Some(RUNS),
        ..RunFilter::default()
    };
    let runs = store.history(&filter).await?;
    let steps = if runs.is_empty() { Vec::new() } else { store.step_times(&filter).await? };
    Ok(of(&runs, steps))
}

/// Medians over these runs.
fn of(runs: &[RunHistory], steps: Vec<StepTime>) -> Usual {
    let mut phases: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    for phase in runs.iter().flat_map(|it| &it.phases) {
        phases.entry(phase.phase).or_default().push(phase.took_ms);
    }
    let mut times: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    // An answer that was remembered took nothing, and says nothing of one that is not.
    let counts = |it: &StepTime| it.took_ms > 0;
    for step in steps.into_iter().filter(counts) {
        times.entry((step.phase, step.step)).or_default().push(step.took_ms);
    }
    Usual { phases: medians(phases), steps: medians(times) }
}

fn medians<K: Ord>(all: BTreeMap<K, Vec<u64>>) -> BTreeMap<K, u64> {
    all.into_iter().filter_map(|(key, times)| Some((key, median(times)?))).collect()
}

#[cfg(test)]
mod tests {
    use pipeline_core::{Phase, PhaseTotal};

    use super::*;
    use crate::commands::deploy::tests::row;

    fn run(took_ms: u64) -> (RunHistory, StepTime) {
        let run = row(RunOutcome::Pass, None);
        let phases = vec![PhaseTotal { phase: Phase::Verify, verdict: None, took_ms }];
        let time = StepTime { run: 546, phase: Phase::Verify, step: "smoke".into(), took_ms };
        (RunHistory { run, phases }, time)
    }

    #[test]
    fn what_is_usual_is_the_median_and_what_was_remembered_says_nothing() {
        let (runs, steps): (Vec<_>, Vec<_>) =
            [900_000, 4_000, 5_000, 0].map(run).into_iter().unzip();
        let usual = of(&runs, steps);
        assert_eq!(usual.phases, [(Phase::Verify, 4_500)].into());
        assert_eq!(usual.steps, [((Phase::Verify, "smoke".to_owned()), 5_000)].into());
        assert_eq!(of(&[], Vec::new()), Usual::default());
    }
}
