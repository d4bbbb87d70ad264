use std::sync::Arc;

use super::*;
use crate::testing::context_until;

#[test]
fn the_project_has_the_last_word_on_the_environment() {
    let task = MixTask::new(["compile"]).env("MIX_ENV", "dev").env("A", "task");
    let project = MixProject::at(".").env("A", "project").without_env("TOKEN");
    let env = project.command(&task, Path::new(".")).env;
    assert_eq!(env["A"], Some("project".into()));
    assert_eq!(env["MIX_ENV"], Some("dev".into()));
    assert_eq!((&env["TOKEN"], &env["MIX_BUILD_PATH"]), (&None, &None));
}

#[test]
fn what_the_project_sets_itself_does_not_depend_on_what_surrounds_it_and_is_not_told() {
    let project = MixProject::at(".").without_env("FLY_API_TOKEN").env("MIX_TARGET", "hunter22");
    let inputs = project.inputs(Vec::new());
    assert_eq!(inputs.environment, ["ELIXIR_ERL_OPTIONS", "ERL_FLAGS", "MIX_DEPS_PATH"]);
    assert_eq!(inputs.settings.keys().collect::<Vec<_>>(), ["env.MIX_TARGET"]);
    assert!(!format!("{inputs:?}").contains("hunter22"));
    assert_ne!(inputs, MixProject::at(".").env("MIX_TARGET", "rpi").inputs(Vec::new()));
}

#[tokio::test]
async fn tasks_that_build_in_the_same_folder_wait_for_each_other() {
    let project = MixProject::at(".");
    let lane = |project: &MixProject, env: &str| {
        let task = MixTask::new(["compile"]).env("MIX_ENV", env);
        project.lanes.lane(&project.command(&task, Path::new(".")))
    };
    let dev = lane(&project, "dev");
    let _turn = dev.lock().await;
    assert!(lane(&project.clone(), "dev").try_lock().is_err());
    assert!(lane(&project, "test").try_lock().is_ok());
    let shared = project.env("MIX_BUILD_PATH", "_build/shared");
    assert!(Arc::ptr_eq(&lane(&shared, "dev"), &lane(&shared, "test")));
}

#[tokio::test]
async fn who_waits_for_a_turn_can_be_stopped() {
    let (project, source) = (MixProject::at("."), pipeline_core::CancelSource::new());
    let task = MixTask::new(["compile"]);
    let lane = project.lanes.lane(&project.command(&task, Path::new(".")));
    let _turn = lane.lock().await;
    source.cancel();
    let cx = context_until(source.token());
    assert!(matches!(project.run(&task, &cx).await, Err(Error::Stopped { .. })));
}

#[test]
fn a_log_never_leaves_its_folder() {
    let project = MixProject::at(".").log_dir("logs");
    let run = pipeline_core::Run::new(
        pipeline_core::RunId::new("run-1"),
        pipeline_core::Release::new("v1"),
        ".",
    );
    let cx = run.context(pipeline_core::Phase::Validate, "../test umbrella");
    assert_eq!(project.log(&cx), Some("logs/.._test_umbrella.log".into()));
}
