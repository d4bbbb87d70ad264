//! The small part of Fly.io's GraphQL that flyctl still needs: images, releases, apps.

mod query;
mod resolve;
mod words;

use std::sync::Arc;

use axum::{Json, body::Bytes, extract::State};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Api, request::body};
use crate::world::{Refusal, World};

#[derive(Deserialize)]
pub(super) struct Ask {
    query: String,
    #[serde(default)]
    variables: Value,
}

pub(super) async fn answer(
    State(api): State<Arc<Api>>,
    bytes: Bytes,
) -> Result<Json<Value>, Refusal> {
    let ask: Ask = body(&bytes)?;
    Ok(Json(api.platform.read(|world| reply(world, &ask))))
}

/// Errors stand beside the data, with status 200, as the language has it.
fn reply(world: &World, ask: &Ask) -> Value {
    let fields = match query::parse(&ask.query, &ask.variables) {
        Ok(fields) => fields,
        Err(why) => {
            tracing::warn!(%why, query = ask.query, "not understood");
            return json!({ "errors": [{ "message": format!("Parse error: {why}") }] });
        }
    };
    let (mut data, mut errors) = (Map::new(), Vec::new());
    for field in &fields {
        let value = resolve::root(world, field).unwrap_or_else(|problem| {
            let extensions = problem.code.map(|code| json!({ "code": code })).unwrap_or_default();
            let message = problem.message;
            errors
                .push(json!({ "message": message, "path": [field.key], "extensions": extensions }));
            Value::Null
        });
        data.insert(field.key.clone(), value);
    }
    if errors.is_empty() {
        return json!({ "data": data });
    }
    json!({ "data": data, "errors": errors })
}

#[cfg(test)]
mod tests;
