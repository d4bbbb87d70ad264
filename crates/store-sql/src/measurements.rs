//! What verifiers measured: baselines, and the samples that verdicts rest on.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use pipeline_core::RunId;
use serde_json::Value;
use sqlx::any::AnyRow;
use sqlx::{Any, Transaction};

use crate::connection::PATIENCE;
use crate::error::StoreError;
use crate::insert::Insert;
use crate::pack::{Point, pack_points, unpack_points};
use crate::select::Select;
use crate::store::Store;
use crate::word::{Broken, Columns};

/// The latency that an endpoint of a target is held to.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// The endpoint, such as `GET /`.
    pub endpoint: String,
    /// When it was recorded.
    pub at: Timestamp,
    /// The measurement; only the verifier that made it reads it.
    pub document: Value,
}

/// The samples of one endpoint, taken by one verifier at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    /// The verifier.
    pub verifier: String,
    /// The endpoint, such as `GET /`.
    pub endpoint: String,
    /// The one instance that was asked; `None` where users' requests go.
    pub instance: Option<String>,
    /// What they were taken for, in the verifier's own word; [`NEW`](Self::NEW) is the release under test.
    pub role: String,
    /// The samples, as they were taken.
    pub samples: Vec<Sample>,
}

/// Samples of a release that turned out well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastSeries {
    /// The run that brought it.
    pub run: RunId,
    /// What was measured then.
    pub series: Series,
}

/// One request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When it was sent, to the microsecond.
    pub at: Timestamp,
    /// How long the whole answer took, in microseconds; without an answer, how long it was waited for.
    pub latency_us: u64,
    /// The status of the answer; `None` when there was none.
    pub status: Option<u16>,
}

const SERIES: &str =
    "SELECT batch, verifier, endpoint, instance, role, at, points, packed FROM samples";

impl Series {
    /// The role of samples of the release that a run brought. Only they are what later releases are held to.
    pub const NEW: &'static str = "new";

    fn place(&self) -> (&str, &str, Option<&str>) {
        (&self.verifier, &self.endpoint, self.instance.as_deref())
    }
}

impl Store {
    /// The baseline of an endpoint of a target.
    pub async fn baseline(
        &self,
        target: &str,
        endpoint: &str,
    ) -> Result<Option<Baseline>, StoreError> {
        let all = Select::new("SELECT endpoint, at, document FROM baselines");
        let one = all.text(" WHERE target = ", target).text(" AND endpoint = ", endpoint);
        Ok(self.select_baselines(target, &one).await?.pop())
    }

    /// All baselines of a target, by endpoint.
    pub async fn baselines(&self, target: &str) -> Result<Vec<Baseline>, StoreError> {
        let all = Select::new("SELECT endpoint, at, document FROM baselines");
        let all = all.text(" WHERE target = ", target);
        let mut all = self.select_baselines(target, &all).await?;
        all.sort_by(|a, b| a.endpoint.cmp(&b.endpoint));
        Ok(all)
    }

    /// Records the baseline of an endpoint of a target, in place of an older one.
    pub async fn put_baseline(
        &self,
        target: &str,
        endpoint: &str,
        document: &Value,
    ) -> Result<(), StoreError> {
        let insert = sqlx::query(
            "INSERT INTO baselines (target, endpoint, at, document) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (target, endpoint) DO UPDATE SET at = excluded.at, document = excluded.document",
        );
        let insert = insert
            .bind(target.to_owned())
            .bind(endpoint.to_owned())
            .bind(self.now_ms())
            .bind(document.to_string());
        let mut tx = self.write().await?;
        insert.execute(&mut *tx).await.map_err(|error| self.wrong(error))?;
        self.commit(tx).await
    }

    /// Adds samples to a run, all or none of them: what was measured together.
    pub async fn put_samples(&self, run: &RunId, batch: &[Series]) -> Result<(), StoreError> {
        let tried = AtomicI64::new(0);
        self.patiently(PATIENCE, || self.try_to_put_samples(run, batch, &tried)).await
    }

    async fn try_to_put_samples(
        &self,
        run: &RunId,
        batch: &[Series],
        tried: &AtomicI64,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        self.hold(run, &mut tx).await.map_err(|error| self.wrong(error))?;
        let number = next_batch(run, &mut tx).await.map_err(|error| self.wrong(error))?;
        // A run has one process: if a batch was added since the last try, it is the one that nobody heard of.
        let before = tried.swap(number, Ordering::SeqCst);
        if before != 0 && before < number {
            return Ok(());
        }
        for series in batch {
            put((run, number), series, &mut tx).await.map_err(|error| self.wrong(error))?;
        }
        self.commit(tx).await
    }

    /// The samples of a run: each batch as it was put, in the order in which its series were begun.
    pub async fn samples(&self, run: &RunId) -> Result<Vec<Vec<Series>>, StoreError> {
        let select = Select::new(SERIES).text(" WHERE run = ", run.as_str());
        let numbered = |row: &AnyRow| {
            let begun: i64 = Columns(row).get("at")?;
            Ok((Columns(row).get::<i64>("batch")?, begun, read_series(row)?))
        };
        let mut all = self.select_samples(run.as_str(), &select, numbered).await?;
        // Here, because databases disagree on the order of texts.
        all.sort_by(|(one, at, a), (other, then, b)| {
            (one, at, a.place()).cmp(&(other, then, b.place()))
        });
        let batches = all.chunk_by(|(one, ..), (other, ..)| one == other);
        Ok(batches.map(|it| it.iter().map(|(.., series)| series.clone()).collect()).collect())
    }

    /// The samples of an endpoint in a target's last healthy runs, newest run first: those that passed
    /// without an alert and are not marked bad.
    pub async fn healthy_samples(
        &self,
        target: &str,
        endpoint: &str,
        runs: u32,
    ) -> Result<Vec<PastSeries>, StoreError> {
        let select = healthy(target, endpoint, runs);
        let numbered = |row: &AnyRow| {
            let begun: i64 = Columns(row).get("at")?;
            Ok((Reverse(Columns(row).get::<i64>("number")?), begun, read_past(row)?))
        };
        let mut all = self.select_samples(target, &select, numbered).await?;
        all.sort_by(|(one, at, a), (other, then, b)| {
            (one, at, a.series.place()).cmp(&(other, then, b.series.place()))
        });
        Ok(all.into_iter().map(|(.., past)| past).collect())
    }

    async fn select_baselines(
        &self,
        target: &str,
        select: &Select,
    ) -> Result<Vec<Baseline>, StoreError> {
        let rows = self.rows(select).await?;
        let what = || format!("a baseline of {target}");
        let read =
            |row| read_baseline(row).map_err(|broken| StoreError::unreadable(what(), broken));
        rows.iter().map(read).collect()
    }

    async fn select_samples<T>(
        &self,
        whose: &str,
        select: &Select,
        read: impl Fn(&AnyRow) -> Result<T, Broken>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = self.rows(select).await?;
        let what = || format!("a sample of `{whose}`");
        let read = |row| read(row).map_err(|broken| StoreError::unreadable(what(), broken));
        rows.iter().map(read).collect()
    }
}

async fn next_batch(run: &RunId, tx: &mut Transaction<'_, Any>) -> sqlx::Result<i64> {
    let last = "SELECT COALESCE(MAX(batch), 0) FROM samples WHERE run = $1";
    let last: i64 = sqlx::query_scalar(last).bind(run.to_string()).fetch_one(&mut **tx).await?;
    Ok(last + 1)
}

async fn put(
    (run, batch): (&RunId, i64),
    series: &Series,
    tx: &mut Transaction<'_, Any>,
) -> sqlx::Result<()> {
    let Some(first) = series.samples.iter().map(|it| it.at.as_millisecond()).min() else {
        return Ok(());
    };
    let after = |at: Timestamp| at.as_microsecond() - first * 1_000;
    let point = |it: &Sample| (after(it.at), it.latency_us, it.status);
    let points: Vec<Point> = series.samples.iter().map(point).collect();
    let mut insert = Insert::into("samples", &SAMPLES);
    insert.row(vec![
        run.as_str().into(),
        batch.into(),
        series.verifier.as_str().into(),
        series.endpoint.as_str().into(),
        series.instance.clone().into(),
        series.role.as_str().into(),
        first.into(),
        "".into(),
        pack_points(&points).into(),
    ]);
    insert.execute(tx).await
}

const SAMPLES: [&str; 9] =
    ["run", "batch", "verifier", "endpoint", "instance", "role", "at", "points", "packed"];

/// A phase without an answer, or with any but a pass, disqualifies its run.
pub(crate) fn healthy(target: &str, endpoint: &str, runs: u32) -> Select {
    let chosen = Select::new(
        "SELECT healthy.number, samples.run, samples.verifier, samples.endpoint, samples.instance, samples.role, \
         samples.at, samples.points, samples.packed \
         FROM samples JOIN (SELECT id, number FROM runs",
    );
    chosen
        .text(" WHERE runs.target = ", target)
        .sql(" AND runs.outcome = 'PASS' AND runs.bad IS NULL")
        .sql(" AND NOT EXISTS (SELECT 1 FROM phases WHERE phases.run = runs.id")
        .sql(" AND phases.phase = 'verify' AND COALESCE(phases.verdict, '') <> 'passed')")
        .sql(" AND EXISTS (SELECT 1 FROM samples WHERE samples.run = runs.id")
        .text(" AND samples.endpoint = ", endpoint)
        .number(") ORDER BY runs.number DESC LIMIT ", runs.into())
        .text(") AS healthy ON samples.run = healthy.id WHERE samples.endpoint = ", endpoint)
        .text(" AND samples.role = ", Series::NEW)
}

fn read_baseline(row: &AnyRow) -> Result<Baseline, Broken> {
    let row = Columns(row);
    Ok(Baseline {
        endpoint: row.get("endpoint")?,
        at: row.time("at")?,
        document: row.json("document")?,
    })
}

fn read_past(row: &AnyRow) -> Result<PastSeries, Broken> {
    Ok(PastSeries {
        run: RunId::new(Columns(row).get::<String>("run")?),
        series: read_series(row)?,
    })
}

fn read_series(row: &AnyRow) -> Result<Series, Broken> {
    let row = Columns(row);
    let first: i64 = row.get("at")?;
    let points: Vec<Point> = match row.get::<Option<Vec<u8>>>("packed")? {
        Some(packed) => unpack_points(&packed)?,
        // As an older pipeline wrote them.
        None => row.json("points")?,
    };
    let sample = |(after, latency_us, status)| {
        let at = Timestamp::from_microsecond(first.saturating_mul(1_000).saturating_add(after))?;
        Ok(Sample { at, latency_us, status })
    };
    Ok(Series {
        verifier: row.get("verifier")?,
        endpoint: row.get("endpoint")?,
        instance: row.get("instance")?,
        role: row.get("role")?,
        samples: points.into_iter().map(sample).collect::<Result<_, Broken>>()?,
    })
}
