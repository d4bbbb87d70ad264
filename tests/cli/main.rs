//! What a person sees when something is wrong with the input: the file, the line or the key, and what to do.

mod doctrine;
mod first;
mod help;
mod lint;
mod unseen;

use pipeline_tests::{Ran, World, WorldConfig};

async fn world() -> World {
    let program = env!("CARGO_BIN_EXE_pipeline_under_test");
    World::start(WorldConfig { program, strategy: "rolling", machines: 0 }).await
}

/// The picture with this world's paths and ports left out.
fn picture(world: &World, ran: &Ran) -> String {
    let folder = std::fs::canonicalize(world.path()).expect("the folder is there");
    let mut text = ran.to_string().replace(&format!("{}/", folder.display()), "");
    text = text.replace(&folder.display().to_string(), "[DIR]");
    text = text.replace(&format!("{}/", world.path().display()), "");
    text = text.replace(&world.path().display().to_string(), "[DIR]");
    text = text.replace(&world.sim.api_url(), "http://[SIM]");
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn an_unknown_key_is_shown_with_its_place() {
    let world = world().await;
    world.write("pipeline.toml", "[gates.test]\ntimeuot = \"3m\"\n");
    let ran = world.run(&["validate"]).await;
    insta::assert_snapshot!(picture(&world, &ran), @r#"
exit code: 2
----- stdout -----
----- stderr -----
  × unknown field `timeuot`, expected one of `enabled`, `required`, `timeout`, `min_coverage`
   ╭─[pipeline.toml:2:1]
 1 │ [gates.test]
 2 │ timeuot = "3m"
   · ───┬───
   ·    ╰── here
   ╰────
  help: did you mean `timeout`?
"#);
}

#[tokio::test]
async fn broken_toml_is_shown_with_its_place() {
    let world = world().await;
    world.write("pipeline.toml", "[gates\n");
    let ran = world.run(&["plan", "staging"]).await;
    insta::assert_snapshot!(picture(&world, &ran), @r#"
exit code: 2
----- stdout -----
----- stderr -----
  × unclosed table, expected `]`
   ╭─[pipeline.toml:1:7]
 1 │ [gates
   ·       ┬
   ·       ╰── here
   ╰────
  help: `pipeline config` prints every key with its meaning and how it is written
"#);
}

#[tokio::test]
async fn a_broken_fly_toml_is_shown_with_file_and_line() {
    let world = world().await;
    world.write("fly.toml", "app = \"shop\"\n\n[http_service]\ninternal_port = \"eighty\"\n");
    let ran = world.run(&["plan", "staging", "--image", "registry.fly.io/shop:v2"]).await;
    insta::assert_snapshot!(picture(&world, &ran), @r#"
exit code: 2
----- stdout -----
----- stderr -----
… asking what runs in staging
error: fly.toml:4:17: `http_service.internal_port` must be a port from 1 to 65535
"#);
}

#[tokio::test]
async fn an_unknown_environment_is_refused_with_the_nearest_name() {
    let world = world().await;
    let ran = world.run(&["deploy", "stagin"]).await;
    insta::assert_snapshot!(picture(&world, &ran), @r#"
exit code: 2
----- stdout -----
----- stderr -----
error: there is no environment `stagin` in pipeline.toml
  next: did you mean `staging`?
"#);
}

#[tokio::test]
async fn a_missing_token_says_where_to_get_one() {
    let world = world().await;
    let args = ["deploy", "staging", "--image", "registry.fly.io/shop:v2"];
    let ran = world.run_with(&args, &[("FLY_API_TOKEN", "")]).await;
    insta::assert_snapshot!(picture(&world, &ran), @r#"
exit code: 2
----- stdout -----
----- stderr -----
… getting ready to deploy to staging
error: there is no token for Fly.io: FLY_API_TOKEN is not set
  next: `fly tokens create deploy` makes one; set FLY_API_TOKEN to it
"#);
}

#[tokio::test]
async fn a_token_that_is_refused_touches_nothing() {
    let world = world().await;
    let image = world.image("v2", &[]);
    let args = ["deploy", "staging", "--image", &image];
    let ran = world.run_with(&args, &[("FLY_API_TOKEN", "another-token")]).await.expect(2);
    assert!(ran.stderr.contains("does not accept the token"), "{ran}");
    assert!(world.fleet().machines.is_empty());
}

#[tokio::test]
async fn the_token_that_flyctl_would_take_is_taken() {
    let world = world().await;
    let args = ["status", "staging"];
    let ran = world.run_with(&args, &[("FLY_ACCESS_TOKEN", "another-token")]).await;
    assert!(ran.stderr.contains("does not accept the token"), "{ran}");
}

#[tokio::test]
async fn an_address_of_fly_io_that_is_none_is_named_before_anything_is_asked() {
    let world = world().await;
    for name in ["FLY_FLAPS_BASE_URL", "FLY_API_BASE_URL", "FLY_UIEX_BASE_URL"] {
        let ran = world.run_with(&["status", "staging"], &[(name, "nowhere")]).await.expect(2);
        assert!(ran.stderr.contains(&format!("error: {name} is no address")), "{ran}");
    }
    assert_eq!(world.sim.journal().len(), 0);
}

#[tokio::test]
async fn a_missing_bearer_token_is_named_before_anything_starts() {
    let world = world().await;
    let args = ["deploy", "staging", "--image", "registry.fly.io/shop:v2"];
    let ran = world.run_with(&args, &[("SHOP_TOKEN", "")]).await;
    insta::assert_snapshot!(picture(&world, &ran), @r#"
exit code: 2
----- stdout -----
----- stderr -----
… getting ready to deploy to staging
error: the variable SHOP_TOKEN, which the check of /dashboard sends as bearer token, is not set
  next: set SHOP_TOKEN and try again
"#);
}

#[tokio::test]
async fn an_api_that_cannot_be_reached_is_safe_to_retry() {
    let world = world().await;
    // By its digest an image needs no looking for.
    let image = format!("registry.fly.io/shop@sha256:{}", "0".repeat(64));
    let args = ["deploy", "staging", "--image", &image];
    // Port 9 on loopback: nobody listens there.
    let ran = world.run_with(&args, &[("FLY_FLAPS_BASE_URL", "http://127.0.0.1:9")]).await;
    let ran = ran.expect(75);
    assert!(ran.stderr.contains("http://127.0.0.1:9"), "{ran}");
}

#[tokio::test]
async fn a_store_that_is_no_database_is_named_and_left_alone() {
    let world = world().await;
    std::fs::create_dir(world.path().join(".pipeline")).unwrap();
    world.write(".pipeline/pipeline.db", "these are somebody's notes, not a database\n");
    let ran = world.run(&["history"]).await.expect(75);
    assert!(ran.stderr.contains("pipeline.db"), "{ran}");
    let kept = std::fs::read_to_string(world.path().join(".pipeline/pipeline.db")).unwrap();
    assert_eq!(kept, "these are somebody's notes, not a database\n");
}

#[tokio::test]
async fn no_mix_is_a_gate_that_could_not_run() {
    let world = world().await;
    world.write(
        "pipeline.toml",
        "[gates]\ncompile.enabled = false\ncredo.enabled = false\ntest.enabled = false\n\
         dialyzer.enabled = false\n",
    );
    let ran = world.run_with(&["validate"], &[("PIPELINE_MIX", "/nowhere/mix")]).await.expect(11);
    assert!(ran.stderr.contains("/nowhere/mix"), "{ran}");
}

#[tokio::test]
async fn an_unknown_gate_is_refused_with_the_nearest_name() {
    let world = world().await;
    let ran = world.run(&["validate", "--only", "fromat"]).await;
    insta::assert_snapshot!(picture(&world, &ran), @r#"
exit code: 2
----- stdout -----
----- stderr -----
error: there is no gate `fromat`
  next: did you mean `format`?
"#);
}

#[tokio::test]
async fn nothing_to_resume_is_said_plainly() {
    let world = world().await;
    let ran = world.run(&["resume"]).await;
    insta::assert_snapshot!(picture(&world, &ran), @r#"
exit code: 2
----- stdout -----
----- stderr -----
… looking for what was interrupted
error: no run was interrupted: there is nothing to resume
"#);
}

#[tokio::test]
async fn a_fault_that_cannot_be_is_shown_at_its_place() {
    let world = world().await;
    for command in [&["sim"][..], &["rehearse", "staging"]] {
        let ran = world.run(&[command, &["--fault", "create@2=408-aftr"]].concat()).await;
        insta::allow_duplicates! {
            insta::assert_snapshot!(picture(&world, &ran), @r###"
exit code: 2
----- stdout -----
----- stderr -----
  × a fault has no effect '408-aftr'
   ╭─[--fault:1:10]
 1 │ create@2=408-aftr
   ·          ────┬───
   ·              ╰── here
   ╰────
  help: did you mean `408-after`? if not, write for example 503, 409-lease:30s, reset-after, slow:2s or crash:500ms
"###);
        }
    }
}

#[tokio::test]
async fn an_image_of_the_file_that_runs_nothing_is_shown_at_its_place() {
    let world = world().await;
    world.write("apps.toml", "[[images]]\nreference = \"shop:v1\"\npulable = false\n");
    let ran = world.run(&["sim", "--apps", "apps.toml"]).await;
    insta::assert_snapshot!(picture(&world, &ran), @r###"
exit code: 2
----- stdout -----
----- stderr -----
  × unknown field `pulable`, expected one of `reference`, `inside`, `bundled`, `entrypoint`, `command`, `workdir`, `env`, `pullable`, `boot_ms`, `oom_after_ms`
   ╭─[apps.toml:3:1]
 2 │ reference = "shop:v1"
 3 │ pulable = false
   · ───┬───
   ·    ╰── here
   ╰────
  help: did you mean `pullable`?
"###);
    world.write("apps.toml", "[[images]]\nreference = \"shop:v1\"\n");
    let ran = world.run(&["sim", "--apps", "apps.toml"]).await;
    insta::assert_snapshot!(picture(&world, &ran), @r###"
exit code: 2
----- stdout -----
----- stderr -----
  × nothing is said of what the machines of this image run
   ╭─[apps.toml:2:13]
 1 │ [[images]]
 2 │ reference = "shop:v1"
   ·             ────┬────
   ·                 ╰── here
   ╰────
  help: add inside = true, bundled = true, or command = ["/path/to/program"]
"###);
}

#[tokio::test]
async fn the_simulator_listens_to_other_hosts_only_when_told_so_in_words() {
    let world = world().await;
    let ran = world.run(&["sim", "--listen", "0.0.0.0"]).await;
    insta::assert_snapshot!(picture(&world, &ran), @r###"
exit code: 2
----- stdout -----
----- stderr -----
error: 0.0.0.0 can be reached from other hosts, and the simulator starts programs
  next: leave --listen out, or say --expose-to-the-network if that is meant
"###);
    world.write("apps.toml", "[settings]\nlisten = \"192.0.2.1\"\n");
    let ran = world.run(&["sim", "--apps", "apps.toml"]).await.expect(2);
    assert!(ran.stderr.contains("--expose-to-the-network"), "{ran}");
}

#[tokio::test]
async fn a_rehearsal_that_cannot_be_is_refused_before_anything_starts() {
    let world = world().await;
    let toml = std::fs::read_to_string(world.path().join("pipeline.toml")).unwrap();
    let local =
        "[environments.local]\ntarget = \"none\"\nurl = \"http://127.0.0.1:9\"\n\n[verify.smoke]";
    world.write("pipeline.toml", &toml.replace("[verify.smoke]", local));
    let table: [(&[&str], &str); 6] = [
        (&["local"], "nothing to deploy to"),
        (&["stagin"], "did you mean `staging`?"),
        (&["staging", "--strategy", "canari"], "did you mean `canary`?"),
        (&["staging", "--run", "no/such/program"], "there is no program no/such/program"),
        (&["staging", "--env", "TOKEN"], "write --env NAME=VALUE"),
        (&["staging", "--check-speed", "0"], "a number above 0"),
    ];
    for (args, wanted) in table {
        let ran = world.run(&[&["rehearse"], args].concat()).await.expect(2);
        assert!(ran.stderr.contains(wanted), "{args:?}: {ran}");
    }
    std::fs::remove_file(world.path().join("fly.toml")).unwrap();
    let ran = world.run(&["rehearse", "staging"]).await.expect(2);
    assert!(ran.stderr.contains("fly.toml could not be read"), "{ran}");
}
