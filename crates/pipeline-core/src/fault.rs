//! Why a step could not be done. A fault is no verdict: it says that there is none.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::trigger::Trigger;

/// Why there is no answer: plain data, because it goes into journals and events.
///
/// A plug-in keeps its own precise error enum and turns it into a fault once, at its border, in one
/// `impl From<Error> for Fault` that decides whether trying again may help.
///
/// ```
/// use pipeline_core::Fault;
///
/// let refused = std::io::Error::other("connection refused");
/// let fault = Fault::transient(&refused).hint("is the network up?");
/// assert!(fault.is_transient());
/// assert_eq!(fault.to_string(), "connection refused");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    kind: FaultKind,
    message: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    causes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trigger: Option<Trigger>,
}

/// What sort of fault it is; only `Transient` ones are tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Trying again may help: a connection lost, a rate limit, a server that is busy.
    Transient,
    /// Trying again brings the same: wrong input, missing tool, a refusal by the platform.
    Permanent,
    /// The step did not end within its limit.
    TimedOut,
    /// The run was asked to stop.
    Cancelled,
}

impl Fault {
    /// A fault that may go away by itself. The error's sources are kept as text.
    pub fn transient(error: impl Error) -> Self {
        Self::of(FaultKind::Transient, &error)
    }

    /// A fault that stays. When in doubt, this one.
    pub fn permanent(error: impl Error) -> Self {
        Self::of(FaultKind::Permanent, &error)
    }

    /// The step ran into its limit.
    #[must_use]
    pub fn timed_out(limit: Duration) -> Self {
        Self {
            kind: FaultKind::TimedOut,
            message: format!("no answer within {limit:?}"),
            causes: Vec::new(),
            hint: None,
            trigger: None,
        }
    }

    /// The run was asked to stop before the step had an answer.
    #[must_use]
    pub fn cancelled() -> Self {
        Self {
            kind: FaultKind::Cancelled,
            message: "stopped on request".into(),
            causes: Vec::new(),
            hint: None,
            trigger: None,
        }
    }

    /// The plug-in panicked: a bug in it, told as a fault so that the run can end well.
    #[must_use]
    pub(crate) fn panicked(payload: &(dyn std::any::Any + Send)) -> Self {
        let said = payload.downcast_ref::<&str>().map(ToString::to_string);
        let said = said.or_else(|| payload.downcast_ref::<String>().cloned());
        Self {
            kind: FaultKind::Permanent,
            message: format!("a bug: it panicked: {}", said.as_deref().unwrap_or("no message")),
            causes: Vec::new(),
            hint: Some("report this to whoever wrote the plug-in".into()),
            trigger: None,
        }
    }

    /// Adds what a person should do next: an imperative sentence.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Says under which name a team decides what is done about it.
    #[must_use]
    pub fn trigger(mut self, trigger: Trigger) -> Self {
        self.trigger = Some(trigger);
        self
    }

    /// The sort of fault.
    #[must_use]
    pub fn kind(&self) -> FaultKind {
        self.kind
    }

    /// May trying again help?
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.kind == FaultKind::Transient
    }

    /// What happened, in one line.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What it came from, outermost first.
    #[must_use]
    pub fn causes(&self) -> &[String] {
        &self.causes
    }

    /// What a person should do next, if anybody knows.
    #[must_use]
    pub fn next_step(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Under which name a team decides what is done about it, if it has one.
    #[must_use]
    pub fn named_trigger(&self) -> Option<Trigger> {
        self.trigger
    }

    fn of(kind: FaultKind, error: &dyn Error) -> Self {
        let causes = std::iter::successors(error.source(), |cause| (*cause).source());
        Self {
            kind,
            message: error.to_string(),
            causes: causes.map(ToString::to_string).collect(),
            hint: None,
            trigger: None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.causes.iter().try_for_each(|cause| write!(f, ": {cause}"))
    }
}

impl Error for Fault {}
