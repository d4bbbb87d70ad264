//! What keeps answers from being remembered. Told as a warning, never as a failure.

use std::io;
use std::path::{Path, PathBuf};

/// Why something could not be looked at, or could not be kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("its glob `{glob}` is none: mend it ({source})")]
    Glob { glob: String, source: globset::Error },
    #[error("{} could not be read ({source})", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("there are more than {most} files in `{}`: name fewer in globs", root.display())]
    TooMany { root: PathBuf, most: usize },
    #[error("{} could not be written: make it writable, and make room ({source})", path.display())]
    Write { path: PathBuf, source: io::Error },
}

impl Error {
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Read { path: path.into(), source }
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |source| Self::Write { path: path.into(), source }
    }
}
