//! The folder that a task builds in, guarded against other processes and against tasks that were killed.
//!
//! Its lock is a file. Before a task begins the file says so, and when it has ended the file is empty again: whoever finds
//! it otherwise comes after a task that was killed. Then the folder may hold half of a build that Mix believes to be
//! whole: `mix compile --force` first removes what it had compiled, and forgets last that it had.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use pipeline_core::Context;
use pipeline_process::Command;

use crate::error::Error;
use crate::layout::Layout;

/// How often it is looked whether another process is done. Only the system knows, and it tells nobody.
const EVERY: Duration = Duration::from_millis(100);

/// The folder that a command builds in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum BuildFolder {
    /// The one that `MIX_BUILD_PATH` names.
    Path(PathBuf),
    /// That of a Mix environment; of no name where the command does not say which.
    Of(OsString),
}

impl BuildFolder {
    pub(crate) fn of(command: &Command) -> Self {
        let said = |name| command.env.get(name).cloned().flatten();
        match said("MIX_BUILD_PATH") {
            Some(path) => {
                let dir = command.dir.canonicalize();
                Self::Path(dir.unwrap_or_else(|_| command.dir.clone()).join(path))
            }
            None => Self::Of(said("MIX_ENV").unwrap_or_default()),
        }
    }

    /// Claims it for this process, in the folder `locks`. Waits for others that have, and says once that it waits.
    pub(crate) async fn claim(&self, locks: &Path, cx: &Context) -> Result<Claim, Error> {
        let path = locks.join(self.file());
        let failed = |source| Error::Lock { path: path.clone(), source };
        let file = open(&path).map_err(failed)?;
        let mut waits = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Claim { file, path }),
                Err(TryLockError::Error(source)) => return Err(failed(source)),
                Err(TryLockError::WouldBlock) if waits => {}
                Err(TryLockError::WouldBlock) => {
                    cx.note(format!("waiting: another pipeline builds in {self}"));
                    waits = true;
                }
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Where it is; `None` where only Mix knows.
    pub(crate) fn path(&self, dir: &Path) -> Option<PathBuf> {
        match self {
            Self::Path(path) => Some(path.clone()),
            Self::Of(env) if env.is_empty() => None,
            Self::Of(env) => Some(dir.join("_build").join(env)),
        }
    }

    /// What the file of its lock is called, in all versions of this program.
    fn file(&self) -> String {
        match self {
            Self::Path(path) => format!("build-{:016x}.lock", digest(path.as_os_str())),
            Self::Of(env) => {
                let safe = |it: char| if it.is_ascii_alphanumeric() { it } else { '_' };
                format!(
                    "build-{}.lock",
                    env.to_string_lossy().chars().map(safe).collect::<String>()
                )
            }
        }
    }
}

/// As people know it.
impl fmt::Display for BuildFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::Of(env) => Path::new("_build").join(env).display().fmt(f),
        }
    }
}

/// A build folder that no other process works in while this value lives. The system takes the lock from a process that
/// was killed.
#[derive(Debug)]
pub(crate) struct Claim {
    file: File,
    path: PathBuf,
}

impl Claim {
    /// Did the task before not come to its end?
    pub(crate) fn is_unfinished(&self) -> bool {
        self.file.metadata().is_ok_and(|it| it.len() > 0)
    }

    /// A task is about to build in the folder.
    pub(crate) fn begin(&mut self, folder: &BuildFolder) -> Result<(), Error> {
        let failed = |source| Error::Lock { path: self.path.clone(), source };
        self.file.set_len(0).map_err(failed)?;
        writeln!(self.file, "a task builds in {folder}").map_err(failed)
    }

    /// It has ended by itself.
    pub(crate) fn finished(self) {
        // Otherwise the next one builds anew, which is no more than slow.
        let _ = self.file.set_len(0);
    }
}

/// Takes out of a build folder what the project's own applications have built; dependencies stay. Not found are those
/// of a `mix.exs` that builds elsewhere or computes its name.
pub(crate) fn clear(build: &Path, layout: &Layout) -> Result<(), Error> {
    for app in layout.app.iter().chain(layout.apps.keys()) {
        let path = build.join("lib").join(app);
        match fs::remove_dir_all(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(Error::HalfBuilt { path, source });
            }
            _ => {}
        }
    }
    Ok(())
}

/// FNV-1a: short, and the same in every version, which the standard library's own hasher does not promise.
fn digest(text: &OsStr) -> u64 {
    let add = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    text.as_encoded_bytes().iter().fold(0xcbf2_9ce4_8422_2325, add)
}

/// The file stays when the lock is given back: one that goes could be locked by two at once.
fn open(path: &Path) -> io::Result<File> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    File::options().create(true).append(true).open(path)
}

#[cfg(test)]
#[path = "build_folder_tests.rs"]
mod tests;
