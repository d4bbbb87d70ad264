//! What was seen of a stratum, in numbers and in a sentence. Pure.

use std::time::Duration;

use pipeline_core::{Control, Trigger, Verdict};
use pipeline_stats::{Call, Counts, Estimate, Opinion, Part};

use super::endpoint::Endpoint;

/// A ratio and what it is made of.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Seen {
    pub(super) part: Part,
    pub(super) estimate: Estimate,
    pub(super) control_ms: f64,
    pub(super) ms: f64,
    pub(super) samples: usize,
}

/// A verdict on one stratum.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) trigger: Option<Trigger>,
    /// In words that follow the endpoint.
    pub(super) message: String,
    pub(super) ratio: Option<Estimate>,
    pub(super) samples: usize,
    pub(super) control: Control,
}

impl Judged {
    /// The same, with how many failed, if any did.
    pub(super) fn with_failures(mut self, Counts { failed, total }: Counts) -> Self {
        if failed > 0 {
            self.message = format!("{}; {failed} of {total} requests failed", self.message);
        }
        self
    }
}

impl Seen {
    /// The part that the call is about; where it is about none, the one that is slower.
    pub(super) fn of(opinion: &Opinion) -> Self {
        let body = Self {
            part: Part::Body,
            estimate: opinion.body,
            control_ms: opinion.control_median_ms,
            ms: opinion.median_ms,
            samples: opinion.samples,
        };
        let tail = opinion.tail.map(|estimate| Self {
            part: Part::Tail,
            estimate,
            control_ms: opinion.control_p90_ms,
            ms: opinion.p90_ms,
            samples: opinion.samples,
        });
        match (opinion.call, tail) {
            (Call::Alert(Part::Tail) | Call::Candidate(Part::Tail), Some(tail)) => tail,
            (Call::Inconclusive, Some(tail)) if tail.estimate.ratio > body.estimate.ratio => tail,
            _ => body,
        }
    }

    /// "3.1x slower than `control` (median 162 ms against 52 ms; between 2.9x and 3.3x, 100 requests)".
    pub(super) fn words(&self, control: &str) -> String {
        let Estimate { ratio, low, high } = self.estimate;
        let compared = match ratio {
            // What is within a tenth, nobody notices.
            ..0.9 => format!("{} faster than", times(1.0 / ratio)),
            0.9..1.1 => "as fast as".into(),
            _ => format!("{} slower than", times(ratio)),
        };
        let compared = match self.part {
            Part::Body => format!("{compared} {control}"),
            Part::Tail => format!("the slowest tenth is {compared} that of {control}"),
        };
        let (now, before) = (millis(self.ms), millis(self.control_ms));
        let between = match (low > 0.0, high.is_finite()) {
            (true, true) => format!("; between {} and {}", times(low), times(high)),
            (true, false) => format!("; at least {}", times(low)),
            (false, true) => format!("; at most {}", times(high)),
            (false, false) => String::new(),
        };
        let (what, requests) = (self.part_word(), self.samples);
        format!("{compared} ({what} {now} against {before}{between}, {requests} requests)")
    }

    fn part_word(&self) -> &'static str {
        match self.part {
            Part::Body => "median",
            Part::Tail => "90th percentile",
        }
    }
}

/// Nobody goes back for what is not critical: people are told.
pub(super) fn weighed(judged: Judged, endpoint: &Endpoint) -> Judged {
    if endpoint.critical || judged.verdict != Verdict::Refused {
        return judged;
    }
    let trigger = match judged.trigger {
        Some(Trigger::LatencyRollback) => Some(Trigger::LatencyAlert),
        other => other,
    };
    let message = format!("{}; told only, for it is not critical", judged.message);
    Judged { verdict: Verdict::Alert, trigger, message, ..judged }
}

/// It could not be told; why.
pub(super) fn inconclusive(message: String, samples: usize) -> Judged {
    Judged {
        verdict: Verdict::Inconclusive,
        trigger: Some(Trigger::Inconclusive),
        message,
        ratio: None,
        samples,
        control: Control::None,
    }
}

/// "162 ms", "8.4 ms".
pub(super) fn millis(ms: f64) -> String {
    if ms < 9.95 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}

/// "3.1x", "12x".
pub(super) fn times(ratio: f64) -> String {
    if ratio < 9.95 { format!("{ratio:.1}x") } else { format!("{ratio:.0}x") }
}

/// A duration in milliseconds.
pub(super) fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(part: Part, ratio: f64, low: f64, high: f64) -> String {
        let estimate = Estimate { ratio, low, high };
        let seen = Seen { part, estimate, control_ms: 52.0, ms: 52.0 * ratio, samples: 100 };
        seen.words("the old release measured at the same time")
    }

    #[test]
    fn a_ratio_is_said_in_one_sentence() {
        insta::assert_snapshot!(words(Part::Body, 3.12, 2.9, 3.3),
            @"3.1x slower than the old release measured at the same time (median 162 ms against 52 ms; between 2.9x and 3.3x, 100 requests)");
        insta::assert_snapshot!(words(Part::Tail, 11.6, 4.2, f64::INFINITY),
            @"the slowest tenth is 12x slower than that of the old release measured at the same time (90th percentile 603 ms against 52 ms; at least 4.2x, 100 requests)");
        insta::assert_snapshot!(words(Part::Body, 1.02, 0.0, 1.2),
            @"as fast as the old release measured at the same time (median 53 ms against 52 ms; at most 1.2x, 100 requests)");
        insta::assert_snapshot!(words(Part::Body, 0.1, 0.0, f64::INFINITY),
            @"10x faster than the old release measured at the same time (median 5.2 ms against 52 ms, 100 requests)");
    }
}
