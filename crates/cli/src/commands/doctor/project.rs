//! The project's folder: what git knows of it.

use std::path::Path;
use std::process::Stdio;

use super::check::{Check, PATIENCE, within};
use crate::app::App;
use crate::commands::init::is_unignored;
use crate::config::{Config, FILE_NAME};

pub(super) async fn look(app: &App, config: &Config) -> Vec<Check> {
    let names: Vec<&str> = config.environments.keys().map(String::as_str).collect();
    let mut checks = vec![match &names[..] {
        [] => Check::warn("pipeline.toml", "valid, and without environments").mend(format!(
            "add one to {FILE_NAME}: `pipeline config --explain environments` says how"
        )),
        names => Check::good("pipeline.toml", format!("valid; {}", names.join(", "))),
    }];
    match within("git", PATIENCE, of_git(app, &config.dir)).await {
        Ok(more) => checks.extend(more),
        Err(late) => checks.push(late),
    }
    checks
}

async fn of_git(app: &App, dir: &Path) -> Vec<Check> {
    let Some(unignored) = is_unignored(dir).await else {
        return vec![
            Check::warn("repository", "git knows none here")
                .mend("`git init`, and commit: a run is told by its commit"),
        ];
    };
    let mut checks = vec![if unignored {
        Check::bad(".gitignore", ".pipeline/ is not ignored")
            .mend("add a line with /.pipeline/ to .gitignore: runs and logs do not belong in git")
    } else {
        Check::good(".gitignore", ".pipeline/ is ignored")
    }];
    // Without `--no-optional-locks`, git refreshes its index.
    let status = git(dir, &["--no-optional-locks", "status", "--porcelain", "--", "."]).await;
    checks.push(match status.as_deref().map(|it| it.lines().count()) {
        Some(0) => Check::good("tree", "everything is committed"),
        Some(count) => Check::warn("tree", format!("{count} not committed"))
            .mend("commit: what is deployed should be what a commit says"),
        None => Check::unknown("tree", "git does not say").mend("run `git status` here"),
    });
    if git(dir, &["rev-parse", "--is-shallow-repository"]).await.as_deref().map(str::trim)
        == Some("true")
    {
        let remedy = if app.var("GITHUB_ACTIONS").is_some() {
            "set fetch-depth: 0 at actions/checkout"
        } else {
            "`git fetch --unshallow` brings the rest"
        };
        checks.push(
            Check::warn(
                "history",
                "this clone is shallow: --changed and the scan of commits see only its newest",
            )
            .mend(remedy),
        );
    }
    checks
}

async fn git(dir: &Path, args: &[&str]) -> Option<String> {
    let mut command = tokio::process::Command::new("git");
    command.args(args).current_dir(dir).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
