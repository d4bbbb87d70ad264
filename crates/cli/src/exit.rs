//! Every exit code, in one place. They are stable, and documented in the README.

use std::process::ExitCode;

use pipeline_core::{Cause, Conclusion, Failure, Phase, Verdict};

use crate::config::RULES;

/// How the command ends. For CI: 10-19 nothing happened, 20-39 the old release serves, 40 look,
/// 50 call someone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// The new release serves, verified.
    Good = 0,
    /// A bug in pipeline.
    Bug = 1,
    /// Wrong usage or configuration.
    Usage = 2,
    /// A gate refused.
    Refused = 10,
    /// A gate could not tell.
    CouldNotTell = 11,
    /// Not allowed: lock held, confirmation refused, a rule of the environment.
    NotAllowed = 12,
    /// The deploy failed; the old release serves, verified.
    DeployFailed = 20,
    /// Verification refused; rolled back, verified.
    RolledBack = 30,
    /// Left as it is, by policy or because nothing could be told.
    Left = 40,
    /// Stuck: a person is needed now.
    Stuck = 50,
    /// Store or target unreachable before any change: safe to retry.
    Unreachable = 75,
    /// Interrupted (SIGINT): safe, `resume` goes on.
    Interrupted = 130,
    /// Interrupted (SIGTERM): safe, `resume` goes on.
    Terminated = 143,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl Exit {
    /// What it means, as the README has it.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Good => "the new release serves, verified",
            Self::Bug => "a bug in pipeline",
            Self::Usage => "usage or configuration",
            Self::Refused => "a gate refused",
            Self::CouldNotTell => "a gate could not tell, or no image could be had",
            Self::NotAllowed => "not allowed",
            Self::DeployFailed => "the deploy failed; the old release serves, verified",
            Self::RolledBack => "verification refused; rolled back, verified",
            Self::Left => "left as it is, by policy or because nothing could be told",
            Self::Stuck => "stuck: a person is needed now",
            Self::Unreachable => "store or target unreachable before any change; safe to retry",
            Self::Interrupted | Self::Terminated => "interrupted; safe, `pipeline resume` goes on",
        }
    }

    /// The code of a run that came to a conclusion because of `failures`.
    #[must_use]
    pub fn of_run(conclusion: Conclusion, failures: &[Failure]) -> Self {
        match conclusion {
            Conclusion::Succeeded => Self::Good,
            Conclusion::Rejected => Self::of_rejection(failures),
            Conclusion::RolledBack if failures.iter().any(is_refused_verification) => {
                Self::RolledBack
            }
            Conclusion::RolledBack => Self::DeployFailed,
            Conclusion::Left => Self::Left,
            Conclusion::Stuck => Self::Stuck,
        }
    }

    /// The code of a command that only looks.
    #[must_use]
    pub fn of_verdict(verdict: Option<Verdict>) -> Self {
        match verdict {
            Some(Verdict::Passed | Verdict::Alert) => Self::Good,
            Some(Verdict::Refused) => Self::Refused,
            Some(Verdict::Inconclusive) | None => Self::CouldNotTell,
        }
    }

    fn of_rejection(failures: &[Failure]) -> Self {
        let any = |wanted: fn(&Failure) -> bool| failures.iter().any(wanted);
        if any(|it| it.cause == Cause::Interrupted) {
            Self::Interrupted
        } else if any(is_against_a_rule) {
            Self::NotAllowed
        } else if any(|it| matches!(it.cause, Cause::Refused(_))) {
            Self::Refused
        } else if any(|it| it.phase == Phase::Deploy && is_transient(&it.cause)) {
            Self::Unreachable
        } else if any(|it| it.phase == Phase::Deploy) {
            Self::Usage
        } else {
            Self::CouldNotTell
        }
    }
}

/// Did a rule of the environment say no, such as a freeze?
fn is_against_a_rule(failure: &Failure) -> bool {
    let is_rule = RULES.contains(&failure.step.as_str()) && failure.phase == Phase::Validate;
    is_rule && matches!(failure.cause, Cause::Refused(_))
}

/// Not one that was interrupted, or could not look while the target was half-way.
fn is_refused_verification(failure: &Failure) -> bool {
    failure.phase == Phase::Verify && matches!(failure.cause, Cause::Refused(_))
}

fn is_transient(cause: &Cause) -> bool {
    use pipeline_core::FaultKind::{TimedOut, Transient};
    matches!(cause, Cause::Fault(fault) if matches!(fault.kind(), Transient | TimedOut))
}

#[cfg(test)]
mod tests {
    use std::io::Error;
    use std::time::Duration;

    use pipeline_core::{Fault, Finding};

    use super::*;

    fn failure(phase: Phase, cause: Cause) -> Failure {
        Failure { phase, step: "step".into(), cause, whole: false, untouched: false }
    }

    #[test]
    fn every_end_of_a_run_has_its_documented_code() {
        let no = || Cause::Refused(vec![Finding::error("no")]);
        let broken = || Cause::Fault(Fault::permanent(Error::other("broken")));
        let busy = || Cause::Fault(Fault::transient(Error::other("busy")));
        let late = || Cause::Fault(Fault::timed_out(Duration::from_secs(1)));
        let table = [
            (Conclusion::Succeeded, vec![], 0),
            (Conclusion::Rejected, vec![failure(Phase::Validate, no())], 10),
            (Conclusion::Rejected, vec![failure(Phase::Validate, broken())], 11),
            (Conclusion::Rejected, vec![failure(Phase::Validate, late())], 11),
            (
                Conclusion::Rejected,
                vec![failure(Phase::Validate, broken()), failure(Phase::Validate, no())],
                10,
            ),
            (Conclusion::Rejected, vec![failure(Phase::Build, broken())], 11),
            (Conclusion::Rejected, vec![failure(Phase::Deploy, busy())], 75),
            (Conclusion::Rejected, vec![failure(Phase::Deploy, broken())], 2),
            (Conclusion::Rejected, vec![failure(Phase::Validate, Cause::Interrupted)], 130),
            (Conclusion::RolledBack, vec![failure(Phase::Deploy, broken())], 20),
            (Conclusion::RolledBack, vec![failure(Phase::Deploy, Cause::Interrupted)], 20),
            (Conclusion::RolledBack, vec![failure(Phase::Verify, Cause::Interrupted)], 20),
            (Conclusion::RolledBack, vec![failure(Phase::Verify, late())], 20),
            (Conclusion::RolledBack, vec![failure(Phase::Verify, no())], 30),
            (Conclusion::Left, vec![failure(Phase::Verify, broken())], 40),
            (Conclusion::Stuck, vec![failure(Phase::Restore, broken())], 50),
        ];
        for (conclusion, failures, code) in table {
            let exit = Exit::of_run(conclusion, &failures);
            assert_eq!(exit as u8, code, "{conclusion:?} {failures:?}");
        }
    }
}
