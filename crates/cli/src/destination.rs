//! A file that somebody named: it is there as a whole or not at all.

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::error::CliError;

/// Where something is written once it is known.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    flag: &'static str,
    /// As it was typed.
    named: PathBuf,
    path: PathBuf,
}

impl Destination {
    /// A file that can be written; its folder is made if it is not there.
    pub(crate) fn open(flag: &'static str, cwd: &Path, named: &Path) -> Result<Self, CliError> {
        if named.as_os_str() == "-" {
            let error = CliError::usage(format!("{flag} - would be a file of that name"));
            return Err(error.hint("name a file, or /dev/stdout"));
        }
        let path = cwd.join(named);
        // What a link points at is replaced, not the link.
        let path = fs::canonicalize(&path).unwrap_or(path);
        let destination = Self { flag, named: named.to_owned(), path };
        destination.try_out().map_err(|error| CliError::usage(destination.cannot(&error)))?;
        Ok(destination)
    }

    pub(crate) fn numbered(&self, number: usize) -> Self {
        let add = |path: &Path| {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let end = path.extension().map(|it| format!(".{}", it.to_string_lossy()));
            path.with_file_name(format!("{stem}-{number}{}", end.unwrap_or_default()))
        };
        Self { named: add(&self.named), path: add(&self.path), ..*self }
    }

    /// Writes the text, or says why that cannot be. Was there a file before?
    pub(crate) fn write(&self, text: &str) -> Result<bool, String> {
        self.replace(text).map_err(|error| self.cannot(&error))
    }

    fn replace(&self, text: &str) -> io::Result<bool> {
        if !self.is_file_or_nothing()? {
            return fs::write(&self.path, text).map(|()| false);
        }
        let there = self.path.exists();
        let mut beside = self.beside()?;
        beside.write_all(text.as_bytes())?;
        beside.as_file().sync_all()?;
        beside.persist(&self.path)?;
        Ok(there)
    }

    fn try_out(&self) -> io::Result<()> {
        if !self.is_file_or_nothing()? {
            return fs::OpenOptions::new().write(true).open(&self.path).map(drop);
        }
        fs::create_dir_all(self.folder())?;
        self.beside().map(drop)
    }

    /// A pipe or a device is written to, and never replaced.
    fn is_file_or_nothing(&self) -> io::Result<bool> {
        match fs::metadata(&self.path) {
            Ok(it) if it.is_dir() => Err(io::Error::other("it is a folder")),
            Ok(it) => Ok(it.is_file()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// A file beside it that becomes it.
    fn beside(&self) -> io::Result<tempfile::NamedTempFile> {
        let mode = Permissions::from_mode(0o666); // less what the user's mask takes
        tempfile::Builder::new().prefix(".pipeline-").permissions(mode).tempfile_in(self.folder())
    }

    fn folder(&self) -> &Path {
        self.path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    fn cannot(&self, error: &io::Error) -> String {
        format!("{} {}: cannot be written: {error}", self.flag, self.named.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_whole_and_what_cannot_be_one_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let open = |name: &str| Destination::open("--junit", folder.path(), Path::new(name));
        let file = open("reports/junit.xml").unwrap();
        assert!(!folder.path().join("reports/junit.xml").exists(), "nothing is known yet");
        assert!(!file.write("first").unwrap());
        assert!(file.write("second").unwrap(), "there was one");
        assert_eq!(fs::read_to_string(folder.path().join("reports/junit.xml")).unwrap(), "second");
        let files = fs::read_dir(folder.path().join("reports")).unwrap().count();
        assert_eq!(files, 1, "nothing is left over");
        assert_eq!(open("-").unwrap_err().exit() as u8, 2);
        for refused in ["reports", "reports/junit.xml/x"] {
            let error = open(refused).unwrap_err();
            assert_eq!(error.exit() as u8, 2);
            assert!(error.to_string().contains(&format!("--junit {refused}: ")), "{error}");
        }
        let numbered = file.numbered(2);
        assert_eq!(numbered.named, Path::new("reports/junit-2.xml"));
    }

    #[test]
    fn a_link_stays_one_and_what_it_points_at_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("report.html"), folder.path().join("newest.html"));
        fs::write(&file, "one").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        Destination::open("--out", folder.path(), &link).unwrap().write("two").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "two");
    }

    #[test]
    fn a_device_stays_one() {
        let null = Destination::open("--sarif", Path::new("/"), Path::new("/dev/null")).unwrap();
        null.write("{}").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
