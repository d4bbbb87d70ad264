//! How a run ends on a terminal: well, by Ctrl-C, by an answer, or killed.

use std::time::Duration;

use insta::assert_snapshot;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sim_flyio::{ApiRequest, Phase, Verdict};

use crate::stage::{Stage, without_times};

const ASKS: &str = "[[rollback.triggers]]\nwhen = \"smoke\"\naction = \"ask\"\n";

const CONFIRMS: &str = "[environments.production]\napp = \"shop-staging\"\n\
    url = \"https://shop-staging.fly.dev\"\nconfirm = true\n";

fn is_update(request: &ApiRequest) -> bool {
    request.method == "POST" && request.path.split('/').count() == 6
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_good_release_says_what_is_true_and_a_quiet_one_only_its_line() {
    let stage = Stage::set(&[("spell", &[])], "").await;
    stage.let_go("spell", 0);
    let image = stage.world.image("v2", &[]);
    let terminal = stage.start(&["deploy", "staging", "--image", &image], (100, 30));
    let (code, all) = terminal.ended().await;
    assert_eq!(code, 0, "{all}");
    let _times = without_times();
    assert_snapshot!(all, @r"
    v1 to flyio:shop-staging
    validate
      ✓ spell [S]
    build
      ✓ image [S]
    deploy
      ✓ roll [S]
    verify
      ✓ smoke [S]   12 of 12 checks passed

    ✓ v1 serves staging, verified.
    v1: [WHEN] | staging | PASS | [S]
    ");
    let image = stage.world.image("v3", &[]);
    let terminal = stage.start(&["deploy", "staging", "--image", &image, "--quiet"], (100, 30));
    let (code, all) = terminal.ended().await;
    assert_eq!(code, 0, "{all}");
    assert_snapshot!(all, @"v2: [WHEN] | staging | PASS | [S]");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_says_what_it_does_and_goes_back() {
    let stage = Stage::set(&[], "").await;
    let image = stage.world.image("v2", &[]);
    stage.world.sim.on_api_call(|request: &ApiRequest| {
        let held = request.phase == Phase::Before && is_update(request);
        if held { Verdict::Delay(Duration::from_millis(1500)) } else { Verdict::Proceed }
    });
    let terminal = stage.start(&["deploy", "staging", "--image", &image], (100, 30));
    terminal.shows("Ctrl-C goes back to what was").await;
    terminal.press(&["C-c"]);
    terminal.shows("! stopping at the next safe point; Ctrl-C again leaves at once").await;
    let (code, all) = terminal.ended().await;
    assert_eq!(code, 20, "{all}");
    assert!(all.contains("v41 serves staging, verified") && !all.contains("Ctrl-C goes"), "{all}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_twice_leaves_at_once_and_says_how_to_go_on() {
    let stage = Stage::set(&[("spell", &[])], "").await;
    let image = stage.world.image("v2", &[]);
    let terminal = stage.start(&["deploy", "staging", "--image", &image], (100, 30));
    terminal.shows("Ctrl-C stops, nothing is touched").await;
    terminal.shows("holding on spell").await;
    terminal.press(&["C-c"]);
    terminal.press(&["C-c"]);
    let (code, all) = terminal.ended().await;
    assert_eq!(code, 130, "{all}");
    assert!(!all.contains("holding on") && !all.contains("leaves at once, `"), "{all}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_killed_leaves_a_terminal_that_can_be_used() {
    let stage = Stage::set(&[("spell", &[])], "").await;
    let terminal = stage.start(&["validate"], (80, 24));
    terminal.shows("holding on spell").await;
    assert!(terminal.has_cursor());
    kill(Pid::from_raw(terminal.pid()), Signal::SIGKILL).expect("it runs");
    terminal.until("the end", |_| terminal.has_ended()).await;
    stage.let_go("spell", 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_stands_still_and_what_was_typed_before_is_no_answer() {
    let stage = Stage::set(&[("spell", &[])], ASKS).await;
    let image = stage.world.image("v2", &[("FAIL_PATH", "/dashboard"), ("FAIL_STATUS", "500")]);
    let terminal = stage.start(&["deploy", "staging", "--image", &image], (100, 30));
    terminal.shows("holding on spell").await;
    // Somebody who wants some air on the screen decides nothing.
    terminal.press(&["Enter", "n", "Enter"]);
    stage.let_go("spell", 0);
    let screen = terminal.shows("Roll back? [Y/n]").await;
    assert!(
        !screen.contains("Ctrl-C goes"),
        "what moves is gone while somebody is asked:\n{screen}"
    );
    terminal.press(&["y", "Enter"]);
    let (code, all) = terminal.ended().await;
    assert_eq!(code, 30, "{all}");
    assert_eq!(all.matches("Roll back?").count(), 1, "{all}");
    let _times = without_times();
    let after = all.split("Roll back?").nth(1).unwrap_or_default();
    assert_snapshot!(after, @r"
     [Y/n] (without an answer in 5 minutes the release stays) y
      ↩ going back to what was
    restore
      ✓ restore [S]   traffic back after [S]
      ✓ smoke [S]   12 of 12 checks passed

    ↩ smoke refused (3 findings). v1 was taken back: v41 serves staging, verified.
      more   `pipeline show v1`
      exit   30: verification refused; rolled back, verified
    v1: [WHEN] | staging | ROLLBACK | [S] | traffic back after [S]
    ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn production_is_confirmed_after_the_plan_and_not_ahead_of_it() {
    let stage = Stage::set(&[], CONFIRMS).await;
    let image = stage.world.image("v2", &[]);
    let url = stage.world.url().to_owned();
    let vars = [("PIPELINE_URL_PRODUCTION", url.as_str())];
    let deploy = ["deploy", "production", "--image", &image];
    // The plan asks Fly.io: until that answers, "yes" is typed ahead.
    stage.world.sim.on_api_call(|request: &ApiRequest| {
        let held = request.phase == Phase::Before && request.method == "GET";
        if held { Verdict::Delay(Duration::from_millis(700)) } else { Verdict::Proceed }
    });
    let terminal = stage.start_with(&deploy, (100, 40), &vars);
    terminal.press(&["yes", "Enter"]);
    terminal.shows("Type `yes` to deploy to production:").await;
    stage.world.sim.on_api_call(|_: &ApiRequest| Verdict::Proceed);
    terminal.press(&["no", "Enter"]);
    let (code, all) = terminal.ended().await;
    assert_eq!(code, 12, "{all}");
    assert!(all.contains("that was not `yes`"), "{all}");
}
