//! `[environments.ENV.promotion]` and `[[environments.ENV.freeze]]`.

use std::collections::BTreeMap;
use std::ops::Range;

use gates_release::{Freeze, FreezeError, Pattern, TreeRules, Window};
use toml::Spanned;

use super::{Check, Checked};
use crate::config::Promotion;
use crate::config::raw::{self, Environment, Text};
use crate::error::did_you_mean;

/// The three ways to write a freeze.
const WAYS: &str = "write from and to as dates (\"2026-12-20\"), as moments of every week (\"fri 16:00\"), or with days = [\"sat\", \"sun\"]";

impl Check<'_> {
    /// `environments`: all there are.
    pub(super) fn promotion(
        &self,
        name: &str,
        written: &Environment,
        environments: &BTreeMap<String, Spanned<Environment>>,
    ) -> Checked<Promotion> {
        let raw = &written.promotion;
        let from = raw.from.as_ref().map(|it| self.source(name, it, environments)).transpose()?;
        if from.is_none() {
            self.needs_from(raw)?;
        }
        let max_age = raw.max_age.as_ref().map(|it| self.length(it)).transpose()?;
        let is = |it: &Option<Spanned<bool>>| it.as_ref().is_some_and(|it| *it.get_ref());
        Ok(Promotion {
            from,
            same_revision: is(&raw.same_revision),
            max_age,
            must_run: is(&raw.must_run),
            tree: self.tree(raw)?,
            freezes: written.freeze.iter().map(|it| self.freeze(it)).collect::<Checked<_>>()?,
        })
    }

    fn needs_from(&self, raw: &raw::Promotion) -> Checked<()> {
        let on =
            |it: &Option<Spanned<bool>>| it.as_ref().filter(|it| *it.get_ref()).map(Spanned::span);
        let age = raw.max_age.as_ref().map(Spanned::span);
        let strays = [
            ("same_revision", on(&raw.same_revision)),
            ("must_run", on(&raw.must_run)),
            ("max_age", age),
        ];
        match strays.into_iter().find_map(|(key, span)| Some((key, span?))) {
            None => Ok(()),
            Some((key, span)) => Err(self
                .error(Some(span), format!("{key} belongs to from"))
                .hint("add from = \"staging\", the environment that verifies first")),
        }
    }

    /// An environment that something can be promoted from.
    fn source(
        &self,
        name: &str,
        raw: &Text,
        environments: &BTreeMap<String, Spanned<Environment>>,
    ) -> Checked<String> {
        let from = raw.get_ref();
        let wrong = |message: String| self.error(Some(raw.span()), message);
        if from == name {
            return Err(wrong(format!("{name} cannot be promoted from itself")));
        }
        let Some(source) = environments.get(from) else {
            let error = wrong(format!("there is no environment `{from}`"));
            return Err(match did_you_mean(from, environments.keys().map(String::as_str)) {
                Some(near) => error.hint(format!("did you mean `{near}`?")),
                None => error,
            });
        };
        if source.get_ref().target.as_ref().is_some_and(|it| it.get_ref() == "none") {
            return Err(wrong(format!("nothing is deployed to {from}: it has target = \"none\"")));
        }
        Ok(from.clone())
    }

    fn tree(&self, raw: &raw::Promotion) -> Checked<TreeRules> {
        let remote = raw.remote.as_ref();
        if let Some(empty) = remote.filter(|it| it.get_ref().trim().is_empty()) {
            return Err(self.error(Some(empty.span()), "this remote has no name"));
        }
        let remote = remote.map_or("origin", |it| it.get_ref());
        Ok(TreeRules {
            clean: raw.clean_tree.unwrap_or(false),
            pushed: raw.pushed.unwrap_or(false).then(|| remote.to_owned()),
            tagged: raw.tagged.as_ref().map(|it| self.pattern(it)).transpose()?,
            branches: raw.branches.iter().map(|it| self.pattern(it)).collect::<Checked<_>>()?,
        })
    }

    fn pattern(&self, raw: &Text) -> Checked<Pattern> {
        let text = raw.get_ref().trim();
        if text.is_empty() {
            return Err(self
                .error(Some(raw.span()), "this pattern is empty")
                .hint("write it as \"v*\""));
        }
        Pattern::new(text).map_err(|error| self.error(Some(raw.span()), error.to_string()))
    }

    fn freeze(&self, written: &Spanned<raw::Freeze>) -> Checked<Freeze> {
        let (span, raw) = (written.span(), written.get_ref());
        let from = raw.from.as_ref().map(|it| self.moment(it)).transpose()?;
        let to = raw.to.as_ref().map(|it| self.moment(it)).transpose()?;
        let zone = raw.zone.as_ref().map_or("UTC", |it| it.get_ref());
        let weekly = |it: &Option<String>| {
            it.as_ref().is_some_and(|it| it.starts_with(|it: char| it.is_alphabetic()))
        };
        let window = match (&raw.days, &from, &to) {
            (Some(days), ..) => {
                let days: Vec<&str> = days.iter().map(|it| it.get_ref().as_str()).collect();
                Window::daily(&days, from.as_deref(), to.as_deref(), zone)
            }
            (None, Some(begins), Some(ends)) if weekly(&from) || weekly(&to) => {
                Window::weekly(begins, ends, zone)
            }
            (None, Some(begins), Some(ends)) => Window::once(begins, ends, zone),
            _ => {
                let message = "this freeze does not say from when to when";
                return Err(self.error(Some(span), message).hint(WAYS));
            }
        };
        let wrong = |error: FreezeError| {
            let place = place(&error, raw).unwrap_or_else(|| span.clone());
            let said = self.error(Some(place), format!("this freeze cannot be read: {error}"));
            // The other errors say themselves how it is written.
            let whole = matches!(error, FreezeError::NoDay | FreezeError::Order { .. });
            if whole { said.hint(WAYS) } else { said }
        };
        let reason = raw.reason.as_ref().map(|it| it.get_ref().trim()).filter(|it| !it.is_empty());
        let reason = reason.unwrap_or("pipeline.toml says so").to_owned();
        Ok(Freeze { window: window.map_err(wrong)?, reason })
    }

    /// A date may stand with or without quotes.
    fn moment(&self, raw: &Spanned<toml::Value>) -> Checked<String> {
        match raw.get_ref() {
            toml::Value::String(text) => Ok(text.trim().to_owned()),
            toml::Value::Datetime(date) => Ok(date.to_string()),
            _ => Err(self.error(Some(raw.span()), "this is no time").hint(WAYS)),
        }
    }
}

/// Where the word stands that cannot be read, if it is one.
fn place(error: &FreezeError, raw: &raw::Freeze) -> Option<Range<usize>> {
    match error {
        FreezeError::Zone(_) => Some(raw.zone.as_ref()?.span()),
        FreezeError::Day(day) => {
            let days = raw.days.iter().flatten();
            days.clone().find(|it| it.get_ref() == day).map(Spanned::span)
        }
        FreezeError::Time(text) | FreezeError::Moment(text) | FreezeError::Date(text) => {
            let both = [&raw.from, &raw.to].into_iter().flatten();
            let says =
                |it: &&Spanned<toml::Value>| it.get_ref().to_string().contains(text.as_str());
            both.clone().find(says).map(Spanned::span)
        }
        _ => None,
    }
}
