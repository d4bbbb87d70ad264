//! A temporary folder that goes with its command; if that is killed, with the next command that makes one.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::Uid;
use tempfile::TempDir;

use crate::error::CliError;
use crate::exit::Exit;

/// Held for as long as the command lives: the system lets go of it however that ends.
const LOCK: &str = ".lock";

/// The folder.
#[derive(Debug)]
pub(crate) struct Scratch {
    dir: TempDir,
    _lock: File,
}

impl Scratch {
    /// A new folder whose name begins so; removes those of commands that were killed.
    pub(crate) fn new(prefix: &str) -> Result<Self, CliError> {
        let parent = std::env::temp_dir();
        sweep(&parent, prefix);
        Self::below(&parent, prefix).map_err(|error| {
            let what = format!("a temporary folder in {}: {error}", parent.display());
            CliError::new(Exit::Unreachable, what).hint("set TMPDIR to a folder with some room")
        })
    }

    fn below(parent: &Path, prefix: &str) -> io::Result<Self> {
        let dir = tempfile::Builder::new().prefix(prefix).tempdir_in(parent)?;
        // Nobody may find it before it is held.
        let unheld = dir.path().join(".new");
        let lock = File::create(&unheld)?;
        lock.lock()?;
        fs::rename(&unheld, dir.path().join(LOCK))?;
        Ok(Self { dir, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The folder stays when this is dropped, and nobody removes it later.
    pub(crate) fn keep(&mut self) {
        self.dir.disable_cleanup(true);
        // One that is there still has its name, and would be taken for left over.
        let _ = fs::remove_file(self.dir.path().join(LOCK));
    }
}

/// Removes what nobody holds any more. What cannot be looked at is left alone.
fn sweep(parent: &Path, prefix: &str) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let named = entry.file_name().to_str().is_some_and(|name| name.starts_with(prefix));
        if named && is_abandoned(&entry) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn is_abandoned(entry: &fs::DirEntry) -> bool {
    let own = |it: &fs::Metadata| it.is_dir() && it.uid() == Uid::effective().as_raw();
    // The metadata of an entry are those of a link itself.
    let own = entry.metadata().ok().filter(own);
    let lock = own.and_then(|_| File::open(entry.path().join(LOCK)).ok());
    lock.is_some_and(|lock| lock.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_over_goes_with_the_next_one_and_what_is_held_or_kept_stays() {
        let parent = tempfile::tempdir().unwrap();
        let make = |prefix| Scratch::below(parent.path(), prefix).unwrap();
        let (held, mut kept) = (make("pipeline-x-"), make("pipeline-x-"));
        kept.keep();
        let mut killed = make("pipeline-x-");
        killed.dir.disable_cleanup(true);
        let (left, stays) = (killed.path().to_owned(), kept.path().to_owned());
        let another = make("pipeline-y-");
        drop((killed, kept));
        sweep(parent.path(), "pipeline-x-");
        assert!(held.path().exists() && another.path().exists() && stays.exists());
        assert!(!left.exists(), "its lock is free: whoever made it is gone");
    }
}
