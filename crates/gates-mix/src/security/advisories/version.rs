//! Requirements on versions, as Elixir's `Version` has them and as advisories write them.

use std::cmp::Ordering;

use semver::{BuildMetadata, Version};

/// Which versions are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Requirement {
    /// Compared with one version, so.
    Is(Op, Version),
    /// `~> 1.2` (anything from there with this major) or `~> 1.2.3` (with this major and minor).
    Near { from: Version, patch: bool },
    /// All of them; of none: every version.
    All(Vec<Requirement>),
    /// Any of them; of none: no version.
    Any(Vec<Requirement>),
    /// All but these.
    Not(Box<Requirement>),
}

/// How a version compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The longer ones first.
const OPS: [(&str, Op); 7] = [
    ("==", Op::Equal),
    ("!=", Op::Unequal),
    ("<=", Op::LessOrEqual),
    (">=", Op::GreaterOrEqual),
    ("<", Op::Less),
    (">", Op::Greater),
    ("!", Op::Unequal),
];

impl Requirement {
    /// Every version.
    pub(crate) const EVERY: Self = Self::All(Vec::new());

    /// A requirement as Elixir's `Version.parse_requirement/1` takes it; `None` where it does not.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let words: Vec<_> = text.split_whitespace().collect();
        let either = words.split(|it| *it == "or").map(|words| {
            let both = words.split(|it| *it == "and").map(|words| one(&words.join(" "), version));
            both.collect::<Option<_>>().map(Self::All)
        });
        either.collect::<Option<_>>().map(Self::Any)
    }

    /// A range as the advisory database of GitHub writes it: `>= 1.0.0, < 1.2.3`, `= 1.0.1`. Parts of a version that
    /// are left out are zero.
    pub(crate) fn parse_range(text: &str) -> Option<Self> {
        let part = |part: &str| {
            let part = part.trim();
            match part.strip_prefix('=').filter(|it| !it.starts_with('=')) {
                Some(exact) => Some(Self::Is(Op::Equal, lenient(exact.trim())?)),
                None => one(part, lenient),
            }
        };
        text.split(',').map(part).collect::<Option<_>>().map(Self::All)
    }

    /// Is this one of them? What is built, as in `1.0.0+build`, does not count.
    pub(crate) fn matches(&self, version: &Version) -> bool {
        match self {
            Self::Is(op, than) => op.holds(version.cmp_precedence(than)),
            Self::Near { from, patch } => {
                version.cmp_precedence(from).is_ge()
                    && version.major == from.major
                    && (!patch || version.minor == from.minor)
            }
            Self::All(all) => all.iter().all(|it| it.matches(version)),
            Self::Any(any) => any.iter().any(|it| it.matches(version)),
            Self::Not(but) => !but.matches(version),
        }
    }
}

impl Op {
    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// A comparison without `and` and `or`.
fn one(text: &str, version: impl Fn(&str) -> Option<Version>) -> Option<Requirement> {
    if let Some(rest) = text.strip_prefix("~>") {
        return near(rest.trim_start());
    }
    let op = OPS.iter().find_map(|(sign, op)| Some((text.strip_prefix(sign)?, *op)));
    let (rest, op) = op.unwrap_or((text, Op::Equal));
    Some(Requirement::Is(op, version(rest.trim_start())?))
}

fn near(text: &str) -> Option<Requirement> {
    if let Some(from) = version(text) {
        return Some(Requirement::Near { from, patch: true });
    }
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, pre) = text.split_at(end);
    let two = numbers.split('.').count() == 2;
    let from = version(&format!("{numbers}.0{pre}")).filter(|_| two)?;
    Some(Requirement::Near { from, patch: false })
}

/// A whole version, as Hex wants it.
pub(crate) fn version(text: &str) -> Option<Version> {
    Version::parse(text).ok()
}

/// A version that may lack parts.
pub(crate) fn lenient(text: &str) -> Option<Version> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, pre) = text.split_at(end);
    let missing = 3_usize.saturating_sub(numbers.split('.').count());
    let whole = version(&format!("{numbers}{}{pre}", ".0".repeat(missing)))?;
    Some(Version { build: BuildMetadata::EMPTY, ..whole })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_of_advisories_are_read() {
        for (range, inside, outside) in [
            (">= 1.3.0, < 1.3.2", "1.3.0 1.3.1 1.3.2-rc.1", "1.2.9 1.3.2 1.3.0-rc.1"),
            ("< 1.0.4", "0.0.1 1.0.3", "1.0.4"),
            ("<= 1.5", "1.5.0", "1.5.1"),
            ("= 1.2.3", "1.2.3 1.2.3+build", "1.2.4 1.2.3-rc.1"),
            ("=1.2.3", "1.2.3", "1.2.4"),
            ("> v0.9", "1.0.0", "0.9.0"),
        ] {
            let range = Requirement::parse_range(range).unwrap();
            let matches = |it: &str| range.matches(&version(it).unwrap());
            assert!(inside.split(' ').all(matches), "{range:?}");
            assert!(!outside.split(' ').any(matches), "{range:?}");
        }
        for text in ["", ">= 1.0.0,", "all", ">= 1.0.0 < 2.0.0", "= ", "1.2.3.4"] {
            assert_eq!(Requirement::parse_range(text), None, "{text}");
        }
    }

    /// Those that Elixir takes are compared with Elixir itself, by the tests with real tools.
    #[test]
    fn what_elixir_refuses_is_refused() {
        for text in [
            "",
            "= 1.0.0",
            ">= 1.0",
            "~> 1",
            ">= 1.0.0 < 2.0.0",
            "and",
            ">= 1.0.0 && < 2.0.0",
            ">= 01.0.0",
            "~> 1.x",
            "*",
            "== 1.0.0 and",
            ">= 1.0.0 and and < 2.0.0",
            "> = 1.0.0",
            "<> 1.0.0",
            "~> 1.0.0.0",
            "== 1",
            "1.0.0and 2.0.0",
            ">= 1.0.0-rc.01",
            "not 1.0.0",
        ] {
            assert_eq!(Requirement::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[~<>=!andor 0-9.+-]{0,30}", any: String) {
            for text in [&text, &any] {
                let _ = (Requirement::parse(text), Requirement::parse_range(text), lenient(text));
            }
        }
    }
}
