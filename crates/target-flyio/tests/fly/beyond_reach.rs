//! A way back on which one machine cannot be brought back, on virtual time: it is the only one that is left.

use std::time::Duration;

use target_flyio::{FlyTarget, Strategy};
use tokio::time::Instant;

use crate::run::Course;
use crate::virtual_time::{config, with};
use crate::world::{World, image, is_well};

/// How many machines beside the lost one run `tag`, are well and in the pool.
fn serving(world: &World, tag: &str, lost: &str) -> usize {
    let others = world.live().into_iter().filter(|it| it.id != lost);
    let of_tag = others.filter(|it| it.image.starts_with(&image(tag)));
    of_tag.filter(|it| is_well(it) && !it.cordoned).count()
}

struct Case {
    world: std::sync::Arc<World>,
    target: FlyTarget,
    course: Course,
}

/// The host of the first machine dies when that is booted for the way back, for `how_long`.
async fn with_a_dying_host(strategy: Strategy, how_long: &str) -> (Case, String) {
    let world = with(3, false).await;
    let lost = world.live()[0].id.clone();
    let target = FlyTarget::new(config(&world, strategy));
    let mut course = Course::begin(&target).await.unwrap();
    while course.reached < course.stages.len() && !course.settles() {
        course.next(&target).await.unwrap();
    }
    let fault = format!("boot[machine={lost}]=host-unreachable{how_long}");
    world.sim.inject(fault.parse().unwrap());
    (Case { world, target, course }, lost)
}

#[tokio::test(start_paused = true)]
async fn a_host_that_dies_on_the_way_back_leaves_no_other_machine_on_the_refused_release() {
    for strategy in [Strategy::Rolling, Strategy::Canary, Strategy::Immediate] {
        let (Case { world, target, course }, lost) = with_a_dying_host(strategy, "").await;
        let began = Instant::now();
        let fault = course.restore(&target).await.unwrap_err();
        let told = format!("machine {lost} cannot be read");
        assert!(fault.message().contains(&told), "{strategy:?}: {fault}");
        assert!(began.elapsed() >= Duration::from_mins(5), "it is tried for long");
        assert!(began.elapsed() < Duration::from_mins(8), "{:?}", began.elapsed());
        assert_eq!(serving(&world, "v1", &lost), 2, "{strategy:?}: {:#?}", world.live());
    }
}

#[tokio::test(start_paused = true)]
async fn a_host_that_comes_back_in_minutes_gets_its_machine_back_after_the_others() {
    let (Case { world, target, course }, _) = with_a_dying_host(Strategy::Rolling, ":3m").await;
    course.restore(&target).await.unwrap();
    assert_eq!(serving(&world, "v1", "none"), 3, "{:#?}", world.live());
}

#[tokio::test(start_paused = true)]
async fn machines_whose_host_is_dead_before_the_way_back_are_all_that_is_left() {
    for strategy in [Strategy::Rolling, Strategy::BlueGreen] {
        let world = with(3, false).await;
        let lost = world.live()[0].id.clone();
        let target = FlyTarget::new(config(&world, strategy));
        let mut course = Course::begin(&target).await.unwrap();
        while course.reached < course.stages.len() && !course.settles() {
            course.next(&target).await.unwrap();
        }
        // The process has died, too: nothing is leased.
        pipeline_core::Deployer::finish(&target, None, &crate::run::context()).await;
        world.sim.inject("get@1=host-unreachable".parse().unwrap());
        world.call("GET", &format!("/machines/{lost}"), None).await;
        let target = FlyTarget::new(config(&world, strategy));
        let fault = course.restore(&target).await.unwrap_err();
        assert!(fault.message().contains(&format!("machine {lost} cannot be read")), "{fault}");
        assert_eq!(serving(&world, "v1", &lost), 2, "{strategy:?}: {:#?}", world.live());
        assert_eq!(serving(&world, "v2", &lost), 0, "{strategy:?}: {:#?}", world.live());
    }
}
