//! Who is told how a run went, and that nobody who is not there holds it up.

use pipeline_tests::World;

use crate::world;

/// Adds notifiers to pipeline.toml.
fn configure(world: &World, more: &str) {
    let toml =
        std::fs::read_to_string(world.path().join("pipeline.toml")).expect("a configuration");
    world.write("pipeline.toml", &format!("{toml}\n{more}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_told_and_who_cannot_be_is_named_without_its_address() {
    let world = world("rolling").await;
    configure(
        &world,
        r#"
        [[notify]]
        command = ["sh", "-c", "echo \"$PIPELINE_TOPIC: $PIPELINE_TITLE\" >> told; echo \"$PIPELINE_NOTICE\" >> notices"]
        [[notify]]
        slack_env = "SLACK_WEBHOOK"
        on = ["rollback"]
        [[notify]]
        webhook_env = "NOT_SET"
        [[notify]]
        command = ["false"]
        environments = ["staging"]
        "#,
    );
    let image = world.image("v2", &[("FAIL_PATH", "/dashboard")]);
    let slack = [("SLACK_WEBHOOK", "http://127.0.0.1:1/services/sentinel-webhook")];
    let ran = world.run_with(&["deploy", "staging", "--image", &image], &slack).await.expect(30);
    for words in [
        "nobody is told by webhook ($NOT_SET): the variable NOT_SET is not set",
        "slack ($SLACK_WEBHOOK) was not told (1 notice): it cannot be reached",
        "command false was not told (1 notice): it exited with code 1",
    ] {
        assert!(ran.stderr.contains(words), "no `{words}`: {ran}");
    }
    assert!(!ran.to_string().contains("sentinel-webhook"), "{ran}");
    let told = std::fs::read_to_string(world.path().join("told")).unwrap();
    assert_eq!(told, "rollback: v1 was taken back: staging is what it was before\n");
    let notice = std::fs::read_to_string(world.path().join("notices")).unwrap();
    let notice: serde_json::Value = serde_json::from_str(&notice).unwrap();
    assert_eq!(
        (&notice["target"], &notice["version"]),
        (&"flyio:shop-staging".into(), &"v1".into())
    );
    let first = notice["details"][0].as_str().unwrap();
    assert!(first.starts_with("smoke refused: GET /dashboard: "), "{first}");
    assert_eq!(world.settled(3).await, Ok("v1".into()));
}
