//! The work of one simulator: what is closed has stopped.

use std::sync::Mutex;

use tokio::task::JoinSet;

use super::lock;

/// All tasks of a simulator.
#[derive(Debug)]
pub(crate) struct Tasks(Mutex<Option<JoinSet<()>>>);

impl Default for Tasks {
    fn default() -> Self {
        Self(Mutex::new(Some(JoinSet::new())))
    }
}

impl Tasks {
    /// Starts a task, unless all is closed already.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(tasks) = lock(&self.0).as_mut() {
            while tasks.try_join_next().is_some() {} // forget those that are done
            tasks.spawn(task);
        }
    }

    /// Hands all tasks over; none can be started afterwards.
    pub(super) fn take(&self) -> Option<JoinSet<()>> {
        lock(&self.0).take()
    }

    /// Stops everything.
    pub(crate) fn close(&self) {
        let tasks = self.take();
        drop(tasks); // outside the lock: a task that is dropped may want it
    }
}
