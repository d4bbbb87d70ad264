//! Deploys with the times of the real platform, on virtual time: minutes pass, nobody waits.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use sim_flyio::{Image, Ledger, SimConfig};
use target_flyio::{FlyConfig, FlyToml, Strategy};
use tokio::time::{Instant, sleep};

use crate::run::Course;
use crate::world::{APP, World, image, is_well, old_config};

/// The times of a calm day (fly.io docs: configuration, monitoring/error-codes).
const TOML: &str = r#"
app = "shop"
primary_region = "fra"
kill_signal = "SIGTERM"
kill_timeout = 30
[http_service]
internal_port = 8080
[[http_service.checks]]
path = "/api/v1/health"
interval = "15s"
timeout = "2s"
grace_period = "60s"
"#;

/// An app with `count` healthy machines on v1 that boot in 8 s, drain for 5 s, and take 20 ms for an
/// answer; the proxy learns of everything 3 s late. Rate limits are the platform's, or none.
pub(crate) async fn with(count: usize, rate_limits: bool) -> Arc<World> {
    let world = World::of(SimConfig {
        rate_limits,
        seed: Some(11),
        starts_at: Some("2026-01-01T00:00:00Z".parse().unwrap()),
        propagation: Duration::from_secs(3),
        boot: Duration::from_secs(8),
        ..SimConfig::default()
    });
    let world = world.await;
    for tag in ["v1", "v2"] {
        let env = [("APP_VERSION", tag), ("LATENCY_MS", "20"), ("DRAIN_MS", "5000")];
        world.sim.register_image(Image::inside(image(tag)).env(env));
    }
    let mut config = old_config();
    config["services"][0]["checks"][0]["interval"] = json!("15s");
    config["services"][0]["checks"][0]["grace_period"] = json!("60s");
    config["stop_config"]["timeout"] = json!("30s");
    for _ in 0..count {
        world.create(&config, false).await;
        sleep(Duration::from_secs(1)).await;
    }
    while !world.live().iter().all(is_well) {
        sleep(Duration::from_secs(1)).await;
    }
    sleep(Duration::from_secs(3)).await;
    world
}

pub(crate) fn config(world: &World, strategy: Strategy) -> FlyConfig {
    let fly_toml = FlyToml::parse(Path::new("fly.toml"), TOML).unwrap();
    let mut config = FlyConfig::new(APP, &world.url, world.sim.token().to_owned(), fly_toml);
    config.fly_toml.build.image = Some(image("v2"));
    config.api_url = world.sim.api_url();
    (config.graphql_base, config.uiex_base) = (world.sim.api_url(), world.sim.api_url());
    config.strategy = strategy;
    config
}

/// Deploys v2 to `count` machines while users come; how long it took, and what they got to see.
async fn deploy(strategy: Strategy, count: usize) -> (Duration, Ledger, usize) {
    let world = with(count, false).await;
    let calls = world.sim.journal().len();
    let users = world.users_every(Duration::from_millis(500));
    let target = target_flyio::FlyTarget::new(config(&world, strategy));
    let began = Instant::now();
    Course::begin(&target).await.unwrap().finish(&target).await.unwrap();
    let took = began.elapsed();
    drop(users);
    world.assert_new(count, "v2");
    (took, world.sim.ledger(APP), world.sim.journal().len() - calls)
}

#[tokio::test(start_paused = true)]
async fn minutes_of_a_rolling_deploy_lose_no_request() {
    let began = std::time::Instant::now();
    let (took, ledger, calls) = deploy(Strategy::Rolling, 10).await;
    println!("in {:?} of real time:", began.elapsed());
    println!("rolling: {took:?} of virtual time, {calls} calls, {} requests", ledger.requests);
    assert!(took > Duration::from_mins(5), "{took:?}");
    assert!(ledger.requests > 400 && ledger.lost.is_empty(), "{:#?}", ledger.lost);
}

#[tokio::test(start_paused = true)]
async fn minutes_of_a_bluegreen_deploy_lose_no_request() {
    let (took, ledger, calls) = deploy(Strategy::BlueGreen, 10).await;
    println!("bluegreen: {took:?} of virtual time, {calls} calls, {} requests", ledger.requests);
    assert!(took > Duration::from_secs(40), "{took:?}");
    assert!(ledger.requests > 100 && ledger.lost.is_empty(), "{:#?}", ledger.lost);
}

#[tokio::test(start_paused = true)]
async fn one_refresh_that_hangs_does_not_lose_the_lease() {
    let world = with(1, false).await;
    // The first is the lease itself.
    for fault in ["lease@2=slow:30s", "lease@3=slow:300ms"] {
        world.sim.inject(fault.parse().unwrap());
    }
    let target = target_flyio::FlyTarget::new(config(&world, Strategy::Rolling));
    Course::begin(&target).await.unwrap().finish(&target).await.unwrap();
    world.assert_new(1, "v2");
}

#[tokio::test(start_paused = true)]
async fn a_canary_that_the_proxy_puts_to_sleep_while_it_is_watched_is_woken() {
    let world = with(3, false).await;
    let toml =
        TOML.replace("internal_port = 8080", "internal_port = 8080\nauto_stop_machines = \"stop\"");
    let mut config = config(&world, Strategy::Canary);
    let image = config.fly_toml.build.image.take();
    config.fly_toml = FlyToml::parse(Path::new("fly.toml"), &toml).unwrap();
    (config.fly_toml.build.image, config.bake) = (image, Duration::from_mins(20));
    let target = target_flyio::FlyTarget::new(config);
    let mut course = Course::begin(&target).await.unwrap();
    course.next(&target).await.unwrap();
    let starts = |it: &sim_flyio::ApiCall| it.action() == Some("start");
    assert!(world.sim.journal().iter().any(starts), "it was put to sleep and woken");
    course.finish(&target).await.unwrap();
}
