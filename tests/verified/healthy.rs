//! A good release is never taken back, whatever chance does.

use pipeline_core::{Conclusion, Triggers};
use target_flyio::Strategy;

use crate::verifiers::{journeys, performance, smoke, watch};
use crate::world::World;

/// How many deploys; `HEALTHY=500` for more.
fn wanted() -> u64 {
    std::env::var("HEALTHY").ok().and_then(|it| it.parse().ok()).unwrap_or(24)
}

#[tokio::test(start_paused = true)]
async fn good_releases_are_never_taken_back() {
    let strategies = [Strategy::Rolling, Strategy::BlueGreen, Strategy::Canary];
    let (mut alerts, mut slowest) = (0, std::time::Duration::ZERO);
    for seed in 0..wanted() {
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
        alerts += usize::from(!unusual.is_empty());
        slowest = slowest.max(ended.took);
    }
    println!(
        "{} healthy deploys: 0 taken back, {alerts} with an alert, the slowest took {slowest:?}",
        wanted()
    );
    // The judge's own rate of alerts without any change is far below this.
    assert!(alerts <= 1, "{alerts}");
}
