//! Apps.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    Api,
    request::{Pairs, body},
};
use crate::world::{App, Refusal};

pub(super) async fn list(State(api): State<Arc<Api>>, query: Pairs) -> Json<Value> {
    Json(api.platform.read(|world| world.list_apps(query.get("org_slug"))))
}

pub(super) async fn read(
    State(api): State<Arc<Api>>,
    Path(app): Path<String>,
) -> Result<Json<Value>, Refusal> {
    api.platform.read(|world| world.app(&app).map(App::to_json)).map(Json)
}

#[derive(Deserialize)]
struct NewApp {
    #[serde(alias = "app_name")]
    name: String,
}

pub(super) async fn create(
    State(api): State<Arc<Api>>,
    bytes: Bytes,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let NewApp { name } = body(&bytes)?;
    let created = api.platform.commit(|world| world.create_app(&name).map(App::created_json))?;
    Ok((StatusCode::CREATED, Json(created)))
}
