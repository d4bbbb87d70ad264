//! What the performance verifier measures, against which limits, and how hard it asks.

use std::time::Duration;

use thiserror::Error;

use super::endpoint::Endpoint;

/// The most requests a second to all endpoints and machines together, whatever is configured.
pub(super) const MOST_PER_SECOND: f64 = 50.0;

/// The share of an application's declared capacity that may be used to measure it.
const SHARE_OF_CAPACITY: f64 = 0.25;

/// What is measured, and how.
#[derive(Clone, Debug)]
pub struct PerformanceConfig {
    /// Slower than this many times the control is told.
    pub alert: f64,
    /// Slower than this many times the control is refused, once confirmed.
    pub rollback: f64,
    /// A smaller increase of the median (or of the 90th percentile) counts for nothing.
    pub floor: Duration,
    /// Requests a second to each endpoint at each machine; together never more than 50.
    pub rate: f64,
    /// Requests a second that the application can bear; at most a quarter of it is used. `None`: nobody said.
    pub capacity: Option<f64>,
    /// Measure each machine that has an address by itself, instead of what users reach?
    pub per_machine: bool,
    /// So many first requests to each machine are no part of its latency.
    pub warm_up: usize,
    /// How long all of it may take; what is undecided then is inconclusive.
    pub within: Duration,
    /// How long one answer may take, its body included. Later is a failed request, and slower than any other.
    pub timeout: Duration,
    /// So many requests to each endpoint before the deploy make its baseline.
    pub baseline_requests: usize,
    /// If the first good answer, or the median of the first ten, takes longer, the release is refused.
    /// `None`: a cold start is told and refused by nobody.
    pub cold_start: Option<Duration>,
    /// What is measured.
    pub endpoints: Vec<Endpoint>,
}

/// Why performance cannot be verified so. The key is the one of `[verify.performance]`.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum PerformanceConfigError {
    /// Nothing would be measured, and that would pass.
    #[error("`endpoints` is empty; name at least one path, such as \"/\"")]
    NoEndpoints,
    /// Two endpoints could not be told apart.
    #[error("two endpoints are called `{0}`; give one of them a `name`")]
    SameName(String),
    /// A path that is none.
    #[error("`path` is \"{0}\"; begin it with a slash")]
    Path(String),
    /// Limits in the wrong order.
    #[error(
        "`alert` is {alert} and `rollback` is {rollback}; they are ratios above 1, and the second must be \
         larger than the first"
    )]
    Limits {
        /// `alert`.
        alert: f64,
        /// `rollback`.
        rollback: f64,
    },
    /// A rate that sends nothing, or too much.
    #[error("`{key}` is {value}; it is a number of requests a second above 0{most}")]
    Rate {
        /// The key.
        key: &'static str,
        /// What it says.
        value: f64,
        /// The most it may be, in words.
        most: &'static str,
    },
    /// Too few requests to tell anything from.
    #[error("`{key}` is {value}; it must be from {least} to {most}")]
    Count {
        /// The key.
        key: &'static str,
        /// What it says.
        value: usize,
        /// The least it may be.
        least: usize,
        /// The most it may be.
        most: usize,
    },
    /// A status that no server sends as a final answer.
    #[error("`status` of {path} is {status}; it must be from 200 to 599")]
    Status {
        /// The endpoint's path.
        path: String,
        /// The status.
        status: u16,
    },
    /// A duration of nothing.
    #[error("`{0}` is zero; give it a duration, such as \"2s\"")]
    Zero(&'static str),
}

pub(super) type Checked = Result<(), PerformanceConfigError>;

impl Default for PerformanceConfig {
    /// Alert above 2, roll back above 5, both with an increase of 10 ms at least; 10 requests a second, 4 s for an
    /// answer, 20 to warm up, 200 for a baseline, 3 minutes in all; no endpoints.
    fn default() -> Self {
        Self {
            alert: 2.0,
            rollback: 5.0,
            floor: Duration::from_millis(10),
            rate: 10.0,
            capacity: None,
            per_machine: true,
            warm_up: 20,
            within: Duration::from_mins(3),
            timeout: Duration::from_secs(4),
            baseline_requests: 200,
            cold_start: None,
            endpoints: Vec::new(),
        }
    }
}

impl PerformanceConfig {
    /// Refuses what could never pass, and what could never fail.
    pub fn check(&self) -> Checked {
        let durations = [("within", self.within), ("timeout", self.timeout)];
        if let Some((key, _)) = durations.iter().find(|(_, duration)| duration.is_zero()) {
            return Err(PerformanceConfigError::Zero(key));
        }
        self.check_limits()?;
        count("warm_up", self.warm_up, [1, 60])?;
        count("baseline_requests", self.baseline_requests, [40, 2_000])?;
        if self.endpoints.is_empty() {
            return Err(PerformanceConfigError::NoEndpoints);
        }
        for (number, endpoint) in self.endpoints.iter().enumerate() {
            endpoint.check()?;
            let title = endpoint.title();
            if self.endpoints[..number].iter().any(|it| it.title() == title) {
                return Err(PerformanceConfigError::SameName(title));
            }
        }
        Ok(())
    }

    /// Requests a second to all together.
    pub(super) fn most(&self) -> f64 {
        self.capacity.map_or(MOST_PER_SECOND, |it| MOST_PER_SECOND.min(it * SHARE_OF_CAPACITY))
    }

    fn check_limits(&self) -> Checked {
        let (alert, rollback) = (self.alert, self.rollback);
        if !(alert > 1.0 && rollback > alert && rollback.is_finite()) {
            return Err(PerformanceConfigError::Limits { alert, rollback });
        }
        let refused = |key, value, most| Err(PerformanceConfigError::Rate { key, value, most });
        if !(self.rate > 0.0 && self.rate <= MOST_PER_SECOND) {
            return refused("rate", self.rate, " and at most 50");
        }
        match self.capacity {
            Some(it) if !(it > 0.0 && it.is_finite()) => refused("capacity", it, ""),
            _ => Ok(()),
        }
    }
}

fn count(key: &'static str, value: usize, [least, most]: [usize; 2]) -> Checked {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(PerformanceConfigError::Count { key, value, least, most })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(endpoints: Vec<Endpoint>) -> PerformanceConfig {
        PerformanceConfig { endpoints, ..PerformanceConfig::default() }
    }

    fn refused(change: impl Fn(&mut PerformanceConfig)) -> String {
        let mut config = of(vec![Endpoint::get("/")]);
        change(&mut config);
        config.check().unwrap_err().to_string()
    }

    #[test]
    fn what_could_never_fail_or_never_pass_is_refused() {
        assert_eq!(of(vec![Endpoint::get("/")]).check(), Ok(()));
        insta::assert_snapshot!(refused(|it| it.endpoints.clear()),
            @r#"`endpoints` is empty; name at least one path, such as "/""#);
        insta::assert_snapshot!(refused(|it| it.endpoints.push(Endpoint::get("/"))),
            @"two endpoints are called `GET /`; give one of them a `name`");
        insta::assert_snapshot!(refused(|it| it.endpoints[0].path = "x".into()),
            @r#"`path` is "x"; begin it with a slash"#);
        insta::assert_snapshot!(refused(|it| it.alert = 5.0),
            @"`alert` is 5 and `rollback` is 5; they are ratios above 1, and the second must be larger than the first");
        insta::assert_snapshot!(refused(|it| it.rate = 51.0),
            @"`rate` is 51; it is a number of requests a second above 0 and at most 50");
        insta::assert_snapshot!(refused(|it| it.capacity = Some(f64::NAN)),
            @"`capacity` is NaN; it is a number of requests a second above 0");
        insta::assert_snapshot!(refused(|it| it.baseline_requests = 10),
            @"`baseline_requests` is 10; it must be from 40 to 2000");
        insta::assert_snapshot!(refused(|it| it.endpoints[0].status = Some(99)),
            @"`status` of / is 99; it must be from 200 to 599");
        insta::assert_snapshot!(refused(|it| it.timeout = Duration::ZERO),
            @r#"`timeout` is zero; give it a duration, such as "2s""#);
    }

    #[test]
    fn a_quarter_of_the_capacity_is_used_and_never_more_than_50() {
        let most = |capacity| PerformanceConfig { capacity, ..of(vec![]) }.most().to_string();
        assert_eq!([most(None), most(Some(100.0)), most(Some(1e6))], ["50", "25", "50"]);
    }
}
