//! The judge of one stratum: `pipeline-stats` with this verifier's limits and words. Pure.

use std::time::Duration;

use pipeline_core::{Control, Trigger, Verdict};
use pipeline_stats::{
    Call, Counts, ErrorCall, ErrorRules, Latencies, Opinion, Part, Rules, confirms, errors, look,
};

use super::absolute;
use super::config::PerformanceConfig;
use super::seen::{Judged, Seen, millis, ms, times};

/// The requests of a batch without a control that are told and kept.
const WITHOUT_CONTROL: usize = 100;

/// What the latencies of a stratum are compared with.
#[derive(Clone, Debug)]
pub(super) enum Against {
    /// With those of another release, or of another time.
    Sampled(Sampled),
    /// With what the configuration says.
    Configured(Duration),
    /// With nothing: there is nothing yet.
    Nothing,
}

/// Latencies to compare with.
#[derive(Clone, Debug)]
pub(super) struct Sampled {
    pub(super) control: Control,
    pub(super) latencies: Latencies,
    /// How far the level wanders between runs: 0 when both were taken at the same time.
    pub(super) drift: f64,
    /// Who that is, in words that follow "slower than".
    pub(super) words: String,
}

/// What a look comes to.
#[derive(Clone, Debug)]
pub(super) enum Looked {
    /// More requests are needed.
    Continue,
    /// It is decided.
    Decided(Judged),
    /// It is slow enough to go back; a fresh batch must confirm it.
    Candidate(Seen),
}

/// The limits, and over how many strata the error budget is split.
#[derive(Clone, Debug)]
pub(super) struct Judge {
    rules: Rules,
}

impl Against {
    pub(super) fn control(&self) -> Control {
        match self {
            Self::Sampled(sampled) => sampled.control,
            Self::Configured(_) | Self::Nothing => Control::None,
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Sampled(sampled) => sampled.words.clone(),
            Self::Configured(_) => "the configured baseline".into(),
            Self::Nothing => "nothing".into(),
        }
    }
}

impl Judge {
    pub(super) fn new(config: &PerformanceConfig, strata: usize) -> Self {
        let (alert, rollback, floor_ms) = (config.alert, config.rollback, ms(config.floor));
        let strata = strata.max(1);
        Self { rules: Rules { alert, rollback, floor_ms, strata, ..Rules::default() } }
    }

    /// How many requests a look needs; `None` after the last.
    pub(super) fn wanted(&self, look: usize) -> Option<usize> {
        self.rules.looks.get(look).copied()
    }

    pub(super) fn last(&self) -> usize {
        self.rules.looks.len() - 1
    }

    /// Looks at what there is. `critical`: is a release refused for this alone?
    pub(super) fn look(&self, against: &Against, new: &Latencies, number: usize) -> Looked {
        let opinion = match against {
            Against::Sampled(sampled) => {
                let rules = Rules { drift: sampled.drift, ..self.rules.clone() };
                look(&sampled.latencies, new, number, &rules)
            }
            Against::Configured(baseline) => {
                absolute::look(ms(*baseline), new, number, &self.rules)
            }
            Against::Nothing if new.len() < WITHOUT_CONTROL && number < self.last() => {
                return Looked::Continue;
            }
            Against::Nothing => return Looked::Decided(uncompared(new)),
        };
        called(&opinion, against)
    }

    /// What the fresh batch makes of a candidate.
    pub(super) fn confirm(&self, against: &Against, first: &Seen, batch: &Latencies) -> Judged {
        let confirmation = match against {
            Against::Sampled(sampled) => {
                let rules = Rules { drift: sampled.drift, ..self.rules.clone() };
                confirms(&sampled.latencies, batch, first.part, &rules)
            }
            Against::Configured(baseline) => absolute::confirms(ms(*baseline), batch, &self.rules),
            // The old machines that it was compared with are gone meanwhile.
            Against::Nothing => {
                let why = "what it was compared with did not answer a second time";
                return unconfirmed(against, first, why);
            }
        };
        let (again, count) = (times(confirmation.estimate.ratio), batch.len());
        let seen = first.words(&against.words());
        if confirmation.confirmed {
            let message =
                format!("{seen}; a second look, at {count} requests, confirms it: {again}");
            return judged((Verdict::Refused, Trigger::LatencyRollback), message, first, against);
        }
        let message =
            format!("{seen}, but not lastingly: a second look, at {count} requests, shows {again}");
        judged((Verdict::Alert, Trigger::LatencyAlert), message, first, against)
    }
}

/// A candidate for which there is no fresh batch and will be none.
pub(super) fn unconfirmed(against: &Against, first: &Seen, why: &str) -> Judged {
    let message = format!("{}; {why}", first.words(&against.words()));
    judged((Verdict::Inconclusive, Trigger::Inconclusive), message, first, against)
}

fn called(opinion: &Opinion, against: &Against) -> Looked {
    let seen = Seen::of(opinion);
    let words = seen.words(&against.words());
    let (answer, message) = match opinion.call {
        Call::Continue => return Looked::Continue,
        Call::Candidate(_) => return Looked::Candidate(seen),
        Call::Pass => {
            return Looked::Decided(passed(words, &seen, against));
        }
        Call::Alert(_) => ((Verdict::Alert, Trigger::LatencyAlert), words),
        Call::Inconclusive => {
            let message = format!(
                "seems {words}, but too uncertainly to tell it from chance; measure again with \
                 `pipeline verify`, or at a higher `rate`"
            );
            ((Verdict::Inconclusive, Trigger::Inconclusive), message)
        }
    };
    Looked::Decided(judged(answer, message, &seen, against))
}

/// More failures than may be. `last` is the last of them, in words.
pub(super) fn too_many_errors(
    control: Counts,
    new: Counts,
    last: Option<&str>,
    against: Control,
) -> Option<Judged> {
    let failing = failing(control, new, last, against)?;
    (failing.verdict == Verdict::Refused).then_some(failing)
}

/// More failures than may be: refused where that is sure, else an alert.
pub(super) fn failing(
    control: Counts,
    new: Counts,
    last: Option<&str>,
    against: Control,
) -> Option<Judged> {
    let opinion = errors(control, new, &ErrorRules::default());
    let verdict = match opinion.call {
        ErrorCall::Rollback => Verdict::Refused,
        ErrorCall::Unproven => Verdict::Alert,
        _ => return None,
    };
    let Counts { failed, total } = new;
    let last = last.map(|it| format!("; the last of them {it}")).unwrap_or_default();
    let beside = match control.total {
        0 => String::new(),
        all => format!(", of the control {} of {all}", control.failed),
    };
    let allowed = opinion.allowed * 100.0;
    let more = match verdict {
        Verdict::Refused => format!("more than {allowed:.0} %"),
        _ => "which may be chance".into(),
    };
    let message = format!("{failed} of {total} requests failed{beside}, {more}{last}");
    Some(Judged {
        verdict,
        trigger: Some(Trigger::ErrorRate),
        message,
        ratio: None,
        samples: usize::try_from(total).unwrap_or(usize::MAX),
        control: against,
    })
}

/// How many requests a confirmation takes.
pub(super) fn batch(part: Part) -> usize {
    part.batch()
}

fn judged(
    (verdict, trigger): (Verdict, Trigger),
    message: String,
    seen: &Seen,
    against: &Against,
) -> Judged {
    Judged {
        verdict,
        trigger: Some(trigger),
        message,
        ratio: Some(seen.estimate),
        samples: seen.samples,
        control: against.control(),
    }
}

fn passed(message: String, seen: &Seen, against: &Against) -> Judged {
    let (ratio, samples, control) = (Some(seen.estimate), seen.samples, against.control());
    Judged { verdict: Verdict::Passed, trigger: None, message, ratio, samples, control }
}

fn uncompared(new: &Latencies) -> Judged {
    let (median, count) = (millis(new.median_ms()), new.len());
    Judged {
        verdict: Verdict::Passed,
        trigger: None,
        message: format!(
            "median {median}, {count} requests; there is nothing to compare it with yet, the next release will be \
             compared with this one"
        ),
        ratio: None,
        samples: count,
        control: Control::None,
    }
}
