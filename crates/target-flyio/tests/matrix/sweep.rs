//! Plays many cases, one on each core at a time, and counts how they ended.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use pipeline_core::Conclusion;

use crate::address::{Address, Mishap};
use crate::judge::judge;
use crate::play::play;

/// How a case ended.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) address: Address,
    /// `None` where nothing was to be taken back.
    pub(crate) end: Option<Conclusion>,
    /// What is wrong with it.
    pub(crate) amiss: Vec<String>,
}

/// Plays all of them, and returns their outcomes in their order.
pub(crate) fn sweep(cases: &[Address]) -> Vec<Outcome> {
    let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let cores = std::thread::available_parallelism().map_or(1, Into::into);
    let work = || {
        let turns = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
        for (at, case) in turns.map_while(|at| Some((at, cases.get(at)?))) {
            let outcome = outcome(case);
            done.lock().unwrap().push((at, outcome));
        }
    };
    std::thread::scope(|threads| {
        for _ in 0..cores {
            threads.spawn(work);
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, outcome)| outcome).collect()
}

fn outcome(case: &Address) -> Outcome {
    let address = case.clone();
    match catch_unwind(AssertUnwindSafe(|| play(case))) {
        Ok(None) => Outcome { address, end: None, amiss: Vec::new() },
        Ok(Some(played)) => {
            let amiss = judge(case, &played);
            Outcome { address, end: played.end.ok(), amiss }
        }
        Err(_) => Outcome { address, end: None, amiss: vec!["it panicked".to_owned()] },
    }
}

/// The counts of one row.
#[derive(Default)]
struct Row([usize; 7]);

/// One row a kind of mishap: how many cases, and how they ended.
pub(crate) fn table(outcomes: &[Outcome]) -> String {
    let mut rows: BTreeMap<(u8, String), Row> = BTreeMap::new();
    let mut total = Row::default();
    for outcome in outcomes {
        let row = rows.entry(name(&outcome.address)).or_default();
        for counted in [row, &mut total] {
            counted.count(outcome);
        }
    }
    let mut table = String::new();
    let heads = ["cases", "succeeded", "rolled back", "rejected", "left", "stuck", "wrong"];
    let _ = write!(table, "{:28}", "");
    for head in heads {
        let _ = write!(table, "{head:>12}");
    }
    table.push('\n');
    for ((_, name), row) in rows.into_iter().chain([((9, "total".to_owned()), total)]) {
        let _ = write!(table, "{name:28}");
        for count in row.0 {
            let _ = write!(table, "{count:>12}");
        }
        table.push('\n');
    }
    table
}

impl Row {
    fn count(&mut self, outcome: &Outcome) {
        let at = match outcome.end {
            _ if !outcome.amiss.is_empty() => 6,
            None => return,
            Some(Conclusion::Succeeded) => 1,
            Some(Conclusion::RolledBack) => 2,
            Some(Conclusion::Rejected) => 3,
            Some(Conclusion::Left) => 4,
            Some(Conclusion::Stuck) => 5,
        };
        self.0[0] += 1;
        self.0[at] += 1;
    }
}

fn name(address: &Address) -> (u8, String) {
    match &address.mishap {
        Mishap::Fault { point, effect, .. } if point == "boot" => (1, format!("boot: {effect}")),
        Mishap::Fault { effect, .. } => (0, effect.clone()),
        Mishap::Death { done, way, .. } => {
            let done = if *done { "after" } else { "before" };
            (2, format!("killed {done}, {way:?}"))
        }
    }
}

/// Good releases that were not deployed, by course and effect: at which calls, and how it ended.
pub(crate) fn given_up(outcomes: &[Outcome]) -> String {
    let mut rows: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    for outcome in outcomes.iter().filter(|it| it.address.course.release.is_good()) {
        let Mishap::Fault { point, effect, .. } = &outcome.address.mishap else { continue };
        let Some(end) = outcome.end.filter(|it| *it != Conclusion::Succeeded) else { continue };
        let row = rows.entry(format!("{} {effect}", outcome.address.course)).or_default();
        *row.entry(format!("{point} {end:?}")).or_default() += 1;
    }
    let mut told = "Good releases that were not deployed:\n".to_owned();
    for (row, ends) in rows {
        let ends: Vec<_> = ends.iter().map(|(end, count)| format!("{count} at {end}")).collect();
        let _ = writeln!(told, "{row}: {}", ends.join(", "));
    }
    told
}

/// The cases that ended as they may not, each with how to see it alone.
pub(crate) fn wrong(outcomes: &[&Outcome]) -> String {
    let mut told = String::new();
    for Outcome { address, end, amiss } in outcomes {
        let _ = writeln!(told, "MATRIX_CASE='{address}': {end:?}, {}", amiss.join("; "));
    }
    told
}
