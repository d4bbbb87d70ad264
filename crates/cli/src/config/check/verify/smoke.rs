//! `[verify.smoke]`.

use std::num::NonZeroU32;
use std::time::Duration;

use toml::Spanned;

use crate::config::check::{Check, Checked};
use crate::config::{Smoke, SmokeCheck, raw};

/// How many right answers in a row make a pass, if nobody says otherwise.
const TWICE: NonZeroU32 = NonZeroU32::new(2).expect("2 is not 0");

impl Check<'_> {
    pub(super) fn smoke(&self, raw: raw::Smoke) -> Checked<Smoke> {
        let checks = raw.checks.unwrap_or_default();
        Ok(Smoke {
            within: self.duration(raw.within.as_ref(), Duration::from_mins(1))?,
            attempt_timeout: self.duration(raw.attempt_timeout.as_ref(), Duration::from_secs(5))?,
            retry_every: self.duration(raw.retry_every.as_ref(), Duration::from_secs(2))?,
            consecutive: raw.consecutive.map_or(TWICE, Spanned::into_inner),
            per_machine: raw.per_machine.unwrap_or(true),
            checks: checks.into_iter().map(|it| self.smoke_check(it)).collect::<Checked<_>>()?,
        })
    }

    fn smoke_check(&self, raw: raw::SmokeCheck) -> Checked<SmokeCheck> {
        let path = raw.path.get_ref();
        if !path.starts_with('/') {
            let message = format!("the path `{path}` does not begin with a slash");
            return Err(self
                .error(Some(raw.path.span()), message)
                .hint(format!("write path = \"/{path}\"")));
        }
        let status = match raw.status {
            Some(it) if !(100..=599).contains(it.get_ref()) => {
                return Err(self.error(Some(it.span()), "a status is a number from 100 to 599"));
            }
            other => other.map_or(200, Spanned::into_inner),
        };
        let bearer = raw.bearer_env.map(|it| self.secret(it.into_inner()));
        Ok(SmokeCheck { path: path.clone(), status, json: raw.json, bearer })
    }
}
