//! A regular expression that is compiled when it is needed first: most files have none of the words that ask for it.

use std::sync::{Arc, OnceLock};

use regex::bytes::Regex;

use super::re2;

/// A regular expression, perhaps not compiled yet. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Lazy {
    pattern: Arc<str>,
    compiled: Arc<OnceLock<Option<Regex>>>,
}

impl Lazy {
    /// One that is known to be right: that all of ours are is tested.
    pub(super) fn ours(pattern: &str) -> Self {
        Self { pattern: pattern.into(), compiled: Arc::default() }
    }

    /// One that is compiled at once, because it may be wrong.
    pub(super) fn checked(pattern: &str) -> Result<Self, String> {
        let lazy = Self::ours(pattern);
        let _ = lazy.compiled.set(Some(re2::compile(pattern)?));
        Ok(lazy)
    }

    /// The expression itself; `None` for a wrong one.
    pub(super) fn get(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| re2::compile(&self.pattern).ok()).as_ref()
    }
}
