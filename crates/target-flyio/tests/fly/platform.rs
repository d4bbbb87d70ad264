//! The platform beside the machines: releases, images, logs.

use serde_json::json;
use target_flyio::{ApiError, FlyTarget, NewRelease, ReleaseStatus, Strategy};

use crate::world::{World, image, old_config};

fn release(tag: &str, strategy: Strategy) -> NewRelease {
    NewRelease { image: image(tag), strategy, definition: json!({"app": "shop"}) }
}

#[tokio::test(flavor = "multi_thread")]
async fn releases_are_listed_with_what_became_of_them() {
    let world = World::empty().await;
    let target = world.target(Strategy::Rolling, "v2");
    let platform = target.platform();
    let first = platform.release_create(&release("v1", Strategy::Rolling)).await.unwrap();
    let second = platform.release_create(&release("v2", Strategy::BlueGreen)).await.unwrap();
    assert_eq!((first.version, second.version), (1, 2));
    platform.release_update(&first.id, ReleaseStatus::Running, None).await.unwrap();
    platform.release_update(&first.id, ReleaseStatus::Complete, None).await.unwrap();
    let error = Some("machine a does not stay up");
    platform.release_update(&second.id, ReleaseStatus::Failed, error).await.unwrap();
    let listed = platform.releases(5).await.unwrap();
    let shown: Vec<_> =
        listed.iter().map(|it| (&*it.id, it.version, &*it.status, it.image_ref.clone())).collect();
    let wanted =
        [(&*second.id, 2, "failed", image("v2")), (&*first.id, 1, "complete", image("v1"))];
    assert_eq!(shown, wanted);
    assert_eq!(platform.releases(1).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_strategy_is_one_that_a_release_may_have() {
    let world = World::empty().await;
    let target = world.target(Strategy::Rolling, "v2");
    for strategy in [Strategy::Rolling, Strategy::Canary, Strategy::BlueGreen, Strategy::Immediate]
    {
        target.platform().release_create(&release("v2", strategy)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_recorded_once_and_what_became_of_it_is_said_again() {
    let world = World::empty().await;
    let target = world.target(Strategy::Rolling, "v2");
    let platform = target.platform();
    // Recorded, and nobody was told: a second one would be seen by people.
    world.sim.inject("release-create@1=reset-after".parse().unwrap());
    platform.release_create(&release("v1", Strategy::Rolling)).await.unwrap_err();
    let listed = platform.releases(5).await.unwrap();
    assert_eq!(listed.iter().map(|it| it.version).collect::<Vec<_>>(), [1]);
    world.sim.inject("release-update@1-2=503".parse().unwrap());
    platform.release_update(&listed[0].id, ReleaseStatus::Complete, None).await.unwrap();
    world.sim.inject("release-update@1-3=503".parse().unwrap());
    let lost = platform.release_update(&listed[0].id, ReleaseStatus::Failed, None).await;
    let error = lost.unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("mark release {} as failed of shop", listed[0].id)),
        "{error}"
    );
    assert!(error.contains("(request "), "{error}");
    assert_eq!(platform.releases(1).await.unwrap()[0].status, "complete");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_image_is_found_with_its_digest_until_it_is_pruned() {
    let world = World::empty().await;
    let target = world.target(Strategy::Rolling, "v2");
    let platform = target.platform();
    let found = platform.image(&image("v2")).await.unwrap().unwrap();
    assert_eq!(found.reference, image("v2"));
    assert!(found.digest.starts_with("sha256:"), "{found:?}");
    let pinned = format!("{}@{}", image("v2"), found.digest);
    assert_eq!(platform.image(&pinned).await.unwrap().unwrap().digest, found.digest);
    assert_eq!(platform.image(&image("v9")).await.unwrap(), None);
    assert!(world.sim.forget_image(&image("v2")));
    for reference in [image("v2"), pinned] {
        assert_eq!(platform.image(&reference).await.unwrap(), None, "{reference}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn not_being_told_is_not_that_there_is_no_image() {
    let world = World::empty().await;
    let mut config = world.config(Strategy::Rolling, "v2");
    "another".clone_into(&mut config.app);
    let unknown = FlyTarget::new(config).platform().image(&image("v2")).await.unwrap_err();
    assert!(matches!(unknown, ApiError::NotFound { .. }), "{unknown}");
    let mut config = world.config(Strategy::Rolling, "v2");
    config.token = "hush-hush".into();
    let target = FlyTarget::new(config);
    assert!(!format!("{:?}", target.platform()).contains("hush-hush"));
    let refused = target.platform().image(&image("v2")).await.unwrap_err();
    assert!(matches!(refused, ApiError::Unauthorized { .. }), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_machine_that_crashed_says_so_last() {
    let world = World::empty().await;
    let mut config = old_config();
    config["image"] = image("crash").into();
    config["restart"]["policy"] = "no".into();
    let crashed = world.create(&config, false).await;
    let other = world.create(&old_config(), false).await;
    world
        .until(|world| world.live().iter().any(|it| it.id == crashed && it.state == "stopped"))
        .await;
    let target = world.target(Strategy::Rolling, "v2");
    let lines = target.platform().logs(&crashed).await.unwrap();
    let last = lines.last().unwrap();
    assert_eq!(
        (&*last.level, &*last.message),
        ("info", "INFO Main child exited normally with code: 7")
    );
    assert!(last.timestamp.starts_with("20"), "{last:?}");
    let others = target.platform().logs(&other).await.unwrap();
    assert!(others.iter().all(|it| !it.message.contains("exited")), "{others:#?}");
}
