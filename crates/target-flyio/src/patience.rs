//! How long a machine is waited for, and in which slices.

use std::time::Duration;

use serde_json::Value;
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
/// How long a machine may take to start, with the pull of its image (flyctl: `--wait-timeout`).
const STARTING: Duration = Duration::from_mins(5);
/// What a check does that does not say it (fly.io docs: configuration, TCP checks).
const INTERVAL: Duration = Duration::from_secs(15);
const TIMEOUT: Duration = Duration::from_secs(2);
const GRACE: Duration = Duration::from_secs(1);
/// So many rounds of its checks may a machine fail after their grace, before it is given up on.
const ROUNDS: u32 = 5;
/// But it is given at least so long: many an app that boots slowly says nothing of a grace period, because flyctl
/// waits for five minutes.
const SHORTEST: Duration = Duration::from_mins(3);
/// No machine may take more than so many times the patience that one phase has.
const ALL_PHASES: u32 = 4;

/// How long each phase of a machine may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    pub(crate) starting: Duration,
    pub(crate) healing: Duration,
}

/// The patience with one machine: for starting, and then again for becoming healthy.
#[derive(Debug)]
pub(crate) struct Patience {
    began: Instant,
    since: Instant,
    waiting_for: &'static str,
    /// What people know that is waited for.
    told: Option<&'static str>,
    /// What was said for both phases; without it, what the machine's own checks need.
    said: Option<Duration>,
    /// Known once the machine was seen.
    limits: Option<Limits>,
    slice: Duration,
}

impl Patience {
    pub(crate) fn new(said: Option<Duration>) -> Self {
        let now = Instant::now();
        let (waiting_for, told, limits) = ("started", None, None);
        Self { began: now, since: now, waiting_for, told, said, limits, slice: FIRST }
    }

    /// A program that may take long to stop, or whose checks are slow, is given that time too.
    /// What it is when it is first seen has to stop, and what is wanted of it has to become healthy.
    pub(crate) fn allow(&mut self, machine: &Machine, wanted: &Value) {
        let said = self.said;
        self.limits.get_or_insert_with(|| {
            let (seen, wanted) = (Limits::of(&machine.config, said), Limits::of(wanted, said));
            Limits { healing: seen.healing.max(wanted.healing), ..seen }
        });
    }

    /// What is waited for from now on, and how long at most; said once.
    pub(crate) fn news(&mut self, step: &Step) -> Option<(&'static str, Duration)> {
        let limits = self.limits.filter(|_| matches!(step, Step::Settle | Step::Watch))?;
        let wanted = wanted(step);
        let limit = if *step == Step::Watch { limits.healing } else { limits.starting };
        (self.told.replace(wanted) != Some(wanted)).then_some((wanted, limit))
    }

    /// Is there any left for this step?
    pub(crate) fn check(&mut self, step: &Step, machine: &Machine) -> Result<(), FlyError> {
        let waiting_for = wanted(step);
        if waiting_for != self.waiting_for {
            (self.waiting_for, self.since) = (waiting_for, Instant::now());
        }
        let limits = self.limits.unwrap_or_else(|| Limits::of(&machine.config, self.said));
        let limit = if *step == Step::Watch { limits.healing } else { limits.starting };
        let whole = limits.starting * ALL_PHASES;
        if self.since.elapsed() <= limit && self.began.elapsed() <= whole {
            return Ok(());
        }
        let seen = match step {
            Step::Watch => format!("it is {}, and {}", machine.state, machine.complaint()),
            _ => format!("it is {}", machine.state),
        };
        let (machine, log) = (machine.id.clone(), None);
        Err(FlyError::NotInTime { machine, wanted: waiting_for, after: limit, seen, log })
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

fn wanted(step: &Step) -> &'static str {
    if *step == Step::Watch { "healthy" } else { "started" }
}

impl Limits {
    /// From a machine's configuration: its stop timeout, and what its checks say of themselves.
    pub(crate) fn of(config: &Value, said: Option<Duration>) -> Self {
        let time = |value: &Value| value.as_str().and_then(duration::parse);
        let stopping = time(&config["stop_config"]["timeout"]).unwrap_or(STOP);
        let healing = checks(config).map(|check| {
            let round = time(&check["interval"]).unwrap_or(INTERVAL)
                + time(&check["timeout"]).unwrap_or(TIMEOUT);
            time(&check["grace_period"]).unwrap_or(GRACE) + round * ROUNDS
        });
        let healing = healing.max().unwrap_or_default().clamp(SHORTEST, STARTING);
        Self {
            starting: said.unwrap_or(STARTING) + stopping,
            healing: said.unwrap_or(healing) + stopping,
        }
    }
}

/// All checks of a configuration: those of its services, and those by name.
fn checks(config: &Value) -> impl Iterator<Item = &Value> {
    let services = config["services"].as_array().into_iter().flatten();
    let of_services = services.flat_map(|it| it["checks"].as_array().into_iter().flatten());
    let named = config["checks"].as_object().into_iter().flat_map(|it| it.values());
    of_services.chain(named)
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

    const TEN: Option<Duration> = Some(Duration::from_secs(10));

    #[test]
    fn what_is_not_said_follows_from_the_machines_own_settings() {
        let check = json!({"interval": "10s", "timeout": "2s", "grace_period": "30s"});
        let table = [
            (json!({}), None, (305, 185)),
            (json!({"stop_config": {"timeout": "5m0s"}}), None, (600, 480)),
            (json!({"checks": {"up": check}}), None, (305, 185)),
            (json!({"services": [{"checks": [{}, check]}]}), None, (305, 185)),
            (json!({"services": [{"checks": [{"grace_period": "20m0s"}]}]}), None, (305, 305)),
            (json!({"checks": {"up": check}}), TEN, (15, 15)),
        ];
        for (config, said, (starting, healing)) in table {
            let limits = Limits::of(&config, said);
            let seconds = (limits.starting.as_secs(), limits.healing.as_secs());
            assert_eq!(seconds, (starting, healing), "{config}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_phase_has_the_limit_and_the_time_that_stopping_may_take() {
        let (seen, mut patience) = (machine("1m0s"), Patience::new(TEN));
        patience.allow(&seen, &Value::Null);
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
    async fn a_release_whose_checks_are_given_more_time_gets_it() {
        let (seen, mut patience) = (machine("5s"), Patience::new(None));
        patience.allow(&seen, &json!({"checks": {"up": {"grace_period": "2m0s"}}}));
        assert!(patience.check(&Step::Watch, &seen).is_ok());
        advance(Duration::from_mins(3)).await;
        assert!(patience.check(&Step::Watch, &seen).is_ok());
        advance(Duration::from_mins(1)).await;
        assert!(patience.check(&Step::Watch, &seen).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_done_again_and_again_ends_all_the_same() {
        let (seen, mut patience) = (machine("0s"), Patience::new(TEN));
        patience.allow(&seen, &Value::Null);
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
        let mut patience = Patience::new(TEN);
        let slices: Vec<u64> = (0..6).map(|_| patience.slice().as_secs()).collect();
        assert_eq!(slices, [1, 2, 4, 8, 10, 10]);
        patience.renew();
        assert_eq!(patience.slice().as_secs(), 1);
    }
}
