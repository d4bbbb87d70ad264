//! Runs: beginning, ending and finding them.

use jiff::Timestamp;
use pipeline_core::RunId;
use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};
use uuid::{NoContext, Uuid};

use crate::connection::PATIENCE;
use crate::error::StoreError;
use crate::run::{Ending, NewRun, RunFilter, RunRow};
use crate::select::Select;
use crate::store::Store;
use crate::word::{Broken, Columns, word};

pub(crate) const RUNS: &str = "SELECT id, number, kind, environment, target, revision, image, origin, \
     restores, promotes, who, host, pid, pipeline, started, ended, conclusion, outcome, exit_code, bad, \
     traffic_back FROM runs";

impl Store {
    /// Records that a run begins and gives it its name and number. Numbers have no gaps.
    pub async fn begin(&self, run: &NewRun) -> Result<RunRow, StoreError> {
        let started = self.now();
        let id = new_id(started);
        let number = self.patiently(PATIENCE, || self.try_to_begin(run, &id, started)).await?;
        let (version, begun) = (format!("v{number}"), run.clone());
        Ok(RunRow {
            id,
            number,
            version,
            begun,
            started,
            ended: None,
            ending: None,
            bad: None,
            traffic_back_ms: None,
        })
    }

    async fn try_to_begin(
        &self,
        run: &NewRun,
        id: &RunId,
        started: Timestamp,
    ) -> Result<i64, StoreError> {
        let mut tx = self.write().await?;
        // Waits for whoever counts just now, also for a try of which nobody heard.
        let number = self.next_number(&mut tx).await?;
        let begun = sqlx::query("SELECT number FROM runs WHERE id = $1").bind(id.to_string());
        let begun = begun.fetch_optional(&mut *tx).await.map_err(|error| self.wrong(error))?;
        if let Some(begun) = begun {
            return begun.try_get(0).map_err(|error| self.wrong(error));
        }
        let insert = sqlx::query(
            "INSERT INTO runs (id, number, kind, environment, target, revision, image, origin, \
             restores, promotes, who, host, pid, pipeline, started) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        );
        let insert = insert
            .bind(id.as_str().to_owned())
            .bind(number)
            .bind(word(&run.kind))
            .bind(run.environment.clone())
            .bind(run.target.clone())
            .bind(run.revision.clone())
            .bind(run.image.clone())
            .bind(run.origin.clone())
            .bind(run.restores.as_ref().map(|it| it.as_str().to_owned()))
            .bind(run.promotes.as_ref().map(|it| it.as_str().to_owned()))
            .bind(run.who.clone())
            .bind(run.host.clone())
            .bind(i64::from(run.pid))
            .bind(run.pipeline_version.clone())
            .bind(started.as_millisecond());
        insert.execute(&mut *tx).await.map_err(|error| self.wrong(error))?;
        self.commit(tx).await?;
        Ok(number)
    }

    /// Records how a run ended. The first ending stays, but for a stuck one: that run can be resumed, and
    /// then ends better. Saying it again does no harm. A run that was interrupted gets none.
    pub async fn finish(&self, run: &RunId, ending: &Ending) -> Result<(), StoreError> {
        self.patiently(PATIENCE, || self.try_to_finish(run, ending)).await
    }

    async fn try_to_finish(&self, run: &RunId, ending: &Ending) -> Result<(), StoreError> {
        // A run that exists and is over already is known and left alone.
        let known = sqlx::query("UPDATE runs SET id = id WHERE id = $1").bind(run.to_string());
        let update = sqlx::query(
            "UPDATE runs SET ended = $2, conclusion = $3, outcome = $4, exit_code = $5 \
             WHERE id = $1 AND (ended IS NULL OR conclusion = 'stuck')",
        );
        let update = update
            .bind(run.as_str().to_owned())
            .bind(self.now_ms())
            .bind(ending.conclusion.as_ref().map(word))
            .bind(word(&ending.outcome))
            .bind(i64::from(ending.exit_code));
        let mut tx = self.write().await?;
        let found = known.execute(&mut *tx).await.map_err(|error| self.wrong(error))?;
        self.known(run, found.rows_affected())?;
        update.execute(&mut *tx).await.map_err(|error| self.wrong(error))?;
        self.commit(tx).await
    }

    /// Marks the release of a run as one that must not be gone back to, and says why.
    pub async fn mark_bad(&self, run: &RunId, why: &str) -> Result<(), StoreError> {
        self.patiently(PATIENCE, || self.try_to_mark(run, why)).await
    }

    async fn try_to_mark(&self, run: &RunId, why: &str) -> Result<(), StoreError> {
        let update = sqlx::query("UPDATE runs SET bad = $2 WHERE id = $1");
        let update = update.bind(run.as_str().to_owned()).bind(why.to_owned());
        let mut tx = self.write().await?;
        let done = update.execute(&mut *tx).await.map_err(|error| self.wrong(error))?;
        self.known(run, done.rows_affected())?;
        self.commit(tx).await
    }

    /// Lists runs, newest first.
    pub async fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRow>, StoreError> {
        self.select_runs(&Select::new(RUNS).filtered(filter)).await
    }

    /// How many runs there are like that, whatever the limit.
    pub async fn count(&self, filter: &RunFilter) -> Result<u64, StoreError> {
        let rows = self.rows(&count_of_runs(filter)).await?;
        let broken = |why| StoreError::unreadable("the number of runs", why);
        let Some(row) = rows.first() else { return Ok(0) };
        let count: i64 = Columns(row).get("count").map_err(broken)?;
        Ok(count.unsigned_abs())
    }

    /// The run with this id or version (`v12`).
    pub async fn run(&self, name: &str) -> Result<Option<RunRow>, StoreError> {
        let number = name.strip_prefix('v').and_then(|number| number.parse().ok());
        let select = match number {
            Some(number) => Select::new(RUNS).number(" WHERE number = ", number),
            None => Select::new(RUNS).text(" WHERE id = ", name),
        };
        Ok(self.select_runs(&select).await?.pop())
    }

    /// The target's newest run that has no ending: it runs just now, or was interrupted.
    pub async fn unfinished(&self, target: &str) -> Result<Option<RunRow>, StoreError> {
        Ok(self.select_runs(&unfinished(target)).await?.pop())
    }

    /// The target's newest run that succeeded and is not marked bad.
    pub async fn last_succeeded(&self, target: &str) -> Result<Option<RunRow>, StoreError> {
        Ok(self.select_runs(&last_succeeded(target)).await?.pop())
    }

    pub(crate) fn no_run(&self, run: &RunId, target: Option<&str>) -> StoreError {
        let (place, run) = (self.place(), run.to_string());
        StoreError::NoRun { place, run, target: target.map(ToOwned::to_owned) }
    }

    fn known(&self, run: &RunId, rows: u64) -> Result<(), StoreError> {
        if rows == 0 { Err(self.no_run(run, None)) } else { Ok(()) }
    }

    async fn select_runs(&self, select: &Select) -> Result<Vec<RunRow>, StoreError> {
        let rows = self.rows(select).await?;
        rows.iter().map(read_run).collect()
    }

    async fn next_number(&self, tx: &mut Transaction<'_, Any>) -> Result<i64, StoreError> {
        let count = "UPDATE counters SET value = value + 1 WHERE name = 'run' RETURNING value";
        let row = sqlx::query(count).fetch_one(&mut **tx).await;
        row.and_then(|row| row.try_get(0)).map_err(|error| self.wrong(error))
    }
}

fn count_of_runs(filter: &RunFilter) -> Select {
    let all = RunFilter { limit: None, ..filter.clone() };
    let numbers = Select::new("SELECT runs.number FROM runs").filtered(&all);
    numbers.within("SELECT COUNT(*) AS count FROM (", ") AS listed")
}

pub(crate) fn unfinished(target: &str) -> Select {
    let limit = Some(1);
    let filter =
        RunFilter { target: Some(target.into()), unfinished: true, limit, ..RunFilter::default() };
    Select::new(RUNS).filtered(&filter)
}

pub(crate) fn last_succeeded(target: &str) -> Select {
    Select::new(RUNS)
        .text(" WHERE target = ", target)
        .sql(" AND conclusion = 'succeeded' AND bad IS NULL ORDER BY number DESC LIMIT 1")
}

/// Names sort by time, so that a listing of anything named after runs is in their order.
fn new_id(at: Timestamp) -> RunId {
    let seconds = u64::try_from(at.as_second()).unwrap_or(0);
    let nanos = u32::try_from(at.subsec_nanosecond()).unwrap_or(0);
    let at = uuid::Timestamp::from_unix(NoContext, seconds, nanos);
    RunId::new(Uuid::new_v7(at).to_string())
}

fn read_run(row: &AnyRow) -> Result<RunRow, StoreError> {
    let columns = Columns(row);
    let name = columns.get("id").unwrap_or_else(|_| "?".to_owned());
    run_of(&columns).map_err(|broken| StoreError::unreadable(format!("the run `{name}`"), broken))
}

fn run_of(row: &Columns<'_>) -> Result<RunRow, Broken> {
    let number: i64 = row.get("number")?;
    let id = |id: String| RunId::new(id);
    Ok(RunRow {
        id: id(row.get("id")?),
        number,
        version: format!("v{number}"),
        begun: NewRun {
            kind: row.word("kind")?,
            environment: row.get("environment")?,
            target: row.get("target")?,
            revision: row.get("revision")?,
            image: row.get("image")?,
            origin: row.get("origin")?,
            restores: row.get::<Option<String>>("restores")?.map(id),
            promotes: row.get::<Option<String>>("promotes")?.map(id),
            who: row.get("who")?,
            host: row.get("host")?,
            pid: row.number("pid")?,
            pipeline_version: row.get("pipeline")?,
        },
        started: row.time("started")?,
        ended: row.maybe_time("ended")?,
        ending: match row.maybe_word("outcome")? {
            Some(outcome) => Some(Ending {
                conclusion: row.maybe_word("conclusion")?,
                outcome,
                exit_code: row.number("exit_code")?,
            }),
            None => None,
        },
        bad: row.get("bad")?,
        traffic_back_ms: row.get::<Option<i64>>("traffic_back")?.map(u64::try_from).transpose()?,
    })
}
