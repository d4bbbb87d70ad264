//! How long the steps of earlier runs took: what the next one may be expected to take.

use pipeline_core::Phase;
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::run::RunFilter;
use crate::select::Select;
use crate::store::Store;
use crate::word::{Broken, Columns};

/// How long one step took in one pass of a phase of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepTime {
    /// The run's number.
    pub run: i64,
    /// The phase.
    pub phase: Phase,
    /// The step's name.
    pub step: String,
    /// How long, in milliseconds.
    pub took_ms: u64,
}

impl Store {
    /// How long each step of the filtered runs took, newest runs first. One query, whatever the number of runs.
    pub async fn step_times(&self, filter: &RunFilter) -> Result<Vec<StepTime>, StoreError> {
        let rows = self.rows(&step_times_of(filter)).await?;
        let read = |row: &AnyRow| {
            let what = "how long a step took";
            read_time(&Columns(row)).map_err(|broken| StoreError::unreadable(what, broken))
        };
        rows.iter().map(read).collect()
    }
}

pub(crate) fn step_times_of(filter: &RunFilter) -> Select {
    Select::new("SELECT runs.id, runs.number FROM runs").filtered(filter).within(
        "SELECT listed.number, steps.phase, steps.step, steps.took_ms FROM (",
        ") AS listed JOIN steps ON steps.run = listed.id ORDER BY listed.number DESC, steps.seq",
    )
}

fn read_time(row: &Columns<'_>) -> Result<StepTime, Broken> {
    Ok(StepTime {
        run: row.get("number")?,
        phase: row.word("phase")?,
        step: row.get("step")?,
        took_ms: row.number("took_ms")?,
    })
}
