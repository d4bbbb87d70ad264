//! docker: its metadata file, and a key to the registry that does not outlive the build.

use std::path::Path;

use pipeline_core::FaultKind;
use serde_json::json;

use crate::DIGEST;
use crate::project::{Project, TOKEN};

/// `x:` and the token without its first word, as base64.
const AUTH: &str = "eDpmbTJfc2VudGluZWwtb25lLGZtMl9zZW50aW5lbC10d28=";

#[tokio::test]
async fn docker_tells_the_digest_in_its_metadata_file() {
    let metadata = json!({ "containerimage.digest": DIGEST, "image.name": "{reference}" });
    let project = Project::new(&[json!({ "metadata": metadata.to_string() })]);
    let artifact = project.docker(project.config()).await.unwrap();
    assert_eq!(artifact.reference, format!("registry.fly.io/shop:pipeline-r1@{DIGEST}"));
    let call = &project.calls()[0];
    assert_eq!(call["env"], json!(["DOCKER_CONFIG", "NO_COLOR"]), "it gets no token");
}

#[tokio::test]
async fn without_metadata_the_image_goes_by_the_label_of_its_run() {
    for acts in [vec![], vec![json!({ "metadata": "{}" })], vec![json!({ "metadata": "no json" })]]
    {
        let project = Project::new(&acts);
        let artifact = project.docker(project.config()).await.unwrap();
        assert_eq!(artifact.reference, "registry.fly.io/shop:pipeline-r1");
        assert!(project.notes().pop().unwrap().starts_with("the builder told no digest"));
    }
}

#[tokio::test]
async fn the_key_is_there_while_docker_builds_and_gone_afterwards_and_the_users_settings_stay() {
    for code in [0, 1] {
        let project = Project::new(&[
            json!({ "say_file": "config.json" }),
            json!({ "say": "" }),
            json!({ "say_file": "contexts/far" }),
            json!({ "exit": code }),
        ]);
        let users = project.path().join("users");
        std::fs::create_dir_all(users.join("contexts")).unwrap();
        std::fs::write(users.join("contexts/far"), "the far context\n").unwrap();
        std::fs::write(users.join("config.json"), r#"{"currentContext":"far"}"#).unwrap();
        let mut config = project.config();
        config.docker_settings = Some(users.clone());
        assert_eq!(project.docker(config).await.is_ok(), code == 0);
        let notes = project.notes();
        assert!(
            notes[0].contains(r#""auth":"[redacted]""#)
                && notes[0].contains(r#""currentContext":"far""#)
        );
        assert!(notes.contains(&"the far context".to_owned()), "{notes:?}");
        let settings = project.calls()[0]["settings"].as_str().unwrap().to_owned();
        assert!(!Path::new(&settings).exists(), "the key is still there");
        let left = std::fs::read_to_string(users.join("config.json")).unwrap();
        assert_eq!(left, r#"{"currentContext":"far"}"#);
        let seen = format!("{notes:?} {}", project.log());
        assert!(!seen.contains(AUTH) && !seen.contains(TOKEN), "{seen}");
    }
}

#[tokio::test]
async fn a_dockerfile_that_does_not_build_is_the_projects_fault() {
    let project = Project::new(&[
        json!({ "say": "ERROR: failed to build: failed to solve: dockerfile parse error on line 3: unknown instruction: RUNN" }),
        json!({ "exit": 1 }),
    ]);
    let fault = project.docker(project.config()).await.unwrap_err();
    assert_eq!(fault.kind(), FaultKind::Permanent);
    assert!(fault.message().starts_with("the project does not build: "), "{fault}");
}
