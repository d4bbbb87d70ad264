//! What the answers to one probe amount to: a pure fold, in the order they came.

use std::time::Duration;

use pipeline_core::Verdict;

use crate::client::{Asked, Unanswered};
use crate::config::SmokeCheck;
use crate::error::Error;
use crate::judge::{Judgement, judge};
use crate::response::Response;

/// The answers so far.
#[derive(Debug)]
pub(crate) struct Tally {
    wanted: u32,
    /// Good answers in a row, up to now.
    good: u32,
    /// What the good ones were worth; `None` before the first.
    worth: Option<Judgement>,
    bad: Option<Bad>,
    pub(crate) tries: u32,
    /// How long good answers took.
    pub(crate) latencies: Vec<Duration>,
}

#[derive(Debug)]
enum Bad {
    Judged(Judgement, Response),
    Silent(String),
    Blind(Error),
}

/// What they amounted to.
#[derive(Debug)]
pub(crate) enum End {
    /// There is a verdict.
    Judged(Judgement, Option<Response>),
    /// This side could not look.
    Blind(Error),
}

impl Tally {
    pub(crate) fn new(wanted: u32) -> Self {
        let (good, worth, bad, tries) = (0, None, None, 0);
        Self { wanted, good, worth, bad, tries, latencies: Vec::new() }
    }

    /// Takes one more answer.
    pub(crate) fn take(&mut self, check: &SmokeCheck, instance: Option<&str>, asked: Asked) {
        self.tries += 1;
        let bad = match asked {
            Ok(response) => match judge(check, instance, &response) {
                judged if judged.verdict <= Verdict::Alert => {
                    return self.praise(judged, &response);
                }
                judged => Bad::Judged(judged, response),
            },
            Err(Unanswered::Silent(words)) => Bad::Silent(words),
            Err(Unanswered::Blind(error)) => Bad::Blind(error),
        };
        (self.good, self.worth, self.bad) = (0, None, Some(bad));
    }

    /// Were there enough good answers in a row?
    pub(crate) fn is_decided(&self) -> bool {
        self.good >= self.wanted
    }

    /// Was there an answer at all?
    pub(crate) fn is_empty(&self) -> bool {
        self.tries == 0
    }

    /// What is wrong now, in words; `None` while all is well.
    pub(crate) fn complaint(&self) -> Option<String> {
        (self.good == 0).then_some(self.bad.as_ref()?).map(Bad::words)
    }

    /// What they amount to, when the window is over or enough good ones came.
    pub(crate) fn end(self, within: Duration) -> End {
        let (decided, good, wanted) = (self.is_decided(), self.good, self.wanted);
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
                End::Judged(Judgement { verdict: unsteady(bad.as_ref()), message }, None)
            }
            (None, Some(Bad::Judged(judged, response))) => End::Judged(judged, Some(response)),
            (None, Some(Bad::Silent(message))) => {
                End::Judged(Judgement { verdict: Verdict::Refused, message }, None)
            }
            (None, Some(Bad::Blind(error))) => End::Blind(error),
            (None, None) => {
                let message = format!("was not asked within {within:?}; raise `within`");
                End::Judged(Judgement { verdict: Verdict::Inconclusive, message }, None)
            }
        }
    }

    fn praise(&mut self, judged: Judgement, response: &Response) {
        self.good += 1;
        self.latencies.push(response.took);
        let better = self.worth.as_ref().is_some_and(|worth| worth.verdict >= judged.verdict);
        if !better {
            self.worth = Some(judged);
        }
    }
}

impl Bad {
    fn words(&self) -> String {
        match self {
            Self::Judged(judged, _) => judged.message.clone(),
            Self::Silent(words) => words.clone(),
            Self::Blind(error) => format!("could not be asked: {error}"),
        }
    }
}

/// Good at last but not steadily: bad if it was seen to be bad, else nobody knows.
fn unsteady(bad: Option<&Bad>) -> Verdict {
    match bad {
        Some(Bad::Judged(judged, _)) => judged.verdict,
        Some(Bad::Silent(_)) => Verdict::Refused,
        Some(Bad::Blind(_)) | None => Verdict::Inconclusive,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::response::response;

    fn ok() -> Response {
        response(200, "")
    }

    fn down() -> Response {
        response(503, "starting")
    }

    fn silent() -> Asked {
        Err(Unanswered::Silent("did not answer: connection refused".into()))
    }

    fn blind() -> Asked {
        let source = std::io::Error::other("no such host");
        Err(Unanswered::Blind(Error::Dns { host: "shop.test".into(), source }))
    }

    fn end(answers: Vec<Asked>) -> String {
        let mut tally = Tally::new(2);
        for asked in answers {
            tally.take(&SmokeCheck::get("/"), None, asked);
        }
        match tally.end(Duration::from_mins(1)) {
            End::Judged(judged, _) => format!("{:?}: {}", judged.verdict, judged.message),
            End::Blind(error) => format!("fault: {error}"),
        }
    }

    #[test]
    fn enough_good_answers_in_a_row_pass_whatever_came_before() {
        insta::assert_snapshot!(end(vec![Ok(ok()), Ok(ok())]),
            @"Passed: answered 200, 2 times in a row");
        insta::assert_snapshot!(end(vec![Ok(down()), Ok(ok()), silent(), Ok(ok()), Ok(ok())]),
            @"Passed: answered 200, 2 times in a row");
    }

    #[test]
    fn one_degraded_answer_in_the_row_is_an_alert() {
        let degraded = || Ok(response(200, r#"{"status": "degraded"}"#));
        insta::assert_snapshot!(end(vec![degraded(), Ok(ok())]),
            @"Alert: answered 200, but calls itself degraded, 2 times in a row");
        insta::assert_snapshot!(end(vec![Ok(ok()), degraded()]),
            @"Alert: answered 200, but calls itself degraded, 2 times in a row");
        // A bad answer ends the row, and what was said in it.
        insta::assert_snapshot!(end(vec![degraded(), Ok(down()), Ok(ok()), Ok(ok())]),
            @"Passed: answered 200, 2 times in a row");
    }

    #[test]
    fn the_last_answer_is_the_finding() {
        insta::assert_snapshot!(end(vec![silent(), Ok(ok()), Ok(down())]),
            @"Refused: answered 503, wanted 200");
        insta::assert_snapshot!(end(vec![Ok(down()), silent()]),
            @"Refused: did not answer: connection refused");
        insta::assert_snapshot!(end(vec![Ok(down()), blind()]),
            @"fault: the name `shop.test` could not be resolved");
    }

    #[test]
    fn what_is_not_steady_is_not_good() {
        insta::assert_snapshot!(end(vec![Ok(down()), Ok(ok())]),
            @"Refused: answered 200, but only 1 of 2 times in a row within 60s; before, it answered 503, wanted 200");
        insta::assert_snapshot!(end(vec![Ok(ok())]),
            @"Inconclusive: answered 200, but only 1 of 2 times in a row within 60s");
        insta::assert_snapshot!(end(vec![blind(), Ok(ok())]),
            @"Inconclusive: answered 200, but only 1 of 2 times in a row within 60s; before, it could not be asked: the name `shop.test` could not be resolved");
    }

    #[test]
    fn nothing_asked_is_nothing_known() {
        insta::assert_snapshot!(end(vec![]),
            @"Inconclusive: was not asked within 60s; raise `within`");
    }
}
