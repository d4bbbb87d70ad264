//! Writes the file whole or not at all, and keeps `.pipeline/` out of git.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::config::FILE_NAME;
use crate::error::CliError;

/// What an earlier file is kept as under `--force`.
const KEPT: &str = "pipeline.toml.old";

/// Writes `pipeline.toml`; says whether there was one before, which is kept beside it.
pub(super) fn write(root: &Path, text: &str, force: bool) -> Result<Option<PathBuf>, CliError> {
    let path = root.join(FILE_NAME);
    let refused = |error: &std::io::Error| {
        CliError::usage(format!("{}: cannot be written: {error}", path.display()))
            .hint("may this user write to that folder?")
    };
    let mut file = tempfile::NamedTempFile::new_in(root).map_err(|error| refused(&error))?;
    file.write_all(text.as_bytes()).map_err(|error| refused(&error))?;
    readable(file.as_file()).map_err(|error| refused(&error))?;
    file.as_file().sync_all().map_err(|error| refused(&error))?;
    let mut kept = None;
    if force && path.symlink_metadata().is_ok() {
        let old = root.join(KEPT);
        std::fs::rename(&path, &old).map_err(|error| refused(&error))?;
        kept = Some(old);
    }
    match file.persist_noclobber(&path) {
        Ok(_) => Ok(kept),
        Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Err(exists(&path)),
        Err(error) => Err(refused(&error.error)),
    }
}

/// As other files of a project are, not as temporary ones.
fn readable(file: &std::fs::File) -> std::io::Result<()> {
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    Ok(())
}

/// There is one already, and it stays.
pub(super) fn exists(path: &Path) -> CliError {
    CliError::usage(format!("there is a {} already; it stays as it is", path.display())).hint(
        "`pipeline init --dry-run` prints what would be written; `--force` writes it, and keeps the old file as pipeline.toml.old",
    )
}

/// Is `.pipeline/` of this folder not ignored, in a git repository? `None` where git cannot tell, or there is no repository.
pub(crate) async fn is_unignored(root: &Path) -> Option<bool> {
    let mut git = tokio::process::Command::new("git");
    // 0: ignored, 1: not, anything else: no repository.
    let asked = git
        .args(["check-ignore", "-q", ".pipeline/pipeline.db"])
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .status()
        .await;
    match asked.ok()?.code() {
        Some(0) => Some(false),
        Some(1) => Some(true),
        _ => None,
    }
}

/// Adds `/.pipeline/` to the `.gitignore` beside `pipeline.toml`.
pub(super) fn ignore(root: &Path) -> Result<(), CliError> {
    let path = root.join(".gitignore");
    let refused = |error: &std::io::Error| {
        CliError::usage(format!("{}: cannot be written: {error}", path.display()))
            .hint("add a line with /.pipeline/ to it: runs and logs do not belong in git")
    };
    let old = match std::fs::read(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        other => other.map_err(|error| refused(&error))?,
    };
    // Appended, so that whatever else the file is (its rights, a link to another) stays.
    let mut file = std::fs::OpenOptions::new().append(true).create(true).open(&path);
    let text = added(&old);
    let written = file.as_mut().map_err(|error| refused(error))?.write_all(text.as_bytes());
    written.map_err(|error| refused(&error))
}

/// What comes after what is there, with its kind of line ends.
fn added(old: &[u8]) -> String {
    let end = if old.windows(2).any(|it| it == b"\r\n") { "\r\n" } else { "\n" };
    let first = if old.is_empty() || old.ends_with(b"\n") { "" } else { end };
    format!("{first}/.pipeline/{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_added_and_none_is_changed() {
        for (old, new) in [
            ("", "/.pipeline/\n"),
            ("/deps/\n", "/deps/\n/.pipeline/\n"),
            ("/deps/", "/deps/\n/.pipeline/\n"),
            ("/deps/\r\n/x/", "/deps/\r\n/x/\r\n/.pipeline/\r\n"),
        ] {
            assert_eq!(format!("{old}{}", added(old.as_bytes())), new);
        }
    }

    #[test]
    fn what_is_there_stays_unless_it_is_forced_and_then_it_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        assert_eq!(write(dir.path(), "one", false).unwrap(), None);
        assert!(write(dir.path(), "two", false).is_err());
        assert_eq!(read("pipeline.toml"), "one");
        assert_eq!(write(dir.path(), "two", true).unwrap(), Some(dir.path().join(KEPT)));
        assert_eq!((read("pipeline.toml"), read(KEPT)), ("two".into(), "one".into()));
        let names = std::fs::read_dir(dir.path()).unwrap().count();
        assert_eq!(names, 2, "nothing temporary is left");
    }
}
