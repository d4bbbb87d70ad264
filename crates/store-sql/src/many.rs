//! What is asked about many runs at once: one query, however many they are.

use std::collections::BTreeMap;

use pipeline_core::{Clock, EventKind, Outcome, Phase};

use crate::address::Address;
use crate::error::StoreError;
use crate::events::{StepRow, read_step};
use crate::pack::unpack_events;
use crate::run::RunFilter;
use crate::select::Select;
use crate::store::Store;
use crate::word::{Broken, Columns, word};

impl Store {
    /// Opens the store at `url` as [`open`](Self::open) does; `None` where there is none yet, and none is made: who only looks leaves
    /// nothing.
    pub async fn open_existing(
        url: &str,
        clock: impl Clock + 'static,
    ) -> Result<Option<Self>, StoreError> {
        if Address::parse(url)? != Address::Memory && !Self::exists(url).await? {
            return Ok(None);
        }
        Self::open(url, clock).await.map(Some)
    }

    /// The steps of the runs that a filter asks for, with the numbers of their runs: newest run first, steps in the order in which they
    /// ended. Only those of one phase, if one is named.
    pub async fn steps_of(
        &self,
        filter: &RunFilter,
        phase: Option<Phase>,
    ) -> Result<Vec<(i64, StepRow)>, StoreError> {
        let rows = self.rows(&steps_of_runs(filter, phase)).await?;
        let broken = |why| StoreError::unreadable("a step in the history", why);
        let read = |row| {
            let columns = Columns(row);
            Ok((columns.get("number").map_err(broken)?, read_step(&columns).map_err(broken)?))
        };
        rows.iter().map(read).collect()
    }

    /// The earlier runs whose releases the runs brought that a filter asks for, promoted from another environment or brought back: their
    /// environments and versions, by the numbers of the runs that brought them.
    pub async fn sources(
        &self,
        filter: &RunFilter,
    ) -> Result<BTreeMap<i64, (String, String)>, StoreError> {
        let rows = self.rows(&sources_of_runs(filter)).await?;
        let broken = |why: Broken| StoreError::unreadable("an earlier run in the history", why);
        let read = |row| -> Result<_, Broken> {
            let columns = Columns(row);
            let source: i64 = columns.get("source")?;
            Ok((columns.get("number")?, (columns.get("environment")?, format!("v{source}"))))
        };
        rows.iter().map(|row| read(row).map_err(broken)).collect()
    }

    /// What the step of this name last answered in each of the runs that a filter asks for, by the numbers of the runs.
    pub async fn outcomes(
        &self,
        filter: &RunFilter,
        step: &str,
    ) -> Result<BTreeMap<i64, Outcome>, StoreError> {
        // Rows before pages: what is packed in between is found there.
        let rows = self.rows(&rows_of_runs(filter, step)).await?;
        let pages = self.rows(&pages_of_runs(filter, step)).await?;
        let broken = |why| StoreError::unreadable(format!("an answer of `{step}`"), why);
        let mut last: BTreeMap<i64, (i64, Outcome)> = BTreeMap::new();
        for row in pages.iter().chain(&rows) {
            let columns = Columns(row);
            let answer = answer_in(&columns).map_err(broken)?;
            let number: i64 = columns.get("number").map_err(broken)?;
            if let Some(answer) =
                answer.filter(|it| last.get(&number).is_none_or(|(seq, _)| *seq <= it.0))
            {
                last.insert(number, answer);
            }
        }
        Ok(last.into_iter().map(|(number, (_, outcome))| (number, outcome)).collect())
    }
}

/// The answer that a row holds, or a page, with the number of its event.
fn answer_in(row: &Columns<'_>) -> Result<Option<(i64, Outcome)>, Broken> {
    let seq: i64 = row.get("seq")?;
    let kind = if let Some(kind) = row.get::<Option<String>>("kind")? {
        Some(kind)
    } else {
        let page = unpack_events(&row.get::<Vec<u8>>("events")?)?;
        page.into_iter().find(|it| it.seq == seq).map(|it| it.kind)
    };
    let kind: Option<EventKind> = kind.map(|it| serde_json::from_str(&it)).transpose()?;
    Ok(match kind {
        Some(EventKind::StepDone { outcome, .. }) => Some((seq, outcome)),
        _ => None,
    })
}

fn listed(filter: &RunFilter, columns: &str) -> Select {
    let before = format!("SELECT listed.number, {columns} FROM (");
    let joined = ") AS listed JOIN steps ON steps.run = listed.id";
    Select::new("SELECT runs.id, runs.number FROM runs").filtered(filter).within(&before, joined)
}

pub(crate) fn steps_of_runs(filter: &RunFilter, phase: Option<Phase>) -> Select {
    let columns = "steps.phase, steps.step, steps.verdict, steps.fault, steps.required, \
                   steps.took_ms, steps.started";
    let steps = listed(filter, columns);
    let steps = match phase {
        Some(phase) => steps.text(" AND steps.phase = ", word(&phase)),
        None => steps,
    };
    steps.sql(" ORDER BY listed.number DESC, steps.seq")
}

pub(crate) fn sources_of_runs(filter: &RunFilter) -> Select {
    let brought = "SELECT COALESCE(runs.promotes, runs.restores) AS brought, runs.number FROM runs";
    Select::new(brought).filtered(filter).within(
        "SELECT listed.number, source.environment, source.number AS source FROM (",
        ") AS listed JOIN runs AS source ON source.id = listed.brought",
    )
}

/// A step's row has the number of the event that it was made from: of a run that goes on, it is a row itself.
pub(crate) fn rows_of_runs(filter: &RunFilter, step: &str) -> Select {
    listed(filter, "steps.seq, events.kind")
        .text(" AND steps.step = ", step)
        .sql(" JOIN events ON events.run = steps.run AND events.seq = steps.seq")
        .sql(" ORDER BY listed.number DESC, steps.seq")
}

/// And of a run that is over, it is in a page.
pub(crate) fn pages_of_runs(filter: &RunFilter, step: &str) -> Select {
    listed(filter, "steps.seq, CAST(NULL AS TEXT) AS kind, event_pages.events")
        .text(" AND steps.step = ", step)
        .sql(" JOIN event_pages ON event_pages.run = steps.run")
        .sql(" AND event_pages.first_seq <= steps.seq AND event_pages.last_seq >= steps.seq")
        .sql(" ORDER BY listed.number DESC, steps.seq")
}
