//! The states of a machine and every legal step between them, as one pure table
//! (fly.io docs: machines/machine-states). What a step causes is decided elsewhere.

use serde::{Deserialize, Serialize};

/// Where a machine is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Created,
    Starting,
    Started,
    Stopping,
    Stopped,
    Suspending,
    Suspended,
    Restarting,
    Replacing,
    Failed,
    Destroying,
    Destroyed,
}

impl State {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Starting => "starting",
            Self::Started => "started",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Suspending => "suspending",
            Self::Suspended => "suspended",
            Self::Restarting => "restarting",
            Self::Replacing => "replacing",
            Self::Failed => "failed",
            Self::Destroying => "destroying",
            Self::Destroyed => "destroyed",
        }
    }

    /// Whether the machine stays so until somebody acts: the waitable state `settled`.
    pub(crate) fn is_settled(self) -> bool {
        use State::{Destroyed, Failed, Started, Stopped, Suspended};
        matches!(self, Started | Stopped | Suspended | Failed | Destroyed)
    }
}

/// What can happen to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trigger {
    /// The first boot, right after creation.
    Launch,
    /// A machine created with `skip_launch` is ready.
    Settle,
    /// Somebody asks for a start, stop, restart, suspension, update or destruction.
    Start,
    Stop,
    Restart,
    Suspend,
    Update,
    Destroy,
    /// The process runs, or could not be made to run.
    Booted,
    BootFailed,
    /// Memory is saved and the process stands still.
    Frozen,
    /// The process is gone, as was asked.
    Gone,
    /// The process ended by itself, and the restart policy does or does not start it again.
    ExitedAgain,
    ExitedForGood,
    /// The new version is in place: boot it, or keep the machine as it was before.
    TookOver,
    KeptStopped,
    KeptCreated,
    /// The new version could not be installed: the machine is what it was.
    Reverted(State),
}

/// The state that follows, or `None` where `trigger` is not legal in `from`.
#[expect(clippy::match_same_arms, reason = "a table: one line for each step")]
pub(crate) fn next(from: State, trigger: Trigger) -> Option<State> {
    use State as S;
    use Trigger as T;
    Some(match (from, trigger) {
        (S::Created, T::Launch) => S::Starting,
        (S::Created, T::Settle) => S::Stopped,
        (S::Stopped | S::Failed | S::Suspended, T::Start) => S::Starting,
        (S::Starting, T::Booted) => S::Started,
        (S::Starting, T::BootFailed) => S::Failed,
        (S::Started, T::ExitedAgain) => S::Starting,
        (S::Started, T::ExitedForGood) => S::Stopped,
        (S::Started, T::Suspend) => S::Suspending,
        (S::Suspending, T::Frozen) => S::Suspended,
        (S::Started, T::Restart) => S::Restarting,
        (S::Restarting, T::Gone) => S::Starting,
        (S::Stopped, T::Stop) => S::Stopped,
        (
            S::Created
            | S::Starting
            | S::Started
            | S::Suspended
            | S::Restarting
            | S::Failed
            | S::Stopping,
            T::Stop,
        ) => S::Stopping,
        (S::Stopping, T::Gone) => S::Stopped,
        (
            S::Created | S::Starting | S::Started | S::Stopped | S::Suspended | S::Failed,
            T::Update,
        ) => S::Replacing,
        (S::Replacing, T::TookOver) => S::Starting,
        (S::Replacing, T::KeptStopped) => S::Stopped,
        (S::Replacing, T::KeptCreated) => S::Created,
        (S::Replacing, T::Reverted(former)) => former,
        (S::Destroying | S::Destroyed, T::Destroy) => return None,
        (_, T::Destroy) => S::Destroying,
        (S::Destroying, T::Gone) => S::Destroyed,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{State as S, Trigger as T, *};

    const STATES: [S; 12] = [
        S::Created,
        S::Starting,
        S::Started,
        S::Stopping,
        S::Stopped,
        S::Suspending,
        S::Suspended,
        S::Restarting,
        S::Replacing,
        S::Failed,
        S::Destroying,
        S::Destroyed,
    ];

    /// All states in which `trigger` is legal, with what follows.
    fn legal(trigger: T) -> Vec<(S, S)> {
        STATES.iter().filter_map(|&from| Some((from, next(from, trigger)?))).collect()
    }

    #[test]
    fn the_table_holds_these_steps_and_no_others() {
        let to = |end: S, from: &[S]| from.iter().map(|&f| (f, end)).collect::<Vec<_>>();
        let idle = [S::Stopped, S::Suspended, S::Failed];
        let table = [
            (T::Launch, to(S::Starting, &[S::Created])),
            (T::Settle, to(S::Stopped, &[S::Created])),
            (T::Start, to(S::Starting, &idle)),
            (T::Booted, to(S::Started, &[S::Starting])),
            (T::BootFailed, to(S::Failed, &[S::Starting])),
            (T::ExitedAgain, to(S::Starting, &[S::Started])),
            (T::ExitedForGood, to(S::Stopped, &[S::Started])),
            (T::Suspend, to(S::Suspending, &[S::Started])),
            (T::Frozen, to(S::Suspended, &[S::Suspending])),
            (T::Restart, to(S::Restarting, &[S::Started])),
            (T::TookOver, to(S::Starting, &[S::Replacing])),
            (T::KeptStopped, to(S::Stopped, &[S::Replacing])),
            (T::KeptCreated, to(S::Created, &[S::Replacing])),
            (T::Reverted(S::Started), to(S::Started, &[S::Replacing])),
            (
                T::Update,
                to(
                    S::Replacing,
                    &[S::Created, S::Starting, S::Started, S::Stopped, S::Suspended, S::Failed],
                ),
            ),
        ];
        for (trigger, steps) in table {
            assert_eq!(legal(trigger), steps, "{trigger:?}");
        }
    }

    #[test]
    fn stopping_is_idempotent_and_ends_stopped() {
        assert_eq!(next(S::Stopped, T::Stop), Some(S::Stopped));
        assert_eq!(next(S::Stopping, T::Stop), Some(S::Stopping));
        assert_eq!(next(S::Stopping, T::Gone), Some(S::Stopped));
        for refused in [S::Replacing, S::Suspending, S::Destroying, S::Destroyed] {
            assert_eq!(next(refused, T::Stop), None, "{refused:?}");
        }
    }

    #[test]
    fn whatever_lives_can_be_destroyed_once_and_nothing_comes_back() {
        assert_eq!(legal(T::Destroy).len(), STATES.len() - 2);
        assert_eq!(next(S::Destroying, T::Gone), Some(S::Destroyed));
        for trigger in [T::Start, T::Update, T::Booted, T::Gone, T::Destroy, T::Stop] {
            assert_eq!(next(S::Destroyed, trigger), None, "{trigger:?}");
        }
    }

    #[test]
    fn states_are_spelled_the_same_in_json_and_in_messages() {
        for state in STATES {
            assert_eq!(serde_json::to_value(state).unwrap(), state.as_str());
        }
    }
}
