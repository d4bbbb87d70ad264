//! Asking work to stop: a tree of tokens. Cancelling a source stops its tokens and all their children.

use futures::FutureExt;
use futures::future::{pending, select_all};
use tokio::sync::watch;

/// The side that asks.
///
/// ```
/// use pipeline_core::CancelSource;
///
/// let run = CancelSource::new();
/// let step = run.token().child();
/// run.cancel();
/// assert!(step.token().is_cancelled());
/// ```
#[derive(Debug)]
pub struct CancelSource {
    asked: watch::Sender<bool>,
    parents: Cancel,
}

/// The side that is asked. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    asked: Vec<watch::Receiver<bool>>,
}

impl CancelSource {
    /// The root of a tree.
    #[must_use]
    pub fn new() -> Self {
        Cancel::never().child()
    }

    /// Asks all tokens of this source, and their children, to stop. Asking twice changes nothing.
    pub fn cancel(&self) {
        self.asked.send_replace(true);
    }

    /// A token that hears this source and everything above it.
    #[must_use]
    pub fn token(&self) -> Cancel {
        let mut asked = self.parents.asked.clone();
        asked.push(self.asked.subscribe());
        Cancel { asked }
    }
}

impl Default for CancelSource {
    fn default() -> Self {
        Self::new()
    }
}

impl Cancel {
    /// A token that nobody can cancel.
    #[must_use]
    pub fn never() -> Self {
        Self::default()
    }

    /// A source below this token: it can be cancelled alone, and is cancelled with this one.
    #[must_use]
    pub fn child(&self) -> CancelSource {
        CancelSource { asked: watch::channel(false).0, parents: self.clone() }
    }

    /// Was it asked to stop?
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.asked.iter().any(|asked| *asked.borrow())
    }

    /// Waits until it is asked to stop; for ever, if nobody can ask any more.
    pub async fn cancelled(&self) {
        if self.asked.is_empty() {
            return pending().await;
        }
        select_all(self.asked.iter().cloned().map(|asked| heard(asked).boxed())).await;
    }
}

async fn heard(mut asked: watch::Receiver<bool>) {
    if asked.wait_for(|asked| *asked).await.is_err() {
        pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_stops_with_its_parent_and_never_the_other_way() {
        let root = CancelSource::new();
        let (child, other) = (root.token().child(), root.token().child());
        child.cancel();
        assert!(child.token().is_cancelled());
        assert!(!root.token().is_cancelled() && !other.token().is_cancelled());
        root.cancel();
        assert!(other.token().is_cancelled());
    }

    #[tokio::test]
    async fn waiting_ends_when_any_ancestor_is_cancelled() {
        let root = CancelSource::new();
        let grandchild = root.token().child().token().child();
        root.cancel();
        grandchild.token().cancelled().await;
    }

    #[test]
    fn a_token_whose_source_is_gone_is_never_cancelled() {
        let token = CancelSource::new().token();
        assert!(token.cancelled().now_or_never().is_none());
    }
}
