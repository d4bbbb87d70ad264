//! What the fields of a query mean. Only fields that are asked for are answered, and a field that
//! is not simulated is an error, so that a client which wants more does not go on without it.

use serde_json::{Map, Value, json};

use super::query::Field;
use crate::{
    clock::rfc3339,
    image::Reference,
    world::{App, Machine, ORGANIZATION, Release, World},
};

/// Why a field has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) message: String,
    /// Fly.io's word for it, where it has one.
    pub(super) code: Option<&'static str>,
}

impl Problem {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: None }
    }

    fn unknown_field(name: &str, of: &str) -> Self {
        tracing::warn!(field = name, of, "not simulated");
        Self::new(format!("Field '{name}' doesn't exist on type '{of}' (not simulated)"))
    }
}

type Answer = Result<Value, Problem>;

/// The value of a field of the query itself.
pub(super) fn root(world: &World, field: &Field) -> Answer {
    let name = || field.arguments.get("name").and_then(Value::as_str).unwrap_or_default();
    match field.name.as_str() {
        "app" => object(&field.fields, |field| app_field(world, find(world, name())?, field)),
        "apps" => object(&field.fields, |field| apps_field(world, field)),
        "appNameAvailable" => Ok(json!(world.app(name()).is_err())),
        "canPerformBluegreenDeployment" => find(world, name()).map(|_| json!(true)),
        "latestImageDetails" => Err(Problem::new("Unknown repository")),
        "viewer" => project(&user(&world.host.owner), &field.fields, "User"),
        "organization" => project(&organization(), &field.fields, "Organization"),
        "organizations" => {
            project(&json!({ "nodes": [organization()] }), &field.fields, "Organizations")
        }
        other => Err(Problem::unknown_field(other, "Query")),
    }
}

fn find<'a>(world: &'a World, name: &str) -> Result<&'a App, Problem> {
    let missing =
        Problem { message: format!("Could not find App \"{name}\""), code: Some("NOT_FOUND") };
    world.app(name).map_err(|_| missing)
}

fn apps_field(world: &World, field: &Field) -> Answer {
    let page = json!({ "hasNextPage": false, "endCursor": null });
    match field.name.as_str() {
        "pageInfo" => project(&page, &field.fields, "PageInfo"),
        "nodes" => {
            let apps = world.living_apps();
            apps.map(|app| object(&field.fields, |field| app_field(world, app, field))).collect()
        }
        other => Err(Problem::unknown_field(other, "AppConnection")),
    }
}

fn app_field(world: &World, app: &App, field: &Field) -> Answer {
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
        "status": if app.deployed { "deployed" } else { "pending" },
        "deployed": app.deployed,
        "hostname": hostname,
        "cnameTarget": hostname,
        "appUrl": format!("https://{hostname}"),
        "network": "default",
        "platformVersion": "machines",
        "organization": organization(),
        "role": null,
    })
}

fn organization() -> Value {
    json!({
        "id": "simulated",
        "internalNumericId": "1", // a number in the REST calls, and a text here
        "slug": ORGANIZATION,
        "rawSlug": ORGANIZATION,
        "name": "Simulated",
        "type": "PERSONAL",
        "paidPlan": false,
        "billable": true,
        "viewerRole": "admin",
    })
}

fn user(owner: &str) -> Value {
    json!({ "id": owner, "email": owner, "name": "", "enablePaidHobby": false })
}

fn release(release: &Release) -> Value {
    json!({
        "id": release.id,
        "version": release.version,
        "description": "Release",
        "reason": "",
        "status": release.status,
        "imageRef": release.image_ref,
        "configDefinition": release.definition,
        "stable": release.is_complete(),
        "user": user(&release.user),
        "createdAt": rfc3339(release.created_at),
    })
}

fn machine(machine: &Machine) -> Value {
    json!({
        "id": machine.id,
        "name": machine.name,
        "state": machine.state,
        "region": machine.region,
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

fn object(fields: &[Field], value: impl Fn(&Field) -> Answer) -> Answer {
    let shown: Result<Map<_, _>, _> =
        fields.iter().map(|field| Ok((field.key.clone(), value(field)?))).collect();
    shown.map(Value::Object)
}

/// The parts of a value that are asked for; a field without parts is shown whole.
fn project(value: &Value, fields: &[Field], of: &str) -> Answer {
    match value {
        Value::Array(items) => items.iter().map(|item| project(item, fields, of)).collect(),
        Value::Object(map) if !fields.is_empty() => object(fields, |field| {
            if field.name == "__typename" {
                return Ok(json!(of));
            }
            let part = map.get(&field.name);
            let part = part.ok_or_else(|| Problem::unknown_field(&field.name, of))?;
            project(part, &field.fields, &field.name)
        }),
        whole => Ok(whole.clone()),
    }
}
