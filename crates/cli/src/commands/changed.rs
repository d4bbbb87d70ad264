//! Which files `--changed` means: those that differ from where this branch left another one.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;

use crate::error::CliError;

/// Where a branch usually leaves from, the surest first.
const USUAL: [&str; 3] = ["origin/HEAD", "main", "master"];

/// The files that were added or changed since this branch left `base` (if it is empty, the main branch), relative to `dir`: committed or not, but not those
/// that git ignores.
pub(crate) async fn changed(dir: &Path, base: &str) -> Result<Vec<String>, CliError> {
    let left = left_at(dir, Some(base).filter(|it| !it.is_empty())).await?;
    let diff = ["diff", "--name-only", "-z", "--relative", "--diff-filter=d", &left, "--", "."];
    let tracked = git(dir, &diff).await?;
    let untracked = git(dir, &["ls-files", "--others", "--exclude-standard", "-z"]).await?;
    let both = tracked.split('\0').chain(untracked.split('\0')).filter(|it| !it.is_empty());
    Ok(both.map(ToOwned::to_owned).collect::<BTreeSet<_>>().into_iter().collect())
}

/// The commit where this branch left `base`; on that branch itself, the newest one.
async fn left_at(dir: &Path, base: Option<&str>) -> Result<String, CliError> {
    let candidates = base.map_or(USUAL.to_vec(), |base| vec![base]);
    for candidate in &candidates {
        let commit = format!("{candidate}^{{commit}}");
        let known =
            git(dir, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]).await;
        if let Ok(known) = known {
            let left = git(dir, &["merge-base", "HEAD", known.trim()]).await?;
            return Ok(left.trim().to_owned());
        }
    }
    // In a folder that is no repository, git says so better than we do.
    git(dir, &["rev-parse", "--git-dir"]).await?;
    Err(match base {
        Some(base) => CliError::usage(format!("--changed: git knows no commit `{base}`"))
            .hint("name a branch, a tag or a commit: --changed=BASE"),
        None => {
            CliError::usage("--changed: there is no origin/HEAD, main or master to compare with")
                .hint("name what to compare with: --changed=BASE")
        }
    })
}

async fn git(dir: &Path, args: &[&str]) -> Result<String, CliError> {
    let mut command = tokio::process::Command::new("git");
    let asked = command.args(args).current_dir(dir).stdin(Stdio::null()).output().await;
    let failed =
        |why: String| CliError::usage(format!("--changed: git cannot tell what changed: {why}"));
    let output = asked.map_err(|error| failed(error.to_string()).hint("install git"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(failed(said.lines().next().unwrap_or("it does not say why").to_owned())
        .hint("run it inside a git repository with at least one commit"))
}
