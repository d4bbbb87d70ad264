//! Waking those who wait for a machine to change, and nobody else.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use tokio::sync::{Notify, futures::Notified};

use super::lock;
use crate::world::MachineKey;

/// Who waits for which machine.
#[derive(Debug, Default)]
pub(super) struct Changes(Mutex<HashMap<MachineKey, Arc<Notify>>>);

/// One who waits, until it is dropped.
#[derive(Debug)]
pub(crate) struct Waiting<'a> {
    changes: &'a Changes,
    key: MachineKey,
    notify: Arc<Notify>,
}

impl Changes {
    /// Joins those who are told when the machine has changed, whether there is one or not.
    pub(super) fn wait(&self, key: MachineKey) -> Waiting<'_> {
        let notify = Arc::clone(lock(&self.0).entry(key.clone()).or_default());
        Waiting { changes: self, key, notify }
    }

    /// Wakes all who wait for the machine.
    pub(super) fn tell(&self, key: &MachineKey) {
        if let Some(notify) = lock(&self.0).get(key) {
            notify.notify_waiters();
        }
    }
}

impl Waiting<'_> {
    /// Ends with the next change.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.notify.notified()
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut waiting = lock(&self.changes.0);
        // This one and the list itself are all who know of it.
        if Arc::strong_count(&self.notify) == 2 {
            waiting.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_kept_for_machines_that_nobody_waits_for_any_more() {
        let changes = Changes::default();
        let key = MachineKey { app: "shop".to_owned(), machine: "none".to_owned() };
        let (first, second) = (changes.wait(key.clone()), changes.wait(key.clone()));
        drop(first);
        changes.tell(&key);
        assert_eq!(lock(&changes.0).len(), 1);
        drop(second);
        assert!(lock(&changes.0).is_empty());
    }
}
