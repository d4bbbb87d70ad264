//! Requests that users of a deploy would have lost, and how long they waited for the old release.

use crate::charts::strip::{Dot, Strip, draw};
use crate::columns::Columns;
use crate::page::PastRun;
use crate::scale::{count_ticks, time_tick, time_ticks};
use crate::svg::{Figure, HALF, NARROW, Table};
use crate::words::{count, float, took, whole};

const LOST: &str = "watch/lost";
const SENT: &str = "watch/requests";

/// The chart of these runs, oldest first; nothing where nobody watched and nothing was taken back.
pub(crate) fn figure(id: &str, runs: &[&PastRun]) -> Option<Figure> {
    let strips: Vec<Strip> = [lost(runs), back(runs)].into_iter().flatten().collect();
    if strips.is_empty() {
        return None;
    }
    Some(Figure {
        id: format!("{id}-lost"),
        title: "What users noticed".into(),
        lead: lead(runs),
        desc: "One line of dots a measurement, oldest run on the left. The table below has every number.".into(),
        half: true,
        wide: draw(&strips, &Columns::new(runs, HALF), HALF),
        narrow: draw(&strips, &Columns::new(runs, NARROW), NARROW),
        table: table(runs),
    })
}

/// What all of it comes to.
pub(crate) fn totals(runs: &[&PastRun]) -> Option<(u64, u64)> {
    let sum = |name| runs.iter().filter_map(|it| it.sum(name)).reduce(|a, b| a + b);
    Some((whole(sum(LOST)?), whole(sum(SENT)?)))
}

fn lead(runs: &[&PastRun]) -> String {
    let watched = totals(runs).map_or_else(
        || "No run of these has a watch ([verify.watch]).".to_owned(),
        |(lost, sent)| {
            format!("{} of {} requests of the watch were lost.", count(lost), count(sent))
        },
    );
    let back = runs.iter().filter_map(|it| it.row().traffic_back_ms).max();
    match back {
        Some(ms) => format!(
            "{watched} After a bad release users had the old one again within {}.",
            took(ms)
        ),
        None => watched,
    }
}

fn lost(runs: &[&PastRun]) -> Option<Strip> {
    let values: Vec<Option<f64>> = runs.iter().map(|it| it.sum(LOST)).collect();
    let most = values.iter().flatten().copied().reduce(f64::max)?;
    let dot = |run: &&PastRun| {
        let (value, sent) = (run.sum(LOST)?, run.sum(SENT).unwrap_or(0.0));
        let said = format!("{} of {}", count(whole(value)), count(whole(sent)));
        let sign = if value > 0.0 { "dot-bad" } else { "ring" };
        Some(Dot { value, interval: None, sign, said })
    };
    Some(Strip {
        name: "requests lost in the watch".into(),
        ticks: count_ticks(whole(most), 3).into_iter().map(|it| (float(it), count(it))).collect(),
        log: false,
        joined: false,
        limits: Vec::new(),
        dots: runs.iter().map(dot).collect(),
    })
}

fn back(runs: &[&PastRun]) -> Option<Strip> {
    let most = runs.iter().filter_map(|it| it.row().traffic_back_ms).max()?;
    let dot = |run: &&PastRun| {
        let ms = run.row().traffic_back_ms?;
        Some(Dot { value: float(ms), interval: None, sign: "back", said: took(ms) })
    };
    Some(Strip {
        name: "until users had the old release again".into(),
        ticks: time_ticks(float(most), 3)
            .into_iter()
            .map(|it| (float(it), time_tick(it)))
            .collect(),
        log: false,
        joined: false,
        limits: Vec::new(),
        dots: runs.iter().map(dot).collect(),
    })
}

fn table(runs: &[&PastRun]) -> Table {
    let row = |run: &&PastRun| {
        let number = |name| run.sum(name).map_or_else(|| "–".into(), |it| count(whole(it)));
        let gap =
            run.worst("watch/longest_gap_ms").map_or_else(|| "–".into(), |it| took(whole(it)));
        let back = run.row().traffic_back_ms.map_or_else(|| "–".into(), took);
        vec![run.row().version.clone(), number(SENT), number(LOST), gap, back]
    };
    let head =
        vec!["Run", "Requests of the watch", "Lost", "Longest gap", "Old release back after"];
    Table { head, rows: runs.iter().rev().map(row).collect() }
}
