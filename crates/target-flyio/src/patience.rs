//! How long a machine is waited for, and in which slices.

use std::time::Duration;

use tokio::time::Instant;

use crate::api::Machine;
use crate::duration;
use crate::error::FlyError;
use crate::goal::Step;

/// The first slice of a wait and the longest: after each the machine is read, so that a crash or a revert
/// shows soon.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(10);
/// How long a program may take to stop where its configuration does not say (fly.io docs: `kill_timeout`).
const STOP: Duration = Duration::from_secs(5);
/// No machine may take more than so many times the patience that one phase has.
const ALL_PHASES: u32 = 4;

/// The patience with one machine: for starting, and then again for becoming healthy.
#[derive(Debug)]
pub(crate) struct Patience {
    began: Instant,
    since: Instant,
    waiting_for: &'static str,
    limit: Duration,
    /// The time that stopping may take, once it is known.
    stopping: Option<Duration>,
    slice: Duration,
}

impl Patience {
    pub(crate) fn new(limit: Duration) -> Self {
        let now = Instant::now();
        Self { began: now, since: now, waiting_for: "started", limit, stopping: None, slice: FIRST }
    }

    /// A program that may take long to stop is given that time too.
    pub(crate) fn allow(&mut self, machine: &Machine) {
        if self.stopping.is_none() {
            let timeout = machine.config["stop_config"]["timeout"].as_str();
            let stopping = timeout.and_then(duration::parse).unwrap_or(STOP);
            self.limit += stopping;
            self.stopping = Some(stopping);
        }
    }

    /// Is there any left for this step?
    pub(crate) fn check(&mut self, step: &Step, machine: &Machine) -> Result<(), FlyError> {
        let waiting_for = if *step == Step::Watch { "healthy" } else { "started" };
        if waiting_for != self.waiting_for {
            (self.waiting_for, self.since) = (waiting_for, Instant::now());
        }
        let whole = self.limit * ALL_PHASES;
        if self.since.elapsed() <= self.limit && self.began.elapsed() <= whole {
            return Ok(());
        }
        let seen = match step {
            Step::Watch => format!("it is {}, and {}", machine.state, machine.complaint()),
            _ => format!("it is {}", machine.state),
        };
        let (machine, after) = (machine.id.clone(), self.limit);
        Err(FlyError::NotInTime { machine, wanted: waiting_for, after, seen })
    }

    /// Something was done to the machine: it has its time anew.
    pub(crate) fn renew(&mut self) {
        (self.since, self.slice) = (Instant::now(), FIRST);
    }

    /// Slices grow: most machines are quick, and the slow ones need not be asked often.
    pub(crate) fn slice(&mut self) -> Duration {
        let slice = self.slice;
        self.slice = (slice * 2).min(LONGEST);
        slice
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::time::advance;

    use super::*;

    fn machine(timeout: &str) -> Machine {
        serde_json::from_value(json!({
            "id": "a", "state": "started", "config": {"stop_config": {"timeout": timeout}},
            "checks": [{"name": "up", "status": "critical", "output": "refused"}],
        }))
        .unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn each_phase_has_the_limit_and_the_time_that_stopping_may_take() {
        let (seen, mut patience) = (machine("1m0s"), Patience::new(Duration::from_secs(10)));
        patience.allow(&seen);
        patience.allow(&seen);
        advance(Duration::from_secs(70)).await;
        assert!(patience.check(&Step::Settle, &seen).is_ok());
        assert!(patience.check(&Step::Watch, &seen).is_ok(), "becoming healthy has its own time");
        advance(Duration::from_secs(71)).await;
        let error = patience.check(&Step::Watch, &seen).unwrap_err();
        assert_eq!(
            error.to_string(),
            "machine a is not healthy after 70s: it is started, and check up is critical: refused"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_done_again_and_again_ends_all_the_same() {
        let (seen, mut patience) = (machine("0s"), Patience::new(Duration::from_secs(10)));
        patience.allow(&seen);
        for _ in 0..4 {
            advance(Duration::from_secs(10)).await;
            patience.renew();
            assert!(patience.check(&Step::Stop, &seen).is_ok());
        }
        advance(Duration::from_secs(1)).await;
        assert!(patience.check(&Step::Stop, &seen).is_err());
    }

    #[tokio::test]
    async fn slices_grow_up_to_ten_seconds_and_begin_anew_after_a_change() {
        let mut patience = Patience::new(Duration::from_secs(10));
        let slices: Vec<u64> = (0..6).map(|_| patience.slice().as_secs()).collect();
        assert_eq!(slices, [1, 2, 4, 8, 10, 10]);
        patience.renew();
        assert_eq!(patience.slice().as_secs(), 1);
    }
}
