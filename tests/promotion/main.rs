//! From staging to production: the very image, and only where the rules of production let it pass.

#![cfg(test)]

mod recover;
mod world;

use pipeline_tests::{APP, Ran};
use serde_json::json;
use world::{SHOP, Two};

/// All rules that a team may want.
const FROM: &str = "[environments.production.promotion]\nfrom = \"staging\"\n";

fn says(ran: &Ran, words: &[&str]) {
    for word in words {
        assert!(ran.stderr.contains(word), "no word of `{word}`: {ran}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_very_image_that_staging_verified_goes_to_production_and_history_knows_where_it_came_from()
 {
    let two = Two::start(FROM).await;
    two.staged("v2", &[], 0).await;
    let made_of = two.git(&["rev-parse", "HEAD"]);
    // Whoever promotes need not have checked out what they promote, where no rule says so.
    two.commit("two");
    let plan = two.run(&["plan", "production", "--from", "staging"]).await.expect(0);
    let origin = format!("promotes   v1 of staging, made of {}, verified ", &made_of[..8]);
    assert!(plan.stdout.contains(&origin), "{plan}");
    assert!(
        plan.stdout.contains(": smoke ") && plan.stdout.contains("rules      ✓ promotion"),
        "{plan}"
    );
    two.promote(&[], 0).await;
    let (staging, production) = (two.images(APP), two.images(SHOP));
    assert_eq!((staging.len(), &staging), (1, &production), "one image by one digest");
    assert!(staging[0].contains(":v2@sha256:"), "{staging:?}");
    let history = two.run(&["history", "production", "--format", "json"]).await.expect(0).json();
    let run = &history["runs"][0];
    assert_eq!(run["revision"], json!(made_of), "{history:#}");
    assert_eq!(
        run["promotes"],
        json!({ "environment": "staging", "version": "v1" }),
        "{history:#}"
    );
    let lines = two.run(&["history"]).await.expect(0).stdout;
    assert!(lines.lines().next().is_some_and(|it| it.ends_with(" | from staging v1")), "{lines}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_from_production_says_what_is_missing() {
    let two = Two::start(FROM).await;
    let image = two.world.image("v2", &[]);
    let ran = two.run(&["deploy", "production", "--image", &image, "--yes"]).await.expect(12);
    says(
        &ran,
        &[
            "production takes only what staging has verified",
            "`pipeline deploy production --from staging`",
        ],
    );
    let dry = two.run(&["deploy", "production", "--image", &image, "--dry-run"]).await.expect(12);
    assert!(dry.stdout.contains("rules      ✗ promotion"), "{dry}");
    let ran = two.promote(&[], 12).await;
    says(&ran, &["staging has verified nothing yet"]);
    assert!(two.images(SHOP).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_staging_took_back_stays_there() {
    let two = Two::start(FROM).await;
    two.staged("v2", &[], 0).await;
    two.staged("v3", &[("FAIL_PATH", "/")], 30).await;
    let ran = two.promote(&[], 12).await;
    says(
        &ran,
        &[
            "v2, the last deploy to staging, was taken back",
            "mend it, then `pipeline deploy staging`",
        ],
    );
    // By hand as well.
    two.staged("v4", &[], 0).await;
    two.run(&["rollback", "staging", "--yes"]).await.expect(0);
    let ran = two.promote(&[], 12).await;
    says(
        &ran,
        &[
            "staging was rolled back, by v4",
            "`pipeline deploy staging --image registry.fly.io/shop-staging:v2@sha256:",
        ],
    );
    assert!(two.images(SHOP).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_run_in_staging_any_more_is_not_promoted() {
    let two = Two::start(FROM).await;
    two.staged("v2", &[], 0).await;
    // Somebody deploys past this tool: another store, another history.
    let image = two.world.image("v3", &[]);
    let other = two.world.path().join("other.toml");
    let toml = std::fs::read_to_string(two.world.path().join("pipeline.toml")).unwrap();
    std::fs::write(&other, format!("[store]\nurl = \"sqlite:.pipeline/other.db\"\n{toml}"))
        .unwrap();
    let args = ["deploy", "staging", "--image", &image, "--config", "other.toml"];
    two.run(&args).await.expect(0);
    let ran = two.promote(&[], 12).await;
    says(
        &ran,
        &[
            "staging does not run v1 any more: machine",
            "runs registry.fly.io/shop-staging:v3@sha256:",
        ],
    );
    assert!(two.images(SHOP).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_checked_out_revision_and_only_while_it_is_fresh() {
    let two = Two::start(&format!("{FROM}same_revision = true\nmax_age = \"1h\"\n")).await;
    two.staged("v2", &[], 0).await;
    let made_of = two.git(&["rev-parse", "HEAD"]);
    two.commit("two");
    let ran = two.promote(&[], 12).await;
    says(
        &ran,
        &[
            &format!("staging verified v1, made of {}", &made_of[..8]),
            "is checked out",
            "git checkout",
        ],
    );
    two.git(&["checkout", "-q", &made_of]);
    two.promote(&[], 0).await;
    let toml = std::fs::read_to_string(two.world.path().join("pipeline.toml")).unwrap();
    two.world.write("pipeline.toml", &toml.replace("\"1h\"", "\"1ms\""));
    let ran = two.promote(&[], 12).await;
    says(&ran, &["v1 was verified in staging", "longer than 0s"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tree_must_be_clean_pushed_tagged_and_on_the_branch() {
    let rules =
        format!("{FROM}clean_tree = true\npushed = true\ntagged = \"v*\"\nbranches = [\"main\"]\n");
    let two = Two::start(&rules).await;
    two.staged("v2", &[], 0).await;
    let tag = two.promote(&[], 12).await;
    says(&tag, &["has no tag v*: it has none", "`git tag -a v1.2.3`"]);
    two.git(&["tag", "-a", "-m", "one", "v1.0.0"]);
    two.world.write("notes.txt", "to be committed");
    // Also where this user does not want to see such files.
    two.git(&["config", "status.showUntrackedFiles", "no"]);
    let dirty = two.promote(&[], 12).await;
    says(&dirty, &["1 file is not as committed: ?? notes.txt"]);
    std::fs::remove_file(two.world.path().join("notes.txt")).unwrap();
    // On a branch of its own, with a light tag, and only here.
    two.git(&["checkout", "-q", "-b", "fix/cart"]);
    two.commit("two");
    two.git(&["tag", "v1.1.0"]);
    let branch = two.promote(&[], 12).await;
    says(
        &branch,
        &[
            "is not on main: it is on fix/cart",
            "is on no branch of origin",
            "`git push origin HEAD`",
        ],
    );
    two.git(&["checkout", "-q", "main"]);
    two.git(&["merge", "-q", "--ff-only", "fix/cart"]);
    two.git(&["push", "-q", "origin", "main"]);
    two.somebody_else_pushes();
    let unknown = two.promote(&[], 11).await;
    says(&unknown, &["its branch main has commits that are not here", "`git fetch origin`"]);
    two.git(&["fetch", "-q", "origin"]);
    two.promote(&[], 0).await;
    two.without_remote();
    let offline = two.promote(&[], 11).await;
    says(&offline, &["nobody can tell whether origin has"]);
}

/// All days of the week.
const ALWAYS: &str = "[[environments.production.freeze]]\ndays = [\"mon\", \"tue\", \"wed\", \"thu\", \"fri\", \"sat\", \"sun\"]\nreason = \"the great sale\"\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_deployed_while_it_is_frozen_but_back_it_goes() {
    let two = Two::start("").await;
    two.staged("v2", &[], 0).await;
    two.promote(&[], 0).await;
    two.staged("v3", &[], 0).await;
    two.promote(&[], 0).await;
    let toml = std::fs::read_to_string(two.world.path().join("pipeline.toml")).unwrap();
    two.world.write("pipeline.toml", &format!("{toml}\n{ALWAYS}"));
    two.staged("v4", &[], 0).await;
    let frozen = two.promote(&[], 12).await;
    says(
        &frozen,
        &["nothing is deployed with no end in sight: the great sale", "--despite-freeze"],
    );
    // A rollback is kept by nothing.
    two.run(&["rollback", "production", "--yes"]).await.expect(0);
    assert!(two.images(SHOP)[0].contains(":v2@"), "{:?}", two.images(SHOP));
    let despite = two.promote(&["--despite-freeze"], 0).await;
    says(&despite, &["the great sale, and --despite-freeze says to deploy"]);
    assert!(two.images(SHOP)[0].contains(":v4@"), "{:?}", two.images(SHOP));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_was_killed_while_it_froze_can_still_be_taken_back() {
    let two = Two::start("").await;
    two.staged("v2", &[], 0).await;
    two.promote(&[], 0).await;
    two.staged("v3", &[], 0).await;
    let url = two.production();
    let args = ["deploy", "production", "--from", "staging", "--yes"];
    let vars = [("PIPELINE_URL_PRODUCTION", url), ("PIPELINE_TEST_DIE", "after:4")];
    let died = two.world.run_with(&args, &vars).await;
    assert_eq!(died.code, None, "{died}");
    let toml = std::fs::read_to_string(two.world.path().join("pipeline.toml")).unwrap();
    two.world.write("pipeline.toml", &format!("{toml}\n{ALWAYS}"));
    two.run(&["resume", "--back"]).await.expect(20);
    assert!(two.images(SHOP)[0].contains(":v2@"), "{:?}", two.images(SHOP));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_had_touched_nothing_when_it_froze_goes_on_only_where_that_is_said() {
    let two = Two::start("").await;
    two.staged("v2", &[], 0).await;
    let args = ["deploy", "production", "--from", "staging", "--yes"];
    let vars = [("PIPELINE_URL_PRODUCTION", two.production()), ("PIPELINE_TEST_DIE", "before:1")];
    let died = two.world.run_with(&args, &vars).await;
    assert_eq!(died.code, None, "{died}");
    let toml = std::fs::read_to_string(two.world.path().join("pipeline.toml")).unwrap();
    two.world.write("pipeline.toml", &format!("{toml}\n{ALWAYS}"));
    let refused = two.run(&["resume"]).await.expect(12);
    says(&refused, &["say --despite-freeze"]);
    let died = two.world.run_with(&[&args[..], &["--despite-freeze"]].concat(), &vars).await;
    assert_eq!(died.code, None, "{died}");
    two.run(&["resume", "--despite-freeze"]).await.expect(0);
    assert!(two.images(SHOP)[0].contains(":v2@"), "{:?}", two.images(SHOP));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_cannot_be_read_promotes_nothing() {
    let two = Two::start(FROM).await;
    two.staged("v2", &[], 0).await;
    std::fs::write(two.world.path().join(".pipeline/pipeline.db"), "no database").unwrap();
    let _ = std::fs::remove_file(two.world.path().join(".pipeline/pipeline.db-wal"));
    let ran = two.promote(&[], 75).await;
    says(&ran, &["pipeline.db"]);
    assert!(two.images(SHOP).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_are_shown_as_json_and_a_dry_run_says_what_would_come_of_them() {
    let two = Two::start(&format!("{FROM}clean_tree = true\n")).await;
    two.staged("v2", &[], 0).await;
    two.world.write("notes.txt", "to be committed");
    let args = ["deploy", "production", "--from", "staging", "--dry-run", "--format", "json"];
    let plan = two.run(&args).await.expect(12).json();
    let verdicts: Vec<_> =
        plan["rules"].as_array().unwrap().iter().map(|it| (&it["name"], &it["verdict"])).collect();
    assert_eq!(json!(verdicts), json!([["promotion", "passed"], ["tree", "refused"]]), "{plan:#}");
    assert_eq!(plan["promotes"]["environment"], "staging", "{plan:#}");
    assert_eq!(plan["gates"][0], json!(["promotion", "tree"]), "{plan:#}");
    for (args, code) in [
        (["--from", "staging", "--image", "a:b"], 2),
        (["--from", "production", "--strategy", "rolling"], 2),
        (["--from", "stagin", "--strategy", "rolling"], 2),
    ] {
        let ran = two.run(&[&["deploy", "production", "--yes"][..], &args].concat()).await;
        assert_eq!(ran.code, Some(code), "{ran}");
    }
    assert!(two.images(SHOP).is_empty());
}
