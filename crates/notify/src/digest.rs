//! From a run's many events to the few that people want to be told of: pure.

use std::time::SystemTime;

use pipeline_core::{
    Cause, Conclusion, DecidedBy, Decision, Event, EventKind, Failure, Finding, Phase, Report,
    Severity, Verdict,
};

use crate::notice::{MOST_DETAILS, Notice, Topic, line};

/// What the events themselves do not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The environment, such as `production`.
    pub environment: String,
    /// Where more can be read, such as the address of the CI job.
    pub url: Option<String>,
}

/// Hears a run and says what is worth telling of it.
///
/// An alert of a verifier is told once for each verifier and run, however many stages it looks at. How a run ended is told once, at its end;
/// that a person is asked is told when they are.
#[derive(Clone, Debug)]
pub struct Digest {
    about: About,
    run: String,
    version: String,
    revision: Option<String>,
    target: String,
    /// What stopped it, in order.
    failures: Vec<Failure>,
    /// Why the release was left, if it was.
    left: Option<String>,
    /// The verifiers that have alerted.
    alerted: Vec<String>,
    /// When this process began with the run: numbers of events begin again at 1 in each that goes on with it.
    attempt: SystemTime,
    /// The last event's number and time.
    last: (u64, SystemTime),
}

impl Digest {
    /// Hears a run that is about this.
    #[must_use]
    pub fn new(about: About) -> Self {
        Self {
            about,
            run: String::new(),
            version: "a release".into(),
            revision: None,
            target: String::new(),
            failures: Vec::new(),
            left: None,
            alerted: Vec::new(),
            attempt: SystemTime::UNIX_EPOCH,
            last: (0, SystemTime::UNIX_EPOCH),
        }
    }

    /// What is to be told because of this event, if anything is.
    pub fn hear(&mut self, event: &Event) -> Option<Notice> {
        let told = self.told(&event.kind);
        if matches!(event.kind, EventKind::RunStarted { .. }) {
            self.attempt = event.at;
        }
        self.last = (event.seq, event.at);
        told.map(|it| self.notice(it))
    }

    /// What is to be told where the run stopped half-way and no event says so: it may have left a mixture.
    #[must_use]
    pub fn broken_off(&self, why: &str) -> Notice {
        let (version, environment) = (&self.version, &self.about.environment);
        let title = format!("{version} stopped half-way in {environment}: a person is needed now");
        let next = format!("`pipeline resume {version}` goes on, or takes it back with --back");
        let notice = self.notice((Topic::Stuck, title, vec![why.to_owned(), next]));
        // The last event may have had a notice of its own, and whoever has seen that one drops it.
        Notice { id: format!("{}-broken-off", notice.id), ..notice }
    }

    fn notice(&self, (topic, title, details): (Topic, String, Vec<String>)) -> Notice {
        let (number, at) = self.last;
        let since = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Notice {
            schema: 1,
            id: format!("{}-{}-{number}", self.run, since(self.attempt).as_millis()),
            topic,
            at: since(at).as_secs(),
            environment: self.about.environment.clone(),
            target: self.target.clone(),
            run: self.run.clone(),
            version: self.version.clone(),
            revision: self.revision.clone(),
            title: line(&title),
            details: few(&details),
            url: self.about.url.clone(),
        }
    }

    fn told(&mut self, kind: &EventKind) -> Option<(Topic, String, Vec<String>)> {
        let environment = self.about.environment.clone();
        match kind {
            EventKind::RunStarted { run, release, target, .. } => {
                *self = Self {
                    run: run.to_string(),
                    version: release.version.clone(),
                    revision: release.revision.clone(),
                    target: target.clone(),
                    ..Self::new(self.about.clone())
                };
                None
            }
            EventKind::StepDone { phase: Phase::Verify, step, outcome: Ok(report), .. }
                if report.verdict() == Verdict::Alert && !self.alerted.contains(step) =>
            {
                self.alerted.push(step.clone());
                let title = format!("{} in {environment}: {step} alerts", self.version);
                Some((Topic::Alert, title, messages(report)))
            }
            EventKind::Failed { failure } => {
                self.failures.push(failure.clone());
                None
            }
            EventKind::Asking { reason } => {
                let title = format!("{} in {environment}: a person is to decide", self.version);
                Some((
                    Topic::Failure,
                    title,
                    self.why().into_iter().chain(reason.clone()).collect(),
                ))
            }
            EventKind::Decided { decision, by, reason } => {
                self.left =
                    (*decision == Decision::Leave).then(|| why_left(*by, reason.as_deref()));
                None
            }
            EventKind::RunFinished { conclusion } => Some(self.ended(*conclusion, &environment)),
            _ => None,
        }
    }

    fn ended(&self, conclusion: Conclusion, environment: &str) -> (Topic, String, Vec<String>) {
        let version = &self.version;
        let (topic, title) = match conclusion {
            Conclusion::Succeeded => (Topic::Success, format!("{version} serves {environment}")),
            Conclusion::Rejected => (
                Topic::Failure,
                format!("{version} was not deployed to {environment}: nothing was touched"),
            ),
            Conclusion::RolledBack if self.failures.first().is_some_and(|it| it.untouched) => (
                Topic::Failure,
                format!("{version} was not deployed to {environment}: no machine was touched"),
            ),
            Conclusion::RolledBack => (
                Topic::Rollback,
                format!("{version} was taken back: {environment} is what it was before"),
            ),
            Conclusion::Left if self.left.is_some() => {
                (Topic::Failure, format!("{version} was left in {environment}, unverified"))
            }
            Conclusion::Left => {
                (Topic::Failure, format!("{version} serves {environment}, but tidying up failed"))
            }
            Conclusion::Stuck => (
                Topic::Stuck,
                format!(
                    "STUCK: {version} could not be taken back from {environment}; a person is needed now"
                ),
            ),
        };
        let details = match conclusion {
            Conclusion::Succeeded => Vec::new(),
            _ => self.left.iter().cloned().chain(self.why()).collect(),
        };
        (topic, title, details)
    }

    /// What stopped the run; the last reason first, because that is what is true now.
    fn why(&self) -> Vec<String> {
        self.failures.iter().rev().flat_map(reasons).collect()
    }
}

fn why_left(by: DecidedBy, reason: Option<&str>) -> String {
    let by = match by {
        DecidedBy::Policy => "the policy left it",
        DecidedBy::Person => "a person left it",
        DecidedBy::Nobody => "a person was to decide, and nobody answered",
    };
    reason.map_or_else(|| by.to_owned(), |reason| format!("{by}: {reason}"))
}

fn reasons(failure: &Failure) -> Vec<String> {
    let step = &failure.step;
    match &failure.cause {
        Cause::Refused(found) => named(step, "refused", found),
        Cause::Inconclusive(found) => named(step, "could not tell", found),
        Cause::Fault(fault) => vec![format!("{step}: {fault}")],
        Cause::Interrupted => vec!["it was interrupted".into()],
    }
}

fn named(step: &str, verb: &str, found: &[Finding]) -> Vec<String> {
    if found.is_empty() {
        return vec![format!("{step} {verb}")];
    }
    found.iter().map(|it| format!("{step} {verb}: {}", it.message)).collect()
}

/// What an alert is about; what was only worth a note is not.
fn messages(report: &Report) -> Vec<String> {
    let worth = report.findings().iter().filter(|it| it.severity > Severity::Note);
    worth.map(|it| it.message.clone()).collect()
}

fn few(details: &[String]) -> Vec<String> {
    let mut few: Vec<String> = details.iter().take(MOST_DETAILS).map(|it| line(it)).collect();
    if details.len() > MOST_DETAILS {
        few.push(format!("and {} more", details.len() - MOST_DETAILS));
    }
    few
}

#[cfg(test)]
#[path = "digest_tests.rs"]
mod tests;
