//! What belongs to no app: regions, placements, tokens, and what an organization has.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
};
use serde_json::{Value, json};

use super::{
    Api,
    request::{Pairs, body},
};
use crate::world::{ORGANIZATION, OrgQuery, PlacementAsk, Refusal, regions_json};

type Reply = Result<Json<Value>, Refusal>;
type Shared = State<Arc<Api>>;

pub(super) async fn regions() -> Json<Value> {
    Json(regions_json())
}

pub(super) async fn placements(bytes: Bytes) -> Reply {
    body::<PlacementAsk>(&bytes)?.answer().map(Json)
}

pub(super) async fn org_machines(
    State(api): Shared,
    Path(org): Path<String>,
    query: Pairs,
) -> Reply {
    let query = OrgQuery::read(&query.0, api.platform.clock.now())?;
    api.platform.read(|world| world.org_machines(&org, &query)).map(Json)
}

pub(super) async fn org_volumes(
    State(api): Shared,
    Path(org): Path<String>,
    query: Pairs,
) -> Reply {
    let query = OrgQuery::read(&query.0, api.platform.clock.now())?;
    api.platform.read(|world| world.org_volumes(&org, &query)).map(Json)
}

/// The one token there is: it may do everything in the one organization.
pub(super) async fn current_token(State(api): Shared) -> Json<Value> {
    let owner = api.platform.read(|world| world.host.owner.clone());
    Json(json!({
        "tokens": [{
            "token_id": owner.split('@').next(),
            "user": owner,
            "organization": ORGANIZATION,
            "org_slug": ORGANIZATION,
        }],
    }))
}

/// A token that can deploy an app: the one there is.
pub(super) async fn deploy_token(State(api): Shared, Path(app): Path<String>) -> Reply {
    api.platform.read(|world| world.app(&app).map(|_| ()))?;
    Ok(Json(json!({ "token": api.platform.config.token })))
}
