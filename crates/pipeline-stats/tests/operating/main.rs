//! How often the judge is wrong, counted over simulated deploys. The whole table is made by
//! `cargo bench -p pipeline-stats --bench operating`.

mod noise;
mod random;
mod tally;

use noise::{MODELS, Noise};
use pipeline_stats::Rules;
use tally::Tally;

/// Ten endpoints, and a control that needs no widening: the harshest for false alarms.
fn rules() -> Rules {
    Rules { strata: 10, drift: 0.0, ..Rules::default() }
}

fn healthy(noise: &Noise) -> Tally {
    Tally::of(noise, 1.0, &rules(), 20_000)
}

#[test]
fn no_healthy_release_goes_back() {
    for noise in &MODELS {
        let tally = healthy(noise);
        println!("{}: {tally:?}", noise.name);
        assert_eq!(tally.rollbacks, 0, "{}", noise.name);
    }
}

#[test]
fn a_release_eight_times_as_slow_goes_back() {
    for noise in MODELS.iter().filter(|it| it.drift <= 0.0) {
        let tally = Tally::of(noise, 8.0, &rules(), 2_000);
        println!("{}: {tally:?}", noise.name);
        assert!(tally.rollbacks >= 1_990, "{}: {tally:?}", noise.name);
        assert_eq!(tally.passes, 0, "{}: {tally:?}", noise.name);
    }
}
