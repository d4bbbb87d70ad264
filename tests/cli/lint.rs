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
    insta::assert_snapshot!(picture(&world, &ran), @r#"
exit code: 0
----- stdout -----
----- stderr -----
Nothing here will hurt a deploy.
"#);
}

#[tokio::test]
async fn lint_shows_each_finding_with_its_place_and_what_to_do() {
    let world = world().await;
    let toml = std::fs::read_to_string(world.path().join("pipeline.toml")).unwrap();
    let production = "[environments.production]\napp = \"shop\"\nurl = \"https://shop.example\"\nstrategy = \"rolling\"\n\n[verify.smoke]";
    world.write("pipeline.toml", &toml.replace("[verify.smoke]", production));
    world.write(
        "fly.toml",
        "app = \"shop\"\n\n[http_service]\ninternal_port = 4000\nforce_https = true\nauto_stop_machines = \"stop\"\nauto_start_machine = true\n\n[[http_service.checks]]\npath = \"/up\"\n\n[experimental]\nauto_rollback = true\n",
    );
    std::fs::create_dir_all(world.path().join("apps/web/rel")).unwrap();
    world.write("apps/web/rel/env.sh.eex", "#!/bin/sh\nexport RELEASE_NODE=shop@127.0.0.1\n");
    let ran = world.run_with(&["lint"], NO_TOKEN).await;
    insta::assert_snapshot!(picture(&world, &ran), @r#"
exit code: 0
----- stdout -----
fly.toml:1:1  kill-signal  machines are stopped with SIGINT, on which many servers drop their requests
    set kill_signal = "SIGTERM" at the top of the file
fly.toml:1:1  kill-timeout  a machine is killed 5s after it was told to stop, whatever it still answers
    set kill_timeout = 30 or more at the top of the file
fly.toml:6:22  min-machines  all machines may be stopped when nobody asks, and a deploy verifies only those that run
    set min_machines_running = 1 or more, or auto_stop_machines = "off"
fly.toml:7:22  not-applied  `http_service.auto_start_machine` is no key that is known here, so it is not applied; did you mean `auto_start_machines`?
    mend its name, or remove it if nobody needs it
fly.toml:9:1  no-grace-period  the check has no grace period, so a machine that boots counts as ill
    set grace_period to what a start takes, such as "10s"
fly.toml:9:1  force-https-check  the check comes by plain HTTP: an app that redirects to HTTPS itself, as Phoenix does with force_ssl, fails it
    add headers = { X-Forwarded-Proto = "https" } to the check
fly.toml:13:17  auto-rollback  auto_rollback does nothing: flyctl never takes a failed deploy back
    remove it; pipeline restores the old release by itself
apps/web/rel/env.sh.eex:2:1  release-node  RELEASE_NODE is shop@127.0.0.1 on every machine, so that old and new release take each other for one
    name the machine in it: export RELEASE_NODE="${FLY_APP_NAME}-${FLY_MACHINE_ID}@${FLY_PRIVATE_IP}"
----- stderr -----
8 things may hurt a deploy; none keeps it from starting.
"#);
}

#[tokio::test]
async fn lint_looks_at_the_dockerfile_of_an_elixir_project() {
    let world = world().await;
    world.write("fly.toml", &format!("{GOOD}\n[build]\ndockerfile = \"Dockerfile.prod\"\n"));
    let text = "FROM elixir:latest AS build\nENV SECRET_KEY_BASE=hush\nCOPY . .\nRUN mix deps.get && mix release\n";
    world.write("Dockerfile.prod", text);
    let other = world.run_with(&["lint", "staging"], NO_TOKEN).await;
    assert!(other.stderr.contains("Nothing here will hurt"), "no project of Elixir: {other}");
    world.write("mix.exs", "");
    world.write("mix.lock", "%{\n  \"plug\": {:hex, :plug},\n}\n");
    std::fs::create_dir_all(world.path().join("apps/web/assets")).unwrap();
    let ran = world.run_with(&["lint", "staging"], NO_TOKEN).await;
    insta::assert_snapshot!(picture(&world, &ran), @r#"
exit code: 0
----- stdout -----
Dockerfile.prod:1  dockerfile/assets  no step builds the assets
    add RUN mix assets.deploy before mix release
Dockerfile.prod:1  dockerfile/runtime  the image that runs holds the tools that build: compiler, sources and all
    end with a stage on a small image of the same system, and copy the release into it with COPY --from
Dockerfile.prod:1  dockerfile/root  the release runs as root
    add USER with a user of its own, such as nobody, and give it what it writes to with COPY --chown
Dockerfile.prod:1  dockerfile/latest  elixir:latest is another image whenever somebody pushes one: the same sources build differently tomorrow
    name the version, best with its digest
Dockerfile.prod:1  dockerfile/dockerignore  there is no .dockerignore: all of the folder goes to the builder, with what was built here and with local secrets
    write one with at least .git, _build, deps, node_modules and .env
Dockerfile.prod:2  dockerfile/secret  ENV SECRET_KEY_BASE stays in the image, where everybody who has it can read it
    give secrets to what runs (fly secrets set), and to a step of the build with RUN --mount=type=secret
Dockerfile.prod:3  dockerfile/cache  sources are copied before `mix deps.get`, so every change of them gets and compiles all dependencies anew
    copy mix.exs and mix.lock first (of an umbrella, those of all applications), get the dependencies, then copy the rest
Dockerfile.prod:4  dockerfile/mix-env  `mix release` runs without MIX_ENV=prod: it makes a release of the development environment
    add ENV MIX_ENV=prod above the first mix
----- stderr -----
8 things may hurt a deploy; none keeps it from starting.
"#);
}

#[tokio::test]
async fn lint_refuses_what_cannot_be_deployed() {
    let world = world().await;
    let text = "[[mounts]]\nsource = \"data\"\ndestination = \"/data\"\n[deploy]\nstrategy = \"bluegreen\"\n";
    world.write("fly.toml", &format!("{GOOD}\n{text}"));
    let toml = std::fs::read_to_string(world.path().join("pipeline.toml")).unwrap();
    world.write("pipeline.toml", &toml.replace("strategy = \"rolling\"\n", ""));
    let ran = world.run_with(&["lint", "staging"], NO_TOKEN).await;
    insta::assert_snapshot!(picture(&world, &ran), @r#"
exit code: 10
----- stdout -----
fly.toml:12:1  volume-strategy  error: the group app has a volume, which bluegreen cannot move to new machines
    use the rolling strategy for this app
----- stderr -----
1 thing must be mended before a deploy.
"#);
    world.write("fly.toml", "app = \"shop\"\nkill_timeout = \"6m\"\n");
    let ran = world.run_with(&["lint", "staging"], NO_TOKEN).await;
    insta::assert_snapshot!(picture(&world, &ran), @r#"
exit code: 10
----- stdout -----
fly.toml:2:16  fly-toml  error: `kill_timeout` must be at most 5 minutes
    mend the value; fly.io/docs/reference/configuration has every key
----- stderr -----
1 thing must be mended before a deploy.
"#);
}

#[tokio::test]
async fn lint_gives_programs_one_object() {
    let world = world().await;
    world.write("fly.toml", &GOOD.replace("kill_signal = \"SIGTERM\"", "kill_signal = \"SIGINT\""));
    let ran = world.run_with(&["lint", "--format", "json"], NO_TOKEN).await.expect(0);
    insta::assert_snapshot!(format!("{:#}", ran.json()), @r#"
{
  "findings": [
    {
      "column": 15,
      "file": "fly.toml",
      "level": "advisory",
      "line": 3,
      "message": "machines are stopped with SIGINT, on which many servers drop their requests",
      "remedy": "set kill_signal = \"SIGTERM\" at the top of the file",
      "rule": "kill-signal",
      "severity": "warning"
    }
  ],
  "schema": 1
}
"#);
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
