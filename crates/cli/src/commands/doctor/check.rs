//! One thing that was looked at.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::timeout;

use crate::render::Tone;

/// How long whoever is asked over a network may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Good,
    /// Nothing that keeps a deploy from starting.
    Warn,
    Bad,
    Unknown,
}

impl Mark {
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Warn => "!",
            Self::Bad => "✗",
            Self::Unknown => "?",
        }
    }

    pub(super) fn tone(self) -> Tone {
        match self {
            Self::Good => Tone::Good,
            Self::Warn | Self::Unknown => Tone::Warn,
            Self::Bad => Tone::Bad,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warn => "warning",
            Self::Bad => "bad",
            Self::Unknown => "unknown",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) mark: Mark,
    pub(super) message: String,
    pub(super) remedy: Option<String>,
}

impl Check {
    fn new(mark: Mark, name: &str, message: impl Into<String>) -> Self {
        // One line: what tools say may be more.
        let message = pipeline_process::one_line(&message.into(), 300);
        Self { name: name.to_owned(), mark, message, remedy: None }
    }

    pub(super) fn good(name: &str, message: impl Into<String>) -> Self {
        Self::new(Mark::Good, name, message)
    }

    pub(super) fn warn(name: &str, message: impl Into<String>) -> Self {
        Self::new(Mark::Warn, name, message)
    }

    pub(super) fn bad(name: &str, message: impl Into<String>) -> Self {
        Self::new(Mark::Bad, name, message)
    }

    pub(super) fn unknown(name: &str, message: impl Into<String>) -> Self {
        Self::new(Mark::Unknown, name, message)
    }

    #[must_use]
    pub(super) fn mend(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    pub(super) fn object(&self, group: &str) -> Value {
        let Self { name, mark, message, remedy } = self;
        json!({ "group": group, "name": name, "mark": mark.word(), "message": message, "remedy": remedy })
    }
}

/// The answer, or that there was none in time.
pub(super) async fn within<T>(
    name: &str,
    patience: Duration,
    look: impl Future<Output = T>,
) -> Result<T, Check> {
    timeout(patience, look).await.map_err(|_| {
        Check::unknown(name, format!("no answer within {} s", patience.as_secs()))
            .mend("try again; if it stays so, is a proxy or a firewall in between?")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_does_not_answer_is_not_waited_for() {
        let never = within("url", Duration::ZERO, std::future::pending::<()>()).await.unwrap_err();
        assert_eq!((never.mark, never.message.as_str()), (Mark::Unknown, "no answer within 0 s"));
        assert_eq!(within("url", PATIENCE, async { 1 }).await.ok(), Some(1));
    }
}
