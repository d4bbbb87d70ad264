//! The file that a command writes its report to.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::error::Error;

/// A larger report is not read, in bytes.
pub(crate) const LARGEST: usize = 64 * 1024 * 1024;

/// Removes what an earlier run left there, so that it is never taken for this one's report.
pub(crate) fn clear(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(Error::Report { path: path.to_owned(), what: "removed", source }),
    }
}

/// What is there now, at most one byte more than [`LARGEST`]; `None` where nothing is.
pub(crate) fn load(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    match bytes(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::Report { path: path.to_owned(), what: "read", source }),
    }
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    // Opening a pipe would wait for somebody to write to it.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_report_goes_and_a_folder_stays() {
        let dir = tempfile::tempdir().unwrap();
        let report = dir.path().join("lint.sarif");
        fs::write(&report, "old").unwrap();
        clear(&report).unwrap();
        clear(&report).unwrap();
        assert!(load(&report).unwrap().is_none());
        fs::create_dir_all(report.join("deep")).unwrap();
        assert!(matches!(clear(&report), Err(Error::Report { what: "removed", .. })));
        assert!(matches!(load(&report), Err(Error::Report { what: "read", .. })));
        assert!(report.join("deep").is_dir());
    }

    #[test]
    fn a_link_goes_and_what_it_points_to_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (report, kept) = (dir.path().join("report"), dir.path().join("kept"));
        fs::write(&kept, "kept").unwrap();
        std::os::unix::fs::symlink(&kept, &report).unwrap();
        clear(&report).unwrap();
        assert!(!report.exists() && kept.exists());
    }

    #[test]
    fn of_a_huge_report_a_little_more_than_is_allowed_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let report = dir.path().join("report");
        File::create(&report).unwrap().set_len(1 << 40).unwrap();
        assert_eq!(load(&report).unwrap().unwrap().len(), LARGEST + 1);
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let report = dir.path().join("report");
        nix::unistd::mkfifo(&report, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(matches!(load(&report), Err(Error::Report { what: "read", .. })));
    }
}
