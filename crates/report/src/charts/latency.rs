//! How many times as slow each endpoint was as what it was compared with, run by run.

use std::collections::BTreeMap;

use pipeline_core::{Check, CheckKind, Control, Verdict};

use crate::charts::strip::{Dot, Limit, Strip, draw};
use crate::columns::Columns;
use crate::page::PastRun;
use crate::scale::ratio_ticks;
use crate::svg::{Figure, NARROW, Table, WIDE};
use crate::words::{cut, many, times};

/// So many endpoints are drawn; the table has all of them.
const MOST: usize = 8;

/// The chart of these runs, oldest first; nothing where no latency was compared.
pub(crate) fn figure(id: &str, runs: &[&PastRun], limits: (f64, f64)) -> Option<Figure> {
    let mut endpoints = endpoints(runs);
    let all = endpoints.len();
    if all == 0 {
        return None;
    }
    let table = table(runs, &endpoints);
    endpoints.sort_by(|a, b| worst(&b.1).total_cmp(&worst(&a.1)));
    endpoints.truncate(MOST);
    let strips: Vec<Strip> = endpoints.iter().map(|(name, it)| strip(name, it, limits)).collect();
    let left_out = if all > MOST {
        format!(" The {MOST} slowest of {all} endpoints are drawn.")
    } else {
        String::new()
    };
    Some(Figure {
        id: format!("{id}-latency"),
        title: "Latency against the release before".into(),
        lead: format!(
            "How many times as slow the slowest machine was, with its interval; 1× is no change.{left_out}"
        ),
        desc: format!(
            "{}, logarithmic. Above {}× people are told, above {}× the release goes back. The table below has every ratio.",
            many(strips.len(), "endpoint"),
            limits.0,
            limits.1
        ),
        half: false,
        wide: draw(&strips, &Columns::new(runs, WIDE), WIDE),
        narrow: draw(&strips, &Columns::new(runs, NARROW), NARROW),
        table,
    })
}

/// The slowest check of each run, by the endpoint's name.
fn endpoints<'r>(runs: &[&'r PastRun]) -> Vec<(String, Vec<Option<&'r Check>>)> {
    let mut found: BTreeMap<&str, Vec<Option<&Check>>> = BTreeMap::new();
    for (place, run) in runs.iter().enumerate() {
        for check in run.checks().filter(|it| it.kind == CheckKind::Performance) {
            let Some(ratio) = check.ratio.filter(|it| it.is_finite() && *it > 0.0) else {
                continue;
            };
            let dots = found.entry(&check.name).or_insert_with(|| vec![None; runs.len()]);
            if dots[place].and_then(|it| it.ratio).is_none_or(|it| ratio > it) {
                dots[place] = Some(check);
            }
        }
    }
    found.into_iter().map(|(name, dots)| (name.to_owned(), dots)).collect()
}

fn worst(checks: &[Option<&Check>]) -> f64 {
    checks.iter().flatten().filter_map(|it| it.ratio).fold(0.0, f64::max)
}

fn strip(name: &str, checks: &[Option<&Check>], limits: (f64, f64)) -> Strip {
    let ratios = || checks.iter().flatten().filter_map(|it| it.ratio);
    let low = ratios().fold(0.5, f64::min);
    let high = ratios().fold(limits.1 * 1.2, f64::max);
    let tick = |value: f64| (value, format!("{value}×"));
    let limit =
        |value, class, word: &str| Limit { value, said: format!("{word} {value}×"), class };
    Strip {
        name: cut(name, 40),
        ticks: ratio_ticks(low, high).into_iter().map(tick).collect(),
        log: true,
        joined: true,
        limits: vec![
            limit(limits.0, "limit alert", "alert"),
            limit(limits.1, "limit refuse", "back"),
        ],
        dots: checks.iter().map(|it| it.map(dot)).collect(),
    }
}

fn dot(check: &Check) -> Dot {
    let sign = match check.verdict {
        Verdict::Passed => "dot",
        Verdict::Alert => "alert",
        Verdict::Inconclusive => "unsure",
        Verdict::Refused => "fail",
    };
    Dot { value: check.ratio.unwrap_or(1.0), interval: check.interval, sign, said: said(check) }
}

fn said(check: &Check) -> String {
    let between = check.interval.map(|[low, high]| format!(" ({} to {})", times(low), times(high)));
    let ratio = check.ratio.map(times).unwrap_or_default();
    format!("{ratio}{} · {}", between.unwrap_or_default(), check.verdict)
}

fn table(runs: &[&PastRun], endpoints: &[(String, Vec<Option<&Check>>)]) -> Table {
    let mut rows = Vec::new();
    for (place, run) in runs.iter().enumerate().rev() {
        for (name, checks) in endpoints {
            let Some(check) = checks[place] else { continue };
            let between =
                check.interval.map(|[low, high]| format!("{} to {}", times(low), times(high)));
            rows.push(vec![
                run.row().version.clone(),
                name.clone(),
                check.ratio.map(times).unwrap_or_default(),
                between.unwrap_or_else(|| "–".into()),
                check.samples.map_or_else(|| "–".into(), |it| it.to_string()),
                check.control.map_or("–", control).to_owned(),
                check.instance.clone().unwrap_or_else(|| "–".into()),
                check.verdict.to_string(),
            ]);
        }
    }
    let head = vec![
        "Run",
        "Endpoint",
        "Ratio",
        "Interval",
        "Requests",
        "Compared with",
        "Machine",
        "Verdict",
    ];
    Table { head, rows }
}

fn control(control: Control) -> &'static str {
    match control {
        Control::Concurrent => "the old release, at the same time",
        Control::Fresh => "the old release, just before",
        Control::History => "earlier releases",
        Control::None => "nothing",
    }
}
