//! Are deploys getting slower?

use jiff::Timestamp;
use pipeline_core::{Phase, PhaseTotal};
use pipeline_stats::trend::{TheilSen, mann_kendall, theil_sen};
use serde::Serialize;
use store_sql::{RunHistory, RunKind, RunOutcome};

use crate::answer::Answer;
use crate::shift::{Shift, shift};
use crate::words::{list, median, p, signed};

/// So many of the newest deploys are looked at, if nothing else is said.
pub const WINDOW: usize = 50;

/// With fewer deploys nothing is called a trend: even a rise of 2 % a deploy would be missed more often than not.
pub const NEEDED: usize = 20;

/// A trend is told if chance makes one so clear less often than this.
const SIGNIFICANT: f64 = 0.01;

/// And if the line rises, or falls, by this factor over the window.
const WORTH_TELLING: f64 = 1.1;

/// How sure the intervals are.
const CONFIDENCE: f64 = 0.95;

/// How long deploys take, over time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pace {
    /// What the sentence says.
    pub trend: Trend,
    /// How many deploys it rests on.
    pub deploys: usize,
    /// How many are needed.
    pub needed: usize,
    /// The version of the pipeline that all of them were made with: another one may do more, or less.
    pub pipeline: Option<String>,
    /// When the first of them began.
    pub from: Option<Timestamp>,
    /// When the last of them began.
    pub to: Option<Timestamp>,
    /// All phases together, then each phase that at least `needed` of them had.
    pub parts: Vec<PartPace>,
    /// The last ten against the twenty before, where there are so many.
    pub shift: Option<Shift>,
    /// How long each of them took, the oldest first.
    pub durations_ms: Vec<u64>,
}

/// Which way it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trend {
    /// It takes longer and longer.
    Slower,
    /// It takes less and less long.
    Faster,
    /// Neither can be told.
    Steady,
    /// There are too few deploys to say.
    NotEnough,
}

/// How long one phase takes, over time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartPace {
    /// The phase, or `total`.
    pub part: &'static str,
    /// Which way it goes.
    pub trend: Trend,
    /// How many deploys had it.
    pub deploys: usize,
    /// The median length.
    pub median_ms: u64,
    /// By how much it changes from deploy to deploy: 0.01 is 1 % longer each time.
    pub per_deploy: Change,
    /// By how much it changes in a week; `None` where all began at one time.
    pub per_week: Option<Change>,
    /// By how much the fitted line changes from the first to the last of them.
    pub over_window: f64,
    /// How probable so clear a trend is where there is none.
    pub p: f64,
}

/// A relative change, and between what it lies with 95 %; `None` for too few deploys to tell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The best single guess.
    pub change: f64,
    /// Not below.
    pub low: Option<f64>,
    /// Not above.
    pub high: Option<f64>,
}

/// A deploy: when it began, and how long a part of it took.
#[derive(Clone, Copy, Debug)]
struct Point {
    at: Timestamp,
    ms: u64,
}

/// Are deploys getting slower? `runs` are those of one environment, newest first; others than deploys that passed are left out,
/// and those of another version of the pipeline than the newest.
///
/// Slopes are fitted to logarithms: P. K. Sen, 1968. Whether there is a trend at all is asked of the Mann–Kendall test with
/// ties (Mann, 1945; Kendall, 1975). Slower is what has `p < 0.01` **and** a fitted rise of 10 % or more over the window.
#[must_use]
pub fn slower(runs: &[RunHistory], window: usize) -> Answer<Pace> {
    let passed = |it: &&RunHistory| {
        it.run.begun.kind == RunKind::Deploy
            && it.run.ending.is_some_and(|it| it.outcome == RunOutcome::Pass)
    };
    let newest = runs.iter().find(passed).map(|it| it.run.begun.pipeline_version.clone());
    let same = |it: &&RunHistory| Some(&it.run.begun.pipeline_version) == newest.as_ref();
    let mut chosen: Vec<&RunHistory> =
        runs.iter().filter(passed).filter(same).take(window).collect();
    chosen.reverse();
    let parts: Vec<PartPace> = parts(&chosen);
    let total: Vec<Point> = chosen.iter().filter_map(|it| point(it, None)).collect();
    let pace = Pace {
        trend: parts.first().map_or(Trend::NotEnough, |it| it.trend),
        deploys: total.len(),
        needed: NEEDED,
        pipeline: newest,
        from: total.first().map(|it| it.at),
        to: total.last().map(|it| it.at),
        shift: shift(&named(&chosen)),
        durations_ms: total.iter().map(|it| it.ms).collect(),
        parts,
    };
    Answer::new(sentence(&pace), pace)
}

fn parts(chosen: &[&RunHistory]) -> Vec<PartPace> {
    let phases = [
        None,
        Some(Phase::Validate),
        Some(Phase::Build),
        Some(Phase::Deploy),
        Some(Phase::Verify),
        Some(Phase::Settle),
    ];
    let part = |phase: Option<Phase>| {
        let points: Vec<Point> = chosen.iter().filter_map(|it| point(it, phase)).collect();
        fit(phase.map_or("total", Phase::name), &points)
    };
    phases.into_iter().filter_map(part).collect()
}

/// How long a phase of a run took, or all of them together: pauses of a run that was interrupted are none of them.
fn point(of: &RunHistory, phase: Option<Phase>) -> Option<Point> {
    let mut timed = of.phases.iter().filter(|it| phase.is_none_or(|phase| it.phase == phase));
    let first = timed.next().map(|it| it.took_ms);
    let ms = first.map(|first| first + timed.map(|it: &PhaseTotal| it.took_ms).sum::<u64>());
    let ms = ms.or_else(|| of.run.duration_ms().filter(|_| phase.is_none()))?;
    Some(Point { at: of.run.started, ms })
}

/// Versions with how long they took in all.
fn named<'r>(chosen: &[&'r RunHistory]) -> Vec<(&'r str, Timestamp, u64)> {
    let took = |it: &&'r RunHistory| Some((&*it.run.version, it.run.started, point(it, None)?.ms));
    chosen.iter().filter_map(took).collect()
}

fn fit(part: &'static str, points: &[Point]) -> Option<PartPace> {
    if points.len() < NEEDED {
        return None;
    }
    let logs: Vec<f64> = points.iter().map(|it| log(it.ms)).collect();
    let test = mann_kendall(&logs)?;
    let by_number: Vec<(f64, f64)> = (0_u32..).map(f64::from).zip(logs.iter().copied()).collect();
    let by_week: Vec<(f64, f64)> =
        points.iter().map(|it| weeks(it.at)).zip(logs.iter().copied()).collect();
    let line = theil_sen(&by_number, CONFIDENCE)?;
    let span = by_number.last().map_or(0.0, |(last, _)| *last);
    let rise = line.slope * span;
    let told = test.p < SIGNIFICANT && rise.abs() >= WORTH_TELLING.ln();
    Some(PartPace {
        part,
        trend: match (told, rise > 0.0) {
            (false, _) => Trend::Steady,
            (true, true) => Trend::Slower,
            (true, false) => Trend::Faster,
        },
        deploys: points.len(),
        median_ms: median(points.iter().map(|it| it.ms)).unwrap_or_default(),
        per_deploy: Change::of(&line),
        per_week: theil_sen(&by_week, CONFIDENCE).map(|it| Change::of(&it)),
        over_window: rise.exp_m1(),
        p: test.p,
    })
}

impl Change {
    fn of(line: &TheilSen) -> Self {
        let finite = |it: f64| Some(it.exp_m1()).filter(|_| it.is_finite());
        Self { change: line.slope.exp_m1(), low: finite(line.low), high: finite(line.high) }
    }
}

/// Nothing takes less than a millisecond.
fn log(ms: u64) -> f64 {
    crate::words::real(ms.max(1)).ln()
}

fn weeks(at: Timestamp) -> f64 {
    const WEEK: f64 = 7.0 * 86_400.0;
    at.duration_since(Timestamp::UNIX_EPOCH).as_secs_f64() / WEEK
}

fn sentence(pace: &Pace) -> String {
    let Some(total) = pace.parts.first() else { return too_few(pace) };
    let (over, n, p) = (signed(total.over_window), pace.deploys, p(total.p));
    let trend = match total.trend {
        Trend::Slower | Trend::Faster => {
            let word = if total.trend == Trend::Slower { "slower" } else { "faster" };
            let where_ = blamed(pace).map(|it| format!("; it is {it}")).unwrap_or_default();
            format!("Deploys are getting {word}: {over} over the last {n} ({p}){where_}.")
        }
        _ if total.p < SIGNIFICANT => {
            format!(
                "Deploys are not getting slower: {over} over the last {n} is too little to tell of ({p})."
            )
        }
        _ => {
            format!("Deploys are not getting slower: no trend in the last {n} ({p}){}.", but(pace))
        }
    };
    match pace.shift.as_ref().filter(|it| it.told) {
        Some(shift) => format!("{trend} {}", shift.sentence()),
        None => trend,
    }
}

fn too_few(pace: &Pace) -> String {
    let with = pace.pipeline.as_ref().map(|it| format!(" with pipeline {it}")).unwrap_or_default();
    format!(
        "Not enough history to say whether deploys are getting slower ({} of {NEEDED} deploys{with}).",
        pace.deploys
    )
}

/// The phases that get slower although all together do not: others make up for them.
fn but(pace: &Pace) -> String {
    let slower = pace.parts.iter().skip(1).filter(|it| it.trend == Trend::Slower);
    let names: Vec<String> =
        slower.map(|it| format!("{} ({})", it.part, signed(it.over_window))).collect();
    match names.len() {
        0 => String::new(),
        1 => format!("; but {} is", names[0]),
        _ => format!("; but {} are", list(&names)),
    }
}

/// The phases that go the same way as all together.
fn blamed(pace: &Pace) -> Option<String> {
    let (total, phases) = pace.parts.split_first()?;
    let same = phases.iter().filter(|it| it.trend == total.trend);
    let names: Vec<String> =
        same.map(|it| format!("{} ({})", it.part, signed(it.over_window))).collect();
    (!names.is_empty()).then(|| list(&names))
}

#[cfg(test)]
#[path = "slower_tests.rs"]
pub(crate) mod tests;
