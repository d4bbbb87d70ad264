//! `pipeline sim`: what it says when it is there, what it says while it runs, what it leaves.

use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;
use pipeline_tests::{Ran, World};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;

use super::{gone, left_over, signal, temporary, until, world};

/// Starts the simulator and reads the object in which it says what there is.
async fn started(world: &World, tmp: &Path, args: &[&str]) -> (Child, Value) {
    let args = [&["sim", "--format", "json"], args].concat();
    let mut child = world.spawn(&args, &temporary(tmp));
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let mut text = String::new();
    while let Some(line) = lines.next_line().await.expect("it can be read") {
        text += &line;
        if line == "}" {
            return (child, serde_json::from_str(&text).expect("an object"));
        }
    }
    panic!("no object: {text}\n{}", World::ended(child).await);
}

async fn interrupted(child: Child) -> Ran {
    signal(&child, Signal::SIGINT);
    World::ended(child).await
}

async fn get(told: &Value, path: &str) -> reqwest::Response {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let url = format!("{}{path}", told["env"]["FLY_FLAPS_BASE_URL"].as_str().expect("a text"));
    let token = told["env"]["FLY_API_TOKEN"].as_str().expect("a text");
    client.get(url).bearer_auth(token).send().await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_file_starts_with_its_apps_on_their_versions() {
    let (world, tmp) = world("rolling").await;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/sim/apps.toml");
    let (child, told) = started(&world, &tmp, &["--apps", file, "--fault", "get@1=503"]).await;
    let of = |name: &str| told["apps"].as_array().unwrap().iter().find(|it| it["name"] == name);
    let seen = |name: &str| -> Vec<(String, String)> {
        let machines = of(name).expect("the app")["machines"].as_array().unwrap().clone();
        let text = |it: &Value, key: &str| it[key].as_str().unwrap().to_owned();
        machines.iter().map(|it| (text(it, "region"), text(it, "state"))).collect()
    };
    let started_in = |regions: &[&str]| -> Vec<(String, String)> {
        regions.iter().map(|it| ((*it).to_owned(), "started".to_owned())).collect()
    };
    assert_eq!(seen("empty"), []);
    assert_eq!(seen("shop"), started_in(&["fra", "ams", "fra"]));
    assert_eq!(seen("shop-staging"), started_in(&["fra", "fra"]));
    assert_eq!(seen("worker"), started_in(&["ams"]));
    let user = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = of("shop-staging").unwrap()["url"].as_str().unwrap();
    // The proxy learns later than the API.
    let mut version = None;
    for _ in 0..200 {
        let answer = user.get(url).send().await.expect("an answer");
        version = answer.headers().get("x-app-version").cloned();
        if version.is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(version.unwrap(), "v1");
    assert_eq!(get(&told, "/v1/apps/shop/machines/0").await.status(), 503, "{told:#}");
    assert_eq!(get(&told, "/v1/apps/shop/nonsense").await.status(), 404);
    let ran = interrupted(child).await.expect(0);
    assert!(ran.stderr.contains("! not simulated:"), "{ran}");
    assert!(ran.stderr.contains("get@1=503                struck 1 of 1"), "{ran}");
    assert!(ran.stderr.contains("! create@2=408-after"), "it begins when the apps run: {ran}");
    gone(&tmp).await;
    assert_eq!(left_over(&tmp), Vec::<PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_simulator_leaves_goes_with_the_next_one() {
    let (world, tmp) = world("rolling").await;
    let (mut child, told) = started(&world, &tmp, &["--app", "shop"]).await;
    let home = Path::new(told["env"]["FLY_CONFIG_DIR"].as_str().unwrap()).to_owned();
    assert!(home.starts_with(&tmp) && home.is_dir(), "{told:#}");
    let (living, other) = started(&world, &tmp, &["--app", "shop"]).await;
    child.kill().await.expect("it ran");
    assert!(home.is_dir(), "nobody could tidy up");
    let (next, _) = started(&world, &tmp, &[]).await;
    until("the next one has tidied up", || !home.exists()).await;
    let held = Path::new(other["env"]["FLY_CONFIG_DIR"].as_str().unwrap());
    assert!(held.is_dir(), "that one lives");
    for child in [living, next] {
        interrupted(child).await.expect(0);
    }
    assert_eq!(left_over(&tmp), Vec::<std::path::PathBuf>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn machines_that_do_not_run_are_named_and_the_rest_is_there() {
    let (world, tmp) = world("rolling").await;
    let file = "[[images]]\nreference = \"shop:v1\"\ncommand = [\"/nowhere/shop\"]\n\
                [apps.shop]\nmachines = 1\nimage = \"shop:v1\"\n";
    world.write("apps.toml", file);
    let (child, told) = started(&world, &tmp, &["--apps", "apps.toml"]).await;
    assert_eq!(told["apps"][0]["machines"][0]["state"], "failed", "{told:#}");
    let ran = interrupted(child).await.expect(0);
    assert!(ran.stderr.contains("! shop: machine") && ran.stderr.contains("is failed"), "{ran}");
}
