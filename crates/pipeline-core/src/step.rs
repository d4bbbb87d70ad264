//! A plug-in with its name, its limits and what it needs: what a pipeline is made of.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::time::Instant;

use crate::attempt::attempt;
use crate::builder::Builder;
use crate::cache::Remembered;
use crate::context::Context;
use crate::deployer::Deployer;
use crate::event::{EventKind, millis};
use crate::fault::Fault;
use crate::gate::Gate;
use crate::limits::Limits;
use crate::report::{Outcome, Report};
use crate::verifier::Verifier;

/// A plug-in in its place in a pipeline.
pub struct Step<T: ?Sized> {
    pub(crate) name: Arc<str>,
    pub(crate) plugin: Arc<T>,
    pub(crate) limits: Limits,
    pub(crate) needs: Vec<String>,
    pub(crate) after: Vec<String>,
    pub(crate) exclusive: Vec<String>,
    pub(crate) weight: u32,
    pub(crate) required: bool,
}

impl<T: ?Sized> Step<T> {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Says how long it may take and how often it may be tried.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Says that it is reported only: whatever its answer, the run goes on.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.required = false;
        self
    }

    fn new(name: impl Into<Arc<str>>, plugin: Arc<T>) -> Self {
        Self {
            name: name.into(),
            plugin,
            limits: Limits::default(),
            needs: Vec::new(),
            after: Vec::new(),
            exclusive: Vec::new(),
            weight: 1,
            required: true,
        }
    }

    /// Runs something of the plug-in within the step's limits, and tells when it starts and ends.
    pub(crate) async fn perform<V, F, Fut>(&self, cx: &Context, work: F) -> Result<V, Fault>
    where
        F: Fn(Arc<T>, Context) -> Fut,
        Fut: Future<Output = Result<V, Fault>>,
        V: Answer,
    {
        let (phase, step) = (cx.phase(), cx.step().to_owned());
        let expected_ms = cx.expected_ms();
        cx.tell(EventKind::StepStarted { phase, step: step.clone(), expected_ms });
        let began = Instant::now();
        let result = attempt(&self.limits, cx, |cx| work(self.plugin.clone(), cx)).await;
        let outcome = result.as_ref().map(Answer::report).map_err(Clone::clone);
        let (required, took_ms) = (self.required, millis(began.elapsed()));
        let remembered_from = None;
        cx.tell(EventKind::StepDone { phase, step, outcome, required, took_ms, remembered_from });
        result
    }
}

/// What a step's success says to people.
pub(crate) trait Answer {
    fn report(&self) -> Report;
}

impl Answer for Report {
    fn report(&self) -> Report {
        self.clone()
    }
}

impl Answer for crate::release::Artifact {
    fn report(&self) -> Report {
        Report::passed()
    }
}

impl Answer for crate::deployment::Deployment {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds and counts are far below 2^52")]
    fn report(&self) -> Report {
        let numbers = self.numbers.iter();
        numbers.fold(Report::passed(), |report, (name, value)| report.number(name, *value as f64))
    }
}

impl Step<dyn Gate> {
    /// A gate of this name.
    pub fn gate(name: &str, gate: impl Gate + 'static) -> Self {
        Self::new(name, Arc::new(gate))
    }

    /// Says which gates must have passed before it starts.
    #[must_use]
    pub fn needs(mut self, gates: &[&str]) -> Self {
        self.needs = gates.iter().map(ToString::to_string).collect();
        self
    }

    /// Says which gates, where there are such, must have ended before it starts, whatever their answers.
    #[must_use]
    pub fn after(mut self, gates: &[&str]) -> Self {
        self.after = gates.iter().map(ToString::to_string).collect();
        self
    }

    /// Names what it must have for itself, such as a build folder: gates that name the same never run at the same time.
    #[must_use]
    pub fn exclusive(mut self, resources: &[&str]) -> Self {
        self.exclusive = resources.iter().map(ToString::to_string).collect();
        self
    }

    /// Says how much of the machine it takes; 1 if not said. See [`GatesBuilder::parallel`].
    ///
    /// [`GatesBuilder::parallel`]: crate::GatesBuilder::parallel
    #[must_use]
    pub fn weight(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }

    pub(crate) async fn check(&self, cx: &Context) -> Outcome {
        self.perform(cx, |gate, cx| async move { gate.check(&cx).await }).await
    }

    /// Tells of an answer that was given before.
    pub(crate) fn tell_remembered(&self, cx: &Context, known: &Remembered) {
        let since = known.at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        cx.tell(EventKind::StepDone {
            phase: cx.phase(),
            step: cx.step().to_owned(),
            outcome: Ok(known.report.clone()),
            required: self.required,
            took_ms: 0,
            remembered_from: Some(since.as_secs()),
        });
    }
}

impl Step<dyn Builder> {
    /// A builder of this name.
    pub fn builder(name: &str, builder: impl Builder + 'static) -> Self {
        Self::new(name, Arc::new(builder))
    }
}

impl Step<dyn Verifier> {
    /// A verifier of this name.
    pub fn verifier(name: &str, verifier: impl Verifier + 'static) -> Self {
        Self::new(name, Arc::new(verifier))
    }
}

impl Step<dyn Deployer> {
    /// The deployer; it names itself.
    pub fn deployer(deployer: impl Deployer + 'static) -> Self {
        let name: Arc<str> = deployer.target().into();
        Self::new(name, Arc::new(deployer))
    }
}

impl<T: ?Sized> fmt::Debug for Step<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step")
            .field("name", &self.name)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
