//! When a fault strikes: by count, or by chance.

use std::{fmt, str::FromStr};

use super::FaultError;
use crate::dice::Dice;

/// Which of the calls or events at its point a fault strikes; they are counted from 1, those
/// that are not in its scope left out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum FaultTiming {
    /// All of them.
    #[default]
    Always,
    /// From the first of these numbers to the last, both included: `@2`, `@1-3`, `@3-`.
    Between(u64, u64),
    /// Every so manieth: `@every5`.
    Every(u64),
    /// Each with this probability, from 0 to 1: `%0.1`. The seed of the simulator decides.
    Chance(f64),
}

impl FaultTiming {
    /// Whether the `count`th one is struck.
    pub(super) fn is_due(self, count: u64, dice: &mut Dice) -> bool {
        match self {
            Self::Always => true,
            Self::Between(first, last) => (first..=last).contains(&count),
            Self::Every(step) => count.is_multiple_of(step),
            Self::Chance(chance) => dice.unit() < chance,
        }
    }

    /// Whether it can ever strike, and is a number where it has to be one.
    pub(super) fn is_sound(self) -> bool {
        match self {
            Self::Always => true,
            Self::Between(first, last) => 1 <= first && first <= last,
            Self::Every(step) => step > 0,
            Self::Chance(chance) => (0.0..=1.0).contains(&chance),
        }
    }
}

impl FromStr for FaultTiming {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let timing = match text.split_at_checked(1) {
            None if text.is_empty() => Some(Self::Always),
            Some(("%", chance)) => chance.parse().ok().map(Self::Chance),
            Some(("@", count)) => counted(count),
            _ => None,
        };
        let timing = timing.filter(|timing| timing.is_sound());
        timing.ok_or_else(|| FaultError::Timing { timing: text.to_owned() })
    }
}

fn counted(text: &str) -> Option<FaultTiming> {
    if let Some(step) = text.strip_prefix("every") {
        return step.parse().ok().map(FaultTiming::Every);
    }
    let (first, last) = match text.split_once('-') {
        None => (text.parse().ok()?, text.parse().ok()?),
        Some((first, "")) => (first.parse().ok()?, u64::MAX),
        Some((first, last)) => (first.parse().ok()?, last.parse().ok()?),
    };
    Some(FaultTiming::Between(first, last))
}

impl fmt::Display for FaultTiming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => Ok(()),
            Self::Between(first, last) if first == last => write!(f, "@{first}"),
            Self::Between(first, u64::MAX) => write!(f, "@{first}-"),
            Self::Between(first, last) => write!(f, "@{first}-{last}"),
            Self::Every(step) => write!(f, "@every{step}"),
            Self::Chance(chance) => write!(f, "%{chance}"),
        }
    }
}
