//! A builder that answers as it was told to.

use async_trait::async_trait;
use pipeline_core::{Artifact, Builder, Context, Fault};

use crate::answer::Answer;
use crate::script::Script;

/// A builder with a script. Cloning gives another handle to the same one.
///
/// ```
/// use pipeline_core::Step;
/// use pipeline_testkit::{Answer, ScriptedBuilder};
///
/// let builder = ScriptedBuilder::new([Answer::builds("registry.test/shop@sha256:2222")]);
/// let step = Step::builder("image", builder.clone());
/// assert_eq!(builder.calls(), 0);
/// ```
#[derive(Clone, Debug)]
pub struct ScriptedBuilder {
    script: Script<Artifact>,
}

impl ScriptedBuilder {
    /// Gives these answers in this order; one call more fails the test.
    pub fn new(answers: impl IntoIterator<Item = Answer<Artifact>>) -> Self {
        Self { script: Script::new("the scripted builder", answers) }
    }

    /// Gives this answer however often it is called.
    #[must_use]
    pub fn always(answer: Answer<Artifact>) -> Self {
        Self { script: Script::always("the scripted builder", answer) }
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
impl Builder for ScriptedBuilder {
    async fn build(&self, cx: &Context) -> Result<Artifact, Fault> {
        self.script.play(cx).await
    }
}
