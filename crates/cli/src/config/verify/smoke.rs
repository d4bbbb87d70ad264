//! The smoke tests of an environment.

use std::num::NonZeroU32;
use std::time::Duration;

use secrecy::SecretString;
use verify_http::{Echo, Expect};

/// The smoke tests.
#[derive(Clone, Debug)]
pub(crate) struct Smoke {
    pub(crate) within: Duration,
    pub(crate) attempt_timeout: Duration,
    pub(crate) retry_every: Duration,
    pub(crate) consecutive: NonZeroU32,
    pub(crate) consecutive_bad: Option<NonZeroU32>,
    pub(crate) per_machine: bool,
    pub(crate) checks: Vec<SmokeCheck>,
}

/// One smoke test.
#[derive(Clone, Debug)]
pub(crate) struct SmokeCheck {
    pub(crate) name: Option<String>,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) redirects: u32,
    pub(crate) expect: Expect,
    pub(crate) tls_expires_after: Option<Duration>,
    pub(crate) echo: Option<Echo>,
    /// The variable of the bearer token, and the token if it is set.
    pub(crate) bearer: Option<(String, Option<SecretString>)>,
}

impl Smoke {
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        self.checks.iter().filter_map(|check| check.bearer.as_ref()?.1.as_ref())
    }
}
