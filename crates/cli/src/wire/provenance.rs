//! Where a run comes from: who, from which commit, on whose behalf.

use std::path::Path;
use std::process::Stdio;

use pipeline_core::Conclusion;
use store_sql::{NewRun, RunFilter, RunKind, RunRow, Store, StoreError};

use crate::app::{App, Setting};
use crate::session::Session;
use crate::whoami::{host, who};

/// So many runs are looked through for one that brought an image.
const FAR_ENOUGH: u32 = 500;

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
        promotes: None,
        who: who(app),
        host: host(),
        pid: std::process::id(),
        pipeline_version: env!("CARGO_PKG_VERSION").into(),
    }
}

/// The commit that the project's folder is at; none where git cannot tell.
pub(crate) async fn revision(dir: &Path) -> Option<String> {
    let asked = tokio::process::Command::new("git")
        .args(["rev-parse", "HEAD"])
        .current_dir(dir)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let output = asked.await.ok().filter(|it| it.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The commit that an image was made of, as far as runs tell that brought it: known by its digest, whatever is checked out now.
pub(crate) async fn revision_of(store: &Store, image: &str) -> Result<Option<String>, StoreError> {
    let Some(wanted) = digest(image) else { return Ok(None) };
    let filter = RunFilter { limit: Some(FAR_ENOUGH), ..RunFilter::default() };
    // The first one that brought it knows best; whatever came to nothing may have been checked out anyhow.
    let brought = |it: &RunRow| {
        let succeeded = it.ending.and_then(|it| it.conclusion) == Some(Conclusion::Succeeded);
        succeeded && it.begun.image.as_deref().and_then(digest) == Some(wanted)
    };
    let runs = store.runs(&filter).await?.into_iter().rev();
    Ok(runs.filter(brought).find_map(|it| it.begun.revision))
}

/// What a reference says that is the same wherever it is pulled from.
pub(super) fn digest(image: &str) -> Option<&str> {
    image.split_once('@').map(|(_, digest)| digest)
}

/// The CI job that started this, if one did.
pub(crate) fn origin(app: &App) -> Option<String> {
    let part = |name| app.var(name);
    let (server, repository) = (part("GITHUB_SERVER_URL")?, part("GITHUB_REPOSITORY")?);
    Some(format!("{server}/{repository}/actions/runs/{}", part("GITHUB_RUN_ID")?))
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[tokio::test]
    async fn an_image_that_was_brought_before_keeps_its_commit_and_a_tag_says_nothing() {
        let store = Store::open("sqlite::memory:", || SystemTime::UNIX_EPOCH).await.unwrap();
        for (image, revision, conclusion) in [
            ("shop:v1@sha256:1", Some("dddd"), Conclusion::Rejected),
            ("shop:v1@sha256:1", Some("aaaa"), Conclusion::Succeeded),
            ("shop:latest", Some("bbbb"), Conclusion::Succeeded),
            ("shop:v1@sha256:1", Some("cccc"), Conclusion::Succeeded),
            ("shop:v1@sha256:1", None, Conclusion::Succeeded),
        ] {
            let mut begun =
                crate::commands::deploy::tests::row(store_sql::RunOutcome::Pass, None).begun;
            (begun.image, begun.revision) = (Some(image.into()), revision.map(Into::into));
            let row = store.begin(&begun).await.unwrap();
            let ending = store_sql::Ending {
                conclusion: Some(conclusion),
                outcome: store_sql::RunOutcome::Pass,
                exit_code: 0,
            };
            store.finish(&row.id, &ending).await.unwrap();
        }
        for (image, revision) in [
            ("registry.fly.io/shop@sha256:1", Some("aaaa")),
            ("shop:latest", None),
            ("shop@sha256:2", None),
        ] {
            let known = revision_of(&store, image).await.unwrap();
            assert_eq!(known.as_deref(), revision, "{image}");
        }
    }
}
