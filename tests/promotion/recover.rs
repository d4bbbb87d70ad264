//! `pipeline recover`: what somebody on call types, once and again.

use pipeline_tests::Ran;
use serde_json::json;

use crate::world::{SHOP, Two};

async fn recover(two: &Two, code: i32) -> Ran {
    two.run(&["recover", "production", "--yes"]).await.expect(code)
}

/// Production runs v3, v2 was before it, both verified.
async fn two_releases(rules: &str) -> Two {
    let two = Two::start(rules).await;
    for version in ["v2", "v3"] {
        two.staged(version, &[], 0).await;
        two.promote(&[], 0).await;
    }
    two
}

/// Makes a page that was good answer 404 from now on: no release has it.
fn breaks(two: &Two) {
    let toml = std::fs::read_to_string(two.world.path().join("pipeline.toml")).unwrap();
    let check = "[[environments.production.verify.smoke.checks]]\npath = \"/v3-only\"\n";
    two.world.write("pipeline.toml", &format!("{toml}\n{check}"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_all_is_well_nothing_is_done_however_often_it_is_typed() {
    let two = two_releases("").await;
    for _ in 0..2 {
        let ran = recover(&two, 0).await;
        assert!(ran.stderr.contains("there is nothing to recover"), "{ran}");
    }
    let ran = two.run(&["recover", "production", "--yes", "--format", "json"]).await.expect(0);
    assert_eq!(ran.json()["recovered"], json!(false), "{ran}");
    assert!(two.images(SHOP)[0].contains(":v3@"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_serve_goes_back_and_nobody_is_asked_only_where_that_was_said() {
    let two = two_releases("").await;
    breaks(&two);
    let unasked = two.run(&["recover", "production"]).await.expect(12);
    for word in [
        "production does not serve as it should: GET /v3-only",
        "pipeline recover will bring back v2, verified on ",
        "say --yes where no person is there",
    ] {
        assert!(unasked.stderr.contains(word), "no word of `{word}`: {unasked}");
    }
    assert!(two.images(SHOP)[0].contains(":v3@"), "nothing was done without a yes");
    // The release before fails the new check as well: it is there, whole, and left for a person to look at.
    let told = ["recover", "production", "--yes", "--events", "events.ndjson"];
    let ran = two.run(&told).await.expect(40);
    assert!(ran.stderr.contains("bringing back v2"), "{ran}");
    let text = std::fs::read_to_string(two.world.path().join("events.ndjson")).unwrap();
    let (looked, run) = text.split_once("\"event\":\"run_started\"").expect("two in one file");
    assert!(looked.contains("/v3-only") && run.contains("\"event\":\"run_finished\""), "{text}");
    assert!(two.images(SHOP)[0].contains(":v2@"), "{ran}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_was_killed_half_way_is_taken_back() {
    let two = two_releases("").await;
    two.staged("v4", &[], 0).await;
    let args = ["deploy", "production", "--from", "staging", "--yes"];
    let vars = [("PIPELINE_URL_PRODUCTION", two.production()), ("PIPELINE_TEST_DIE", "after:4")];
    let died = two.world.run_with(&args, &vars).await;
    assert_eq!(died.code, None, "{died}");
    // What became of the environment that it came from does not matter any more.
    let toml = std::fs::read_to_string(two.world.path().join("pipeline.toml")).unwrap();
    two.world.write("pipeline.toml", &toml.replace("environments.staging", "environments.stage"));
    let output = two.world.path().join("output.txt");
    let vars = [
        ("PIPELINE_URL_PRODUCTION", two.production()),
        ("GITHUB_OUTPUT", output.to_str().unwrap()),
    ];
    let args = ["recover", "production", "--yes", "--github", "always"];
    let ran = two.world.run_with(&args, &vars).await.expect(0);
    for word in ["v6 was interrupted half-way through production", "take v6 back"] {
        assert!(ran.stderr.contains(word), "no word of `{word}`: {ran}");
    }
    let output = std::fs::read_to_string(output).unwrap();
    assert!(
        output.contains("exit_code<<END_OF_VALUE\n0\n"),
        "what was wanted was reached: {output}"
    );
    assert!(two.images(SHOP)[0].contains(":v3@"), "{:?}", two.images(SHOP));
    recover(&two, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_freeze_keeps_nobody_from_recovering() {
    let two = two_releases("").await;
    breaks(&two);
    let toml = std::fs::read_to_string(two.world.path().join("pipeline.toml")).unwrap();
    two.world.write("pipeline.toml", &format!("{toml}\n{}", crate::ALWAYS));
    recover(&two, 40).await;
    assert!(two.images(SHOP)[0].contains(":v2@"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn verify_can_be_asked_for_one_verifier_only() {
    let two = Two::start("").await;
    two.staged("v2", &[], 0).await;
    let ran =
        two.run(&["verify", "staging", "--only", "smoke", "--format", "json"]).await.expect(0);
    let kinds: Vec<_> =
        ran.json()["checks"].as_array().unwrap().iter().map(|it| it["kind"].clone()).collect();
    assert!(!kinds.is_empty() && kinds.iter().all(|it| it == "smoke"), "{ran}");
    let typo = two.run(&["verify", "staging", "--only", "smok"]).await.expect(2);
    assert!(typo.stderr.contains("did you mean `smoke`?"), "{typo}");
}
