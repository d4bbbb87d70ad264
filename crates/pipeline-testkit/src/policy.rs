//! A policy that decides as it was told to, and remembers the failures it was asked about.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use pipeline_core::{Decision, Failure, RollbackPolicy};

/// A policy with a script. Cloning gives another handle to the same one.
///
/// A real policy is pure; this one counts, so it belongs into tests only.
///
/// ```
/// use pipeline_core::Decision;
/// use pipeline_testkit::ScriptedPolicy;
///
/// let policy = ScriptedPolicy::new([Decision::Leave]);
/// assert!(policy.asked().is_empty());
/// ```
#[derive(Clone, Debug)]
pub struct ScriptedPolicy {
    script: Arc<Mutex<Told>>,
}

#[derive(Debug)]
struct Told {
    decisions: VecDeque<Decision>,
    asked: Vec<Failure>,
}

impl ScriptedPolicy {
    /// Decides so, in this order; one question more fails the test.
    pub fn new(decisions: impl IntoIterator<Item = Decision>) -> Self {
        let decisions = decisions.into_iter().collect();
        Self { script: Arc::new(Mutex::new(Told { decisions, asked: Vec::new() })) }
    }

    /// The failures it was asked about, in order.
    #[must_use]
    pub fn asked(&self) -> Vec<Failure> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner).asked.clone()
    }
}

impl RollbackPolicy for ScriptedPolicy {
    fn decide(&self, failure: &Failure) -> Decision {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.asked.push(failure.clone());
        let (calls, next) = (script.asked.len(), script.decisions.pop_front());
        drop(script);
        next.unwrap_or_else(|| {
            panic!("the scripted policy was asked for the {calls}. time, about {failure:?}")
        })
    }
}
