//! The builders against a stand-in for flyctl and docker, as real processes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod docker;
mod failures;
mod project;

use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use pipeline_core::{Builder, Cancel, FaultKind};
use pipeline_tests::tool;
use serde_json::json;
use target_flyio::FlyctlBuild;

use project::{Project, TOKEN};

const DIGEST: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

#[tokio::test]
async fn flyctl_builds_an_image_that_goes_by_its_digest() {
    let project = Project::new(&tool::built(DIGEST));
    let artifact = project.flyctl().await.unwrap();
    assert_eq!(artifact.reference, format!("registry.fly.io/shop:pipeline-r1@{DIGEST}"));
    let [call] = &project.calls()[..] else { panic!("one call") };
    let args: Vec<_> =
        call["args"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    let toml = project.path().join("fly.toml");
    let words = ["deploy", "--build-only", "--push", "--image-label", "pipeline-r1"];
    let rest = ["--app", "shop", "--config", toml.to_str().unwrap()];
    assert_eq!(args, [&words[..], &rest].concat());
    assert_eq!(call["env"], json!(["FLY_API_TOKEN", "NO_COLOR", "BUILDKIT_PROGRESS"]));
    assert!(project.notes().contains(&"#9 [builder 5/6] RUN mix release".to_owned()));
}

#[tokio::test]
async fn an_image_without_a_digest_goes_by_the_label_of_its_run_and_says_so() {
    let project = Project::new(&[json!({ "say": "image: {reference}" })]);
    let artifact = project.flyctl().await.unwrap();
    assert_eq!(artifact.reference, "registry.fly.io/shop:pipeline-r1");
    let last = project.notes().pop().unwrap();
    assert!(last.starts_with("the builder told no digest"), "{last}");
}

#[tokio::test]
async fn building_twice_makes_the_same() {
    let project = Project::new(&tool::built(DIGEST));
    assert_eq!(project.flyctl().await, project.flyctl().await);
    assert_eq!(project.calls().len(), 2);
}

#[tokio::test]
async fn a_tool_that_is_asked_to_stop_is_gone_whether_it_listens_or_not() {
    let listens = [json!({ "say": "working" }), json!({ "hang": true })];
    let deaf = [&[json!({ "ignore_sigterm": true })][..], &listens].concat();
    for (acts, grace) in
        [(&listens[..], Duration::from_mins(1)), (&deaf, Duration::from_millis(100))]
    {
        let project = Project::new(acts);
        let fault = project.stopped(grace).await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Cancelled);
        gone(&project).await;
    }
}

#[tokio::test]
async fn a_build_that_is_dropped_leaves_nothing_running() {
    let project = Project::new(&[
        json!({ "ignore_sigterm": true }),
        json!({ "say": "working" }),
        json!({ "hang": true }),
    ]);
    let (builder, cx) = (FlyctlBuild::new(project.config()), project.context(Cancel::never()));
    tokio::select! {
        ended = builder.build(&cx) => panic!("{ended:?}"),
        () = project.speaks() => {}
    }
    gone(&project).await;
}

#[tokio::test]
async fn hostile_output_steers_nothing_and_megabytes_of_it_are_bounded() {
    let mut acts = vec![
        json!({ "bytes": b"\x1b[31mred\x1b[0m \x1b]0;title\x07\xff\xfe end\n".to_vec() }),
        json!({ "flood": 200_000 }),
        json!({ "bytes": vec![b'x'; 300_000] }),
        json!({ "bytes": b"\n".to_vec() }),
    ];
    acts.extend(tool::built(DIGEST));
    let project = Project::new(&acts);
    let artifact = project.flyctl().await.unwrap();
    assert!(artifact.reference.ends_with(DIGEST), "the end is read whatever came before");
    let (notes, log) = (project.notes(), project.log());
    assert_eq!(notes[0], "red \u{fffd}\u{fffd} end");
    assert!(notes.len() < 20_000, "{} notes", notes.len());
    assert!(notes.iter().any(|it| it.ends_with("more lines")));
    assert!(notes.iter().all(|it| it.len() < 500));
    assert!(log.contains("line 199999\n"), "the log has all of it");
    assert!(!log.contains('\u{1b}') && !log.contains('\u{7}'));
}

#[tokio::test]
async fn the_token_is_in_no_argument_note_log_or_fault() {
    let project = Project::new(&[
        json!({ "say_var": "FLY_API_TOKEN" }),
        json!({ "say": "only fm2_sentinel-two" }),
        json!({ "say": "Error: the token fm2_sentinel-one is bad" }),
        json!({ "exit": 1 }),
    ]);
    let fault = project.flyctl().await.unwrap_err();
    assert!(fault.message().contains("[redacted]"), "{fault}");
    let calls = project.calls();
    let seen = format!("{fault:?} {:?} {} {calls:?}", project.notes(), project.log());
    assert!(!seen.contains("sentinel") && !seen.contains(TOKEN), "{seen}");
}

async fn gone(project: &Project) {
    let pid = i32::try_from(project.calls()[0]["pid"].as_u64().unwrap()).unwrap();
    for _ in 0..12_000 {
        if kill(Pid::from_raw(pid), None) == Err(Errno::ESRCH) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the tool is still there");
}
