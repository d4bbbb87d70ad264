//! Blue-green where the proxy hands nothing to machines that are out of the pool: they are verified once users reach them.

use pipeline_tests::{World, WorldConfig};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_asked_before_the_switch_is_asked_after_it_and_taken_back_if_it_is_bad() {
    let program = env!("CARGO_BIN_EXE_pipeline_under_test");
    let config = WorldConfig { program, strategy: "bluegreen", machines: 2 };
    let world = World::start_shut(config).await;
    let good = world.image("v2", &[]);
    let ran = world.run(&["deploy", "staging", "--image", &good]).await.expect(0);
    assert!(ran.stderr.contains("they are asked once users reach them"), "{ran}");
    assert_eq!(world.settled(2).await, Ok("v2".into()), "{ran}");
    let bad = world.image("v3", &[("FAIL_PATH", "/")]);
    let ran = world.run(&["deploy", "staging", "--image", &bad]).await.expect(30);
    assert!(ran.stderr.contains("smoke refused"), "{ran}");
    assert!(ran.stdout.contains("traffic back after"), "{ran}");
    assert_eq!(world.settled(2).await, Ok("v2".into()), "{ran}");
}
