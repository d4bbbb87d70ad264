//! Metadata over HTTP.

use std::sync::Arc;

use axum::{Json, body::Bytes, extract::State, http::StatusCode};
use serde_json::Value;

use super::{
    Api,
    request::{Named, body},
};
use crate::world::{MetadataPatch, Refusal};

pub(super) async fn all(State(api): State<Arc<Api>>, named: Named) -> Result<Json<Value>, Refusal> {
    api.platform.read(|world| world.metadata(named.target())).map(Json)
}

pub(super) async fn one(State(api): State<Arc<Api>>, named: Named) -> Result<Json<Value>, Refusal> {
    api.platform.read(|world| world.metadata_key(named.target(), &named.key)).map(Json)
}

pub(super) async fn set(
    State(api): State<Arc<Api>>,
    named: Named,
    bytes: Bytes,
) -> Result<StatusCode, Refusal> {
    let ask: Value = body(&bytes)?;
    let value = ask["value"].clone();
    if !value.is_string() {
        return Err(Refusal::invalid("value must be a string"));
    }
    api.platform.commit(|world| world.set_metadata(named.target(), &named.key, value))?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn remove(
    State(api): State<Arc<Api>>,
    named: Named,
) -> Result<StatusCode, Refusal> {
    api.platform.commit(|world| world.set_metadata(named.target(), &named.key, Value::Null))?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn patch(
    State(api): State<Arc<Api>>,
    named: Named,
    bytes: Bytes,
) -> Result<StatusCode, Refusal> {
    let patch: MetadataPatch = body(&bytes)?;
    api.platform.commit(|world| world.patch_metadata(named.target(), patch))?;
    Ok(StatusCode::NO_CONTENT)
}
