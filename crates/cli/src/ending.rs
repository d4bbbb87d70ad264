//! How a run ended, read from its own records, and what a person should know about it.

use std::fmt::Write as _;

use pipeline_core::{Cause, Conclusion, Decision, Failure, Record};

use store_sql::RunOutcome;

use crate::exit::Exit;

/// A run's end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ending {
    pub(crate) conclusion: Conclusion,
    /// What stopped it, in order.
    pub(crate) failures: Vec<Failure>,
    /// What served before it began.
    pub(crate) before: Option<String>,
    pub(crate) image: Option<String>,
    /// Did the policy say to leave it?
    pub(crate) left: bool,
}

impl Ending {
    pub(crate) fn of(conclusion: Conclusion, records: &[Record]) -> Self {
        let mut ending =
            Self { conclusion, failures: Vec::new(), before: None, image: None, left: false };
        for record in records {
            match record {
                Record::Rejected { failures } => ending.failures.extend(failures.clone()),
                Record::Failed { failure } | Record::RestoreFailed { failure } => {
                    ending.failures.push(failure.clone());
                }
                Record::Built { artifact } => ending.image = Some(artifact.reference.clone()),
                Record::SnapshotTaken { snapshot, .. } => {
                    ending.before = snapshot.current.as_ref().map(|it| it.version.clone());
                }
                Record::Decided { decision } => ending.left = *decision == Decision::Leave,
                _ => {}
            }
        }
        ending
    }

    pub(crate) fn exit(&self) -> Exit {
        Exit::of_run(self.conclusion, &self.failures)
    }

    /// The word of the history line.
    pub(crate) fn outcome(&self) -> RunOutcome {
        match self.conclusion {
            Conclusion::Succeeded => RunOutcome::Pass,
            Conclusion::Rejected if self.exit() == Exit::Interrupted => RunOutcome::Abort,
            Conclusion::Rejected | Conclusion::Left => RunOutcome::Fail,
            Conclusion::RolledBack => RunOutcome::Rollback,
            Conclusion::Stuck => RunOutcome::Stuck,
        }
    }

    /// The end as history keeps it.
    pub(crate) fn row(&self) -> store_sql::Ending {
        let (conclusion, exit_code) = (Some(self.conclusion), self.exit() as u8);
        store_sql::Ending { conclusion, outcome: self.outcome(), exit_code }
    }

    /// What is true now, and what to do next.
    pub(crate) fn words(&self, version: &str, environment: &str) -> String {
        let before = self.before.as_deref();
        match self.conclusion {
            Conclusion::Succeeded => format!("{version} serves {environment}, verified."),
            Conclusion::Rejected => format!("{} Nothing was touched.", self.why()),
            Conclusion::RolledBack => match before {
                Some(before) => format!(
                    "{} {version} was taken back: {before} serves {environment}, verified.",
                    self.why()
                ),
                None => format!(
                    "{} {version} was taken back: nothing runs in {environment}, as before.",
                    self.why()
                ),
            },
            Conclusion::Left if self.left => {
                let mut words = format!("{} {version} was left in place, unverified.", self.why());
                let _ = write!(words, "\nnext: look with `pipeline verify {environment}`");
                if let Some(before) = before {
                    let _ =
                        write!(words, "; `pipeline rollback {environment}` brings back {before}");
                }
                words
            }
            Conclusion::Left => format!(
                "{version} serves {environment}, verified, but tidying up failed. {}\n\
                 next: `pipeline status {environment}` shows what is left over; the next deploy removes it.",
                self.why()
            ),
            Conclusion::Stuck => format!(
                "STUCK: {environment} is neither wholly new nor wholly old. {}\n\
                 next: `pipeline status {environment}` shows every machine; mend what is named above, \
                 then `pipeline rollback {environment}` brings back the last verified release.",
                self.why()
            ),
        }
    }

    /// What stopped the run, in one sentence.
    fn why(&self) -> String {
        let Some(failure) = self.failures.last() else { return String::new() };
        let (step, more) = (&failure.step, self.failures.len() - 1);
        let sentence = match &failure.cause {
            Cause::Interrupted => return "It was interrupted.".into(),
            Cause::Refused(_) if more > 0 && self.conclusion == Conclusion::Rejected => {
                let names: Vec<&str> = self.failures.iter().map(|it| it.step.as_str()).collect();
                return format!("Not good: {}.", names.join(", "));
            }
            Cause::Refused(found) => {
                let count = found.len();
                format!("{step} refused ({count} finding{})", if count == 1 { "" } else { "s" })
            }
            Cause::Inconclusive(_) => format!("{step} could not tell"),
            Cause::Fault(fault) => format!("{step}: {}", fault.message()),
        };
        format!("{sentence}.")
    }
}

#[cfg(test)]
mod tests {
    use pipeline_core::{Finding, Phase};

    use super::*;

    fn failure(phase: Phase, step: &str, cause: Cause) -> Failure {
        Failure { phase, step: step.into(), cause, whole: false }
    }

    #[test]
    fn the_end_is_told_as_what_is_true_now() {
        let refused = Cause::Refused(vec![Finding::error("GET / answered 500, wanted 200")]);
        let records = [Record::Failed { failure: failure(Phase::Verify, "smoke", refused) }];
        let mut ending = Ending::of(Conclusion::RolledBack, &records);
        ending.before = Some("v2".into());
        insta::assert_snapshot!(ending.words("v3", "staging"),
            @"smoke refused (1 finding). v3 was taken back: v2 serves staging, verified.");
        assert_eq!((ending.outcome(), ending.exit()), (RunOutcome::Rollback, Exit::RolledBack));
    }

    #[test]
    fn an_interrupted_run_that_touched_nothing_is_an_abort() {
        let failures = vec![failure(Phase::Validate, "test", Cause::Interrupted)];
        let ending = Ending::of(Conclusion::Rejected, &[Record::Rejected { failures }]);
        insta::assert_snapshot!(ending.words("v3", "staging"),
            @"It was interrupted. Nothing was touched.");
        assert_eq!((ending.outcome(), ending.exit()), (RunOutcome::Abort, Exit::Interrupted));
    }
}
