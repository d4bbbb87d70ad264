//! Where the project is, so that paths in reports can be told relative to it.

use std::borrow::Cow;
use std::path::Path;

use percent_encoding::percent_decode_str;

/// The project's folder, under all names that a tool may call it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Project {
    /// Absolute, without a slash at the end, and freed of symbolic links as well.
    pub(crate) roots: Vec<String>,
}

impl Project {
    pub(crate) fn at(dir: &Path) -> Self {
        let names = [std::path::absolute(dir), dir.canonicalize()];
        let names = names.into_iter().flatten().map(|it| it.to_string_lossy().into_owned());
        let mut roots: Vec<_> = names.map(|it| it.trim_end_matches('/').to_owned()).collect();
        roots.dedup();
        Self { roots }
    }

    /// A path or a `file:` address relative to the project; one that is outside stays as it is. `None` for an
    /// address of anything but a file.
    pub(crate) fn file(&self, said: &str) -> Option<String> {
        let path = decoded(said)?;
        Some(plain(self.inside(&path).unwrap_or(&path)).to_owned())
    }

    /// Is this the whole path or address of a file in the project?
    pub(crate) fn holds(&self, said: &str) -> bool {
        decoded(said).is_some_and(|path| self.inside(&path).is_some())
    }

    fn inside<'a>(&self, path: &'a str) -> Option<&'a str> {
        self.roots.iter().find_map(|root| path.strip_prefix(root.as_str())?.strip_prefix('/'))
    }
}

/// The path that an address stands for; a path is its own.
fn decoded(said: &str) -> Option<Cow<'_, str>> {
    match scheme(said) {
        None => Some(said.into()),
        Some(("file", path)) => Some(percent_decode_str(without_host(path)).decode_utf8_lossy()),
        Some(_) => None,
    }
}

/// `file` and what follows; a letter alone is a drive of Windows.
fn scheme(said: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = said.split_once(':')?;
    let is_scheme = scheme.len() > 1
        && scheme.bytes().all(|it| it.is_ascii_alphanumeric() || b"+-.".contains(&it));
    (is_scheme && rest.starts_with('/')).then_some((scheme, rest))
}

/// `//host/path`, `///path` and `/path` are all the same file.
fn without_host(path: &str) -> &str {
    let Some(after) = path.strip_prefix("//") else { return path };
    after.find('/').map_or(after, |at| &after[at..])
}

fn plain(path: &str) -> &str {
    let mut path = path;
    while let Some(rest) = path.strip_prefix("./") {
        path = rest.trim_start_matches('/');
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_relative_to_the_project() {
        let project = Project { roots: vec!["/home/ann/shop".into(), "/data/shop".into()] };
        for (said, file) in [
            ("lib/a.ex", Some("lib/a.ex")),
            ("./lib/a.ex", Some("lib/a.ex")),
            ("././/lib/a.ex", Some("lib/a.ex")),
            ("/home/ann/shop/lib/a.ex", Some("lib/a.ex")),
            ("/data/shop/lib/a.ex", Some("lib/a.ex")),
            ("/home/ann/shopping/lib/a.ex", Some("/home/ann/shopping/lib/a.ex")),
            ("file:///home/ann/shop/a%20b%C3%BC.ex", Some("a bü.ex")),
            ("file:/home/ann/shop/a.ex", Some("a.ex")),
            ("file://localhost/home/ann/shop/a.ex", Some("a.ex")),
            ("file:///etc/passwd", Some("/etc/passwd")),
            ("https://example.com/a.ex", None),
            ("C:/shop/a.ex", Some("C:/shop/a.ex")),
            ("100%.ex", Some("100%.ex")),
            ("a:b.ex", Some("a:b.ex")),
            ("../elsewhere/a.ex", Some("../elsewhere/a.ex")),
        ] {
            assert_eq!(project.file(said).as_deref(), file, "{said}");
        }
    }

    #[test]
    fn a_link_to_the_project_is_the_project() {
        let dir = tempfile::tempdir().unwrap();
        let (real, link) = (dir.path().join("real"), dir.path().join("link"));
        std::fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let project = Project::at(&link);
        for root in [real.canonicalize().unwrap(), link] {
            let file = root.join("a.ex");
            assert_eq!(project.file(file.to_str().unwrap()).unwrap(), "a.ex");
        }
    }
}
