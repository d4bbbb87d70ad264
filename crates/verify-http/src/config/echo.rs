//! Where an application says which build answers.

use crate::extract::Extract;

/// The build that an answer must come from, and where the answer says so.
#[derive(Clone, Debug)]
pub struct Echo {
    /// What it says about the build.
    pub what: Echoed,
    /// Where it says it.
    pub place: Extract,
}

/// What an application can say about the build it is. On Fly.io it finds its image in the variable
/// `FLY_IMAGE_REF` (<https://fly.io/docs/machines/runtime-environment/>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Echoed {
    /// The commit it was built from, in full or its first seven characters or more.
    Revision,
    /// The version of the release, with or without its `v`.
    Version,
    /// Its image: the same digest, or where one side knows none, the same name and tag.
    Image,
}

impl Echoed {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Revision => "revision",
            Self::Version => "version",
            Self::Image => "image",
        }
    }

    /// What is called so.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Revision, Self::Version, Self::Image].into_iter().find(|it| it.name() == name)
    }
}
