//! What was measured before: what an endpoint is compared with where the old release is not asked at the same time.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use pipeline_core::{Control, Evidence};
use pipeline_stats::{Counts, Latencies, drift};
use serde::{Deserialize, Serialize};

use super::config::PerformanceConfig;
use super::endpoint::Endpoint;
use super::history::PastRun;
use super::judge::{Against, Sampled};
use super::sample::{counts, latencies, micros_since_epoch};
use super::series::{Role, Sample};

/// A measurement that ended longer ago is not fresh: the time of day, the load and the network are others.
const FRESH_FOR: Duration = Duration::from_mins(10);

/// How far the level wanders between runs where five healthy ones do not say it.
const USUAL_DRIFT: f64 = 0.15;

/// And where the measurement is an old one.
const STALE_DRIFT: f64 = 0.3;

/// What an endpoint was like before.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    pub(super) against: Against,
    pub(super) counts: Counts,
    /// What of it is kept with the run.
    pub(super) kept: Option<(Role, Vec<Sample>)>,
}

/// The measurement before the deploy, as evidence: compact, because it goes into the journal.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Fresh {
    version: String,
    /// In microseconds since 1970-01-01 UTC.
    ended_us: u64,
    endpoints: BTreeMap<String, Points>,
}

/// Samples: when, since the end, how long, both in microseconds, and the status.
type Points = Vec<(u64, u64, Option<u16>)>;

impl Fresh {
    pub(super) fn new(version: &str, ended: SystemTime) -> Self {
        let ended_us = micros_since_epoch(ended);
        Self { version: version.into(), ended_us, endpoints: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, endpoint: &Endpoint, samples: &[Sample]) {
        let point =
            |it: &Sample| (self.ended_us.saturating_sub(it.at_us), it.latency_us, it.status);
        let points = samples.iter().map(point).collect();
        self.endpoints.insert(endpoint.title(), points);
    }

    pub(super) fn evidence(&self) -> Evidence {
        // Plain maps, texts and numbers: it cannot fail.
        Evidence::new("latency before the deploy", serde_json::to_value(self).unwrap_or_default())
    }

    /// Reads what an earlier call made; `None` for anything else.
    pub(super) fn read(evidence: &Evidence) -> Option<Self> {
        serde_json::from_value(evidence.value.clone()).ok()
    }

    fn samples(&self, endpoint: &Endpoint) -> Vec<Sample> {
        let points = self.endpoints.get(&endpoint.title()).map(Vec::as_slice).unwrap_or_default();
        let sample = |&(before, latency_us, status): &(u64, u64, Option<u16>)| Sample {
            at_us: self.ended_us.saturating_sub(before),
            latency_us,
            status,
        };
        points.iter().map(sample).collect()
    }

    fn age(&self, now: SystemTime) -> Duration {
        Duration::from_micros(micros_since_epoch(now).saturating_sub(self.ended_us))
    }
}

impl Reference {
    /// The first there is of: what is configured, what was measured just before the deploy, earlier healthy
    /// releases, what was measured longer ago, nothing.
    pub(super) fn choose(
        endpoint: &Endpoint,
        config: &PerformanceConfig,
        fresh: Option<&Fresh>,
        (history, now): (&[PastRun], SystemTime),
    ) -> Self {
        let timeout = config.timeout;
        let fresh = fresh.map(|it| (it.samples(endpoint), it.age(now)));
        let fresh = fresh.filter(|(it, _)| !latencies(it, endpoint, timeout).is_empty());
        let counts = fresh.as_ref().map_or(Counts::default(), |(it, _)| counts(it, endpoint));
        if let Some(baseline) = endpoint.baseline {
            return Self { against: Against::Configured(baseline), counts, kept: None };
        }
        let drift = drift_of(history, endpoint, timeout);
        let (role, samples, sampled) = match (fresh, history) {
            (Some((samples, age)), _) if age <= FRESH_FOR => {
                let sampled = just_before(&samples, endpoint, timeout);
                (Role::FreshControl, samples, Sampled { drift, ..sampled })
            }
            (_, history) if !history.is_empty() => {
                let samples: Vec<Sample> =
                    history.iter().flat_map(|it| it.samples.clone()).collect();
                let sampled = earlier(&samples, history.len(), endpoint, timeout);
                (Role::HistoryControl, samples, Sampled { drift, ..sampled })
            }
            (Some((samples, age)), _) => {
                let minutes = age.as_secs() / 60;
                let words = format!("the release before, measured {minutes} minutes ago");
                let sampled = just_before(&samples, endpoint, timeout);
                let drift = drift.max(STALE_DRIFT);
                (Role::FreshControl, samples, Sampled { drift, words, ..sampled })
            }
            (None, _) => return Self { against: Against::Nothing, counts, kept: None },
        };
        Self { against: Against::Sampled(sampled), counts, kept: Some((role, samples)) }
    }
}

/// The words and numbers of a measurement before the deploy.
pub(super) fn just_before(samples: &[Sample], endpoint: &Endpoint, timeout: Duration) -> Sampled {
    Sampled {
        control: Control::Fresh,
        latencies: latencies(samples, endpoint, timeout),
        drift: USUAL_DRIFT,
        words: "the release before, measured just before the deploy".into(),
    }
}

/// The words and numbers of earlier releases.
pub(super) fn earlier(
    samples: &[Sample],
    runs: usize,
    endpoint: &Endpoint,
    timeout: Duration,
) -> Sampled {
    let words = match runs {
        0 => "earlier healthy releases".into(),
        1 => "the last healthy release".into(),
        _ => format!("the last {runs} healthy releases"),
    };
    Sampled {
        control: Control::History,
        latencies: latencies(samples, endpoint, timeout),
        drift: USUAL_DRIFT,
        words,
    }
}

/// The words and numbers of a control that is asked at the same time.
pub(super) fn beside(latencies: Latencies) -> Sampled {
    Sampled {
        control: Control::Concurrent,
        latencies,
        drift: 0.0,
        words: "the old release measured at the same time".into(),
    }
}

fn drift_of(history: &[PastRun], endpoint: &Endpoint, timeout: Duration) -> f64 {
    let median = |it: &PastRun| latencies(&it.samples, endpoint, timeout).median_ms();
    let medians: Vec<f64> = history.iter().map(median).collect();
    drift(&medians).unwrap_or(USUAL_DRIFT)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ENDED: u64 = 1_700_000_000_000_000;

    fn at(minutes: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_micros(ENDED) + Duration::from_mins(minutes)
    }

    fn samples(ms: u64) -> Vec<Sample> {
        let sample = |n| Sample { at_us: ENDED - n, latency_us: ms * 1_000, status: Some(200) };
        (0..50).rev().map(sample).collect()
    }

    fn fresh() -> Fresh {
        let mut fresh = Fresh::new("v1", at(0));
        fresh.add(&Endpoint::get("/"), &samples(50));
        fresh
    }

    fn chosen(endpoint: &Endpoint, fresh: Option<&Fresh>, runs: &[u64], minutes: u64) -> String {
        let config = PerformanceConfig::default();
        let history: Vec<_> = runs.iter().map(|ms| PastRun { samples: samples(*ms) }).collect();
        let reference = Reference::choose(endpoint, &config, fresh, (&history, at(minutes)));
        match reference.against {
            Against::Sampled(it) => {
                let median = it.latencies.median_ms();
                format!(
                    "{}: {} of {median} ms, drift {:.2}",
                    it.words,
                    it.latencies.len(),
                    it.drift
                )
            }
            Against::Configured(it) => format!("{it:?}"),
            Against::Nothing => "nothing".into(),
        }
    }

    #[test]
    fn controls_come_in_order() {
        let (root, fresh) = (Endpoint::get("/"), fresh());
        let fixed = Endpoint { baseline: Some(Duration::from_millis(80)), ..root.clone() };
        let five = [40, 50, 60, 70, 80];
        insta::assert_snapshot!(chosen(&fixed, Some(&fresh), &five, 1), @"80ms");
        insta::assert_snapshot!(chosen(&root, Some(&fresh), &[], 10),
            @"the release before, measured just before the deploy: 50 of 50 ms, drift 0.15");
        insta::assert_snapshot!(chosen(&root, Some(&fresh), &five, 10),
            @"the release before, measured just before the deploy: 50 of 50 ms, drift 0.27");
        insta::assert_snapshot!(chosen(&root, Some(&fresh), &five[..2], 11),
            @"the last 2 healthy releases: 100 of 45 ms, drift 0.15");
        insta::assert_snapshot!(chosen(&root, Some(&fresh), &[], 14),
            @"the release before, measured 14 minutes ago: 50 of 50 ms, drift 0.30");
        insta::assert_snapshot!(chosen(&root, None, &[], 0), @"nothing");
        insta::assert_snapshot!(chosen(&Endpoint::get("/new"), Some(&fresh), &[], 1), @"nothing");
    }

    #[test]
    fn the_measurement_survives_the_journal_and_other_evidence_is_none() {
        let read = Fresh::read(&fresh().evidence()).unwrap();
        assert_eq!(read.samples(&Endpoint::get("/")), samples(50));
        for value in [
            json!(null),
            json!({"version": 1}),
            json!({"version": "", "ended_us": -1, "endpoints": {}}),
        ] {
            assert!(Fresh::read(&Evidence::new("x", value)).is_none());
        }
        let text = fresh().evidence().value.to_string();
        assert!(text.len() < 50 * 20 + 100, "{}", text.len());
    }
}
