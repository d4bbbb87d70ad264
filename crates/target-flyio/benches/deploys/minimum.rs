//! The time that a deploy takes at least: what no deployer could be faster than that keeps to the limits of
//! the platform and to the promise of its strategy. Pure.
//!
//! Counted is only what cannot be done at the same time as something else:
//!
//! * looking: the machines are listed and leased before anything is changed, and read at the end;
//! * one machine in place: it is told, its program ends, it boots, and its check passes once the grace period
//!   is over;
//! * rolling and canary: one machine alone, then as many at a time as `max_unavailable` allows; before a wave
//!   goes down the proxy must know that it is out and that the one before is back, which it learns at the
//!   same time;
//! * bluegreen: machines are created at the pace of the limit; once all are well the proxy must know of the
//!   new ones before the old ones go, and that the old ones are out before they are stopped;
//! * immediate: all machines at once, whatever users see.
//!
//! Each action has its own limit on each machine, and on the app where it names none. Of all the actions that
//! cannot be left out only creations go beyond a burst: each machine is leased, told, and told to go once, and
//! the app is listed three times.

use std::time::Duration;

use target_flyio::Strategy;

/// The times of a platform.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Day {
    /// How late the proxy learns of a change.
    pub(crate) propagation: Duration,
    /// How long a machine takes to boot.
    pub(crate) boot: Duration,
    /// How long a check forgives, and then how often it asks.
    pub(crate) grace: Duration,
    pub(crate) interval: Duration,
    /// How long a call of the API takes.
    pub(crate) call: Duration,
    /// How long a program takes to end.
    pub(crate) ending: Duration,
    /// What share of the machines may be out at a time.
    pub(crate) max_unavailable: f64,
    /// Are calls that come too often refused?
    pub(crate) limited: bool,
}

/// How many machines of an app can be created at once, and how many a second then (fly.io docs: machines/api,
/// rate limits: one request a second for each action, with a burst of three).
const BURST: u32 = 3;

impl Day {
    /// The least time of a deploy to so many machines.
    pub(crate) fn minimum(&self, strategy: Strategy, machines: u32) -> Duration {
        let looks = self.call * 3;
        let well = self.boot + self.grace;
        let in_place = self.call + self.ending + well;
        match strategy {
            Strategy::Immediate => looks + in_place,
            Strategy::Rolling | Strategy::Canary if machines == 1 => looks + in_place,
            Strategy::Rolling | Strategy::Canary => {
                let wave = self.call + self.propagation + in_place;
                looks + wave * self.waves(machines) + self.call
            }
            Strategy::BlueGreen => {
                let created = self.paced(machines) + self.call;
                let switched = (self.call + self.propagation) * 2;
                looks + created + well + switched + self.call + self.ending + self.call
            }
        }
    }

    /// How long after the first creation the last may be asked for.
    pub(crate) fn paced(&self, machines: u32) -> Duration {
        let waiting = if self.limited { machines.saturating_sub(BURST) } else { 0 };
        Duration::from_secs(waiting.into())
    }

    /// How many rounds a deploy in place takes: the first machine alone, then the others.
    pub(crate) fn waves(&self, machines: u32) -> u32 {
        let width = (f64::from(machines) * self.max_unavailable).ceil();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count of machines"
        )]
        let width = (width as u32).clamp(1, machines);
        1 + (machines - 1).div_ceil(width)
    }
}
