//! The main path. One loop: look at the state, do the one thing it asks for, journal the fact, fold it in.

use thiserror::Error;

use crate::context::Run;
use crate::event::EventKind;
use crate::fault::Fault;
use crate::journal::{Journal, Record};
use crate::phase::Phase;
use crate::pipeline::Pipeline;
use crate::policy::{Cause, DecidedBy, Decision, Failure};
use crate::state::{Action, Conclusion, IllegalRecord, State};

/// Why a run stopped without a conclusion. All else is a [`Conclusion`]. The run can be resumed.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum RunError {
    /// A fact could not be kept, so nothing more was done.
    #[error("the journal could not be written")]
    Journal(#[source] Fault),
    /// The journal makes no sense.
    #[error(transparent)]
    Illegal(#[from] IllegalRecord),
    /// The journal belongs to another target.
    #[error(
        "the run was made against {journal}, not {pipeline}; resume it with its own environment"
    )]
    OtherTarget {
        /// The target in the journal.
        journal: String,
        /// The target of this pipeline.
        pipeline: String,
    },
    /// It is too late, or too early, to take the run back.
    #[error("a run that is {0} cannot be taken back; resume it without --back")]
    NoWayBack(&'static str),
}

impl Pipeline {
    /// Runs from the beginning to a conclusion.
    pub async fn run(&self, run: &Run, journal: &mut dyn Journal) -> Result<Conclusion, RunError> {
        self.go(run, Start { state: State::Checking, back: false }, journal).await
    }

    /// Goes on from the records of an interrupted run; a finished one just says its conclusion.
    pub async fn resume(
        &self,
        run: &Run,
        records: &[Record],
        journal: &mut dyn Journal,
    ) -> Result<Conclusion, RunError> {
        let state = State::replay(records)?.resumed();
        self.go(run, Start { state, back: false }, journal).await
    }

    /// Takes an interrupted run back, whatever its verifiers or its policy would say.
    pub async fn turn_back(
        &self,
        run: &Run,
        records: &[Record],
        journal: &mut dyn Journal,
    ) -> Result<Conclusion, RunError> {
        let state = State::replay(records)?;
        if !state.can_turn_back() {
            return Err(RunError::NoWayBack(state.name()));
        }
        self.go(run, Start { state, back: true }, journal).await
    }

    async fn go(
        &self,
        run: &Run,
        start: Start,
        journal: &mut dyn Journal,
    ) -> Result<Conclusion, RunError> {
        // Before anything is kept or told: a journal of another target stays as it is.
        self.same_target(&start.state)?;
        run.events.tell(EventKind::RunStarted {
            run: run.id.clone(),
            release: run.release.clone(),
            target: self.target().to_owned(),
            resumed: start.state != State::Checking,
        });
        run.events.tell(run.planned(self.planned()));
        let end = self.drive(run, start, journal).await;
        let cx = self.context(run, Phase::Settle);
        self.deployer.plugin.finish(end.as_ref().ok().copied(), &cx).await;
        if let Ok(conclusion) = end {
            run.events.tell(EventKind::RunFinished { conclusion });
        }
        end
    }

    /// The loop.
    async fn drive(
        &self,
        run: &Run,
        Start { mut state, back }: Start,
        journal: &mut dyn Journal,
    ) -> Result<Conclusion, RunError> {
        loop {
            let record = match state.next() {
                Action::Advance(..) | Action::Verify(..) if back => self.interrupted(),
                Action::Decide(_) if back => taken_back(),
                Action::CheckGates => self.check_gates(run).await,
                Action::Build => self.build(run).await,
                Action::Look(artifact) => self.look(artifact, run).await,
                Action::Advance(course, stage) => self.advance(course, stage, run).await,
                Action::Verify(course, made) => self.verify(course, made, run).await,
                Action::Decide(failure) => self.decide(failure, run).await,
                Action::Restore(course) => self.restore(course, run).await,
                Action::VerifyRestore(course, made) => self.verify_restore(course, made, run).await,
                Action::Stop(conclusion) => return Ok(conclusion),
            };
            state = keep(state, &record, journal).await?;
            tell(&record, run);
        }
    }

    fn same_target(&self, state: &State) -> Result<(), RunError> {
        match state.target() {
            Some(target) if target != self.target() => {
                let (journal, pipeline) = (target.to_owned(), self.target().to_owned());
                Err(RunError::OtherTarget { journal, pipeline })
            }
            _ => Ok(()),
        }
    }

    fn interrupted(&self) -> Record {
        let (phase, step) = (Phase::Deploy, self.target().to_owned());
        Record::Failed {
            failure: Failure {
                phase,
                step,
                cause: Cause::Interrupted,
                whole: false,
                untouched: false,
            },
        }
    }
}

/// What `--back` says: a person has decided before anybody could be asked.
fn taken_back() -> Record {
    Record::Decided { decision: Decision::Restore, by: DecidedBy::Person, reason: None }
}

/// Where the loop begins, and whether it may go forward from there.
struct Start {
    state: State,
    back: bool,
}

/// Journals a fact, then folds it in.
async fn keep(state: State, record: &Record, journal: &mut dyn Journal) -> Result<State, RunError> {
    // Folded first, so that a record that cannot follow is never kept.
    let next = state.apply(record)?;
    journal.append(record).await.map_err(RunError::Journal)?;
    Ok(next)
}

/// Facts that are events too.
fn tell(record: &Record, run: &Run) {
    match record {
        Record::Rejected { failures } => {
            for failure in failures {
                run.events.tell(EventKind::Failed { failure: failure.clone() });
            }
        }
        Record::Failed { failure } | Record::RestoreFailed { failure } => {
            run.events.tell(EventKind::Failed { failure: failure.clone() });
        }
        Record::Decided { decision, by, reason } => {
            let (decision, by, reason) = (*decision, *by, reason.clone());
            run.events.tell(EventKind::Decided { decision, by, reason });
        }
        _ => {}
    }
}
