//! `[rollback]`.

use std::time::Duration;

use pipeline_core::{Consequence, Trigger, TriggerRow};
use toml::Spanned;

use super::{Check, Checked};
use crate::config::raw::{RollbackTrigger, Text};
use crate::config::{Irreversible, Rollback, raw};
use crate::error::did_you_mean;

/// The window of an environment where a person confirms deploys, and of production.
const CAREFUL: Duration = Duration::from_mins(10);

/// Those that have a threshold, and what it is.
const WITH_THRESHOLD: &str = "those with one are: latency_alert and latency_rollback (a ratio to the baseline, \
     such as 2.0), health_down (seconds, such as 10) and error_rate (a share, such as 0.05)";

impl Check<'_> {
    /// `careful`: is this an environment where a person confirms deploys, or production?
    pub(super) fn rollback(&self, raw: &raw::Rollback, careful: bool) -> Checked<Rollback> {
        let mut rows: Vec<TriggerRow> = Vec::new();
        for written in &raw.triggers {
            let row = self.trigger_row(written)?;
            if rows.iter().any(|it| it.when == row.when) {
                let message = format!("`{}` stands twice in [[rollback.triggers]]", row.when);
                return Err(self
                    .error(Some(written.when.span()), message)
                    .hint("write one row for each trigger"));
            }
            rows.push(row);
        }
        let window = match &raw.window {
            Some(it) if it.get_ref().trim() == "0s" => Duration::ZERO,
            None if !careful => Duration::ZERO,
            other => self.duration(other.as_ref(), CAREFUL)?,
        };
        Ok(Rollback { rows, window, irreversible: self.irreversible(raw.irreversible.as_ref())? })
    }

    fn trigger_row(&self, raw: &RollbackTrigger) -> Checked<TriggerRow> {
        let (when, action) = (self.trigger(&raw.when)?, self.consequence(&raw.action)?);
        let half_way = matches!(when, Trigger::UnhealthyMachine | Trigger::ReleaseCommand);
        if half_way && action != Consequence::Rollback {
            let message = format!("`{when}` cannot be answered with `{}`", action.as_str());
            return Err(self.error(Some(raw.action.span()), message).hint(
                "a deploy that fails half-way is always taken back, so that no mixture of releases is left",
            ));
        }
        let above = raw.above.as_ref().map(|it| self.threshold(when, it)).transpose()?;
        Ok(TriggerRow { when, above, action })
    }

    fn trigger(&self, raw: &Text) -> Checked<Trigger> {
        Trigger::named(raw.get_ref()).ok_or_else(|| {
            let known = Trigger::ALL.map(Trigger::as_str);
            let error =
                self.error(Some(raw.span()), format!("there is no trigger `{}`", raw.get_ref()));
            match did_you_mean(raw.get_ref(), known) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error.hint(format!("triggers are: {}", known.join(", "))),
            }
        })
    }

    fn consequence(&self, raw: &Text) -> Checked<Consequence> {
        Consequence::named(raw.get_ref()).ok_or_else(|| {
            let known = Consequence::ALL.map(Consequence::as_str).join(", ");
            self.error(Some(raw.span()), format!("there is no action `{}`", raw.get_ref()))
                .hint(format!("actions are: {known}"))
        })
    }

    fn threshold(&self, when: Trigger, raw: &Spanned<f64>) -> Checked<f64> {
        let above = *raw.get_ref();
        let (fits, what) = match when {
            Trigger::LatencyAlert | Trigger::LatencyRollback => {
                (above >= 1.0, "a ratio to the baseline, 1 or more")
            }
            Trigger::HealthDown => (above > 0.0, "a number of seconds, more than 0"),
            Trigger::ErrorRate => {
                (above > 0.0 && above < 1.0, "a share of requests between 0 and 1")
            }
            _ => {
                let message = format!("the trigger `{when}` has no threshold");
                return Err(self.error(Some(raw.span()), message).hint(WITH_THRESHOLD));
            }
        };
        if fits && above.is_finite() {
            return Ok(above);
        }
        Err(self
            .error(Some(raw.span()), format!("{above} is no threshold for `{when}`"))
            .hint(format!("above is {what}")))
    }

    fn irreversible(&self, raw: Option<&Text>) -> Checked<Irreversible> {
        match raw.map(|it| (it.span(), it.get_ref().as_str())) {
            None | Some((_, "block")) => Ok(Irreversible::Block),
            Some((_, "warn")) => Ok(Irreversible::Warn),
            Some((_, "ignore")) => Ok(Irreversible::Ignore),
            Some((span, other)) => Err(self
                .error(
                    Some(span),
                    format!("irreversible migrations cannot be treated by `{other}`"),
                )
                .hint("irreversible is \"block\", \"warn\" or \"ignore\"")),
        }
    }
}
