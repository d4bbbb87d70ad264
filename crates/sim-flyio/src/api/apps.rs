//! Apps.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::Value;

use super::{
    Api,
    request::{Pairs, body},
};
use crate::world::{App, NewApp, Refusal};

pub(super) async fn list(State(api): State<Arc<Api>>, query: Pairs) -> Json<Value> {
    Json(api.platform.read(|world| world.list_apps(query.get("org_slug"))))
}

pub(super) async fn read(
    State(api): State<Arc<Api>>,
    Path(app): Path<String>,
) -> Result<Json<Value>, Refusal> {
    api.platform.read(|world| world.app(&app).map(App::to_json)).map(Json)
}

pub(super) async fn create(
    State(api): State<Arc<Api>>,
    bytes: Bytes,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let ask: NewApp = body(&bytes)?;
    let created = api.platform.commit(|world| world.create_app_as(ask))?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Answers before all machines are gone.
pub(super) async fn delete(
    State(api): State<Arc<Api>>,
    Path(app): Path<String>,
) -> Result<StatusCode, Refusal> {
    api.platform.commit(|world| world.delete_app(&app))?;
    Ok(StatusCode::ACCEPTED)
}
