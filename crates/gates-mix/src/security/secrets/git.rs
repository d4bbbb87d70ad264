//! What git knows of a folder. Arguments are lists, nothing is interpreted by a shell, and no hook or pager runs.

use std::path::Path;
use std::process::Stdio;

use tokio::process::{Child, Command};

use super::error::SecretsError;

/// The files that git tracks below this folder, relative to it and with `/` between their parts; no links and no submodules.
pub async fn tracked(dir: &Path) -> Result<Vec<String>, SecretsError> {
    let listed = said(dir, &["ls-files", "-z", "--stage"]).await?;
    let mut files: Vec<_> = listed.split(|it| *it == 0).filter_map(file).collect();
    // A file in conflict is listed once for each side.
    files.dedup();
    Ok(files)
}

/// `100644 <id> 0\t<path>`.
fn file(entry: &[u8]) -> Option<String> {
    let entry = String::from_utf8_lossy(entry);
    let (mode, path) = (entry.split(' ').next()?, entry.split_once('\t')?.1);
    mode.starts_with("100").then(|| path.to_owned())
}

/// Refuses a folder outside of any repository, and a clone that lacks a part of its history.
pub(super) async fn whole_history(dir: &Path) -> Result<(), SecretsError> {
    let shallow = said(dir, &["rev-parse", "--is-shallow-repository"]).await?;
    let partial = said(dir, &["config", "--get-regexp", "^remote\\..*\\.promisor$"]).await;
    if shallow.starts_with(b"true") || partial.is_ok_and(|it| !it.is_empty()) {
        return Err(SecretsError::Shallow { dir: dir.to_owned() });
    }
    Ok(())
}

/// What such a command says on standard output.
async fn said(dir: &Path, args: &[&str]) -> Result<Vec<u8>, SecretsError> {
    let asked = command(dir, args).stdin(Stdio::null()).output().await;
    let output = asked.map_err(|source| SecretsError::NoGit { dir: dir.to_owned(), source })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(failure(dir, args, &output.stderr))
}

/// Such a command with its standard output to be read, and what it reads.
pub(super) fn start(dir: &Path, args: &[&str], stdin: Stdio) -> Result<Child, SecretsError> {
    let mut command = command(dir, args);
    let command = command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn().map_err(|source| SecretsError::NoGit { dir: dir.to_owned(), source })
}

/// Waits for its end, which must be a good one.
pub(super) async fn ended(dir: &Path, args: &[&str], mut child: Child) -> Result<(), SecretsError> {
    match child.wait().await {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(broken(dir, args, &format!("it ended with {status}"))),
        Err(source) => Err(broken(dir, args, &source.to_string())),
    }
}

pub(super) fn broken(dir: &Path, args: &[&str], what: &str) -> SecretsError {
    let command = format!("git {}", args.join(" "));
    SecretsError::Git { command, dir: dir.to_owned(), what: what.to_owned() }
}

fn failure(dir: &Path, args: &[&str], stderr: &[u8]) -> SecretsError {
    let text = String::from_utf8_lossy(stderr);
    if text.contains("not a git repository") {
        return SecretsError::NoRepository { dir: dir.to_owned() };
    }
    broken(dir, args, text.lines().next().unwrap_or("it does not say why"))
}

fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("git");
    let fixed =
        ["--no-pager", "--no-optional-locks", "--no-replace-objects", "-c", "core.fsmonitor=false"];
    // Its words are read, so they are the English ones.
    command.args(fixed).args(args).current_dir(dir).env("LC_ALL", "C").kill_on_drop(true);
    command
}
