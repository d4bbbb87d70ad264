//! What can be wrong with a step, and whose fault that is.

use pipeline_core::Verdict;

use crate::client::Unanswered;
use crate::error::Error;
use crate::expect::Difference;
use crate::redact::Secrets;

/// What is wrong with a step.
#[derive(Debug)]
pub(super) enum Wrong {
    /// The answer is not what was wanted.
    Differs(Vec<Difference>),
    /// It failed otherwise; in words that follow the request.
    Failed(String),
    /// Nobody can tell; in words that follow the request.
    Unknown(String),
    /// This side could not ask.
    Blind(Error),
}

impl Wrong {
    /// What it says about the application.
    pub(super) fn verdict(&self) -> Verdict {
        match self {
            Self::Differs(all) if all.iter().any(Difference::is_certain) => Verdict::Refused,
            Self::Failed(_) => Verdict::Refused,
            Self::Differs(_) | Self::Unknown(_) | Self::Blind(_) => Verdict::Inconclusive,
        }
    }

    /// In words that follow the request.
    pub(super) fn words(&self, secrets: &Secrets) -> String {
        match self {
            Self::Differs(all) => {
                let words: Vec<_> = all.iter().map(|it| it.words(secrets)).collect();
                words.join("; ")
            }
            Self::Failed(words) | Self::Unknown(words) => secrets.strike(words),
            Self::Blind(error) => secrets.strike(&format!("could not be asked: {error}")),
        }
    }

    /// How the answer differs, where there is one to compare.
    pub(super) fn differences(&self) -> &[Difference] {
        match self {
            Self::Differs(all) => all,
            _ => &[],
        }
    }
}

impl From<Unanswered> for Wrong {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Silent(words) => Self::Failed(words),
            Unanswered::Blind(error) => Self::Blind(error),
        }
    }
}

impl From<Error> for Wrong {
    fn from(error: Error) -> Self {
        Self::Blind(error)
    }
}
