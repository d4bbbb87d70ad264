//! What was seen of one machine, and done to it, on the way to its goal.

use std::time::Duration;

use tokio::time::Instant;

use crate::api::{Machine, Power};
use crate::goal::{Goal, Same};

/// For how long a machine that was just made may not be found (fly.io infra log: state that lags behind
/// between hosts).
const NEWBORN: Duration = Duration::from_secs(10);

/// What was seen and done on the way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    /// The machine, once it is known.
    pub(crate) id: Option<String>,
    /// The version that is the goal's.
    pub(crate) held: Option<String>,
    /// When it was made, if that was now.
    pub(crate) made: Option<Instant>,
    pub(crate) creates: u32,
    pub(crate) updates: u32,
    pub(crate) starts: u32,
    /// Looks at a machine that settled at another version than the one held.
    pub(crate) doubts: u32,
    /// Looks at it being up, and merely being created.
    pub(crate) ups: u32,
    pub(crate) stills: u32,
}

impl Memory {
    /// Is it so new that not everybody who is asked need know of it?
    pub(crate) fn is_newborn(&self) -> bool {
        self.made.is_some_and(|at| at.elapsed() < NEWBORN)
    }

    /// Takes in what was seen.
    pub(crate) fn see(&mut self, goal: &Goal, machine: &Machine) {
        let at = goal.is_at(machine) && !matches!(goal.same, Same::Born);
        let held = self.held.as_deref() == Some(machine.instance_id.as_str());
        match (held || at, &self.held) {
            (true, _) if goal.drifted(machine) => self.held = None,
            (true, _) => (self.held, self.doubts) = (Some(machine.instance_id.clone()), 0),
            (false, Some(_)) if machine.power() != Power::Moving => self.doubts += 1,
            _ => {}
        }
        self.ups = if machine.power() == Power::Up { self.ups + 1 } else { 0 };
        self.stills = if machine.state == "created" { self.stills + 1 } else { 0 };
    }
}
