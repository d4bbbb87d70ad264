//! How a run ended, read from its own records, and what a person should know about it.

use pipeline_core::{Cause, Conclusion, DecidedBy, Decision, Failure, Phase, Record, Trigger};

use store_sql::RunOutcome;

use crate::config::RULES;
use crate::exit::Exit;
use crate::render::why_left;

/// A run's end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ending {
    pub(crate) conclusion: Conclusion,
    /// What stopped it, in order.
    pub(crate) failures: Vec<Failure>,
    /// What served before it began; once that was restored, what serves again.
    pub(crate) before: Option<String>,
    pub(crate) image: Option<String>,
    /// Why it was decided to leave it, if it was.
    pub(crate) left: Option<String>,
    /// Did a person decide what becomes of it?
    accepted: bool,
    /// Is the target what it was, whether it passes or not?
    pub(crate) restored: bool,
    /// Was there anybody to verify it?
    pub(crate) verified: bool,
}

impl Ending {
    pub(crate) fn of(conclusion: Conclusion, records: &[Record]) -> Self {
        let mut ending = Self {
            conclusion,
            failures: Vec::new(),
            before: None,
            image: None,
            left: None,
            accepted: false,
            restored: false,
            verified: true,
        };
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
                Record::Decided { decision, by, reason } => {
                    let why = || why_left(*by, reason.as_deref());
                    ending.left = (*decision == Decision::Leave).then(why);
                    ending.accepted = *by == DecidedBy::Person;
                }
                Record::Restored { deployment } => {
                    ending.restored = true;
                    let version = Some(&deployment.version).filter(|it| !it.is_empty());
                    ending.before = version.cloned();
                }
                _ => {}
            }
        }
        ending
    }

    /// The same, of a run whose pipeline has verifiers or not.
    pub(crate) fn verified(self, verified: bool) -> Self {
        Self { verified, ..self }
    }

    pub(crate) fn exit(&self) -> Exit {
        Exit::of_run(self.conclusion, &self.failures)
    }

    /// The mark of how it ended.
    pub(crate) fn mark(&self) -> &'static str {
        match self.conclusion {
            Conclusion::Succeeded => "✓",
            Conclusion::RolledBack => "↩",
            Conclusion::Rejected | Conclusion::Left | Conclusion::Stuck => "✗",
        }
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
        let truth = self.truth(version, environment);
        match self.next(version, environment) {
            Some(next) => format!("{truth}\nnext: {next}"),
            None => truth,
        }
    }

    /// What is true now.
    pub(crate) fn truth(&self, version: &str, environment: &str) -> String {
        let (why, before) = (self.why(), self.before.as_deref());
        let serves = if self.verified { "verified" } else { "unverified: no check is configured" };
        match self.conclusion {
            Conclusion::Succeeded => format!("{version} serves {environment}, {serves}."),
            Conclusion::Rejected => format!("{why} Nothing was touched."),
            Conclusion::RolledBack => match before {
                Some(before) if self.untouched() => format!(
                    "{why} No machine of {environment} was touched: {before} serves, {serves}.{}",
                    self.migrations()
                ),
                None if self.untouched() => format!(
                    "{why} No machine was touched: nothing runs in {environment}, as before.{}",
                    self.migrations()
                ),
                Some(before) => format!(
                    "{why} {version} was taken back: {before} serves {environment}, {serves}."
                ),
                None => format!(
                    "{why} {version} was taken back: nothing runs in {environment}, as before."
                ),
            },
            Conclusion::Left => match &self.left {
                Some(left) => format!("{why} {version} was left in place, unverified: {left}."),
                None => {
                    format!(
                        "{version} serves {environment}, {serves}, but tidying up failed. {why}"
                    )
                }
            },
            Conclusion::Stuck if self.restored => {
                let before = before.unwrap_or("what was before");
                format!(
                    "STUCK: {version} was taken back and {before} runs in {environment}, but it does not pass. {why}"
                )
            }
            Conclusion::Stuck => format!(
                "STUCK: {environment} could not be put back and may be a mixture of old and new. {why}"
            ),
        }
    }

    /// What to do next, where there is something to do.
    pub(crate) fn next(&self, version: &str, environment: &str) -> Option<String> {
        Some(match self.conclusion {
            Conclusion::Rejected if self.exit() == Exit::Refused => format!(
                "mend what is named above; `pipeline validate {environment}` asks the gates alone"
            ),
            Conclusion::Succeeded | Conclusion::Rejected | Conclusion::RolledBack => return None,
            Conclusion::Left if self.left.is_some() => format!(
                "look with `pipeline verify {environment}`; \
                 `pipeline rollback {environment}` brings back the last verified release"
            ),
            Conclusion::Left => format!(
                "`pipeline status {environment}` shows what is left over; the next deploy removes it."
            ),
            Conclusion::Stuck if self.restored => format!(
                "`pipeline verify {environment}` says what fails; it may have failed before {version}."
            ),
            Conclusion::Stuck => format!(
                "`pipeline status {environment}` shows every machine; mend what is named above, \
                 then `pipeline resume {version}` goes on with the way back."
            ),
        })
    }

    /// Did it fail before anything that serves was changed?
    fn untouched(&self) -> bool {
        self.failures.first().is_some_and(|it| it.untouched)
    }

    /// What is true of the data after a release command that failed.
    fn migrations(&self) -> &'static str {
        let triggers = self.failures.first().map(Failure::triggers).unwrap_or_default();
        if triggers.contains(&Trigger::ReleaseCommand) {
            " Migrations that it ran before it failed are not undone."
        } else {
            ""
        }
    }

    /// Why its release must not be gone back to: the verifiers said no, and no person thought better of it.
    pub(crate) fn bad(&self) -> Option<String> {
        let kept = self.conclusion == Conclusion::Left && self.accepted;
        if kept || matches!(self.conclusion, Conclusion::Succeeded | Conclusion::Rejected) {
            return None;
        }
        self.failures.iter().find(|it| it.phase == Phase::Verify).and_then(|it| match &it.cause {
            Cause::Refused(found) => {
                let first = found.first().map(|it| format!(": {}", it.message));
                Some(format!("{} refused{}", it.step, first.unwrap_or_default()))
            }
            _ => None,
        })
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
            Cause::Refused(found) if RULES.contains(&step.as_str()) && !found.is_empty() => {
                found[0].message.clone()
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
    use pipeline_core::{Deployment, Finding};

    use super::*;

    fn failure(phase: Phase, step: &str, cause: Cause) -> Failure {
        Failure { phase, step: step.into(), cause, whole: false, untouched: false }
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
    fn a_failed_preparation_has_touched_no_machine() {
        let broken = Cause::Fault(pipeline_core::Fault::permanent(std::io::Error::other(
            "the release_command failed on machine a: it exited with code 3",
        )));
        let failure = Failure { untouched: true, ..failure(Phase::Deploy, "release", broken) };
        let mut ending = Ending::of(Conclusion::RolledBack, &[Record::Failed { failure }]);
        ending.before = Some("v2".into());
        insta::assert_snapshot!(ending.words("v3", "staging"), @"release: the release_command failed on machine a: it exited with code 3. No machine of staging was touched: v2 serves, verified.");
        assert_eq!(ending.exit(), Exit::DeployFailed);
    }

    #[test]
    fn a_release_that_was_left_says_why_and_is_marked_bad_unless_a_person_wanted_it() {
        let left = |by, reason: Option<&str>| {
            let refused = Cause::Refused(vec![Finding::error("GET /: answered 500, wanted 200")]);
            let failure = failure(Phase::Verify, "smoke", refused);
            let (decision, reason) = (Decision::Leave, reason.map(ToOwned::to_owned));
            let decided = Record::Decided { decision, by, reason };
            Ending::of(Conclusion::Left, &[Record::Failed { failure }, decided])
        };
        let asked = left(DecidedBy::Nobody, Some("the policy says `smoke` = \"ask\""));
        insta::assert_snapshot!(asked.words("v3", "staging"), @r#"
        smoke refused (1 finding). v3 was left in place, unverified: a person was to decide, because the policy says `smoke` = "ask", and nobody answered.
        next: look with `pipeline verify staging`; `pipeline rollback staging` brings back the last verified release
        "#);
        assert_eq!(asked.bad().as_deref(), Some("smoke refused: GET /: answered 500, wanted 200"));
        let kept = left(DecidedBy::Person, None);
        insta::assert_snapshot!(kept.truth("v3", "staging"), @"smoke refused (1 finding). v3 was left in place, unverified: a person decided so.");
        assert_eq!(kept.bad(), None);
        let why = "it was a rollback itself, and one rollback does not start another";
        insta::assert_snapshot!(left(DecidedBy::Policy, Some(why)).truth("v3", "staging"), @"smoke refused (1 finding). v3 was left in place, unverified: it was a rollback itself, and one rollback does not start another.");
    }

    #[test]
    fn what_was_put_back_and_does_not_pass_is_no_mixture() {
        let refused = Cause::Refused(vec![Finding::error("GET / answered 500, wanted 200")]);
        let deployment = Deployment { version: "v2".into(), ..Deployment::default() };
        let back = Record::RestoreFailed { failure: failure(Phase::Restore, "smoke", refused) };
        let ending = Ending::of(Conclusion::Stuck, &[Record::Restored { deployment }, back]);
        insta::assert_snapshot!(ending.words("v3", "staging"), @r"
        STUCK: v3 was taken back and v2 runs in staging, but it does not pass. smoke refused (1 finding).
        next: `pipeline verify staging` says what fails; it may have failed before v3.
        ");
        assert_eq!((ending.outcome(), ending.exit()), (RunOutcome::Stuck, Exit::Stuck));
    }

    #[test]
    fn nothing_is_called_verified_where_nobody_looked() {
        let ending = Ending::of(Conclusion::Succeeded, &[]).verified(false);
        insta::assert_snapshot!(ending.words("v3", "staging"),
            @"v3 serves staging, unverified: no check is configured.");
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
