//! What people are told: plain data, bounded.

use std::fmt;

use serde::Serialize;

/// What a notice is about; a channel wants some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// The release passes, and something about it should be looked at.
    Alert,
    /// The release did not come, or it came and was left although something was wrong; or a person is asked.
    Failure,
    /// The release was taken back.
    Rollback,
    /// A person is needed now.
    Stuck,
    /// The release serves.
    Success,
}

impl Topic {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Alert, Self::Failure, Self::Rollback, Self::Stuck, Self::Success];

    /// Its name, as it stands in configurations and bodies.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Failure => "failure",
            Self::Rollback => "rollback",
            Self::Stuck => "stuck",
            Self::Success => "success",
        }
    }

    /// The topic of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing to tell. As JSON it is the body of a webhook: keys are only ever added to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Notice {
    /// The version of this format: 1.
    pub schema: u32,
    /// Unlike any other notice, also of another process that goes on with the run: whoever hears it twice knows that it is the same.
    pub id: String,
    /// What it is about.
    pub topic: Topic,
    /// When, in seconds since 1970.
    pub at: u64,
    /// The environment, such as `production`.
    pub environment: String,
    /// The target, such as `flyio:shop`.
    pub target: String,
    /// The run.
    pub run: String,
    /// The release's version, such as `v546`.
    pub version: String,
    /// The commit it was made from.
    pub revision: Option<String>,
    /// All of it in one line.
    pub title: String,
    /// What else there is to know, line by line; few and short.
    pub details: Vec<String>,
    /// Where more can be read.
    pub url: Option<String>,
}

/// So many details are told; the rest is counted.
pub(crate) const MOST_DETAILS: usize = 5;

/// A longer line is cut, in bytes.
const LONGEST: usize = 300;

/// A line without breaks, no longer than is told.
pub(crate) fn line(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    short(&text, LONGEST)
}

/// The text, cut at a character's end to so many bytes.
pub(crate) fn short(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = (0..=most.saturating_sub(3)).rev().find(|at| text.is_char_boundary(*at));
    format!("{}…", &text[..end.unwrap_or(0)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_have_one_name_everywhere() {
        for topic in Topic::ALL {
            assert_eq!(Topic::named(topic.as_str()), Some(topic));
            assert_eq!(serde_json::to_value(topic).unwrap(), topic.as_str());
        }
    }

    #[test]
    fn a_line_is_one_and_short() {
        assert_eq!(line("a\n  b\tc"), "a b c");
        let long = "ü".repeat(1000);
        assert!(line(&long).len() <= LONGEST && line(&long).ends_with('…'));
        assert_eq!(short("abc", 3), "abc");
        assert_eq!(short("abcd", 3), "…");
    }
}
