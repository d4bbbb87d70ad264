//! What came of all probes, as a report.

use std::time::Duration;

use pipeline_core::{Check, Evidence, Outcome, Report, Verdict};
use serde_json::json;

use super::Smoke;
use super::judge::Judgement;
use super::probe::Probed;
use super::tally::End;
use crate::error::Error;
use crate::response::snippet;

impl Smoke {
    pub(super) fn report(&self, probed: Vec<Probed<'_>>, took: Duration) -> Outcome {
        let tries: u32 = probed.iter().map(|it| it.tries).sum();
        let mut latencies: Vec<_> = probed.iter().flat_map(|it| it.latencies.clone()).collect();
        latencies.sort();
        let evidence: Vec<_> = probed.iter().filter_map(|it| self.evidence(it)).collect();
        let mut report = Report::of_checks(checks(probed)?)
            .number("smoke/tries", f64::from(tries))
            .number("smoke/took_ms", millis(took));
        if let Some(median) = latencies.get(latencies.len() / 2) {
            report = report.number("smoke/latency_ms", millis(*median));
        }
        Ok(evidence.into_iter().fold(report, Report::evidence))
    }

    /// The answer that a probe was refused for.
    fn evidence(&self, probed: &Probed<'_>) -> Option<Evidence> {
        let End::Judged(_, Some(response)) = &probed.end else { return None };
        // Struck out before it is cut: half a secret is one too.
        let body = snippet(&self.secrets.strike(&response.text()));
        let (status, cut, took_ms) = (response.status, response.cut, millis(response.took));
        let value = json!({ "status": status, "body": body, "cut": cut, "took_ms": took_ms });
        Some(Evidence::new(probed.probe.title(), value))
    }
}

fn checks(probed: Vec<Probed<'_>>) -> Result<Vec<Check>, Error> {
    let (mut checks, mut blind) = (Vec::new(), None);
    for Probed { probe, tries, end, .. } in probed {
        let judged = match end {
            End::Judged(judged, _) => judged,
            End::Blind(error) => {
                let message = format!("could not be asked: {error}");
                blind.get_or_insert(error);
                Judgement::inconclusive(message)
            }
        };
        checks.push(probe.answer(&judged, tries));
    }
    // A refusal that was seen is proof; without one, not having looked everywhere is no verdict.
    let refused = checks.iter().any(|check| check.verdict == Verdict::Refused);
    blind.filter(|_| !refused).map_or(Ok(checks), Err)
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
