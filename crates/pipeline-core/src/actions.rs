//! What each action of a run does: one function an action, each returns the fact that came of it.

use std::future::Future;

use thiserror::Error;
use tokio::time::Instant;

use crate::cancel::Cancel;
use crate::context::{Context, Run};
use crate::deployer::{Snapshot, Stage};
use crate::deployment::Deployment;
use crate::event::{EventKind, millis};
use crate::fault::Fault;
use crate::gates;
use crate::journal::Record;
use crate::phase::Phase;
use crate::pipeline::Pipeline;
use crate::policy::{Cause, DecidedBy, Decision, Failure};
use crate::release::Artifact;
use crate::report::Verdict;
use crate::state::{Course, Made};
use crate::verification::{Baselines, Judging, failure};

impl Pipeline {
    pub(crate) async fn check_gates(&self, run: &Run) -> Record {
        let work = async {
            let answers = self.gates.check(run).await;
            let failures = gates::failures(&answers, run);
            if failures.is_empty() {
                (Record::GatesPassed, Some(worst_of(&answers)))
            } else {
                rejected(failures)
            }
        };
        phase(Phase::Validate, run, work).await
    }

    pub(crate) async fn build(&self, run: &Run) -> Record {
        let Some(builder) = &self.builder else {
            return Record::Built { artifact: Artifact::new(&run.release.version) };
        };
        let cx = run.context(Phase::Build, builder.name());
        let work = async {
            let built = builder.perform(&cx, |it, cx| async move { it.build(&cx).await }).await;
            match built {
                Ok(artifact) => (Record::Built { artifact }, Some(Verdict::Passed)),
                Err(fault) => rejected_by(Phase::Build, builder.name(), fault),
            }
        };
        phase(Phase::Build, run, work).await
    }

    pub(crate) async fn look(&self, artifact: &Artifact, run: &Run) -> Record {
        let cx = self.context(run, Phase::Deploy).with_artifact(artifact);
        let work = async {
            match self.survey(&cx, run).await {
                Ok((snapshot, stages, baselines)) => {
                    let staged = stages.iter().flat_map(|stage| stage.warnings.clone());
                    for message in staged.chain(self.policy.warnings()) {
                        run.events.tell(EventKind::Warned { message });
                    }
                    let target = self.target().to_owned();
                    let taken = Record::SnapshotTaken { target, snapshot, stages, baselines };
                    (taken, Some(Verdict::Passed))
                }
                Err(fault) => rejected_by(Phase::Deploy, self.target(), fault),
            }
        };
        phase(Phase::Deploy, run, work).await
    }

    /// All that is read before the first change.
    async fn survey(
        &self,
        cx: &Context,
        run: &Run,
    ) -> Result<(Snapshot, Vec<Stage>, Baselines), Fault> {
        let surveyed = crate::attempt::attempt(&self.deployer.limits, cx, |cx| {
            let deployer = self.deployer.plugin.clone();
            async move {
                let snapshot = deployer.snapshot(&cx).await?;
                let stages = deployer.stages(&snapshot, &cx).await?;
                check(&stages).map_err(Fault::permanent)?;
                Ok((snapshot, stages))
            }
        });
        let (snapshot, stages) = surveyed.await?;
        let baselines = match &snapshot.current {
            Some(current) => self.verifiers.baselines(current, run).await?,
            None => Baselines::new(),
        };
        Ok((snapshot, stages, baselines))
    }

    pub(crate) async fn advance(&self, course: &Course, stage: &Stage, run: &Run) -> Record {
        // There is no way back from settling, so it does not listen for one.
        let (at, run) =
            if stage.settles { (Phase::Settle, &deaf(run)) } else { (Phase::Deploy, run) };
        let cx = run.context(at, &stage.name).with_artifact(&course.artifact);
        let work = async {
            let advanced = self.deployer.perform(&cx, |deployer, cx| {
                let (stage, from) = (stage.clone(), course.snapshot.clone());
                async move { deployer.advance(&stage, &from, &cx).await }
            });
            match advanced.await {
                Ok(deployment) if stage.settles => {
                    (Record::Settled { deployment }, Some(Verdict::Passed))
                }
                Ok(deployment) => (Record::StageReached { deployment }, Some(Verdict::Passed)),
                Err(fault) => {
                    let (step, cause) = (stage.name.clone(), fault.into());
                    let (whole, untouched) = (stage.settles, stage.prepares);
                    failed(Failure { phase: at, step, cause, whole, untouched })
                }
            }
        };
        phase(at, run, work).await
    }

    pub(crate) async fn verify(&self, course: &Course, made: Made<'_>, run: &Run) -> Record {
        let cx = self.context(run, Phase::Verify).with_artifact(&course.artifact);
        let work = async {
            match self.verdict(made.deployment, course, &cx).await {
                Ok(verdict) => (Record::StageVerified, Some(verdict)),
                Err(named) => failed(failure(named, made.whole)),
            }
        };
        phase(Phase::Verify, run, work).await
    }

    pub(crate) async fn restore(&self, course: &Course, run: &Run) -> Record {
        let cx = self.context(&deaf(run), Phase::Restore).named("restore");
        let work = async {
            let restored = self.deployer.perform(&cx, |deployer, cx| {
                let to = course.snapshot.clone();
                async move { deployer.restore(&to, &cx).await }
            });
            match restored.await {
                Ok(deployment) => (Record::Restored { deployment }, Some(Verdict::Passed)),
                Err(fault) => not_restored("restore".into(), fault.into()),
            }
        };
        phase(Phase::Restore, run, work).await
    }

    pub(crate) async fn verify_restore(
        &self,
        course: &Course,
        made: &Deployment,
        run: &Run,
    ) -> Record {
        let cx = self.context(&deaf(run), Phase::Restore);
        let work = async {
            match self.verdict(made, course, &cx).await {
                Ok(verdict) => (Record::RestoreVerified, Some(verdict)),
                Err((step, cause)) => not_restored(step, cause),
            }
        };
        phase(Phase::Restore, run, work).await
    }

    /// What the verifiers say of a deployment, as the policy weighs it.
    async fn verdict(
        &self,
        made: &Deployment,
        course: &Course,
        cx: &Context,
    ) -> Result<Verdict, (String, Cause)> {
        let judging = Judging { baselines: &course.baselines, policy: &*self.policy };
        self.verifiers.first_failure(made, judging, cx).await
    }

    /// Asks the policy about a failure, and a person where the policy wants one.
    pub(crate) async fn decide(&self, failure: &Failure, run: &Run) -> Record {
        let mut reason = self.policy.reason(failure);
        let (decision, by) = match self.policy.decide(failure) {
            Decision::Ask if !failure.whole => {
                reason = Some("a mixture of old and new is never left, so nobody was asked".into());
                (Decision::Restore, DecidedBy::Policy)
            }
            Decision::Ask => {
                run.events.tell(EventKind::Asking { reason: reason.clone() });
                match run.ask(failure).await {
                    Some(Decision::Restore) => (Decision::Restore, DecidedBy::Person),
                    Some(Decision::Leave) => (Decision::Leave, DecidedBy::Person),
                    Some(Decision::Ask) | None => (Decision::Leave, DecidedBy::Nobody),
                }
            }
            decision => (decision, DecidedBy::Policy),
        };
        Record::Decided { decision, by, reason }
    }

    pub(crate) fn context(&self, run: &Run, phase: Phase) -> Context {
        run.context(phase, self.target())
    }
}

/// A deployer's stages that no run can go by: a bug in the deployer.
#[derive(Debug, Error)]
pub(crate) enum BadStages {
    #[error("the deployer has no stages, so nothing would be verified")]
    None,
    #[error("the stage `{0}` settles and is not the last one")]
    SettlesEarly(String),
    #[error("the stage `{0}` prepares and comes after one that does not")]
    PreparesLate(String),
}

/// There is something to do and to verify, only the first stages prepare, and only the last one settles.
pub(crate) fn check(stages: &[Stage]) -> Result<(), BadStages> {
    let changes = stages.iter().skip_while(|stage| stage.prepares);
    if let Some(late) = changes.clone().find(|stage| stage.prepares) {
        return Err(BadStages::PreparesLate(late.name.clone()));
    }
    let changes: Vec<&Stage> = changes.collect();
    let Some((_, before)) = changes.split_last() else { return Err(BadStages::None) };
    match before.iter().find(|stage| stage.settles) {
        Some(early) => Err(BadStages::SettlesEarly(early.name.clone())),
        None => Ok(()),
    }
}

/// Tells when a phase starts and ends.
async fn phase(
    phase: Phase,
    run: &Run,
    work: impl Future<Output = (Record, Option<Verdict>)>,
) -> Record {
    run.events.tell(EventKind::PhaseStarted { phase });
    let began = Instant::now();
    let (record, verdict) = work.await;
    let took_ms = millis(began.elapsed());
    run.events.tell(EventKind::PhaseEnded { phase, verdict, took_ms });
    record
}

/// The same run for work that must not be stopped half-way.
fn deaf(run: &Run) -> Run {
    run.clone().cancel(Cancel::never())
}

type Told = (Record, Option<Verdict>);

fn rejected(failures: Vec<Failure>) -> Told {
    let verdict = failures.iter().filter_map(|failure| verdict_of(&failure.cause)).max();
    (Record::Rejected { failures }, verdict)
}

fn rejected_by(phase: Phase, step: &str, fault: Fault) -> Told {
    rejected(vec![Failure {
        phase,
        step: step.to_owned(),
        cause: fault.into(),
        whole: false,
        untouched: false,
    }])
}

fn failed(failure: Failure) -> Told {
    let verdict = verdict_of(&failure.cause);
    (Record::Failed { failure }, verdict)
}

fn not_restored(step: String, cause: Cause) -> Told {
    let (verdict, phase) = (verdict_of(&cause), Phase::Restore);
    (
        Record::RestoreFailed {
            failure: Failure { phase, step, cause, whole: false, untouched: false },
        },
        verdict,
    )
}

fn verdict_of(cause: &Cause) -> Option<Verdict> {
    match cause {
        Cause::Refused(_) => Some(Verdict::Refused),
        Cause::Inconclusive(_) => Some(Verdict::Inconclusive),
        Cause::Fault(_) | Cause::Interrupted => None,
    }
}

/// Alert if any answer that lets the run go on is more than a plain pass.
fn worst_of(answers: &[gates::GateAnswer]) -> Verdict {
    let plain = |it: &gates::GateAnswer| matches!(&it.outcome, Some(Ok(report)) if report.verdict() == Verdict::Passed);
    if answers.iter().all(plain) { Verdict::Passed } else { Verdict::Alert }
}
