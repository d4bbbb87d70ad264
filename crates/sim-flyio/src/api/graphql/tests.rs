//! Queries as flyctl writes them, and what comes back.

use super::*;
use crate::{
    ids::Ids,
    image::Image,
    world::{Host, ReleaseRequest},
};

fn world() -> World {
    let mut world =
        World::new(Host::new(Ids::new(crate::dice::Dice::new(Some(1), 0)), 1_786_701_400_000));
    world.create_app("shop").unwrap();
    world.host.registry.add(Image::new("registry.fly.io/shop:v1", ["run"]));
    world.host.registry.add(Image::new("registry.fly.io/shop:gone", ["run"]).unpullable());
    world
}

fn ask(query: &str, variables: Value) -> Result<Operation, String> {
    Ask { query: query.to_owned(), variables }.read()
}

fn asked(world: &World, query: &str, variables: Value) -> Value {
    match ask(query, variables) {
        Ok(Operation::Query(fields)) => shown(world, &fields),
        Ok(Operation::Mutation(_)) => panic!("a mutation: {query}"),
        Err(why) => not_understood(&why, query),
    }
}

fn told(world: &mut World, query: &str, variables: Value) -> Value {
    match ask(query, variables).unwrap() {
        Operation::Mutation(fields) => changed(world, &fields),
        Operation::Query(_) => panic!("a query: {query}"),
    }
}

const IMAGE: &str = "query($appName: String!, $imageRef: String!) { app(name: $appName) { id \
     image(ref: $imageRef) { ref digest compressedSize: compressedSizeFull manifest } } }";

#[test]
fn an_image_is_what_the_registry_knows_whether_or_not_machines_can_pull_it() {
    let world = world();
    let image = |reference: &str| {
        let variables = json!({ "appName": "shop", "imageRef": reference });
        asked(&world, IMAGE, variables)["data"]["app"]["image"].clone()
    };
    let found = image("registry.fly.io/shop:v1");
    let digest = found["digest"].as_str().unwrap();
    assert!(digest.starts_with("sha256:"));
    assert_eq!(found["ref"], "registry.fly.io/shop:v1", "as it was asked for");
    assert_eq!(found["compressedSize"], "0", "a number as a text");
    assert_eq!(image(&format!("registry.fly.io/shop@{digest}"))["digest"], digest);
    assert!(image("registry.fly.io/shop:gone").is_object());
    assert_eq!(image("registry.fly.io/shop:v9"), Value::Null);
    assert_eq!(image(&format!("registry.fly.io/other@{digest}")), Value::Null);
}

#[test]
fn an_app_that_is_not_there_is_an_error_with_fly_io_s_code() {
    let variables = json!({ "appName": "gone", "imageRef": "x" });
    let answer = asked(&world(), IMAGE, variables);
    assert_eq!(answer["data"]["app"], Value::Null);
    assert_eq!(answer["errors"][0]["message"], "Could not find App \"gone\"");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_FOUND");
}

#[test]
fn releases_come_newest_first_and_only_as_they_were_asked_for() {
    let mut world = world();
    for image in ["a", "b", "c"] {
        let ask = json!({ "app_name": "shop", "image": image, "strategy": "CANARY" });
        world.create_release(serde_json::from_value::<ReleaseRequest>(ask).unwrap()).unwrap();
    }
    let query = "query($n: Int!) { app(name: \"shop\") { releases: releasesUnprocessed(first: $n) \
                 { nodes { version imageRef } } now: currentReleaseUnprocessed { version } } }";
    let app = &asked(&world, query, json!({ "n": 2 }))["data"]["app"];
    let nodes = json!([{ "version": 3, "imageRef": "c" }, { "version": 2, "imageRef": "b" }]);
    assert_eq!(app, &json!({ "releases": { "nodes": nodes }, "now": { "version": 3 } }));
}

#[test]
fn an_app_shows_what_status_and_lists_print() {
    let query = "{ appcompact: app(name: \"shop\") { hostname organization { slug } role { name } } \
                 apps(first: 200) { pageInfo { hasNextPage } nodes { name deployed } } \
                 canPerformBluegreenDeployment(name: \"shop\") }";
    let wanted = json!({
        "appcompact": {
            "hostname": "shop.fly.dev",
            "organization": { "slug": "personal" },
            "role": null,
        },
        "apps": {
            "pageInfo": { "hasNextPage": false },
            "nodes": [{ "name": "shop", "deployed": false }],
        },
        "canPerformBluegreenDeployment": true,
    });
    assert_eq!(asked(&world(), query, Value::Null), json!({ "data": wanted }));
}

#[test]
fn what_is_not_simulated_is_an_error_and_not_an_empty_answer() {
    let table = [
        ("{ certificates { id } }", "Field 'certificates' doesn't exist on type 'Query'"),
        ("{ app(name: \"shop\") { taxes } }", "Field 'taxes' doesn't exist on type 'App'"),
        ("{ viewer { shoeSize } }", "Field 'shoeSize' doesn't exist on type 'User'"),
        ("{ app", "Parse error: "),
    ];
    for (query, wanted) in table {
        let answer = asked(&world(), query, Value::Null);
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(message.starts_with(wanted), "{query}: {message}");
    }
}

#[test]
fn addresses_are_allocated_listed_and_released() {
    let mut world = world();
    let list = "{ app(name: \"shop\") { ipAddresses { nodes { address type region } } \
                sharedIpAddress } }";
    let allocate = "mutation($input: AllocateIPAddressInput!) { allocateIpAddress(input: $input) \
                    { ipAddress { address type } app { sharedIpAddress } } }";
    let release = "mutation($input: ReleaseIPAddressInput!) { releaseIpAddress(input: $input) \
                   { clientMutationId } }";
    let mut allocated = |kind: &str| {
        let input = json!({ "appId": "shop", "type": kind, "region": "" });
        told(&mut world, allocate, json!({ "input": input }))["data"]["allocateIpAddress"].clone()
    };
    assert_eq!(allocated("v6")["ipAddress"], json!({ "address": "2001:db8::1", "type": "v6" }));
    let shared = json!({ "ipAddress": null, "app": { "sharedIpAddress": "198.51.100.1" } });
    assert_eq!(allocated("shared_v4"), shared);
    let own = json!([{ "address": "2001:db8::1", "type": "v6", "region": "global" }]);
    let wanted = json!({ "ipAddresses": { "nodes": own }, "sharedIpAddress": "198.51.100.1" });
    assert_eq!(asked(&world, list, Value::Null)["data"]["app"], wanted);
    for ip in ["198.51.100.1", "2001:db8::1"] {
        let input = json!({ "appId": "shop", "ip": ip, "ipAddressId": null });
        let answer = told(&mut world, release, json!({ "input": input }));
        assert_eq!(answer["errors"], Value::Null, "{ip}");
    }
    let wanted = json!({ "ipAddresses": { "nodes": [] }, "sharedIpAddress": null });
    assert_eq!(asked(&world, list, Value::Null)["data"]["app"], wanted);
}

#[test]
fn a_change_that_is_refused_or_not_simulated_is_an_error() {
    let allocate = |kind: &str| {
        format!(
            "mutation {{ allocateIpAddress(input: {{ appId: \"shop\", type: \"{kind}\" }}) {{ app {{ id }} }} }}"
        )
    };
    let table = [
        (allocate("v5"), "invalid_argument: unknown ip type 'v5'"),
        ("mutation { allocateIpAddress { app { id } } }".to_owned(), "Could not find App \"\""),
        (
            "mutation { createApp(name: \"x\") { id } }".to_owned(),
            "Field 'createApp' doesn't exist",
        ),
    ];
    for (query, wanted) in table {
        let answer = told(&mut world(), &query, Value::Null);
        let message = answer["errors"][0]["message"].as_str().unwrap();
        assert!(message.starts_with(wanted), "{query}: {message}");
    }
}

#[test]
fn what_destroying_an_app_asks_for_first_is_there() {
    let query = "{ app(name: \"shop\") { internalNumericId version currentRelease { evaluationId \
                 inProgress } config { definition } services { protocol } imageDetails { tag } \
                 machines { nodes { config app { name } ips { nodes { ip } } host { id } } } } \
                 organization(slug: \"personal\") { addOns(type: tigris) { nodes { id } } } \
                 platform { requestRegion regions { code gatewayAvailable } } }";
    let answer = asked(&world(), query, Value::Null);
    assert_eq!(answer["errors"], Value::Null);
    assert_eq!(answer["data"]["app"]["version"], 0, "it has no release");
    assert_eq!(answer["data"]["organization"]["addOns"], json!({ "nodes": [] }));
    assert_eq!(answer["data"]["platform"]["requestRegion"], "ord");
    let first = &answer["data"]["platform"]["regions"][0];
    assert_eq!(first, &json!({ "code": "ams", "gatewayAvailable": true }));
}
