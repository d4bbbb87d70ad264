//! A good release is never taken back, whatever chance does.

use std::time::Duration;

use pipeline_core::{Conclusion, Triggers};
use target_flyio::Strategy;

use crate::verifiers::{journeys, performance, smoke, watch};
use crate::world::World;

/// How many deploys, in both tests.
const DEPLOYS: u64 = 500;

// One thread each.
#[tokio::test(start_paused = true)]
async fn good_releases_are_never_taken_back() {
    deploys(0).await;
}

#[tokio::test(start_paused = true)]
async fn good_releases_are_never_taken_back_either() {
    deploys(1).await;
}

/// Every second one, from the seed `first` on.
async fn deploys(first: u64) {
    let strategies = [Strategy::Rolling, Strategy::BlueGreen, Strategy::Canary];
    let mut alerts = 0;
    for seed in (first..DEPLOYS).step_by(2) {
        let strategy = strategies[usize::try_from(seed).expect("few") % strategies.len()];
        let world = World::with(2, seed).await;
        world.image("v2", &[]);
        let (performance, watch) = (performance(&world), watch(&["/"]));
        let ended = world.deploy(strategy, "v2", |it| {
            let it = it.verifier(smoke()).verifier(performance).verifier(journeys());
            it.verifier(watch).policy(Triggers::default())
        });
        let ended = Box::pin(ended).await;
        let unusual = ended.unusual();
        assert_eq!(ended.conclusion, Conclusion::Succeeded, "seed {seed}: {unusual:#?}");
        assert_eq!(world.versions(), ["v2", "v2"]);
        // A minute of it is the watch's.
        assert!(ended.took < Duration::from_mins(3), "seed {seed}: {:?}", ended.took);
        alerts += usize::from(!unusual.is_empty());
    }
    // The judge's own rate of alerts without any change is far below this.
    assert!(alerts <= 1, "{alerts}");
}
