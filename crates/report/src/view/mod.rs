//! From values to what the templates show.

mod environment;
mod facts;
mod run;
mod runs;

use serde::Serialize;

use crate::page::{Page, Past, PastRun, Place};
use crate::words::{day, many, moment, timestamp};

/// Everything the page shows.
#[derive(Debug, Serialize)]
pub(crate) struct View {
    title: String,
    subtitle: String,
    made: String,
    by: String,
    served: bool,
    /// After so many seconds the page is asked for again, while a run is open.
    refresh: Option<u32>,
    environments: Vec<environment::View>,
    run: Option<run::View>,
    runs: Vec<runs::Row>,
    /// Is there a column for the environment?
    several: bool,
}

/// How often a page is asked for again while a run is open, in seconds.
const REFRESH: u32 = 3;

impl View {
    pub(crate) fn of(page: &Page) -> Self {
        let served = page.place == Place::Served;
        let open =
            page.environments.iter().flat_map(|it| &it.runs).any(|it| it.row().ended.is_none())
                || page.run.as_ref().is_some_and(|it| it.row.ended.is_none());
        let environments = page.environments.iter().enumerate();
        Self {
            title: title(page),
            subtitle: subtitle(page),
            made: moment(timestamp(page.made)),
            by: page.by.clone(),
            served,
            refresh: (served && open).then_some(REFRESH),
            environments: environments
                .map(|(place, it)| environment::View::of(place, it))
                .collect(),
            run: page.run.as_ref().map(|it| run::View::of(it, page)),
            runs: runs::rows(page),
            several: page.environments.len() > 1,
        }
    }
}

fn title(page: &Page) -> String {
    match (page.environments.as_slice(), &page.run) {
        ([], Some(run)) => format!("{} to {}", run.row.version, run.row.begun.environment),
        ([], None) => "No runs yet".into(),
        ([one], _) => format!("Deploys to {}", one.environment),
        (several, _) => {
            let names: Vec<&str> = several.iter().map(|it| it.environment.as_str()).collect();
            format!("Deploys to {}", and(&names))
        }
    }
}

/// The range of the runs.
fn subtitle(page: &Page) -> String {
    let all = || page.environments.iter().flat_map(|it: &Past| &it.runs).map(PastRun::row);
    let (first, last) = (all().min_by_key(|it| it.number), all().max_by_key(|it| it.number));
    match (first, last, &page.run) {
        (Some(first), Some(last), _) => {
            let (from, to) = (day(first.started), day(last.started));
            let days = if from == to { to } else { format!("{from} to {to}") };
            let names = if first.number == last.number {
                last.version.clone()
            } else {
                format!("{} to {}", first.version, last.version)
            };
            format!("{} · {names} · {days}", many(all().count(), "run"))
        }
        (_, _, Some(run)) => format!("Began {}", moment(run.row.started)),
        _ => "`pipeline deploy` or `pipeline rehearse` makes the first one.".into(),
    }
}

/// `a`, `a and b`, `a, b and c`.
fn and(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}
