//! The events of a run, and what history reads off them: steps and phases.

use jiff::Timestamp;
use pipeline_core::{Event, EventKind, Fault, Outcome, Phase, PhaseTotal, RunId, Verdict};
use sqlx::any::AnyRow;

use crate::error::StoreError;
use crate::keep_events::{signed, stored_event};
use crate::pack::{StoredEvent, unpack_events};
use crate::run::{RunFilter, RunHistory};
use crate::select::Select;
use crate::store::Store;
use crate::word::{Broken, Columns};

/// One step of a run that was done: a gate, the builder, a stage or a verifier.
#[derive(Clone, Debug, PartialEq)]
pub struct StepRow {
    /// The phase it belongs to.
    pub phase: Phase,
    /// Its name.
    pub step: String,
    /// Its answer; `None` when there is none.
    pub verdict: Option<Verdict>,
    /// Why there is no answer.
    pub fault: Option<Fault>,
    /// Did it block the run when it was not good?
    pub required: bool,
    /// How long it took.
    pub took_ms: u64,
    /// When it began.
    pub started: Timestamp,
}

impl Store {
    /// The events of a run, in order. Those of a run that was resumed count on.
    pub async fn events(&self, run: &RunId) -> Result<Vec<Event>, StoreError> {
        self.events_page(run, 0, u32::MAX).await
    }

    /// The next events of a run after the one with the number `after` (0 for the first), at most `limit`.
    /// A run may have told millions: whoever reads page after page never holds more than one.
    pub async fn events_page(
        &self,
        run: &RunId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        // Rows before pages: what is packed in between is found there.
        let rows =
            Select::new("SELECT seq, at, kind FROM events").text(" WHERE run = ", run.as_str());
        let rows = rows.number(" AND seq > ", signed(after));
        let rows = self.rows(&rows.number(" ORDER BY seq LIMIT ", limit.into())).await?;
        let mut reader =
            PageReader { run, limit: limit as usize, after: signed(after), events: Vec::new() };
        while !reader.is_full() {
            let Some(row) = self.rows(&page_after(run, reader.after)).await?.pop() else { break };
            reader.add_page(&Columns(&row))?;
        }
        for row in &rows {
            reader.add_row(&Columns(row))?;
        }
        Ok(reader.events)
    }

    /// The steps of a run, in the order in which they ended.
    pub async fn steps(&self, run: &RunId) -> Result<Vec<StepRow>, StoreError> {
        let select = "SELECT seq, phase, step, verdict, fault, required, took_ms, started FROM steps WHERE run = ";
        self.rows_of(run, select, ("step", read_step)).await
    }

    /// What the step of this name last answered in a run, with its numbers; `None` where it was not done.
    pub async fn outcome(&self, run: &RunId, step: &str) -> Result<Option<Outcome>, StoreError> {
        let select = Select::new("SELECT seq FROM steps").text(" WHERE run = ", run.as_str());
        let select = select.text(" AND step = ", step).sql(" ORDER BY seq DESC LIMIT 1");
        let Some(row) = self.rows(&select).await?.pop() else { return Ok(None) };
        let broken = |why| StoreError::unreadable(format!("a step of the run `{run}`"), why);
        // A step's row has the number of the event that it was made from.
        let number: u64 = Columns(&row).number("seq").map_err(broken)?;
        match self.events_page(run, number.saturating_sub(1), 1).await?.pop() {
            Some(Event { seq, kind: EventKind::StepDone { outcome, .. }, .. }) if seq == number => {
                Ok(Some(outcome))
            }
            _ => Ok(None),
        }
    }

    /// The phases of a run, each summed over all its passes.
    pub async fn phases(&self, run: &RunId) -> Result<Vec<PhaseTotal>, StoreError> {
        let select = "SELECT seq, phase, verdict, took_ms FROM phases WHERE run = ";
        let passes = self.rows_of(run, select, ("phase", read_phase)).await?;
        Ok(PhaseTotal::sum(passes))
    }

    /// Runs with their phases, newest first.
    pub async fn history(&self, filter: &RunFilter) -> Result<Vec<RunHistory>, StoreError> {
        let runs = self.runs(filter).await?.into_iter();
        let mut history: Vec<_> = runs.map(|run| RunHistory { run, phases: Vec::new() }).collect();
        for row in &self.rows(&phases_of_runs(filter)).await? {
            let broken = |why| StoreError::unreadable("a phase in the history", why);
            let number: i64 = Columns(row).get("number").map_err(broken)?;
            // Newest first, so in falling order. A run that began since the first query is left out.
            let place = history.binary_search_by(|it| number.cmp(&it.run.number));
            if let Ok(place) = place {
                let pass = read_phase(&Columns(row)).map_err(broken)?;
                let phases = std::mem::take(&mut history[place].phases);
                history[place].phases = PhaseTotal::sum(phases.into_iter().chain([pass]));
            }
        }
        Ok(history)
    }

    async fn rows_of<T>(
        &self,
        run: &RunId,
        select: &'static str,
        (what, read): (&str, Read<T>),
    ) -> Result<Vec<T>, StoreError> {
        let select = Select::new(select).text("", run.as_str()).sql(" ORDER BY seq");
        read_all(run, &self.rows(&select).await?, (what, read))
    }
}

pub(crate) fn page_after(run: &RunId, after: i64) -> Select {
    let select = Select::new("SELECT events FROM event_pages").text(" WHERE run = ", run.as_str());
    select.number(" AND last_seq > ", after).sql(" ORDER BY first_seq LIMIT 1")
}

/// Puts together what is in pages and in rows.
struct PageReader<'a> {
    run: &'a RunId,
    limit: usize,
    /// The number of the last event so far.
    after: i64,
    events: Vec<Event>,
}

impl PageReader<'_> {
    fn is_full(&self) -> bool {
        self.events.len() >= self.limit
    }

    fn add_page(&mut self, row: &Columns<'_>) -> Result<(), StoreError> {
        let stored = row.get::<Vec<u8>>("events").and_then(|packed| unpack_events(&packed));
        let after = self.after;
        let what = || format!("a page of events after {after} of the run `{}`", self.run);
        for event in stored.map_err(|broken| StoreError::unreadable(what(), broken))? {
            self.add(&event)?;
        }
        Ok(())
    }

    fn add_row(&mut self, row: &Columns<'_>) -> Result<(), StoreError> {
        let what = || format!("an event of the run `{}`", self.run);
        let stored = stored_event(row);
        self.add(&stored.map_err(|broken| StoreError::unreadable(what(), broken))?)
    }

    /// Those that are there already are passed over.
    fn add(&mut self, stored: &StoredEvent) -> Result<(), StoreError> {
        if stored.seq <= self.after || self.is_full() {
            return Ok(());
        }
        self.after = stored.seq;
        let what = || format!("event {} of the run `{}`", stored.seq, self.run);
        let event = event_of(stored).map_err(|broken| StoreError::unreadable(what(), broken))?;
        self.events.push(event);
        Ok(())
    }
}

fn event_of(stored: &StoredEvent) -> Result<Event, Broken> {
    let at = Timestamp::from_millisecond(stored.at)?.try_into()?;
    Ok(Event { seq: stored.seq.try_into()?, at, kind: serde_json::from_str(&stored.kind)? })
}

/// How a row becomes a value.
type Read<T> = fn(&Columns<'_>) -> Result<T, Broken>;

fn read_all<T>(
    run: &RunId,
    rows: &[AnyRow],
    (what, read): (&str, Read<T>),
) -> Result<Vec<T>, StoreError> {
    let read = |row| {
        let columns = Columns(row);
        read(&columns).map_err(|broken| {
            let seq: i64 = columns.get("seq").unwrap_or_default();
            StoreError::unreadable(format!("{what} {seq} of the run `{run}`"), broken)
        })
    };
    rows.iter().map(read).collect()
}

pub(crate) fn phases_of_runs(filter: &RunFilter) -> Select {
    Select::new("SELECT runs.id, runs.number FROM runs").filtered(filter).within(
        "SELECT listed.number, phases.phase, phases.verdict, phases.took_ms FROM (",
        ") AS listed JOIN phases ON phases.run = listed.id \
         ORDER BY listed.number DESC, phases.seq",
    )
}

pub(crate) fn read_step(row: &Columns<'_>) -> Result<StepRow, Broken> {
    let fault: Option<String> = row.get("fault")?;
    Ok(StepRow {
        phase: row.word("phase")?,
        step: row.get("step")?,
        verdict: row.maybe_word("verdict")?,
        fault: fault.map(|it| serde_json::from_str(&it)).transpose()?,
        required: row.get::<i64>("required")? != 0,
        took_ms: row.number("took_ms")?,
        started: row.time("started")?,
    })
}

fn read_phase(row: &Columns<'_>) -> Result<PhaseTotal, Broken> {
    Ok(PhaseTotal {
        phase: row.word("phase")?,
        verdict: row.maybe_word("verdict")?,
        took_ms: row.number("took_ms")?,
    })
}
