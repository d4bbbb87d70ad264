//! What an app shows of itself in GraphQL: its facts, releases, machines, addresses and images.

use serde_json::{Value, json};

use super::{
    address,
    query::Field,
    resolve::{Answer, organization, project, user},
};
use crate::{
    clock::rfc3339,
    image::Reference,
    world::{App, Machine, Release, World},
};

/// The value of a field of an app.
pub(super) fn field(world: &World, app: &App, field: &Field) -> Answer {
    let releases = || world.releases.of(&app.name).iter().rev();
    let nodes = |nodes: Value| json!({ "nodes": nodes });
    match field.name.as_str() {
        "image" => project(&image(world, field), &field.fields, "Image"),
        "currentRelease" | "currentReleaseUnprocessed" => {
            project(&releases().next().map_or(Value::Null, release), &field.fields, "Release")
        }
        "releases" | "releasesUnprocessed" => {
            let limit = field.arguments.get("first").and_then(Value::as_u64).unwrap_or(25);
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            let shown = releases().take(limit).map(release).collect();
            project(&nodes(shown), &field.fields, "ReleaseUnprocessedConnection")
        }
        "machines" => {
            let living = app.machines.values().filter(|machine| !machine.is_destroyed());
            let shown = living.map(machine).collect();
            project(&nodes(shown), &field.fields, "MachineConnection")
        }
        "egressIpAddresses" | "hostIssues" => {
            project(&nodes(json!([])), &field.fields, "Connection")
        }
        "version" => Ok(json!(releases().next().map_or(0, |newest| newest.version))),
        "config" => {
            let definition = releases().next().map_or(Value::Null, |it| it.definition.clone());
            project(&json!({ "definition": definition }), &field.fields, "AppConfig")
        }
        "ipAddresses" => project(&nodes(address::own(app)), &field.fields, "IPAddressConnection"),
        "sharedIpAddress" => Ok(address::shared(app)),
        _ => project(&facts(app), std::slice::from_ref(field), "App")
            .map(|shown| shown[&field.key].clone()),
    }
}

/// What an app is, without what belongs to it.
fn facts(app: &App) -> Value {
    let hostname = format!("{}.fly.dev", app.name);
    json!({
        "id": app.name,
        "internalNumericId": app.number,
        "name": app.name,
        "status": app.status(),
        "deployed": app.deployed,
        "hostname": hostname,
        "cnameTarget": hostname,
        "appUrl": format!("https://{hostname}"),
        "network": app.network,
        "platformVersion": "machines",
        "organization": organization(),
        "role": null,
        "services": [], // machines have them, apps do not
        "imageDetails": null,
    })
}

fn release(release: &Release) -> Value {
    json!({
        "id": release.id,
        "evaluationId": "",
        "version": release.version,
        "description": "Release",
        "reason": "",
        "status": release.status,
        "imageRef": release.image_ref,
        "configDefinition": release.definition,
        "stable": release.is_complete(),
        "inProgress": release.is_in_progress(),
        "user": user(&release.user),
        "createdAt": rfc3339(release.created_at),
    })
}

fn machine(machine: &Machine) -> Value {
    let ip = json!({
        "family": "v6",
        "kind": "privatenet",
        "ip": machine.private_ip(),
        "maskSize": 112,
    });
    json!({
        "id": machine.id,
        "name": machine.name,
        "state": machine.state,
        "region": machine.region,
        "config": machine.config().0,
        "createdAt": rfc3339(machine.created_at),
        "app": { "name": machine.app },
        "ips": { "nodes": [ip] },
        "host": null,
        "egressIpAddresses": { "nodes": [] },
    })
}

/// What a reference means to the registry; `null` if it is nothing there. An image that cannot be
/// pulled is there: only the machines notice. `ref` is what gets deployed: the reference as it was
/// asked for, so that a tag can still be moved under a deploy.
fn image(world: &World, field: &Field) -> Value {
    let asked = field.arguments.get("ref").and_then(Value::as_str).unwrap_or_default();
    let found = world.host.registry.find(asked);
    found.map_or(Value::Null, |name| {
        json!({
            "id": format!("img_{}", name.digest.trim_start_matches("sha256:")),
            "ref": Reference::parse(asked).full(),
            "digest": name.digest,
            "compressedSize": "0", // programs of this host have no layers
            "compressedSizeFull": "0",
            "manifest": null,
        })
    })
}
