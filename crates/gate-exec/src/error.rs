//! Why there is no answer.

use std::io;
use std::path::PathBuf;

use pipeline_core::Fault;
use pipeline_process::Tail;

use crate::pattern::GROUPS;

/// Why a command has no answer, or could not be a gate at all. None of these goes away by itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `command` names no program.
    #[error("the command is empty")]
    NoCommand,
    /// Exit code 0 is a yes everywhere.
    #[error("exit code 0 cannot be a refusal")]
    ZeroRefuses,
    /// A report, and a reader that reads none.
    #[error("the exit code is read, and so no report")]
    ReportNotRead,
    /// The report would be removed before the command starts, and so must be the project's.
    #[error("the report `{}` is not in the project", path.display())]
    ReportOutside {
        /// What was said.
        path: PathBuf,
    },
    /// The pattern is no regular expression.
    #[error("`{pattern}` is not a regular expression")]
    Pattern {
        /// What was said.
        pattern: String,
        /// What is wrong with it.
        source: regex::Error,
    },
    /// A group of the pattern has a name that nobody reads.
    #[error("the pattern has a group `{group}`, which means nothing")]
    Group {
        /// The name.
        group: String,
    },
    /// The command could not be run.
    #[error(transparent)]
    Process(#[from] pipeline_process::Error),
    /// We stopped it, because the run was asked to stop or the gate ran into its limit.
    #[error("`{command}` was stopped")]
    Stopped {
        /// What ran.
        command: String,
    },
    /// Somebody else killed it.
    #[error("`{command}` was killed by signal {signal}")]
    Killed {
        /// What ran.
        command: String,
        /// The signal's number.
        signal: i32,
        /// What it said last.
        #[source]
        tail: Tail,
    },
    /// Its exit code is neither the yes nor one of the noes.
    #[error("`{command}` ended with exit code {code}, which is neither a yes nor a no")]
    Code {
        /// What ran.
        command: String,
        /// Its exit code.
        code: i32,
        /// What it said last.
        #[source]
        tail: Tail,
    },
    /// Its report is there and says nothing that could be understood, or contradicts its exit code.
    #[error("`{command}` ended with exit code {code}, and {what}")]
    Unreadable {
        /// What ran.
        command: String,
        /// Its exit code.
        code: i32,
        /// What is wrong with its report.
        what: String,
        /// What it said last.
        #[source]
        tail: Tail,
    },
    /// A file at the place of the report could not be removed before, or could not be read after.
    #[error("the report {} could not be {what}", path.display())]
    Report {
        /// Where it is.
        path: PathBuf,
        /// What should have been done: "removed", "read".
        what: &'static str,
        /// Why.
        source: io::Error,
    },
}

impl Error {
    /// What to do next: an imperative sentence.
    fn hint(&self) -> String {
        match self {
            Self::NoCommand => {
                "name a program and its arguments: command = [\"scripts/check\"]".into()
            }
            Self::ZeroRefuses => "take 0 out of refuse_codes".into(),
            Self::ReportNotRead => {
                "take `report` out, or say which format it has with `read`".into()
            }
            Self::ReportOutside { .. } => "name a file below the folder of pipeline.toml".into(),
            Self::Pattern { .. } => "mend the pattern".into(),
            Self::Group { .. } => format!("name it one of {}", GROUPS.join(", ")),
            Self::Process(pipeline_process::Error::NotFound { .. }) => {
                "check that `command` names a program that is installed here".into()
            }
            Self::Process(other) => other.next_step().into(),
            Self::Stopped { .. } => "run it again".into(),
            Self::Killed { .. } => {
                "look for whoever killed it; signal 9 often means that memory ran out".into()
            }
            Self::Code { command, code, .. } => {
                format!("run `{command}` by hand, or add {code} to refuse_codes if it is a no")
            }
            Self::Unreadable { command, .. } => {
                format!("run `{command}` by hand, and look whether it writes what `read` says")
            }
            Self::Report { .. } => "name a file that this user may write, read and remove".into(),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        if let Error::Stopped { .. } = error {
            return Self::cancelled();
        }
        let hint = error.hint();
        Self::permanent(error).hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use pipeline_core::FaultKind;

    use super::*;

    #[test]
    fn a_fault_carries_the_last_lines_and_says_what_to_do() {
        let text: String = (0..100).flat_map(|it| [it.to_string(), "\n\n".into()]).collect();
        let error = Error::Code { command: "lint".into(), code: 3, tail: Tail::of(&text) };
        let fault = Fault::from(error);
        assert_eq!(fault.kind(), FaultKind::Permanent);
        let hint = "run `lint` by hand, or add 3 to refuse_codes if it is a no";
        assert_eq!(fault.next_step(), Some(hint));
        assert!(fault.causes()[0].starts_with("60\n61\n") && fault.causes()[0].ends_with("\n99"));
    }

    #[test]
    fn what_we_stopped_is_cancelled_and_what_others_killed_is_not() {
        let command = || "lint".to_owned();
        let stopped = Error::Stopped { command: command() };
        assert_eq!(Fault::from(stopped).kind(), FaultKind::Cancelled);
        let killed = Error::Killed { command: command(), signal: 9, tail: Tail::of("") };
        assert_eq!(Fault::from(killed).kind(), FaultKind::Permanent);
    }
}
