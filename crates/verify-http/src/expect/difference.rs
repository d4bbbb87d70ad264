//! One way in which an answer is not what was wanted, in words.

use std::fmt;

use crate::redact::Secrets;

/// The longest part of an answer that a sentence quotes, in characters.
const QUOTE: usize = 200;

/// One way in which an answer is not what was wanted.
///
/// Its words may hold what a secret was answered with; nobody sees them before they are struck out.
#[derive(Clone, PartialEq, Eq)]
pub struct Difference {
    /// What of the answer it is about.
    pub part: Part,
    /// What was wanted, such as `"ok"`.
    wanted: String,
    /// What came, such as `` `$.db.status` is "down" ``.
    got: String,
    /// Was all of the answer looked at? If not, it could not be told.
    certain: bool,
}

/// A part of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Its status. The words follow the request: "answered 500".
    Status,
    /// A header.
    Header,
    /// The body.
    Body,
    /// How long it took.
    Time,
}

impl Difference {
    pub(crate) fn certain(part: Part, got: impl Into<String>, wanted: impl Into<String>) -> Self {
        Self { part, wanted: wanted.into(), got: got.into(), certain: true }
    }

    /// A body of which only the beginning was read, where that does not say enough.
    pub(super) fn too_long(wanted: impl Into<String>) -> Self {
        let got = "the body is longer than 1 MiB, too much to tell".into();
        Self { part: Part::Body, wanted: wanted.into(), got, certain: false }
    }

    /// Is it proof? If not, it could not be told.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        self.certain
    }

    /// It in words: `` `$.db.status` is "down", wanted "ok" ``.
    #[must_use]
    pub(crate) fn words(&self, secrets: &Secrets) -> String {
        format!("{}, wanted {}", self.got(secrets), self.wanted(secrets))
    }

    /// What came, in words.
    pub(crate) fn got(&self, secrets: &Secrets) -> String {
        clip(&secrets.strike(&self.got))
    }

    /// What was wanted, in words.
    pub(crate) fn wanted(&self, secrets: &Secrets) -> String {
        clip(&secrets.strike(&self.wanted))
    }
}

/// Says how long its words are, and not what they say.
impl fmt::Debug for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { part, certain, .. } = self;
        f.debug_struct("Difference")
            .field("part", part)
            .field("certain", certain)
            .finish_non_exhaustive()
    }
}

/// The beginning of a text in which no secret is any more: half a secret is one too.
pub(crate) fn clip(text: &str) -> String {
    let harmless = text.chars().map(|it| if it.is_control() { ' ' } else { it });
    let mut clipped: String = harmless.take(QUOTE + 1).collect();
    if let Some((end, _)) = clipped.char_indices().nth(QUOTE) {
        clipped.replace_range(end.., "…");
    }
    clipped
}
