//! Faults over the control API.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;

use super::{Api, request::body};
use crate::{Fault, FaultId, FaultStatus, world::Refusal};

type Shared = State<Arc<Api>>;

pub(super) async fn list(State(api): Shared) -> Json<Vec<FaultStatus>> {
    Json(api.platform.faults())
}

/// `{"fault": "create@2=408-after"}`
pub(super) async fn inject(
    State(api): Shared,
    bytes: Bytes,
) -> Result<(StatusCode, Json<FaultStatus>), Refusal> {
    #[derive(Deserialize)]
    struct NewFault {
        fault: String,
    }
    let NewFault { fault } = body(&bytes)?;
    let fault: Fault = fault.parse().map_err(Refusal::invalid)?;
    let text = fault.to_string();
    let id = api.platform.inject(fault);
    Ok((StatusCode::CREATED, Json(FaultStatus { id, fault: text, met: 0, fired: 0 })))
}

pub(super) async fn clear(State(api): Shared) -> StatusCode {
    api.platform.clear_faults();
    StatusCode::NO_CONTENT
}

pub(super) async fn remove(State(api): Shared, Path(id): Path<u64>) -> Result<StatusCode, Refusal> {
    let gone = api.platform.remove_fault(FaultId(id));
    gone.then_some(StatusCode::NO_CONTENT).ok_or_else(|| Refusal::not_found("fault"))
}
