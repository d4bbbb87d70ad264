//! `[[verify.journeys]]`.

use std::collections::BTreeMap;

use toml::Spanned;
use verify_http::{JourneyError, JourneyStep, Variable, read_hurl};

use crate::config::Journey;
use crate::config::check::{Check, Checked};
use crate::config::raw::{self, Text};

impl Check<'_> {
    pub(super) fn journey(&self, raw: raw::Journey) -> Checked<Journey> {
        let spans: Vec<_> = raw.steps.iter().map(Spanned::span).collect();
        let place = raw.name.span();
        let steps = match (raw.hurl, raw.steps) {
            (Some(hurl), steps) if steps.is_empty() => self.hurl(&hurl)?,
            (Some(hurl), _) => {
                let message = "a journey has either steps or a file of Hurl";
                return Err(self.error(Some(hurl.span()), message));
            }
            (None, steps) => steps.into_iter().map(|it| self.step(it)).collect::<Checked<_>>()?,
        };
        let secrets = self.secrets(raw.secrets, &steps);
        let journey = verify_http::Journey {
            name: raw.name.into_inner(),
            required: raw.required.unwrap_or(true),
            per_instance: raw.per_machine.unwrap_or(false),
            secrets,
            steps,
        };
        journey.check().map_err(|error| match &error {
            JourneyError::Step { number, why, .. } => {
                let span = spans.get(number - 1).cloned().unwrap_or(place);
                let title = journey.steps[number - 1].title();
                self.error(Some(span), format!("{title}: {why}"))
            }
            other => self.error(Some(place), other.to_string()),
        })?;
        Ok(Journey(journey))
    }

    fn hurl(&self, path: &Text) -> Checked<Vec<JourneyStep>> {
        let file = path.get_ref();
        let refused = |why: String| self.error(Some(path.span()), why);
        let text = self.beside(file);
        let text = text.map_err(|error| refused(format!("{file} cannot be read: {error}")))?;
        read_hurl(file, &text).map_err(|error| refused(error.to_string()))
    }

    /// Those that are named, and every `{{env.NAME}}` of the steps.
    fn secrets(
        &self,
        named: BTreeMap<String, Text>,
        steps: &[JourneyStep],
    ) -> BTreeMap<String, Variable> {
        let named = named.into_iter().map(|(name, it)| (name, it.into_inner()));
        let direct = steps.iter().flat_map(JourneyStep::placeholders).filter_map(|name| {
            let variable = name.strip_prefix("env.")?.to_owned();
            Some((name, variable))
        });
        let variables = named.chain(direct).map(|(name, variable)| {
            let (variable, secret) = self.secret(variable);
            (name, Variable::named(variable, secret))
        });
        variables.collect()
    }
}
