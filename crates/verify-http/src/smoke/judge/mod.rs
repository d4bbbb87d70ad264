//! Whether an answer is what was wanted. Pure.

mod build;
mod certificate;

pub(super) use build::{Wanted, wanted};

use std::time::SystemTime;

use pipeline_core::{Trigger, Verdict};

use super::follow::Answer;
use crate::config::SmokeCheck;
use crate::expect::{Difference, Part, clip};
use crate::health::{Ill, ill};
use crate::redact::Secrets;
use crate::response::Response;

/// How many flaws of one answer are told.
const TOLD: usize = 4;

/// What an answer is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Judgement {
    pub(super) verdict: Verdict,
    /// In words that follow the request: "answered 500, wanted 200".
    pub(super) message: String,
    /// What it has seen, unless it passed.
    pub(super) trigger: Option<Trigger>,
}

/// All that an answer is judged by.
#[derive(Clone, Debug)]
pub(super) struct Standard<'c> {
    pub(super) check: &'c SmokeCheck,
    /// `None` where users' requests go.
    pub(super) instance: Option<String>,
    /// The build that must have answered, if the check asks.
    pub(super) build: Option<Wanted>,
    /// `None` where nobody asks for the time.
    pub(super) now: Option<SystemTime>,
    pub(super) secrets: &'c Secrets,
}

/// One thing that is not right, and how bad it is.
struct Flaw {
    verdict: Verdict,
    trigger: Trigger,
    /// In words that follow "answered 200, but".
    words: String,
}

impl Judgement {
    /// No answer, in words.
    pub(super) fn silent(message: String) -> Self {
        Self { verdict: Verdict::Refused, message, trigger: Some(Trigger::Smoke) }
    }

    pub(super) fn inconclusive(message: String) -> Self {
        let trigger = Some(Trigger::Inconclusive);
        Self { verdict: Verdict::Inconclusive, message, trigger }
    }
}

impl Standard<'_> {
    /// Judges an answer. It is as bad as the worst of what is wrong with it.
    ///
    /// A body is JSON that calls itself unhealthy or degraded, or its database down, and is believed, whatever its
    /// status says.
    pub(super) fn judge(&self, answer: &Answer) -> Judgement {
        let response = &answer.response;
        // An answer of another machine proves nothing about this one.
        if let Some(words) = self.elsewhere(response) {
            return Judgement::inconclusive(words);
        }
        let differences = self.check.expect.differences(response);
        if let Some(wrong) = differences.first().filter(|it| it.part == Part::Status) {
            let answered = wrong.words(self.secrets) + &answer.way_in_words();
            return sum(answered, "; it ", self.ill(response).into_iter().chain([Flaw::status()]));
        }
        let told = self.build.as_ref();
        let told = told.and_then(|it| it.told(self.check, response, self.secrets));
        let (told, way) = (told.unwrap_or_default(), answer.way_in_words());
        let answered = format!("answered {}{told}{way}", response.status);
        sum(answered, ", but ", self.flaws(response, &differences))
    }

    /// What is wrong with an answer whose status is right.
    fn flaws(&self, response: &Response, differences: &[Difference]) -> Vec<Flaw> {
        // An answer that was wanted to be bad, such as a 503, may say why.
        let ill = self.ill(response).filter(|_| (200..300).contains(&response.status));
        let build = self.build.as_ref().and_then(|it| it.flaw(self.check, response, self.secrets));
        let differences = differences.iter().map(|it| {
            let words = it.words(self.secrets);
            if it.is_certain() { Flaw::refused(words) } else { Flaw::unclear(words) }
        });
        ill.into_iter().chain(differences).chain(build).chain(self.certificate(response)).collect()
    }

    fn ill(&self, response: &Response) -> Option<Flaw> {
        let ill = ill(&response.body)?;
        let (verdict, trigger) = match ill {
            Ill::Database(_) => (Verdict::Refused, Trigger::Database),
            Ill::Unhealthy => (Verdict::Refused, Trigger::Smoke),
            Ill::Degraded => (Verdict::Alert, Trigger::Degraded),
        };
        Some(Flaw { verdict, trigger, words: clip(&self.secrets.strike(&ill.words())) })
    }

    fn elsewhere(&self, response: &Response) -> Option<String> {
        let wanted = self.instance.as_deref()?;
        let answered = clip(&self.secrets.strike(response.machine()?));
        (answered != wanted).then(|| format!("was answered by another machine, {answered}"))
    }
}

/// As bad as the worst flaw, in the words of all of them.
fn sum(answered: String, link: &str, flaws: impl IntoIterator<Item = Flaw>) -> Judgement {
    let mut flaws: Vec<_> = flaws.into_iter().collect();
    flaws.sort_by_key(|it| std::cmp::Reverse(it.verdict));
    let (verdict, trigger) = match flaws.first() {
        Some(worst) => (worst.verdict, Some(worst.trigger)),
        None => (Verdict::Passed, None),
    };
    let words: Vec<_> =
        flaws.iter().map(|it| it.words.as_str()).filter(|it| !it.is_empty()).collect();
    let shown = words.iter().take(TOLD).copied().collect::<Vec<_>>().join("; ");
    let message = match words.len() {
        0 => answered,
        1..=TOLD => format!("{answered}{link}{shown}"),
        more => format!("{answered}{link}{shown}; and {} more", more - TOLD),
    };
    Judgement { verdict, message, trigger }
}

impl Flaw {
    fn refused(words: String) -> Self {
        Self { verdict: Verdict::Refused, trigger: Trigger::Smoke, words }
    }

    fn unclear(words: String) -> Self {
        Self { verdict: Verdict::Inconclusive, trigger: Trigger::Inconclusive, words }
    }

    /// The status itself, which is told already.
    fn status() -> Self {
        Self::refused(String::new())
    }
}

#[cfg(test)]
mod tests;
