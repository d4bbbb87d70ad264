//! The whole engine over the deployer: gates and verifiers aside, this is how `pipeline` uses it.

use std::time::Duration;

use async_trait::async_trait;
use pipeline_core::{
    Artifact, Cancel, Conclusion, Deployment, Fault, Finding, Given, Journal, Pipeline, Record,
    Report, Step, verifier_fn,
};
use target_flyio::{FlyTarget, Strategy};

use crate::run::run;
use crate::world::{World, image};

#[derive(Default)]
pub(crate) struct Memory(pub(crate) Vec<Record>);

#[async_trait]
impl Journal for Memory {
    async fn append(&mut self, record: &Record) -> Result<(), Fault> {
        self.0.push(record.clone());
        Ok(())
    }
}

pub(crate) fn pipeline(target: FlyTarget, tag: &str, good: bool) -> Pipeline {
    let verify = move |deployment: Deployment| async move {
        let public = deployment.is_public();
        // What is judged is the new release once users have it; what was restored is good.
        let new = deployment.instances.iter().any(|it| it.side == pipeline_core::Side::New);
        if good || !public || !new {
            return Ok(Report::passed());
        }
        Ok(Report::refused(Finding::error("the dashboard answers 500")))
    };
    Pipeline::to(Step::deployer(target))
        .builder(Step::builder("given", Given(Artifact::new(image(tag)))))
        .verifier(Step::verifier("smoke", verifier_fn(move |it: Deployment, _| verify(it))))
        .build()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_artifact_of_the_run_is_what_is_deployed() {
    let world = World::with(2).await;
    // fly.toml names another image than the one that was built.
    let pipeline = pipeline(world.target(Strategy::BlueGreen, "sick"), "v2", true);
    let mut journal = Memory::default();
    let end = pipeline.run(&run("run-1", Cancel::never()), &mut journal).await.unwrap();
    assert_eq!(end, Conclusion::Succeeded, "{:#?}", journal.0.last());
    world.assert_new(2, "v2");
}

#[tokio::test(start_paused = true)]
async fn a_release_that_users_refuse_is_taken_back_and_nobody_else_notices() {
    for strategy in [Strategy::Rolling, Strategy::BlueGreen] {
        let world = World::inside(2).await;
        let (before, users) = (world.live(), world.users());
        let pipeline = pipeline(world.target(strategy, "v2"), "v2", false);
        let mut journal = Memory::default();
        let end = pipeline.run(&run("run-1", Cancel::never()), &mut journal).await.unwrap();
        assert_eq!(end, Conclusion::RolledBack, "{:#?}", journal.0.last());
        drop(users);
        world.assert_old(&before);
        world.assert_nothing_lost();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_says_what_would_happen_and_changes_nothing() {
    let world = World::with(1).await;
    let mut config = world.config(Strategy::Rolling, "v2");
    config.wait_timeout = Some(Duration::from_secs(1));
    let pipeline = pipeline(FlyTarget::new(config), "v2", true);
    let calls = world.sim.journal().len();
    let artifact = Artifact::new(image("v2"));
    let plan = pipeline.plan(&run("run-1", Cancel::never()), Some(&artifact)).await.unwrap();
    let id = &world.live()[0].id;
    assert_eq!(
        plan.stages[0].changes,
        [format!("update machine {id} (app, fra) from v41 to v2 (registry.fly.io/shop:v2)")]
    );
    assert!(plan.warnings[0].contains("one running machine"), "{:?}", plan.warnings);
    assert!(plan.rollback.unwrap().image.unwrap().contains("shop:v1@sha256:"));
    let since = world.sim.journal().split_off(calls);
    let asks = |it: &sim_flyio::ApiCall| it.method == "GET" || it.path == "/graphql";
    assert!(since.iter().all(asks), "{since:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deploy_that_meets_somebody_elses_lease_has_touched_nothing_and_is_not_stuck() {
    let world = World::with(2).await;
    let before = world.live();
    let path = format!("/machines/{}/lease", before[1].id);
    world.call("POST", &path, Some(serde_json::json!({"ttl": 300}))).await;
    let changes = world.changes().len();
    let pipeline = pipeline(world.target(Strategy::Rolling, "v2"), "v2", true);
    let mut journal = Memory::default();
    let end = pipeline.run(&run("run-1", Cancel::never()), &mut journal).await.unwrap();
    assert_eq!(end, Conclusion::RolledBack, "{:#?}", journal.0.last());
    assert_eq!(world.changes().len(), changes);
    let held: Vec<bool> = world.live().iter().map(|it| it.lease.is_some()).collect();
    assert_eq!(held, [false, true], "none of ours");
}
