//! How much each component weighs: published profiles, or weights of one's own.

use std::collections::BTreeMap;

use super::component::Component;

/// A published set of weights. All of them are by the author of the article "From Health Score to Production: The Deploy
/// Pipeline" (Prismatic Platform, 2026), in which the score is named and not defined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// The platform's health score ("Platform Truth: Dynamic Statistics", 2026).
    #[default]
    Health,
    /// Its fitness ("Self-Evolving Architecture", 2026).
    Fitness,
    /// Its KPI (glossary of the platform, 2026).
    Kpi,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Health, Self::Fitness, Self::Kpi];

    /// Its name in configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Fitness => "fitness",
            Self::Kpi => "kpi",
        }
    }

    /// The profile of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }
}

/// How much each component weighs; together 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights(BTreeMap<Component, f64>);

/// Why weights cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// One is below 0, or no number.
    #[error("the weight of `{component}` is {weight}: a weight is a number from 0 to 1")]
    Weight {
        /// Whose.
        component: Component,
        /// The weight.
        weight: f64,
    },
    /// They are not one whole.
    #[error("the weights sum to {0:.3}: together they must be 1")]
    Sum(f64),
}

/// How far the sum of the weights may be from 1.
const TOLERANCE: f64 = 0.001;

impl Weights {
    /// Weights of one's own. Components that are not named weigh nothing. They must sum to 1, give or take 0.001.
    ///
    /// ```
    /// use gates_mix::{Component, Weights};
    ///
    /// assert!(Weights::custom([(Component::Compilation, 0.5), (Component::Coverage, 0.5)]).is_ok());
    /// let error = Weights::custom([(Component::Compilation, 0.5)]).unwrap_err();
    /// assert_eq!(error.to_string(), "the weights sum to 0.500: together they must be 1");
    /// ```
    pub fn custom(
        weights: impl IntoIterator<Item = (Component, f64)>,
    ) -> Result<Self, WeightsError> {
        let weights: BTreeMap<_, _> = weights.into_iter().collect();
        for (component, weight) in &weights {
            if !(0.0..=1.0).contains(weight) {
                return Err(WeightsError::Weight { component: *component, weight: *weight });
            }
        }
        let sum: f64 = weights.values().sum();
        // Sums of decimal fractions are not exact: a billionth more is no error of whoever wrote them.
        if (sum - 1.0).abs() > TOLERANCE + 1e-9 {
            return Err(WeightsError::Sum(sum));
        }
        Ok(Self(weights.into_iter().filter(|(_, weight)| *weight > 0.0).collect()))
    }

    /// Those that weigh something, with their weights.
    pub fn iter(&self) -> impl Iterator<Item = (Component, f64)> {
        self.0.iter().map(|(component, weight)| (*component, *weight))
    }

    /// The gates that these components are made of, by name.
    #[must_use]
    pub fn gates(&self) -> Vec<&'static str> {
        let mut gates: Vec<_> = self.0.keys().flat_map(|it| it.gates()).copied().collect();
        gates.sort_unstable();
        gates.dedup();
        gates
    }
}

impl From<Profile> for Weights {
    fn from(profile: Profile) -> Self {
        use Component::{
            Compilation, Coverage, Dependencies, Doctrine, Documentation, Performance, Quality,
            Security,
        };
        let weights: &[(Component, f64)] = match profile {
            Profile::Health => &[
                (Compilation, 0.25),
                (Coverage, 0.20),
                (Doctrine, 0.20),
                (Dependencies, 0.15),
                (Documentation, 0.10),
                (Security, 0.10),
            ],
            Profile::Fitness => &[
                (Compilation, 0.20),
                (Coverage, 0.20),
                (Doctrine, 0.20),
                (Dependencies, 0.10),
                (Documentation, 0.15),
                (Performance, 0.15),
            ],
            Profile::Kpi => &[
                (Compilation, 0.25),
                (Coverage, 0.25),
                (Doctrine, 0.20),
                (Documentation, 0.15),
                (Quality, 0.15),
            ],
        };
        Self(weights.iter().copied().collect())
    }
}

impl Default for Weights {
    fn default() -> Self {
        Profile::default().into()
    }
}
