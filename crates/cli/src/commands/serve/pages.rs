//! Which page stands where.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse, Response};
use pipeline_report::{Page, Place, env_path, run_path};
use store_sql::RunFilter;

use crate::commands::report::{Gather, page_text};
use crate::commands::serve::Source;
use crate::error::CliError;
use crate::exit::Exit;

/// The answer to a request for this path.
pub(super) async fn of(source: &Source, path: &str) -> Response {
    match path {
        "/healthz" => health(source).await,
        // Browsers ask for it; there is none.
        "/favicon.ico" => StatusCode::NO_CONTENT.into_response(),
        _ => match page(source, path).await {
            Ok(Some(page)) => shown(source, &page),
            Ok(None) => {
                plain(StatusCode::NOT_FOUND, "there is no such page; / has all there are\n")
            }
            Err(error) => broken(source, &error),
        },
    }
}

async fn page(source: &Source, path: &str) -> Result<Option<Page>, CliError> {
    let Source { config, store, limit, .. } = source;
    let gather = Gather { config, store, place: Place::Served, limit: *limit };
    if path == "/" {
        return gather.environments(None).await.map(Some);
    }
    if let Some(name) = path.strip_prefix("/runs/") {
        let row = store.run(name).await?.filter(|it| run_path(&it.version) == path);
        return match row {
            Some(row) => gather.one(row).await.map(Some),
            None => Ok(None),
        };
    }
    match environment(source, path).await? {
        Some(name) => gather.environments(Some(&name)).await.map(Some),
        None => Ok(None),
    }
}

/// The environment whose page this is: one of the configuration, or one that has runs.
async fn environment(source: &Source, path: &str) -> Result<Option<String>, CliError> {
    let configured = source.config.environments.keys().find(|it| env_path(it) == path);
    if configured.is_some() || !path.starts_with("/env/") {
        return Ok(configured.cloned());
    }
    let filter = RunFilter { limit: Some(source.limit), ..RunFilter::default() };
    let runs = source.store.runs(&filter).await?.into_iter();
    Ok(runs.map(|it| it.begun.environment).find(|it| env_path(it) == path))
}

fn shown(source: &Source, page: &Page) -> Response {
    match page_text(&source.app, &source.config, page) {
        Ok(text) => Html(text).into_response(),
        Err(error) => broken(source, &error),
    }
}

/// Well is who can read the store.
async fn health(source: &Source) -> Response {
    let filter = RunFilter { limit: Some(1), ..RunFilter::default() };
    match source.store.runs(&filter).await {
        Ok(_) => plain(StatusCode::OK, "ok\n"),
        Err(error) => broken(source, &error.into()),
    }
}

fn broken(source: &Source, error: &CliError) -> Response {
    let status = match error.exit() {
        Exit::Unreachable => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let secrets = source.app.secrets(Some(&source.config));
    plain(status, &format!("{}\n", secrets.strike(&error.to_string())))
}

fn plain(status: StatusCode, text: &str) -> Response {
    (status, [(CONTENT_TYPE, "text/plain; charset=utf-8")], text.to_owned()).into_response()
}
