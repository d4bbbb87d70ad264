//! The gate `health-score`: one number out of what the other gates measured.
//!
//! `component.rs` has the parts, `weights.rs` what weighs how much, `score.rs` the sum: all pure. `measure.rs` reads the other gates' answers,
//! `documentation.rs` the compiled modules, `own.rs` the project's own `mix health.score`.

mod component;
mod documentation;
mod measure;
mod own;
mod score;
mod weights;

use async_trait::async_trait;
use pipeline_core::{Context, Evidence, Finding, Gate, Level, Outcome, Report};
use pipeline_process::one_line;

pub use component::{Component, Target};
pub use score::{Grade, Measured, Rated, Score, Unmeasured, score};
pub use weights::{Profile, Weights, WeightsError};

use crate::error::Error;
use crate::project::MixProject;

/// The gates that [`HealthScore`] listens to: what its step must come after.
pub const HEARD: [&str; 5] = ["compile", "credo", "test", "doctrine", "security"];

/// The name of the evidence with the whole table.
const EVIDENCE: &str = "score";
/// The longest reason in a finding, in bytes.
const LONGEST: usize = 300;

/// Where the score comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScoreSource {
    /// The other gates' numbers, and the compiled modules.
    #[default]
    Native,
    /// The project's own `mix health.score`.
    Mix,
}

/// The weighted mean of what other gates measured: refuses below a threshold.
///
/// It asks nothing again. It hears the gates that its step comes after ([`HEARD`]), and looks at the compiled modules for
/// their documentation. A component that cannot be measured counts 0 and is named, unless that is
/// [allowed](Self::unmeasured). The numbers are `score` and one for each component that was measured, such as `coverage`; the
/// evidence `score` has the whole table. It is never remembered: it depends on other answers.
///
/// ```
/// use gates_mix::{HEARD, HealthScore, MixProject, Profile};
/// use pipeline_core::Step;
///
/// let gate = HealthScore::new(MixProject::at("examples/shop"))
///     .weights(Profile::Kpi.into())
///     .min_score(90.0);
/// let step = Step::gate("health-score", gate).after(&HEARD).exclusive(&["_build/dev"]);
/// ```
#[derive(Clone, Debug)]
pub struct HealthScore {
    project: MixProject,
    source: ScoreSource,
    weights: Weights,
    min_score: f64,
    unmeasured: Unmeasured,
    given: Vec<Measured>,
}

impl HealthScore {
    /// The gate for this project: 80.0 is enough, by the profile `health`.
    #[must_use]
    pub fn new(project: MixProject) -> Self {
        Self {
            project,
            source: ScoreSource::default(),
            weights: Weights::default(),
            min_score: 80.0,
            unmeasured: Unmeasured::default(),
            given: Vec::new(),
        }
    }

    /// Says where the score comes from.
    #[must_use]
    pub fn source(mut self, source: ScoreSource) -> Self {
        self.source = source;
        self
    }

    /// Says how much each component weighs.
    #[must_use]
    pub fn weights(mut self, weights: Weights) -> Self {
        self.weights = weights;
        self
    }

    /// Says what is enough: that much, and more.
    #[must_use]
    pub fn min_score(mut self, min_score: f64) -> Self {
        self.min_score = min_score;
        self
    }

    /// Says what becomes of what cannot be measured.
    #[must_use]
    pub fn unmeasured(mut self, unmeasured: Unmeasured) -> Self {
        self.unmeasured = unmeasured;
        self
    }

    /// Gives a component that somebody else measured; it goes before what the gate would find. Nothing here measures
    /// [`Component::Performance`].
    #[must_use]
    pub fn given(mut self, measured: Measured) -> Self {
        self.given.push(measured);
        self
    }

    async fn measure(&self, cx: &Context) -> Result<Score, Error> {
        if self.source == ScoreSource::Mix {
            return own::run(&self.project, self.min_score, cx).await;
        }
        let mut measured = self.given.clone();
        measured.extend(measure::of_answers(cx.answers()));
        if self.weights.iter().any(|(it, _)| it == Component::Documentation) {
            measured.push(self.documentation(cx).await?);
        }
        Ok(score(&self.weights, &measured, self.unmeasured))
    }

    async fn documentation(&self, cx: &Context) -> Result<Measured, Error> {
        if measure::does_not_compile(cx.answers()) {
            let why = "the code does not compile, and what was compiled before is older";
            return Ok(Measured::unknown(Component::Documentation, why));
        }
        match documentation::measure(&self.project, cx).await {
            Err(error @ Error::Stopped { .. }) => Err(error),
            // One component less is no reason to know nothing.
            Err(error) => Ok(Measured::unknown(Component::Documentation, error.to_string())),
            measured => measured,
        }
    }
}

#[async_trait]
impl Gate for HealthScore {
    async fn check(&self, cx: &Context) -> Outcome {
        let score = self.measure(cx).await?;
        Ok(self.project.with_log(report(&score, self.min_score), cx))
    }
}

/// What a score means.
fn report(score: &Score, min_score: f64) -> Report {
    let report = match unmeasured(score) {
        _ if is_empty(score) => Report::inconclusive(nothing()),
        unmeasured if !score.reaches(min_score) => {
            Report::refused(too_low(score, min_score, unmeasured.as_deref()))
        }
        Some(unmeasured) => {
            Report::alert(Finding { level: Level::Advisory, ..partly(&unmeasured) })
        }
        None => Report::passed(),
    };
    let measured = score.components.iter().filter_map(|it| Some((it.component.name(), it.value?)));
    let report = measured.fold(report, |report, (name, value)| report.number(name, value));
    report.number("score", score.score).evidence(Evidence::new(EVIDENCE, score.object(min_score)))
}

/// Was nothing measured, and nothing counted?
fn is_empty(score: &Score) -> bool {
    !score.components.is_empty() && score.components.iter().all(|it| it.weight <= 0.0)
}

fn nothing() -> Finding {
    Finding::warning("no component of the score could be measured")
        .rule("health-score")
        .remedy("run it after the gates that measure them: `pipeline score`")
}

fn too_low(score: &Score, min_score: f64, unmeasured: Option<&str>) -> Finding {
    let gains = score.to_gain();
    let most: Vec<_> =
        gains.iter().take(2).map(|it| format!("{} (+{:.1})", it.component, it.to_gain())).collect();
    let mut message = format!(
        "the health score is {:.1} ({}), the limit is {min_score:.1}",
        score.score, score.grade
    );
    if !most.is_empty() {
        message = format!("{message}; most is to gain from {}", most.join(" and "));
    }
    if let Some(unmeasured) = unmeasured {
        message = format!("{message}; {unmeasured}");
    }
    let finding = Finding::error(message).rule("health-score");
    match gains.first() {
        Some(first) => finding.remedy(format!("begin with {}: {}", first.component, why(first))),
        None => finding.remedy("run `mix health.score` and look at it"),
    }
}

fn partly(unmeasured: &str) -> Finding {
    let message = format!("the health score knows only a part: {unmeasured}");
    Finding::warning(message)
        .rule("health-score/unmeasured")
        .remedy("`pipeline score` says why of each")
}

/// The components that were not measured, and what they count.
fn unmeasured(score: &Score) -> Option<String> {
    let names: Vec<_> = score.unmeasured().map(|it| it.component.name()).collect();
    let counts = if score.unmeasured().all(|it| it.weight > 0.0) { "0" } else { "nothing" };
    (!names.is_empty())
        .then(|| format!("not measured, and counted as {counts}: {}", names.join(", ")))
}

fn why(rated: &Rated) -> String {
    one_line(&rated.how, LONGEST)
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
