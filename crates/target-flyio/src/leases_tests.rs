//! Whose lease it is, and how long it is waited for.

use pipeline_core::Phase;
use pipeline_testkit::a_run;
use serde_json::json;
use sim_flyio::{Image, SimConfig, SimFly};

use super::*;
use crate::api::Launch;
use crate::config::FlyConfig;
use crate::fly_toml::FlyToml;

/// An app with one machine, which is off.
async fn app() -> (SimFly, Api, String) {
    let sim = SimFly::start(SimConfig::default()).await.unwrap();
    sim.create_app("shop");
    sim.register_image(Image::inside("registry.fly.io/shop:v1"));
    let token = sim.token().to_owned();
    let mut config = FlyConfig::new("shop", "http://x", token, FlyToml::default());
    (config.api_url, config.paced) = (sim.api_url(), false);
    let api = Api::of(&config);
    let config = &json!({"image": "registry.fly.io/shop:v1"});
    let (region, lease_ttl) = (None, None);
    let launch = Launch { config, region, lease_ttl, idle: true, unregistered: false };
    let machine = api.create(&launch).await.unwrap().answer.id;
    (sim, api, machine)
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_its_own_refresh_prolongs_is_nobody_elses() {
    let (_sim, api, machine) = app().await;
    let cx = a_run("v2").context(Phase::Deploy, "fly");
    let (leases, machines) = (Leases::new(&api, Duration::from_secs(30)), [machine]);
    leases.take(&machines, &cx).await.unwrap();
    // It ends here a little before it ends there.
    leases.book.held().values_mut().for_each(|it| it.until = Instant::now());
    leases.guard(&machines[0]).unwrap_err();
    leases.take(&machines, &cx).await.unwrap();
    leases.guard(&machines[0]).unwrap();
}

#[test]
fn a_lease_that_stands_still_and_ends_soon_is_waited_out() {
    let secs = Duration::from_secs;
    let wait = |first, left, waited| {
        Conflict { first, until: "10:00:13", left }.wait(secs(13), waited).is_some()
    };
    assert!(wait(None, Some(secs(13)), secs(0)));
    assert!(wait(Some("10:00:13"), Some(secs(1)), secs(12)));
    assert!(wait(None, None, secs(0)));
    assert!(!wait(None, Some(secs(300)), secs(0)), "too long to wait for");
    let killed = Conflict { first: None, until: "10:00:13", left: Some(secs(13)) };
    assert!(killed.wait(secs(2), secs(0)).is_some(), "its lease was longer than ours are");
    assert!(!wait(Some("10:00:09"), Some(secs(13)), secs(4)), "it is refreshed: its owner lives");
    assert!(!wait(Some("10:00:13"), None, secs(28)), "waited long enough");
}
