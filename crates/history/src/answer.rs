//! What an answer is.

use serde::Serialize;

/// One sentence, and the numbers that it rests on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Answer<T> {
    /// For people.
    pub sentence: String,
    /// For everything else.
    #[serde(flatten)]
    pub numbers: T,
}

impl<T> Answer<T> {
    pub(crate) fn new(sentence: impl Into<String>, numbers: T) -> Self {
        Self { sentence: sentence.into(), numbers }
    }
}
