//! One check at one place, and what came of it.

use std::time::Duration;

use pipeline_core::{Check, Verdict};

use super::judge::{Judgement, Standard};
use super::tally::End;
use crate::config::Bearer;
use crate::error::Error;
use crate::place::{Place, Request};

/// One check at one place.
pub(super) struct Probe<'c> {
    pub(super) standard: Standard<'c>,
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
    /// A probe of this place by this standard, whatever place that is of.
    pub(super) fn new(place: &Place, standard: Standard<'c>) -> Result<Self, Error> {
        let check = standard.check;
        let missing = |it: &Bearer| Error::MissingSecret {
            name: it.name().to_owned(),
            endpoint: check.endpoint(),
        };
        let bearer = check.bearer.as_ref();
        let bearer = bearer.map(|it| it.secret().ok_or_else(|| missing(it))).transpose()?;
        let headers = check
            .sent()
            .map_err(|_| Error::Header { name: "headers".into(), url: place.base.clone() })?;
        let asked = (check.method.into(), check.path.as_str());
        let request = place.request_with(headers, asked, bearer)?;
        Ok(Self { standard: Standard { instance: place.instance.clone(), ..standard }, request })
    }

    /// The check's answer, in words that follow its name in a finding.
    pub(super) fn answer(&self, judged: &Judgement, tries: u32) -> Check {
        let (check, instance) = (self.standard.check, self.standard.instance.clone());
        let endpoint = check.endpoint();
        let words = self.standard.secrets.strike(&judged.message);
        let message = match &check.name {
            Some(_) => format!("{endpoint} {words}"),
            None => words,
        };
        Check {
            endpoint: Some(endpoint),
            instance,
            samples: Some(tries.into()),
            trigger: judged.trigger.filter(|_| judged.verdict != Verdict::Passed),
            ..Check::smoke(check.title(), judged.verdict, message)
        }
    }

    /// What it is, for evidence.
    pub(super) fn title(&self) -> String {
        self.at_machine(self.standard.check.title())
    }

    /// What it found, for a note.
    pub(super) fn tells(&self, words: &str) -> String {
        self.at_machine(format!("{} {words}", self.standard.check.endpoint()))
    }

    fn at_machine(&self, text: String) -> String {
        match &self.standard.instance {
            Some(instance) => format!("{text} (machine {instance})"),
            None => text,
        }
    }
}
