//! How long the first users of a new machine wait.

use std::collections::BTreeSet;

use crate::charts::strip::{Dot, Strip, draw};
use crate::columns::Columns;
use crate::page::PastRun;
use crate::scale::{time_tick, time_ticks};
use crate::svg::{Figure, NARROW, Table, WIDE};
use crate::words::{cut, float, took_f64};

/// From the start of a machine until the platform's checks pass on it.
const BOOT: &str = "boot_ms";
const PREFIX: &str = "cold_start/";

/// So many endpoints are drawn; the table has all of them.
const MOST: usize = 4;

/// The chart of these runs, oldest first; nothing where nothing cold was measured.
pub(crate) fn figure(id: &str, runs: &[&PastRun]) -> Option<Figure> {
    let all = numbers(runs);
    if all.is_empty() {
        return None;
    }
    let strips: Vec<Strip> = all.iter().take(MOST).map(|it| strip(it, runs)).collect();
    Some(Figure {
        id: format!("{id}-cold"),
        title: "Cold starts".into(),
        lead: "How long the slowest new machine took until it was well, and its first good answer.".into(),
        desc: "One line of dots a measurement, oldest run on the left. The table below has every number.".into(),
        half: false,
        wide: draw(&strips, &Columns::new(runs, WIDE), WIDE),
        narrow: draw(&strips, &Columns::new(runs, NARROW), NARROW),
        table: table(&all, runs),
    })
}

/// A measurement: the number's name, and what people call it.
type Named = (String, String);

fn numbers(runs: &[&PastRun]) -> Vec<Named> {
    let names: BTreeSet<&str> =
        runs.iter().flat_map(|run| run.numbers()).map(|(name, _)| name).collect();
    let first = |name: &&str| {
        let title = name.strip_prefix(PREFIX)?.strip_suffix("/first_ms")?;
        Some(((*name).to_owned(), format!("first answer of {}", cut(title, 36))))
    };
    let boot = names
        .contains(BOOT)
        .then(|| (BOOT.to_owned(), "machine start until its checks pass".to_owned()));
    boot.into_iter().chain(names.iter().filter_map(first)).collect()
}

fn strip((name, said): &Named, runs: &[&PastRun]) -> Strip {
    let values: Vec<Option<f64>> = runs.iter().map(|it| it.worst(name)).collect();
    let most = values.iter().flatten().fold(1.0, |most: f64, it| most.max(*it));
    let dot = |value: f64| Dot { value, interval: None, sign: "dot", said: took_f64(value) };
    Strip {
        name: said.clone(),
        ticks: time_ticks(most, 3).into_iter().map(|it| (float(it), time_tick(it))).collect(),
        log: false,
        joined: true,
        limits: Vec::new(),
        dots: values.into_iter().map(|it| it.map(dot)).collect(),
    }
}

fn table(all: &[Named], runs: &[&PastRun]) -> Table {
    let mut rows = Vec::new();
    for run in runs.iter().rev() {
        for (name, said) in all {
            let Some(value) = run.worst(name) else { continue };
            rows.push(vec![run.row().version.clone(), said.clone(), took_f64(value)]);
        }
    }
    Table { head: vec!["Run", "What", "Slowest machine"], rows }
}
