//! `[gates.security]`: what is scanned, and what blocks.

use std::time::Duration;

use gates_mix::{Ignore, Policy, Rating};
use toml::Spanned;

use super::gates::Usually;
use super::{Check, Checked};
use crate::config::raw::{self, Text};
use crate::config::{Advisories, Security};

impl Check<'_> {
    pub(super) fn security(&self, raw: raw::Security) -> Checked<Security> {
        let gate = raw::Gate { enabled: raw.enabled, required: raw.required, timeout: raw.timeout };
        let max_age = self.duration(raw.max_age.as_ref(), Duration::from_hours(6))?;
        let max_stale = self.duration(raw.max_stale.as_ref(), Duration::from_hours(7 * 24))?;
        let url = raw.osv_url.map(Spanned::into_inner);
        let advisories = match raw.advisories.map(Spanned::into_inner) {
            Some(folder) if folder != "osv" => Advisories::Folder(folder),
            _ => Advisories::Osv { url, max_age, max_stale },
        };
        let ignore = raw.ignore.unwrap_or_default().into_iter().map(|it| self.ignore(it));
        Ok(Security {
            gate: self.gate(&gate, Duration::from_mins(5), Usually::Off)?,
            advisories,
            policy: Policy {
                block_at: self.block_at(raw.block_at.as_ref())?,
                ignore: ignore.collect::<Checked<_>>()?,
            },
            retired: raw.retired.unwrap_or(true),
            secrets: raw.secrets.unwrap_or(true),
            history: raw.history.unwrap_or(false),
            gitleaks: raw.gitleaks.map(Spanned::into_inner),
        })
    }

    fn block_at(&self, raw: Option<&Text>) -> Checked<Rating> {
        let Some(raw) = raw else { return Ok(Rating::High) };
        match raw.get_ref().as_str() {
            "low" => Ok(Rating::Low),
            "medium" => Ok(Rating::Medium),
            "high" => Ok(Rating::High),
            "critical" => Ok(Rating::Critical),
            other => Err(self
                .error(Some(raw.span()), format!("there is no rating `{other}`"))
                .hint("block_at is \"low\", \"medium\", \"high\" or \"critical\"")),
        }
    }

    fn ignore(&self, raw: raw::Ignore) -> Checked<Ignore> {
        let until = raw.until.map(|it| {
            it.get_ref().parse().map_err(|_| {
                self.error(Some(it.span()), format!("`{}` is no day", it.get_ref()))
                    .hint("write it as \"2027-01-31\"")
            })
        });
        Ok(Ignore { id: raw.id.into_inner(), reason: raw.reason, until: until.transpose()? })
    }
}
