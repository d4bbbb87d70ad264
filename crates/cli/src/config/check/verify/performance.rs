//! `[verify.performance]`.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;
use verify_http::{Measure, Method};

use crate::config::check::{Check, Checked};
use crate::config::{Endpoint, Performance, raw};

/// Headers that carry secrets, which no configuration may hold.
const SECRET: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

impl Check<'_> {
    pub(super) fn performance(&self, raw: raw::Performance) -> Checked<Performance> {
        let endpoints = raw.endpoints.unwrap_or_default();
        let (alert, rollback) = self.latency_limits(raw.alert.as_ref(), raw.rollback.as_ref())?;
        Ok(Performance {
            alert,
            rollback,
            floor: self.duration(raw.floor.as_ref(), Duration::from_millis(10))?,
            rate: self.rate(raw.rate.as_ref())?,
            capacity: raw.capacity.as_ref().map(|it| self.capacity(it)).transpose()?,
            per_machine: raw.per_machine.unwrap_or(true),
            warm_up: self.count(raw.warm_up.as_ref(), 20, 1..=60)?,
            within: self.duration(raw.within.as_ref(), Duration::from_mins(3))?,
            timeout: self.duration(raw.timeout.as_ref(), Duration::from_secs(4))?,
            baseline_requests: self.count(raw.baseline_requests.as_ref(), 200, 40..=2_000)?,
            cold_start: raw.cold_start.as_ref().map(|it| self.length(it)).transpose()?,
            endpoints: endpoints.into_iter().map(|it| self.endpoint(it)).collect::<Checked<_>>()?,
        })
    }

    fn latency_limits(
        &self,
        alert: Option<&Spanned<f64>>,
        rollback: Option<&Spanned<f64>>,
    ) -> Checked<(f64, f64)> {
        let limits =
            (alert.map_or(2.0, |it| *it.get_ref()), rollback.map_or(5.0, |it| *it.get_ref()));
        if limits.0 > 1.0 && limits.1 > limits.0 && limits.1.is_finite() {
            return Ok(limits);
        }
        let span = if limits.0 > 1.0 { rollback.or(alert) } else { alert }.map(Spanned::span);
        let (alert, rollback) = limits;
        let message = format!("alert = {alert} and rollback = {rollback} are no limits");
        Err(self.error(span, message).hint(
            "both are latencies over the baseline: above 1, and rollback above alert, such as 2.0 and 5.0",
        ))
    }

    fn rate(&self, raw: Option<&Spanned<f64>>) -> Checked<f64> {
        match raw {
            None => Ok(10.0),
            Some(it) if *it.get_ref() > 0.0 && *it.get_ref() <= 50.0 => Ok(*it.get_ref()),
            Some(it) => {
                let message = format!("`{}` is no rate", it.get_ref());
                Err(self.error(Some(it.span()), message).hint(
                    "it is the requests a second to each endpoint at each machine, at most 50",
                ))
            }
        }
    }

    fn capacity(&self, raw: &Spanned<f64>) -> Checked<f64> {
        let capacity = *raw.get_ref();
        if capacity > 0.0 && capacity.is_finite() {
            return Ok(capacity);
        }
        Err(self
            .error(Some(raw.span()), format!("`{capacity}` is no capacity"))
            .hint("it is the requests a second that the application can bear"))
    }

    fn count(
        &self,
        raw: Option<&Spanned<usize>>,
        default: usize,
        allowed: RangeInclusive<usize>,
    ) -> Checked<usize> {
        let Some(raw) = raw else { return Ok(default) };
        if allowed.contains(raw.get_ref()) {
            return Ok(*raw.get_ref());
        }
        let (least, most) = allowed.into_inner();
        let message = format!("this number of requests must be from {least} to {most}");
        Err(self.error(Some(raw.span()), message))
    }

    fn endpoint(&self, raw: raw::Endpoint) -> Checked<Endpoint> {
        let path = raw.path.get_ref();
        if !path.starts_with('/') {
            let message = format!("the path `{path}` does not begin with a slash");
            return Err(self
                .error(Some(raw.path.span()), message)
                .hint(format!("write path = \"/{path}\"")));
        }
        if let Some(name) = raw
            .headers
            .keys()
            .find(|it| SECRET.iter().any(|secret| it.get_ref().eq_ignore_ascii_case(secret)))
        {
            let message = format!("the header `{}` is a secret", name.get_ref());
            return Err(self
                .error(Some(name.span()), message)
                .hint("name the variable that holds the token with bearer_env"));
        }
        let status = match raw.status {
            Some(it) if !(200..=599).contains(it.get_ref()) => {
                return Err(self.error(Some(it.span()), "a status is a number from 200 to 599"));
            }
            other => other.map(Spanned::into_inner),
        };
        Ok(Endpoint {
            path: path.clone(),
            name: raw.name,
            method: self.method(raw.method.as_ref())?,
            headers: raw.headers.into_iter().map(|(name, it)| (name.into_inner(), it)).collect(),
            bearer: raw.bearer_env.map(|it| self.secret(it.into_inner())),
            status,
            baseline: raw.baseline.as_ref().map(|it| self.length(it)).transpose()?,
            measure: self.measure(raw.measure.as_ref())?,
            critical: raw.critical.unwrap_or(true),
        })
    }

    fn method(&self, raw: Option<&raw::Text>) -> Checked<Method> {
        match raw.map(|it| (it.span(), it.get_ref().as_str())) {
            None | Some((_, "GET")) => Ok(Method::Get),
            Some((_, "HEAD")) => Ok(Method::Head),
            Some((span, other)) => Err(self
                .error(Some(span), format!("latency cannot be measured with `{other}`"))
                .hint("the method is \"GET\" or \"HEAD\": what is asked hundreds of times must change nothing")),
        }
    }

    fn measure(&self, raw: Option<&raw::Text>) -> Checked<Measure> {
        match raw.map(|it| (it.span(), it.get_ref().as_str())) {
            None | Some((_, "whole")) => Ok(Measure::Whole),
            Some((span, text)) => Measure::named(text).ok_or_else(|| {
                self.error(Some(span), format!("`{text}` cannot be measured"))
                    .hint("measure is \"whole\", \"server-timing\" or \"server-timing:NAME\"")
            }),
        }
    }
}
