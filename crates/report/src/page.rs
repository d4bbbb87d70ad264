//! What a page is made from.

use std::time::SystemTime;

use pipeline_core::{Account, Check, Phase};
use pipeline_history::{Dora, Most};
use store_sql::{RunHistory, RunRow};

/// A page: environments with their runs, or one run, or both.
#[derive(Clone, Debug)]
pub struct Page {
    /// When it is made.
    pub made: SystemTime,
    /// The version of the pipeline that makes it.
    pub by: String,
    /// Where it will be looked at.
    pub place: Place,
    /// The environments, in the order in which they shall stand.
    pub environments: Vec<Past>,
    /// The run that is told in detail: the newest, or the one that was asked for.
    pub run: Option<Detail>,
}

/// Where a page is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a file, which somebody may have sent: it leads nowhere.
    File,
    /// At `pipeline serve`: runs and environments have pages of their own.
    Served,
}

/// The past of one environment.
#[derive(Clone, Debug)]
pub struct Past {
    /// Its name.
    pub environment: String,
    /// What its runs say, as sentences, the most important first.
    pub answers: Vec<String>,
    /// What failed how often, where that was asked.
    pub failing: Option<Most>,
    /// The metrics of DORA, where they were asked.
    pub delivery: Option<Dora>,
    /// How many times as slow an endpoint may be before people are told, and before a release goes back.
    pub limits: (f64, f64),
    /// Its runs, newest first.
    pub runs: Vec<PastRun>,
}

/// One run of the past.
#[derive(Clone, Debug)]
pub struct PastRun {
    /// The run with its phases.
    pub history: RunHistory,
    /// What was measured in it.
    pub readings: Vec<Reading>,
}

/// What one step of a run measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// Its numbers, by name.
    pub numbers: Vec<(String, f64)>,
    /// Its checks, where it is a verifier.
    pub checks: Vec<Check>,
}

/// A run in detail.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The run.
    pub row: RunRow,
    /// What its events come to.
    pub account: Account,
}

impl PastRun {
    pub(crate) fn row(&self) -> &RunRow {
        &self.history.run
    }

    /// The largest number of this name that any step measured.
    pub(crate) fn worst(&self, name: &str) -> Option<f64> {
        self.numbers().filter(|(it, _)| *it == name).map(|(_, value)| value).reduce(f64::max)
    }

    /// The sum of the numbers of this name: a rollout in stages measures several times.
    pub(crate) fn sum(&self, name: &str) -> Option<f64> {
        self.numbers().filter(|(it, _)| *it == name).map(|(_, value)| value).reduce(|a, b| a + b)
    }

    pub(crate) fn numbers(&self) -> impl Iterator<Item = (&str, f64)> {
        self.readings.iter().flat_map(|it| &it.numbers).map(|(name, value)| (name.as_str(), *value))
    }

    pub(crate) fn checks(&self) -> impl Iterator<Item = &Check> {
        self.readings.iter().flat_map(|it| &it.checks)
    }

    /// How long it took in a phase.
    pub(crate) fn took(&self, phase: Phase) -> Option<u64> {
        self.history.phases.iter().find(|it| it.phase == phase).map(|it| it.took_ms)
    }

    /// From the first phase to the last, without the pauses of a run that was interrupted.
    pub(crate) fn worked_ms(&self) -> u64 {
        self.history.phases.iter().map(|it| it.took_ms).sum()
    }
}
