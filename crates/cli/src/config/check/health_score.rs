//! `[gates.health-score]`: what weighs how much, and what is enough.

use std::collections::BTreeMap;
use std::time::Duration;

use gates_mix::{Component, Profile, ScoreSource, Unmeasured, Weights};
use toml::Spanned;

use super::gates::Usually;
use super::{Check, Checked};
use crate::config::HealthScore;
use crate::config::raw::{self, Text};
use crate::error::did_you_mean;

impl Check<'_> {
    pub(super) fn health_score(&self, raw: raw::HealthScore) -> Checked<HealthScore> {
        let gate = raw::Gate { enabled: raw.enabled, required: raw.required, timeout: raw.timeout };
        let min_score = match raw.min_score {
            Some(it) if !(0.0..=100.0).contains(it.get_ref()) => {
                return Err(self.error(Some(it.span()), "min_score is a number from 0 to 100"));
            }
            other => other.map_or(80.0, Spanned::into_inner),
        };
        let profile = self.profile(raw.profile.as_ref())?;
        let weights = raw.weights.map(|it| self.weights(it)).transpose()?;
        let unmeasured = match raw.allow_unmeasured {
            Some(true) => Unmeasured::Dropped,
            _ => Unmeasured::CountsZero,
        };
        Ok(HealthScore {
            // It listens to gates that may be off, and what nobody measures counts 0: who turns it on knows which are on.
            gate: self.gate(&gate, Duration::from_mins(10), Usually::Off)?,
            min_score,
            weights: weights.unwrap_or_else(|| profile.into()),
            unmeasured,
            source: self.score_source(raw.with.as_ref())?,
        })
    }

    fn profile(&self, raw: Option<&Text>) -> Checked<Profile> {
        let Some(raw) = raw else { return Ok(Profile::default()) };
        Profile::named(raw.get_ref()).ok_or_else(|| {
            self.error(Some(raw.span()), format!("there is no profile `{}`", raw.get_ref()))
                .hint("profiles are: health, fitness, kpi")
        })
    }

    fn weights(&self, raw: Spanned<BTreeMap<Text, f64>>) -> Checked<Weights> {
        let span = raw.span();
        let named = raw.into_inner().into_iter().map(|(name, weight)| {
            let component = Component::named(name.get_ref());
            Ok((component.ok_or_else(|| self.no_component(&name))?, weight))
        });
        Weights::custom(named.collect::<Checked<Vec<_>>>()?)
            .map_err(|error| self.error(Some(span), error.to_string()))
    }

    fn no_component(&self, name: &Text) -> Box<crate::error::ConfigError> {
        let known = Component::ALL.map(Component::name);
        let message = format!("the health score has no component `{}`", name.get_ref());
        let error = self.error(Some(name.span()), message);
        match did_you_mean(name.get_ref(), known) {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint(format!("components are: {}", known.join(", "))),
        }
    }

    fn score_source(&self, raw: Option<&Text>) -> Checked<ScoreSource> {
        match raw.map(|it| (it.span(), it.get_ref().as_str())) {
            None | Some((_, "native")) => Ok(ScoreSource::Native),
            Some((_, "mix")) => Ok(ScoreSource::Mix),
            Some((span, other)) => Err(self
                .error(Some(span), format!("no health score is made with `{other}`"))
                .hint("with is \"native\" or \"mix\"")),
        }
    }
}
