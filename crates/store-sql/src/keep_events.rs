//! Keeping the events of a run: as rows while it goes on, packed into pages once its recorder is closed.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use pipeline_core::{Event, EventKind, RunId};
use sqlx::{Any, Row, Transaction};

use crate::connection::PATIENCE;
use crate::cut::bounded;
use crate::error::StoreError;
use crate::insert::Insert;
use crate::measured::kept;
use crate::pack::{StoredEvent, pack_events};
use crate::select::{Select, Value};
use crate::store::Store;
use crate::word::{Broken, Columns, word};

/// The most events of one page.
const PAGE: i64 = 500;

/// A page takes no more once it is so long, in bytes before it is packed.
const LONG: usize = 1 << 20;

impl Store {
    /// Adds events and the rows made from them, in one transaction.
    pub(crate) async fn put_events(
        &self,
        run: &RunId,
        events: &[Event],
        patience: Duration,
    ) -> Result<(), StoreError> {
        if events.is_empty() {
            return Ok(());
        }
        let texts: Vec<_> = events.iter().map(|event| bounded(&event.kind)).collect();
        let batch = Batch { run, events, texts, first: AtomicI64::new(0) };
        self.patiently(patience, || self.try_to_put(&batch)).await
    }

    async fn try_to_put(&self, batch: &Batch<'_>) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        batch.put(self, &mut tx).await.map_err(|error| self.wrong(error))?;
        self.commit(tx).await
    }

    /// Packs the events of a run into pages: they take a tenth of the room so.
    pub(crate) async fn pack(&self, run: &RunId) -> Result<(), StoreError> {
        while self.patiently(PATIENCE, || self.pack_page(run)).await? {}
        Ok(())
    }

    /// Packs one page; was there any?
    async fn pack_page(&self, run: &RunId) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        self.hold(run, &mut tx).await.map_err(|error| self.wrong(error))?;
        let rows =
            Select::new("SELECT seq, at, kind FROM events").text(" WHERE run = ", run.as_str());
        let rows = rows.number(" ORDER BY seq LIMIT ", PAGE).all(&mut *tx).await;
        let rows = rows.map_err(|error| self.wrong(error))?;
        let stored = rows.iter().map(|row| stored_event(&Columns(row))).collect::<Result<_, _>>();
        let broken = |why| StoreError::unreadable(format!("an event of the run `{run}`"), why);
        let Some(page) = Page::of(stored.map_err(broken)?) else { return Ok(false) };
        page.put(run, &mut tx).await.map_err(|error| self.wrong(error))?;
        self.commit(tx).await?;
        Ok(true)
    }
}

/// Events that are added together.
struct Batch<'a> {
    run: &'a RunId,
    events: &'a [Event],
    /// As they are stored, and what of them was cut.
    texts: Vec<(String, Option<EventKind>)>,
    /// The number that the last try would have given the first of them, if it got so far.
    first: AtomicI64,
}

impl Batch<'_> {
    /// Numbers go on after those that are there: each process counts its own events from 1.
    async fn put(&self, store: &Store, tx: &mut Transaction<'static, Any>) -> sqlx::Result<()> {
        store.hold(self.run, tx).await?;
        if self.is_kept(tx).await? {
            return Ok(());
        }
        let last = last_number(self.run, tx).await?;
        self.first.store(last + 1, Ordering::SeqCst);
        let mut events = Insert::into("events", &["run", "seq", "at", "kind"]);
        let mut steps = Insert::into("steps", &STEP);
        let mut phases = Insert::into("phases", &["run", "seq", "phase", "verdict", "took_ms"]);
        for ((seq, event), (text, cut)) in (last + 1..).zip(self.events).zip(&self.texts) {
            let at = millis(event.at);
            let run = || Value::from(self.run.as_str());
            events.row(vec![run(), seq.into(), at.into(), text.as_str().into()]);
            match done((run(), seq, at), cut.as_ref().unwrap_or(&event.kind)) {
                Some(Done::Step(row)) => steps.row(row),
                Some(Done::Phase(row)) => phases.row(row),
                None => {}
            }
        }
        events.execute(tx).await?;
        steps.execute(tx).await?;
        phases.execute(tx).await
    }

    /// Was it kept by a try of which nobody heard?
    async fn is_kept(&self, tx: &mut Transaction<'static, Any>) -> sqlx::Result<bool> {
        let first = self.first.load(Ordering::SeqCst);
        if first == 0 {
            return Ok(false);
        }
        let row = Select::new("SELECT seq FROM events").text(" WHERE run = ", self.run.as_str());
        let row = row.number(" AND seq = ", first).number(" AND at = ", millis(self.events[0].at));
        let row = row.text(" AND kind = ", self.texts[0].0.as_str());
        Ok(!row.all(&mut **tx).await?.is_empty())
    }
}

/// Events that become one page.
struct Page {
    first: i64,
    last: i64,
    packed: Vec<u8>,
}

impl Page {
    fn of(mut events: Vec<StoredEvent>) -> Option<Self> {
        let mut long = 0;
        let fits = |it: &&StoredEvent| {
            let fits = long < LONG;
            long += it.kind.len();
            fits
        };
        let count = events.iter().take_while(fits).count();
        events.truncate(count);
        let (first, last) = (events.first()?.seq, events.last()?.seq);
        Some(Self { first, last, packed: pack_events(&events) })
    }

    async fn put(self, run: &RunId, tx: &mut Transaction<'static, Any>) -> sqlx::Result<()> {
        let mut page = Insert::into("event_pages", &["run", "first_seq", "last_seq", "events"]);
        page.row(vec![
            run.as_str().into(),
            self.first.into(),
            self.last.into(),
            self.packed.into(),
        ]);
        page.execute(tx).await?;
        let rows = sqlx::query("DELETE FROM events WHERE run = $1 AND seq <= $2");
        rows.bind(run.to_string()).bind(self.last).execute(&mut **tx).await.map(drop)
    }
}

/// The number of a run's last event; 0 where there is none.
async fn last_number(run: &RunId, tx: &mut Transaction<'_, Any>) -> sqlx::Result<i64> {
    let last = "SELECT COALESCE(MAX(last_seq), 0) FROM (SELECT MAX(seq) AS last_seq FROM events \
                WHERE run = $1 UNION ALL SELECT MAX(last_seq) FROM event_pages WHERE run = $1) AS ends";
    sqlx::query(last).bind(run.to_string()).fetch_one(&mut **tx).await?.try_get(0)
}

const STEP: [&str; 10] = [
    "run", "seq", "phase", "verdict", "took_ms", "step", "fault", "required", "started", "measured",
];

/// The row of what ended with an event.
enum Done {
    Step(Vec<Value>),
    Phase(Vec<Value>),
}

fn done((run, seq, at): (Value, i64, i64), kind: &EventKind) -> Option<Done> {
    match kind {
        EventKind::StepDone { phase, step, outcome, required, took_ms, .. } => {
            let took = signed(*took_ms);
            let fault = outcome.as_ref().err();
            let fault = fault.map(|it| serde_json::to_string(it).expect("a fault is plain data"));
            let verdict = outcome.as_ref().ok().map(|report| word(&report.verdict()));
            let row = vec![run, seq.into(), word(phase).into(), verdict.into(), took.into()];
            let rest = [step.as_str().into(), fault.into(), i64::from(*required).into()];
            let started = at.saturating_sub(took).into();
            let rest = rest.into_iter().chain([started, kept(outcome).into()]);
            Some(Done::Step(row.into_iter().chain(rest).collect()))
        }
        EventKind::PhaseEnded { phase, verdict, took_ms } => {
            let verdict = verdict.as_ref().map(word);
            let row = vec![run, seq.into(), word(phase).into(), verdict.into()];
            Some(Done::Phase(row.into_iter().chain([signed(*took_ms).into()]).collect()))
        }
        _ => None,
    }
}

pub(crate) fn stored_event(row: &Columns<'_>) -> Result<StoredEvent, Broken> {
    Ok(StoredEvent { seq: row.get("seq")?, at: row.get("at")?, kind: row.get("kind")? })
}

fn millis(at: SystemTime) -> i64 {
    Timestamp::try_from(at).unwrap_or(Timestamp::MAX).as_millisecond()
}

pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
