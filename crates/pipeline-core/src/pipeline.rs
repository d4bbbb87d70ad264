//! A pipeline: gates, a builder, a deployer, verifiers and a policy, put together and checked.

use std::fmt;
use std::sync::Arc;

use crate::builder::Builder;
use crate::cache::{GateCache, Trust};
use crate::deployer::Deployer;
use crate::event::PlannedStep;
use crate::gate::Gate;
use crate::gates::{Gates, GatesBuilder};
use crate::graph::BuildError;
use crate::phase::Phase;
use crate::policy::{RestoreUnlessBlind, RollbackPolicy};
use crate::step::Step;
use crate::verification::Verifiers;
use crate::verifier::Verifier;

/// One way to production. Made once, run as often as one likes.
///
/// ```
/// use pipeline_core::{BuildError, Conclusion, Pipeline, Report, Step, gate_fn};
/// use pipeline_testkit::{FakeTarget, MemoryJournal, a_run};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let gate = || gate_fn(|_| async { Ok(Report::passed()) });
/// let machines = FakeTarget::rolling(["v1", "v1"]);
/// let pipeline = Pipeline::to(Step::deployer(machines.clone()))
///     .gate(Step::gate("compile", gate()))
///     .gate(Step::gate("test", gate()).needs(&["compile"]))
///     .build()?;
/// assert_eq!(pipeline.run(&a_run("v2"), &mut MemoryJournal::new()).await?, Conclusion::Succeeded);
/// assert_eq!(machines.serving(), ["v2"]);
///
/// // What cannot be is refused before anything runs.
/// let circle = Pipeline::to(Step::deployer(machines)).gate(Step::gate("test", gate()).needs(&["test"]));
/// assert!(matches!(circle.build(), Err(BuildError::Cycle(_))));
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
pub struct Pipeline {
    pub(crate) gates: Gates,
    pub(crate) builder: Option<Step<dyn Builder>>,
    pub(crate) deployer: Step<dyn Deployer>,
    pub(crate) verifiers: Verifiers,
    pub(crate) policy: Box<dyn RollbackPolicy>,
}

/// Collects the parts; [`build`](Self::build) checks them.
pub struct PipelineBuilder {
    gates: GatesBuilder,
    builder: Option<Step<dyn Builder>>,
    deployer: Step<dyn Deployer>,
    verifiers: Vec<Step<dyn Verifier>>,
    policy: Box<dyn RollbackPolicy>,
}

impl Pipeline {
    /// A pipeline to this target.
    #[must_use]
    pub fn to(deployer: Step<dyn Deployer>) -> PipelineBuilder {
        PipelineBuilder {
            gates: Gates::builder(),
            builder: None,
            deployer,
            verifiers: Vec::new(),
            policy: Box::new(RestoreUnlessBlind),
        }
    }

    /// Its gates, to ask them alone.
    #[must_use]
    pub fn gates(&self) -> &Gates {
        &self.gates
    }

    /// Its verifiers, to ask them alone.
    #[must_use]
    pub fn verifiers(&self) -> &Verifiers {
        &self.verifiers
    }

    /// What it does, as far as the deployer has no say in it.
    pub(crate) fn planned(&self) -> Vec<PlannedStep> {
        let mut steps = self.gates.planned();
        let later = |phase, step: String| PlannedStep { phase, step };
        steps.extend(self.builder.iter().map(|it| later(Phase::Build, it.name().to_owned())));
        steps.extend(self.verifiers.names().into_iter().map(|it| later(Phase::Verify, it)));
        steps
    }

    /// The target's name.
    #[must_use]
    pub fn target(&self) -> &str {
        self.deployer.plugin.target()
    }
}

impl PipelineBuilder {
    /// Adds a gate.
    #[must_use]
    pub fn gate(mut self, gate: Step<dyn Gate>) -> Self {
        self.gates = self.gates.gate(gate);
        self
    }

    /// How much weight of gates may run at once; see [`GatesBuilder::parallel`].
    #[must_use]
    pub fn parallel(mut self, weight: u32) -> Self {
        self.gates = self.gates.parallel(weight);
        self
    }

    /// Stop all gates as soon as one is not good? See [`GatesBuilder::fail_fast`].
    #[must_use]
    pub fn fail_fast(mut self, fail_fast: bool) -> Self {
        self.gates = self.gates.fail_fast(fail_fast);
        self
    }

    /// Says who remembers answers of gates, and which of them count; see [`GatesBuilder::cache`].
    #[must_use]
    pub fn cache(mut self, cache: Arc<dyn GateCache>, trust: Trust) -> Self {
        self.gates = self.gates.cache(cache, trust);
        self
    }

    /// Says who makes the artifact. Without a builder the artifact is the release's version: for targets
    /// that find it by that.
    #[must_use]
    pub fn builder(mut self, builder: Step<dyn Builder>) -> Self {
        self.builder = Some(builder);
        self
    }

    /// Adds a verifier; they are asked in the order they were added.
    #[must_use]
    pub fn verifier(mut self, verifier: Step<dyn Verifier>) -> Self {
        self.verifiers.push(verifier);
        self
    }

    /// Says who decides about a failure; [`RestoreUnlessBlind`] if nobody is said.
    #[must_use]
    pub fn policy(mut self, policy: impl RollbackPolicy + 'static) -> Self {
        self.policy = Box::new(policy);
        self
    }

    /// Checks names and needs.
    pub fn build(self) -> Result<Pipeline, BuildError> {
        let Self { gates, builder, deployer, verifiers, policy } = self;
        let (gates, verifiers) = (gates.build()?, Verifiers::new(verifiers)?);
        Ok(Pipeline { gates, builder, deployer, verifiers, policy })
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("target", &self.target()).finish_non_exhaustive()
    }
}

impl fmt::Debug for PipelineBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipelineBuilder").field("gates", &self.gates).finish_non_exhaustive()
    }
}
