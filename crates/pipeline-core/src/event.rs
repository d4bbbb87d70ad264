//! What is told while a run runs: data, in one order, to observers that only listen.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::fault::Fault;
use crate::phase::Phase;
use crate::policy::{DecidedBy, Decision, Failure};
use crate::release::{Release, RunId};
use crate::report::{Outcome, Verdict};
use crate::state::Conclusion;

/// The version of the event format. Kinds and keys are only ever added to it.
pub const EVENT_SCHEMA: u32 = 1;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Counts from 1 within a run of this process.
    pub seq: u64,
    /// When, by the wall clock.
    pub at: SystemTime,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventKind {
    /// A run began, or an interrupted one goes on.
    RunStarted {
        /// Its name.
        run: RunId,
        /// What it releases.
        release: Release,
        /// Where to.
        target: String,
        /// Does it go on from a journal?
        resumed: bool,
    },
    /// What the run will do, as far as that is known before: its steps but for the stages of the deployer, in their order,
    /// and how long its phases take otherwise.
    Planned {
        /// Gates, builder and verifiers.
        steps: Vec<PlannedStep>,
        /// The phases whose usual length is known.
        phases: Vec<UsualPhase>,
    },
    /// A phase began.
    PhaseStarted {
        /// Which.
        phase: Phase,
    },
    /// A phase ended.
    PhaseEnded {
        /// Which.
        phase: Phase,
        /// How; `None` when something kept it from having an answer.
        verdict: Option<Verdict>,
        /// How long it took.
        took_ms: u64,
    },
    /// A gate, builder, stage or verifier began.
    StepStarted {
        /// The phase it belongs to.
        phase: Phase,
        /// Its name.
        step: String,
        /// How long it took last time, where that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected_ms: Option<u64>,
    },
    /// A gate could not start yet.
    StepWaits {
        /// The phase it belongs to.
        phase: Phase,
        /// Its name.
        step: String,
        /// The gates whose end it waits for; none where there is no room for it yet.
        waits_for: Vec<String>,
    },
    /// A gate, builder, stage or verifier ended.
    StepDone {
        /// The phase it belongs to.
        phase: Phase,
        /// Its name.
        step: String,
        /// Its answer, or why there is none: `{"report": …}` or `{"fault": …}`.
        #[serde(with = "outcome")]
        outcome: Outcome,
        /// Does it block the run when it is not good?
        required: bool,
        /// How long it took; nothing where the answer was remembered from before.
        took_ms: u64,
        /// When the answer was given, where it was remembered from before: seconds since 1970.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remembered_from: Option<u64>,
    },
    /// A gate was not started, because one that it needs was not good, or the run stopped.
    StepSkipped {
        /// The phase it belongs to.
        phase: Phase,
        /// Its name.
        step: String,
        /// Why.
        reason: String,
    },
    /// A step says what it is at.
    Noted {
        /// Its name.
        step: String,
        /// What it says.
        message: String,
    },
    /// Something a person should know before the target is changed.
    Warned {
        /// What.
        message: String,
    },
    /// A step says how far it is.
    Progressed {
        /// Its name.
        step: String,
        /// How much is done.
        done: u64,
        /// Of how much, where that is known.
        total: Option<u64>,
    },
    /// A step had a transient fault and is tried again.
    WillRetry {
        /// Its name.
        step: String,
        /// The try that had the fault, from 1.
        attempt: u32,
        /// The fault.
        fault: Fault,
        /// How long until the next try.
        after_ms: u64,
    },
    /// Something stopped the run.
    Failed {
        /// What.
        failure: Failure,
    },
    /// A person is asked what to do about a failure, and the run waits for the answer.
    Asking {
        /// Why.
        reason: Option<String>,
    },
    /// It was decided what is done about a failure.
    Decided {
        /// What.
        decision: Decision,
        /// Who decided.
        #[serde(default, skip_serializing_if = "DecidedBy::is_policy")]
        by: DecidedBy,
        /// Why, where there is more to say than the policy's plain rule.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The run ended.
    RunFinished {
        /// How.
        conclusion: Conclusion,
    },
}

/// A step that a run will do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// The phase it belongs to.
    pub phase: Phase,
    /// Its name.
    pub step: String,
}

/// How long a phase takes otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsualPhase {
    /// Which.
    pub phase: Phase,
    /// How long, in milliseconds, over all its passes.
    pub usual_ms: u64,
}

/// Hears events, in order. It cannot fail and cannot steer the run: one that panics is not asked again.
///
/// ```
/// use std::sync::mpsc::channel;
/// use std::time::SystemTime;
/// use pipeline_core::{Event, EventKind, Events, Phase};
///
/// let (lines, told) = channel();
/// // Any function of events is an observer.
/// let observer = move |event: &Event| lines.send(event.seq).unwrap();
/// let events = Events::new(|| SystemTime::UNIX_EPOCH, vec![Box::new(observer)]);
/// events.tell(EventKind::PhaseStarted { phase: Phase::Build });
/// assert_eq!(told.recv().unwrap(), 1);
/// ```
pub trait Observer: Send {
    /// Hears one event. Should be quick: the run waits.
    fn observe(&mut self, event: &Event);
}

impl<F: FnMut(&Event) + Send> Observer for F {
    fn observe(&mut self, event: &Event) {
        self(event);
    }
}

/// Tells events to observers, one after the other, in one order. Cheap to clone.
#[derive(Clone)]
pub struct Events {
    clock: Arc<dyn Clock>,
    told: Arc<Mutex<Told>>,
}

struct Told {
    seq: u64,
    observers: Vec<Box<dyn Observer>>,
}

impl Events {
    /// Events for these observers, timed by this clock.
    pub fn new(clock: impl Clock + 'static, observers: Vec<Box<dyn Observer>>) -> Self {
        Self { clock: Arc::new(clock), told: Arc::new(Mutex::new(Told { seq: 0, observers })) }
    }

    /// Events that nobody hears.
    #[must_use]
    pub fn silent() -> Self {
        Self::new(|| SystemTime::UNIX_EPOCH, Vec::new())
    }

    /// What time it is by the clock of these events.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// Tells all observers.
    pub fn tell(&self, kind: EventKind) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.seq += 1;
        let event = Event { seq: told.seq, at: self.clock.now(), kind };
        told.observers
            .retain_mut(|it| catch_unwind(AssertUnwindSafe(|| it.observe(&event))).is_ok());
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events")
    }
}

/// An outcome as the event format has it.
mod outcome {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::fault::Fault;
    use crate::report::{Outcome, Report};

    #[derive(Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Told {
        Report(Report),
        Fault(Fault),
    }

    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    enum Telling<'a> {
        Report(&'a Report),
        Fault(&'a Fault),
    }

    pub(super) fn serialize<S: Serializer>(told: &Outcome, to: S) -> Result<S::Ok, S::Error> {
        match told {
            Ok(report) => Telling::Report(report).serialize(to),
            Err(fault) => Telling::Fault(fault).serialize(to),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Outcome, D::Error> {
        Ok(match Told::deserialize(from)? {
            Told::Report(report) => Ok(report),
            Told::Fault(fault) => Err(fault),
        })
    }
}

pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
