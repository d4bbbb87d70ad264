//! What can go wrong in a call of the Machines API, told apart by status and body.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::StatusCode;
use serde_json::Value;
use thiserror::Error;

/// Why a call has no good answer. `call` names the action, the machine and the app.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ApiError {
    /// 401 or 403.
    #[error("{call}: Fly.io does not accept the token: {message}")]
    Unauthorized {
        /// What was asked.
        call: String,
        /// Fly.io's words.
        message: String,
    },
    /// 404: the app or the machine is not there.
    #[error("{call}: {message}")]
    NotFound {
        /// What was asked.
        call: String,
        /// Fly.io's words.
        message: String,
    },
    /// 408: the platform gave up; whether it did the thing is not known.
    #[error("{call}: Fly.io gave up waiting: {message}{}", named(.request.as_deref()))]
    TimedOut {
        /// What was asked.
        call: String,
        /// Fly.io's words.
        message: String,
        /// Fly.io's name for the request, for a support case.
        request: Option<String>,
    },
    /// 409: somebody else holds the machine's lease.
    #[error("{call}: the machine is leased by {owner} until {until}")]
    Leased {
        /// What was asked.
        call: String,
        /// Who holds it.
        owner: String,
        /// Until when, as Fly.io says it.
        until: String,
        /// How long that is by the platform's own clock, if it could be told.
        left: Option<Duration>,
    },
    /// 409: another change is under way, or the machine is not what it was when it was read.
    #[error("{call}: {message}")]
    Conflict {
        /// What was asked.
        call: String,
        /// Fly.io's words.
        message: String,
    },
    /// 412: the machine is in a state in which this cannot be done.
    #[error("{call}: {message}")]
    Precondition {
        /// What was asked.
        call: String,
        /// Fly.io's words.
        message: String,
    },
    /// 422: understood, and impossible: no capacity, a limit, a name.
    #[error("{call}: Fly.io cannot do it: {message}")]
    Impossible {
        /// What was asked.
        call: String,
        /// Fly.io's words.
        message: String,
    },
    /// 429.
    #[error("{call}: too many requests: {message}")]
    RateLimited {
        /// What was asked.
        call: String,
        /// Fly.io's words.
        message: String,
        /// After which time Fly.io wants to be asked again, if it says.
        after: Option<Duration>,
    },
    /// 5xx.
    #[error("{call}: Fly.io answered {status}: {message}{}", named(.request.as_deref()))]
    Server {
        /// What was asked.
        call: String,
        /// The status.
        status: u16,
        /// Fly.io's words.
        message: String,
        /// Fly.io's name for the request, for a support case.
        request: Option<String>,
    },
    /// GraphQL has an error in place of an answer.
    #[error("{call}: Fly.io has no answer: {message}")]
    Unanswered {
        /// What was asked.
        call: String,
        /// Fly.io's words.
        message: String,
    },
    /// Any other refusal, mostly 400.
    #[error("{call}: Fly.io refused with {status}: {message}")]
    Rejected {
        /// What was asked.
        call: String,
        /// The status.
        status: u16,
        /// Fly.io's words.
        message: String,
    },
    /// No answer came.
    #[error("{call}: no answer from {host}")]
    Connect {
        /// What was asked.
        call: String,
        /// Who was asked: scheme, host and port.
        host: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// The answer makes no sense.
    #[error("{call}: the answer could not be read")]
    Decode {
        /// What was asked.
        call: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

/// How Fly.io says that a lease is gone.
const NO_LEASE: &str = "lease not found";

impl ApiError {
    /// Reads a refusal.
    pub(crate) fn of(call: &str, reply: &Reply<'_>) -> Self {
        let (call, message) = (call.to_owned(), message(reply.body));
        let request = reply.request.map(str::to_owned);
        match reply.status.as_u16() {
            401 | 403 => Self::Unauthorized { call, message },
            404 => Self::NotFound { call, message },
            408 => Self::TimedOut { call, message, request },
            409 => match holder(&message) {
                Some((owner, until)) => {
                    let left = time_left(&until, reply.date);
                    Self::Leased { call, owner, until, left }
                }
                None => Self::Conflict { call, message },
            },
            412 => Self::Precondition { call, message },
            // The platform has said so of a machine that is not yet to be started with either status.
            400 if message.starts_with("failed_precondition") && !message.contains(NO_LEASE) => {
                Self::Precondition { call, message }
            }
            422 => Self::Impossible { call, message },
            429 => Self::RateLimited { call, message, after: reply.after() },
            status @ 500..=599 => Self::Server { call, status, message, request },
            status => Self::Rejected { call, status, message },
        }
    }

    /// May asking the same again bring another answer?
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::TimedOut { .. }
                | Self::RateLimited { .. }
                | Self::Server { .. }
                | Self::Connect { .. }
                | Self::Decode { .. }
        )
    }

    /// Is the machine in the way of itself, so that reading it again tells what to do?
    pub(crate) fn wants_a_second_look(&self) -> bool {
        matches!(self, Self::Conflict { .. } | Self::Precondition { .. })
    }

    /// May it be the state of the machine that is in the way, or nothing at all?
    pub(crate) fn may_be_in_its_own_way(&self) -> bool {
        self.is_transient() || self.wants_a_second_look()
    }

    /// May the same be granted a moment later, although this is an answer? All may but what a person has
    /// to put right, and the lease of somebody else.
    pub(crate) fn may_be_gone_soon(&self) -> bool {
        !matches!(self, Self::Unauthorized { .. } | Self::Rejected { .. } | Self::Leased { .. })
    }

    pub(crate) fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Unauthorized { .. })
    }

    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }

    /// Is there no lease any more? Fly.io has said it with 404 and with 400 (flyctl: pull request 4100).
    pub(crate) fn is_lease_gone(&self) -> bool {
        self.is_not_found()
            || matches!(self, Self::Rejected { message, .. } if message.contains(NO_LEASE))
    }

    /// Does the answer to a refresh say that the lease is not ours any more?
    pub(crate) fn is_lease_lost(&self) -> bool {
        matches!(self, Self::Leased { .. }) || self.is_lease_gone()
    }

    /// What a person should do next.
    #[must_use]
    pub fn next_step(&self) -> &'static str {
        match self {
            Self::Unauthorized { .. } => {
                "give a token that may deploy this app: `fly tokens create deploy`"
            }
            Self::NotFound { .. } => "check the app's name and that the machine still exists",
            Self::Leased { .. } => {
                "wait until that deploy has ended, or release it with `fly machine leases clear`"
            }
            Self::Conflict { .. } | Self::Precondition { .. } => {
                "see who else changes this app: `fly machine status` shows its events"
            }
            Self::Impossible { .. } => {
                "ask for less, or another region: `fly platform regions` shows what there is"
            }
            Self::Rejected { .. } => "correct the machine's configuration in fly.toml",
            _ => {
                "look at https://status.flyio.net, then try again; `pipeline resume` goes on with a run that had begun"
            }
        }
    }
}

/// A refusal as it came: the status, the headers that matter, the body.
#[derive(Debug, Default)]
pub(crate) struct Reply<'a> {
    pub(crate) status: StatusCode,
    pub(crate) date: Option<&'a str>,
    pub(crate) request: Option<&'a str>,
    pub(crate) retry_after: Option<&'a str>,
    pub(crate) body: &'a str,
}

impl Reply<'_> {
    /// `retry-after`: whole seconds, as most write it.
    fn after(&self) -> Option<Duration> {
        Some(Duration::from_secs(self.retry_after?.trim().parse().ok()?))
    }
}

/// The end of a message that a support case may rest on.
fn named(request: Option<&str>) -> String {
    request.map_or_else(String::new, |name| format!(" (request {name})"))
}

/// Fly.io's words: `message` before `error` before the raw body (fly-go does it in this order).
fn message(body: &str) -> String {
    let json: Value = serde_json::from_str(body).unwrap_or_default();
    let told = ["message", "error"].iter().find_map(|key| json[*key].as_str());
    let text = told.unwrap_or(body).trim();
    let short: String = text.chars().take(400).collect();
    if short.is_empty() { "no reason was given".to_owned() } else { short }
}

/// Owner and expiry out of a lease conflict.
fn holder(message: &str) -> Option<(String, String)> {
    let (_, rest) = message.split_once("lease currently held by ")?;
    let (owner, until) = rest.split_once(", expires at ").unwrap_or((rest, "an unknown time"));
    Some((owner.trim().to_owned(), until.trim().to_owned()))
}

/// By the platform's own clock, so that a wrong one here does no harm.
fn time_left(until: &str, date: Option<&str>) -> Option<Duration> {
    let until: Timestamp = until.parse().ok()?;
    let now = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date?).ok()?;
    Some(until.duration_since(now).try_into().unwrap_or(Duration::ZERO))
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
