//! The secrets of an app over HTTP: digests, and values for those who ask for them in words.

use std::{collections::BTreeMap, sync::Arc};

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
use crate::world::{Refusal, SecretText, SecretsQuery};

type Reply = Result<Json<Value>, Refusal>;
type Shared = State<Arc<Api>>;
/// The app and the secret of a path.
type Names = Path<(String, String)>;

pub(super) async fn list(State(api): Shared, Path(app): Path<String>, query: Pairs) -> Reply {
    let ask = asked(&query)?;
    api.platform.read(|world| world.list_secrets(&app, ask)).map(Json)
}

pub(super) async fn write(State(api): Shared, Path(app): Path<String>, bytes: Bytes) -> Reply {
    #[derive(Deserialize)]
    struct Ask {
        values: BTreeMap<String, Option<SecretText>>,
    }
    let Ask { values } = body(&bytes).map_err(without_value)?;
    api.platform.commit(|world| world.write_secrets(&app, values)).map(Json)
}

pub(super) async fn read(State(api): Shared, Path((app, name)): Names, query: Pairs) -> Reply {
    let ask = asked(&query)?;
    api.platform.read(|world| world.secret((&app, &name), ask)).map(Json)
}

pub(super) async fn set(
    State(api): Shared,
    Path((app, name)): Names,
    bytes: Bytes,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    #[derive(Deserialize)]
    struct Ask {
        value: SecretText,
    }
    let Ask { value } = body(&bytes).map_err(without_value)?;
    let reply = api.platform.commit(|world| world.set_secret((&app, &name), value))?;
    Ok((StatusCode::CREATED, Json(reply)))
}

pub(super) async fn remove(State(api): Shared, Path((app, name)): Names) -> Reply {
    api.platform.commit(|world| world.remove_secret(&app, &name)).map(Json)
}

/// What is wrong with a body would be told with what is in it.
fn without_value(_: Refusal) -> Refusal {
    Refusal::invalid("bad body: values of secrets are strings")
}

fn asked(query: &Pairs) -> Result<SecretsQuery, Refusal> {
    let version = query.get("min_version").filter(|version| !version.is_empty());
    let min_version = version.map_or(Ok(0), str::parse);
    let bad = |_| Refusal::invalid("min_version must be a whole number");
    Ok(SecretsQuery { min_version: min_version.map_err(bad)?, show: query.is_true("show_secrets") })
}
