//! The gate `credo` on a task that says, through the real `mix`, what a real Credo said.

use std::fs;
use std::path::Path;

use gates_mix::Credo;
use pipeline_core::Gate;

use crate::project::{Heard, Project, told, told_of};

/// Says what it finds in two files, whatever it is given, and ends as Credo does.
const STAND_IN: &str = r#"defmodule Mix.Tasks.Credo do
  use Mix.Task

  def run(["--strict", "--format", "json" | files]) do
    File.write!("credo.given", Enum.join(files, " "))
    IO.write(:stderr, File.read!("credo.stderr"))
    IO.write(File.read!("credo.stdout"))
    code = "credo.exit" |> File.read!() |> String.to_integer()
    if code > 0, do: exit({:shutdown, code})
  end
end
"#;

/// A project whose `mix credo` repeats this recorded answer.
fn saying(capture: &str) -> Project {
    let file = format!("fixtures/credo/{capture}.txt");
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).expect("a capture");
    let (head, said) = text.split_once("\nexit ").expect("a header");
    assert!(head.starts_with("$ mix credo"));
    let (code, said) = said.split_once('\n').expect("an answer");
    let (stdout, stderr) = said.split_once("--- stderr\n").expect("two streams");
    Project::new()
        .file("lib/mix/tasks/credo.ex", STAND_IN)
        .file("credo.stdout", stdout)
        .file("credo.stderr", stderr)
        .file("credo.exit", code)
}

#[tokio::test]
async fn issues_are_refused_and_none_is_a_pass_although_mix_compiles_first() {
    let project = saying("clean_strict_json");
    insta::assert_snapshot!(told(&Credo::new(project.mix())).await, @"Passed issues=0 issues/consistency=0 issues/design=0 issues/readability=0 issues/refactor=0 issues/warning=0");
    let project = saying("exit_status_zero_of_one").file("lib/o.ex", "");
    insta::assert_snapshot!(told(&Credo::new(project.mix())).await, @r"
    Refused issues=2 issues/consistency=0 issues/design=1 issues/readability=1 issues/refactor=0 issues/warning=0
      lib/o.ex:1:11 credo/Readability.ModuleDoc: LibOther: Modules should have a @moduledoc tag. -> run `mix credo explain lib/o.ex:1:11`
      lib/shop.ex:7 credo/Design.TagTODO: Shop.total: Found a TODO tag in a comment: # TODO: x -> run `mix credo explain lib/shop.ex:7`
    ");
}

#[tokio::test]
async fn of_some_files_only_their_issues_are_told() {
    let project = saying("exit_status_zero_of_one").file("lib/o.ex", "");
    let credo = || Credo::new(project.mix());
    let given = || fs::read_to_string(project.path().join("credo.given"));
    insta::assert_snapshot!(told_of(&credo(), &["lib/o.ex", "README.md"]).await, @r"
    Refused issues=1
      lib/o.ex:1:11 credo/Readability.ModuleDoc: LibOther: Modules should have a @moduledoc tag. -> run `mix credo explain lib/o.ex:1:11`
    ");
    assert_eq!(given().ok().as_deref(), Some(""));
    insta::assert_snapshot!(told_of(&credo(), &["mix.exs"]).await, @"Passed issues=0");
    let lock = "%{\n  \"credo\": {:hex, :credo, \"1.7.10\", \"6e64\", [:mix], [], \"hexpm\", \"71fb\"},\n}\n";
    let project = project.file("mix.lock", lock);
    let (credo, given) =
        (|| Credo::new(project.mix()), || fs::read_to_string(project.path().join("credo.given")));
    insta::assert_snapshot!(told_of(&credo(), &["lib/shop.ex", "lib/gone.ex", "mix.exs"]).await, @r"
    Refused issues=1
      lib/shop.ex:7 credo/Design.TagTODO: Shop.total: Found a TODO tag in a comment: # TODO: x -> run `mix credo explain lib/shop.ex:7`
    ");
    assert_eq!(given().ok().as_deref(), Some("lib/shop.ex"));
    let nobody = Credo::new(project.mix().program("/no/such/mix"));
    for none in [&["README.md"][..], &["lib/gone.ex"], &["mix.exs"], &[]] {
        assert_eq!(told_of(&nobody, none).await, "Passed issues=0", "{none:?}");
    }
}

#[tokio::test]
async fn what_credo_leaves_out_or_cannot_load_is_a_fault() {
    let project = saying("syntax_error_and_findings");
    insta::assert_snapshot!(told(&Credo::new(project.mix())).await, @r"
    fault: `mix credo --strict --format json` could not do its work: lib/x.ex does not compile: Credo cannot parse it, and leaves it out
    hint: mend lib/x.ex
    ");
    let project = saying("check_crashes");
    insta::assert_snapshot!(told(&Credo::new(project.mix())).await, @r"
    fault: `mix credo --strict --format json` could not do its work: its check Shop.CrashCheck crashed on lib/shop.ex: boom
    hint: mend Shop.CrashCheck, or disable it in .credo.exs
    ");
}

#[tokio::test]
async fn without_credo_the_line_that_adds_it_is_told() {
    let project = Project::new();
    insta::assert_snapshot!(told(&Credo::new(project.mix())).await, @r#"
    fault: `mix credo --strict --format json` could not do its work: Credo is not among the dependencies: the task credo does not exist here
    hint: add `{:credo, "~> 1.7", only: [:dev, :test], runtime: false}` to the dependencies in mix.exs, or say `enabled = false` under [gates.credo]
    "#);
    assert!(told(&Credo::new(project.mix().program("true"))).await.starts_with("fault: "));
}

#[tokio::test]
async fn issues_without_end_are_a_refusal_in_bounded_memory() {
    let issue = r#"{"category": "design", "check": "Credo.Check.Design.TagTODO", "filename": "lib/shop.ex", "line_no": 1, "message": "m"},"#;
    let issues = format!("{issue}\n").repeat(20_000);
    let report = format!("{{\"issues\": [\n{}]}}\n", issues.trim_end().trim_end_matches(','));
    let project = saying("clean_strict_json").file("credo.stdout", &report).file("credo.exit", "2");
    let report = Credo::new(project.mix()).check(&Heard::default().context()).await.unwrap();
    let last = report.findings().last().unwrap();
    assert_eq!(last.rule.as_deref(), Some("credo/too-many"), "{last:?}");
    assert!(report.findings().len() > 1_000 && report.findings().len() < 20_000);
}
