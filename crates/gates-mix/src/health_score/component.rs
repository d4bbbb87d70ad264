//! What the score is made of: components, what each should reach, and who measures them.

use std::fmt;

/// One part of the health score, from 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Component {
    /// Does it compile, and without warnings?
    Compilation,
    /// How much of the code do the tests reach?
    Coverage,
    /// How many of the doctrine's pillars does it keep?
    Doctrine,
    /// Are its dependencies free of known vulnerabilities, and up to date?
    Dependencies,
    /// How many modules and functions are documented?
    Documentation,
    /// Is it free of secrets, unsafe code and vulnerable dependencies?
    Security,
    /// How fast does it answer?
    Performance,
    /// What does Credo object to?
    Quality,
}

impl Component {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 8] = [
        Self::Compilation,
        Self::Coverage,
        Self::Doctrine,
        Self::Dependencies,
        Self::Documentation,
        Self::Security,
        Self::Performance,
        Self::Quality,
    ];

    /// Its name in configuration, reports and history.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Compilation => "compilation",
            Self::Coverage => "coverage",
            Self::Doctrine => "doctrine",
            Self::Dependencies => "dependencies",
            Self::Documentation => "documentation",
            Self::Security => "security",
            Self::Performance => "performance",
            Self::Quality => "quality",
        }
    }

    /// The component of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// What it should reach; a target that is missed blocks nothing by itself. `performance` and `quality` have none.
    #[must_use]
    pub fn target(self) -> Option<Target> {
        match self {
            Self::Compilation | Self::Dependencies | Self::Security => Some(Target::Full),
            Self::Coverage => Some(Target::Above(80)),
            Self::Doctrine => Some(Target::Above(85)),
            Self::Documentation => Some(Target::Above(90)),
            Self::Performance | Self::Quality => None,
        }
    }

    /// The gates whose answers it is made of, by their usual names.
    #[must_use]
    pub fn gates(self) -> &'static [&'static str] {
        match self {
            Self::Compilation | Self::Documentation => &["compile"],
            // Where there is no coverage, the doctrine knows which modules have tests.
            Self::Coverage => &["test", "doctrine"],
            Self::Doctrine => &["doctrine"],
            Self::Dependencies => &["security"],
            Self::Security => &["doctrine", "security"],
            Self::Performance => &[],
            Self::Quality => &["credo"],
        }
    }
}

impl fmt::Display for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a component should reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// All of it: 100.
    Full,
    /// More than this.
    Above(u8),
}

impl Target {
    /// Does this value reach it?
    #[must_use]
    pub fn is_met(self, value: f64) -> bool {
        match self {
            Self::Full => value >= 100.0,
            Self::Above(limit) => value > f64::from(limit),
        }
    }

    /// The number in it.
    #[must_use]
    pub fn number(self) -> f64 {
        match self {
            Self::Full => 100.0,
            Self::Above(limit) => f64::from(limit),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.pad("100"),
            Self::Above(limit) => f.pad(&format!("> {limit}")),
        }
    }
}
