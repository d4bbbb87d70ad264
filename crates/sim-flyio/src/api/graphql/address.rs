//! Addresses of apps in GraphQL, which counts the shared one apart.

use serde_json::{Value, json};

use crate::{
    clock::rfc3339,
    digest::sha256,
    world::{App, Assignment},
};

/// The addresses that no other app has.
pub(super) fn own(app: &App) -> Value {
    app.ips.iter().filter(|ip| !ip.is_shared()).map(one).collect()
}

/// The address that all apps share, if this app has it.
pub(super) fn shared(app: &App) -> Value {
    app.ips.iter().find(|ip| ip.is_shared()).map_or(Value::Null, |ip| json!(ip.address))
}

/// The address that an app was given last; `null` if that is the shared one.
pub(super) fn newest(app: &App) -> Value {
    app.ips.last().filter(|ip| !ip.is_shared()).map_or(Value::Null, one)
}

fn one(ip: &Assignment) -> Value {
    let name = sha256(ip.address.to_string().as_bytes());
    json!({
        "id": format!("ip_{}", &name[7..23]),
        "address": ip.address,
        "type": ip.kind(),
        "region": ip.region,
        "createdAt": rfc3339(ip.created_at),
        "network": null,
        "serviceName": ip.service_name,
    })
}
