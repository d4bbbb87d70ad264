//! Gates of a team's own, what is remembered of gates, and which files are meant: through the real command.

mod score;

use pipeline_tests::{Ran, World, WorldConfig};
use serde_json::Value;
use tokio::process::Command;

/// No gate but those that a test adds.
const NONE: &str = "[gates]\nformat.enabled = false\ncompile.enabled = false\ncredo.enabled = false\n\
                    test.enabled = false\ndialyzer.enabled = false\n";

async fn world(gates: &str) -> World {
    let program = env!("CARGO_BIN_EXE_pipeline_under_test");
    let config = WorldConfig { program, strategy: "rolling", machines: 0 };
    let world = World::start(config).await;
    world.write("pipeline.toml", &format!("{NONE}{gates}"));
    world
}

/// The gates in the one object that `validate` prints.
fn gates(ran: &Ran) -> Vec<Value> {
    let object: Value = serde_json::from_str(&ran.stdout).expect("one object");
    object["gates"].as_array().expect("a list").clone()
}

/// Each gate with its verdict, and whether it was asked.
fn told(ran: &Ran) -> Vec<(String, String, bool)> {
    let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
    let of = |it: &Value| (text(&it["name"]), text(&it["verdict"]), it["cached"] == false);
    gates(ran).iter().map(of).collect()
}

fn one(gate: &str, verdict: &str, asked: bool) -> Vec<(String, String, bool)> {
    vec![(gate.into(), verdict.into(), asked)]
}

/// Prints findings, as a linter would, for each line of `notes.txt` that has the word.
const LINT: &str = "[gates.exec.words]\ncommand = [\"grep\", \"-Hn\", \"TODO\", \"notes.txt\"]\n\
                    inputs = [\"notes.txt\"]\nenvironment = [\"WORDS\"]\nread = \"regex\"\n\
                    pattern = '^(?<file>[^:]+):(?<line>[0-9]+):(?<message>.*)$'\n";

#[tokio::test]
async fn a_command_of_ones_own_refuses_with_file_and_line_and_that_is_remembered() {
    let world = world(LINT).await;
    world.write("notes.txt", "fine\nTODO mend this\n");
    let first = world.run(&["validate", "--format", "json"]).await.expect(10);
    assert_eq!(told(&first), one("words", "refused", true));
    let finding = &gates(&first)[0]["findings"][0];
    assert_eq!((&finding["file"], &finding["line"]), (&"notes.txt".into(), &2.into()));
    let again = world.run(&["validate"]).await.expect(10);
    assert!(again.stderr.contains("notes.txt:2  TODO mend this"), "{again}");
    assert!(again.stderr.contains("cached"), "{again}");
    assert!(again.stderr.contains("--no-cache asks again"), "{again}");
    let forced = world.run(&["validate", "--no-cache", "--format", "json"]).await.expect(10);
    assert_eq!(told(&forced), one("words", "refused", true));
}

#[tokio::test]
async fn why_names_what_changed_and_nothing_else_is_asked_again() {
    let other = "[gates.exec.other]\ncommand = [\"true\"]\ninputs = [\"other.txt\"]\n";
    let world = world(&format!("{LINT}{other}")).await;
    world.write("notes.txt", "TODO once\n");
    world.write("other.txt", "");
    let why = world.run(&["why", "words"]).await.expect(0);
    assert_eq!(why.stdout, "words is asked: no answer of it is remembered\n");
    world.run(&["validate"]).await.expect(10);
    let why = world.run(&["why", "words"]).await.expect(0);
    assert!(why.stdout.starts_with("words is not asked: its answer of "), "{why}");
    world.write("notes.txt", "TODO twice\n");
    let why = world.run_with(&["why", "words"], &[("WORDS", "hunter22")]).await.expect(0);
    let (head, changes) = why.stdout.split_once('\n').expect("a line for each change");
    assert!(head.starts_with("words is asked: 2 things that it depends on have changed"), "{why}");
    assert_eq!(changes, "  WORDS added\n  notes.txt changed\n");
    let ran = world.run(&["validate", "--format", "json"]).await.expect(10);
    let asked: Vec<_> = told(&ran).into_iter().filter(|it| it.2).map(|it| it.0).collect();
    assert_eq!(asked, ["words"]);
}

#[tokio::test]
async fn a_command_that_could_not_run_never_passes_and_is_not_remembered() {
    let world =
        world("[gates.exec.words]\ncommand = [\"no-such-linter\"]\ninputs = [\"*\"]\n").await;
    for _ in 0..2 {
        let ran = world.run(&["validate", "--format", "json"]).await.expect(11);
        assert_eq!(told(&ran), one("words", "none", true));
    }
    let said = world.run(&["validate"]).await.expect(11);
    assert!(said.stderr.contains("`no-such-linter` was not found"), "{said}");
}

#[tokio::test]
async fn changed_means_what_differs_from_the_main_branch() {
    let exec = "[gates.exec.files]\ncommand = [\"echo\", \"{files}\"]\nread = \"regex\"\n\
                pattern = '^(?<message>.*txt.*)$'\n";
    let world = world(exec).await;
    let git = |args: &[&str]| {
        let who = ["-c", "user.name=me", "-c", "user.email=me@example.com"];
        let mut command = Command::new("git");
        command.args(who).args(args).current_dir(world.path());
        async move { assert!(command.output().await.expect("git runs").status.success()) }
    };
    let outside = world.run(&["validate", "--changed"]).await.expect(2);
    assert!(outside.stderr.contains("git"), "{outside}");
    world.write("old.txt", "");
    git(&["init", "--quiet", "--initial-branch=main"]).await;
    git(&["add", "old.txt"]).await;
    git(&["commit", "--quiet", "--message", "one"]).await;
    git(&["checkout", "--quiet", "-b", "work"]).await;
    world.write("committed.txt", "");
    git(&["add", "committed.txt"]).await;
    git(&["commit", "--quiet", "--message", "two"]).await;
    world.write("new one.txt", "");
    let ran = world.run(&["validate", "--changed", "--format", "json"]).await.expect(10);
    let message = gates(&ran)[0]["findings"][0]["message"].as_str().expect("a text").to_owned();
    assert!(message.contains("committed.txt") && message.contains("new one.txt"), "{ran}");
    assert!(!message.contains("old.txt"), "{ran}");
    let base = world.run(&["validate", "--changed=nowhere"]).await.expect(2);
    assert!(base.stderr.contains("git knows no commit `nowhere`"), "{base}");
}

#[tokio::test]
async fn a_gate_waits_for_what_it_needs_and_need_not_be_chosen_with_it() {
    let needs = "[gates.exec.first]\ncommand = [\"false\"]\n[gates.exec.second]\ncommand = [\"true\"]\n\
                 needs = [\"first\"]\n";
    let world = world(needs).await;
    let ran = world.run(&["validate"]).await.expect(10);
    assert!(ran.stderr.contains("second     skipped: it needs `first`"), "{ran}");
    world.run(&["validate", "--only", "second"]).await.expect(0);
    world.write("pipeline.toml", "[gates.exec.a]\ncommand = [\"true\"]\nneeds = [\"formt\"]\n");
    let ran = world.run(&["validate"]).await.expect(2);
    assert!(ran.stderr.contains("did you mean `format`?"), "{ran}");
}
