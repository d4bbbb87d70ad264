//! A deploy that builds its image first, with a stand-in for flyctl.

use pipeline_tests::{APP, World, WorldConfig, tool};
use serde_json::{Value, json};
use sim_flyio::Image;

const PROGRAM: &str = env!("CARGO_BIN_EXE_pipeline_under_test");

/// A world whose pipeline.toml has flyctl build, and the digest of the image that flyctl will have built.
async fn world() -> (World, String) {
    let world =
        World::start(WorldConfig { program: PROGRAM, strategy: "rolling", machines: 2 }).await;
    let built = Image::new(format!("registry.fly.io/{APP}:built"), [PROGRAM, "__machine"]);
    let vars = [("APP_VERSION", "v2"), ("SHOP_TOKEN", pipeline_tests::SECRET)];
    let digest = world.sim.register_image(built.env(vars));
    configure(&world, "timeout = \"1m\"");
    (world, digest)
}

fn configure(world: &World, more: &str) {
    build_with(world, "flyctl", more);
}

fn build_with(world: &World, with: &str, more: &str) {
    let toml =
        std::fs::read_to_string(world.path().join("pipeline.toml")).expect("a configuration");
    let (toml, _) = toml.split_once("\n[build]").unwrap_or((&toml, ""));
    let tool = env!("CARGO_BIN_EXE_tool_under_test");
    let build = format!("with = \"{with}\"\nprogram = \"{tool}\"\n{more}\n");
    world.write("pipeline.toml", &format!("{toml}\n[build]\n{build}"));
}

/// All machines are of one build, by its label, and users see the version that it stands for.
async fn runs_what_was_built(world: &World) {
    let label = world.settled(2).await.expect("two machines of one release");
    assert!(label.starts_with("pipeline-"), "{label}");
    assert_eq!(world.served().await.as_deref(), Some("v2"));
}

fn plays(world: &World, acts: &[Value]) {
    tool::script(world.path(), acts);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_flyctl_built_is_what_every_machine_runs_by_its_digest() {
    let (world, digest) = world().await;
    plays(&world, &tool::built(&digest));
    let ran = world.run(&["deploy", "staging", "--verbose"]).await.expect(0);
    assert!(ran.stderr.contains("RUN mix release"), "the tool is heard: {ran}");
    runs_what_was_built(&world).await;
    for machine in world.fleet().machines {
        let image = machine.config["image"].as_str().unwrap();
        let start = format!("registry.fly.io/{APP}:pipeline-");
        assert!(image.starts_with(&start) && image.ends_with(&format!("@{digest}")), "{image}");
    }
    let history = world.run(&["history", "--format", "json"]).await.expect(0).json();
    let image = history["runs"][0]["image"].as_str().unwrap();
    assert!(image.ends_with(&digest), "history knows it: {image}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_image_that_is_named_is_not_built() {
    let (world, _) = world().await;
    let image = world.image("v3", &[]);
    world.run(&["deploy", "staging", "--image", &image]).await.expect(0);
    assert_eq!(world.settled(2).await, Ok("v3".into()));
    assert_eq!(tool::calls(world.path()).len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_says_who_will_build_and_builds_nothing() {
    let (world, _) = world().await;
    let ran = world.run(&["plan", "staging"]).await.expect(0);
    let build: Vec<_> = ran.stdout.lines().filter(|it| it.contains("yet to be built")).collect();
    assert_eq!(build[0], "  build      an image yet to be built, by flyctl", "{ran}");
    assert!(build[1].contains("(an image yet to be built)"), "{ran}");
    let plan = world.run(&["plan", "staging", "--format", "json"]).await.expect(0).json();
    assert_eq!(plan["builder"], "flyctl");
    assert_eq!(tool::calls(world.path()).len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_fails_touches_nothing_and_says_whose_fault_it_is() {
    let (world, _) = world().await;
    plays(
        &world,
        &[
            json!({ "say": "------" }),
            json!({ "say": " > [builder 5/6] RUN mix release:" }),
            json!({ "say": "0.5 ** (CompileError) undefined function nosuch/0" }),
            json!({ "say": "------" }),
            json!({ "say_var": "FLY_API_TOKEN" }),
            json!({ "say": "Error: error building: failed to solve: process \"mix release\" did not complete successfully: exit code: 1" }),
            json!({ "exit": 1 }),
        ],
    );
    let ran = world.run(&["deploy", "staging", "--verbose"]).await.expect(11);
    assert!(
        ran.stderr.contains("the project does not build: [builder 5/6] RUN mix release"),
        "{ran}"
    );
    assert!(ran.stderr.contains(".pipeline/logs/build.log"), "{ran}");
    assert!(!ran.to_string().contains("sentinel-fly-token"), "{ran}");
    assert_eq!(world.settled(2).await, Ok("v1".into()));
    assert_eq!(tool::calls(world.path()).len(), 1, "a no is not asked again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_hangs_is_stopped_at_its_limit() {
    let (world, _) = world().await;
    configure(&world, "timeout = \"1s\"");
    plays(&world, &[json!({ "say": "==> Building image" }), json!({ "hang": true })]);
    let ran = world.run(&["deploy", "staging"]).await.expect(11);
    assert!(ran.stderr.contains("no answer within 1s"), "{ran}");
    assert_eq!(world.settled(2).await, Ok("v1".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_that_breaks_off_is_tried_once_more() {
    let (world, _) = world().await;
    plays(
        &world,
        &[
            json!({ "say": "Error: failed to push registry.fly.io/x: unexpected status: 502 Bad Gateway" }),
            json!({ "exit": 1 }),
        ],
    );
    let ran = world.run(&["deploy", "staging"]).await.expect(11);
    assert!(ran.stderr.contains("the image was built and could not be pushed"), "{ran}");
    assert_eq!(tool::calls(world.path()).len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_resumed_run_builds_only_if_it_has_no_image_yet() {
    // The gates have passed and nothing is built; then it is.
    for (moment, builds) in [("after:1", 1), ("after:2", 1), ("before:2", 2)] {
        let (world, digest) = world().await;
        plays(&world, &tool::built(&digest));
        let died = world.run_with(&["deploy", "staging"], &[("PIPELINE_TEST_DIE", moment)]).await;
        assert_eq!(died.code, None, "{died}");
        let ran = world.run(&["resume"]).await.expect(0);
        assert_eq!(tool::calls(world.path()).len(), builds, "{moment}: {ran}");
        runs_what_was_built(&world).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_files_that_contradict_each_other_are_refused() {
    let (world, _) = world().await;
    let toml = std::fs::read_to_string(world.path().join("fly.toml")).unwrap();
    for (build, words) in [
        ("image = \"nginx\"", "[build] of fly.toml names nginx"),
        (
            "dockerfile = \"Other\"",
            "the dockerfile to build is `Dockerfile` in pipeline.toml and `Other`",
        ),
        ("build-target = \"b\"", "the target to build is `a` in pipeline.toml and `b` in fly.toml"),
    ] {
        configure(&world, "dockerfile = \"Dockerfile\"\ntarget = \"a\"");
        world.write("fly.toml", &format!("{toml}\n[build]\n{build}\n"));
        let ran = world.run(&["plan", "staging"]).await.expect(2);
        assert!(ran.stderr.contains(words), "{ran}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn docker_builds_what_flyctl_would_have_and_that_is_deployed() {
    let (world, digest) = world().await;
    build_with(&world, "docker", "args = { JOBS = \"8\" }");
    let toml = std::fs::read_to_string(world.path().join("fly.toml")).unwrap();
    let build =
        "[build]\ndockerfile = \"Dockerfile.prod\"\nargs = { JOBS = \"1\", MIX_ENV = \"prod\" }";
    world.write("fly.toml", &format!("{toml}\n{build}\n"));
    world.write("Dockerfile.prod", "FROM scratch\n");
    let metadata = json!({ "containerimage.digest": digest });
    plays(&world, &[json!({ "metadata": metadata.to_string() })]);
    world.run(&["deploy", "staging"]).await.expect(0);
    runs_what_was_built(&world).await;
    let [call] = &tool::calls(world.path())[..] else { panic!("one call") };
    let args: Vec<_> = call["args"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let told = args.join(" ");
    assert!(told.contains("--build-arg JOBS=8 --build-arg MIX_ENV=prod ."), "{told}");
    assert!(told.contains("/Dockerfile.prod "), "{told}");
    assert!(!told.contains("sentinel"), "{told}");
}
