//! What can stop a deploy to Fly.io, and whether trying again helps.

use std::time::Duration;

use pipeline_core::{Fault, Trigger};
use pipeline_process::{clean, cut};
use thiserror::Error;

use crate::api::ApiError;
use crate::one_off::RELEASE_COMMAND;

/// A longer line of a log is cut, in bytes: it is shown, kept in the journal and in history.
const LONGEST_LINE: usize = 400;

/// Why a deploy, a restore or a look at an app was stopped.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FlyError {
    /// A call of the Machines API.
    #[error(transparent)]
    Api(#[from] ApiError),
    /// Somebody else works on a machine.
    #[error("machine {machine} is leased by {owner} until {until}")]
    Leased {
        /// The machine.
        machine: String,
        /// Who holds the lease.
        owner: String,
        /// Until when, as Fly.io says it.
        until: String,
    },
    /// Our lease is gone: from here on somebody else may change the machine.
    #[error("the lease on machine {machine} was lost, so nothing more is changed")]
    LeaseLost {
        /// The machine.
        machine: String,
    },
    /// The platform gave up on the new version without a word.
    #[error(
        "the platform put machine {machine} back to {back_to}: the image {image} cannot be pulled?"
    )]
    Reverted {
        /// The machine.
        machine: String,
        /// What it runs again.
        back_to: String,
        /// What it should run.
        image: String,
    },
    /// A machine's program ended by itself.
    #[error("machine {machine} does not stay up: {how}")]
    Crashed {
        /// The machine.
        machine: String,
        /// Exit code, signal, or out of memory.
        how: String,
        /// What it last said.
        #[source]
        log: Option<LogTail>,
    },
    /// A command on a machine of its own did not end well.
    #[error("the {name} failed on machine {machine}: {how}")]
    Command {
        /// What it is called, such as `release_command`.
        name: String,
        /// Its machine, which is removed by now.
        machine: String,
        /// Exit code, signal, or what else became of it.
        how: String,
        /// What it last said.
        #[source]
        log: Option<LogTail>,
    },
    /// A machine is not where it should be in time.
    #[error("machine {machine} is not {wanted} after {after:?}: {seen}")]
    NotInTime {
        /// The machine.
        machine: String,
        /// `started` or `healthy`.
        wanted: &'static str,
        /// How long it was given.
        after: Duration,
        /// What it last showed.
        seen: String,
        /// What it last said.
        #[source]
        log: Option<LogTail>,
    },
    /// An action was tried as often as is sensible.
    #[error("machine {machine} could not be {action} after {tries} tries; it is {state}")]
    GaveUp {
        /// The machine.
        machine: String,
        /// `updated`, `started` or `created`.
        action: &'static str,
        /// How often it was tried.
        tries: u32,
        /// The state it is in.
        state: String,
    },
    /// The run rests on a look at the app that is no longer true.
    #[error(
        "machine {machine} was made or changed by somebody else since this run looked at the app"
    )]
    Moved {
        /// The machine.
        machine: String,
    },
    /// A machine vanished while it was worked on.
    #[error("machine {machine} is gone; somebody else destroyed it")]
    Gone {
        /// The machine.
        machine: String,
    },
    /// A machine shows nothing of itself, and may be what is looked for, or one too many.
    #[error("machine {machine} cannot be read, and it may be one that this run has made")]
    Unreadable {
        /// The machine.
        machine: String,
    },
    /// Users' requests do not reach the side they should.
    #[error("after {after:?} requests to {url} are still not answered by {by}")]
    TrafficStays {
        /// Where users go.
        url: String,
        /// Who should answer them.
        by: &'static str,
        /// How long it was watched.
        after: Duration,
    },
    /// The proxy or the app could not be asked.
    #[error("{url} could not be asked which machine answers")]
    Probe {
        /// Where users go.
        url: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// The deploy cannot be planned as the app is.
    #[error("{problem}")]
    Unplannable {
        /// Why.
        problem: String,
        /// What to do.
        next: String,
    },
    /// The registry says that there is no such image.
    #[error("there is no image {image} in the registry")]
    NoImage {
        /// What was to be deployed.
        image: String,
    },
    /// A snapshot or a stage was written by something else.
    #[error("the run's {what} cannot be read; it was written by another version of pipeline")]
    Foreign {
        /// `snapshot` or `stage`.
        what: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A machine that is needed has no lasting place among those that serve.
    #[error("the app is not what the stage makes: {problem}")]
    Unsettled {
        /// What is amiss.
        problem: String,
    },
    /// All stages together took too long.
    #[error("the deploy of {app} has taken more than {after:?}")]
    Overdue {
        /// The app.
        app: String,
        /// What all stages together may take.
        after: Duration,
    },
    /// The run was asked to stop.
    #[error("stopped on request")]
    Cancelled,
}

/// The last lines of a machine's log.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("it last said:\n{0}")]
pub struct LogTail(String);

impl LogTail {
    /// None where there are no lines.
    pub(crate) fn of<'l>(lines: impl IntoIterator<Item = &'l str>) -> Option<Self> {
        // A program may print what steers a terminal, and for as long as it likes.
        let shown = |line: &str| cut(clean(line.as_bytes()).trim_end(), LONGEST_LINE).to_owned();
        let text: Vec<String> = lines.into_iter().map(shown).collect();
        (!text.is_empty()).then(|| Self(text.join("\n")))
    }
}

impl FlyError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Api(error) => error.is_transient() || error.wants_a_second_look(),
            Self::LeaseLost { .. } | Self::Probe { .. } | Self::Unreadable { .. } => true,
            _ => false,
        }
    }

    /// May the way back, or the last step, succeed a little later? All may that nobody has to put right
    /// first: there is nothing to fall back on, so a refusal, an image that could not be pulled or an old
    /// release that crashed once is no reason to stop half-way.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Api(error) => !error.is_unauthorized(),
            Self::Unplannable { .. }
            | Self::NoImage { .. }
            | Self::Foreign { .. }
            | Self::Moved { .. }
            | Self::Overdue { .. }
            | Self::Cancelled => false,
            _ => true,
        }
    }

    /// Is it worth looking at everything once more, on the way forward? What the new release has done
    /// itself, and what somebody else is at, is not.
    pub(crate) fn is_worth_a_round(&self) -> bool {
        match self {
            Self::Api(error) => error.may_be_gone_soon(),
            Self::LeaseLost { .. } | Self::Unsettled { .. } => true,
            _ => false,
        }
    }

    /// Under which name a team decides what is done about it: what the new release's own machines show.
    fn trigger(&self) -> Option<Trigger> {
        match self {
            Self::Command { name, .. } if name == RELEASE_COMMAND => Some(Trigger::ReleaseCommand),
            Self::Command { .. }
            | Self::Crashed { .. }
            | Self::NotInTime { .. }
            | Self::Reverted { .. } => Some(Trigger::UnhealthyMachine),
            _ => None,
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::Api(error) => error.next_step().to_owned(),
            Self::Leased { machine, .. } => format!(
                "wait until that deploy has ended, or, if it has died, run \
                 `fly machine leases clear {machine}`"
            ),
            Self::LeaseLost { .. } => "see who else deploys this app, then resume the run".into(),
            Self::Reverted { .. } => {
                "check that the image is in the registry and that the app may pull it".into()
            }
            Self::NotInTime { machine, wanted, .. } => read_log(machine, *wanted == "healthy"),
            Self::Crashed { machine, .. } => read_log(machine, false),
            Self::Command { name, .. } => mend(name),
            Self::GaveUp { machine, .. } => format!("look at `fly machine status {machine}`"),
            Self::Moved { .. } => "see who else deploys this app, then deploy again".into(),
            Self::Gone { .. } => "see who else changes this app, then take the run back".into(),
            Self::Unreadable { machine } => format!(
                "wait until its host is back (`fly machine status {machine}`), then resume the run"
            ),
            Self::TrafficStays { .. } | Self::Unsettled { .. } => {
                "look at `fly machine list` and at the proxy's log, then resume the run".into()
            }
            Self::Probe { .. } => "check the environment's `url`, then resume the run".into(),
            Self::Unplannable { next, .. } => next.clone(),
            Self::NoImage { .. } => {
                "push it, or name one that is there: `fly releases --image`".into()
            }
            Self::Foreign { .. } => "resume it with the version that started it".into(),
            Self::Overdue { .. } => {
                "see what was slow, or give the environment a longer `deadline`".into()
            }
            Self::Cancelled => String::new(),
        }
    }
}

fn read_log(machine: &str, may_be_slow: bool) -> String {
    let slow = if may_be_slow {
        "; if it only needs longer to boot, give its check a longer `grace_period`, or all machines a longer \
         `wait_timeout`"
    } else {
        ""
    };
    format!("read its log: `fly logs --machine {machine}`{slow}")
}

fn mend(command: &str) -> String {
    let (what, stays) = if command == RELEASE_COMMAND {
        ("mend the command", "migrations that it ran before it failed stay and are not undone")
    } else {
        ("see why the check fails", "what it did before it failed is not undone")
    };
    format!("{what}, then deploy again; {stays}")
}

impl From<FlyError> for Fault {
    fn from(error: FlyError) -> Self {
        if matches!(error, FlyError::Cancelled) {
            return Self::cancelled();
        }
        let (transient, next) = (error.is_transient(), error.next_step());
        let trigger = error.trigger();
        let fault = if transient { Self::transient(error) } else { Self::permanent(error) };
        let fault = fault.hint(next);
        match trigger {
            Some(trigger) => fault.trigger(trigger),
            None => fault,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_to_do_next_is_said_of_what_failed() {
        let late = |wanted| {
            let (machine, seen) = ("a".to_owned(), "it is started".to_owned());
            FlyError::NotInTime { machine, wanted, after: Duration::from_mins(3), seen, log: None }
        };
        let ended = |name: &str| {
            let (name, machine, how) = (name.to_owned(), "a".to_owned(), "no".to_owned());
            FlyError::Command { name, machine, how, log: None }
        };
        let table = [
            (late("healthy"), "grace_period", true),
            (late("healthy"), "wait_timeout", true),
            (late("healthy"), "fly logs --machine a", true),
            (late("started"), "grace_period", false),
            (ended("release_command"), "mend the command", true),
            (ended("test of machine b"), "see why the check fails", true),
        ];
        for (error, words, said) in table {
            assert_eq!(error.next_step().contains(words), said, "{error}: {words}");
        }
        let trigger = |error| Fault::from(error).named_trigger();
        assert_eq!(trigger(late("healthy")), Some(Trigger::UnhealthyMachine));
        assert_eq!(trigger(ended("release_command")), Some(Trigger::ReleaseCommand));
        assert_eq!(trigger(ended("test of machine b")), Some(Trigger::UnhealthyMachine));
        assert_eq!(trigger(FlyError::Gone { machine: "a".into() }), None);
        assert!(late("healthy").may_pass() && late("started").may_pass());
    }

    #[test]
    fn the_log_of_a_machine_steers_no_terminal_and_fills_no_journal() {
        let long = "x".repeat(10_000);
        let lines = ["\u{1b}[31mred\u{1b}[0m\u{1b}]0;title\u{7}", "bell\u{7}\n", &long];
        let told = LogTail::of(lines).unwrap().to_string();
        assert_eq!(told, format!("it last said:\nred\nbell\n{}", &long[..LONGEST_LINE]));
        assert_eq!(LogTail::of([]), None);
    }
}
