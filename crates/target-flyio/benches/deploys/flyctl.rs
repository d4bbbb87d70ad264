//! How long flyctl would take, computed from the constants and the order of steps in its source. An estimate,
//! and one in its favour: its polls hit at once, what it may do in parallel it does, and no call is refused.
//! What it does not do costs it nothing: it does not wait for the proxy in place, and after an immediate
//! deploy it waits for nothing. Pure.

use std::time::Duration;

use target_flyio::Strategy;

use super::minimum::Day;

/// How long a machine must be up before its smoke check passes (flyctl: internal/command/deploy, smoke checks).
const SMOKE: Duration = Duration::from_secs(10);
/// The pauses of a blue-green deploy before the old machines are cordoned, and before they are stopped
/// (flyctl: `internal/command/deploy/strategy_bluegreen.go`).
const PAUSE: Duration = Duration::from_secs(10);
/// Its pause after the new machines are created (the same).
const CREATED: Duration = Duration::from_millis(300);
/// Its longest first pause before it asks for the health of new machines (the same).
const FIRST_LOOK: Duration = Duration::from_secs(1);
/// How many machines it works on at a time (flyctl: `max_concurrent`).
const CONCURRENT: u32 = 8;

impl Day {
    /// What flyctl would take for a deploy to so many machines.
    pub(crate) fn flyctl(&self, strategy: Strategy, machines: u32) -> Duration {
        let looks = self.call * 3;
        let in_place = self.call + self.ending + self.boot + self.grace.max(SMOKE);
        let rolled = in_place * self.waves(machines);
        match strategy {
            Strategy::Immediate => looks + self.call * machines.div_ceil(CONCURRENT),
            Strategy::Rolling => looks + rolled,
            // A machine more, which is destroyed before the others follow.
            Strategy::Canary => looks + self.call + self.boot + self.grace + self.call + rolled,
            Strategy::BlueGreen => {
                let width = machines.div_ceil(3).clamp(1, CONCURRENT);
                let created = self.paced(machines).max(self.call * machines.div_ceil(width));
                let gone = self.call * 3 + PAUSE + PAUSE + self.ending + self.call * 2;
                looks + created + CREATED + self.boot + self.noticed() + gone
            }
        }
    }

    /// When the health of a new machine is seen: one look soon, then one in each interval of its check.
    fn noticed(&self) -> Duration {
        let first = FIRST_LOOK.min(self.grace);
        let mut seen = first;
        while seen < self.grace {
            seen += self.interval;
        }
        seen
    }
}
