//! What the answers to one probe amount to: a pure fold, in the order they came.

use std::num::NonZeroU32;
use std::time::Duration;

use pipeline_core::{Trigger, Verdict};

use super::follow::Answer;
use super::judge::{Judgement, Standard};
use crate::client::Unanswered;
use crate::error::Error;
use crate::response::Response;

/// The answers so far.
#[derive(Debug)]
pub(super) struct Tally {
    wanted: u32,
    /// So many bad answers in a row are enough.
    enough_bad: Option<NonZeroU32>,
    /// Bad answers in a row, up to now; those that say nothing for sure are passed over.
    bad_row: u32,
    /// Good answers in a row, up to now.
    good: u32,
    /// What the good ones were worth; `None` before the first.
    worth: Option<Judgement>,
    bad: Option<Bad>,
    pub(super) tries: u32,
    /// How long good answers took.
    pub(super) latencies: Vec<Duration>,
}

#[derive(Debug)]
enum Bad {
    Judged(Judgement, Response),
    Silent(String),
    Blind(Error),
}

/// What they amounted to.
#[derive(Debug)]
pub(super) enum End {
    /// There is a verdict.
    Judged(Judgement, Option<Response>),
    /// This side could not look.
    Blind(Error),
}

impl Tally {
    /// Decided by so many good answers in a row, or by so many bad ones.
    pub(super) fn new(wanted: NonZeroU32, enough_bad: Option<NonZeroU32>) -> Self {
        Self {
            wanted: wanted.get(),
            enough_bad,
            bad_row: 0,
            good: 0,
            worth: None,
            bad: None,
            tries: 0,
            latencies: Vec::new(),
        }
    }

    /// Takes one more answer.
    pub(super) fn take(&mut self, standard: &Standard<'_>, asked: Result<Answer, Unanswered>) {
        self.tries += 1;
        let bad = match asked {
            Ok(answer) => match standard.judge(&answer) {
                judged if judged.verdict <= Verdict::Alert => {
                    return self.praise(judged, &answer.response);
                }
                judged => Bad::Judged(judged, answer.response),
            },
            Err(Unanswered::Silent(words)) => Bad::Silent(words),
            Err(Unanswered::Blind(error)) => Bad::Blind(error),
        };
        self.bad_row += u32::from(bad.is_sure());
        (self.good, self.worth, self.bad) = (0, None, Some(bad));
    }

    /// Were there enough good answers in a row, or enough bad ones?
    pub(super) fn is_decided(&self) -> bool {
        self.is_good() || self.enough_bad.is_some_and(|enough| self.bad_row >= enough.get())
    }

    fn is_good(&self) -> bool {
        self.good >= self.wanted
    }

    /// Was there an answer at all?
    pub(super) fn is_empty(&self) -> bool {
        self.tries == 0
    }

    /// What is wrong now, in words; `None` while all is well.
    pub(super) fn complaint(&self) -> Option<String> {
        (self.good == 0).then_some(self.bad.as_ref()?).map(Bad::words)
    }

    /// What they amount to, when the window is over or enough of them came.
    pub(super) fn end(self, within: Duration) -> End {
        let (decided, good, wanted) = (self.is_good(), self.good, self.wanted);
        match (self.worth, self.bad) {
            (Some(worth), _) if decided => {
                let row =
                    if wanted > 1 { format!(", {wanted} times in a row") } else { String::new() };
                let message = format!("{}{row}", worth.message);
                End::Judged(Judgement { message, ..worth }, None)
            }
            (Some(worth), bad) => {
                let before = bad.as_ref().map(|it| format!("; before, it {}", it.words()));
                let message = format!(
                    "{}, but only {good} of {wanted} times in a row within {within:?}{}",
                    worth.message,
                    before.unwrap_or_default()
                );
                let (verdict, trigger) = unsteady(bad.as_ref());
                End::Judged(Judgement { verdict, message, trigger: Some(trigger) }, None)
            }
            (None, Some(Bad::Judged(judged, response))) => End::Judged(judged, Some(response)),
            (None, Some(Bad::Silent(message))) => End::Judged(Judgement::silent(message), None),
            (None, Some(Bad::Blind(error))) => End::Blind(error),
            (None, None) => {
                let message = format!("was not asked within {within:?}; raise `within`");
                End::Judged(Judgement::inconclusive(message), None)
            }
        }
    }

    fn praise(&mut self, judged: Judgement, response: &Response) {
        self.good += 1;
        self.bad_row = 0;
        self.latencies.push(response.took);
        let better = self.worth.as_ref().is_some_and(|worth| worth.verdict >= judged.verdict);
        if !better {
            self.worth = Some(judged);
        }
    }
}

impl Bad {
    /// Is it wrong, and not only unclear?
    fn is_sure(&self) -> bool {
        match self {
            Self::Judged(judged, _) => judged.verdict == Verdict::Refused,
            Self::Silent(_) => true,
            Self::Blind(_) => false,
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Judged(judged, _) => judged.message.clone(),
            Self::Silent(words) => words.clone(),
            Self::Blind(error) => format!("could not be asked: {error}"),
        }
    }
}

/// Good at last but not steadily: bad if it was seen to be bad, else nobody knows.
fn unsteady(bad: Option<&Bad>) -> (Verdict, Trigger) {
    match bad {
        Some(Bad::Judged(judged, _)) => (judged.verdict, judged.trigger.unwrap_or(Trigger::Smoke)),
        Some(Bad::Silent(_)) => (Verdict::Refused, Trigger::Smoke),
        Some(Bad::Blind(_)) | None => (Verdict::Inconclusive, Trigger::Inconclusive),
    }
}

#[cfg(test)]
#[path = "tests/tally.rs"]
mod tests;
