//! What a watch has seen, in one sentence for each path at each place.

use std::time::Duration;

use pipeline_core::{
    Check, CheckKind, Deployment, Fault, Finding, Outcome, Report, Trigger, Verdict,
};

use super::config::FEWEST;
use super::strand::{Proof, Strand, seconds};
use super::tally::Tally;
use super::{Watch, WatchConfig};
use crate::error::Error;

impl Watch {
    /// The report of a watch, which was a short one for this reason, if for any.
    pub(super) fn report(&self, tally: &Tally, short: Option<&str>) -> Outcome {
        // A refusal that was seen is proof; without one, not having looked at all is no verdict.
        if let Some(fault) = blind(tally).filter(|_| !tally.is_certain()) {
            return Err(fault);
        }
        // What ended before needs no reason for its length.
        let short = short.filter(|_| !tally.is_certain());
        let short = short.map(|why| format!(" (only the first {}: {why})", seconds(tally.window)));
        let short = short.unwrap_or_default();
        let mut checks: Vec<Check> =
            (0..tally.strands.len()).map(|it| self.strand(tally, it, &short)).collect();
        checks.push(error_rate(tally, &short));
        let gap = tally.longest_gap().as_secs_f64() * 1_000.0;
        Ok(Report::of_checks(checks)
            .number("watch/requests", count(tally.errors.requests))
            .number("watch/lost", count(tally.errors.failed))
            .number("watch/error_rate", tally.errors.rate())
            .number("watch/longest_gap_ms", gap))
    }

    fn strand(&self, tally: &Tally, number: usize, short: &str) -> Check {
        let (watched, strand) = (&tally.watched[number], &tally.strands[number]);
        let proven = tally.proof.as_ref().filter(|it| it.0 == Some(number)).map(|it| it.1.clone());
        let found = proven.or_else(|| at_the_end(strand, tally.limits.latency));
        let (verdict, trigger, words) = match found {
            Some(Proof { verdict, trigger, words }) => (verdict, Some(trigger), words),
            None => (Verdict::Passed, None, well(strand)),
        };
        let words = self.secrets.strike(&format!("{words}{short}"));
        Check {
            endpoint: Some(watched.endpoint.clone()),
            instance: watched.instance.clone(),
            samples: Some(strand.counts().0 as u64),
            trigger,
            ..Check::new(CheckKind::Watch, watched.endpoint.clone(), verdict, words)
        }
    }
}

/// Why there is no verdict: a path at a place that could never be asked.
fn blind(tally: &Tally) -> Option<Fault> {
    let never = tally.strands.iter().find(|it| it.counts().0 == 0)?;
    never.blind().last().map(|error| {
        let fault = Fault::transient(Error::Unwatched(error.to_string()));
        fault.hint(error.next_step())
    })
}

/// What is not right, though nothing ended the watch.
fn at_the_end(strand: &Strand, latency: Option<Duration>) -> Option<Proof> {
    let (requests, _) = strand.counts();
    let blind = strand.blind();
    if blind.len() > requests {
        let last = blind.last().map(ToString::to_string).unwrap_or_default();
        let words = format!(
            "could not be asked {} of {} times: {last}",
            blind.len(),
            requests + blind.len()
        );
        let (verdict, trigger) = (Verdict::Inconclusive, Trigger::Inconclusive);
        return Some(Proof { verdict, trigger, words });
    }
    let database = strand.database_down();
    if database > 0 {
        let words = format!(
            "said in {database} of {requests} answers, never twice in a row, that its database is down; {}",
            well(strand)
        );
        return Some(Proof { verdict: Verdict::Alert, trigger: Trigger::Database, words });
    }
    if strand.degraded() > 0 {
        let words =
            format!("called itself degraded in {} of {requests} answers", strand.degraded());
        let (verdict, trigger) = (Verdict::Alert, Trigger::Degraded);
        return Some(Proof { verdict, trigger, words });
    }
    let (limit, median) = (latency.filter(|_| strand.health)?, strand.median()?);
    (median > limit).then(|| {
        let words =
            format!("took {median:.0?} in the median of {requests} probes, more than {limit:?}");
        Proof { verdict: Verdict::Alert, trigger: Trigger::LatencyAlert, words }
    })
}

/// How well it went, in numbers.
fn well(strand: &Strand) -> String {
    let (requests, failed) = strand.counts();
    let answered = format!("{} of {requests} probes were answered well", requests - failed);
    let median = strand.median().map(|it| format!(", {it:.0?} in the median"));
    let bad = strand.last_bad().map(|bad| {
        let gap = seconds(strand.longest_gap());
        format!("; longest time without a good answer {gap}; last, it {bad}")
    });
    let blind = match strand.blind().len() {
        0 => None,
        blind => Some(format!("; {blind} could not be asked")),
    };
    [Some(answered), median, bad, blind].into_iter().flatten().collect()
}

fn error_rate(tally: &Tally, short: &str) -> Check {
    let proof = tally.proof.as_ref().filter(|it| it.0.is_none()).map(|it| it.1.words.clone());
    let (errors, limit) = (&tally.errors, tally.limits.error_rate);
    // Too few to take a release back for, and too many to say nothing.
    let few = errors.requests < FEWEST && errors.rate() > limit;
    let (verdict, words) = match proof {
        Some(words) => (Verdict::Refused, words),
        None if few => (Verdict::Alert, format!("{}, too few to be sure", errors.words())),
        None => (Verdict::Passed, errors.words()),
    };
    let check = Check::new(CheckKind::Watch, "error rate", verdict, format!("{words}{short}"));
    let trigger = (verdict != Verdict::Passed).then_some(Trigger::ErrorRate);
    Check { samples: Some(errors.requests as u64), trigger, ..check }
}

/// Nothing was watched, which is told, and stops nothing.
pub(super) fn not_watched(config: &WatchConfig) -> Report {
    let words = "was not watched: users do not reach it yet";
    let endpoint = format!("GET {}", config.path);
    let check = Check {
        endpoint: Some(endpoint.clone()),
        samples: Some(0),
        ..Check::new(CheckKind::Watch, endpoint, Verdict::Passed, words)
    };
    Report::of_checks(vec![check]).finding(Finding::note(format!("{}: {words}", config.path)))
}

/// Users reach it, and nobody says where.
pub(super) fn nothing_to_ask(deployment: &Deployment) -> Report {
    let message = format!("nothing of {} can be watched: it has no address", deployment.version);
    let rule = Trigger::Inconclusive.as_str();
    Report::inconclusive(Finding::warning(message).rule(rule).remedy("set the environment's `url`"))
}

#[expect(clippy::cast_precision_loss, reason = "no watch makes 2^52 requests")]
fn count(number: usize) -> f64 {
    number as f64
}
