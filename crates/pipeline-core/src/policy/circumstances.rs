//! What was known when the pipeline was built, and keeps a policy from making things worse.

use serde::{Deserialize, Serialize};

/// Facts about a run and its target that no failure tells. They are read before the run starts, so that a
/// policy stays pure.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circumstances {
    /// Is the run a rollback itself? One rollback must not start another.
    pub rolls_back: bool,
    /// Is the release that a rollback would bring back known to be bad?
    pub back_to_bad: Option<BadRelease>,
    /// The run that brought the same artifact before, if it is known to be bad. It blocks nothing: the
    /// circumstances may have been what was bad.
    pub bad_again: Option<BadRelease>,
    /// What the run does to data that no rollback undoes, such as migrations, one line each. The release
    /// before would meet data that it does not know.
    pub irreversible: Vec<String>,
    /// What nobody could tell about all this, one line each. It blocks nothing.
    pub unknown: Vec<String>,
}

/// A release that is known to be bad.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadRelease {
    /// Its version.
    pub version: String,
    /// Why it is marked bad.
    pub why: String,
}

impl Circumstances {
    /// What cannot be undone, in one line, if there is something.
    pub(super) fn cannot_be_undone(&self) -> Option<String> {
        let (first, rest) = self.irreversible.split_first()?;
        match rest.len() {
            0 => Some(first.clone()),
            more => Some(format!("{first} (and {more} more)")),
        }
    }

    /// What a person should know of them before a run starts.
    pub(super) fn warnings(&self) -> Vec<String> {
        let alone = "a failed verification will not be rolled back by itself";
        let mut told = Vec::new();
        if self.rolls_back {
            told.push(format!(
                "{alone}: this is a rollback, and one rollback does not start another"
            ));
        }
        if let Some(BadRelease { version, why }) = &self.back_to_bad {
            told.push(format!("{alone}: {version}, which serves now, is marked bad ({why})"));
        }
        if let Some(BadRelease { version, why }) = &self.bad_again {
            told.push(format!("{version} brought this very release, and is marked bad ({why})"));
        }
        told.extend(self.cannot_be_undone().map(|it| format!("{alone}: {it}")));
        told.extend(self.unknown.iter().cloned());
        told
    }
}
