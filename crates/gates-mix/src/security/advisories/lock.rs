//! What `mix.lock` locks.

use elixir_syntax::{Node, Tag, Tree};
use semver::Version;

use super::version;

/// The repository that Hex takes packages from unless it is told.
const HEXPM: &str = "hexpm";
/// How a line begins that `git merge` has left.
const CONFLICTS: [&str; 4] = ["<<<<<<<", "=======", ">>>>>>>", "|||||||"];

/// The dependencies that a project locks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lock {
    /// In the order of the file.
    pub(crate) entries: Vec<Entry>,
}

/// One dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// As `mix.exs` calls it.
    pub(crate) name: String,
    /// The line of `mix.lock`, from 1.
    pub(crate) line: u32,
    /// What it is locked to.
    pub(crate) locked: Locked,
}

/// Where a dependency comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Locked {
    /// A package of Hex, which may be called otherwise than the dependency.
    Hex { package: String, version: Version, repo: String, needs: Vec<String> },
    /// A revision of a git repository.
    Git { url: String, revision: String },
    /// Something that another tool fetches.
    Other { scm: String },
}

/// Why a `mix.lock` cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Two branches were merged, and nobody has said which lines stay.
    #[error("mix.lock:{line}: a merge conflict is not resolved")]
    Conflict {
        /// From 1.
        line: u32,
    },
    /// It is no literal of Elixir.
    #[error("mix.lock:{line}: {what}")]
    Syntax {
        /// From 1.
        line: u32,
        /// What stands there.
        what: String,
    },
    /// One of its entries has a form that is not known.
    #[error("mix.lock:{line}: {name}: {what}")]
    Entry {
        /// From 1.
        line: u32,
        /// Whose entry it is.
        name: String,
        /// What is wrong with it.
        what: String,
    },
}

impl LockError {
    /// What to do about it: an imperative sentence.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Conflict { .. } => "resolve the conflict in mix.lock, then run `mix deps.get`",
            Self::Syntax { .. } | Self::Entry { .. } => {
                "mend mix.lock, or remove it and run `mix deps.get`"
            }
        }
    }
}

impl Lock {
    /// The packages of Hex's own repository, each with its version and its line.
    pub(crate) fn packages(&self) -> impl Iterator<Item = Package<'_>> {
        self.entries.iter().filter_map(|entry| match &entry.locked {
            Locked::Hex { package, version, repo, .. } if repo == HEXPM => {
                Some(Package { name: package, version, line: entry.line })
            }
            _ => None,
        })
    }

    /// The line of a package or a dependency of this name.
    pub(crate) fn line(&self, name: &str) -> Option<u32> {
        let package = |entry: &&Entry| match &entry.locked {
            Locked::Hex { package, .. } => package == name,
            _ => false,
        };
        let entries = || self.entries.iter();
        let entry = entries().find(package).or_else(|| entries().find(|it| it.name == name));
        entry.map(|it| it.line)
    }
}

/// A locked package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Package<'a> {
    pub(crate) name: &'a str,
    pub(crate) version: &'a Version,
    pub(crate) line: u32,
}

/// Reads a `mix.lock`. Nothing in it is evaluated.
pub(crate) fn read_lock(text: &str) -> Result<Lock, LockError> {
    let conflict = |line: &str| CONFLICTS.iter().any(|it| line.starts_with(it));
    if let Some(at) = text.lines().position(conflict) {
        return Err(LockError::Conflict { line: u32::try_from(at + 1).unwrap_or(u32::MAX) });
    }
    let tree = Tree::parse(text);
    if let Some(error) = tree.errors().first() {
        return Err(LockError::Syntax { line: error.line, what: error.message.clone() });
    }
    let no_map = |line| LockError::Syntax { line, what: "it is no map".into() };
    let map = tree.root().kid(0).ok_or(no_map(1))?;
    if map.tag() != Tag::Map || tree.root().kids().len() != 1 {
        return Err(no_map(map.line()));
    }
    let entries = map.kids().map(entry).collect::<Result<_, _>>()?;
    Ok(Lock { entries })
}

/// The text of an atom or a string.
fn word(node: Node<'_>) -> Option<&str> {
    match node.tag() {
        Tag::Atom => Some(node.name()),
        Tag::Str | Tag::QuotedAtom => node.literal(),
        _ => None,
    }
}

fn entry(pair: Node) -> Result<Entry, LockError> {
    let (line, name) = (pair.line(), pair.kid(0).and_then(word).unwrap_or("?").to_owned());
    let wrong = |what| LockError::Entry { line, name: name.clone(), what };
    let value = pair.kid(1).ok_or_else(|| wrong("it says nothing".into()))?;
    Ok(Entry { line, locked: locked(value).map_err(wrong)?, name })
}

fn locked(value: Node) -> Result<Locked, String> {
    if value.tag() != Tag::Tuple {
        return Err("it is no tuple".into());
    }
    let word = |at: usize| value.kid(at).and_then(word).map(ToOwned::to_owned);
    match word(0).ok_or("it does not say where it comes from")?.as_str() {
        "hex" => hex(value),
        "git" => Ok(Locked::Git {
            url: word(1).ok_or("it has no address")?,
            revision: word(2).ok_or("it has no revision")?,
        }),
        scm => Ok(Locked::Other { scm: scm.to_owned() }),
    }
}

/// `{:hex, :name, "version", "sha", [managers], [needs], "repo", "outer sha"}`; older ones end sooner.
fn hex(value: Node) -> Result<Locked, String> {
    let word = |at: usize| value.kid(at).and_then(word);
    let package = word(1).ok_or("it names no package")?.to_owned();
    let written = word(2).ok_or("it has no version")?;
    let version = version::version(written).ok_or(format!("`{written}` is no version"))?;
    let repo = word(6).unwrap_or(HEXPM).to_owned();
    let needs = value.kid(5).filter(|it| it.tag() == Tag::List);
    let needs = needs.into_iter().flat_map(Node::kids).filter_map(need).collect();
    Ok(Locked::Hex { package, version, repo, needs })
}

fn need(node: Node) -> Option<String> {
    let name = node.kid(0).filter(|_| node.tag() == Tag::Tuple)?;
    word(name).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::*;

    fn told(text: &str) -> String {
        let lock = match read_lock(text) {
            Ok(lock) => lock,
            Err(error) => return format!("{error} ({})", error.hint()),
        };
        let mut told = String::new();
        for Entry { name, line, locked } in &lock.entries {
            let what = match locked {
                Locked::Hex { package, version, repo, needs } => {
                    format!("{package} {version} of {repo}, needs [{}]", needs.join(" "))
                }
                Locked::Git { url, revision } => format!("{url} at {revision}"),
                Locked::Other { scm } => format!("by {scm}"),
            };
            writeln!(told, "{line} {name}: {what}").unwrap();
        }
        told
    }

    const LOCK: &str = r#"%{
  "plug": {:hex, :plug, "1.3.0", "6e2b01", [:mix], [{:cowboy, "~> 1.0.1 or ~> 1.1", [hex: :cowboy, repo: "hexpm", optional: true]}, {:mime, "~> 1.0", [hex: :mime, repo: "hexpm", optional: false]}], "hexpm", "3f4a9c"},
  "old": {:hex, :old, "0.1.0"},
  older: {:hex, :older, "0.2.0-rc.1", "aa", [:mix, :rebar3], []},
  "renamed": {:hex, :real_name, "2.0.0", "bb", [:mix], [], "hexpm:acme", "cc"},
  "forked": {:git, "https://example.com/forked.git", "0a1b2c", [branch: "main"]},
  "svn_one" => {:svn, "https://example.com"},
}
"#;

    #[test]
    fn all_forms_of_entries_are_read_with_their_lines() {
        insta::assert_snapshot!(told(LOCK), @r"
        2 plug: plug 1.3.0 of hexpm, needs [cowboy mime]
        3 old: old 0.1.0 of hexpm, needs []
        4 older: older 0.2.0-rc.1 of hexpm, needs []
        5 renamed: real_name 2.0.0 of hexpm:acme, needs []
        6 forked: https://example.com/forked.git at 0a1b2c
        7 svn_one: by svn
        ");
        let lock = read_lock(LOCK).unwrap();
        assert_eq!(lock.packages().map(|it| it.name).collect::<Vec<_>>(), ["plug", "old", "older"]);
        let lines = ["real_name", "renamed", "plug", "none"].map(|it| lock.line(it));
        assert_eq!(lines, [Some(5), Some(5), Some(2), None]);
        assert_eq!(read_lock("%{}"), Ok(Lock::default()));
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_line() {
        for (text, wanted) in [
            (
                "%{\n<<<<<<< HEAD\n  \"a\": {:hex, :a, \"1.0.0\"},\n=======\n>>>>>>> b\n}",
                "mix.lock:2: a merge conflict is not resolved",
            ),
            ("", "mix.lock:1: it is no map"),
            ("[]", "mix.lock:1: it is no map"),
            ("%{\n  \"a\": {:hex, :a, \"1.0\"}}", "mix.lock:2: a: `1.0` is no version"),
            ("%{\n  \"a\": {:hex, :a}}", "mix.lock:2: a: it has no version"),
            ("%{\n  \"a\": \"0a1b2c\"}", "mix.lock:2: a: it is no tuple"),
            ("%{\n  \"a\": {:git, \"x\"}}", "mix.lock:2: a: it has no revision"),
            (
                "%{\n  \"a\": {:hex, :a, \"1.0.0\"\n",
                "mix.lock:3: a comma or the closing bracket should stand here",
            ),
        ] {
            assert!(told(text).starts_with(&format!("{wanted} (")), "{}", told(text));
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text: String) {
            let _ = read_lock(&text);
        }

        #[test]
        fn half_a_lock_is_never_read(cut in 1..LOCK.len() - 2) {
            read_lock(&LOCK[..cut]).unwrap_err();
        }
    }
}
