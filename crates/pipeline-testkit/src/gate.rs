//! A gate that answers as it was told to.

use async_trait::async_trait;
use pipeline_core::{Context, Gate, Inputs, Outcome, Report};

use crate::answer::Answer;
use crate::script::Script;

/// A gate with a script. Cloning gives another handle to the same one.
///
/// ```
/// use pipeline_core::{Gates, Step};
/// use pipeline_testkit::{Answer, ScriptedGate, a_run};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let gate = ScriptedGate::new([Answer::refuse("1 test failed"), Answer::pass()]);
/// let gates = Gates::builder().gate(Step::gate("test", gate.clone())).build()?;
/// assert!(!gates.check(&a_run("v2")).await[0].outcome.as_ref().unwrap().as_ref().unwrap().lets_pass());
/// assert_eq!(gate.calls(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(()) }).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct ScriptedGate {
    script: Script<Report>,
    inputs: Option<Inputs>,
}

impl ScriptedGate {
    /// Gives these answers in this order; one call more fails the test.
    pub fn new(answers: impl IntoIterator<Item = Answer<Report>>) -> Self {
        Self { script: Script::new("the scripted gate", answers), inputs: None }
    }

    /// Gives this answer however often it is called.
    #[must_use]
    pub fn always(answer: Answer<Report>) -> Self {
        Self { script: Script::always("the scripted gate", answer), inputs: None }
    }

    /// Says what it reads, for a cache.
    #[must_use]
    pub fn reads(mut self, inputs: Inputs) -> Self {
        self.inputs = Some(inputs);
        self
    }

    /// How often it was called.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.script.calls()
    }

    /// Fails the test unless every answer was asked for.
    pub fn assert_exhausted(&self) {
        self.script.assert_exhausted();
    }
}

#[async_trait]
impl Gate for ScriptedGate {
    fn inputs(&self, _cx: &Context) -> Option<Inputs> {
        self.inputs.clone()
    }

    async fn check(&self, cx: &Context) -> Outcome {
        self.script.play(cx).await
    }
}
