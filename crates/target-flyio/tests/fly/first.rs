//! The first deploy of an app.

use pipeline_core::Deployer;
use target_flyio::Strategy;

use crate::run::{Course, context};
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_first_deploy_makes_two_machines_and_its_restore_none() {
    let world = World::empty().await;
    let target = world.target(Strategy::BlueGreen, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    assert_eq!(course.snapshot.current, None);
    assert_eq!(course.stages.len(), 1);
    let deployment = course.next(&target).await.unwrap();
    assert_eq!((deployment.version.as_str(), deployment.instances.len()), ("v2", 2));
    target.finish(None, &context()).await;
    world.assert_new(2, "v2");
    assert!(world.live().iter().all(|it| it.region == "fra"));

    let restored = course.restore(&target).await.unwrap();
    assert!(restored.instances.is_empty());
    assert_eq!(world.live().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_creation_whose_answer_was_lost_makes_no_second_machine() {
    let world = World::inside(0).await;
    let answers = std::sync::atomic::AtomicUsize::new(0);
    world.sim.on_api_call(move |call| {
        let creates = call.method == "POST" && call.path.ends_with("/machines");
        let after = call.phase == sim_flyio::Phase::After;
        if creates && after && answers.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < 2 {
            let body = serde_json::json!({"error": "deadline_exceeded: no answer from the host"});
            return sim_flyio::Verdict::Answer { status: 408, body };
        }
        sim_flyio::Verdict::Proceed
    });
    let target = world.target(Strategy::Rolling, "v2");
    Course::begin(&target).await.unwrap().finish(&target).await.unwrap();
    world.assert_new(2, "v2");
    assert_eq!(
        world.changes().iter().filter(|it| it.ends_with("POST /v1/apps/shop/machines")).count(),
        2
    );
}
