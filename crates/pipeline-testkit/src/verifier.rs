//! A verifier that measures and answers as it was told to, and remembers what it was asked about.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use pipeline_core::{Context, Deployment, Evidence, Fault, Outcome, Report, Verifier};

use crate::answer::Answer;
use crate::script::Script;

/// A verifier with a script. Cloning gives another handle to the same one.
///
/// ```
/// use pipeline_core::Evidence;
/// use pipeline_testkit::{Answer, ScriptedVerifier};
///
/// let verifier = ScriptedVerifier::new([Answer::alert("2.4 times slower"), Answer::pass()])
///     .baselines([Answer::value(Some(Evidence::new("latency_ms", 12)))]);
/// assert!(verifier.asked().is_empty());
/// ```
#[derive(Clone, Debug)]
pub struct ScriptedVerifier {
    script: Script<Report>,
    baselines: Option<Script<Option<Evidence>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// A deployment, and the baseline that was handed over with it.
type Asked = (Deployment, Option<Evidence>);

impl ScriptedVerifier {
    /// Gives these answers in this order; one call more fails the test. There is no baseline.
    pub fn new(answers: impl IntoIterator<Item = Answer<Report>>) -> Self {
        Self::of(Script::new("the scripted verifier", answers))
    }

    /// Gives this answer however often it is called.
    #[must_use]
    pub fn always(answer: Answer<Report>) -> Self {
        Self::of(Script::always("the scripted verifier", answer))
    }

    /// Measures these baselines in this order; one call more fails the test.
    #[must_use]
    pub fn baselines(
        mut self,
        answers: impl IntoIterator<Item = Answer<Option<Evidence>>>,
    ) -> Self {
        self.baselines = Some(Script::new("the baseline of the scripted verifier", answers));
        self
    }

    /// What it was asked to verify, in order, each with the baseline it was handed.
    #[must_use]
    pub fn asked(&self) -> Vec<(Deployment, Option<Evidence>)> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often it was asked to verify.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.script.calls()
    }

    /// Fails the test unless every answer and every baseline was asked for.
    pub fn assert_exhausted(&self) {
        self.script.assert_exhausted();
        if let Some(baselines) = &self.baselines {
            baselines.assert_exhausted();
        }
    }

    fn of(script: Script<Report>) -> Self {
        Self { script, baselines: None, asked: Arc::default() }
    }
}

#[async_trait]
impl Verifier for ScriptedVerifier {
    async fn baseline(&self, _: &Deployment, cx: &Context) -> Result<Option<Evidence>, Fault> {
        match &self.baselines {
            Some(baselines) => baselines.play(cx).await,
            None => Ok(None),
        }
    }

    async fn verify(&self, deployment: &Deployment, cx: &Context) -> Outcome {
        let asked = (deployment.clone(), cx.baseline().cloned());
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
        self.script.play(cx).await
    }
}
