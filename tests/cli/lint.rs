//! What `pipeline lint` says of a project's files, without token and network.

use super::{picture, world};

const NO_TOKEN: &[(&str, &str)] = &[("FLY_API_TOKEN", ""), ("FLY_ACCESS_TOKEN", "")];

const GOOD: &str = r#"
app = "shop"
kill_signal = "SIGTERM"
kill_timeout = 30

[http_service]
internal_port = 4000
[[http_service.checks]]
path = "/api/v1/health"
grace_period = "10s"
"#;

#[tokio::test]
async fn lint_is_silent_of_a_good_file() {
    let world = world().await;
    world.write("fly.toml", GOOD);
    let ran = world.run_with(&["lint", "staging"], NO_TOKEN).await;
    insta::assert_snapshot!(picture(&world, &ran), @r"");
}

#[tokio::test]
async fn lint_shows_each_finding_with_its_place_and_what_to_do() {
    let world = world().await;
    let toml = std::fs::read_to_string(world.path().join("pipeline.toml")).unwrap();
    let production = "[environments.production]\napp = \"shop\"\nstrategy = \"rolling\"\n\n[verify.smoke]";
    world.write("pipeline.toml", &toml.replace("[verify.smoke]", production));
    world.write(
        "fly.toml",
        "app = \"shop\"\n\n[http_service]\ninternal_port = 4000\nforce_https = true\nauto_stop_machines = \"stop\"\nauto_start_machine = true\n\n[[http_service.checks]]\npath = \"/up\"\n\n[experimental]\nauto_rollback = true\n",
    );
    std::fs::create_dir_all(world.path().join("apps/web/rel")).unwrap();
    world.write("apps/web/rel/env.sh.eex", "#!/bin/sh\nexport RELEASE_NODE=shop@127.0.0.1\n");
    let ran = world.run_with(&["lint"], NO_TOKEN).await;
    insta::assert_snapshot!(picture(&world, &ran), @r"");
}

#[tokio::test]
async fn lint_refuses_what_cannot_be_deployed() {
    let world = world().await;
    let text = "[[mounts]]\nsource = \"data\"\ndestination = \"/data\"\n[deploy]\nstrategy = \"bluegreen\"\n";
    world.write("fly.toml", &format!("{GOOD}\n{text}"));
    let toml = std::fs::read_to_string(world.path().join("pipeline.toml")).unwrap();
    world.write("pipeline.toml", &toml.replace("strategy = \"rolling\"\n", ""));
    let ran = world.run_with(&["lint", "staging"], NO_TOKEN).await;
    insta::assert_snapshot!(picture(&world, &ran), @r"");
    world.write("fly.toml", "app = \"shop\"\nkill_timeout = \"6m\"\n");
    let ran = world.run_with(&["lint", "staging"], NO_TOKEN).await;
    insta::assert_snapshot!(picture(&world, &ran), @r"");
}

#[tokio::test]
async fn lint_gives_programs_one_object() {
    let world = world().await;
    world.write("fly.toml", &GOOD.replace("kill_signal = \"SIGTERM\"", "kill_signal = \"SIGINT\""));
    let ran = world.run_with(&["lint", "--format", "json"], NO_TOKEN).await.expect(0);
    insta::assert_snapshot!(format!("{:#}", ran.json()), @r"");
    world.write("fly.toml", GOOD);
    let ran = world.run_with(&["lint", "--format", "json"], NO_TOKEN).await.expect(0);
    assert_eq!(ran.json(), serde_json::json!({ "schema": 1, "findings": [] }));
}

#[tokio::test]
async fn lint_needs_a_file_to_read() {
    let world = world().await;
    std::fs::remove_file(world.path().join("fly.toml")).unwrap();
    let ran = world.run_with(&["lint"], NO_TOKEN).await.expect(2);
    assert!(ran.stderr.contains("fly.toml could not be read"), "{ran}");
    let ran = world.run(&["lint", "stagin"]).await.expect(2);
    assert!(ran.stderr.contains("did you mean `staging`?"), "{ran}");
}
