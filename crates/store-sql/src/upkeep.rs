//! Looking after a store: what is in it, and letting go of what is old.

use jiff::Timestamp;
use sqlx::{Any, AssertSqlSafe, Transaction};

use crate::error::StoreError;
use crate::place::Place;
use crate::retention::{Past, Retention, Worth, doomed};
use crate::select::{Select, Value};
use crate::store::Store;
use crate::word::{Broken, Columns};

/// So many runs are pruned in one transaction, so that others get their turn.
const CHUNK: usize = 100;

/// What is in a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreInfo {
    /// Where it is.
    pub place: Place,
    /// Its format.
    pub format: i64,
    /// How many bytes it takes on disk.
    pub bytes: u64,
    /// Its runs.
    pub runs: u64,
    /// Those of them that have no ending.
    pub unfinished: u64,
    /// The events of all runs.
    pub events: u64,
    /// The series of samples of all runs.
    pub series: u64,
    /// The recorded baselines.
    pub baselines: u64,
    /// When the oldest run began.
    pub oldest: Option<Timestamp>,
    /// When the newest run began.
    pub newest: Option<Timestamp>,
}

/// What was let go, or would be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// The runs that lost their details, or went altogether.
    pub runs: u64,
    /// Their events.
    pub events: u64,
    /// Their series of samples.
    pub series: u64,
}

const COUNTS: &str = "SELECT (SELECT COALESCE(MAX(version), 0) FROM schema_version) AS format, \
     (SELECT COUNT(*) FROM runs) AS runs, \
     (SELECT COUNT(*) FROM runs WHERE ended IS NULL) AS unfinished, \
     (SELECT COUNT(*) FROM events) AS single, \
     (SELECT CAST(COALESCE(SUM(last_seq - first_seq + 1), 0) AS BIGINT) FROM event_pages) AS paged, \
     (SELECT COUNT(*) FROM samples) AS series, \
     (SELECT COUNT(*) FROM baselines) AS baselines, \
     (SELECT MIN(started) FROM runs) AS oldest, (SELECT MAX(started) FROM runs) AS newest";

/// What these runs still have beside their rows.
const OLD: &str = "SELECT (SELECT COUNT(*) FROM events WHERE run IN $RUNS) AS single, \
     (SELECT CAST(COALESCE(SUM(last_seq - first_seq + 1), 0) AS BIGINT) FROM event_pages \
     WHERE run IN $RUNS) AS paged, (SELECT COUNT(*) FROM samples WHERE run IN $RUNS) AS series, \
     (SELECT COUNT(*) FROM runs WHERE id IN $RUNS AND (EXISTS (SELECT 1 FROM events WHERE run = id) \
     OR EXISTS (SELECT 1 FROM event_pages WHERE run = id) \
     OR EXISTS (SELECT 1 FROM samples WHERE run = id))) AS detailed";

const BYTES_OF_FILE: &str =
    "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size";

const BYTES_OF_SCHEMA: &str = "SELECT CAST(COALESCE(SUM(pg_total_relation_size(oid)), 0) AS BIGINT) AS bytes \
     FROM pg_catalog.pg_class WHERE relkind = 'r' AND relnamespace = \
     (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = current_schema())";

/// All runs: what later ones may need of them, whether they have details, and whether they are over.
const ENDED: &str = "SELECT id, number, target, started, outcome, bad, restores, promotes, \
     COALESCE(conclusion, '') AS conclusion, \
     CASE WHEN EXISTS (SELECT 1 FROM phases WHERE phases.run = runs.id AND phases.phase = 'verify' \
     AND COALESCE(phases.verdict, '') <> 'passed') THEN 0 ELSE 1 END AS unblemished, \
     CASE WHEN EXISTS (SELECT 1 FROM events WHERE run = runs.id) \
     OR EXISTS (SELECT 1 FROM event_pages WHERE run = runs.id) \
     OR EXISTS (SELECT 1 FROM samples WHERE run = runs.id) THEN 1 ELSE 0 END AS detailed, \
     CASE WHEN ended IS NULL THEN 0 ELSE 1 END AS over FROM runs ORDER BY number DESC";

impl Store {
    /// What is in it.
    pub async fn info(&self) -> Result<StoreInfo, StoreError> {
        let bytes = if self.is_server() { BYTES_OF_SCHEMA } else { BYTES_OF_FILE };
        let counts = self.rows(&Select::new(COUNTS)).await?;
        let bytes = self.rows(&Select::new(bytes)).await?;
        let broken = |why| StoreError::unreadable("what is in the store", why);
        let (Some(counts), Some(bytes)) = (counts.first(), bytes.first()) else {
            return Err(broken("nothing was counted".into()));
        };
        info(self.place(), &Columns(counts), &Columns(bytes)).map_err(broken)
    }

    /// What [`prune`](Self::prune) would let go.
    pub async fn prunable(&self, retention: &Retention) -> Result<Pruned, StoreError> {
        let doomed = self.doomed(retention).await?;
        self.weighed(&doomed, retention).await
    }

    async fn weighed(
        &self,
        doomed: &[String],
        retention: &Retention,
    ) -> Result<Pruned, StoreError> {
        let mut pruned = Pruned::default();
        for chunk in doomed.chunks(CHUNK) {
            let list = numbers(chunk.len());
            let select = Select::new(OLD.replace("$RUNS", &list));
            let select = select.with(chunk.iter().map(|run| Value::from(run.as_str())));
            let rows = self.rows(&select).await?;
            let Some(row) = rows.first().map(Columns) else { continue };
            let old = old(&row).map_err(|why| StoreError::unreadable("what is old", why))?;
            let runs = if retention.runs { chunk.len() as u64 } else { old.runs };
            pruned = pruned.and(Pruned { runs, ..old });
        }
        Ok(pruned)
    }

    /// Lets go of what is old; what is needed stays whatever is said ([`Retention`]). Doing it again does no harm. The room goes back
    /// to the file system.
    pub async fn prune(&self, retention: &Retention) -> Result<Pruned, StoreError> {
        let pruned = self.let_go(retention).await?;
        if pruned != Pruned::default() {
            self.shrink().await;
        }
        Ok(pruned)
    }

    /// The same, and the room stays with the store, for what comes next: a file is not written anew, so that others
    /// can go on with it.
    pub async fn let_go(&self, retention: &Retention) -> Result<Pruned, StoreError> {
        let doomed = self.doomed(retention).await?;
        let pruned = self.weighed(&doomed, retention).await?;
        for chunk in doomed.chunks(CHUNK) {
            let mut tx = self.write().await?;
            delete(chunk, retention.runs, &mut tx).await.map_err(|error| self.wrong(error))?;
            self.commit(tx).await?;
        }
        Ok(pruned)
    }

    async fn doomed(&self, retention: &Retention) -> Result<Vec<String>, StoreError> {
        let rows = self.rows(&Select::new(ENDED)).await?;
        let past = rows.iter().map(|row| past(&Columns(row))).collect::<Result<Vec<_>, _>>();
        let past = past.map_err(|why| StoreError::unreadable("a run that is over", why))?;
        Ok(doomed(&past, retention))
    }

    /// Gives the room back to the file system; a server does so by itself. Somebody who is at work is not disturbed.
    async fn shrink(&self) {
        if !self.is_server()
            && let Err(error) = sqlx::query("VACUUM").execute(self.writer()).await
        {
            tracing::debug!(%error, "the room stays with the store, for what comes next");
        }
    }
}

impl Pruned {
    fn and(self, other: Self) -> Self {
        Self {
            runs: self.runs + other.runs,
            events: self.events + other.events,
            series: self.series + other.series,
        }
    }
}

fn old(row: &Columns<'_>) -> Result<Pruned, Broken> {
    Ok(Pruned {
        runs: row.number("detailed")?,
        events: row.number::<u64>("single")? + row.number::<u64>("paged")?,
        series: row.number("series")?,
    })
}

fn info(place: Place, counts: &Columns<'_>, bytes: &Columns<'_>) -> Result<StoreInfo, Broken> {
    Ok(StoreInfo {
        place,
        format: counts.get("format")?,
        bytes: bytes.number("bytes")?,
        runs: counts.number("runs")?,
        unfinished: counts.number("unfinished")?,
        events: counts.number::<u64>("single")? + counts.number::<u64>("paged")?,
        series: counts.number("series")?,
        baselines: counts.number("baselines")?,
        oldest: counts.maybe_time("oldest")?,
        newest: counts.maybe_time("newest")?,
    })
}

fn past(row: &Columns<'_>) -> Result<Past, Broken> {
    let is_set = |name| Ok::<_, Broken>(row.get::<i64>(name)? != 0);
    let text = |name| row.get::<Option<String>>(name);
    let good = text("outcome")?.as_deref() == Some("PASS") && text("bad")?.is_none();
    Ok(Past {
        id: row.get("id")?,
        target: row.get("target")?,
        started: row.time("started")?,
        // A stuck run can be resumed.
        over: is_set("over")? && row.get::<String>("conclusion")? != "stuck",
        worth: match (good, is_set("unblemished")?) {
            (false, _) => Worth::Nothing,
            (true, false) => Worth::Good,
            (true, true) => Worth::Healthy,
        },
        detailed: is_set("detailed")?,
        needs: [text("restores")?, text("promotes")?].into_iter().flatten().collect(),
    })
}

/// `($1, $2, …)`
fn numbers(count: usize) -> String {
    let numbers: Vec<String> = (1..=count).map(|number| format!("${number}")).collect();
    format!("({})", numbers.join(", "))
}

async fn delete(
    runs: &[String],
    altogether: bool,
    tx: &mut Transaction<'static, Any>,
) -> sqlx::Result<()> {
    let details = ["events", "event_pages", "samples"].as_slice();
    let rest = ["steps", "phases", "journal"].as_slice();
    let tables = if altogether { [details, rest].concat() } else { details.to_vec() };
    let column = |table: &&str| format!("DELETE FROM {table} WHERE run IN ");
    let runs_too = altogether.then(|| "DELETE FROM runs WHERE id IN ".to_owned());
    for sql in tables.iter().map(column).chain(runs_too) {
        let sql = AssertSqlSafe(sql + &numbers(runs.len()));
        let query = sqlx::query(sql).persistent(false);
        let query = runs.iter().fold(query, |query, run| query.bind(run.clone()));
        query.execute(&mut **tx).await?;
    }
    Ok(())
}
