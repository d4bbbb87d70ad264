//! What the smoke verifier asks for, and how patiently.

mod bearer;
mod check;
mod echo;
mod error;

pub use bearer::Bearer;
pub use check::{Method, SmokeCheck};
pub use echo::{Echo, Echoed};
pub use error::ConfigError;

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

/// The smoke checks of an environment. All of them must pass, everywhere, within one window.
#[derive(Clone, Debug)]
pub struct SmokeConfig {
    /// The window: how long all checks have together, tries included.
    pub within: Duration,
    /// How long one try may take, its redirects and bodies included.
    pub attempt_timeout: Duration,
    /// How long to wait between two tries, and between two good answers.
    pub retry_every: Duration,
    /// How many good answers in a row a check needs: one may be luck.
    pub consecutive: NonZeroU32,
    /// How many bad answers in a row decide a check without waiting for the end of the window; `None` waits. What this side could
    /// not ask, or cannot tell, is no bad answer. After a restore the window is waited for all the same.
    pub consecutive_bad: Option<NonZeroU32>,
    /// How many requests may be under way at once.
    pub at_once: NonZeroUsize,
    /// Ask each instance that has an address, not only what users reach?
    pub per_instance: bool,
    /// What to ask.
    pub checks: Vec<SmokeCheck>,
}

impl Default for SmokeConfig {
    /// 60 s in all, 5 s a try, a try every 2 s, two good answers in a row, bad ones are waited out, 8 requests at once, no checks.
    fn default() -> Self {
        Self {
            within: Duration::from_mins(1),
            attempt_timeout: Duration::from_secs(5),
            retry_every: Duration::from_secs(2),
            consecutive: NonZeroU32::new(2).expect("2 is not 0"),
            consecutive_bad: None,
            at_once: NonZeroUsize::new(8).expect("8 is not 0"),
            per_instance: true,
            checks: Vec::new(),
        }
    }
}

impl SmokeConfig {
    /// Refuses what could never pass, and what could never fail.
    pub fn check(&self) -> Result<(), ConfigError> {
        let durations = [
            ("within", self.within),
            ("attempt_timeout", self.attempt_timeout),
            ("retry_every", self.retry_every),
        ];
        if let Some((key, _)) = durations.iter().find(|(_, duration)| duration.is_zero()) {
            return Err(ConfigError::Zero(key));
        }
        if self.retry_every.saturating_mul(self.consecutive.get() - 1) >= self.within {
            let (every, within) = (self.retry_every, self.within);
            return Err(ConfigError::WindowTooShort { every, within });
        }
        if self.checks.is_empty() {
            return Err(ConfigError::NoChecks);
        }
        for (number, check) in self.checks.iter().enumerate() {
            check.check()?;
            let title = check.title();
            if self.checks[..number].iter().any(|it| it.title() == title) {
                return Err(ConfigError::SameName(title));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
