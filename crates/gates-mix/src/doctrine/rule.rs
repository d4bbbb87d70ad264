//! A rule, and one place where it is not kept.

use std::borrow::Cow;

use pipeline_core::{Finding, Level};

/// A rule of a pillar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The pillar and the rule, such as `ZERO/to-atom`.
    pub code: Cow<'static, str>,
    /// Does it block if nobody says otherwise?
    pub level: Level,
    /// What to do where it is not kept.
    pub remedy: Cow<'static, str>,
}

impl Rule {
    /// A rule that must be kept.
    #[must_use]
    pub const fn blocking(code: &'static str, remedy: &'static str) -> Self {
        Self { code: Cow::Borrowed(code), level: Level::Blocking, remedy: Cow::Borrowed(remedy) }
    }

    /// A rule that is only told.
    #[must_use]
    pub const fn advisory(code: &'static str, remedy: &'static str) -> Self {
        Self { code: Cow::Borrowed(code), level: Level::Advisory, remedy: Cow::Borrowed(remedy) }
    }

    /// The pillar's code: what stands before the slash.
    #[must_use]
    pub fn pillar(&self) -> &str {
        self.code.split('/').next().unwrap_or_default()
    }
}

/// One place where a rule is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub rule: Cow<'static, str>,
    /// Does it block?
    pub level: Level,
    /// What is wrong, in one line.
    pub message: String,
    /// What to do.
    pub remedy: Cow<'static, str>,
    /// The file, relative to the project; empty where it is no file.
    pub path: String,
    /// The line, from 1.
    pub line: Option<u32>,
    /// The column, in characters from 1.
    pub column: Option<u32>,
    /// How many characters of the line it is about.
    pub width: u32,
    /// The line itself, where it may be shown.
    pub excerpt: Option<String>,
}

impl Violation {
    /// Makes it one that is only told.
    pub fn advisory(&mut self) -> &mut Self {
        self.level = Level::Advisory;
        self
    }

    /// Says what to do here in particular.
    pub fn remedy(&mut self, remedy: impl Into<Cow<'static, str>>) -> &mut Self {
        self.remedy = remedy.into();
        self
    }

    /// The code of its pillar.
    #[must_use]
    pub fn pillar(&self) -> &str {
        self.rule.split('/').next().unwrap_or_default()
    }

    /// As a finding of a report.
    #[must_use]
    pub fn finding(&self) -> Finding {
        let finding = match self.level {
            Level::Blocking => Finding::error(self.message.clone()),
            Level::Advisory => Finding::warning(self.message.clone()),
        };
        let mut finding = finding.rule(self.rule.to_string()).remedy(self.remedy.to_string());
        finding.level = self.level;
        (finding.line, finding.column) = (self.line, self.column);
        if self.path.is_empty() { finding } else { finding.in_file(self.path.clone()) }
    }
}
