//! A good release is never taken back.

use pipeline_core::Conclusion;
use target_flyio::Strategy;
use verify_http::{Client, Connections, Smoke, SmokeCheck, SmokeConfig};

use crate::world::{World, step};

#[tokio::test(start_paused = true)]
async fn a_good_release_goes_live() {
    let began = std::time::Instant::now();
    for seed in 0..10 {
        let world = World::with(2, seed).await;
        world.image("v2", &[]);
        let smoke = SmokeConfig { checks: vec![SmokeCheck::get("/")], ..SmokeConfig::default() };
        let smoke = Smoke::new(smoke, Client::new(Connections::Fresh).unwrap()).unwrap();
        let ended =
            world.deploy(Strategy::Rolling, "v2", |it| it.verifier(step("smoke", smoke))).await;
        assert_eq!(ended.conclusion, Conclusion::Succeeded, "{:#?}", ended.unusual());
        assert_eq!(world.versions(), ["v2", "v2"]);
    }
    println!("{:?}", began.elapsed());
}
