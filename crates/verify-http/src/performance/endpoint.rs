//! What is measured: one request, and what of its answer is the latency.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::SecretString;

use super::config::{Checked, PerformanceConfigError};
use crate::config::{Bearer, Method};

/// One request whose latency is judged.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// What people call it; its request if nobody says.
    pub name: Option<String>,
    /// How to ask.
    pub method: Method,
    /// What to ask for, from the root, with its query if it has one.
    pub path: String,
    /// Headers to send.
    pub headers: BTreeMap<String, String>,
    /// The token to send.
    pub bearer: Option<Bearer>,
    /// The status of a good answer; any `2xx` if nobody says. Redirects are not followed.
    pub status: Option<u16>,
    /// The latency it is held to, in place of any measured control.
    pub baseline: Option<Duration>,
    /// What of an answer is its latency.
    pub measure: Measure,
    /// Is a release refused for this endpoint alone? If not, people are told.
    pub critical: bool,
}

/// What of an answer is its latency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Measure {
    /// From the moment the request should have left to the last byte of the body.
    #[default]
    Whole,
    /// What the application says in the header `server-timing`
    /// (<https://www.w3.org/TR/server-timing/>): the metric of this name. `None`: the metric `total`, or the
    /// sum of all where there is none of that name.
    ServerTiming(Option<String>),
}

impl Endpoint {
    /// `GET path`.
    pub fn get(path: impl Into<String>) -> Self {
        Self {
            name: None,
            method: Method::Get,
            path: path.into(),
            headers: BTreeMap::new(),
            bearer: None,
            status: None,
            baseline: None,
            measure: Measure::Whole,
            critical: true,
        }
    }

    /// The request in words, such as `GET /api/v1/health`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("{} {}", self.method.as_str(), self.path)
    }

    /// Its name, or its request.
    #[must_use]
    pub fn title(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.endpoint())
    }

    pub(super) fn secret(&self) -> Option<&SecretString> {
        self.bearer.as_ref().and_then(Bearer::secret)
    }

    /// Is an answer with this status a good one?
    pub(super) fn is_good(&self, status: u16) -> bool {
        self.status.map_or((200..300).contains(&status), |wanted| wanted == status)
    }

    pub(super) fn check(&self) -> Checked {
        if !self.path.starts_with('/') {
            return Err(PerformanceConfigError::Path(self.path.clone()));
        }
        if self.baseline.is_some_and(|it| it.is_zero()) {
            return Err(PerformanceConfigError::Zero("baseline"));
        }
        match self.status {
            Some(status) if !(200..600).contains(&status) => {
                Err(PerformanceConfigError::Status { path: self.path.clone(), status })
            }
            _ => Ok(()),
        }
    }
}

impl Measure {
    /// `server-timing`, or `server-timing:NAME`; `None` if it is neither.
    #[must_use]
    pub fn named(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("server-timing")?;
        match rest.strip_prefix(':') {
            Some(name) if !name.is_empty() => Some(Self::ServerTiming(Some(name.to_owned()))),
            None if rest.is_empty() => Some(Self::ServerTiming(None)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_is_named_by_the_header() {
        assert_eq!(Measure::named("server-timing"), Some(Measure::ServerTiming(None)));
        let db = Measure::ServerTiming(Some("db".into()));
        assert_eq!(Measure::named("server-timing:db"), Some(db));
        assert_eq!(Measure::named("server-timing:"), None);
        assert_eq!(Measure::named("server-timings"), None);
    }
}
