//! `[verify.smoke]`.

mod echo;

use std::num::NonZeroU32;
use std::time::Duration;

use toml::Spanned;
use verify_http::Expect;

use crate::config::check::{Check, Checked};
use crate::config::raw::Text;
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
            consecutive_bad: raw.consecutive_bad.map(Spanned::into_inner),
            per_machine: raw.per_machine.unwrap_or(true),
            checks: checks.iter().map(|it| self.smoke_check(it)).collect::<Checked<_>>()?,
        })
    }

    fn smoke_check(&self, raw: &raw::SmokeCheck) -> Checked<SmokeCheck> {
        let path = raw.path.get_ref();
        if !path.starts_with('/') {
            let message = format!("the path `{path}` does not begin with a slash");
            return Err(self
                .error(Some(raw.path.span()), message)
                .hint(format!("write path = \"/{path}\"")));
        }
        let bearer = raw.bearer_env.clone().map(|it| self.secret(it.into_inner()));
        let echo = raw.echoes.as_ref().map(|it| self.echo(it)).transpose()?;
        let tls_expires_after =
            raw.tls_expires_after.as_ref().map(|it| self.days(it)).transpose()?;
        Ok(SmokeCheck {
            name: raw.name.as_ref().map(|it| it.get_ref().clone()),
            path: path.clone(),
            headers: self.headers(raw)?,
            redirects: raw.redirects.unwrap_or(0),
            expect: self.answer(raw)?,
            tls_expires_after,
            echo,
            bearer,
        })
    }

    /// What the answer must be.
    fn answer(&self, raw: &raw::SmokeCheck) -> Checked<Expect> {
        let expect = self.expect(raw.rules(), 200)?;
        let span = match (&raw.status, &raw.body_at_most) {
            (_, Some(bytes)) => Some(bytes.span()),
            (status, None) => status.as_ref().map(Spanned::span),
        };
        expect.check().map_err(|error| self.error(span, error.to_string()))?;
        Ok(expect)
    }

    /// What is sent. What carries a secret comes from a variable, never from the file.
    fn headers(&self, raw: &raw::SmokeCheck) -> Checked<Vec<(String, String)>> {
        let secret = raw.headers.iter().find(|(name, _)| {
            ["authorization", "cookie"].contains(&name.to_ascii_lowercase().as_str())
        });
        if let Some((name, value)) = secret {
            let message = format!("the header {name} carries a secret, and this file holds none");
            return Err(self
                .error(Some(value.span()), message)
                .hint("write bearer_env = \"NAME\" and put the token into that variable"));
        }
        let headers = raw.headers.iter();
        Ok(headers.map(|(name, value)| (name.clone(), value.get_ref().clone())).collect())
    }

    /// A length of time that may be days.
    fn days(&self, raw: &Text) -> Checked<Duration> {
        let span = raw.get_ref().parse::<jiff::Span>().ok();
        let length =
            span.and_then(|it| it.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok());
        let positive = length.and_then(|it| Duration::try_from(it).ok()).filter(|it| !it.is_zero());
        positive.ok_or_else(|| {
            self.error(Some(raw.span()), format!("`{}` is no length of time", raw.get_ref()))
                .hint("write it with a unit, such as \"14d\" or \"36h\"")
        })
    }
}
