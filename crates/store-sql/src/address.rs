//! Where a store is: `sqlite:PATH`, or `sqlite::memory:` for tests.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::StoreError;

/// Where a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// In this process only, and gone with it.
    Memory,
    /// In a file.
    File(PathBuf),
}

impl Address {
    /// Reads what stands in a configuration. All after `sqlite:` or `sqlite://` is the path as it is.
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        // Another scheme's address may hold a password, so no more than the scheme is told.
        let Some(rest) = url.strip_prefix("sqlite:") else {
            let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
            return Err(StoreError::Address(format!("{scheme}:…")));
        };
        match rest.strip_prefix("//").unwrap_or(rest) {
            ":memory:" => Ok(Self::Memory),
            path if path.is_empty() || path.contains(['?', '\0']) => {
                Err(StoreError::Address(url.to_owned()))
            }
            // Absolute, so that no later change of directory makes another file of it.
            path => match std::path::absolute(path) {
                Ok(path) if path.to_str().is_some() => Ok(Self::File(path)),
                Ok(path) => Err(StoreError::Address(path.display().to_string())),
                Err(source) => Err(StoreError::Create { path: path.into(), source }),
            },
        }
    }

    /// The path, for messages.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Memory => Path::new(":memory:"),
            Self::File(path) => path,
        }
    }

    /// How the database driver wants it: wholly percent-encoded, so that nothing in it has a meaning.
    pub(crate) fn to_url(&self) -> String {
        let Self::File(path) = self else { return "sqlite::memory:".into() };
        let mut url = String::from("sqlite:");
        for byte in path.to_string_lossy().bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => url.push(char::from(byte)),
                _ => write!(url, "%{byte:02X}").expect("writing to a string cannot fail"),
            }
        }
        url + "?mode=rw"
    }

    /// Makes the folder and an empty file where there is none, readable by this user alone: journals may
    /// hold what others should not see.
    pub(crate) fn create(&self) -> Result<(), StoreError> {
        let Self::File(path) = self else { return Ok(()) };
        if path.is_dir() {
            return Err(StoreError::Directory { path: path.clone() });
        }
        create(path).map_err(|source| StoreError::Create { path: path.clone(), source })
    }
}

/// An existing file is not touched: closing it here would drop the locks that `SQLite` has on it in this process
/// (sqlite.org/howtocorrupt.html, "POSIX advisory locks canceled").
fn create(path: &Path) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made.map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_as_it_is_and_nothing_in_it_means_anything_to_the_driver() {
        for (url, path, driver) in [
            ("sqlite:/a/b.db", "/a/b.db", "sqlite:%2Fa%2Fb%2Edb?mode=rw"),
            ("sqlite:///a/b", "/a/b", "sqlite:%2Fa%2Fb?mode=rw"),
            ("sqlite:/a b#%", "/a b#%", "sqlite:%2Fa%20b%23%25?mode=rw"),
            ("sqlite:/é", "/é", "sqlite:%2F%C3%A9?mode=rw"),
        ] {
            let address = Address::parse(url).unwrap();
            assert_eq!((address.path(), address.to_url().as_str()), (Path::new(path), driver));
        }
        assert_eq!(Address::parse("sqlite::memory:").unwrap(), Address::Memory);
        assert!(Address::parse("sqlite:x.db").unwrap().path().is_absolute());
    }

    #[test]
    fn what_is_no_address_is_refused_and_no_password_is_told() {
        for url in ["", "x.db", "sqlite:", "sqlite://", "sqlite:x.db?mode=rwc"] {
            assert!(Address::parse(url).is_err(), "{url}");
        }
        let error = Address::parse("postgres://ada:secret@db/pipeline").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`postgres:…` is not the address of a store; write `sqlite:PATH`"
        );
    }
}
