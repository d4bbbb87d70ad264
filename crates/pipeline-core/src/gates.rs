//! The gates of a pipeline: run as a graph, all that are ready side by side, in one task.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::time::Instant;

use crate::cache::{Asked, GateCache, Recalled, Remembered, Trust};
use crate::context::{Answers, Context, Run};
use crate::event::{EventKind, PlannedStep, millis};
use crate::gate::Gate;
use crate::graph::{BuildError, Graph, Node, Schedule};
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
    memory: Memory,
}

/// Collects gates; [`build`](Self::build) checks them.
#[derive(Debug)]
pub struct GatesBuilder {
    steps: Vec<Step<dyn Gate>>,
    parallel: u32,
    fail_fast: bool,
    memory: Memory,
}

/// Who remembers answers, and which of them count.
#[derive(Clone, Default)]
struct Memory(Option<(Arc<dyn GateCache>, Trust)>);

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

    /// Says who remembers answers, and which of those count. Without, every gate is asked each time.
    #[must_use]
    pub fn cache(mut self, cache: Arc<dyn GateCache>, trust: Trust) -> Self {
        self.memory = Memory(Some((cache, trust)));
        self
    }

    /// Checks names and needs.
    pub fn build(self) -> Result<Gates, BuildError> {
        let graph = Graph::new(&self.steps.iter().map(node).collect::<Vec<_>>())?;
        let Self { steps, parallel, fail_fast, memory } = self;
        Ok(Gates { steps, graph, parallel, fail_fast, memory })
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
    /// How long it took, in milliseconds; nothing where the answer was remembered from before.
    pub took_ms: u64,
    /// Was it remembered from before?
    pub cached: bool,
}

/// What each gate waits for, as it was told last.
type Waits = BTreeMap<usize, Vec<usize>>;

/// What came of one gate.
struct Given {
    outcome: Arc<Outcome>,
    took_ms: u64,
    cached: bool,
}

impl Gates {
    /// No gates yet.
    #[must_use]
    pub fn builder() -> GatesBuilder {
        GatesBuilder { steps: Vec::new(), parallel: 4, fail_fast: false, memory: Memory::default() }
    }

    /// The gates' names by the earliest moment they could start.
    #[must_use]
    pub fn levels(&self) -> Vec<Vec<String>> {
        let name = |gate: usize| self.steps[gate].name().to_owned();
        self.graph.levels().into_iter().map(|level| level.into_iter().map(name).collect()).collect()
    }

    /// What people are told of before these gates are asked alone. Within a pipeline the run tells it.
    pub fn tell_planned(&self, run: &Run) {
        run.events.tell(run.planned(self.planned()));
    }

    pub(crate) fn planned(&self) -> Vec<PlannedStep> {
        let planned = |it: &Step<dyn Gate>| PlannedStep {
            phase: Phase::Validate,
            step: it.name().to_owned(),
        };
        self.steps.iter().map(planned).collect()
    }

    /// What each gate would be asked in this run, in their order.
    #[must_use]
    pub fn asked_in(&self, run: &Run) -> Vec<Asked> {
        (0..self.steps.len()).map(|gate| self.asked(gate, run)).collect()
    }

    /// Asks all gates, in the order their needs allow. The answers come in the order of the gates.
    pub async fn check(&self, run: &Run) -> Vec<GateAnswer> {
        let together = run.cancel.child();
        let within = run.clone().cancel(together.token());
        let mut recalled = self.recall(run).await;
        let mut schedule = Schedule::new(&self.graph, self.parallel);
        for (gate, _) in recalled.iter().enumerate().filter(|(_, it)| it.answer.is_some()) {
            schedule.is_known(gate);
        }
        let mut running = FuturesUnordered::new();
        let mut given: Vec<Option<Given>> = self.steps.iter().map(|_| None).collect();
        let mut waits = Waits::new();
        loop {
            if run.cancel.is_cancelled() {
                schedule.stop();
            }
            for gate in schedule.start() {
                let known = std::mem::take(&mut recalled[gate]);
                let cx = self.context(gate, &within).with_answers(self.answers_for(gate, &given));
                let asked = self.ask((gate, known), cx, &within);
                running.push(async move { (gate, asked.await) });
            }
            self.tell_waits(&schedule, &mut waits, run);
            let Some((gate, came)) = running.next().await else { break };
            let good = is_good(&came.outcome) || !self.steps[gate].required;
            schedule.finish(gate, good);
            if !good && self.fail_fast {
                schedule.stop();
                together.cancel();
            }
            given[gate] = Some(came);
        }
        self.tell_skipped(&schedule, run);
        self.steps.iter().zip(given).map(|(step, given)| answer(step, given)).collect()
    }

    /// What the cache knows, as far as it counts.
    async fn recall(&self, run: &Run) -> Vec<Recalled> {
        let Memory(Some((cache, trust))) = &self.memory else {
            return self.steps.iter().map(|_| Recalled::default()).collect();
        };
        let asked = self.asked_in(run);
        let mut recalled = cache.recall(&asked, run).await;
        recalled.resize_with(asked.len(), Recalled::default);
        for (known, asked) in recalled.iter_mut().zip(&asked) {
            let counts = asked.inputs.as_ref().is_some_and(|inputs| trust.covers(inputs));
            known.answer.take_if(|_| !counts);
        }
        recalled
    }

    /// What a gate reads. A look at some files only is no answer to remember.
    fn asked(&self, gate: usize, run: &Run) -> Asked {
        let step = &self.steps[gate];
        let inputs = || step.plugin.inputs(&self.context(gate, run));
        let inputs = if self.looks_partly(gate, run) { None } else { inputs() };
        Asked { gate: step.name().to_owned(), inputs }
    }

    fn looks_partly(&self, gate: usize, run: &Run) -> bool {
        run.changed.is_some() && self.steps[gate].plugin.honours_changed()
    }

    /// Has the gate's answer, from before or anew.
    async fn ask(&self, (gate, known): (usize, Recalled), cx: Context, run: &Run) -> Given {
        let step = &self.steps[gate];
        if let Some(known) = known.answer {
            step.tell_remembered(&cx, &known);
            return Given { outcome: Arc::new(Ok(known.report)), took_ms: 0, cached: true };
        }
        let began = Instant::now();
        let cx = cx.with_earlier(known.earlier);
        let outcome = step.check(&cx).await;
        let took_ms = millis(began.elapsed());
        if let (Ok(report), Memory(Some((cache, _)))) = (&outcome, &self.memory)
            && !self.looks_partly(gate, run)
        {
            let (report, at) = (report.clone(), run.events.now());
            let asked = self.asked(gate, run);
            cache.keep(&asked, &Remembered { report, at, took_ms }, run).await;
        }
        Given { outcome: Arc::new(outcome), took_ms, cached: false }
    }

    /// What those said that the gate waits for.
    fn answers_for(&self, gate: usize, given: &[Option<Given>]) -> Answers {
        let answer = |it: usize| {
            let outcome = &given[it].as_ref()?.outcome;
            Some((self.steps[it].name().to_owned(), Arc::clone(outcome)))
        };
        self.graph.waits_for(gate).filter_map(answer).collect()
    }

    fn context(&self, gate: usize, run: &Run) -> Context {
        run.context(Phase::Validate, self.steps[gate].name())
    }

    /// Tells of gates that cannot start yet, each time that what they wait for has changed.
    fn tell_waits(&self, schedule: &Schedule<'_>, told: &mut Waits, run: &Run) {
        for (gate, others) in schedule.waiting() {
            if told.get(&gate) == Some(&others) {
                continue;
            }
            let name = |it: &usize| self.steps[*it].name().to_owned();
            let (step, waits_for) = (name(&gate), others.iter().map(name).collect());
            told.insert(gate, others);
            run.events.tell(EventKind::StepWaits { phase: Phase::Validate, step, waits_for });
        }
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

fn answer(step: &Step<dyn Gate>, given: Option<Given>) -> GateAnswer {
    let (name, required) = (step.name().to_owned(), step.required);
    match given {
        Some(Given { outcome, took_ms, cached }) => {
            let outcome = Some(Arc::unwrap_or_clone(outcome));
            GateAnswer { name, required, outcome, took_ms, cached }
        }
        None => GateAnswer { name, required, outcome: None, took_ms: 0, cached: false },
    }
}

fn node(step: &Step<dyn Gate>) -> Node<'_> {
    Node {
        name: step.name(),
        needs: &step.needs,
        after: &step.after,
        exclusive: &step.exclusive,
        weight: step.weight,
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Memory").field(&self.0.as_ref().map(|(_, trust)| trust)).finish()
    }
}
