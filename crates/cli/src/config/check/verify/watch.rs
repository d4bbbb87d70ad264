//! `[verify.watch]`.

use toml::Spanned;
use verify_http::{WatchConfig, WatchLimits};

use crate::config::check::{Check, Checked};
use crate::config::{Watch, raw};

impl Check<'_> {
    pub(super) fn watch(&self, raw: raw::Watch) -> Checked<Watch> {
        let usual = WatchConfig::new("/");
        let path = raw.path.as_ref().map_or("/", |it| it.get_ref());
        let limits = self.watch_limits(&raw, &usual.limits)?;
        let config = WatchConfig {
            also: raw.also.into_iter().flatten().map(Spanned::into_inner).collect(),
            bearer: None,
            window: self.duration(raw.window.as_ref(), usual.window)?,
            every: self.duration(raw.every.as_ref(), usual.every)?,
            timeout: self.duration(raw.timeout.as_ref(), usual.timeout)?,
            per_instance: raw.per_machine.unwrap_or(usual.per_instance),
            limits,
            ..WatchConfig::new(path)
        };
        let span = raw.path.as_ref().map(Spanned::span);
        // Without a path nothing is watched: what else there is waits for an environment that names one.
        if raw.path.is_some() {
            config.check().map_err(|error| self.error(span, format!("[verify.watch]: {error}")))?;
        }
        let bearer = raw.bearer_env.map(|it| self.secret(it.into_inner()));
        Ok(Watch { config: raw.path.map(|_| config), bearer })
    }

    fn watch_limits(&self, raw: &raw::Watch, usual: &WatchLimits) -> Checked<WatchLimits> {
        let rate = |raw: Option<&Spanned<f64>>, usual: f64| match raw {
            Some(it) if !(*it.get_ref() > 0.0 && *it.get_ref() <= 1.0) => Err(self
                .error(Some(it.span()), "a rate is a part of all requests, above 0 and up to 1")
                .hint("5 % are 0.05")),
            Some(it) => Ok(*it.get_ref()),
            None => Ok(usual),
        };
        Ok(WatchLimits {
            down_for: self.duration(raw.down_for.as_ref(), usual.down_for)?,
            consecutive: raw.consecutive.as_ref().map_or(usual.consecutive, |it| *it.get_ref()),
            error_rate: rate(raw.error_rate.as_ref(), usual.error_rate)?,
            sustained_error_rate: rate(
                raw.sustained_error_rate.as_ref(),
                usual.sustained_error_rate,
            )?,
            latency: raw.latency.as_ref().map(|it| self.length(it)).transpose()?,
        })
    }
}
