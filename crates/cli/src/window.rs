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
    for row in taken_back(session.store.runs(&filter).await?) {
        let Some(ago) = within(&row, window, wall().now().try_into().unwrap_or(Timestamp::MIN))
        else {
            continue;
        };
        if is_automatic(&session.store.records(&row.id).await?) {
            return Ok(Some(Recent { version: row.version, ago, window }));
        }
    }
    Ok(None)
}

/// Of runs, newest first: the deploys that went back, or could not even do that, since the last good run. A good one means
/// that somebody has seen to those before it.
fn taken_back(rows: Vec<RunRow>) -> impl Iterator<Item = RunRow> {
    let outcome = |it: &RunRow| it.ending.map(|it| it.outcome);
    let since = rows.into_iter().take_while(move |it| outcome(it) != Some(RunOutcome::Pass));
    since.filter(move |it| {
        let back = matches!(outcome(it), Some(RunOutcome::Rollback | RunOutcome::Stuck));
        back && it.begun.kind == RunKind::Deploy
    })
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
    use crate::commands::deploy::tests::row;

    #[test]
    fn a_good_run_closes_the_window_and_a_stuck_one_opens_it() {
        use RunOutcome::{Abort, Fail, Pass, Rollback, Stuck};
        let open = |outcomes: &[RunOutcome]| {
            let rows = outcomes.iter().map(|it| row(*it, None)).collect();
            taken_back(rows).map(|it| it.ending.map(|it| it.outcome)).collect::<Vec<_>>()
        };
        assert_eq!(open(&[Fail, Abort, Rollback, Pass]), [Some(Rollback)]);
        assert_eq!(open(&[Stuck, Rollback]), [Some(Stuck), Some(Rollback)]);
        assert_eq!(open(&[Pass, Rollback]), []);
        let mut by_hand = row(Rollback, None);
        by_hand.begun.kind = RunKind::Rollback;
        assert_eq!(taken_back(vec![by_hand]).count(), 0);
    }

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
