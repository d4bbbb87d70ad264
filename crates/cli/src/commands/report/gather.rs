//! Reads out of the store what a page shows: two queries for all runs, what `pipeline trends` asks for each environment, and the events of one run.

use std::collections::BTreeMap;

use pipeline_core::Clock as _;
use pipeline_history::WINDOW;
use pipeline_report::{Detail, Page, Past, PastRun, Place, Reading};
use store_sql::{Measured, RunFilter, RunHistory, RunRow, Store};

use crate::app::wall;
use crate::commands::history::now;
use crate::commands::show::account_of;
use crate::commands::trends::Asked;
use crate::config::Config;
use crate::error::CliError;

/// The limits of latency where the configuration does not know the environment any more: those of its defaults.
const LIMITS: (f64, f64) = (2.0, 5.0);

/// Where pages come from.
#[derive(Clone, Copy)]
pub(crate) struct Gather<'a> {
    pub(crate) config: &'a Config,
    pub(crate) store: &'a Store,
    pub(crate) place: Place,
    pub(crate) limit: u32,
}

impl Gather<'_> {
    /// The newest runs of one environment or of all, and the last of them in detail.
    pub(crate) async fn environments(&self, only: Option<&str>) -> Result<Page, CliError> {
        let filter = RunFilter {
            environment: only.map(ToOwned::to_owned),
            limit: Some(self.limit),
            ..RunFilter::default()
        };
        let history = self.store.history(&filter).await?;
        if let Some(name) = only.filter(|_| history.is_empty()) {
            // One that nobody deploys to any more has its runs; one that nobody knows is a mistake.
            self.config.environment(name)?;
        }
        let measured = self.store.measured(&filter).await?;
        let newest = history.first().map(|it| it.run.clone());
        let run = match newest {
            Some(row) => Some(self.detail(row).await?),
            None => None,
        };
        let mut environments = self.pasts(history, measured);
        for past in &mut environments {
            self.answer(past).await?;
        }
        Ok(Page { environments, ..self.page(run) })
    }

    /// One run alone.
    pub(crate) async fn one(&self, row: RunRow) -> Result<Page, CliError> {
        Ok(self.page(Some(self.detail(row).await?)))
    }

    fn page(&self, run: Option<Detail>) -> Page {
        Page {
            made: wall().now(),
            by: env!("CARGO_PKG_VERSION").into(),
            place: self.place,
            environments: Vec::new(),
            run,
        }
    }

    async fn detail(&self, row: RunRow) -> Result<Detail, CliError> {
        let account = account_of(self.store, &row.id).await?;
        Ok(Detail { account, row })
    }

    /// The runs by environment, those first whose newest run is newest.
    fn pasts(&self, history: Vec<RunHistory>, measured: Vec<Measured>) -> Vec<Past> {
        let mut readings: BTreeMap<i64, Vec<Reading>> = BTreeMap::new();
        for it in measured {
            let reading = Reading { numbers: it.numbers.into_iter().collect(), checks: it.checks };
            readings.entry(it.number).or_default().push(reading);
        }
        let mut pasts: Vec<Past> = Vec::new();
        for history in history {
            let name = &history.run.begun.environment;
            let place = pasts.iter().position(|it| it.environment == *name).unwrap_or_else(|| {
                pasts.push(self.past(name));
                pasts.len() - 1
            });
            let readings = readings.remove(&history.run.number).unwrap_or_default();
            pasts[place].runs.push(PastRun { history, readings });
        }
        pasts
    }

    /// What the runs of an environment say, as `pipeline trends` has it.
    async fn answer(&self, past: &mut Past) -> Result<(), CliError> {
        let window = u32::try_from(WINDOW).unwrap_or(u32::MAX);
        let asked = Asked { store: self.store, dir: &self.config.dir, window, now: now() };
        if let Some(said) = asked.about(&past.environment).await? {
            past.answers = vec![said.slower.sentence, said.rising.sentence, said.most.sentence];
            past.failing = Some(said.most.numbers);
            past.delivery = Some(said.dora);
        }
        Ok(())
    }

    fn past(&self, name: &str) -> Past {
        let configured = self.config.environments.get(name).map(|it| &it.verify.performance);
        let limits = configured.map_or(LIMITS, |it| (it.alert, it.rollback));
        Past {
            environment: name.to_owned(),
            answers: Vec::new(),
            failing: None,
            delivery: None,
            limits,
            runs: Vec::new(),
        }
    }
}

/// Nobody knows this run.
pub(crate) fn no_run(name: &str) -> CliError {
    CliError::usage(format!("there is no run `{name}`")).hint("`pipeline history` lists them")
}
