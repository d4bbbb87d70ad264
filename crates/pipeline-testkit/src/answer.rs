//! One scripted answer: what it is, how long it takes, and whether it listens when asked to stop.

use std::future::pending;
use std::time::Duration;

use pipeline_core::{Artifact, Context, Fault, Finding, Outcome, Report};
use tokio::time::timeout;

/// What a scripted fake does at one call.
///
/// ```
/// use std::time::Duration;
/// use pipeline_core::Report;
/// use pipeline_testkit::Answer;
///
/// let slow = Answer::pass().takes(Duration::from_secs(90));
/// let deaf = Answer::<Report>::hang().ignores_cancel();
/// ```
#[derive(Clone, Debug)]
pub struct Answer<T> {
    /// `None` hangs.
    value: Option<Result<T, Fault>>,
    takes: Duration,
    ignores_cancel: bool,
}

impl<T> Answer<T> {
    /// Answers with this value.
    #[must_use]
    pub fn value(value: T) -> Self {
        Self::of(Some(Ok(value)))
    }

    /// Has no answer, for this reason.
    #[must_use]
    pub fn fault(fault: Fault) -> Self {
        Self::of(Some(Err(fault)))
    }

    /// Never answers; ends with [`Fault::cancelled`] when asked to stop.
    #[must_use]
    pub fn hang() -> Self {
        Self::of(None)
    }

    /// Takes this long by tokio's clock, which a test may pause. Asked to stop, it does at once.
    #[must_use]
    pub fn takes(mut self, duration: Duration) -> Self {
        self.takes = duration;
        self
    }

    /// Does not listen when asked to stop: only dropping it ends it.
    #[must_use]
    pub fn ignores_cancel(mut self) -> Self {
        self.ignores_cancel = true;
        self
    }

    pub(crate) async fn play(self, cx: &Context) -> Result<T, Fault> {
        let Some(value) = self.value else {
            if self.ignores_cancel {
                pending::<()>().await;
            }
            cx.cancelled().await;
            return Err(Fault::cancelled());
        };
        if self.takes.is_zero() {
            return value;
        }
        let deaf = self.ignores_cancel;
        let asked = async move { if deaf { pending().await } else { cx.cancelled().await } };
        match timeout(self.takes, asked).await {
            Ok(()) => Err(Fault::cancelled()),
            Err(_elapsed) => value,
        }
    }

    fn of(value: Option<Result<T, Fault>>) -> Self {
        Self { value, takes: Duration::ZERO, ignores_cancel: false }
    }
}

impl Answer<Report> {
    /// Yes.
    #[must_use]
    pub fn pass() -> Self {
        Self::value(Report::passed())
    }

    /// Yes, but people should know this.
    #[must_use]
    pub fn alert(message: &str) -> Self {
        Self::value(Report::alert(Finding::warning(message)))
    }

    /// No, for this reason.
    #[must_use]
    pub fn refuse(message: &str) -> Self {
        Self::value(Report::refused(Finding::error(message)))
    }

    /// Could not tell, for this reason.
    #[must_use]
    pub fn inconclusive(message: &str) -> Self {
        Self::value(Report::inconclusive(Finding::warning(message)))
    }
}

impl Answer<Artifact> {
    /// Builds an artifact of this reference.
    #[must_use]
    pub fn builds(reference: &str) -> Self {
        Self::value(Artifact::new(reference))
    }
}

impl From<Outcome> for Answer<Report> {
    fn from(outcome: Outcome) -> Self {
        Self::of(Some(outcome))
    }
}
