//! What becomes of a release that verification refuses: each action of the table, and what goes before it.

use std::path::Path;
use std::process::Command;

use pipeline_tests::{Ran, World};
use serde_json::json;

use crate::{json as as_json, world};

/// Adds to pipeline.toml.
fn configure(world: &World, more: &str) {
    let toml =
        std::fs::read_to_string(world.path().join("pipeline.toml")).expect("a configuration");
    world.write("pipeline.toml", &format!("{toml}\n{more}"));
}

fn smoke(action: &str) -> String {
    format!("[[rollback.triggers]]\nwhen = \"smoke\"\naction = \"{action}\"\n")
}

async fn deploy(world: &World, image: &str, code: i32) -> Ran {
    world.run(&["deploy", "staging", "--image", image]).await.expect(code)
}

/// A release whose front page fails.
fn broken(world: &World, version: &str) -> String {
    world.image(version, &[("FAIL_PATH", "/")])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_action_does_what_the_table_says() {
    for (action, code, serves, words) in [
        ("rollback", 30, "v1", "v1 was taken back"),
        ("alert", 0, "v2", "v1 serves staging, verified"),
        ("ignore", 0, "v2", "ignored: the policy says `smoke` = \"ignore\""),
        ("ask", 40, "v2", "because the policy says `smoke` = \"ask\", and nobody answered"),
    ] {
        let world = world("rolling").await;
        configure(&world, &smoke(action));
        let ran = deploy(&world, &broken(&world, "v2"), code).await;
        assert!(ran.stderr.contains(words), "{action}: {ran}");
        assert_eq!(world.settled(3).await, Ok(serves.into()), "{action}: {ran}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_asked_about_a_mixture() {
    let world = world("bluegreen").await;
    configure(&world, &smoke("ask"));
    let ran = deploy(&world, &broken(&world, "v2"), 30).await;
    assert_eq!(
        world.settled(3).await,
        Ok("v1".into()),
        "green beside blue is no whole release: {ran}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollback_that_does_not_pass_starts_no_other() {
    let world = world("rolling").await;
    let (two, three) = (world.image("v2", &[]), world.image("v3", &[]));
    deploy(&world, &two, 0).await;
    deploy(&world, &three, 0).await;
    // What the old release does not have either.
    configure(&world, "[[verify.smoke.checks]]\npath = \"/new-in-v4\"\n");
    let ran = world.run(&["rollback", "staging", "--yes"]).await.expect(40);
    assert!(ran.stderr.contains("it was a rollback itself"), "{ran}");
    assert_eq!(world.settled(3).await, Ok("v2".into()), "{ran}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_goes_back_by_itself_to_a_release_that_is_bad() {
    let world = world("rolling").await;
    configure(&world, &smoke("ask"));
    let bad = broken(&world, "v2");
    deploy(&world, &bad, 40).await;
    let toml = std::fs::read_to_string(world.path().join("pipeline.toml")).unwrap();
    world.write("pipeline.toml", &toml.replace("\"ask\"", "\"rollback\""));
    let worse = broken(&world, "v3");
    let plan = world.run(&["plan", "staging", "--image", &worse]).await.expect(0);
    let warning =
        "will not be rolled back by itself: v1, which serves now, is marked bad (smoke refused";
    assert!(plan.stdout.contains(warning), "{plan}");
    let ran = deploy(&world, &worse, 40).await;
    assert!(ran.stderr.contains("v1, the release before, is marked bad: smoke refused"), "{ran}");
    assert_eq!(world.settled(3).await, Ok("v3".into()), "{ran}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_rollback_the_next_deploy_needs_a_person() {
    let world = world("rolling").await;
    configure(&world, "[rollback]\nwindow = \"10m\"\n");
    let bad = broken(&world, "v2");
    deploy(&world, &bad, 30).await;
    let plan = world.run(&["plan", "staging", "--image", &bad]).await.expect(0);
    let known = "v1 brought an image of this name, and is marked bad (smoke refused: GET /: ";
    assert!(plan.stdout.contains(known), "{plan}");
    let good = world.image("v3", &[]);
    world.sim.on_api_call(|request: &sim_flyio::ApiRequest| {
        assert_eq!(request.method, "GET", "a refused deploy only looks");
        sim_flyio::Verdict::Proceed
    });
    let refused = deploy(&world, &good, 12).await;
    for word in ["v1 was rolled back by itself", "--despite-rollback", "10m 00s"] {
        assert!(refused.stderr.contains(word), "no word of `{word}`: {refused}");
    }
    let asked = world.run(&as_json(&["deploy", "staging", "--image", &good])).await.expect(12);
    assert_eq!(asked.json()["exit"], 12);
    let history = world.run(&as_json(&["history"])).await.expect(0).json();
    assert_eq!(history["runs"].as_array().map(Vec::len), Some(1), "nothing began: {history:#}");
    world.sim.on_api_call(|_: &sim_flyio::ApiRequest| sim_flyio::Verdict::Proceed);
    let args = ["deploy", "staging", "--image", &good, "--despite-rollback"];
    world.run(&args).await.expect(0);
    assert_eq!(world.settled(3).await, Ok("v3".into()));
}

fn git(dir: &Path, args: &[&str]) {
    let set = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"];
    let done =
        Command::new("git").args(set).args(args).current_dir(dir).output().expect("git runs");
    assert!(done.status.success(), "{args:?}: {done:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_with_a_migration_that_cannot_be_undone_stays() {
    let world = world("rolling").await;
    git(world.path(), &["init", "-q"]);
    world.write(".gitignore", ".pipeline\n");
    git(world.path(), &["add", "."]);
    git(world.path(), &["commit", "-qm", "one"]);
    deploy(&world, &world.image("v2", &[]), 0).await;
    std::fs::create_dir_all(world.path().join("priv/repo/migrations")).unwrap();
    let migration = "defmodule Shop.Repo.A do\n  use Ecto.Migration\n  def change, do: execute(\"TRUNCATE carts\")\nend\n";
    world.write("priv/repo/migrations/20260325_a.exs", migration);
    git(world.path(), &["add", "."]);
    git(world.path(), &["commit", "-qm", "two"]);
    let bad = broken(&world, "v3");
    let place = "priv/repo/migrations/20260325_a.exs:3: `execute/1` in change/0 cannot be undone";
    let plan = world.run(&as_json(&["plan", "staging", "--image", &bad])).await.expect(0).json();
    let warning = format!("a failed verification will not be rolled back by itself: {place}");
    assert!(plan["warnings"].as_array().unwrap().contains(&json!(warning)), "{plan:#}");
    let row = json!({ "trigger": "smoke", "threshold": null, "action": "rollback" });
    assert_eq!(plan["policy"][0], row, "{plan:#}");
    let ran = deploy(&world, &bad, 40).await;
    assert!(ran.stderr.contains(&format!("left in place, unverified: {place}")), "{ran}");
    assert_eq!(world.settled(3).await, Ok("v3".into()), "{ran}");
}
