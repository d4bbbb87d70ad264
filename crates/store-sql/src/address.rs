//! Where a store is: `sqlite:PATH`, `sqlite::memory:` for tests, or `postgres://HOST/DATABASE`.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::StoreError;
use crate::place::Place;
use crate::server::Server;

/// Where a store is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// In this process only, and gone with it.
    Memory,
    /// In a file.
    File(PathBuf),
    /// In a database of a server.
    Server(Server),
}

/// Where a store at this address is, if it is one. Looks at the address alone.
pub fn place_of(url: &str) -> Result<Place, StoreError> {
    Ok(Address::parse(url)?.place())
}

impl Address {
    /// Reads what stands in a configuration. All after `sqlite:` or `sqlite://` is the path as it is.
    pub(crate) fn parse(url: &str) -> Result<Self, StoreError> {
        if url.starts_with("postgres:") || url.starts_with("postgresql:") {
            return Server::parse(url).map(Self::Server);
        }
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
                Err(source) => Err(StoreError::Create { place: Place::File(path.into()), source }),
            },
        }
    }

    /// For messages.
    pub(crate) fn place(&self) -> Place {
        match self {
            Self::Memory => Place::File(":memory:".into()),
            Self::File(path) => Place::File(path.clone()),
            Self::Server(server) => Place::Server(server.text.clone()),
        }
    }

    pub(crate) fn is_server(&self) -> bool {
        matches!(self, Self::Server(_))
    }

    /// How the database driver wants it; a path wholly percent-encoded, so that nothing in it has a meaning.
    pub(crate) fn to_url(&self) -> String {
        let path = match self {
            Self::Memory => return "sqlite::memory:".into(),
            Self::Server(server) => return server.url().into(),
            Self::File(path) => path,
        };
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
        let path = match self {
            Self::Memory => return Ok(()),
            Self::Server(server) => return server.files_can_be_read(),
            Self::File(path) => path,
        };
        if path.is_dir() {
            return Err(StoreError::Directory { path: path.clone() });
        }
        create(path).map_err(|source| StoreError::Create { place: self.place(), source })
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
            let place = Place::File(path.into());
            assert_eq!((address.place(), address.to_url().as_str()), (place, driver));
        }
        assert_eq!(Address::parse("sqlite::memory:").unwrap(), Address::Memory);
        let Address::File(path) = Address::parse("sqlite:x.db").unwrap() else { panic!() };
        assert!(path.is_absolute());
    }

    #[test]
    fn what_is_no_address_is_refused_and_no_password_is_told() {
        for url in ["", "x.db", "sqlite:", "sqlite://", "sqlite:x.db?mode=rwc"] {
            assert!(Address::parse(url).is_err(), "{url}");
        }
        let error = Address::parse("mysql://ada:secret@db/pipeline").unwrap_err();
        assert_eq!(
            error.to_string(),
            "`mysql:…` is not the address of a store; write `sqlite:PATH` or `postgres://HOST/DATABASE`"
        );
    }
}
