//! Which runs may be let go. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

/// So many good runs of each target are never touched: rollback and latency verdicts need them.
pub const GOOD_RUNS_KEPT: usize = 20;

/// What is old enough to be let go. Where both are said, both must hold.
///
/// Whatever is said, these stay whole: runs without an ending and stuck ones, which can be resumed; of each target
/// the last [`GOOD_RUNS_KEPT`] good ones and as many of the healthy ones; and what a run that stays goes back to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// All but so many of each target, the newest.
    pub keep: Option<u32>,
    /// What began before.
    pub before: Option<Timestamp>,
    /// The runs altogether, not only their events and samples. What is left of a run without them still counts in history
    /// and trends.
    pub runs: bool,
}

/// What later runs may need of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Worth {
    /// Nothing: it came to no good.
    Nothing,
    /// Its release can be brought back.
    Good,
    /// So it can, and its latencies count for later verdicts.
    Healthy,
}

/// A run, as far as it matters here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Past {
    pub(crate) id: String,
    pub(crate) target: String,
    pub(crate) started: Timestamp,
    pub(crate) over: bool,
    pub(crate) worth: Worth,
    /// Has it events or samples?
    pub(crate) detailed: bool,
    /// The runs that it goes back to or promotes.
    pub(crate) needs: Vec<String>,
}

#[derive(Default)]
struct Seen {
    runs: usize,
    good: usize,
    healthy: usize,
}

/// Those that may go, of runs that come newest first.
pub(crate) fn doomed(runs: &[Past], retention: &Retention) -> Vec<String> {
    if retention.keep.is_none() && retention.before.is_none() {
        return Vec::new();
    }
    let mut seen: BTreeMap<&str, Seen> = BTreeMap::new();
    let mut needed: BTreeSet<&str> = BTreeSet::new();
    let mut doomed = Vec::new();
    for run in runs {
        let seen = seen.entry(&run.target).or_default();
        seen.runs += 1;
        let (good, healthy) = (run.worth >= Worth::Good, run.worth == Worth::Healthy);
        seen.good += usize::from(good);
        seen.healthy += usize::from(healthy);
        let wanted = (good && seen.good <= GOOD_RUNS_KEPT)
            || (healthy && seen.healthy <= GOOD_RUNS_KEPT)
            || needed.contains(run.id.as_str());
        let old = retention.keep.is_none_or(|keep| seen.runs > keep as usize)
            && retention.before.is_none_or(|before| run.started < before);
        if run.over && old && !wanted {
            if run.detailed || retention.runs {
                doomed.push(run.id.clone());
            }
        } else {
            needed.extend(run.needs.iter().map(String::as_str));
        }
    }
    doomed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(number: i64) -> Past {
        Past {
            id: format!("run-{number}"),
            target: "flyio:shop".into(),
            started: Timestamp::from_second(number).unwrap(),
            over: true,
            worth: Worth::Nothing,
            detailed: true,
            needs: Vec::new(),
        }
    }

    fn gone(mut runs: Vec<Past>, retention: &Retention) -> Vec<String> {
        runs.reverse();
        doomed(&runs, retention)
    }

    fn keep(count: u32) -> Retention {
        Retention { keep: Some(count), ..Retention::default() }
    }

    #[test]
    fn what_is_old_by_number_and_by_age_may_go() {
        let runs = || (1..=5).map(run).collect::<Vec<_>>();
        let before = Some(Timestamp::from_second(3).unwrap());
        assert_eq!(gone(runs(), &keep(3)), ["run-2", "run-1"]);
        assert_eq!(gone(runs(), &Retention { before, ..Retention::default() }), ["run-2", "run-1"]);
        assert_eq!(gone(runs(), &Retention { before, ..keep(4) }), ["run-1"]);
        assert!(gone(runs(), &Retention { runs: true, ..Retention::default() }).is_empty());
        // Whoever has lost its details has none to lose.
        let bare = || vec![Past { detailed: false, ..run(1) }, run(2)];
        assert!(gone(bare(), &keep(1)).is_empty());
        assert_eq!(gone(bare(), &Retention { runs: true, ..keep(1) }), ["run-1"]);
        // Each target counts for itself.
        let other = Past { target: "flyio:blog".into(), ..run(1) };
        assert_eq!(gone(vec![other, run(2), run(3)], &keep(1)), ["run-2"]);
    }

    #[test]
    fn what_can_be_resumed_or_gone_back_to_never_goes() {
        let good = |number| Past { worth: Worth::Good, ..run(number) };
        let all: Vec<_> = (1..=30).map(good).collect();
        assert_eq!(gone(all, &keep(0)).len(), 30 - GOOD_RUNS_KEPT);
        // Good ones that are newer do not push out those whose latencies count.
        let healthy = (1..=5).map(|number| Past { worth: Worth::Healthy, ..run(number) });
        let all: Vec<_> = healthy.chain((6..=40).map(good)).collect();
        assert_eq!(
            gone(all, &keep(0)),
            (6..=20).rev().map(|it| format!("run-{it}")).collect::<Vec<_>>()
        );
        let open = Past { over: false, ..run(1) };
        assert!(gone(vec![open, run(2)], &keep(1)).is_empty());
        let back = Past { over: false, needs: vec!["run-1".into()], ..run(3) };
        assert_eq!(gone(vec![run(1), run(2), back], &keep(0)), ["run-2"]);
    }
}
