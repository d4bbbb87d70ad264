//! What the application leaves to chance: how long an answer takes, and whether it fails.

use std::{sync::Mutex, time::Duration};

use super::Behaviour;
use crate::{dice::Dice, runtime::lock};

/// The dice of one life.
#[derive(Debug)]
pub(super) struct Chance(Mutex<Dice>);

impl Chance {
    pub(super) fn new(dice: Dice) -> Self {
        Self(Mutex::new(dice))
    }

    /// Log-normal around the median, as latencies of web applications are; always the median if
    /// there is no spread.
    pub(super) fn latency(&self, app: &Behaviour) -> Duration {
        if app.latency_spread == 0.0 {
            return app.latency;
        }
        let factor = (app.latency_spread * lock(&self.0).normal()).exp();
        let seconds = app.latency.as_secs_f64() * factor.min(1000.0);
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }

    pub(super) fn fails(&self, app: &Behaviour) -> bool {
        app.error_rate > 0.0 && lock(&self.0).unit() < app.error_rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_answers_are_faster_than_the_median_and_a_twentieth_fail() {
        let chance = Chance::new(Dice::new(Some(3), 0));
        let latency = Duration::from_millis(50);
        let app =
            Behaviour { latency, latency_spread: 0.5, error_rate: 0.05, ..Behaviour::default() };
        let faster = (0..2000).filter(|_| chance.latency(&app) < latency).count();
        assert!((900..1100).contains(&faster), "{faster}");
        let failed = (0..2000).filter(|_| chance.fails(&app)).count();
        assert!((60..140).contains(&failed), "{failed}");
        let steady = Behaviour { latency, ..Behaviour::default() };
        assert_eq!(chance.latency(&steady), latency);
        assert!(!chance.fails(&steady));
    }
    #[test]
    fn a_latency_beyond_all_reason_is_one_too() {
        let chance = Chance::new(Dice::new(Some(3), 0));
        for latency_spread in [9.0, f64::INFINITY, f64::NAN, -9.0] {
            let latency = Duration::from_millis(u64::MAX);
            let app = Behaviour { latency, latency_spread, ..Behaviour::default() };
            let longest = (0..100).map(|_| chance.latency(&app)).max();
            assert!(longest > Some(latency), "{latency_spread}");
        }
    }
}
