//! What earlier runs measured, out of the store: the history that latency verdicts fall back on.

use async_trait::async_trait;
use jiff::Timestamp;
use pipeline_core::{Fault, RunId};
use serde_json::{Value, json};
use store_sql::{Baseline, PastSeries, Store};
use verify_http::{History, PastRun, Role, Sample, Series};

use crate::config::{Config, StoreUrl};
use crate::stores::Stores;

/// So many healthy runs are asked for.
const RUNS: u32 = 5;

/// The verifier's name in the store.
const VERIFIER: &str = "performance";

/// The healthy runs of one target. The store is opened when it is first needed.
pub(crate) struct Past {
    url: StoreUrl,
    stores: Stores,
    target: String,
    keeps: bool,
}

impl Past {
    /// Reads the runs of a target, and keeps what new ones measure.
    pub(crate) fn of(config: &Config, target: &str) -> Self {
        let (url, stores) = (config.store_url.clone(), config.stores.clone());
        Self { url, stores, target: target.into(), keeps: true }
    }

    /// Keeps nothing: there is no run that it would belong to.
    pub(crate) fn only_read(self) -> Self {
        Self { keeps: false, ..self }
    }

    async fn store(&self) -> Result<Store, Fault> {
        let url = self.url.get().map_err(|error| Fault::permanent(Unknown(error.to_string())))?;
        Ok(self.stores.open(url).await?)
    }
}

/// Nobody said where the store is.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unknown(String);

#[async_trait]
impl History for Past {
    /// A baseline that somebody recorded counts as one more healthy run, at its own time.
    async fn healthy(&self, endpoint: &str) -> Result<Vec<PastRun>, Fault> {
        let store = self.store().await?;
        let runs = by_run(store.healthy_samples(&self.target, endpoint, RUNS).await?);
        let recorded = store.baseline(&self.target, endpoint).await?;
        Ok(newest_first(runs, recorded.as_ref().and_then(recorded_run)))
    }

    async fn keep(&self, run: &RunId, series: Vec<Series>) -> Result<(), Fault> {
        if self.keeps {
            let batch: Vec<_> = series.into_iter().map(to_stored).collect();
            self.store().await?.put_samples(run, &batch).await?;
        }
        Ok(())
    }
}

/// Runs in their order, each with the samples of all its machines.
fn by_run(found: Vec<PastSeries>) -> Vec<PastRun> {
    let mut runs: Vec<(RunId, PastRun)> = Vec::new();
    for PastSeries { run, series } in found {
        let samples = series.samples.iter().map(from_stored);
        match runs.last_mut().filter(|(last, _)| *last == run) {
            Some((_, known)) => known.samples.extend(samples),
            None => runs.push((run, PastRun { samples: samples.collect() })),
        }
    }
    runs.into_iter().map(|(_, run)| run).collect()
}

fn newest_first(mut runs: Vec<PastRun>, recorded: Option<PastRun>) -> Vec<PastRun> {
    let newest = |it: &PastRun| it.samples.iter().map(|it| it.at_us).max();
    runs.extend(recorded);
    runs.sort_by_key(|it| std::cmp::Reverse(newest(it)));
    runs.truncate(RUNS as usize);
    runs
}

/// What a recorded baseline measured. A document that is none of ours says nothing.
pub(crate) fn recorded_run(baseline: &Baseline) -> Option<PastRun> {
    let samples: Vec<Sample> =
        serde_json::from_value(baseline.document.get("samples")?.clone()).ok()?;
    Some(PastRun { samples })
}

/// A baseline as it is recorded.
pub(crate) fn baseline_document(series: &[&Series]) -> Value {
    let samples: Vec<Sample> = series.iter().flat_map(|it| it.samples.clone()).collect();
    json!({ "samples": samples })
}

fn to_stored(series: Series) -> store_sql::Series {
    store_sql::Series {
        verifier: VERIFIER.into(),
        endpoint: series.endpoint,
        instance: series.instance,
        role: series.role.as_str().into(),
        samples: series.samples.iter().map(stored_sample).collect(),
    }
}

fn stored_sample(sample: &Sample) -> store_sql::Sample {
    let at = i64::try_from(sample.at_us).ok().and_then(|it| Timestamp::from_microsecond(it).ok());
    store_sql::Sample {
        at: at.unwrap_or(Timestamp::MAX),
        latency_us: sample.latency_us,
        status: sample.status,
    }
}

/// The series that were measured together, as they were; those of other verifiers left out.
pub(crate) fn measured(batch: Vec<store_sql::Series>) -> Vec<Series> {
    let ours = batch.into_iter().filter(|it| it.verifier == VERIFIER);
    let read = |it: store_sql::Series| {
        Some(Series {
            role: Role::named(&it.role)?,
            endpoint: it.endpoint,
            instance: it.instance,
            samples: it.samples.iter().map(from_stored).collect(),
        })
    };
    ours.filter_map(read).collect()
}

pub(crate) fn moment(us: u64) -> std::time::SystemTime {
    std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_micros(us)
}

fn from_stored(sample: &store_sql::Sample) -> Sample {
    Sample {
        at_us: u64::try_from(sample.at.as_microsecond()).unwrap_or_default(),
        latency_us: sample.latency_us,
        status: sample.status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(at_us: u64, latency_us: u64) -> Sample {
        Sample { at_us, latency_us, status: Some(200) }
    }

    fn series(instance: &str, samples: Vec<Sample>) -> Series {
        let (endpoint, instance) = ("GET /".into(), Some(instance.into()));
        Series { endpoint, instance, role: Role::New, samples }
    }

    #[test]
    fn what_was_measured_comes_back_as_it_was() {
        let all = vec![series("a", vec![sample(1_774_449_120_000_001, 41_000)])];
        let stored: Vec<_> = all.iter().cloned().map(to_stored).collect();
        assert_eq!(measured(stored), all);
    }

    #[test]
    fn machines_of_one_run_are_one_and_a_recorded_baseline_has_its_place_among_them() {
        let past = |run: &str, at: u64| PastSeries {
            run: RunId::new(run),
            series: to_stored(series("a", vec![sample(at, 1)])),
        };
        let runs = by_run(vec![past("run-2", 20), past("run-2", 21), past("run-1", 10)]);
        let series = series("a", vec![sample(15, 2)]);
        let document = baseline_document(&[&series]);
        let baseline = Baseline { endpoint: "GET /".into(), at: Timestamp::MIN, document };
        let all = newest_first(runs, recorded_run(&baseline));
        let ats: Vec<Vec<u64>> =
            all.iter().map(|it| it.samples.iter().map(|it| it.at_us).collect()).collect();
        assert_eq!(ats, [vec![20, 21], vec![15], vec![10]]);
    }

    #[test]
    fn a_document_that_is_none_of_ours_says_nothing() {
        for document in [json!(null), json!({}), json!({ "samples": [1] })] {
            let baseline = Baseline { endpoint: "GET /".into(), at: Timestamp::MIN, document };
            assert_eq!(recorded_run(&baseline), None);
        }
    }
}
