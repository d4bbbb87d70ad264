//! The parts of a report: findings, single checks, evidence.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::report::Verdict;
use crate::trigger::Trigger;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Should be looked at.
    Warning,
    /// Must be mended.
    Error,
}

/// Whether a finding can block a release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// It blocks.
    #[default]
    Blocking,
    /// It is told and blocks nothing.
    Advisory,
}

/// One thing that somebody should look at, with its place.
///
/// ```
/// use pipeline_core::Finding;
///
/// let finding = Finding::error("variable `x` is unused")
///     .rule("compile/warning")
///     .at("lib/shop.ex", 12)
///     .column(5)
///     .remedy("take it out, or call it _x");
/// assert_eq!(finding.place().as_deref(), Some("lib/shop.ex:12:5"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule that found it, such as `ZERO/to-atom`.
    pub rule: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// Whether it can block.
    #[serde(default)]
    pub level: Level,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do about it.
    pub remedy: Option<String>,
    /// The file, relative to the project.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
    /// The application of an umbrella it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
}

impl Finding {
    /// A finding that must be mended.
    pub fn error(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, message.into())
    }

    /// A finding that should be looked at.
    pub fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message.into())
    }

    /// A finding worth knowing.
    pub fn note(message: impl Into<String>) -> Self {
        Self::new(Severity::Note, message.into())
    }

    /// Says which rule found it.
    #[must_use]
    pub fn rule(mut self, rule: impl Into<String>) -> Self {
        self.rule = Some(rule.into());
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// Says in which file it is.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = Some(file.into());
        self
    }

    /// Says in which file and line it is.
    #[must_use]
    pub fn at(mut self, file: impl Into<String>, line: u32) -> Self {
        self.line = Some(line);
        self.in_file(file)
    }

    /// Says in which column it is.
    #[must_use]
    pub fn column(mut self, column: u32) -> Self {
        self.column = Some(column);
        self
    }

    /// Says to which application of an umbrella it belongs.
    #[must_use]
    pub fn app(mut self, app: impl Into<String>) -> Self {
        self.app = Some(app.into());
        self
    }

    /// `file:line:column`, as far as known; a terminal makes it clickable.
    #[must_use]
    pub fn place(&self) -> Option<String> {
        let file = self.file.as_ref()?;
        Some(match (self.line, self.column) {
            (Some(line), Some(column)) => format!("{file}:{line}:{column}"),
            (Some(line), None) => format!("{file}:{line}"),
            _ => file.clone(),
        })
    }

    fn new(severity: Severity, message: String) -> Self {
        Self {
            rule: None,
            severity,
            level: Level::Blocking,
            message,
            remedy: None,
            file: None,
            line: None,
            column: None,
            app: None,
        }
    }
}

/// What kind of look a check took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// One request and what it should bring.
    Smoke,
    /// Latency against a baseline.
    Performance,
    /// Several steps, as a user takes them.
    Journey,
    /// Probes over a window of time.
    Watch,
}

/// What a latency verdict was compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// The old release, measured at the same time.
    Concurrent,
    /// The old release, measured just before the deploy.
    Fresh,
    /// Earlier releases.
    History,
    /// Nothing.
    None,
}

/// One look at a deployment, and what came of it.
///
/// ```
/// use pipeline_core::{Check, Report, Trigger, Verdict};
///
/// let check = Check::smoke("GET /", Verdict::Refused, "answered 500, wanted 200").trigger(Trigger::Smoke);
/// let report = Report::of_checks(vec![check]);
/// assert_eq!(report.verdict(), Verdict::Refused);
/// assert_eq!(report.findings()[0].rule.as_deref(), Some("smoke"));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// Its name, unique within a verifier.
    pub name: String,
    /// What kind of look it was.
    pub kind: CheckKind,
    /// Its answer.
    pub verdict: Verdict,
    /// What was asked, such as `GET /api/v1/health`.
    pub endpoint: Option<String>,
    /// The one instance that was asked; absent when the request went where users' requests go.
    pub instance: Option<String>,
    /// What was seen, in one line a person understands.
    pub message: String,
    /// Measured latency over baseline latency.
    pub ratio: Option<f64>,
    /// The confidence interval of `ratio`.
    pub interval: Option<[f64; 2]>,
    /// How many samples it rests on.
    pub samples: Option<u64>,
    /// What it was compared with.
    pub control: Option<Control>,
    /// What it has seen, if it did not pass: a policy goes by that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Trigger>,
}

impl Check {
    /// A smoke check's answer.
    pub fn smoke(name: impl Into<String>, verdict: Verdict, message: impl Into<String>) -> Self {
        Self::new(CheckKind::Smoke, name, verdict, message)
    }

    /// An answer of any kind.
    pub fn new(
        kind: CheckKind,
        name: impl Into<String>,
        verdict: Verdict,
        message: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            kind,
            verdict,
            endpoint: None,
            instance: None,
            message: message.into(),
            ratio: None,
            interval: None,
            samples: None,
            control: None,
            trigger: None,
        }
    }

    /// Says what it has seen.
    #[must_use]
    pub fn trigger(mut self, trigger: Trigger) -> Self {
        self.trigger = Some(trigger);
        self
    }

    /// The finding that a check stands for, unless it passed. Its rule is the check's trigger.
    #[must_use]
    pub fn finding(&self) -> Option<Finding> {
        let message = match &self.instance {
            Some(instance) => format!("{}: {} (machine {instance})", self.name, self.message),
            None => format!("{}: {}", self.name, self.message),
        };
        let mut finding = match self.verdict {
            Verdict::Passed => return None,
            Verdict::Refused => Finding::error(message),
            Verdict::Alert | Verdict::Inconclusive => Finding::warning(message),
        };
        finding.rule = self.trigger.map(|it| it.as_str().to_owned());
        Some(finding)
    }
}

/// Something to look at: an output, a response, a measurement. Bounded by whoever makes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// What it is.
    pub name: String,
    /// The thing itself; only who made it reads it.
    pub value: Value,
}

impl Evidence {
    /// Evidence with a name.
    pub fn new(name: impl Into<String>, value: impl Into<Value>) -> Self {
        Self { name: name.into(), value: value.into() }
    }
}
