//! Each way in which a tool makes no image, and whose fault it is said to be.

use pipeline_core::{Fault, FaultKind};
use serde_json::{Value, json};

use crate::project::Project;

fn fails(lines: &[&str], code: u8) -> Vec<Value> {
    let says = lines.iter().map(|line| json!({ "say": line }));
    says.chain([json!({ "exit": code })]).collect()
}

/// What the fault says, what to do next, and whether another try may help.
fn told(fault: &Fault) -> String {
    let (kind, next) = (fault.kind(), fault.next_step().unwrap_or_default());
    format!("{kind:?}: {}\n  next: {next}", fault.message())
}

#[tokio::test]
async fn a_step_that_fails_is_the_projects_fault_and_is_named_with_its_last_words() {
    let project = Project::new(&fails(
        &[
            "#9 [builder 5/6] RUN mix release",
            "#9 0.5 ** (CompileError) undefined function nosuch/0",
            "------",
            " > [builder 5/6] RUN mix release:",
            "0.5 ** (CompileError) undefined function nosuch/0",
            "------",
            "Error: failed to fetch an image or build from source: error building: failed to solve: process \"/bin/sh -c mix release\" did not complete successfully: exit code: 1",
        ],
        1,
    ));
    let fault = project.flyctl().await.unwrap_err();
    let dir = project.path().display().to_string();
    insta::assert_snapshot!(told(&fault).replace(&dir, "[DIR]"), @r#"
Permanent: the project does not build: [builder 5/6] RUN mix release: failed to solve: process "/bin/sh -c mix release" did not complete successfully: exit code: 1
  next: mend that step; [DIR]/.pipeline/logs/build.log has all of it
"#);
    assert!(fault.causes()[0].contains("** (CompileError) undefined function nosuch/0"));
}

#[tokio::test]
async fn who_is_to_blame_is_said_for_each_failure_of_the_tools() {
    let mut all = String::new();
    for line in [
        "Error: no access token available. Please login with 'flyctl auth login'",
        "Error: you are not authorized to push \"registry.fly.io/shop:x\"",
        "Error: failed to fetch an image or build from source: error building: failed to push registry.fly.io/shop:x: unexpected status: 502 Bad Gateway",
        "Error: failed to fetch an image or build from source: error building: failed to solve: write /var/lib: no space left on device",
        "Error: failed to fetch an image or build from source: app does not have a Dockerfile or buildpacks configured. See https://fly.io/docs/reference/configuration/#the-build-section",
        "Error: the app name shop could not be found, did you create the app or misspell it in the fly.toml file or via -a?",
        "Error: failed to fetch an image or build from source: docker is unavailable to build the deployment image",
        "Error: failed to fetch an image or build from source: failed to connect to buildkit: context deadline exceeded",
        "Error: what nobody has seen before",
    ] {
        let project = Project::new(&fails(&[line], 1));
        let fault = project.flyctl().await.unwrap_err();
        let dir = project.path().display().to_string();
        all.push_str(&told(&fault).replace(&dir, "[DIR]").replace("tool_under_test", "flyctl"));
        all.push('\n');
    }
    insta::assert_snapshot!(all, @r#"
Permanent: flyctl is not logged in to Fly.io: no access token available. Please login with 'flyctl auth login'
  next: set FLY_API_TOKEN to a token of this app: `fly tokens create deploy` makes one
Permanent: the token may not push the image: you are not authorized to push "registry.fly.io/shop:x"
  next: set FLY_API_TOKEN to a token of this app: `fly tokens create deploy` makes one
Transient: the image was built and could not be pushed: failed to push registry.fly.io/shop:x: unexpected status: 502 Bad Gateway
  next: try again a little later; [DIR]/.pipeline/logs/build.log has all of it
Permanent: the builder's disk is full: failed to solve: write /var/lib: no space left on device
  next: make room: `docker system prune` here, or `fly deploy --recreate-builder` at Fly.io
Permanent: the project cannot be built: app does not have a Dockerfile or buildpacks configured. See https://fly.io/docs/reference/configuration/#the-build-section
  next: write a Dockerfile, or name it in [build] dockerfile of pipeline.toml
Permanent: flyctl does not find the app: the app name shop could not be found, did you create the app or misspell it in the fly.toml file or via -a?
  next: check `app` in pipeline.toml, and that the token is of its organization
Permanent: there is no Docker engine to build with: docker is unavailable to build the deployment image
  next: start Docker, or build at Fly.io: [build] with = "flyctl", remote = true
Transient: the builder could not be reached: failed to connect to buildkit: context deadline exceeded
  next: try again a little later; [DIR]/.pipeline/logs/build.log has all of it
Permanent: flyctl could not build: what nobody has seen before
  next: read [DIR]/.pipeline/logs/build.log
"#);
}

#[tokio::test]
async fn a_good_end_without_our_image_is_no_image() {
    for acts in [vec![], vec![json!({ "say": "image: registry.fly.io/shop:other" })]] {
        let fault = Project::new(&acts).flyctl().await.unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Permanent);
        assert!(fault.message().contains("did not name the image"), "{fault}");
    }
}

#[tokio::test]
async fn a_tool_that_somebody_kills_was_not_stopped_by_us() {
    let fault = Project::new(&[json!({ "die": true })]).flyctl().await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Permanent);
    assert!(fault.message().contains("killed by signal 9, not by pipeline"), "{fault}");
}

#[tokio::test]
async fn what_is_not_there_is_named_before_anything_is_run() {
    let project = Project::new(&[]);
    let mut config = project.config();
    config.program = Some("/no/such/docker".into());
    let fault = project.docker(config).await.unwrap_err();
    assert_eq!(fault.message(), "`/no/such/docker` was not found, so nothing was built");
    assert!(fault.next_step().unwrap().contains("docs.docker.com"), "{fault:?}");

    let mut config = project.config();
    config.dockerfile = Some("Dockerfile.prod".into());
    let fault = project.docker(config).await.unwrap_err();
    assert!(fault.message().ends_with("Dockerfile.prod"), "{fault}");

    let mut config = project.config();
    config.program = Some("/etc/passwd".into());
    let fault = project.docker(config).await.unwrap_err();
    assert_eq!(fault.message(), "`/etc/passwd` could not be started");
    assert_eq!(project.calls(), [json!(null); 0]);
}
