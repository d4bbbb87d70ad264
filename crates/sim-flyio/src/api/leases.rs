//! Leases over HTTP.

use std::sync::Arc;

use axum::{Json, body::Bytes, extract::State, http::StatusCode};
use serde_json::{Value, json};

use super::{
    Api,
    request::{Named, Pairs, body},
};
use crate::world::{LeaseAsk, Refusal};

pub(super) async fn read(
    State(api): State<Arc<Api>>,
    named: Named,
) -> Result<Json<Value>, Refusal> {
    let shown = |world: &crate::world::World| {
        let machine = world.read(named.target())?;
        machine.lease_json(world.host.now)
    };
    api.platform.read(shown).map(Json)
}

/// The time to live is in the query (flyctl) or in the body (documentation).
pub(super) async fn acquire(
    State(api): State<Arc<Api>>,
    named: Named,
    query: Pairs,
    bytes: Bytes,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let mut ask: LeaseAsk = body(&bytes)?;
    if let Some(ttl) = query.get("ttl") {
        let ttl = ttl.parse().map_err(|_| Refusal::invalid("ttl must be whole seconds"))?;
        ask.ttl = Some(ttl);
    }
    let reply = api.platform.commit(|world| {
        let (machine, host) = world.touch(named.target())?;
        machine.acquire(ask, named.target().nonce, host)?;
        machine.lease_json(host.now)
    })?;
    Ok((StatusCode::CREATED, Json(reply)))
}

pub(super) async fn release(
    State(api): State<Arc<Api>>,
    named: Named,
) -> Result<Json<Value>, Refusal> {
    api.platform.commit(|world| {
        let machine = world.read(named.target())?;
        if machine.is_destroyed() {
            return Err(machine.no_lease()); // it went with the machine
        }
        let (machine, host) = world.touch(named.target())?;
        machine.release(named.target().nonce, host.now)
    })?;
    Ok(Json(json!({ "status": "success", "data": { "ok": true } })))
}
