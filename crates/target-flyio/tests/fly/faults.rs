//! What the platform does to a deployer.

use std::sync::atomic::{AtomicUsize, Ordering};

use pipeline_core::{CancelSource, Deployer, FaultKind, Phase as RunPhase};
use serde_json::{Value, json};
use sim_flyio::{ApiRequest, Phase, Verdict};
use target_flyio::{FlyTarget, Strategy};

use crate::run::{Course, context, run};
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn an_image_that_cannot_be_pulled_is_noticed_although_the_machine_is_started() {
    let world = World::with(2).await;
    let before = world.live();
    let target = world.target(Strategy::Rolling, "lost");
    let mut course = Course::begin(&target).await.unwrap();
    let fault = course.next(&target).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Permanent);
    assert!(fault.message().contains("the platform put machine"), "{fault}");
    assert!(fault.message().contains("back to registry.fly.io/shop:v1@sha256:"), "{fault}");
    assert!(fault.message().contains("shop:lost cannot be pulled?"), "{fault}");
    course.restore(&target).await.unwrap();
    world.assert_old(&before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_dies_at_once_is_told_with_its_code_and_not_waited_for() {
    for strategy in [Strategy::Rolling, Strategy::BlueGreen] {
        let world = World::with(2).await;
        let before = world.live();
        let mut config = world.config(strategy, "crash");
        config.wait_timeout = Some(std::time::Duration::from_mins(10));
        let target = FlyTarget::new(config);
        let mut course = Course::begin(&target).await.unwrap();
        let began = std::time::Instant::now();
        let fault = course.next(&target).await.unwrap_err();
        assert!(fault.message().ends_with("does not stay up: it exited with code 7"), "{fault}");
        assert!(began.elapsed().as_secs() < 300, "it was not waited for");
        course.restore(&target).await.unwrap();
        world.assert_old(&before);
    }
}

/// A hook that answers the calls that `hits` picks, `times` times.
fn answering(
    world: &World,
    times: usize,
    (status, error): (u16, &'static str),
    hits: impl Fn(&ApiRequest) -> bool + Send + Sync + 'static,
) {
    let count = AtomicUsize::new(0);
    world.sim.on_api_call(move |call| {
        if hits(call) && count.fetch_add(1, Ordering::Relaxed) < times {
            return Verdict::Answer { status, body: json!({"error": error}) };
        }
        Verdict::Proceed
    });
}

fn is_update(call: &ApiRequest) -> bool {
    call.method == "POST" && call.body.as_ref().is_some_and(|it| it["current_version"].is_string())
}

/// What goes wrong, how it is answered, and which calls.
type Trouble = (&'static str, (u16, &'static str), fn(&ApiRequest) -> bool);

async fn deploys(world: &World, strategy: Strategy, what: &str) {
    let target = world.target(strategy, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    if let Err(fault) = course.finish(&target).await {
        panic!("{what}: {fault}: {:#?}", world.sim.journal());
    }
    world.assert_new(2, "v2");
}

#[tokio::test(start_paused = true)]
async fn answers_that_come_to_nothing_are_asked_for_again() {
    let table: [Trouble; 7] = [
        ("reads that fail", (503, "unavailable"), |call| call.method == "GET"),
        ("reads that wrongly find nothing", (404, "machine not found"), |call| {
            call.method == "GET"
                && call.path.len() > "/v1/apps/shop/machines/".len()
                && !call.path.ends_with("/wait")
        }),
        ("an update that was not done", (408, "deadline_exceeded: x"), |call| {
            is_update(call) && call.phase == Phase::Before
        }),
        ("an update that was done", (408, "deadline_exceeded: x"), |call| {
            is_update(call) && call.phase == Phase::After
        }),
        (
            "an update in the way of another",
            (409, "aborted: machine is replacing: concurrent update in progress"),
            |call| is_update(call) && call.phase == Phase::Before,
        ),
        ("a lease that is limited", (429, "slow down"), |call| {
            call.path.ends_with("/lease") && call.phase == Phase::Before
        }),
        ("waits that fail", (500, "oops"), |call| call.path.ends_with("/wait")),
    ];
    for (what, answer, hits) in table {
        let world = World::inside(2).await;
        let times = if answer.0 == 404 { 1 } else { 2 };
        answering(&world, times, answer, hits);
        deploys(&world, Strategy::Rolling, what).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_list_is_not_believed_at_once() {
    let world = World::with(2).await;
    let count = AtomicUsize::new(0);
    world.sim.on_api_call(move |call| {
        let lists =
            call.method == "GET" && call.path.ends_with("/machines") && call.phase == Phase::Before;
        if lists && count.fetch_add(1, Ordering::Relaxed) == 0 {
            return Verdict::Answer { status: 200, body: Value::Array(Vec::new()) };
        }
        Verdict::Proceed
    });
    deploys(&world, Strategy::Rolling, "an empty list").await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_at_any_write_is_survived() {
    for verdict in [Verdict::ResetBeforeCommit, Verdict::ResetAfterCommit] {
        let world = World::inside(2).await;
        let seen = std::sync::Mutex::new(std::collections::BTreeSet::new());
        world.sim.on_api_call(move |call| {
            // The first call of each kind is lost: lease, create, uncordon, cordon, stop, destroy.
            let kind =
                format!("{} {}", call.method, call.path.rsplit('/').next().unwrap_or_default());
            let kind = if kind.len() > 16 { call.method.clone() } else { kind };
            let lost = call.method != "GET"
                && call.phase == Phase::Before
                && seen.lock().unwrap().insert(kind);
            if lost { verdict.clone() } else { Verdict::Proceed }
        });
        deploys(&world, Strategy::BlueGreen, "a broken connection").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_that_stops_in_the_middle_of_its_update_is_started_again() {
    // The platform stops it, or its program ends well a moment after it was started.
    for fault in ["update@1=autostop", "boot[image=*:v2]@1=crash:10ms:0"] {
        let world = World::with(2).await;
        world.sim.inject(fault.parse().unwrap());
        let target = world.target(Strategy::Rolling, "v2");
        Course::begin(&target).await.unwrap().finish(&target).await.unwrap();
        world.assert_new(2, "v2");
        let starts = world.changes().iter().filter(|it| it.ends_with("/start")).count();
        assert_eq!(starts, 1, "{fault}: {:#?}", world.sim.faults());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_asked_to_stop_does_so_between_machines() {
    let world = World::with(3).await;
    let before = world.live();
    let source = CancelSource::new();
    let cx = run("run-1", source.token()).context(RunPhase::Deploy, "fly");
    let asked = std::sync::Mutex::new(Some(source));
    world.sim.on_api_call(move |call| {
        if is_update(call)
            && call.phase == Phase::After
            && let Some(source) = asked.lock().unwrap().take()
        {
            source.cancel();
        }
        Verdict::Proceed
    });
    let target = world.target(Strategy::Rolling, "v2");
    let course = Course::begin(&target).await.unwrap();
    let fault = target.advance(&course.stages[0], &course.snapshot, &cx).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Cancelled);
    let new = world
        .live()
        .iter()
        .filter(|it| it.image.contains(":v2") && crate::world::is_well(it))
        .count();
    assert_eq!(new, 1, "the one that was begun was brought to its end");
    course.restore(&target).await.unwrap();
    world.assert_old(&before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_named_and_never_shown() {
    let world = World::with(1).await;
    let mut config = world.config(Strategy::Rolling, "v2");
    config.token = "hush-hush".into();
    let target = FlyTarget::new(config);
    assert!(!format!("{target:?}").contains("hush-hush"));
    let fault = target.snapshot(&context()).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Permanent);
    assert!(fault.message().contains("does not accept the token"), "{fault}");
    assert!(!format!("{fault:?}").contains("hush-hush"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_stage_done_twice_changes_nothing_the_second_time() {
    let world = World::with(2).await;
    let target = world.target(Strategy::Rolling, "v2");
    let course = Course::begin(&target).await.unwrap();
    let cx = context();
    target.advance(&course.stages[0], &course.snapshot, &cx).await.unwrap();
    let (changes, live) = (world.changes().len(), world.live());
    target.advance(&course.stages[0], &course.snapshot, &cx).await.unwrap();
    assert_eq!(world.changes().len(), changes);
    let versions = |all: &[sim_flyio::MachineView]| {
        all.iter().map(|it| it.instance_id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(versions(&world.live()), versions(&live));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_that_is_moved_in_the_middle_is_no_whole_release() {
    let world = World::with(2).await;
    let before = world.live();
    let target = world.target(Strategy::Rolling, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    let source = CancelSource::new();
    let cx = run("run-1", source.token()).context(RunPhase::Deploy, "fly");
    let asked = std::sync::Mutex::new(Some(source));
    world.sim.on_api_call(move |call| {
        if is_update(call) && call.phase == Phase::After {
            asked.lock().unwrap().take().iter().for_each(CancelSource::cancel);
        }
        Verdict::Proceed
    });
    // One machine is done, and then somebody pushes the same tag again.
    target.advance(&course.stages[0], &course.snapshot, &cx).await.unwrap_err();
    world.register("v2", &[("APP_VERSION", "another")], true);
    let fault = course.next(&target).await.unwrap_err();
    assert!(fault.message().contains("2 different images called"), "{fault}");
    course.restore(&target).await.unwrap();
    world.assert_old(&before);
}
