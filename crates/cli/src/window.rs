//! One automatic rollback in a window of time: the deploy after it needs a person.

use std::time::Duration;

use jiff::Timestamp;
use pipeline_core::{Cause, Clock, DecidedBy, Decision, Record};
use store_sql::{RunFilter, RunKind, RunOutcome, RunRow};

use crate::app::wall;
use crate::error::CliError;
use crate::exit::Exit;
use crate::render::took;
use crate::session::Session;

/// A rollback that nobody ordered, a short while ago.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recent {
    version: String,
    ago: Duration,
    window: Duration,
}

/// The newest rollback of the target that nobody ordered, if the environment's window is still open.
pub(crate) async fn recent(
    session: &Session<'_>,
    target: &str,
) -> Result<Option<Recent>, CliError> {
    let window = session.setting.environment.rollback.window;
    if window.is_zero() {
        return Ok(None);
    }
    let filter =
        RunFilter { target: Some(target.to_owned()), limit: Some(20), ..RunFilter::default() };
    for row in session.store.runs(&filter).await? {
        match row.ending.map(|it| it.outcome) {
            // Somebody has seen to it.
            Some(RunOutcome::Pass) => return Ok(None),
            // What did not even come back is no better.
            Some(RunOutcome::Rollback | RunOutcome::Stuck) => {}
            _ => continue,
        }
        let Some(ago) = within(&row, window, wall().now().try_into().unwrap_or(Timestamp::MIN))
        else {
            continue;
        };
        if row.begun.kind == RunKind::Deploy && is_automatic(&session.store.records(&row.id).await?)
        {
            return Ok(Some(Recent { version: row.version, ago, window }));
        }
    }
    Ok(None)
}

/// How long ago it ended, if that is less than the window.
fn within(row: &RunRow, window: Duration, now: Timestamp) -> Option<Duration> {
    let ago = now.as_millisecond() - row.ended?.as_millisecond();
    // Another machine's clock may be ahead of this one's: that is no long time ago.
    let ago = Duration::from_millis(u64::try_from(ago).unwrap_or(0));
    (ago < window).then_some(ago)
}

/// Was it taken back because something failed, after something that serves was changed, and by no person's word?
fn is_automatic(records: &[Record]) -> bool {
    let failed = records.iter().find_map(|it| match it {
        Record::Failed { failure } => Some(failure),
        _ => None,
    });
    let by_itself = records.iter().any(|it| {
        matches!(it, Record::Decided { decision: Decision::Restore, by: DecidedBy::Policy, .. })
    });
    by_itself && failed.is_some_and(|it| it.cause != Cause::Interrupted && !it.untouched)
}

impl Recent {
    /// What is true, in one sentence.
    pub(crate) fn words(&self, environment: &str) -> String {
        format!(
            "{} was rolled back by itself {} ago, and within {} of that a deploy to {environment} needs a person",
            self.version,
            took(millis(self.ago)),
            took(millis(self.window)),
        )
    }

    /// The refusal where there is nobody to ask.
    pub(crate) fn refused(&self, environment: &str) -> CliError {
        let left = took(millis(self.window.saturating_sub(self.ago)));
        CliError::new(Exit::NotAllowed, self.words(environment)).hint(format!(
            "see why {} went back (`pipeline history {environment}`), then say --despite-rollback; or wait {left}",
            self.version
        ))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use pipeline_core::{Failure, Fault, Phase};

    use super::*;

    #[test]
    fn only_what_failed_and_went_back_without_a_person_is_automatic() {
        let failed = |cause, untouched| Record::Failed {
            failure: Failure {
                phase: Phase::Deploy,
                step: "roll".into(),
                cause,
                whole: false,
                untouched,
            },
        };
        let broken = || Cause::Fault(Fault::permanent(std::io::Error::other("broken")));
        let by = |by| Record::Decided { decision: Decision::Restore, by, reason: None };
        for (records, automatic) in [
            (vec![failed(broken(), false), by(DecidedBy::Policy)], true),
            (vec![failed(broken(), false), by(DecidedBy::Person)], false),
            (vec![failed(broken(), true), by(DecidedBy::Policy)], false),
            (vec![failed(Cause::Interrupted, false), by(DecidedBy::Policy)], false),
            (vec![failed(broken(), false), Record::decided(Decision::Leave)], false),
            (vec![], false),
        ] {
            assert_eq!(is_automatic(&records), automatic, "{records:?}");
        }
    }

    #[test]
    fn a_refusal_says_which_run_how_long_ago_and_what_to_do() {
        let minutes = Duration::from_mins;
        let recent = Recent { version: "v7".into(), ago: minutes(3), window: minutes(10) };
        insta::assert_snapshot!(recent.refused("production").render(false), @"
        error: v7 was rolled back by itself 3m 00s ago, and within 10m 00s of that a deploy to production needs a person
          next: see why v7 went back (`pipeline history production`), then say --despite-rollback; or wait 7m 00s
        ");
    }
}
