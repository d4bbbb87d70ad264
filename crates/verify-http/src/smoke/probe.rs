//! One check at one place, and what came of it.

use std::time::Duration;

use pipeline_core::{Check, Verdict};

use crate::config::{Bearer, SmokeCheck};
use crate::error::Error;
use crate::place::{Place, Request};
use crate::tally::End;

/// One check at one place.
pub(super) struct Probe<'c> {
    pub(super) check: &'c SmokeCheck,
    /// `None` where users' requests go.
    pub(super) instance: Option<String>,
    pub(super) request: Request,
}

/// What came of a probe.
pub(super) struct Probed<'c> {
    pub(super) probe: Probe<'c>,
    pub(super) tries: u32,
    /// How long the good answers took.
    pub(super) latencies: Vec<Duration>,
    pub(super) end: End,
}

impl<'c> Probe<'c> {
    pub(super) fn new(place: &Place, check: &'c SmokeCheck) -> Result<Self, Error> {
        let missing = |it: &Bearer| Error::MissingSecret {
            name: it.name().to_owned(),
            endpoint: check.endpoint(),
        };
        let bearer = check.bearer.as_ref();
        let bearer = bearer.map(|it| it.secret().ok_or_else(|| missing(it))).transpose()?;
        let request = place.request(check.method.into(), &check.path, bearer)?;
        Ok(Self { check, instance: place.instance.clone(), request })
    }

    /// The check's answer, in words that follow its name in a finding.
    pub(super) fn answer(&self, verdict: Verdict, words: &str, tries: u32) -> Check {
        let endpoint = self.check.endpoint();
        let message = match &self.check.name {
            Some(_) => format!("{endpoint} {words}"),
            None => words.to_owned(),
        };
        Check {
            endpoint: Some(endpoint),
            instance: self.instance.clone(),
            samples: Some(tries.into()),
            ..Check::smoke(self.check.title(), verdict, message)
        }
    }

    /// What it is, for evidence.
    pub(super) fn title(&self) -> String {
        self.at_machine(self.check.title())
    }

    /// What it found, for a note.
    pub(super) fn tells(&self, words: &str) -> String {
        self.at_machine(format!("{} {words}", self.check.endpoint()))
    }

    fn at_machine(&self, text: String) -> String {
        match &self.instance {
            Some(instance) => format!("{text} (machine {instance})"),
            None => text,
        }
    }
}
