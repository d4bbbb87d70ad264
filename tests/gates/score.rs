//! `pipeline score`: the number, its table, its exit codes, and what history keeps of it.

use std::os::unix::fs::PermissionsExt;

use pipeline_tests::{Ran, World, WorldConfig};
use serde_json::Value;

use super::world;

/// A `mix` that knows one task.
fn mix(world: &World, said: &str) -> String {
    let path = world.path().join("mix");
    std::fs::write(&path, format!("#!/bin/sh\n[ \"$1\" = health.score ] && echo \"{said}\"\n"))
        .expect("a file");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).expect("a program");
    path.display().to_string()
}

async fn own(world: &World, mix: &str, args: &[&str]) -> Ran {
    world.run_with(args, &[("PIPELINE_MIX", mix)]).await
}

const OWN: &str = "[gates.health-score]\nwith = \"mix\"\n";

#[tokio::test]
async fn what_nobody_measures_counts_nothing_and_is_named() {
    let world = world("").await;
    let ran = world.run(&["score"]).await.expect(10);
    insta::assert_snapshot!(ran.stdout, @r"
    component      weight  value  target  met  how it was measured
    compilation      0.25      -     100  no   the gate compile did not run
    coverage         0.20      -    > 80  no   the gate test did not run
    doctrine         0.20   91.7    > 85  yes  11 of 12 pillars kept
    dependencies     0.15      -     100  no   the gate security could not tell: there is no mix.lock
    documentation    0.10      -    > 90  no   mix.exs does not say plainly what the application is called
    security         0.10      -     100  no   the gate security could not tell: there is no mix.lock

    score 18.3 of 100, grade F; the limit is 80.0: too low
    first compilation (+25.0): turn on the gate that measures it, or mend what keeps it from its work
    then  coverage (+20.0): turn on the gate that measures it, or mend what keeps it from its work
    ");
    let bare =
        super::world("[gates.health-score]\nweights = { compilation = 0.5, coverage = 0.5 }\n")
            .await;
    let nothing = bare.run(&["score", "--allow-unmeasured"]).await.expect(11);
    assert!(nothing.stdout.contains("nothing could be measured"), "{nothing}");
    let kpi = world.run(&["score", "--profile", "kpi", "--format", "json"]).await.expect(10).json();
    let names: Vec<_> =
        kpi["components"].as_array().expect("a list").iter().map(|it| it["name"].clone()).collect();
    assert_eq!(names, ["compilation", "coverage", "doctrine", "documentation", "quality"]);
    let why = world.run(&["why", "health-score"]).await.expect(0);
    assert!(why.stdout.contains("it rests on what other gates say"), "{why}");
    let unknown = world.run(&["score", "--profile", "speed"]).await.expect(2);
    assert!(unknown.stderr.contains("profiles are: health, fitness, kpi"), "{unknown}");
}

#[tokio::test]
async fn a_projects_own_score_is_judged_by_the_threshold_of_the_environment() {
    let staging = "[environments.staging]\napp = \"shop\"\nurl = \"http://127.0.0.1:1\"\n\
                   gates.health-score.min_score = 90.0\n";
    let world = world(&format!("{OWN}{staging}")).await;
    let mix = mix(&world, "Health score: 87.5");
    let ran = own(&world, &mix, &["score"]).await.expect(0);
    assert_eq!(ran.stdout, "score 87.5 of 100, grade B; the limit is 80.0: enough\n");
    let ran = own(&world, &mix, &["score", "staging", "--format", "json"]).await.expect(10);
    let expected = serde_json::json!({
        "schema": 1, "score": 87.5, "grade": "B", "threshold": 90.0, "passed": false, "components": [],
        "verdict": "refused", "fault": null,
    });
    assert_eq!(ran.json(), expected);
}

#[tokio::test]
async fn a_score_that_cannot_be_read_is_no_score() {
    let world = world(OWN).await;
    let mix = mix(&world, "all is well");
    let ran = own(&world, &mix, &["score", "--format", "json"]).await.expect(11).json();
    assert_eq!(
        (&ran["score"], &ran["passed"], &ran["verdict"]),
        (&Value::Null, &false.into(), &Value::Null)
    );
    let message = ran["fault"]["message"].as_str().expect("a text");
    assert!(message.contains("no line of it has the word score"), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_keeps_the_score_of_a_run() {
    let program = env!("CARGO_BIN_EXE_pipeline_under_test");
    let config = WorldConfig { program, strategy: "rolling", machines: 1 };
    let world = World::start(config).await;
    let mix = mix(&world, "{\\\"score\\\": 91}");
    let off = std::fs::read_to_string(world.path().join("pipeline.toml")).expect("a file");
    let on = format!("{OWN}enabled = true\n\n[environments.staging]");
    world.write("pipeline.toml", &off.replace("[environments.staging]", &on));
    let image = world.image("v2", &[]);
    own(&world, &mix, &["deploy", "staging", "--image", &image]).await.expect(0);
    world.write("pipeline.toml", &off);
    world.run(&["deploy", "staging", "--image", &image]).await.expect(0);
    let history = world.run(&["history", "--format", "json"]).await.expect(0).json();
    let scores: Vec<_> =
        history["runs"].as_array().expect("a list").iter().map(|it| it["score"].clone()).collect();
    assert_eq!(scores, [Value::Null, 91.0.into()]);
    let told = world.run(&["history"]).await.expect(0);
    let lines: Vec<_> = told.stdout.lines().map(|it| it.ends_with(" | score 91.0")).collect();
    assert_eq!(lines, [false, true], "{told}");
}
