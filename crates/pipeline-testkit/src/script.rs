//! Answers in their order. A call too many fails the test.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use pipeline_core::{Context, Fault};

use crate::answer::Answer;

/// Shared, because a test keeps one handle while the pipeline owns the other.
#[derive(Debug)]
pub(crate) struct Script<T> {
    who: &'static str,
    told: Arc<Mutex<Told<T>>>,
}

#[derive(Debug)]
struct Told<T> {
    answers: VecDeque<Answer<T>>,
    calls: usize,
    /// Is the last answer given for ever?
    forever: bool,
}

impl<T: Clone> Script<T> {
    pub(crate) fn new(who: &'static str, answers: impl IntoIterator<Item = Answer<T>>) -> Self {
        Self::of(who, answers.into_iter().collect(), false)
    }

    pub(crate) fn always(who: &'static str, answer: Answer<T>) -> Self {
        Self::of(who, VecDeque::from([answer]), true)
    }

    pub(crate) fn calls(&self) -> usize {
        self.lock().calls
    }

    pub(crate) fn assert_exhausted(&self) {
        let (calls, left) = {
            let told = self.lock();
            (told.calls, if told.forever { 0 } else { told.answers.len() })
        };
        assert!(
            left == 0,
            "{} was called {calls} times, and {left} of its answers were never asked for",
            self.who
        );
    }

    pub(crate) async fn play(&self, cx: &Context) -> Result<T, Fault> {
        self.take(cx).play(cx).await
    }

    fn take(&self, cx: &Context) -> Answer<T> {
        let mut told = self.lock();
        told.calls += 1;
        let next =
            if told.forever { told.answers.front().cloned() } else { told.answers.pop_front() };
        let calls = told.calls;
        // Given back first, so that the test can still read the counts after the panic.
        drop(told);
        let (who, step) = (self.who, cx.step());
        next.unwrap_or_else(|| {
            panic!(
                "{who} `{step}` was called for the {calls}. time, which its script does not have"
            )
        })
    }

    fn of(who: &'static str, answers: VecDeque<Answer<T>>, forever: bool) -> Self {
        Self { who, told: Arc::new(Mutex::new(Told { answers, calls: 0, forever })) }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Told<T>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Clone for Script<T> {
    fn clone(&self) -> Self {
        Self { who: self.who, told: self.told.clone() }
    }
}
