//! Judging stored samples again, with other limits. Pure.

use pipeline_core::{Check, Control, Verdict};
use pipeline_stats::{Counts, Latencies};

use super::config::PerformanceConfig;
use super::endpoint::Endpoint;
use super::judge::{Against, Judge, Looked, batch, failing, unconfirmed};
use super::reference::{beside, earlier, just_before};
use super::report::check;
use super::sample::{counts, has_latency, latencies};
use super::seen::{Judged, Seen, inconclusive, weighed};
use super::series::{Role, Sample, Series};

/// What the judge says of what a run measured, with the limits of `config`.
///
/// A candidate for which the run took no second look (it was none with the limits of then) is inconclusive and says so.
/// An endpoint that the configuration does not name is judged as a critical one; `baseline` is what it says now.
#[must_use]
pub fn judge_again(series: &[Series], config: &PerformanceConfig) -> Vec<Check> {
    let new: Vec<&Series> = series.iter().filter(|it| it.role == Role::New).collect();
    let judge = Judge::new(config, new.len());
    let stored = Stored { series, config, judge };
    new.into_iter().map(|it| stored.judge(it)).collect()
}

struct Stored<'s> {
    series: &'s [Series],
    config: &'s PerformanceConfig,
    judge: Judge,
}

impl Stored<'_> {
    fn judge(&self, new: &Series) -> Check {
        let endpoint = self.endpoint(&new.endpoint);
        let (asked, before, control) = self.failures(new, &endpoint);
        let judged = match failing(before, asked, None, control) {
            Some(refused) if refused.verdict == Verdict::Refused => refused,
            alert => match self.latency(new, &endpoint) {
                it if it.verdict != Verdict::Passed => it,
                passed => alert.unwrap_or_else(|| passed.with_failures(asked)),
            },
        };
        let judged = weighed(judged, &endpoint);
        check(&new.endpoint, new.instance.as_deref(), &endpoint.endpoint(), judged)
    }

    fn latency(&self, new: &Series, endpoint: &Endpoint) -> Judged {
        let all = self.latencies(&new.samples, endpoint);
        let from = self.begin(&new.samples, endpoint);
        let mut look = 0;
        loop {
            let wanted = self.judge.wanted(look).unwrap_or(usize::MAX);
            let ends = all.len() < wanted || look == self.judge.last();
            let look_at = if ends { self.judge.last() } else { look };
            let against = self.against(endpoint, from, wanted.min(all.len()));
            match self.judge.look(&against, &all.first(wanted), look_at) {
                Looked::Decided(judged) => return judged,
                Looked::Candidate(first) => return self.confirm(new, endpoint, &first),
                Looked::Continue if ends => {
                    let message = "the run stopped before it could be told".into();
                    return inconclusive(message, all.len());
                }
                Looked::Continue => look += 1,
            }
        }
    }

    fn confirm(&self, new: &Series, endpoint: &Endpoint, first: &Seen) -> Judged {
        let wanted = batch(first.part);
        let same = |it: &&Series| {
            it.role == Role::Confirmation
                && it.endpoint == new.endpoint
                && it.instance == new.instance
        };
        let fresh = self.series.iter().find(same);
        let from = fresh.map_or(0, |it| self.begin(&it.samples, endpoint));
        let against = self.against(endpoint, from, wanted);
        let batch = fresh.map(|it| self.latencies(&it.samples, endpoint).first(wanted));
        if let Some(batch) = batch.filter(|it| it.len() == wanted) {
            return self.judge.confirm(&against, first, &batch);
        }
        unconfirmed(&against, first, "the run took no second look that could confirm it")
    }

    /// How often it failed, how often what it is compared with did, and what that is.
    fn failures(&self, new: &Series, endpoint: &Endpoint) -> (Counts, Counts, Control) {
        let same = |it: &&Series| {
            it.endpoint == new.endpoint
                && it.instance == new.instance
                && matches!(it.role, Role::New | Role::WarmUp)
        };
        let asked = self.series.iter().filter(same).flat_map(|it| &it.samples);
        let controls = [Role::Control, Role::FreshControl];
        let before = self
            .series
            .iter()
            .filter(|it| it.endpoint == new.endpoint && controls.contains(&it.role));
        let before = counts(before.flat_map(|it| &it.samples), endpoint);
        let control = self.against(endpoint, 0, usize::MAX).control();
        (counts(asked, endpoint), before, control)
    }

    /// What was compared with then: `count` latencies from `from` on, if it was asked at the same time.
    fn against(&self, endpoint: &Endpoint, from: u64, count: usize) -> Against {
        if let Some(baseline) = endpoint.baseline {
            return Against::Configured(baseline);
        }
        let timeout = self.config.timeout;
        let beside_it = self.control(endpoint, Role::Control);
        if !beside_it.is_empty() {
            let from = beside_it.into_iter().filter(|it| it.at_us >= from);
            let from: Vec<Sample> = from.collect();
            return Against::Sampled(beside(self.latencies(&from, endpoint).first(count)));
        }
        let fresh = self.control(endpoint, Role::FreshControl);
        if !fresh.is_empty() {
            return Against::Sampled(just_before(&fresh, endpoint, timeout));
        }
        let history = self.control(endpoint, Role::HistoryControl);
        if !history.is_empty() {
            return Against::Sampled(earlier(&history, 0, endpoint, timeout));
        }
        Against::Nothing
    }

    fn control(&self, endpoint: &Endpoint, role: Role) -> Vec<Sample> {
        let title = endpoint.title();
        let of = self.series.iter().filter(|it| it.role == role && it.endpoint == title);
        of.flat_map(|it| it.samples.clone()).collect()
    }

    fn latencies(&self, samples: &[Sample], endpoint: &Endpoint) -> Latencies {
        latencies(samples, endpoint, self.config.timeout)
    }

    /// When the first of them that has a latency was due.
    fn begin(&self, samples: &[Sample], endpoint: &Endpoint) -> u64 {
        let first = samples.iter().find(|it| has_latency(it, endpoint, self.config.timeout));
        first.map_or(0, |it| it.at_us)
    }

    fn endpoint(&self, title: &str) -> Endpoint {
        let known = self.config.endpoints.iter().find(|it| it.title() == title);
        known
            .cloned()
            .unwrap_or_else(|| Endpoint { name: Some(title.into()), ..Endpoint::get("/") })
    }
}
