//! The web API, which lives on another host than the Machines API at Fly.io and on the same port
//! here: organizations, builds, releases, logs, GraphQL.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, patch, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Api, call, graphql,
    request::{Pairs, body},
};
use crate::{
    runtime::Line,
    world::{ORGANIZATION, Refusal, Release, ReleasePatch, ReleaseRequest, organization},
};

type Reply = Result<Json<Value>, Refusal>;
type Shared = State<Arc<Api>>;

/// How many releases, or lines of a log, are shown to who does not say.
const PAGE: usize = 100;

pub(super) fn router() -> Router<Arc<Api>> {
    let v1 = Router::new()
        .route("/organizations", get(organizations))
        .route("/organizations/{slug}", get(one_organization))
        .route("/builds", post(create_build))
        .route("/builds/finish", post(finish_build))
        .route("/releases", post(create_release))
        .route("/releases/all_current", get(all_current))
        .route("/releases/{id}", patch(patch_release))
        .route("/apps/{app}/releases", get(releases))
        .route("/apps/{app}/releases/current", get(current_release))
        .route("/apps/{app}/logs", get(logs))
        .fallback(call::not_simulated)
        .method_not_allowed_fallback(call::not_simulated);
    Router::new().nest("/api/v1", v1).route("/graphql", post(graphql::answer))
}

async fn organizations() -> Json<Value> {
    Json(json!({ "organizations": [organization()] }))
}

async fn one_organization(Path(slug): Path<String>) -> Reply {
    if slug != ORGANIZATION {
        return Err(Refusal::not_found("organization"));
    }
    Ok(Json(json!({ "organization": organization() })))
}

/// Clients accept 200 for builds, and nothing else.
async fn create_build(State(api): Shared, bytes: Bytes) -> Reply {
    #[derive(Deserialize)]
    struct Ask {
        app_name: String,
    }
    let ask: Ask = body(&bytes)?;
    api.platform.commit(|world| world.create_build(&ask.app_name)).map(Json)
}

async fn finish_build(State(api): Shared, bytes: Bytes) -> Reply {
    #[derive(Deserialize)]
    struct Ask {
        build_id: u64,
        app_name: String,
        status: String,
    }
    let Ask { build_id, app_name, status } = body(&bytes)?;
    api.platform.commit(|world| world.finish_build(build_id, &app_name, &status)).map(Json)
}

async fn create_release(
    State(api): Shared,
    bytes: Bytes,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let ask: ReleaseRequest = body(&bytes)?;
    let made = api.platform.commit(|world| world.create_release(ask).map(Release::to_json))?;
    Ok((StatusCode::CREATED, Json(json!({ "release": made }))))
}

async fn patch_release(State(api): Shared, Path(id): Path<String>, bytes: Bytes) -> Reply {
    let ask: ReleasePatch = body(&bytes)?;
    api.platform.commit(|world| world.patch_release(&id, ask).map(Release::to_json)).map(Json)
}

async fn releases(State(api): Shared, Path(app): Path<String>, query: Pairs) -> Reply {
    let limit = query.get("limit").map_or(Ok(PAGE), str::parse);
    let limit = limit.map_err(|_| Refusal::invalid("limit must be a number"))?;
    api.platform.read(|world| {
        let shown: Value = world.releases(&app, limit)?.into_iter().map(Release::to_json).collect();
        Ok(Json(json!({ "releases": shown })))
    })
}

async fn current_release(State(api): Shared, Path(app): Path<String>) -> Reply {
    api.platform.read(|world| {
        let newest = world.releases(&app, 1)?.first().map(|release| release.to_json());
        newest.map(Json).ok_or_else(|| Refusal::not_found("release"))
    })
}

async fn all_current(State(api): Shared) -> Json<Value> {
    Json(api.platform.read(|world| world.releases.all_current()))
}

/// A page of the log of an app, oldest line first. The token of a page asks for what comes after
/// it.
async fn logs(State(api): Shared, Path(app): Path<String>, query: Pairs) -> Reply {
    api.platform.read(|world| world.app(&app).map(|_| ()))?;
    let token = query.get("next_token").filter(|token| !token.is_empty());
    let after = token.map_or(Ok(0), str::parse);
    let after = after.map_err(|_| Refusal::invalid("next_token is not one that was given out"))?;
    let wanted = |key: &str| query.get(key).filter(|value| !value.is_empty());
    let (instance, region) = (wanted("instance"), wanted("region"));
    let lines = api.platform.logs.after(&app, after, |line| {
        instance.is_none_or(|it| *it == line.machine) && region.is_none_or(|it| *it == line.region)
    });
    let next = lines.last().map_or(after, |line| line.number);
    let shown: Vec<Value> = lines.iter().map(Line::to_json).collect();
    Ok(Json(json!({ "data": shown, "meta": { "next_token": next.to_string() } })))
}
