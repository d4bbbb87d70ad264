//! Waking those who wait for a machine to change, and nobody else.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use tokio::sync::Notify;

use super::lock;
use crate::world::MachineKey;

/// Who waits for which machine.
#[derive(Debug, Default)]
pub(super) struct Changes(Mutex<HashMap<MachineKey, Arc<Notify>>>);

impl Changes {
    /// What is notified when the machine has changed.
    pub(super) fn of(&self, key: &MachineKey) -> Arc<Notify> {
        Arc::clone(lock(&self.0).entry(key.clone()).or_default())
    }

    /// Wakes all who wait for the machine.
    pub(super) fn tell(&self, key: &MachineKey) {
        let mut waiting = lock(&self.0);
        if let Some(notify) = waiting.get(key) {
            notify.notify_waiters();
            if Arc::strong_count(notify) == 1 {
                waiting.remove(key); // nobody waits any more
            }
        }
    }
}
