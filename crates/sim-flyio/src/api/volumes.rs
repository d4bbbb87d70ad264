//! Volumes and their snapshots over HTTP.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
};
use serde::Deserialize;
use serde_json::Value;

use super::{Api, request::body};
use crate::world::{NewVolume, Refusal, VolumeChange};

type Reply = Result<Json<Value>, Refusal>;
type Shared = State<Arc<Api>>;
/// The app and the volume of a path.
type Names = Path<(String, String)>;

pub(super) async fn list(State(api): Shared, Path(app): Path<String>) -> Reply {
    api.platform.read(|world| world.list_volumes(&app)).map(Json)
}

pub(super) async fn create(State(api): Shared, Path(app): Path<String>, bytes: Bytes) -> Reply {
    let ask: NewVolume = body(&bytes)?;
    api.platform.commit(|world| world.create_volume(&app, ask)).map(Json)
}

pub(super) async fn read(State(api): Shared, Path((app, volume)): Names) -> Reply {
    api.platform.read(|world| world.volume(&app, &volume)).map(Json)
}

pub(super) async fn update(State(api): Shared, Path((app, volume)): Names, bytes: Bytes) -> Reply {
    let change: VolumeChange = body(&bytes)?;
    api.platform.commit(|world| world.update_volume((&app, &volume), &change)).map(Json)
}

pub(super) async fn extend(State(api): Shared, Path((app, volume)): Names, bytes: Bytes) -> Reply {
    #[derive(Deserialize)]
    struct Ask {
        size_gb: u64,
    }
    let Ask { size_gb } = body(&bytes)?;
    api.platform.commit(|world| world.extend_volume((&app, &volume), size_gb)).map(Json)
}

pub(super) async fn delete(State(api): Shared, Path((app, volume)): Names) -> Reply {
    api.platform.commit(|world| world.delete_volume(&app, &volume)).map(Json)
}

pub(super) async fn snapshots(State(api): Shared, Path((app, volume)): Names) -> Reply {
    api.platform.read(|world| world.list_snapshots(&app, &volume)).map(Json)
}

pub(super) async fn snapshot(State(api): Shared, Path((app, volume)): Names) -> Reply {
    api.platform.commit(|world| world.take_snapshot(&app, &volume)).map(Json)
}
