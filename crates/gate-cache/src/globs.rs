//! The globs of a gate: where they begin, and what matches them.

use std::path::{Path, PathBuf};

use globset::{Candidate, GlobBuilder, GlobSet, GlobSetBuilder};

use crate::error::Error;

/// Globs, made ready to match paths as a walk finds them: relative to the working directory, without `.`.
pub(crate) struct Globs {
    set: GlobSet,
    /// Where the glob begins that the set's pattern of the same number comes from.
    roots: Vec<PathBuf>,
}

impl Globs {
    pub(crate) fn new(globs: &[String]) -> Result<Self, Error> {
        let (mut set, mut roots) = (GlobSetBuilder::new(), Vec::new());
        let wrong = |glob: &str| {
            let glob = glob.to_owned();
            move |source| Error::Glob { glob, source }
        };
        for glob in globs {
            let (root, patterns) = read(glob);
            for pattern in patterns {
                let built = GlobBuilder::new(&pattern).literal_separator(true).build();
                set.add(built.map_err(wrong(glob))?);
                roots.push(root.clone());
            }
        }
        let set = set.build().map_err(wrong(&globs.join(", ")))?;
        Ok(Self { set, roots })
    }

    /// Where a walk must begin to find all that matches.
    pub(crate) fn roots(&self) -> impl Iterator<Item = &Path> {
        self.roots.iter().map(PathBuf::as_path)
    }

    /// Does the file match one of them? Only those count that name the first `guard` bytes of its path literally.
    pub(crate) fn matches(&self, path: &Path, guard: usize) -> bool {
        let candidate = Candidate::new(path);
        if guard == 0 {
            return self.set.is_match_candidate(&candidate);
        }
        let patterns = self.set.matches_candidate(&candidate);
        patterns.into_iter().any(|pattern| len(&self.roots[pattern]) >= guard)
    }

    /// May something in this folder match?
    pub(crate) fn reach(&self, folder: &Path, guard: usize) -> bool {
        let into = |root: &Path| root.starts_with(folder);
        self.roots().any(|root| into(root) || (folder.starts_with(root) && len(root) >= guard))
    }
}

fn len(path: &Path) -> usize {
    path.as_os_str().len()
}

/// Where a glob begins, and the patterns that say the same. `.` and `..` are taken out of it, as far as they go.
fn read(glob: &str) -> (PathBuf, Vec<String>) {
    let parts = plain(glob);
    let literal = parts.iter().take_while(|part| !part.contains(WILD)).count();
    let start = if glob.starts_with('/') { "/" } else { "" };
    let root = PathBuf::from(format!("{start}{}", parts[..literal].join("/")));
    let whole = format!("{start}{}", parts.join("/"));
    let within = if parts.is_empty() { format!("{start}**") } else { format!("{whole}/**") };
    let folder = parts.is_empty() || glob.ends_with('/');
    let patterns = match (folder, literal == parts.len()) {
        (true, _) => vec![within],
        (false, true) => vec![whole, within],
        (false, false) => vec![whole],
    };
    (root, patterns)
}

const WILD: [char; 7] = ['*', '?', '[', ']', '{', '}', '\\'];

fn plain(glob: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = Vec::new();
    for part in glob.split('/') {
        match (part, parts.last()) {
            ("" | ".", _) => {}
            ("..", Some(&last)) if last != ".." => drop(parts.pop()),
            ("..", None) if glob.starts_with('/') => {}
            (part, _) => parts.push(part),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(glob: &str) -> Globs {
        Globs::new(&[glob.to_owned()]).unwrap()
    }

    #[test]
    fn a_glob_begins_before_its_first_wildcard() {
        let of = |glob: &str| read(glob).0.display().to_string();
        let cases = [
            ("**/*.ex", ""),
            ("lib/**", "lib"),
            ("./lib//shop/*.ex", "lib/shop"),
            ("mix.exs", "mix.exs"),
            ("../dep/**", "../dep"),
            ("apps/../../dep/x?", "../dep"),
            ("/opt/shop/*", "/opt/shop"),
            ("/../opt/*", "/opt"),
            ("/*", "/"),
            (".", ""),
            ("{lib,test}/**", ""),
            (r"odd\*name", ""),
        ];
        for (glob, root) in cases {
            assert_eq!(of(glob), root, "{glob}");
        }
    }

    #[test]
    fn a_glob_means_files() {
        let cases = [
            ("lib/**", "lib/a/b.ex", true),
            ("lib/*", "lib/a/b.ex", false),
            ("**/*.ex", "a.ex", true),
            ("**/*.ex", ".hidden/a.ex", true),
            ("**/.formatter.exs", "apps/a/.formatter.exs", true),
            ("priv", "priv/repo/seeds.exs", true),
            ("priv/", "priv", false),
            ("priv", "private", false),
            ("./mix.exs", "mix.exs", true),
            (".", "a/b", true),
            ("../dep/**", "../dep/mix.exs", true),
            ("../dep/**", "dep/mix.exs", false),
            ("/opt/**", "/opt/a", true),
            ("/", "/opt/a", true),
            ("*.{ex,exs}", "a.exs", true),
            (r"odd\*name", "odd*name", true),
        ];
        for (glob, path, matches) in cases {
            assert_eq!(globs(glob).matches(Path::new(path), 0), matches, "{glob} {path}");
        }
    }

    #[test]
    fn what_is_guarded_must_be_named() {
        let path = Path::new("deps/shop/mix.exs");
        let guard = "deps".len();
        assert!(!globs("**").matches(path, guard));
        assert!(!globs("*/shop/mix.exs").matches(path, guard));
        assert!(globs("deps/**").matches(path, guard));
        assert!(globs("deps/shop/mix.exs").matches(path, guard));
    }

    #[test]
    fn a_glob_that_is_none_is_named() {
        let error = Globs::new(&["lib/[a".to_owned()]).err().unwrap().to_string();
        assert!(error.contains("`lib/[a`"), "{error}");
    }
}
