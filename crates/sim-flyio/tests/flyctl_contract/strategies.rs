//! Whole deploys, as flyctl does them. Its fixed sleeps are left out.

use reqwest::Method;
use serde_json::{Value, json};
use sim_flyio::MachineView;

use crate::{
    deploy::{FEW_LOOKS, Held, LOOKS, Release, TTL},
    flyctl::{APP, Flyctl, image},
    toml::{config, release_command, tagged},
};

impl Flyctl {
    /// A first deploy: so many machines, one after the other, each leased as it is made.
    async fn first(&self, tag: &str, count: usize) -> Release {
        let release = self.begin(tag, "ROLLING").await;
        for _ in 0..count {
            let (held, machine) = self.create(config(&release), json!({ "lease_ttl": 300 })).await;
            assert_eq!(machine["state"], "starting");
            self.wait(&held, "started").await;
            assert!(self.healthy(&held, LOOKS).await);
            self.unlease(&held).await;
        }
        self.end(&release, "complete").await;
        release
    }

    /// Leases on all machines before the first change.
    async fn lease_all(&self, release: &Release) -> Vec<Held> {
        let mut all = Vec::new();
        for machine in &release.machines {
            all.push(self.lease(machine).await);
        }
        all
    }

    async fn unlease_all(&self, all: &[Held]) {
        for held in all {
            self.unlease(held).await;
        }
    }

    /// One machine after the other, up to the first that does not become healthy.
    async fn roll(&self, release: &Release, looks: usize) -> bool {
        let all = self.lease_all(release).await;
        let mut well = true;
        for held in &all {
            self.update(held, config(release)).await;
            self.wait(held, "started").await;
            self.refresh(held).await;
            well = self.healthy(held, looks).await;
            if !well {
                break;
            }
        }
        self.unlease_all(&all).await;
        well
    }

    fn living(&self) -> Vec<MachineView> {
        self.sim.machines(APP).into_iter().filter(|machine| !machine.destroyed).collect()
    }

    fn all_run(&self, tag: &str, count: usize) {
        let living = self.living();
        assert_eq!(living.len(), count);
        for machine in living {
            assert_eq!((machine.state.as_str(), machine.cordoned), ("started", false));
            assert!(machine.image.starts_with(&image(tag)), "{}", machine.image);
            assert_eq!(machine.lease, None);
        }
    }

    async fn release_statuses(&self) -> Vec<String> {
        let query = "query($appName: String!, $limit: Int!) { app(name: $appName) { releases: \
             releasesUnprocessed(first: $limit) { nodes { id version description reason status \
             imageRef stable user { id email name } createdAt } } } }";
        let data = self.graphql(query, json!({ "appName": APP, "limit": 25 })).await;
        let nodes = data["app"]["releases"]["nodes"].as_array().unwrap();
        let told =
            |node: &Value| format!("v{} {}", node["version"], node["status"].as_str().unwrap());
        nodes.iter().map(told).collect()
    }
}

#[tokio::test]
async fn a_first_deploy_makes_two_machines_and_calls_exactly_this() {
    let flyctl = Flyctl::new().await;
    flyctl.first("v1", 2).await;
    flyctl.all_run("v1", 2);
    let mut calls = flyctl.calls();
    calls.dedup(); // looks at health: as many as it took
    let machine = [
        "POST /v1/apps/shop/machines",
        "GET /v1/apps/shop/machines/ID/wait?state=started&timeout=60",
        "GET /v1/apps/shop/machines/ID",
        "DELETE /v1/apps/shop/machines/ID/lease",
    ];
    let begin = [
        "GET /v1/apps/shop",
        "GET /api/v1/organizations/personal",
        "POST /api/v1/builds",
        "POST /graphql",
        "POST /api/v1/builds/finish",
        "GET /v1/apps/shop/machines",
        "POST /api/v1/releases",
        "POST /graphql",
        "PATCH /api/v1/releases/ID",
    ];
    let wanted: Vec<&str> =
        [&begin[..], &machine[..], &machine[..], &["PATCH /api/v1/releases/ID"]].concat();
    assert_eq!(calls, wanted);
}

#[tokio::test]
async fn rolling_updates_three_machines_one_by_one() {
    let flyctl = Flyctl::new().await;
    flyctl.first("v1", 3).await;
    let release = flyctl.begin("v2", "ROLLING").await;
    assert!(flyctl.roll(&release, LOOKS).await);
    flyctl.end(&release, "complete").await;
    flyctl.all_run("v2", 3);
    assert_eq!(flyctl.release_statuses().await, ["v2 complete", "v1 complete"]);
    let current = flyctl.get(&format!("/api/v1/apps/{APP}/releases/current")).await;
    assert_eq!((&current["version"], &current["strategy"]), (&json!(2), &json!("ROLLING")));
}

#[tokio::test]
async fn a_lease_that_somebody_holds_stops_a_deploy_before_it_changes_anything() {
    let flyctl = Flyctl::new().await;
    flyctl.first("v1", 2).await;
    let release = flyctl.begin("v2", "ROLLING").await;
    let other = flyctl.lease(&release.machines[1]).await;
    let mine = flyctl.lease(&release.machines[0]).await;
    let path = format!("/v1/apps/{APP}/machines/{}/lease?ttl={TTL}", other.id);
    let (status, body) = flyctl.send(None, (Method::POST, &path, None)).await;
    let told = body["error"].as_str().unwrap();
    assert!(status == 409 && told.contains("lease currently held by"), "{status} {told}");
    flyctl.unlease(&mine).await;
    flyctl.end(&release, "failed").await;
    flyctl.unlease(&other).await;
    flyctl.all_run("v1", 2);
}

#[tokio::test]
async fn canary_makes_one_more_machine_and_destroys_it_with_a_nonce_that_is_no_longer_needed() {
    let flyctl = Flyctl::new().await;
    flyctl.first("v1", 2).await;
    let release = flyctl.begin("v2", "CANARY").await;
    let canary = tagged(config(&release), "fly_canary", "true");
    let (held, _) = flyctl.create(canary, json!({ "lease_ttl": 300 })).await;
    flyctl.wait(&held, "started").await;
    assert!(flyctl.healthy(&held, LOOKS).await);
    flyctl.unlease(&held).await;
    flyctl.destroy(&held).await;
    assert!(flyctl.roll(&release, LOOKS).await);
    flyctl.end(&release, "complete").await;
    flyctl.all_run("v2", 2);
}

#[tokio::test]
async fn immediate_updates_all_at_once_and_looks_at_nothing() {
    let flyctl = Flyctl::new().await;
    flyctl.first("v1", 3).await;
    let release = flyctl.begin("sick", "IMMEDIATE").await;
    let all = flyctl.lease_all(&release).await;
    let update = |held| flyctl.update(held, config(&release));
    tokio::join!(update(&all[0]), update(&all[1]), update(&all[2]));
    flyctl.unlease_all(&all).await;
    flyctl.end(&release, "complete").await;
    assert_eq!(flyctl.release_statuses().await[0], "v2 complete", "however sick it is");
}

#[tokio::test]
async fn bluegreen_changes_one_set_of_machines_for_another() {
    let flyctl = Flyctl::new().await;
    flyctl.first("v1", 2).await;
    let release = flyctl.begin("v2", "BLUEGREEN").await;
    let blue = flyctl.lease_all(&release).await;
    let may = "query ($appName: String!) { canPerformBluegreenDeployment(name: $appName) }";
    let may = flyctl.graphql(may, json!({ "appName": APP })).await;
    assert_eq!(may["canPerformBluegreenDeployment"], true);
    let mut green = Vec::new();
    for _ in &blue {
        let config = tagged(config(&release), "fly_bluegreen_deployment_tag", "1795458642");
        let (held, machine) =
            flyctl.create(config, json!({ "skip_service_registration": true })).await;
        assert_eq!((&machine["cordoned"], &machine["nonce"]), (&json!(true), &json!(null)));
        flyctl.wait(&held, "started").await;
        green.push(held);
    }
    for held in &green {
        assert!(flyctl.healthy(held, LOOKS).await, "checks run on cordoned machines, too");
        flyctl.act(held, "/uncordon", None).await;
    }
    for held in &blue {
        flyctl.tag(held, "fly_bluegreen_deployment_tag", "safe_to_destroy").await;
        flyctl.refresh(held).await;
        flyctl.act(held, "/cordon", Some(&held.nonce)).await;
        flyctl.stop(held).await;
        flyctl.wait(held, "stopped").await;
        flyctl.destroy(held).await;
    }
    flyctl.end(&release, "complete").await;
    flyctl.all_run("v2", 2);
}

#[tokio::test]
async fn a_deploy_whose_checks_never_pass_fails_at_the_first_machine() {
    let flyctl = Flyctl::new().await;
    flyctl.first("v1", 3).await;
    let release = flyctl.begin("sick", "ROLLING").await;
    assert!(!flyctl.roll(&release, FEW_LOOKS).await);
    flyctl.end(&release, "failed").await;
    let images: Vec<bool> =
        flyctl.living().iter().map(|machine| machine.image.contains(":sick@")).collect();
    assert_eq!(images, [true, false, false], "it stays as it is");
    assert_eq!(flyctl.release_statuses().await, ["v2 failed", "v1 complete"]);
}

#[tokio::test]
async fn a_release_command_runs_once_and_its_exit_code_can_be_read_when_its_machine_is_gone() {
    for flyctl in [Flyctl::new().await, Flyctl::inside().await] {
        release_commands(flyctl).await;
    }
}

async fn release_commands(flyctl: Flyctl) {
    flyctl.first("v1", 1).await;
    for (tag, wanted) in [("v2", 0), ("broken", 3)] {
        let release = flyctl.begin(tag, "ROLLING").await;
        let launch = json!({ "skip_launch": true });
        let (held, machine) = flyctl.create(release_command(&release), launch).await;
        assert_eq!(machine["state"], "created");
        flyctl.wait(&held, "stopped").await;
        flyctl.act(&held, "/start", None).await;
        flyctl.gone(&held).await;
        assert_eq!(flyctl.exit_code(&held).await, wanted);
        let last = flyctl.lines(&held.id).await.pop().unwrap();
        assert_eq!(last, format!("INFO Main child exited normally with code: {wanted}"));
        assert_eq!(flyctl.machines().await.len(), 1, "a list hides it");
    }
    flyctl.all_run("v1", 1);
}
