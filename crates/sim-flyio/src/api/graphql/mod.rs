//! The small part of Fly.io's GraphQL that flyctl still needs: images, releases, apps.

mod address;
mod app;
mod change;
mod query;
mod resolve;
mod words;

use std::sync::Arc;

use axum::{Json, body::Bytes, extract::State};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use self::{
    query::{Field, Operation},
    resolve::Answer,
};
use super::{Api, request::body};
use crate::world::{Refusal, World};

#[derive(Deserialize)]
pub(super) struct Ask {
    query: String,
    #[serde(default)]
    variables: Value,
}

impl Ask {
    fn read(&self) -> Result<Operation, String> {
        query::parse(&self.query, &self.variables)
    }
}

pub(super) async fn answer(
    State(api): State<Arc<Api>>,
    bytes: Bytes,
) -> Result<Json<Value>, Refusal> {
    let ask: Ask = body(&bytes)?;
    Ok(Json(match ask.read() {
        Ok(Operation::Query(fields)) => api.platform.read(|world| shown(world, &fields)),
        Ok(Operation::Mutation(fields)) => api.platform.commit(|world| changed(world, &fields)),
        Err(why) => not_understood(&why, &ask.query),
    }))
}

fn shown(world: &World, fields: &[Field]) -> Value {
    reply(fields, |field| resolve::root(world, field))
}

/// Changes are made in the order of the fields.
fn changed(world: &mut World, fields: &[Field]) -> Value {
    reply(fields, |field| change::root(world, field))
}

fn not_understood(why: &str, query: &str) -> Value {
    tracing::warn!(why, query, "not understood");
    json!({ "errors": [{ "message": format!("Parse error: {why}") }] })
}

/// Errors stand beside the data, with status 200, as the language has it.
fn reply(fields: &[Field], mut answer: impl FnMut(&Field) -> Answer) -> Value {
    let (mut data, mut errors) = (Map::new(), Vec::new());
    for field in fields {
        let value = answer(field).unwrap_or_else(|problem| {
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
