//! How an environment is, and the few numbers that matter most. Pure.

use pipeline_core::Conclusion;
use pipeline_stats::trend::wilson;
use serde::Serialize;
use store_sql::{RunKind, RunOutcome};

use crate::charts::lost;
use crate::page::PastRun;
use crate::words::{self, count, moment, percent, took};

/// A number with its word.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Tile {
    name: &'static str,
    value: String,
    note: String,
}

/// How it is, by its newest run: a sign and a sentence.
pub(crate) fn state(runs: &[&PastRun]) -> (&'static str, String) {
    let Some(newest) = runs.last().map(|it| it.row()) else {
        return ("abort", "Nothing was deployed yet.".into());
    };
    let (sign, _) = words::outcome(newest);
    let version = &newest.version;
    let Some(ending) = newest.ending else {
        let since = moment(newest.started);
        return (sign, format!("{version} runs since {since}, or was interrupted."));
    };
    let said = match (ending.outcome, ending.conclusion) {
        (RunOutcome::Pass, _) if newest.begun.kind == RunKind::Rollback => {
            format!("{version} brought an earlier release back.")
        }
        (RunOutcome::Pass, _) => format!("{version} serves."),
        (RunOutcome::Rollback, _) => {
            format!("{version} was taken back: what served before serves again.")
        }
        (RunOutcome::Fail, Some(Conclusion::Rejected)) => {
            format!("{version} was rejected: nothing was touched.")
        }
        (RunOutcome::Fail, _) => format!("{version} failed and was left as it is: look at it."),
        (RunOutcome::Abort, _) => format!("{version} was stopped before it changed anything."),
        (RunOutcome::Stuck, _) => format!("{version} is stuck: a person is needed now."),
    };
    (sign, said)
}

/// The numbers.
pub(crate) fn tiles(runs: &[&PastRun]) -> Vec<Tile> {
    let [passed, back] = [RunOutcome::Pass, RunOutcome::Rollback].map(|wanted| {
        runs.iter().filter(|it| it.row().ending.is_some_and(|it| it.outcome == wanted)).count()
            as u64
    });
    let ended = runs.iter().filter(|it| it.row().ending.is_some()).count() as u64;
    let (low, high) = wilson(passed, ended, 0.95);
    let mut tiles = vec![Tile {
        name: "passed",
        value: format!("{passed} of {ended}"),
        note: format!("{} to {} (95 %)", percent(low), percent(high)),
    }];
    if let Some((median, slowest)) = lengths(runs) {
        let note = format!("slowest {}", took(slowest));
        tiles.push(Tile { name: "median of those that passed", value: took(median), note });
    }
    let longest = runs.iter().filter_map(|it| it.row().traffic_back_ms).max();
    let note =
        longest.map_or_else(String::new, |ms| format!("users had the old one within {}", took(ms)));
    tiles.push(Tile { name: "taken back", value: count(back), note });
    if let Some((lost, sent)) = lost::totals(runs) {
        let note = format!("of {} of the watch", count(sent));
        tiles.push(Tile { name: "requests lost", value: count(lost), note });
    }
    tiles
}

/// The median and the longest of the runs that passed.
fn lengths(runs: &[&PastRun]) -> Option<(u64, u64)> {
    let passed =
        runs.iter().filter(|it| it.row().ending.is_some_and(|it| it.outcome == RunOutcome::Pass));
    let mut all: Vec<u64> = passed.map(|it| it.worked_ms()).collect();
    all.sort_unstable();
    let middle = all.get(all.len() / 2)?;
    let below = if all.len().is_multiple_of(2) { all[all.len() / 2 - 1] } else { *middle };
    Some((u64::midpoint(below, *middle), *all.last()?))
}
