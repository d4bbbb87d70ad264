//! Bringing all that is in one store into another.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};

use crate::error::StoreError;
use crate::insert::Insert;
use crate::select::{Select, Value};
use crate::store::Store;
use crate::tables::Kind::{self, Bytes, Number, Text};
use crate::tables::{BASELINES, EVENTS, JOURNAL, PAGES, PHASES, RUNS, SAMPLES, STEPS, Table};
use crate::word::{Broken, Columns};

/// What was brought.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// The runs that were brought.
    pub runs: u64,
    /// The runs that were there already.
    pub known: u64,
    /// The records of their journals.
    pub records: u64,
    /// Their pages of events, and events that stand alone.
    pub pages: u64,
    /// Their steps and phases.
    pub steps: u64,
    /// Their series of samples.
    pub series: u64,
    /// The baselines.
    pub baselines: u64,
    /// The first and the last number that they have now.
    pub numbers: Option<(i64, i64)>,
    /// Do they have other numbers than before?
    pub renumbered: bool,
}

impl Store {
    /// Brings all that is in `from` into this store, wholly or not at all: runs, journals, events, steps, phases, samples,
    /// baselines, and how far each lock has counted. Runs that are here already are left alone, so doing it again brings
    /// only what is new.
    ///
    /// Into an empty store runs come with their numbers. Where other runs are here, it is refused unless `append` is said:
    /// then they get the next free numbers, in their order. Where one of them is older than a run of its target that is
    /// here, it is refused all the same: the highest number of a target is its newest run. A baseline that is here stays.
    /// While somebody holds a lock in
    /// `from` it is refused as well.
    pub async fn import(&self, from: &Self, append: bool) -> Result<Imported, StoreError> {
        from.nobody_works().await?;
        let theirs = from.rows(&Select::new("SELECT id FROM runs ORDER BY number")).await?;
        let theirs = ids(&theirs)?;
        let mut tx = self.write().await?;
        let mut bringing = Bringing { from, to: self, tx: &mut tx, done: Imported::default() };
        bringing.all(&theirs, append).await?;
        let imported = bringing.done;
        self.commit(tx).await?;
        Ok(imported)
    }

    /// A run that goes on would be brought half.
    async fn nobody_works(&self) -> Result<(), StoreError> {
        let held =
            Select::new("SELECT target FROM locks").number(" WHERE expires > ", self.now_ms());
        let rows = self.rows(&held.sql(" ORDER BY target LIMIT 1")).await?;
        let Some(row) = rows.first() else { return Ok(()) };
        let target: String = row.try_get(0).map_err(|error| self.wrong(error))?;
        match self.holder(&target).await? {
            None => Ok(()),
            Some(holder) => Err(StoreError::Held {
                target,
                owner: Box::new(holder.owner),
                since: holder.since,
                until: holder.until,
            }),
        }
    }
}

/// The targets of runs, and when they began.
type Begun = BTreeMap<String, (String, i64)>;

struct Bringing<'a> {
    from: &'a Store,
    to: &'a Store,
    tx: &'a mut Transaction<'static, Any>,
    done: Imported,
}

impl Bringing<'_> {
    async fn all(&mut self, theirs: &[String], append: bool) -> Result<(), StoreError> {
        let wrong = |error| self.to.wrong(error);
        // Whoever begins a run waits until all numbers are given.
        let counter = "UPDATE counters SET value = value WHERE name = 'run' RETURNING value";
        let counter = sqlx::query(counter).fetch_one(&mut **self.tx).await;
        let counter: i64 = counter.and_then(|row| row.try_get(0)).map_err(wrong)?;
        let runs = Select::new("SELECT id, target, started FROM runs");
        let ours = begun(&runs.all(&mut **self.tx).await.map_err(wrong)?)?;
        let (known, new): (Vec<_>, Vec<_>) = theirs.iter().partition(|id| ours.contains_key(*id));
        if !ours.is_empty() && !new.is_empty() && !append {
            return Err(StoreError::NotEmpty { place: self.to.place(), runs: ours.len() as u64 });
        }
        self.in_order(&ours, &new, &begun(&self.from.rows(&runs).await?)?)?;
        self.done.known = known.len() as u64;
        let mut last = (!ours.is_empty()).then_some(counter);
        for id in new {
            last = last.map(|last| last + 1);
            self.run(id, last).await?;
        }
        self.rest(last).await
    }

    /// The newest run of a target is the one with the highest number: so none that comes may be older than one that is here.
    fn in_order(&self, ours: &Begun, new: &[&String], theirs: &Begun) -> Result<(), StoreError> {
        let mut newest: BTreeMap<&str, i64> = BTreeMap::new();
        for (target, started) in ours.values() {
            let seen = newest.entry(target).or_insert(*started);
            *seen = (*seen).max(*started);
        }
        let coming = new.iter().filter_map(|id| theirs.get(*id));
        let mut older = coming.filter(|(target, started)| {
            newest.get(target.as_str()).is_some_and(|newest| started < newest)
        });
        older.next().map_or(Ok(()), |(target, _)| {
            Err(StoreError::OutOfOrder { place: self.to.place(), target: target.clone() })
        })
    }

    /// One run with all that belongs to it, under this number if not its own.
    async fn run(&mut self, id: &str, number: Option<i64>) -> Result<(), StoreError> {
        let mut rows = self.read(&RUNS, Some(id)).await?;
        for row in &mut rows {
            if let Some(number) = number {
                self.done.renewed(&mut row[1], number);
            }
            if let Value::Number(Some(number)) = row[1] {
                let first = self.done.numbers.map_or(number, |(first, _)| first);
                self.done.numbers = Some((first, number));
            }
        }
        self.done.runs += self.write(&RUNS, rows).await?;
        self.done.records += self.copy(&JOURNAL, id).await?;
        self.done.pages += self.copy(&EVENTS, id).await? + self.copy(&PAGES, id).await?;
        self.done.steps += self.copy(&STEPS, id).await? + self.copy(&PHASES, id).await?;
        self.done.series += self.copy(&SAMPLES, id).await?;
        Ok(())
    }

    /// What belongs to no run. Baselines that are here are newer for whoever works here.
    async fn rest(&mut self, counter: Option<i64>) -> Result<(), StoreError> {
        let ours = Select::new("SELECT target, endpoint FROM baselines").all(&mut **self.tx).await;
        let ours = ours.map_err(|error| self.to.wrong(error))?;
        let pair = |row: &AnyRow| Ok::<_, sqlx::Error>((row.try_get(0)?, row.try_get(1)?));
        let ours = ours.iter().map(pair).collect::<Result<BTreeSet<(String, String)>, _>>();
        let ours = ours.map_err(|error| self.to.wrong(error))?;
        let mut rows = self.read(&BASELINES, None).await?;
        rows.retain(|row| match (&row[0], &row[1]) {
            (Value::Text(Some(target)), Value::Text(Some(endpoint))) => {
                !ours.contains(&(target.clone(), endpoint.clone()))
            }
            _ => true,
        });
        self.done.baselines += self.write(&BASELINES, rows).await?;
        self.locks().await?;
        let counter = match counter {
            Some(counter) => counter,
            None => self.counter().await?,
        };
        let update =
            sqlx::query("UPDATE counters SET value = $1 WHERE name = 'run' AND value < $1");
        let update = update.bind(counter).execute(&mut **self.tx).await;
        update.map(drop).map_err(|error| self.to.wrong(error))
    }

    async fn counter(&self) -> Result<i64, StoreError> {
        let rows =
            self.from.rows(&Select::new("SELECT value FROM counters WHERE name = 'run'")).await?;
        let counter = rows.first().map_or(Ok(0), |row| row.try_get(0));
        counter.map_err(|error| self.from.wrong(error))
    }

    /// A fencing number must never be given twice.
    async fn locks(&mut self) -> Result<(), StoreError> {
        let locks = Select::new("SELECT target, fence, who, host, pid, run, since FROM locks");
        for row in &self.from.rows(&locks).await? {
            let columns = Columns(row);
            let values = [
                ("target", Text),
                ("fence", Number),
                ("who", Text),
                ("host", Text),
                ("pid", Number),
                ("run", Text),
                ("since", Number),
            ];
            let values = values.into_iter().map(|(name, kind)| value(&columns, name, kind));
            let values = values.collect::<Result<Vec<_>, _>>();
            let values = values.map_err(|why| StoreError::unreadable("a lock", why))?;
            let insert = sqlx::query(
                "INSERT INTO locks (target, fence, who, host, pid, run, since, expires) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, 0) ON CONFLICT (target) DO UPDATE \
                 SET fence = excluded.fence WHERE locks.fence < excluded.fence AND locks.expires = 0",
            );
            let insert = values.into_iter().fold(insert, |query, value| value.bind(query));
            insert.execute(&mut **self.tx).await.map_err(|error| self.to.wrong(error))?;
        }
        Ok(())
    }

    async fn copy<const N: usize>(
        &mut self,
        table: &Table<N>,
        run: &str,
    ) -> Result<u64, StoreError> {
        let rows = self.read(table, Some(run)).await?;
        self.write(table, rows).await
    }

    async fn read<const N: usize>(
        &self,
        table: &Table<N>,
        run: Option<&str>,
    ) -> Result<Vec<Vec<Value>>, StoreError> {
        let select =
            Select::new(format!("SELECT {} FROM {}", table.columns.join(", "), table.name));
        let select = match (run, table.columns[0]) {
            (None, _) => select,
            (Some(run), "id") => select.text(" WHERE id = ", run),
            (Some(run), _) => select.text(" WHERE run = ", run),
        };
        let rows = self.from.rows(&select).await?;
        let read = |row: &AnyRow| {
            let names = table.columns.iter().zip(table.kinds);
            names.map(|(name, kind)| value(&Columns(row), name, kind)).collect()
        };
        let read = rows.iter().map(read).collect::<Result<_, Broken>>();
        read.map_err(|why| StoreError::unreadable(format!("a row of {}", table.name), why))
    }

    async fn write<const N: usize>(
        &mut self,
        table: &Table<N>,
        rows: Vec<Vec<Value>>,
    ) -> Result<u64, StoreError> {
        let count = rows.len() as u64;
        let mut insert = Insert::into(table.name, table.columns);
        for row in rows {
            insert.row(row);
        }
        insert.execute(self.tx).await.map_err(|error| self.to.wrong(error))?;
        Ok(count)
    }
}

impl Imported {
    fn renewed(&mut self, number: &mut Value, new: i64) {
        if !matches!(number, Value::Number(Some(old)) if *old == new) {
            self.renumbered = true;
        }
        *number = new.into();
    }
}

fn value(row: &Columns<'_>, name: &str, kind: Kind) -> Result<Value, Broken> {
    Ok(match kind {
        Text => Value::from(row.get::<Option<String>>(name)?),
        Number => Value::Number(row.get(name)?),
        Bytes => Value::Bytes(row.get(name)?),
    })
}

/// The target of each run, and when it began.
fn begun(rows: &[AnyRow]) -> Result<Begun, StoreError> {
    let read = |row: &AnyRow| {
        let row = Columns(row);
        Ok((row.get("id")?, (row.get("target")?, row.get("started")?)))
    };
    let read = rows.iter().map(read).collect::<Result<Begun, Broken>>();
    read.map_err(|why| StoreError::unreadable("a run", why))
}

fn ids(rows: &[AnyRow]) -> Result<Vec<String>, StoreError> {
    let read = |row| Columns(row).get("id");
    let ids = rows.iter().map(read).collect::<Result<_, Broken>>();
    ids.map_err(|why| StoreError::unreadable("the name of a run", why))
}
