//! Looking back at runs that really were: `show` tells what was told, `history` finds, `trends` answers.

use std::path::Path;

use pipeline_tests::{Ran, World, WorldConfig};
use serde_json::Value;

async fn world() -> World {
    let program = env!("CARGO_BIN_EXE_pipeline_under_test");
    World::start(WorldConfig { program, strategy: "rolling", machines: 2 }).await
}

/// A good release, and one that is taken back.
async fn two_deploys(world: &World) -> [Ran; 2] {
    let good = world.image("v2", &[]);
    let bad = world.image("v3", &[("FAIL_PATH", "/dashboard")]);
    let good = world.run(&["deploy", "staging", "--image", &good]).await.expect(0);
    let bad = world.run(&["deploy", "staging", "--image", &bad]).await.expect(30);
    [good, bad]
}

/// What stands between the head and the tail.
fn replayed(shown: &str) -> &str {
    let (_, rest) = shown.split_once("\n\n").expect("a head, and an empty line");
    rest.split_once("\n\n").expect("an empty line, and a tail").0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_told_again_to_the_byte() {
    let world = world().await;
    for (ran, version) in two_deploys(&world).await.iter().zip(["v1", "v2"]) {
        let shown = world.run(&["show", version]).await.expect(0);
        let told = replayed(&shown.stdout);
        let begins = format!("{version} to flyio:shop-staging\n");
        assert!(told.starts_with(&begins), "{shown}");
        // All that the run told, from its first line to its last; only then the command says how it ended.
        let (before, rest) = ran.stderr.split_once(&begins).expect("the run was told");
        assert!(!before.contains("validate"), "{ran}");
        let rest = rest.strip_prefix(&told[begins.len()..]);
        let after = rest.unwrap_or_else(|| panic!("not what was told:\n{shown}\n{ran}"));
        assert!(
            !after.contains("  ✓ ") && !after.contains("  ✗ "),
            "nothing is left out:\n{after}"
        );
        let verbose = world.run(&["show", version, "--verbose"]).await.expect(0);
        assert!(replayed(&verbose.stdout).lines().count() > told.lines().count(), "{verbose}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn show_says_what_became_of_a_run_to_people_and_to_programs() {
    let world = world().await;
    two_deploys(&world).await;
    let shown = world.run(&["show"]).await.expect(0);
    let head = shown.stdout.split("\n\n").next().unwrap();
    assert!(head.starts_with("v2: ") && head.contains("| staging | ROLLBACK |"), "{shown}");
    assert!(head.contains("  bad        smoke refused: GET /dashboard"), "{shown}");
    for words in [" serves staging, verified.", "decisions\n  taken back, by the policy"] {
        assert!(shown.stdout.contains(words), "no `{words}`: {shown}");
    }
    let object = world.run(&["show", "v2", "--format", "json"]).await.expect(0).json();
    let run = &object["run"];
    assert_eq!(
        (&run["version"], &run["outcome"], &object["conclusion"]),
        (&"v2".into(), &"ROLLBACK".into(), &"rolled_back".into())
    );
    let phases: Vec<_> =
        object["phases"].as_array().unwrap().iter().map(|it| &it["phase"]).collect();
    assert_eq!(phases, ["validate", "build", "deploy", "deploy", "verify", "restore", "restore"]);
    let smoke = &object["phases"][4]["steps"][0];
    assert_eq!((&smoke["step"], &smoke["verdict"]), (&"smoke".into(), &"refused".into()));
    assert!(smoke["findings"].as_array().is_some_and(|it| !it.is_empty()), "{smoke:#}");
    assert_eq!(object["decisions"][0]["decision"], "restore");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_events_of_a_run_come_again_as_they_were_streamed() {
    let world = world().await;
    let image = world.image("v2", &[]);
    let deploy = ["deploy", "staging", "--image", &image, "--events", "live.ndjson"];
    world.run(&deploy).await.expect(0);
    let live = std::fs::read_to_string(world.path().join("live.ndjson")).unwrap();
    let again = world.run(&["show", "--events", "-"]).await.expect(0);
    let objects = |text: &str| -> Vec<Value> {
        text.lines().map(|it| serde_json::from_str(it).expect("one object a line")).collect()
    };
    assert_eq!(objects(&again.stdout), objects(&live));
    world.run(&["show", "--quiet", "--events", "again.ndjson"]).await.expect(0);
    let file = std::fs::read_to_string(world.path().join("again.ndjson")).unwrap();
    assert_eq!(file, again.stdout);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_that_cannot_be_written_are_refused_before_a_run_or_named_after_it() {
    let world = world().await;
    let image = world.image("v2", &[]);
    let deploy = |to| ["deploy", "staging", "--image", &image, "--events", to];
    let refused = world.run(&deploy("missing/events.ndjson")).await.expect(2);
    assert!(refused.stderr.contains("--events missing/events.ndjson: cannot be"), "{refused}");
    let none = world.run(&["history"]).await.expect(0);
    assert!(none.stdout.is_empty(), "no run was begun that nobody would end: {none}");
    if !cfg!(target_os = "linux") {
        return; // others have no disk that is always full
    }
    let lost = "--events /dev/full: some events could not be written: ";
    let full = world.run(&deploy("/dev/full")).await.expect(0);
    assert_eq!(full.stderr.matches(lost).count(), 1, "{full}");
    let again = world.run(&["show", "--events", "/dev/full"]).await.expect(2);
    assert_eq!(again.stderr.matches(lost).count(), 1, "{again}");
    assert!(again.stdout.contains(" serves staging, verified."), "people are told all: {again}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn history_finds_runs_by_all_that_is_known_of_them() {
    let world = world().await;
    two_deploys(&world).await;
    let found = async |args: &[&str]| -> Vec<String> {
        let args = [&["history"], args].concat();
        let ran = world.run(&args).await.expect(0);
        ran.stdout.lines().filter_map(|it| Some(it.split_once(':')?.0.to_owned())).collect()
    };
    assert_eq!(found(&[]).await, ["v2", "v1"]);
    assert_eq!(found(&["--kind", "deploy"]).await, ["v2", "v1"]);
    assert_eq!(found(&["--kind", "rollback"]).await, Vec::<String>::new());
    assert_eq!(found(&["--outcome", "pass"]).await, ["v1"]);
    assert_eq!(found(&["--outcome", "rollback"]).await, ["v2"]);
    assert_eq!(found(&["--since", "1h"]).await.len(), 2);
    assert_eq!(found(&["--until", "2020-01-01"]).await, Vec::<String>::new());
    assert_eq!(found(&["--unfinished"]).await, Vec::<String>::new());
    assert_eq!(found(&["--who", "nobody-like-that"]).await, Vec::<String>::new());
    let none = world.run(&["history", "--who", "nobody-like-that"]).await.expect(0);
    assert!(none.stderr.contains("no run is like that"), "{none}");
    for format in ["human", "csv", "json"] {
        let one = ["history", "--limit", "1", "--format", format];
        let cut = world.run(&one).await.expect(0);
        assert!(cut.stderr.contains("1 of 2 runs; --limit 2 shows all"), "{cut}");
        let quiet = world.run(&[&one[..], &["--quiet"]].concat()).await.expect(0);
        assert_eq!(quiet.stderr, "", "{quiet}");
        let all = world.run(&["history", "--limit", "2", "--format", format]).await.expect(0);
        assert_eq!(all.stderr, "", "{all}");
    }
    let csv = world.run(&["history", "--format", "csv"]).await.expect(0).stdout;
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].starts_with("version,run,kind,environment,started,"), "{csv}");
    assert_eq!(lines.len(), 3, "{csv}");
    assert!(lines[1].starts_with("v2,") && lines[1].contains(",deploy,staging,"), "{csv}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trends_say_how_much_history_there_is_and_what_failed() {
    let world = world().await;
    two_deploys(&world).await;
    let ran = world.run_with(&["trends", "staging"], &[("COLUMNS", "40")]).await.expect(0);
    let text = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "staging: 1 deploy that passed",
        "Not enough history to say whether deploys are getting slower (1 of 20 deploys with pipeline",
        "verify fails most in the last 2 deploys: 1 of 2",
        "DORA, staging,",
    ] {
        assert!(text.contains(words), "no `{words}`: {ran}");
    }
    let widest = ran.stdout.lines().map(|it| it.chars().count()).max();
    assert!(widest <= Some(44), "{ran}");
    let object = world.run(&["trends", "--format", "json"]).await.expect(0).json();
    let staging = &object["environments"][0];
    assert_eq!(staging["slower"]["trend"], "not_enough");
    let rate = &staging["dora"]["change_fail_rate"]["rate"];
    assert_eq!((&rate["count"], &rate["of"]), (&1.into(), &2.into()));
    assert_eq!(staging["dora"]["failed_deployment_recovery_time"]["recovered"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_only_looks_makes_no_store_and_unknown_runs_are_named() {
    let world = world().await;
    for args in [&["history"][..], &["trends"], &["show"]] {
        let ran = world.run(args).await.expect(0);
        assert_eq!((ran.stdout.as_str(), ran.stderr.trim()), ("", "no runs yet"), "{ran}");
    }
    let ran = world.run(&["show", "v1"]).await.expect(2);
    assert!(ran.stderr.contains("there is no run `v1`\n  next: there are no runs yet"), "{ran}");
    assert!(!Path::new(&world.path().join(".pipeline")).exists(), "nothing was made");
    let image = world.image("v2", &[]);
    world.run(&["deploy", "staging", "--image", &image]).await.expect(0);
    for (name, next) in [
        ("1", "did you mean `v1`?"),
        ("V1", "did you mean `v1`?"),
        ("v99", "the newest is `v1`"),
        ("nonsense", "the newest is `v1`"),
    ] {
        let ran = world.run(&["show", name]).await.expect(2);
        assert!(ran.stderr.contains(next), "{ran}");
    }
    let csv = world.run(&["show", "--format", "csv"]).await.expect(2);
    assert!(csv.stderr.contains("--format csv is for `pipeline history` alone"), "{csv}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_runs_let_go_of_their_details_where_the_configuration_says_so() {
    let world = world().await;
    let toml = std::fs::read_to_string(world.path().join("pipeline.toml")).expect("it is there");
    assert!(!toml.contains("[store]"), "{toml}");
    world.write("pipeline.toml", &format!("{toml}\n[store]\nkeep = 1\n"));
    let bad = world.image("v2", &[("FAIL_PATH", "/dashboard")]);
    for despite in [&[][..], &["--despite-rollback"]] {
        let args = [&["deploy", "staging", "--image", &bad], despite].concat();
        world.run(&args).await.expect(30);
    }
    let events = async |version: &str| {
        let args = ["show", version, "--events", "-"];
        world.run(&args).await.expect(0).stdout.lines().count()
    };
    assert_eq!(events("v1").await, 0);
    assert!(events("v2").await > 20);
    let history = world.run(&["history", "--format", "json"]).await.expect(0).json();
    assert_eq!(history["runs"].as_array().expect("runs").len(), 2, "{history:#}");
    // How it ended is known; what it told is not made up.
    let shown = world.run(&["show", "v1"]).await.expect(0);
    assert!(
        shown.stderr.contains("there are no events of v1: old runs let go of theirs"),
        "{shown}"
    );
    assert!(shown.stdout.contains("v41 serves staging, verified."), "{shown}");
    let refused = world.run(&["show", "v1", "--junit", "v1.xml"]).await.expect(2);
    assert!(refused.stderr.contains("[store] keep"), "{refused}");
    assert!(!world.path().join("v1.xml").exists());
}
