//! What comes back after an interruption is what was begun, once.

use std::sync::Arc;
use std::time::Duration;

use pipeline_tests::{APP, World, WorldConfig};
use serde_json::json;
use sim_flyio::{ApiRequest, Phase, Verdict};
use tokio::sync::Notify;

async fn world(strategy: &'static str) -> World {
    let program = env!("CARGO_BIN_EXE_pipeline_under_test");
    World::start(WorldConfig { program, strategy, machines: 2 }).await.with_short_leases()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollback_that_was_interrupted_is_still_a_rollback_when_it_is_resumed() {
    let world = world("rolling").await;
    let (two, three) = (world.image("v2", &[]), world.image("v3", &[]));
    world.run(&["deploy", "staging", "--image", &two]).await.expect(0);
    let fly_toml = std::fs::read_to_string(world.path().join("fly.toml")).unwrap();
    world.write("fly.toml", &format!("{fly_toml}\n[env]\nNEW = \"yes\"\n"));
    world.run(&["deploy", "staging", "--image", &three]).await.expect(0);
    let died = world.run_with(&["rollback", "staging"], &[("PIPELINE_TEST_DIE", "after:2")]).await;
    assert_eq!(died.code, None, "{died}");
    let ran = world.run(&["resume"]).await.expect(0);
    for machine in world.fleet().machines {
        assert!(machine.config["env"].get("NEW").is_none(), "{ran}");
        let image = machine.config["image"].as_str().unwrap();
        assert!(image.starts_with(&format!("{two}@sha256:")), "a release names a digest: {image}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_resumed_only_against_the_app_it_was_made_against() {
    let world = world("rolling").await;
    let image = world.image("v2", &[]);
    let args = ["deploy", "staging", "--image", &image];
    for moment in ["after:1", "after:3"] {
        let died = world.run_with(&args, &[("PIPELINE_TEST_DIE", moment)]).await;
        assert_eq!(died.code, None, "{died}");
        let toml = std::fs::read_to_string(world.path().join("pipeline.toml")).unwrap();
        world.write("pipeline.toml", &toml.replace(&format!("app = \"{APP}\""), "app = \"other\""));
        let ran = world.run(&["resume"]).await.expect(2);
        assert!(
            ran.stderr.contains(&format!("flyio:{APP}")) && ran.stderr.contains("flyio:other"),
            "{ran}"
        );
        world.write("pipeline.toml", &toml);
        let status = world.run(&["status", "staging", "--format", "json"]).await.json();
        assert_eq!(status["lock"], json!(null), "the lock was given back: {status:#}");
        world.run(&["resume"]).await.expect(0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_that_resume_at_once_do_not_both_write_its_end() {
    let world = world("rolling").await;
    let image = world.image("v2", &[]);
    let args = ["deploy", "staging", "--image", &image];
    world.run_with(&args, &[("PIPELINE_TEST_DIE", "after:3")]).await;
    let (one, two) = tokio::join!(world.run(&["resume", "v1"]), world.run(&["resume", "v1"]));
    let mut codes = [one.code.unwrap(), two.code.unwrap()];
    codes.sort_unstable();
    assert!(matches!(codes, [0, 12 | 2]), "{one}{two}");
    let again = world.run(&["resume", "v1"]).await.expect(2);
    assert!(again.stderr.contains("is over"), "{again}");
    assert_eq!(world.settled(2).await, Ok("v2".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_died_with_its_last_record_written_is_history_for_the_next() {
    let world = world("rolling").await;
    let (two, three) = (world.image("v2", &[]), world.image("v3", &[]));
    let args = ["deploy", "staging", "--image", &two];
    let died = world.run_with(&args, &[("PIPELINE_TEST_DIE", "after:5")]).await;
    assert_eq!(died.code, None, "{died}");
    let ran = world.run(&["deploy", "staging", "--image", &three]).await.expect(0);
    println!("{ran}");
    let history = world.run(&["history"]).await.expect(0);
    assert_eq!(history.stdout.matches("| PASS |").count(), 2, "{history}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_elses_lease_is_no_reason_to_call_a_person() {
    let world = world("rolling").await;
    let image = world.image("v2", &[]);
    let id = world.fleet().machines[0].id.clone();
    let url = format!("{}/v1/apps/{APP}/machines/{id}/lease?ttl=300", world.sim.api_url());
    let client = reqwest::Client::new();
    client.post(url).bearer_auth(world.sim.token()).send().await.unwrap();
    let ran = world.run(&["deploy", "staging", "--image", &image]).await.expect(20);
    assert!(ran.stderr.contains("is leased by"), "{ran}");
    println!("{ran}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_deploys_from_two_stores_never_leave_a_mixture() {
    for strategy in ["rolling", "bluegreen"] {
        // On a busy machine each may be so much in the other's way that both go back: once, and again; not always.
        let mut rounds = 0;
        while !one_wins(strategy).await {
            rounds += 1;
            assert!(rounds < 5, "{strategy}: nobody wins, ever");
        }
    }
}

/// Two deploys beside each other. What runs then is whole, in any case; did one of them win?
async fn one_wins(strategy: &'static str) -> bool {
    let world = world(strategy).await;
    let (two, three) = (world.image("v2", &[]), world.image("v3", &[]));
    std::fs::create_dir(world.path().join("other")).expect("a folder");
    for file in ["pipeline.toml", "fly.toml"] {
        std::fs::copy(world.path().join(file), world.path().join("other").join(file))
            .expect("a file");
    }
    let other = ["deploy", "staging", "--image", &three, "--config", "other/pipeline.toml"];
    // The second begins when the first changes its first machine: neither store knows of the other.
    let begun = Arc::new(Notify::new());
    let told = Arc::clone(&begun);
    world.sim.on_api_call(move |request: &ApiRequest| {
        let changes = request.method == "POST" && !request.path.ends_with("/lease");
        if request.phase == Phase::Before && changes {
            told.notify_one();
            return Verdict::Delay(Duration::from_millis(150));
        }
        Verdict::Proceed
    });
    let first = world.spawn(&["deploy", "staging", "--image", &two], &[]);
    let first = World::reached(&begun, first).await;
    let (one, two) = tokio::join!(World::ended(first), world.run(&other));
    let runs = match (one.code, two.code) {
        (_, Some(0)) => "v3",
        (Some(0), _) => "v2",
        (Some(20), Some(20)) => "v1",
        _ => panic!("neither won nor went back:\n{one}\n{two}"),
    };
    assert_eq!(world.settled(2).await, Ok(runs.into()), "{one}\n{two}");
    runs != "v1"
}
