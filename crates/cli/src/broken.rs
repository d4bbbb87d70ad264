//! Why a run broke off, for people.

use pipeline_core::RunError;
use store_sql::{RunRow, StoreError};

use crate::error::{CliError, chain};
use crate::exit::Exit;

/// Why a run came to no conclusion.
pub(crate) enum Broken {
    /// The engine could not go on.
    Run(RunError),
    /// The lock is gone.
    Lock(StoreError),
    /// Somebody wanted it to end at once.
    Asked(Exit),
}

impl Broken {
    /// For people, and with the code that says whether anything was changed.
    pub(crate) fn told(self, row: &RunRow, touched: bool) -> CliError {
        match self {
            Self::Run(error) => stopped(&error, &row.version, touched),
            Self::Lock(error) => lost_lock(&error, touched),
            Self::Asked(exit) => left_at_once(exit, row),
        }
    }
}

fn lost_lock(error: &StoreError, touched: bool) -> CliError {
    let exit = match error {
        _ if touched => Exit::Left,
        StoreError::Lost { .. } => Exit::NotAllowed,
        _ => Exit::Unreachable,
    };
    CliError::new(exit, format!("stopped where it was: {}", chain(error)))
        .hint("whoever holds the lock now goes on; `pipeline status` names them")
}

fn left_at_once(exit: Exit, row: &RunRow) -> CliError {
    CliError::new(exit, format!("{} was left where it is; nothing is lost", row.version)).hint(
        format!(
            "`pipeline resume {0}` goes on, `pipeline resume {0} --back` takes it back",
            row.version
        ),
    )
}

fn stopped(error: &RunError, version: &str, touched: bool) -> CliError {
    let exit = match error {
        RunError::Journal(_) if touched => Exit::Left,
        RunError::Journal(_) => Exit::Unreachable,
        RunError::OtherTarget { .. } | RunError::NoWayBack(_) => Exit::Usage,
        _ => Exit::Bug,
    };
    CliError::new(exit, format!("{version} stopped where it was: {}", chain(error)))
        .hint(format!("mend that, then `pipeline resume {version}`"))
}

#[cfg(test)]
mod tests {
    use pipeline_core::Fault;

    use super::*;

    #[test]
    fn a_run_that_breaks_off_says_by_its_code_whether_anything_was_changed() {
        let full = || RunError::Journal(Fault::permanent(std::io::Error::other("disk full")));
        assert_eq!(stopped(&full(), "v3", true).exit(), Exit::Left);
        assert_eq!(stopped(&full(), "v3", false).exit(), Exit::Unreachable);
        let lost = || StoreError::Lost { target: "flyio:shop".into(), holder: None };
        assert_eq!(lost_lock(&lost(), true).exit(), Exit::Left);
        assert_eq!(lost_lock(&lost(), false).exit(), Exit::NotAllowed);
    }
}
