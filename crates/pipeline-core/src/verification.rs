//! The verifiers of a pipeline, one after the other.

use std::collections::BTreeMap;

use crate::context::{Context, Run};
use crate::deployment::Deployment;
use crate::fault::Fault;
use crate::finding::Evidence;
use crate::gates::not_good;
use crate::graph::BuildError;
use crate::phase::Phase;
use crate::policy::{Cause, Failure, RestoreUnlessBlind, RollbackPolicy};
use crate::report::{Outcome, Verdict};
use crate::step::Step;
use crate::verifier::Verifier;

/// What each verifier measured before anything changed, by its name.
pub type Baselines = BTreeMap<String, Evidence>;

/// What answers are judged by.
#[derive(Clone, Copy)]
pub(crate) struct Judging<'a> {
    pub(crate) baselines: &'a Baselines,
    pub(crate) policy: &'a dyn RollbackPolicy,
}

/// Verifiers in their order.
#[derive(Debug, Default)]
pub struct Verifiers {
    steps: Vec<Step<dyn Verifier>>,
}

/// One verifier's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct VerifierAnswer {
    /// Its name.
    pub name: String,
    /// Does it block?
    pub required: bool,
    /// Its answer, or why there is none.
    pub outcome: Outcome,
}

impl Verifiers {
    /// Checks that no name stands twice.
    pub fn new(steps: Vec<Step<dyn Verifier>>) -> Result<Self, BuildError> {
        for (number, step) in steps.iter().enumerate() {
            if steps[..number].iter().any(|it| it.name == step.name) {
                return Err(BuildError::Duplicate(step.name().to_owned()));
            }
        }
        Ok(Self { steps })
    }

    /// Their names, in order.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.steps.iter().map(|step| step.name().to_owned()).collect()
    }

    /// Lets each measure what runs now.
    pub async fn baselines(&self, current: &Deployment, run: &Run) -> Result<Baselines, Fault> {
        let mut baselines = Baselines::new();
        for step in &self.steps {
            let cx = run.context(Phase::Deploy, step.name());
            let taken = crate::attempt::attempt(&step.limits, &cx, |cx| {
                let (verifier, current) = (step.plugin.clone(), current.clone());
                async move { verifier.baseline(&current, &cx).await }
            });
            match taken.await {
                Ok(Some(evidence)) => {
                    baselines.insert(step.name().to_owned(), evidence);
                }
                Ok(None) => {}
                // Who cannot block the run with an answer cannot block it with a baseline either.
                Err(fault) if !step.required && !run.cancel.is_cancelled() => {
                    cx.note(format_args!("no baseline: {fault}"));
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(baselines)
    }

    /// Asks all of them about a deployment, whatever the answers.
    pub async fn verify(&self, deployment: &Deployment, run: &Run) -> Vec<VerifierAnswer> {
        let mut answers = Vec::new();
        for step in &self.steps {
            let cx = run.context(Phase::Verify, step.name());
            // Whoever only looks hears what they say, and not what a run would make of it.
            answers.push(step.ask(deployment, &RestoreUnlessBlind, &cx).await);
        }
        answers
    }

    /// Asks them in order until one does not let the deployment pass: on the way back every second counts.
    /// Where nothing runs, there is nothing to ask about.
    pub(crate) async fn first_failure(
        &self,
        deployment: &Deployment,
        judging: Judging<'_>,
        cx: &Context,
    ) -> Result<Verdict, (String, Cause)> {
        let mut worst = Verdict::Passed;
        for step in self.steps.iter().filter(|_| !deployment.is_nothing()) {
            let cx = cx.named(step.name()).with_baseline(judging.baselines.get(step.name()));
            let answer = step.ask(deployment, judging.policy, &cx).await;
            match answer.cause().filter(|_| step.required) {
                Some(cause) => return Err((answer.name, cause)),
                None if answer.outcome.is_ok_and(|it| it.verdict() != Verdict::Passed) => {
                    worst = Verdict::Alert;
                }
                None => {}
            }
        }
        Ok(worst)
    }
}

impl VerifierAnswer {
    /// Why it does not let the deployment pass, if it does not.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        match &self.outcome {
            Ok(report) => not_good(report.verdict(), || report.findings().to_vec()),
            Err(fault) => Some(fault.clone().into()),
        }
    }
}

impl Step<dyn Verifier> {
    async fn ask(
        &self,
        deployment: &Deployment,
        policy: &dyn RollbackPolicy,
        cx: &Context,
    ) -> VerifierAnswer {
        let outcome = self.perform(cx, |verifier, cx| {
            let deployment = deployment.clone();
            async move { verifier.verify(&deployment, &cx).await.map(|report| policy.weigh(report)) }
        });
        let (name, required) = (self.name().to_owned(), self.required);
        VerifierAnswer { name, required, outcome: outcome.await }
    }
}

/// A failure of the phase `Verify`.
pub(crate) fn failure((step, cause): (String, Cause), whole: bool) -> Failure {
    Failure { phase: Phase::Verify, step, cause, whole, untouched: false }
}
