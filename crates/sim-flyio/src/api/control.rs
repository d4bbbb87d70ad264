//! The control API, which Fly.io does not have: what another process needs to set the stage and
//! to see the truth.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Api,
    request::{Pairs, body},
};
use crate::{
    image::Image,
    journal::ndjson,
    proxy::Ledger,
    world::{App, MachineView, Refusal},
};

type Shared = State<Arc<Api>>;

pub(super) async fn register_image(
    State(api): Shared,
    bytes: Bytes,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let image: Image = body(&bytes)?;
    let digest = api.platform.commit(|world| world.host.registry.add(image));
    Ok((StatusCode::CREATED, Json(json!({ "digest": digest }))))
}

pub(super) async fn create_app(
    State(api): Shared,
    bytes: Bytes,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    #[derive(Deserialize)]
    struct NewApp {
        name: String,
    }
    let NewApp { name } = body(&bytes)?;
    let app = api.platform.commit(|world| world.create_app(&name).map(App::to_json))?;
    Ok((StatusCode::CREATED, Json(app)))
}

pub(super) async fn ledger(State(api): Shared, query: Pairs) -> Result<Json<Ledger>, Refusal> {
    Ok(Json(api.ledgers.of(app(&query)?)))
}

pub(super) async fn machines(
    State(api): Shared,
    query: Pairs,
) -> Result<Json<Vec<MachineView>>, Refusal> {
    let app = app(&query)?;
    api.platform.read(|world| world.views(app)).map(Json)
}

pub(super) async fn journal(State(api): Shared, query: Pairs) -> Response {
    let calls = api.platform.journal.calls();
    match query.get("format") {
        Some("ndjson") => {
            ([(CONTENT_TYPE, "application/x-ndjson")], ndjson(&calls)).into_response()
        }
        _ => Json(calls).into_response(),
    }
}

fn app(query: &Pairs) -> Result<&str, Refusal> {
    query.get("app").ok_or_else(|| Refusal::invalid("app is required in the query"))
}
