//! Chance that follows from a seed: the same seed, the same rolls.

use std::{
    f64::consts::TAU,
    hash::{BuildHasher, RandomState},
};

/// What the dice of one seed are rolled for.
pub(crate) mod purpose {
    pub(crate) const WORLD: u64 = 1;
    pub(crate) const REQUESTS: u64 = 2;
    pub(crate) const FAULTS: u64 = 3;
    /// And on: one for each boot of a machine.
    pub(crate) const BOOTS: u64 = 1 << 32;
}

/// A source of random numbers: splitmix64 (Steele, Lea and Flood 2014). Small, fast, and good
/// enough for names, latencies and faults; not for secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of `seed` for one purpose; without a seed they differ from run to run. Purposes
    /// that differ roll independently of each other.
    pub(crate) fn new(seed: Option<u64>, purpose: u64) -> Self {
        let seed = seed.unwrap_or_else(|| RandomState::new().hash_one("sim-flyio"));
        let mut mixed = Self(seed ^ purpose.wrapping_mul(0xd134_2543_de82_ef95));
        Self(mixed.roll())
    }

    /// Any number.
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        scattered(self.0)
    }

    /// A number from 0 up to but not including 1.
    pub(crate) fn unit(&mut self) -> f64 {
        // 53 bits are what a double holds exactly.
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let bits = (self.roll() >> 11) as f64;
        bits / 9_007_199_254_740_992.0
    }

    /// A number of the standard normal distribution (Box and Muller 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        let (radius, angle) = (1.0 - self.unit(), self.unit());
        (-2.0 * radius.ln()).sqrt() * (TAU * angle).cos()
    }
}

/// The last step of splitmix64: no two numbers become the same one.
pub(crate) fn scattered(number: u64) -> u64 {
    let mixed = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_rolls_the_same_and_another_purpose_otherwise() {
        let rolls = |purpose| {
            let mut dice = Dice::new(Some(7), purpose);
            [dice.roll(), dice.roll(), dice.roll()]
        };
        assert_eq!(rolls(1), rolls(1));
        assert_ne!(rolls(1), rolls(2));
        assert_ne!(Dice::new(None, 1), Dice::new(None, 1));
    }

    #[test]
    fn units_are_even_and_normals_have_mean_zero_and_deviation_one() {
        let mut dice = Dice::new(Some(1), 0);
        let units: Vec<f64> = (0..10_000).map(|_| dice.unit()).collect();
        assert!(units.iter().all(|unit| (0.0..1.0).contains(unit)));
        assert!((units.iter().sum::<f64>() / 1e4 - 0.5).abs() < 0.02);
        let normals: Vec<f64> = (0..10_000).map(|_| dice.normal()).collect();
        let mean = normals.iter().sum::<f64>() / 1e4;
        let spread = normals.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / 1e4;
        assert!(mean.abs() < 0.05 && (spread - 1.0).abs() < 0.05, "{mean} {spread}");
    }
}
