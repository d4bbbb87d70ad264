//! "Slower", and the step: false alarms and power.

use pipeline_history::{Trend, slower};
use store_sql::{RunHistory, RunOutcome};

use crate::histories::{history, normal, share};

/// How lengths come about: log-normal around a level, some of them wild.
#[derive(Clone, Copy)]
struct World {
    deploys: u32,
    noise: f64,
    /// How much longer each deploy takes than the one before.
    slope: f64,
    /// From which deploy on everything takes so many times as long.
    step: (u32, f64),
}

impl World {
    fn still(deploys: u32, noise: f64) -> Self {
        Self { deploys, noise, slope: 0.0, step: (0, 1.0) }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds")]
    fn drawn(self, random: &mut fastrand::Rng) -> Vec<RunHistory> {
        let (from, factor) = self.step;
        let length = |it: u32| {
            let wild = if random.f64() < 0.05 { 1.0 + 2.0 * random.f64() } else { 1.0 };
            let drift = (self.slope.ln_1p() * f64::from(it)).exp();
            let step = if it >= from { factor } else { 1.0 };
            let ms = 240_000.0 * (self.noise * normal(random)).exp() * wild * drift * step;
            (RunOutcome::Pass, ms as u64)
        };
        history((0..self.deploys).map(length).collect::<Vec<_>>())
    }

    fn called(self, trend: Trend, runs: u32) -> f64 {
        let seed = u64::from(self.deploys) ^ self.noise.to_bits() ^ self.slope.to_bits();
        share(runs, seed, |random| slower(&self.drawn(random), 50).numbers.trend == trend)
    }
}

#[test]
fn a_history_without_a_trend_is_hardly_ever_called_slower() {
    println!("called slower or faster, where nothing changes (5 % of the lengths wild)");
    for noise in [0.15, 0.30, 0.60] {
        for deploys in [20, 30, 50] {
            let world = World::still(deploys, noise);
            let (slow, fast) =
                (world.called(Trend::Slower, 1_000), world.called(Trend::Faster, 1_000));
            println!("  noise {noise:.2}, {deploys} deploys: {slow:.3}, {fast:.3}");
            assert!(slow <= 0.015 && fast <= 0.015, "{slow} {fast}");
        }
    }
}

#[test]
fn a_trend_is_found_where_there_are_deploys_enough() {
    println!("called slower, where each deploy takes so much longer than the one before");
    for slope in [0.01, 0.02] {
        for noise in [0.15, 0.30] {
            for deploys in [20, 30, 50] {
                let found =
                    World { slope, ..World::still(deploys, noise) }.called(Trend::Slower, 500);
                println!(
                    "  {:.0} %, noise {noise:.2}, {deploys} deploys: {found:.2}",
                    slope * 100.0
                );
                if deploys == 50 && (noise < 0.2 || slope > 0.01) {
                    assert!(found >= 0.9, "{found}");
                }
            }
        }
    }
}

#[test]
fn a_step_is_found_at_its_deploy_and_none_is_seen_where_there_is_none() {
    println!(
        "a step 10 deploys ago: told, and its deploy named within two; told where there is none, and of a slope"
    );
    for noise in [0.15, 0.30] {
        let told = |world: World, seed: u64, near: bool| {
            share(1_000, seed, |random| {
                let shift = slower(&world.drawn(random), 50).numbers.shift.unwrap();
                let version: u32 = shift.since[1..].parse().unwrap();
                shift.told && (!near || version.abs_diff(41) <= 2)
            })
        };
        let still = World::still(50, noise);
        let step = World { step: (40, 1.5), ..still };
        let slope = World { slope: 0.02, ..still };
        let (found, named, false_alarm, mistaken) = (
            told(step, 1, false),
            told(step, 2, true),
            told(still, 3, false),
            told(slope, 4, false),
        );
        println!("  noise {noise:.2}: {found:.2}, {named:.2}; {false_alarm:.3}, {mistaken:.2}");
        assert!(false_alarm <= 0.015, "{false_alarm}");
        assert!(noise > 0.2 || (found >= 0.9 && named >= 0.8), "{found} {named}");
    }
}
