//! The events of a run, and what history reads off them: steps and phases.

use std::time::SystemTime;

use jiff::Timestamp;
use pipeline_core::{Event, EventKind, Fault, Outcome, Phase, RunId, Verdict};
use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};

use crate::cut::bounded;
use crate::error::StoreError;
use crate::run::{PhaseRow, RunFilter, RunHistory};
use crate::select::Select;
use crate::store::Store;
use crate::word::{Broken, Columns, word};

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
        let select = "SELECT seq, at, kind FROM events WHERE run = $1 ORDER BY seq";
        self.rows_of(run, select, ("event", read_event)).await
    }

    /// The steps of a run, in the order in which they ended.
    pub async fn steps(&self, run: &RunId) -> Result<Vec<StepRow>, StoreError> {
        let select = "SELECT seq, phase, step, verdict, fault, required, took_ms, started FROM steps \
                      WHERE run = $1 ORDER BY seq";
        self.rows_of(run, select, ("step", read_step)).await
    }

    /// What the step of this name last answered in a run, with its numbers; `None` where it was not done.
    pub async fn outcome(&self, run: &RunId, step: &str) -> Result<Option<Outcome>, StoreError> {
        // A step's row has the number of the event that it was made from.
        let select = "SELECT events.seq, events.at, events.kind FROM steps \
                      JOIN events ON events.run = steps.run AND events.seq = steps.seq \
                      WHERE steps.run = $1 AND steps.step = $2 ORDER BY steps.seq DESC LIMIT 1";
        let row = sqlx::query(select).bind(run.to_string()).bind(step.to_owned());
        let row = row.fetch_optional(self.reader()).await.map_err(|error| self.wrong(error))?;
        let Some(row) = row else { return Ok(None) };
        let event = read_event(&Columns(&row)).map_err(|broken| {
            StoreError::unreadable(format!("the answer of `{step}` in the run `{run}`"), broken)
        })?;
        match event.kind {
            EventKind::StepDone { outcome, .. } => Ok(Some(outcome)),
            _ => Ok(None),
        }
    }

    /// The phases of a run, each summed over all its passes.
    pub async fn phases(&self, run: &RunId) -> Result<Vec<PhaseRow>, StoreError> {
        let select = "SELECT seq, phase, verdict, took_ms FROM phases WHERE run = $1 ORDER BY seq";
        let passes = self.rows_of(run, select, ("phase", read_phase)).await?;
        Ok(passes.into_iter().fold(Vec::new(), add_pass))
    }

    /// Runs with their phases, newest first.
    pub async fn history(&self, filter: &RunFilter) -> Result<Vec<RunHistory>, StoreError> {
        let runs = self.runs(filter).await?.into_iter();
        let mut history: Vec<_> = runs.map(|run| RunHistory { run, phases: Vec::new() }).collect();
        let rows = phases_of_runs(filter).all(self.reader()).await;
        for row in &rows.map_err(|error| self.wrong(error))? {
            let broken = |why| StoreError::unreadable("a phase in the history", why);
            let number: i64 = Columns(row).get("number").map_err(broken)?;
            // Newest first, so in falling order. A run that began since the first query is left out.
            let place = history.binary_search_by(|it| number.cmp(&it.run.number));
            if let Ok(place) = place {
                let phases = std::mem::take(&mut history[place].phases);
                history[place].phases =
                    add_pass(phases, read_phase(&Columns(row)).map_err(broken)?);
            }
        }
        Ok(history)
    }

    /// Adds events and the rows made from them, in one transaction.
    pub(crate) async fn put_events(&self, run: &RunId, events: &[Event]) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        let mut tx = self.write().await?;
        put(run.as_str(), events, &mut tx).await.map_err(|error| self.wrong(error))?;
        self.commit(tx).await
    }

    async fn rows_of<T>(
        &self,
        run: &RunId,
        select: &'static str,
        (what, read): (&str, Read<T>),
    ) -> Result<Vec<T>, StoreError> {
        let rows = sqlx::query(select).bind(run.to_string()).fetch_all(self.reader()).await;
        let rows = rows.map_err(|error| self.wrong(error))?;
        let read = |row: &AnyRow| {
            let columns = Columns(row);
            read(&columns).map_err(|broken| {
                let seq: i64 = columns.get("seq").unwrap_or_default();
                StoreError::unreadable(format!("{what} {seq} of the run `{run}`"), broken)
            })
        };
        rows.iter().map(read).collect()
    }
}

/// How a row becomes a value.
type Read<T> = fn(&Columns<'_>) -> Result<T, Broken>;

/// Numbers go on after those that are there: each process counts its own events from 1.
async fn put(run: &str, events: &[Event], tx: &mut Transaction<'_, Any>) -> sqlx::Result<()> {
    let last = sqlx::query("SELECT COALESCE(MAX(seq), 0) FROM events WHERE run = $1");
    let last: i64 = last.bind(run.to_owned()).fetch_one(&mut **tx).await?.try_get(0)?;
    for (seq, event) in (last + 1..).zip(events) {
        let (text, cut) = bounded(&event.kind);
        let at = millis(event.at);
        sqlx::query("INSERT INTO events (run, seq, at, kind) VALUES ($1, $2, $3, $4)")
            .bind(run.to_owned())
            .bind(seq)
            .bind(at)
            .bind(text)
            .execute(&mut **tx)
            .await?;
        put_done((run, seq, at), cut.as_ref().unwrap_or(&event.kind), tx).await?;
    }
    Ok(())
}

/// The row of a step or phase that ended with this event.
async fn put_done(
    (run, seq, at): (&str, i64, i64),
    kind: &EventKind,
    tx: &mut Transaction<'_, Any>,
) -> sqlx::Result<()> {
    let insert = match kind {
        EventKind::StepDone { phase, step, outcome, required, took_ms, .. } => {
            let took = signed(*took_ms);
            let fault = outcome.as_ref().err();
            let fault = fault.map(|it| serde_json::to_string(it).expect("a fault is plain data"));
            sqlx::query(
                "INSERT INTO steps (run, seq, phase, verdict, took_ms, step, fault, required, started) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            )
            .bind(run.to_owned())
            .bind(seq)
            .bind(word(phase))
            .bind(outcome.as_ref().ok().map(|report| word(&report.verdict())))
            .bind(took)
            .bind(step.clone())
            .bind(fault)
            .bind(i64::from(*required))
            .bind(at.saturating_sub(took))
        }
        EventKind::PhaseEnded { phase, verdict, took_ms } => sqlx::query(
            "INSERT INTO phases (run, seq, phase, verdict, took_ms) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(run.to_owned())
        .bind(seq)
        .bind(word(phase))
        .bind(verdict.as_ref().map(word))
        .bind(signed(*took_ms)),
        _ => return Ok(()),
    };
    insert.execute(&mut **tx).await.map(drop)
}

/// Adds one pass of a phase to those of its run.
fn add_pass(mut phases: Vec<PhaseRow>, pass: PhaseRow) -> Vec<PhaseRow> {
    match phases.iter_mut().find(|it| it.phase == pass.phase) {
        Some(sum) => {
            sum.took_ms += pass.took_ms;
            sum.verdict = match (sum.verdict, pass.verdict) {
                (Some(Verdict::Alert), Some(Verdict::Passed)) => Some(Verdict::Alert),
                (_, last) => last,
            };
        }
        None => phases.push(pass),
    }
    phases
}

pub(crate) fn phases_of_runs(filter: &RunFilter) -> Select {
    Select::new("SELECT runs.id, runs.number FROM runs").filtered(filter).within(
        "SELECT listed.number, phases.phase, phases.verdict, phases.took_ms FROM (",
        ") AS listed JOIN phases ON phases.run = listed.id \
         ORDER BY listed.number DESC, phases.seq",
    )
}

fn read_event(row: &Columns<'_>) -> Result<Event, Broken> {
    let at = row.time("at")?.try_into()?;
    Ok(Event { seq: row.number("seq")?, at, kind: row.json("kind")? })
}

fn read_step(row: &Columns<'_>) -> Result<StepRow, Broken> {
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

fn read_phase(row: &Columns<'_>) -> Result<PhaseRow, Broken> {
    Ok(PhaseRow {
        phase: row.word("phase")?,
        verdict: row.maybe_word("verdict")?,
        took_ms: row.number("took_ms")?,
    })
}

fn millis(at: SystemTime) -> i64 {
    Timestamp::try_from(at).unwrap_or(Timestamp::MAX).as_millisecond()
}

fn signed(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}
