//! What the engine lends to a step, and nothing else: no clock, no client, no configuration.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};

use crate::cache::Earlier;
use crate::cancel::Cancel;
use crate::event::{EventKind, Events, PlannedStep, millis};
use crate::fault::Fault;
use crate::finding::Evidence;
use crate::phase::Phase;
use crate::policy::{Decision, Failure, Person, Someone};
use crate::release::{Artifact, Release, RunId};
use crate::report::Outcome;
use crate::usual::Usual;

/// What other gates said, by their names.
pub type Answers = BTreeMap<String, Arc<Outcome>>;

/// One run: what is released, from where, who hears of it, and who may stop it.
///
/// ```
/// use pipeline_core::{CancelSource, Release, Run, RunId};
///
/// let ctrl_c = CancelSource::new();
/// let run = Run::new(RunId::new("run-1"), Release::new("v546").revision("4f1c2ab"), ".").cancel(ctrl_c.token());
/// assert_eq!(run.release.revision.as_deref(), Some("4f1c2ab"));
/// ```
#[derive(Clone, Debug)]
pub struct Run {
    /// Names the run, here and on what it makes.
    pub id: RunId,
    /// What is released.
    pub release: Release,
    /// The project's folder.
    pub workdir: PathBuf,
    /// Who hears of it.
    pub events: Events,
    /// Who may stop it.
    pub cancel: Cancel,
    /// The files to look at, relative to `workdir`, where not all of them are meant.
    pub changed: Option<Vec<String>>,
    usual: Arc<Usual>,
    person: Someone,
}

impl Run {
    /// A run that nobody hears and nobody stops.
    pub fn new(id: RunId, release: Release, workdir: impl Into<PathBuf>) -> Self {
        let (events, cancel) = (Events::silent(), Cancel::never());
        let (workdir, person) = (workdir.into(), Someone::default());
        let usual = Arc::default();
        Self { id, release, workdir, events, cancel, changed: None, usual, person }
    }

    /// Says who hears of it.
    #[must_use]
    pub fn events(mut self, events: Events) -> Self {
        self.events = events;
        self
    }

    /// Says who may stop it.
    #[must_use]
    pub fn cancel(mut self, cancel: Cancel) -> Self {
        self.cancel = cancel;
        self
    }

    /// Says that only these files are meant, relative to the project. Gates that cannot look at some files only look at all.
    #[must_use]
    pub fn changed(mut self, files: Option<Vec<String>>) -> Self {
        self.changed = files;
        self
    }

    /// Says how long it takes otherwise, so that people can be told.
    #[must_use]
    pub fn usual(mut self, usual: Usual) -> Self {
        self.usual = Arc::new(usual);
        self
    }

    /// What is told of this before it begins.
    pub(crate) fn planned(&self, steps: Vec<PlannedStep>) -> EventKind {
        EventKind::Planned { steps, phases: self.usual.told() }
    }

    /// Says who decides where the policy wants a person to. Nobody does, if nobody is said.
    #[must_use]
    pub fn person(mut self, person: Arc<dyn Person>) -> Self {
        self.person = Someone(Some(person));
        self
    }

    /// Asks the person, if there is one, until the run is asked to stop.
    pub(crate) async fn ask(&self, failure: &Failure) -> Option<Decision> {
        let person = self.person.0.as_ref()?;
        match select(person.decide(failure), pin!(self.cancel.cancelled())).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => None,
        }
    }

    /// Tells people something that belongs to no step.
    pub fn warn(&self, message: impl Display) {
        self.events.tell(EventKind::Warned { message: message.to_string() });
    }

    /// What the step `step` of this run gets to see.
    #[must_use]
    pub fn context(&self, phase: Phase, step: &str) -> Context {
        Context {
            run: Arc::new(self.clone()),
            phase,
            step: step.into(),
            artifact: None,
            baseline: None,
            earlier: None,
            answers: Arc::default(),
            cancel: self.cancel.clone(),
        }
    }
}

/// All that a step may use. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Context {
    run: Arc<Run>,
    phase: Phase,
    step: Arc<str>,
    artifact: Option<Artifact>,
    baseline: Option<Evidence>,
    earlier: Option<Arc<Earlier>>,
    answers: Arc<Answers>,
    cancel: Cancel,
}

impl Context {
    /// The run's name.
    #[must_use]
    pub fn run(&self) -> &RunId {
        &self.run.id
    }

    /// What is released.
    #[must_use]
    pub fn release(&self) -> &Release {
        &self.run.release
    }

    /// The project's folder.
    #[must_use]
    pub fn workdir(&self) -> &Path {
        &self.run.workdir
    }

    /// The phase the step belongs to.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// The step's own name.
    #[must_use]
    pub fn step(&self) -> &str {
        &self.step
    }

    /// What the builder made; `None` before it has, and in a plan that would build.
    #[must_use]
    pub fn artifact(&self) -> Option<&Artifact> {
        self.artifact.as_ref()
    }

    /// What this verifier measured before anything changed.
    #[must_use]
    pub fn baseline(&self) -> Option<&Evidence> {
        self.baseline.as_ref()
    }

    /// How this gate went last time, where that is known.
    #[must_use]
    pub fn earlier(&self) -> Option<&Earlier> {
        self.earlier.as_deref()
    }

    /// What the gates said that this one waits for ([`Step::needs`](crate::Step::needs), [`Step::after`](crate::Step::after)),
    /// by name, those included whose answer was remembered. A gate that is not there, or was never started, is in none.
    ///
    /// No cache knows of them: a gate that reads them must not declare what it reads ([`Gate::inputs`](crate::Gate::inputs)).
    #[must_use]
    pub fn answers(&self) -> &Answers {
        &self.answers
    }

    /// The files to look at, relative to the project, where not all of them are meant.
    #[must_use]
    pub fn changed(&self) -> Option<&[String]> {
        self.run.changed.as_deref()
    }

    /// Tells people what the step is at, in one line.
    pub fn note(&self, message: impl Display) {
        self.tell(EventKind::Noted { step: self.step.to_string(), message: message.to_string() });
    }

    /// Tells people how far the step is: `done` of `total`, where the total is known.
    pub fn progress(&self, done: u64, total: Option<u64>) {
        self.tell(EventKind::Progressed { step: self.step.to_string(), done, total });
    }

    /// Waits until the step is asked to stop.
    pub async fn cancelled(&self) {
        self.cancel.cancelled().await;
    }

    /// Was the step asked to stop?
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// The token itself, for work that has children of its own.
    #[must_use]
    pub fn cancel(&self) -> &Cancel {
        &self.cancel
    }

    /// How long the step may take, going by last time.
    pub(crate) fn expected_ms(&self) -> Option<u64> {
        let earlier = self.earlier().map(|it| it.took_ms);
        earlier.or_else(|| self.run.usual.step(self.phase, &self.step))
    }

    pub(crate) fn named(&self, step: &str) -> Self {
        Self { step: step.into(), ..self.clone() }
    }

    pub(crate) fn with_cancel(&self, cancel: Cancel) -> Self {
        Self { cancel, ..self.clone() }
    }

    pub(crate) fn with_artifact(&self, artifact: &Artifact) -> Self {
        Self { artifact: Some(artifact.clone()), ..self.clone() }
    }

    pub(crate) fn with_baseline(&self, baseline: Option<&Evidence>) -> Self {
        Self { baseline: baseline.cloned(), ..self.clone() }
    }

    pub(crate) fn with_earlier(&self, earlier: Option<Earlier>) -> Self {
        Self { earlier: earlier.map(Arc::new), ..self.clone() }
    }

    pub(crate) fn with_answers(&self, answers: Answers) -> Self {
        Self { answers: Arc::new(answers), ..self.clone() }
    }

    pub(crate) fn will_retry(&self, attempt: u32, fault: &Fault, after: Duration) {
        self.tell(EventKind::WillRetry {
            step: self.step.to_string(),
            attempt,
            fault: fault.clone(),
            after_ms: millis(after),
        });
    }

    pub(crate) fn tell(&self, kind: EventKind) {
        self.run.events.tell(kind);
    }
}
