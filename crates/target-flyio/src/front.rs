//! Machines that are worked on side by side, and what is known of all of them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::StreamExt;
use futures::future::{BoxFuture, FutureExt, join_all};

use crate::api::Machine;
use crate::error::FlyError;
use crate::goal::Goal;
use crate::session::Session;

/// What those who are on their way at the same time share.
#[derive(Debug, Default)]
pub(crate) struct Front {
    /// The machine of each launch, if somebody has read them all.
    launched: Option<BTreeMap<String, Launched>>,
    /// How many goals there are.
    size: usize,
    failed: AtomicBool,
}

/// What is known of the machine of a launch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Launched {
    /// It is this one.
    As(String),
    /// There is none yet.
    NotYet,
    /// It has to be looked for.
    Unknown,
}

impl Front {
    /// Those who know these machines, which are all that there were a moment ago.
    pub(crate) fn knowing(machines: &[Machine]) -> Self {
        let mut launched = BTreeMap::new();
        for machine in machines {
            let Some(launch) = machine.launch() else { continue };
            let known = Launched::As(machine.id.clone());
            let twin = launched.insert(launch.to_owned(), known).is_some();
            if twin {
                // One of the two has to go, which is seen to where they are looked for.
                launched.insert(launch.to_owned(), Launched::Unknown);
            }
        }
        Self { launched: Some(launched), ..Self::default() }
    }

    /// The machine of a launch.
    pub(crate) fn machine(&self, launch: &str) -> Launched {
        let Some(all) = &self.launched else { return Launched::Unknown };
        all.get(launch).cloned().unwrap_or(Launched::NotYet)
    }

    /// Are there several, so that one list is less than a reading for each?
    pub(crate) fn is_crowd(&self) -> bool {
        self.size > 1
    }

    /// Has one failed? Then nobody begins anything new.
    pub(crate) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }
}

impl Session<'_> {
    /// Drives goals, all at once where the budget spreads the calls, else as many as flyctl does.
    pub(crate) async fn drive_wide(
        &self,
        goals: &[Goal],
        machines: &[Machine],
    ) -> Result<Vec<Machine>, FlyError> {
        let width = if self.config().paced { goals.len() } else { self.config().concurrency };
        // What cannot be read may be the machine of any launch.
        let hidden = machines.iter().any(|it| self.is_hidden(it));
        let front = if hidden { Front::default() } else { Front::knowing(machines) };
        self.drive_front(goals, width, front).await
    }

    /// Drives goals, `width` at a time.
    pub(crate) async fn drive_all(
        &self,
        goals: &[Goal],
        width: usize,
    ) -> Result<Vec<Machine>, FlyError> {
        self.drive_front(goals, width, Front::default()).await
    }

    /// Drives goals all at once, each to its own end: that one fails is no reason to leave the others.
    pub(crate) async fn drive_each(&self, goals: &[Goal]) -> Vec<Result<Machine, FlyError>> {
        let front = Front { size: goals.len(), ..Front::default() };
        let driven: Vec<_> = goals.iter().map(|goal| self.drive(goal, &front).boxed()).collect();
        join_all(driven).await
    }

    /// After the first failure no further goal is begun; those under way are brought to their end, so that
    /// no machine is left in the middle.
    async fn drive_front(
        &self,
        goals: &[Goal],
        width: usize,
        front: Front,
    ) -> Result<Vec<Machine>, FlyError> {
        let front = Front { size: goals.len(), ..front };
        let work: Vec<BoxFuture<'_, Option<Result<Machine, FlyError>>>> =
            goals.iter().map(|goal| self.drive_one(goal, &front).boxed()).collect();
        let done =
            futures::stream::iter(work).buffer_unordered(width.max(1)).collect::<Vec<_>>().await;
        done.into_iter().flatten().collect()
    }

    async fn drive_one(&self, goal: &Goal, front: &Front) -> Option<Result<Machine, FlyError>> {
        if front.has_failed() {
            return None;
        }
        let done = match self.check_cancelled() {
            Ok(()) => self.drive(goal, front).await,
            Err(error) => Err(error),
        };
        front.failed.fetch_or(done.is_err(), Ordering::Relaxed);
        Some(done)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::desired::LAUNCH;

    fn machine(id: &str, launch: &str) -> Machine {
        let config = json!({"metadata": {LAUNCH: launch}});
        serde_json::from_value(json!({"id": id, "state": "started", "config": config})).unwrap()
    }

    #[test]
    fn what_was_read_need_not_be_looked_for_and_twins_must_be() {
        let read = [machine("a", "run-1.0"), machine("b", "run-1.1"), machine("c", "run-1.1")];
        let told = Front::knowing(&read);
        let table = [
            (&told, "run-1.0", Launched::As("a".into())),
            (&told, "run-1.1", Launched::Unknown),
            (&told, "run-1.2", Launched::NotYet),
            (&Front::default(), "run-1.0", Launched::Unknown),
        ];
        for (front, launch, known) in table {
            assert_eq!(front.machine(launch), known, "{launch}");
        }
    }
}
