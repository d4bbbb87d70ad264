//! IP assignments over HTTP.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::Value;

use super::{Api, request::body};
use crate::world::{IpAsk, Refusal};

type Reply = Result<Json<Value>, Refusal>;
type Shared = State<Arc<Api>>;

pub(super) async fn list(State(api): Shared, Path(app): Path<String>) -> Reply {
    api.platform.read(|world| world.list_ips(&app)).map(Json)
}

pub(super) async fn assign(State(api): Shared, Path(app): Path<String>, bytes: Bytes) -> Reply {
    let ask: IpAsk = body(&bytes)?;
    api.platform.commit(|world| world.assign_ip(&app, &ask)).map(Json)
}

pub(super) async fn release(
    State(api): Shared,
    Path((app, ip)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    api.platform.commit(|world| world.release_ip(&app, &ip))?;
    Ok(StatusCode::NO_CONTENT)
}
