//! What is released: the version people talk about, and the artifact that the target runs.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One release, as people name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The pipeline's own version, such as `v546`.
    pub version: String,
    /// The commit it was made from.
    pub revision: Option<String>,
}

impl Release {
    /// A release of an unknown commit.
    pub fn new(version: impl Into<String>) -> Self {
        Self { version: version.into(), revision: None }
    }

    /// Says which commit it was made from.
    #[must_use]
    pub fn revision(mut self, revision: impl Into<String>) -> Self {
        self.revision = Some(revision.into());
        self
    }
}

/// What a builder made: for Fly.io, an image reference by digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// How the target finds it.
    pub reference: String,
}

impl Artifact {
    /// An artifact by its reference.
    pub fn new(reference: impl Into<String>) -> Self {
        Self { reference: reference.into() }
    }
}

impl fmt::Display for Artifact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reference)
    }
}

/// Names one run for ever, in the store and on the machines it made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(String);

impl RunId {
    /// A run's name. Whoever makes one sees to it that it is unique.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
