//! What differs between two listings.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::listing::Listing;

/// One thing that a gate's answer depends on, and that is not as it was.
///
/// ```
/// use gate_cache::{Altered, Change};
///
/// let change = Change::File { path: "lib/shop/cart.ex".into(), altered: Altered::Changed };
/// assert_eq!(change.to_string(), "lib/shop/cart.ex changed");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The gates themselves are of another version.
    Version {
        /// The version then.
        from: String,
        /// The version now.
        to: String,
    },
    /// The gate declares everything it depends on now, or does not any more.
    Complete {
        /// Does it now?
        now: bool,
    },
    /// A glob of files was added or removed.
    Glob {
        /// The glob.
        glob: String,
        /// Which of the two.
        altered: Altered,
    },
    /// A tool has another version.
    Tool {
        /// Its name.
        name: String,
        /// The version then, if there was one.
        from: Option<String>,
        /// The version now, if there is one.
        to: Option<String>,
    },
    /// The gate was told something else.
    Setting {
        /// Its name.
        name: String,
        /// The value then, if there was one.
        from: Option<String>,
        /// The value now, if there is one.
        to: Option<String>,
    },
    /// An environment variable has another value, or was set or unset. Its values are never told.
    Variable {
        /// Its name.
        name: String,
        /// How; it is added as well where the gate did not look at it before.
        altered: Altered,
    },
    /// A file has other content, or came or went.
    File {
        /// Relative to the working directory.
        path: String,
        /// How.
        altered: Altered,
    },
}

/// In what way something is not as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Altered {
    /// It was not there.
    Added,
    /// It is not there any more.
    Removed,
    /// It is another one.
    Changed,
}

impl Altered {
    fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { from, to } => write!(f, "pipeline {from} -> {to}"),
            Self::Complete { now: true } => f.write_str("all that it depends on is declared now"),
            Self::Complete { now: false } => {
                f.write_str("not all that it depends on is declared any more")
            }
            Self::Glob { glob, altered } => write!(f, "glob {glob} {}", altered.word()),
            Self::Tool { name, from, to } | Self::Setting { name, from, to } => {
                let said = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".into());
                write!(f, "{name} {} -> {}", said(from), said(to))
            }
            Self::Variable { name: thing, altered } | Self::File { path: thing, altered } => {
                write!(f, "{thing} {}", altered.word())
            }
        }
    }
}

/// What changed between two listings: what weighs most first, files last.
pub(crate) fn changes(then: &Listing, now: &Listing) -> Vec<Change> {
    let mut changes = Vec::new();
    if then.version != now.version {
        let (from, to) = (then.version.clone(), now.version.clone());
        changes.push(Change::Version { from, to });
    }
    if then.complete != now.complete {
        changes.push(Change::Complete { now: now.complete });
    }
    changes.extend(then.globs.symmetric_difference(&now.globs).map(|glob| {
        let altered = if now.globs.contains(glob) { Altered::Added } else { Altered::Removed };
        Change::Glob { glob: glob.clone(), altered }
    }));
    let tool = |(name, from, to)| Change::Tool { name, from, to };
    changes.extend(values(&then.tools, &now.tools).map(tool));
    let setting = |(name, from, to)| Change::Setting { name, from, to };
    changes.extend(values(&then.settings, &now.settings).map(setting));
    changes.extend(variables(then, now));
    let file = |(path, altered)| Change::File { path, altered };
    changes.extend(altered(&then.files, &now.files).map(file));
    changes
}

/// A variable that is set counts as there; that the gate looks at one which is not set may be new as well.
fn variables(then: &Listing, now: &Listing) -> impl Iterator<Item = Change> {
    let (then, now) = (&then.environment, &now.environment);
    altered(then, now).map(|(name, altered)| {
        let set = |side: &BTreeMap<_, Option<_>>| side.get(&name).copied().flatten().is_some();
        let altered = match (set(then), set(now)) {
            (false, true) => Altered::Added,
            (true, false) => Altered::Removed,
            _ => altered,
        };
        Change::Variable { name, altered }
    })
}

fn values(
    then: &BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
) -> impl Iterator<Item = (String, Option<String>, Option<String>)> {
    altered(then, now).map(|(name, _)| {
        let (from, to) = (then.get(&name).cloned(), now.get(&name).cloned());
        (name, from, to)
    })
}

/// The names under which the two do not say the same, in order.
fn altered<T: PartialEq>(
    then: &BTreeMap<String, T>,
    now: &BTreeMap<String, T>,
) -> impl Iterator<Item = (String, Altered)> {
    let names: BTreeSet<&String> = then.keys().chain(now.keys()).collect();
    let altered = names.into_iter().filter_map(|name| match (then.get(name), now.get(name)) {
        (None, _) => Some((name.clone(), Altered::Added)),
        (_, None) => Some((name.clone(), Altered::Removed)),
        (then, now) => (then != now).then(|| (name.clone(), Altered::Changed)),
    });
    altered.collect::<Vec<_>>().into_iter()
}
