//! Which rules block: as they say themselves, unless a team decided otherwise.

use std::collections::BTreeMap;

use pipeline_core::Level;

use super::pillar::Pillar;
use super::rule::Violation;

/// What a team decided about a rule or a pillar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// It is not looked at.
    Off,
    /// It is told, and blocks nothing.
    Advisory,
    /// It blocks.
    Blocking,
}

/// Decisions of a team, by the code of a rule (`ZERO/sleep`) or of a pillar (`OTEL`); a rule's goes before its pillar's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Levels(BTreeMap<String, Choice>);

impl Levels {
    /// These decisions.
    #[must_use]
    pub fn new(choices: BTreeMap<String, Choice>) -> Self {
        Self(choices)
    }

    /// The decisions, by code.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Choice)> {
        self.0.iter().map(|(code, choice)| (code.as_str(), *choice))
    }

    /// Does a pillar block? `None` if it is off.
    #[must_use]
    pub fn of_pillar(&self, pillar: &dyn Pillar) -> Option<Level> {
        match self.0.get(pillar.code()) {
            Some(Choice::Off) => None,
            Some(Choice::Advisory) => Some(Level::Advisory),
            Some(Choice::Blocking) => Some(Level::Blocking),
            None => Some(pillar.level()),
        }
    }

    /// The violation at the level that was decided; `None` if its rule is off.
    pub(super) fn apply(&self, mut violation: Violation) -> Option<Violation> {
        let of_rule = self.0.get(violation.rule.as_ref());
        match of_rule.or_else(|| self.0.get(violation.pillar())) {
            Some(Choice::Off) => return None,
            Some(Choice::Advisory) => violation.level = Level::Advisory,
            Some(Choice::Blocking) => violation.level = Level::Blocking,
            None => {}
        }
        Some(violation)
    }
}
