//! Triggers: what a check found, by the name under which a team decides what is done about it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a check that is not a plain pass has seen. Its name is the `rule` of the finding that it becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// A smoke check did not pass within its window.
    Smoke,
    /// Latency is above the limit for a rollback, and a fresh batch confirmed it.
    LatencyRollback,
    /// Latency is above the limit for an alert.
    LatencyAlert,
    /// The first requests after a start took longer than a configured limit.
    ColdStart,
    /// A journey failed.
    Journey,
    /// The health endpoint did not answer well for too long.
    HealthDown,
    /// Too many requests failed.
    ErrorRate,
    /// The application says that it does not reach its database.
    Database,
    /// The application calls itself degraded.
    Degraded,
    /// It was looked at, and nobody could tell.
    Inconclusive,
    /// A machine crashed, or never became well.
    UnhealthyMachine,
    /// A release command, such as a migration, failed.
    ReleaseCommand,
}

impl Trigger {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Smoke,
        Self::LatencyRollback,
        Self::LatencyAlert,
        Self::ColdStart,
        Self::Journey,
        Self::HealthDown,
        Self::ErrorRate,
        Self::Database,
        Self::Degraded,
        Self::Inconclusive,
        Self::UnhealthyMachine,
        Self::ReleaseCommand,
    ];

    /// Its name, as it stands in configurations, findings and events.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Smoke => "smoke",
            Self::LatencyRollback => "latency_rollback",
            Self::LatencyAlert => "latency_alert",
            Self::ColdStart => "cold_start",
            Self::Journey => "journey",
            Self::HealthDown => "health_down",
            Self::ErrorRate => "error_rate",
            Self::Database => "database",
            Self::Degraded => "degraded",
            Self::Inconclusive => "inconclusive",
            Self::UnhealthyMachine => "unhealthy_machine",
            Self::ReleaseCommand => "release_command",
        }
    }

    /// The trigger of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trigger_has_one_name_everywhere() {
        for trigger in Trigger::ALL {
            assert_eq!(Trigger::named(trigger.as_str()), Some(trigger));
            assert_eq!(serde_json::to_value(trigger).unwrap(), trigger.as_str());
        }
        assert_eq!(Trigger::named("moon"), None);
    }
}
