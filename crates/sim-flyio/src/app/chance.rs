//! What the application leaves to chance: how long an answer takes, and whether it fails.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use super::Behaviour;
use crate::{dice::Dice, runtime::lock};

/// The dice of one life.
#[derive(Debug)]
pub(super) struct Chance {
    dice: Mutex<Dice>,
    /// How many answers there were before.
    answers: AtomicU64,
}

impl Chance {
    pub(super) fn new(dice: Dice) -> Self {
        Self { dice: Mutex::new(dice), answers: AtomicU64::new(0) }
    }

    /// Log-normal around the median, as latencies of web applications are; always the median if
    /// there is no spread.
    pub(super) fn latency(&self, app: &Behaviour) -> Duration {
        let cold = self.coldness(app);
        if app.latency_spread == 0.0 && cold <= 1.0 {
            return app.latency;
        }
        let spread = (app.latency_spread * lock(&self.dice).normal()).exp();
        let seconds = app.latency.as_secs_f64() * (spread * cold).min(1000.0);
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
    }

    /// How many times as long the next answer takes because the application is cold.
    fn coldness(&self, app: &Behaviour) -> f64 {
        let (factor, requests) = app.cold;
        if factor <= 1.0 {
            return 1.0;
        }
        #[expect(clippy::cast_precision_loss, reason = "nobody is cold after 2^52 answers")]
        let before = self.answers.fetch_add(1, Ordering::Relaxed) as f64;
        1.0 + (factor - 1.0) * (-before / requests.max(f64::MIN_POSITIVE)).exp()
    }

    pub(super) fn fails(&self, app: &Behaviour) -> bool {
        app.error_rate > 0.0 && lock(&self.dice).unit() < app.error_rate
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
    fn a_cold_application_warms_up() {
        let chance = Chance::new(Dice::new(Some(3), 0));
        let latency = Duration::from_millis(10);
        let app = Behaviour { latency, cold: (20.0, 8.0), ..Behaviour::default() };
        let took: Vec<_> = (0..60).map(|_| chance.latency(&app).as_millis()).collect();
        assert_eq!((took[0], took[8], took[59]), (200, 79, 10));
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
