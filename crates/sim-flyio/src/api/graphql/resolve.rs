//! What the fields of a query mean. Only fields that are asked for are answered, and a field that
//! is not simulated is an error, so that a client which wants more does not go on without it.

use serde_json::{Map, Value, json};

use super::{app, query::Field};
use crate::world::{App, ORGANIZATION, World, regions_json};

/// Why a field has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) message: String,
    /// Fly.io's word for it, where it has one.
    pub(super) code: Option<&'static str>,
}

impl Problem {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: None }
    }

    pub(super) fn unknown_field(name: &str, of: &str) -> Self {
        tracing::warn!(field = name, of, "not simulated");
        Self::new(format!("Field '{name}' doesn't exist on type '{of}' (not simulated)"))
    }
}

pub(super) type Answer = Result<Value, Problem>;

/// The value of a field of the query itself.
pub(super) fn root(world: &World, field: &Field) -> Answer {
    let name = || field.arguments.get("name").and_then(Value::as_str).unwrap_or_default();
    match field.name.as_str() {
        "app" => object(&field.fields, |field| app::field(world, find(world, name())?, field)),
        "apps" => object(&field.fields, |field| apps_field(world, field)),
        "platform" => project(&platform(), &field.fields, "PlatformRegions"),
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

pub(super) fn find<'a>(world: &'a World, name: &str) -> Result<&'a App, Problem> {
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
            apps.map(|app| object(&field.fields, |field| app::field(world, app, field))).collect()
        }
        other => Err(Problem::unknown_field(other, "AppConnection")),
    }
}

pub(super) fn organization() -> Value {
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
        "addOns": { "nodes": [] }, // databases and buckets are not simulated
    })
}

pub(super) fn user(owner: &str) -> Value {
    json!({ "id": owner, "email": owner, "name": "", "enablePaidHobby": false })
}

/// Where things can be created, and where the client is.
fn platform() -> Value {
    let known = regions_json();
    let regions = known["regions"].as_array().into_iter().flatten().map(|region| {
        json!({
            "code": region["code"],
            "name": region["name"],
            "latitude": region["latitude"],
            "longitude": region["longitude"],
            "gatewayAvailable": region["gateway_available"],
            "requiresPaidPlan": region["requires_paid_plan"],
            "deprecated": region["deprecated"],
        })
    });
    json!({ "requestRegion": known["nearest"], "regions": regions.collect::<Value>() })
}

pub(super) fn object(fields: &[Field], value: impl Fn(&Field) -> Answer) -> Answer {
    let shown: Result<Map<_, _>, _> =
        fields.iter().map(|field| Ok((field.key.clone(), value(field)?))).collect();
    shown.map(Value::Object)
}

/// The parts of a value that are asked for; a field without parts is shown whole.
pub(super) fn project(value: &Value, fields: &[Field], of: &str) -> Answer {
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
