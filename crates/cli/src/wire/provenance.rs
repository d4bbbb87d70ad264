//! Where a run comes from: who, from which commit, on whose behalf.

use std::path::Path;
use std::process::Stdio;

use store_sql::{NewRun, RunKind};

use crate::app::{App, Setting};
use crate::session::{Session, host, who};

/// What is known of a run before it begins.
pub(crate) async fn new_run(
    session: &Session<'_>,
    kind: RunKind,
    target: &str,
    image: Option<String>,
) -> NewRun {
    let Setting { app, config, environment } = session.setting;
    NewRun {
        kind,
        environment: environment.name.clone(),
        target: target.to_owned(),
        revision: revision(&config.dir).await,
        image,
        origin: origin(app),
        restores: None,
        who: who(app),
        host: host(),
        pid: std::process::id(),
        pipeline_version: env!("CARGO_PKG_VERSION").into(),
    }
}

/// The commit that the project's folder is at; none where git cannot tell.
async fn revision(dir: &Path) -> Option<String> {
    let asked = tokio::process::Command::new("git")
        .args(["rev-parse", "HEAD"])
        .current_dir(dir)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let output = asked.await.ok().filter(|it| it.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The CI job that started this, if one did.
pub(super) fn origin(app: &App) -> Option<String> {
    let part = |name| app.var(name);
    let (server, repository) = (part("GITHUB_SERVER_URL")?, part("GITHUB_REPOSITORY")?);
    Some(format!("{server}/{repository}/actions/runs/{}", part("GITHUB_RUN_ID")?))
}
