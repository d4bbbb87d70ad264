//! What is watched, for how long, and what is too much.

use std::num::NonZeroUsize;
use std::time::Duration;

use thiserror::Error;

use super::schedule::{CLOSE, Schedule};
use crate::config::Bearer;

/// How many requests it takes before a rate of errors means anything.
pub(super) const FEWEST: usize = 20;

/// A watch over a deployment after the switch.
#[derive(Clone, Debug)]
pub struct WatchConfig {
    /// The health endpoint, from the root: it must answer `200`.
    pub path: String,
    /// Further paths, which must answer, and with no `5xx`.
    pub also: Vec<String>,
    /// The token to send.
    pub bearer: Option<Bearer>,
    /// How long to watch what is wholly new and public. Anything else is watched for its first 10 s.
    pub window: Duration,
    /// The time between two probes, after the first 10 s with one each second.
    pub every: Duration,
    /// How long one probe may take.
    pub timeout: Duration,
    /// Ask each instance that has an address, too?
    pub per_instance: bool,
    /// What is too much.
    pub limits: WatchLimits,
}

/// What a watch takes for a failure. Each is too much when it is exceeded, not when it is reached.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchLimits {
    /// How long the health endpoint may be down.
    pub down_for: Duration,
    /// How many probes of it in a row may fail.
    pub consecutive: NonZeroUsize,
    /// Which part of at least 20 requests may fail, of all since the watch began.
    pub error_rate: f64,
    /// Which part may fail over 60 s where some fail in each third of them.
    pub sustained_error_rate: f64,
    /// The median that good answers of the health endpoint may have; above it is an alert.
    pub latency: Option<Duration>,
}

/// Why a watch cannot be made so. The key is the one of `[verify.watch]`.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum WatchError {
    /// A path that is none.
    #[error("`path` is \"{0}\"; begin it with a slash")]
    Path(String),
    /// A path that stands twice.
    #[error("`also` names \"{0}\", which is watched already")]
    Twice(String),
    /// A duration of nothing.
    #[error("`{0}` is zero; give it a duration, such as \"5s\"")]
    Zero(&'static str),
    /// A rate that is none.
    #[error("`{key}` is {value}; it is a part of all requests, above 0 and up to 1, such as 0.05")]
    Rate {
        /// The key.
        key: &'static str,
        /// Its value.
        value: f64,
    },
    /// A watch that could not tell a rate of errors.
    #[error(
        "a `window` of {window:?} with a probe `every` {every:?} makes {requests} requests, and a rate of errors \
         is judged from 20 on; raise `window` or lower `every`"
    )]
    TooFew {
        /// `window`.
        window: Duration,
        /// `every`.
        every: Duration,
        /// How many there would be.
        requests: usize,
    },
}

impl Default for WatchLimits {
    /// Down for 10 s, three probes in a row, 5 % of the requests, 1 % over 60 s; any latency.
    fn default() -> Self {
        Self {
            down_for: Duration::from_secs(10),
            consecutive: NonZeroUsize::new(3).expect("3 is not 0"),
            error_rate: 0.05,
            sustained_error_rate: 0.01,
            latency: None,
        }
    }
}

impl WatchConfig {
    /// This health endpoint for 60 s, each second for the first 10 s and then every 5 s, 5 s a probe.
    pub fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            also: Vec::new(),
            bearer: None,
            window: Duration::from_mins(1),
            every: Duration::from_secs(5),
            timeout: Duration::from_secs(5),
            per_instance: true,
            limits: WatchLimits::default(),
        }
    }

    /// All paths, the health endpoint first.
    pub(super) fn paths(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.path).chain(&self.also).map(String::as_str)
    }

    /// Refuses what could never fail, and what could never pass.
    pub fn check(&self) -> Result<(), WatchError> {
        let paths: Vec<_> = self.paths().collect();
        for (number, path) in paths.iter().enumerate() {
            if !path.starts_with('/') {
                return Err(WatchError::Path((*path).to_owned()));
            }
            if paths[..number].contains(path) {
                return Err(WatchError::Twice((*path).to_owned()));
            }
        }
        let latency = self.limits.latency.unwrap_or(CLOSE);
        let durations = [
            ("window", self.window),
            ("every", self.every),
            ("timeout", self.timeout),
            ("down_for", self.limits.down_for),
            ("latency", latency),
        ];
        if let Some((key, _)) = durations.iter().find(|(_, duration)| duration.is_zero()) {
            return Err(WatchError::Zero(key));
        }
        let rates = [
            ("error_rate", self.limits.error_rate),
            ("sustained_error_rate", self.limits.sustained_error_rate),
        ];
        if let Some((key, value)) =
            rates.into_iter().find(|(_, rate)| !(*rate > 0.0 && *rate <= 1.0))
        {
            return Err(WatchError::Rate { key, value });
        }
        let schedule = Schedule::new(self.window, self.every);
        let requests = schedule.planned().saturating_mul(paths.len());
        let (window, every) = (self.window, self.every);
        if requests < FEWEST {
            return Err(WatchError::TooFew { window, every, requests });
        }
        Ok(())
    }
}
