//! The long poll for a state.

use std::{pin::pin, sync::Arc};

use axum::{Json, extract::State};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::{
    Api,
    request::{Named, Pairs},
};
use crate::world::{Machine, Reached, Refusal, WaitFor};

pub(super) async fn wait(
    State(api): State<Arc<Api>>,
    named: Named,
    query: Pairs,
) -> Result<Json<Value>, Refusal> {
    let wait = WaitFor::read(&query.0)?;
    let deadline = Instant::now() + wait.timeout;
    let waiting = api.platform.wait_for(named.key_of_machine());
    let look = |first: bool| {
        api.platform.read(|world| {
            let machine = world.read(named.target())?;
            let gone = Err(Refusal::not_found("machine"));
            match wait.look(machine) {
                // A machine that is destroyed already is not there to be waited for.
                Reached::Yes(_) if first && machine.is_destroyed() => gone,
                Reached::Never => gone,
                reached => Ok(reached),
            }
        })
    };
    for first in std::iter::once(true).chain(std::iter::repeat(false)) {
        let mut changed = pin!(waiting.changed());
        changed.as_mut().enable(); // before the look: no change may fall in between
        if let Reached::Yes(reply) = look(first)? {
            return Ok(Json(reply));
        }
        if timeout_at(deadline, changed).await.is_err() {
            break;
        }
    }
    let missed = |machine: &Machine| wait.missed(machine);
    Err(api.platform.read(|world| world.read(named.target()).map(missed))?)
}
