//! Machines: reading them, changing them, asking them to act.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue},
    response::IntoResponse,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Api,
    request::{Named, Pairs, body},
};
use crate::world::{
    Cut, Destroy, Filter, Machine, MachineRequest, Page, Refusal, StopOrder, Target, World,
    start_json,
};

type Reply = Result<Json<Value>, Refusal>;
type Shared = State<Arc<Api>>;

/// Where the cursor of the next page is found.
const NEXT_CURSOR: HeaderName = HeaderName::from_static("fly-next-cursor");

pub(super) async fn list(
    State(api): Shared,
    Path(app): Path<String>,
    query: Pairs,
) -> Result<impl IntoResponse, Refusal> {
    let filter = Filter::read(&query.0);
    let page = Page::read(&query.0, api.platform.clock.now())?;
    let Cut { items, next } = api.platform.read(|world| world.list(&app, &filter, &page))?;
    let cursor = next.and_then(|cursor| HeaderValue::from_str(&cursor).ok());
    let headers: HeaderMap = cursor.map(|cursor| (NEXT_CURSOR, cursor)).into_iter().collect();
    Ok((headers, Json(Value::Array(items))))
}

pub(super) async fn create(State(api): Shared, Path(app): Path<String>, bytes: Bytes) -> Reply {
    let launch: MachineRequest = body(&bytes)?;
    api.platform.commit(|world| {
        let leased = launch.lease_ttl.is_some();
        let machine = world.create(&app, launch)?;
        shown(world, Target { app: &app, machine: &machine, nonce: None }, leased)
    })
}

pub(super) async fn read(State(api): Shared, named: Named, query: Pairs) -> Reply {
    let (version, leases) = (query.get("version"), query.is_true("include_leases"));
    let shown = |world: &World| {
        let machine = world.read(named.target())?;
        Ok(machine.with_lease(machine.json_of(version)?, leases, world.host.now))
    };
    api.platform.read(shown).map(Json)
}

pub(super) async fn update(State(api): Shared, named: Named, bytes: Bytes) -> Reply {
    let launch: MachineRequest = body(&bytes)?;
    api.platform.commit(|world| {
        let leased = launch.lease_ttl.is_some();
        world.update(named.target(), launch)?;
        shown(world, named.target(), leased)
    })
}

/// The machine, with its nonce if this very request acquired the lease.
fn shown(world: &World, target: Target<'_>, leased: bool) -> Reply {
    let machine = world.read(target)?;
    let mut shown = machine.to_json();
    if let Some(lease) = machine.lease(world.host.now).filter(|_| leased) {
        shown["nonce"] = json!(lease.nonce);
    }
    Ok(Json(shown))
}

pub(super) async fn destroy(State(api): Shared, named: Named, query: Pairs) -> Reply {
    // The documentation says `force`, flyctl says `kill`.
    let force = query.is_true("force") || query.is_true("kill");
    let how = if force { Destroy::ByForce } else { Destroy::IfIdle };
    done(api.platform.commit(|world| world.destroy(named.target(), how)))
}

pub(super) async fn start(State(api): Shared, named: Named) -> Reply {
    api.platform.commit(|world| world.start(named.target())).map(|was| Json(start_json(was)))
}

pub(super) async fn stop(State(api): Shared, named: Named, bytes: Bytes) -> Reply {
    #[derive(Deserialize)]
    #[serde(default)]
    #[derive(Default)]
    struct Ask {
        signal: Value,
        timeout: Value,
    }
    let ask: Ask = body(&bytes)?;
    let how = StopOrder::read(&ask.signal, &ask.timeout)?;
    done(api.platform.commit(|world| world.stop(named.target(), how)))
}

pub(super) async fn restart(State(api): Shared, named: Named, query: Pairs) -> Reply {
    // flyctl writes the timeout as a bare number of nanoseconds.
    let number = |text: &str| text.parse::<u64>().map_or_else(|_| json!(text), |n| json!(n));
    let text = |key: &str| query.get(key).map_or(Value::Null, number);
    let how = StopOrder::read(&text("signal"), &text("timeout"))?;
    done(api.platform.commit(|world| world.restart(named.target(), how)))
}

pub(super) async fn suspend(State(api): Shared, named: Named) -> Reply {
    done(api.platform.commit(|world| world.suspend(named.target())))
}

pub(super) async fn signal(State(api): Shared, named: Named, bytes: Bytes) -> Reply {
    let ask: Value = body(&bytes)?;
    done(api.platform.commit(|world| world.signal(named.target(), &ask["signal"])))
}

pub(super) async fn cordon(State(api): Shared, named: Named) -> Reply {
    done(api.platform.commit(|world| world.cordon(named.target())))
}

pub(super) async fn uncordon(State(api): Shared, named: Named) -> Reply {
    done(api.platform.commit(|world| world.uncordon(named.target())))
}

pub(super) async fn events(State(api): Shared, named: Named, query: Pairs) -> Reply {
    let limit = query.get("limit");
    api.platform.read(|world| world.read(named.target())?.events_json(limit)).map(Json)
}

pub(super) async fn versions(State(api): Shared, named: Named) -> Reply {
    api.platform.read(|world| world.read(named.target()).map(Machine::versions_json)).map(Json)
}

fn done(result: Result<(), Refusal>) -> Reply {
    result.map(|()| Json(json!({ "ok": true })))
}
