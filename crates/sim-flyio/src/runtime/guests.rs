//! What the program of each boot was started with, for commands that are to run beside it.

use std::{collections::HashMap, sync::Mutex};

use super::lock;
use crate::world::Boot;

/// The boots under way, by their number.
#[derive(Debug, Default)]
pub(crate) struct Guests(Mutex<HashMap<u64, Boot>>);

impl Guests {
    pub(super) fn enter(&self, boot: &Boot) {
        lock(&self.0).insert(boot.number, boot.clone());
    }

    pub(super) fn leave(&self, number: u64) {
        lock(&self.0).remove(&number);
    }

    pub(super) fn of(&self, number: u64) -> Option<Boot> {
        lock(&self.0).get(&number).cloned()
    }
}
