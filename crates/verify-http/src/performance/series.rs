//! Samples as they are kept: enough to judge a deploy again with other limits.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The requests of one endpoint at one place, in the order in which they should have left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// The endpoint's name, or its request, such as `GET /`.
    pub endpoint: String,
    /// The one instance that was asked; `None` where users' requests go, and for a control of many.
    pub instance: Option<String>,
    /// What they were taken for.
    pub role: Role,
    /// The requests.
    pub samples: Vec<Sample>,
}

/// One request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// When it should have left, in microseconds since 1970-01-01 UTC.
    pub at_us: u64,
    /// Its latency in microseconds: from when it should have left to the last byte, or what the application said
    /// in `server-timing`. Without an answer, how long it was waited for.
    pub latency_us: u64,
    /// The status of the answer; `None` when there was none.
    pub status: Option<u16>,
}

/// What samples were taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The release that is judged.
    New,
    /// The release that is judged, after a pause: do they confirm that it is slow?
    Confirmation,
    /// The release that is judged, before it was warm.
    WarmUp,
    /// The old release, asked at the same time.
    Control,
    /// The old release, measured before the deploy.
    FreshControl,
    /// Earlier healthy releases.
    HistoryControl,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::New,
        Self::Confirmation,
        Self::WarmUp,
        Self::Control,
        Self::FreshControl,
        Self::HistoryControl,
    ];

    /// Its name wherever it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Confirmation => "confirmation",
            Self::WarmUp => "warm_up",
            Self::Control => "control",
            Self::FreshControl => "fresh_control",
            Self::HistoryControl => "history_control",
        }
    }

    /// The role of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_one_name_everywhere() {
        for role in Role::ALL {
            assert_eq!(Role::named(role.as_str()), Some(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
        assert_eq!(Role::named("moon"), None);
    }
}
