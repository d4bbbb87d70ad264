//! The gates of a pipeline: run as a graph, all that are ready side by side, in one task.

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::time::Instant;

use crate::context::{Context, Run};
use crate::event::{EventKind, millis};
use crate::gate::Gate;
use crate::graph::{BuildError, Graph, Schedule};
use crate::phase::Phase;
use crate::policy::{Cause, Failure};
use crate::report::{Outcome, Verdict};
use crate::step::Step;

/// A checked set of gates. No process of its own: dropping the future of [`check`](Self::check) stops all.
#[derive(Debug)]
pub struct Gates {
    steps: Vec<Step<dyn Gate>>,
    graph: Graph,
    parallel: u32,
    fail_fast: bool,
}

/// Collects gates; [`build`](Self::build) checks them.
#[derive(Debug)]
pub struct GatesBuilder {
    steps: Vec<Step<dyn Gate>>,
    parallel: u32,
    fail_fast: bool,
}

impl GatesBuilder {
    /// Adds a gate.
    #[must_use]
    pub fn gate(mut self, gate: Step<dyn Gate>) -> Self {
        self.steps.push(gate);
        self
    }

    /// How much weight may run at once; 4 if not said.
    #[must_use]
    pub fn parallel(mut self, weight: u32) -> Self {
        self.parallel = weight.max(1);
        self
    }

    /// Stop the others as soon as one required gate is not good? If not, all failures are reported.
    #[must_use]
    pub fn fail_fast(mut self, fail_fast: bool) -> Self {
        self.fail_fast = fail_fast;
        self
    }

    /// Checks names and needs.
    pub fn build(self) -> Result<Gates, BuildError> {
        let gates: Vec<_> =
            self.steps.iter().map(|it| (it.name(), &it.needs[..], it.weight)).collect();
        let graph = Graph::new(&gates)?;
        let Self { steps, parallel, fail_fast } = self;
        Ok(Gates { steps, graph, parallel, fail_fast })
    }
}

/// One gate's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct GateAnswer {
    /// Its name.
    pub name: String,
    /// Does it block?
    pub required: bool,
    /// Its answer or why there is none; `None` when it was not started.
    pub outcome: Option<Outcome>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

impl Gates {
    /// No gates yet.
    #[must_use]
    pub fn builder() -> GatesBuilder {
        GatesBuilder { steps: Vec::new(), parallel: 4, fail_fast: false }
    }

    /// The gates' names by the earliest moment they could start.
    #[must_use]
    pub fn levels(&self) -> Vec<Vec<String>> {
        let name = |gate: usize| self.steps[gate].name().to_owned();
        self.graph.levels().into_iter().map(|level| level.into_iter().map(name).collect()).collect()
    }

    /// Asks all gates, in the order their needs allow. The answers come in the order of the gates.
    pub async fn check(&self, run: &Run) -> Vec<GateAnswer> {
        let together = run.cancel.child();
        let mut schedule = Schedule::new(&self.graph, self.parallel);
        let mut running = FuturesUnordered::new();
        let mut outcomes: Vec<(Option<Outcome>, u64)> = vec![(None, 0); self.steps.len()];
        loop {
            if run.cancel.is_cancelled() {
                schedule.stop();
            }
            for gate in schedule.start() {
                let cx = self.context(gate, run).with_cancel(together.token());
                let began = Instant::now();
                running.push(async move { (gate, began, self.steps[gate].check(&cx).await) });
            }
            let Some((gate, began, outcome)) = running.next().await else { break };
            let good = is_good(&outcome) || !self.steps[gate].required;
            schedule.finish(gate, good);
            if !good && self.fail_fast {
                schedule.stop();
                together.cancel();
            }
            outcomes[gate] = (Some(outcome), millis(began.elapsed()));
        }
        self.tell_skipped(&schedule, run);
        self.steps.iter().zip(outcomes).map(|(step, given)| answer(step, given)).collect()
    }

    fn context(&self, gate: usize, run: &Run) -> Context {
        run.context(Phase::Validate, self.steps[gate].name())
    }

    fn tell_skipped(&self, schedule: &Schedule<'_>, run: &Run) {
        for (gate, missing) in schedule.skipped() {
            let reason = match missing {
                Some(need) => format!("it needs `{}`", self.steps[need].name()),
                None => "the run stopped before".into(),
            };
            let step = self.steps[gate].name().to_owned();
            run.events.tell(EventKind::StepSkipped { phase: Phase::Validate, step, reason });
        }
    }
}

/// What keeps a release from going on: every required gate whose answer is not good.
#[must_use]
pub fn failures(answers: &[GateAnswer], run: &Run) -> Vec<Failure> {
    let mut failures: Vec<Failure> = answers.iter().filter_map(failure).collect();
    let stopped = |it: &Failure| it.cause == Cause::Interrupted;
    if !run.cancel.is_cancelled() && !failures.iter().all(stopped) {
        // Stopped because another gate failed: that one is the failure.
        failures.retain(|it| !stopped(it));
    }
    let unanswered = answers.iter().any(|it| it.required && it.outcome.is_none());
    if failures.is_empty() && (unanswered || run.cancel.is_cancelled()) {
        let (phase, step) = (Phase::Validate, "gates".into());
        failures.push(Failure {
            phase,
            step,
            cause: Cause::Interrupted,
            whole: false,
            untouched: false,
        });
    }
    failures
}

fn failure(answer: &GateAnswer) -> Option<Failure> {
    let cause = match answer.outcome.as_ref().filter(|_| answer.required)? {
        Ok(report) => not_good(report.verdict(), || report.findings().to_vec())?,
        Err(fault) => fault.clone().into(),
    };
    Some(Failure {
        phase: Phase::Validate,
        step: answer.name.clone(),
        cause,
        whole: false,
        untouched: false,
    })
}

/// The cause in an answer that is not good.
pub(crate) fn not_good(
    verdict: Verdict,
    findings: impl FnOnce() -> Vec<crate::finding::Finding>,
) -> Option<Cause> {
    match verdict {
        Verdict::Passed | Verdict::Alert => None,
        Verdict::Refused => Some(Cause::Refused(findings())),
        Verdict::Inconclusive => Some(Cause::Inconclusive(findings())),
    }
}

fn is_good(outcome: &Outcome) -> bool {
    outcome.as_ref().is_ok_and(crate::report::Report::lets_pass)
}

fn answer(step: &Step<dyn Gate>, (outcome, took_ms): (Option<Outcome>, u64)) -> GateAnswer {
    GateAnswer { name: step.name().to_owned(), required: step.required, outcome, took_ms }
}
