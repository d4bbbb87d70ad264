//! A person who answers as they were told to.

use async_trait::async_trait;
use pipeline_core::{Context, Decision, Failure, Person, Phase};

use crate::answer::Answer;
use crate::run::a_run;
use crate::script::Script;

/// A person with a script. Cloning gives another handle to the same one.
///
/// ```
/// use std::time::Duration;
/// use pipeline_core::Decision;
/// use pipeline_testkit::{Answer, ScriptedPerson};
///
/// let slow = Answer::value(Some(Decision::Restore)).takes(Duration::from_secs(90));
/// let person = ScriptedPerson::new([slow, Answer::value(None), Answer::hang()]);
/// assert_eq!(person.calls(), 0);
/// ```
#[derive(Clone, Debug)]
pub struct ScriptedPerson {
    script: Script<Option<Decision>>,
}

impl ScriptedPerson {
    /// Answers so, in this order; one question more fails the test.
    pub fn new(answers: impl IntoIterator<Item = Answer<Option<Decision>>>) -> Self {
        Self { script: Script::new("the scripted person", answers) }
    }

    /// How often they were asked.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.script.calls()
    }
}

#[async_trait]
impl Person for ScriptedPerson {
    async fn decide(&self, failure: &Failure) -> Option<Decision> {
        // Nobody stops a person but the engine, by no longer waiting.
        let cx: Context = a_run("nobody").context(Phase::Verify, &failure.step);
        self.script.play(&cx).await.ok().flatten()
    }
}
