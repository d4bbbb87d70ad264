//! Which advisories stop a release, and which are let be.

use jiff::civil::Date;
use pipeline_core::{Finding, Level};

use super::severity::Rating;

/// What to do about what was found, as data, so that an environment can be stricter than another.
///
/// ```
/// use gates_mix::{Policy, Rating};
///
/// let staging = Policy::default();
/// let production = Policy { block_at: Rating::Medium, ..Policy::default() };
/// assert_eq!(staging.block_at, Rating::High);
/// # let _ = production;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What is as bad as this, or worse, blocks. Below it, medium is a warning and low is a note.
    pub block_at: Rating,
    /// Advisories that are known and accepted.
    pub ignore: Vec<Ignore>,
}

/// An advisory that somebody has looked at and accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ignore {
    /// Any of its names: GHSA, CVE or EEF.
    pub id: String,
    /// The last day on which it counts.
    pub until: Option<Date>,
    /// Why it does no harm here.
    pub reason: String,
}

impl Default for Policy {
    /// High and critical block, nothing is ignored.
    fn default() -> Self {
        Self { block_at: Rating::High, ignore: Vec::new() }
    }
}

impl Policy {
    /// A finding as bad as this rating makes it.
    pub(crate) fn finding(&self, rating: Rating, message: impl Into<String>) -> Finding {
        let counts_as = if rating == Rating::Unrated { Rating::High } else { rating };
        if counts_as >= self.block_at {
            return Finding::error(message);
        }
        match counts_as {
            Rating::Low => advisory(Finding::note(message)),
            _ => advisory(Finding::warning(message)),
        }
    }
}

impl Ignore {
    /// Is its last day over?
    pub(crate) fn is_over(&self, today: Date) -> bool {
        self.until.is_some_and(|until| until < today)
    }

    /// ` until 2030-05-01: the reason`.
    pub(crate) fn told(&self) -> String {
        let until = self.until.map_or(String::new(), |it| format!(" until {it}"));
        format!("{until}: {}", self.reason)
    }
}

/// The finding, blocking nothing.
pub(crate) fn advisory(finding: Finding) -> Finding {
    Finding { level: Level::Advisory, ..finding }
}

#[cfg(test)]
mod tests {
    use pipeline_core::Severity;

    use super::*;

    #[test]
    fn what_blocks_is_as_bad_as_the_policy_says() {
        let told = |block_at, rating| {
            let finding = Policy { block_at, ..Policy::default() }.finding(rating, "x");
            (finding.severity, finding.level)
        };
        let (error, warning, note) = (Severity::Error, Severity::Warning, Severity::Note);
        let [low, medium, high, critical, unrated] =
            [Rating::Low, Rating::Medium, Rating::High, Rating::Critical, Rating::Unrated];
        for (block_at, rating, wanted) in [
            (high, critical, (error, Level::Blocking)),
            (high, high, (error, Level::Blocking)),
            (high, unrated, (error, Level::Blocking)),
            (high, medium, (warning, Level::Advisory)),
            (high, low, (note, Level::Advisory)),
            (critical, high, (warning, Level::Advisory)),
            (critical, unrated, (warning, Level::Advisory)),
            (medium, medium, (error, Level::Blocking)),
            (low, low, (error, Level::Blocking)),
        ] {
            assert_eq!(told(block_at, rating), wanted, "{rating} where {block_at} blocks");
        }
    }
}
