//! What steps measured, over many runs in one query: numbers and ratios of latencies, without what else they said.

use std::collections::BTreeMap;

use pipeline_core::{Check, Outcome, Phase, Report};
use serde::{Deserialize, Serialize};

use crate::error::StoreError;
use crate::run::RunFilter;
use crate::select::Select;
use crate::store::Store;
use crate::word::{Broken, Columns};

/// What one step of a run measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The run's number.
    pub number: i64,
    /// The phase it belongs to.
    pub phase: Phase,
    /// The step's name.
    pub step: String,
    /// Its numbers, by name.
    pub numbers: BTreeMap<String, f64>,
    /// Its checks that compared a latency with another one.
    pub checks: Vec<Check>,
}

/// The same as it is stored, beside the step.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    numbers: BTreeMap<String, f64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    checks: Vec<Check>,
}

impl Store {
    /// What the steps of runs measured: newest run first, a run's steps in the order in which they ended. Steps that
    /// measured nothing are left out, and those of a pipeline that did not keep it yet.
    pub async fn measured(&self, filter: &RunFilter) -> Result<Vec<Measured>, StoreError> {
        let rows = self.rows(&measured_in_runs(filter)).await?;
        let broken = |why| StoreError::unreadable("a measurement in the history", why);
        rows.iter().map(|row| read(&Columns(row)).map_err(broken)).collect()
    }
}

/// What is kept of an outcome; `None` where nothing was measured.
pub(crate) fn kept(outcome: &Outcome) -> Option<String> {
    let report: &Report = outcome.as_ref().ok()?;
    let compared = report.checks().iter().filter(|it| it.ratio.is_some());
    let kept = Kept { numbers: report.numbers().clone(), checks: compared.cloned().collect() };
    let any = !kept.numbers.is_empty() || !kept.checks.is_empty();
    any.then(|| serde_json::to_string(&kept).expect("numbers and checks are plain data"))
}

pub(crate) fn measured_in_runs(filter: &RunFilter) -> Select {
    Select::new("SELECT runs.id, runs.number FROM runs").filtered(filter).within(
        "SELECT listed.number, steps.phase, steps.step, steps.measured FROM (",
        ") AS listed JOIN steps ON steps.run = listed.id WHERE steps.measured IS NOT NULL \
         ORDER BY listed.number DESC, steps.seq",
    )
}

fn read(row: &Columns<'_>) -> Result<Measured, Broken> {
    let Kept { numbers, checks } = row.json("measured")?;
    let (number, phase, step) = (row.get("number")?, row.word("phase")?, row.get("step")?);
    Ok(Measured { number, phase, step, numbers, checks })
}
