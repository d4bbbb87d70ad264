//! `kill -9` at every change: the process that runs the deploy is gone at once, and another one, which
//! knows only what was journalled, finishes it or takes it back. All of it on virtual time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sim_flyio::{MachineView, Phase, Verdict};
use target_flyio::{FlyTarget, Strategy};
use tokio::sync::Notify;

use crate::run::Course;
use crate::world::World;

/// What the second process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    On,
    Back,
}

#[derive(Clone, Copy, Debug)]
struct Case {
    strategy: Strategy,
    way: Way,
    /// The change at which the first process dies, and whether the change was still done.
    change: usize,
    done: Phase,
}

/// Dies at the given change, then comes back; says whether there was such a change.
async fn dies(case: Case) -> bool {
    let world = World::inside(2).await;
    let before = world.live();
    let target = process(&world, case.strategy, "v2");
    let mut course = Course::begin(&target).await.unwrap();
    let death = kill_at(&world, case);
    let died = tokio::select! {
        done = course.finish(&target) => { done.unwrap(); false }
        () = death.notified() => true,
    };
    drop(target); // the process is gone: nothing refreshes its leases
    // There is no way back from settling: that is gone through on the way on.
    let died = died && !(case.way == Way::Back && course.settles());
    if died {
        world.sim.on_api_call(|_| Verdict::Proceed);
        comes_back(&world, course, case, &before).await;
    }
    died
}

/// Rings at the given change, which is then held up for so long that nobody hears of its end.
fn kill_at(world: &World, case: Case) -> Arc<Notify> {
    let death = Arc::new(Notify::new());
    let (bell, count) = (death.clone(), AtomicUsize::new(0));
    world.sim.on_api_call(move |call| {
        let lease = call.method == "POST" && call.path.ends_with("/lease");
        if call.method == "GET" || lease || call.phase != case.done {
            return Verdict::Proceed;
        }
        if count.fetch_add(1, Ordering::Relaxed) == case.change {
            bell.notify_one();
            return Verdict::Delay(Duration::from_secs(3));
        }
        Verdict::Proceed
    });
    death
}

/// Another process, another fly.toml: the run goes on with what it recorded.
async fn comes_back(world: &World, mut course: Course, case: Case, before: &[MachineView]) {
    let target = process(world, Strategy::Rolling, "sick");
    let on = case.way == Way::On;
    let ended =
        if on { course.finish(&target).await } else { course.restore(&target).await.map(drop) };
    ended.unwrap_or_else(|fault| panic!("{case:?}: {fault}"));
    // Who dies while giving leases back leaves some, but only until they run out.
    world.until(|world| world.live().iter().all(|it| it.lease.is_none())).await;
    if on {
        world.assert_new(2, "v2");
    } else {
        world.assert_old(before);
    }
}

/// Leases as short as flyctl's: each of those that are left is waited out.
fn process(world: &World, strategy: Strategy, tag: &str) -> FlyTarget {
    let mut config = world.config(strategy, tag);
    config.lease_ttl = Duration::from_secs(13);
    FlyTarget::new(config)
}

/// Dies at every change there is, before it and after it; returns at how many.
async fn dies_everywhere(strategy: Strategy, way: Way) -> usize {
    let cases = (0..40).flat_map(|change| {
        [Phase::Before, Phase::After].map(|done| Case { strategy, way, change, done })
    });
    let mut deaths = 0;
    for case in cases {
        if !dies(case).await {
            break;
        }
        deaths += 1;
    }
    deaths
}

#[tokio::test(start_paused = true)]
async fn a_rolling_deploy_that_was_killed_anywhere_is_finished_by_another_process() {
    assert!(dies_everywhere(Strategy::Rolling, Way::On).await >= 8);
}

#[tokio::test(start_paused = true)]
async fn a_rolling_deploy_that_was_killed_anywhere_is_taken_back_by_another_process() {
    assert!(dies_everywhere(Strategy::Rolling, Way::Back).await >= 8);
}

#[tokio::test(start_paused = true)]
async fn a_bluegreen_deploy_that_was_killed_anywhere_is_finished_by_another_process() {
    assert!(dies_everywhere(Strategy::BlueGreen, Way::On).await >= 20);
}

#[tokio::test(start_paused = true)]
async fn a_bluegreen_deploy_that_was_killed_anywhere_is_taken_back_by_another_process() {
    assert!(dies_everywhere(Strategy::BlueGreen, Way::Back).await >= 12);
}
