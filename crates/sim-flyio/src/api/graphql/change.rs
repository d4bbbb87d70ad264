//! What the mutations of flyctl change: addresses. All else it changes over REST.

use serde_json::json;

use super::{
    address, app,
    query::Field,
    resolve::{Answer, Problem, find, object, project},
};
use crate::world::{IpAsk, Refusal, World};

/// Makes the change of a field, and answers it.
pub(super) fn root(world: &mut World, field: &Field) -> Answer {
    let text = |key: &str| field.arguments.get("input").and_then(|input| input[key].as_str());
    let name = text("appId").unwrap_or_default();
    match field.name.as_str() {
        "allocateIpAddress" => {
            find(world, name)?;
            let ask = IpAsk::new(text("type").unwrap_or_default(), text("region"));
            world.assign_ip(name, &ask).map_err(refused)?;
        }
        "releaseIpAddress" => {
            find(world, name)?;
            world.release_ip(name, text("ip").unwrap_or_default()).map_err(refused)?;
        }
        other => return Err(Problem::unknown_field(other, "Mutation")),
    }
    object(&field.fields, |field| payload(world, name, field))
}

fn payload(world: &World, name: &str, field: &Field) -> Answer {
    let changed = find(world, name)?;
    match field.name.as_str() {
        "app" => object(&field.fields, |field| app::field(world, changed, field)),
        "ipAddress" => project(&address::newest(changed), &field.fields, "IPAddress"),
        "clientMutationId" => Ok(json!(null)),
        other => Err(Problem::unknown_field(other, "Payload")),
    }
}

fn refused(refusal: Refusal) -> Problem {
    Problem::new(refusal.error)
}
