//! One number out of many: the weighted mean of what was measured, its grade, and what would raise it. Pure.

use std::fmt;

use serde_json::{Value, json};

use super::component::{Component, Target};
use super::weights::Weights;

/// What is known of one component.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Which.
    pub component: Component,
    /// From 0 to 100; `None` where it could not be measured.
    pub value: Option<f64>,
    /// How it was measured, or why it was not, in one line.
    pub how: String,
}

impl Measured {
    /// A component that was measured; what is beyond 0 to 100 is cut, and what is no number was not measured.
    pub fn value(component: Component, value: f64, how: impl Into<String>) -> Self {
        let value = (!value.is_nan()).then(|| value.clamp(0.0, 100.0));
        Self { component, value, how: how.into() }
    }

    /// A component that could not be measured, and why.
    pub fn unknown(component: Component, why: impl Into<String>) -> Self {
        Self { component, value: None, how: why.into() }
    }
}

/// What becomes of a component that could not be measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unmeasured {
    /// It counts 0.
    #[default]
    CountsZero,
    /// It is left out, and the others weigh more.
    Dropped,
}

/// A school grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// 90 and more.
    A,
    /// 80 and more.
    B,
    /// 70 and more.
    C,
    /// 60 and more.
    D,
    /// Below 60.
    F,
}

impl Grade {
    /// The grade of this score.
    #[must_use]
    pub fn of(score: f64) -> Self {
        match score {
            it if it >= 90.0 => Self::A,
            it if it >= 80.0 => Self::B,
            it if it >= 70.0 => Self::C,
            it if it >= 60.0 => Self::D,
            _ => Self::F,
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// One component in its place in the score.
#[derive(Clone, Debug, PartialEq)]
pub struct Rated {
    /// Which.
    pub component: Component,
    /// What it weighs here; 0 where it was dropped.
    pub weight: f64,
    /// From 0 to 100; `None` where it could not be measured.
    pub value: Option<f64>,
    /// How it was measured, or why it was not.
    pub how: String,
}

impl Rated {
    /// What it adds to the score.
    #[must_use]
    pub fn points(&self) -> f64 {
        self.weight * self.value.unwrap_or(0.0)
    }

    /// What it could still add.
    #[must_use]
    pub fn to_gain(&self) -> f64 {
        self.weight * (100.0 - self.value.unwrap_or(0.0))
    }

    /// What it should reach.
    #[must_use]
    pub fn target(&self) -> Option<Target> {
        self.component.target()
    }

    /// Does it reach that? What was not measured does not; `None` where nothing is to be reached.
    #[must_use]
    pub fn is_met(&self) -> Option<bool> {
        let target = self.target()?;
        Some(self.value.is_some_and(|value| target.is_met(value)))
    }
}

/// The health score and what it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// From 0 to 100, rounded once to one decimal: this is the number that is judged, graded and shown.
    pub score: f64,
    /// Its grade.
    pub grade: Grade,
    /// What it is made of, in the order of [`Component::ALL`]; empty where the project gave the number itself.
    pub components: Vec<Rated>,
}

/// The weighted mean of what was measured.
///
/// A component that weighs something and is not among `measured` was not measured. Where all are dropped the score is 0.
///
/// ```
/// use gates_mix::{Component, Grade, Measured, Profile, Unmeasured, score};
///
/// let all = Component::ALL.map(|it| Measured::value(it, 90.0, "an example"));
/// let score = score(&Profile::Health.into(), &all, Unmeasured::CountsZero);
/// assert_eq!((score.score, score.grade), (90.0, Grade::A));
/// ```
#[must_use]
pub fn score(weights: &Weights, measured: &[Measured], unmeasured: Unmeasured) -> Score {
    let mut components: Vec<Rated> =
        weights.iter().map(|(component, weight)| rated(component, weight, measured)).collect();
    if unmeasured == Unmeasured::Dropped {
        for it in components.iter_mut().filter(|it| it.value.is_none()) {
            it.weight = 0.0;
        }
    }
    let sum: f64 = components.iter().map(|it| it.weight).sum();
    // A sum of decimal fractions may miss 1 by a trillionth: then the weights stay as they were written.
    for it in components.iter_mut().filter(|_| sum > 0.0 && (sum - 1.0).abs() > 1e-9) {
        it.weight /= sum;
    }
    let score = rounded(components.iter().map(Rated::points).sum());
    Score { score, grade: Grade::of(score), components }
}

fn rated(component: Component, weight: f64, measured: &[Measured]) -> Rated {
    let (value, how) = match measured.iter().find(|it| it.component == component) {
        Some(it) => (it.value, it.how.clone()),
        None => (None, "nobody measured it".to_owned()),
    };
    Rated { component, weight, value, how }
}

/// To one decimal. What is 79.95 on paper may be a trillionth less here, and is 80.0 all the same.
fn rounded(score: f64) -> f64 {
    ((score * 10.0 + 1e-9).round() / 10.0).clamp(0.0, 100.0)
}

impl Score {
    /// A number that the project gave itself.
    pub(crate) fn given(score: f64) -> Self {
        let score = rounded(score);
        Self { score, grade: Grade::of(score), components: Vec::new() }
    }

    /// Is it enough?
    #[must_use]
    pub fn reaches(&self, threshold: f64) -> bool {
        self.score >= threshold
    }

    /// The components that could not be measured.
    pub fn unmeasured(&self) -> impl Iterator<Item = &Rated> {
        self.components.iter().filter(|it| it.value.is_none())
    }

    /// The components that could add most, with the most first; those that are full are in none.
    #[must_use]
    pub fn to_gain(&self) -> Vec<&Rated> {
        let mut gains: Vec<_> = self.components.iter().filter(|it| it.to_gain() > 0.05).collect();
        gains.sort_by(|one, two| two.to_gain().total_cmp(&one.to_gain()));
        gains
    }

    /// The object that programs read: `value` is 0 where `measured` is false, so that the score is always the sum of
    /// weight times value.
    #[must_use]
    pub fn object(&self, threshold: f64) -> Value {
        let component = |it: &Rated| {
            json!({
                "name": it.component.name(),
                "weight": it.weight,
                "value": it.value.unwrap_or(0.0),
                "target": it.target().map(Target::number),
                "met": it.is_met(),
                "measured": it.value.is_some(),
                "how": it.how,
            })
        };
        json!({
            "score": self.score,
            "grade": self.grade.to_string(),
            "threshold": threshold,
            "passed": self.reaches(threshold),
            "components": self.components.iter().map(component).collect::<Vec<_>>(),
        })
    }
}

#[cfg(test)]
#[path = "score_tests.rs"]
mod tests;
