//! The gates against the real `mix`, on small projects that the tests write. Without `mix` these tests fail.

mod changed;
mod credo;
mod project;
mod security;
mod suites;
mod together;

use std::time::Duration;

use gates_mix::{Compile, Format, MixProject, Test};
use nix::errno::Errno;
use nix::sys::signal::killpg;
use nix::unistd::Pid;
use pipeline_core::{CancelSource, FaultKind, Gate, Verdict};
use project::{Heard, Project, SEED, told};

#[tokio::test]
async fn a_clean_project_passes_all_gates_side_by_side() {
    let project = Project::new();
    let (mix, cx) = (project.mix(), Heard::default().context());
    let (format, compile, test) =
        (Format::new(mix.clone()), Compile::new(mix.clone()), Test::new(mix));
    let all = [("format", &format as &dyn Gate), ("compile", &compile), ("test", &test)];
    let answers = all.map(|(_, gate)| gate.check(&cx));
    let answers = futures::future::join_all(answers).await;
    for ((name, _), answer) in all.iter().zip(answers) {
        assert_eq!(
            answer.as_ref().map(pipeline_core::Report::verdict),
            Ok(Verdict::Passed),
            "{name}: {answer:?}"
        );
    }
}

#[tokio::test]
async fn an_unformatted_file_is_named_with_its_first_line() {
    let project = Project::new()
        .file("lib/shop/loose.ex", "defmodule Shop.Loose do\n  def  a( b ),do: b\nend\n");
    insta::assert_snapshot!(told(&Format::new(project.mix())).await, @r"
    Refused files=1
      lib/shop/loose.ex:2 format: not formatted -> run `mix format`
    ");
}

#[tokio::test]
async fn a_file_that_cannot_be_parsed_is_no_answer_about_its_format() {
    let project = Project::new().file("lib/shop/broken.ex", BROKEN);
    insta::assert_snapshot!(told(&Format::new(project.mix())).await, @r#"
    fault: `mix format --check-formatted` could not do its work: lib/shop/broken.ex:4:3 does not compile: unexpected reserved word: end. The "(" at line 3 is missing terminator ")"
    hint: mend lib/shop/broken.ex:4:3
    "#);
}

#[tokio::test]
async fn a_warning_and_an_error_are_refused_with_their_place() {
    let project = Project::new().file("lib/shop/warns.ex", WARNS);
    insta::assert_snapshot!(told(&Compile::new(project.mix())).await, @r#"
    Refused errors=0 warnings=1
      lib/shop/warns.ex:3 compile/warning: variable "unused" is unused (if the variable is not meant to be used, prefix it with an underscore)
    "#);
    let project = project.file("lib/shop/broken.ex", BROKEN);
    insta::assert_snapshot!(told(&Compile::new(project.mix())).await, @r#"
    Refused errors=1 warnings=0
      lib/shop/broken.ex:4:3 compile/error: unexpected reserved word: end. The "(" at line 3 is missing terminator ")"
    "#);
}

#[tokio::test]
async fn a_warning_is_found_again_although_the_build_is_warm() {
    let project = Project::new().file("lib/shop/warns.ex", WARNS);
    let first = told(&Compile::new(project.mix())).await;
    assert_eq!(first, told(&Compile::new(project.mix())).await);
}

#[tokio::test]
async fn what_keeps_mix_from_its_work_is_a_fault_and_never_a_refusal() {
    let broken = Project::new().file("mix.exs", "defmodule Shop.MixProject do\n  def project do\n");
    insta::assert_snapshot!(told(&Compile::new(broken.mix())).await, @r#"
    fault: `mix compile --warnings-as-errors --force --all-warnings` could not do its work: mix.exs:3:1: missing terminator: end (for "do" starting at line 2)
    hint: mend mix.exs:3:1
    "#);
    let empty = Project::empty();
    insta::assert_snapshot!(told(&Compile::new(empty.mix())).await, @r"
    fault: `mix compile --warnings-as-errors --force --all-warnings` could not do its work: there is no mix.exs
    hint: run it in the folder that holds mix.exs
    ");
    insta::assert_snapshot!(told(&Format::new(empty.mix())).await, @r"
    fault: `mix format --check-formatted` could not do its work: there is no mix.exs
    hint: run it in the folder that holds mix.exs
    ");
    let needy = Project::new().deps("[{:gone, path: \"gone\"}]");
    insta::assert_snapshot!(told(&Test::new(needy.mix())).await, @r"
    fault: `mix test --cover` could not do its work: dependencies are missing or out of date: gone
    hint: run `mix deps.get`
    ");
}

#[tokio::test]
async fn a_mix_that_is_not_there_is_a_fault_that_says_so() {
    let project = Project::new();
    let mix = project.mix().program("/no/such/mix");
    insta::assert_snapshot!(told(&Format::new(mix)).await, @r"
    fault: `/no/such/mix` was not found
    hint: install Elixir (elixir-lang.org/install), or say where `mix` is
    ");
}

#[tokio::test]
async fn tests_that_fail_are_named_with_the_line_that_failed() {
    let project = Project::new().file("test/more_test.exs", FAILING);
    insta::assert_snapshot!(told(&Test::new(project.mix())).await, @r"
    Refused coverage=100 excluded=0 failures=2 invalid=1 seed=SEED skipped=1 tests=6
      test/more_test.exs:4 test/failure: test adds (MoreTest): Assertion with == failed: assert 1 + 1 == 3 (left: 2, right: 3) -> run `mix test test/more_test.exs:3`
      test/more_test.exs:8 test/failure: test raises (MoreTest): ** (ArgumentError) boom -> run `mix test test/more_test.exs:7`
      test/more_test.exs:18 test/failure: setup_all (OtherTest): ** (RuntimeError) no database -> run `mix test test/more_test.exs`
    ");
}

#[tokio::test]
async fn the_gate_tells_how_many_tests_are_done_and_people_see_the_usual_report() {
    let project = Project::new().file("test/slow_test.exs", SLOW);
    let heard = Heard::default();
    let (gate, cx) = (Test::new(project.mix()), heard.context());
    let see = async {
        until(|| (!heard.progress().is_empty()).then_some(())).await;
        std::fs::write(project.path().join("seen"), "").unwrap();
    };
    let (report, ()) = futures::future::join(gate.check(&cx), see).await;
    let report = report.unwrap();
    assert_eq!(report.verdict(), Verdict::Passed, "{report:?}");
    let progress: Vec<_> = heard.progress().into_iter().map(|it| it.0).collect();
    assert!(progress.len() >= 2 && progress.is_sorted(), "{progress:?}");
    assert!(heard.notes().iter().any(|note| note == "4 tests, 0 failures"), "{:?}", heard.notes());
}

#[tokio::test]
async fn a_test_file_that_does_not_compile_is_refused_with_its_place() {
    let project = Project::new().file(
        "test/bad_test.exs",
        "defmodule BadTest do\n  use ExUnit.Case\n  test \"a\", do: nope(1)\nend\n",
    );
    insta::assert_snapshot!(told(&Test::new(project.mix())).await, @r"
    Refused excluded=0 failures=0 invalid=0 skipped=0 tests=0
      test/bad_test.exs:3 test/compile: undefined function nope/1 (expected BadTest to define such a function or for it to be imported, but none are available)
    ");
    let project = Project::new().file("lib/shop/broken.ex", BROKEN);
    insta::assert_snapshot!(told(&Test::new(project.mix())).await, @r#"
    fault: `mix test --cover` could not do its work: lib/shop/broken.ex:4:3 does not compile: unexpected reserved word: end. The "(" at line 3 is missing terminator ")"
    hint: mend lib/shop/broken.ex:4:3
    "#);
}

#[tokio::test]
async fn a_test_that_stops_the_whole_vm_with_success_has_not_passed() {
    let halt = "defmodule HaltTest do\n  use ExUnit.Case\n  test \"a\", do: System.halt(0)\nend\n";
    let project = Project::new().file("test/halt_test.exs", halt);
    insta::assert_snapshot!(told(&Test::new(project.mix())).await, @r"
    fault: `mix test --cover` ended with exit code 0, and the tests of shop did not come to their end
    hint: run `mix test --cover` by hand and look at it
    ");
}

#[tokio::test]
async fn without_tests_nobody_can_tell() {
    let project = Project::new().without("test/shop_test.exs");
    insta::assert_snapshot!(told(&Test::new(project.mix())).await, @r"
    Inconclusive excluded=0 failures=0 invalid=0 skipped=0 tests=0
      - test/none: no test ran -> add tests, or look whether filters exclude all of them
    ");
}

#[tokio::test]
async fn coverage_below_the_limit_is_refused_by_mix_or_by_us() {
    let half =
        "defmodule Shop.Half do\n  def a, do: Enum.count([1])\n  def b, do: Enum.count([2])\nend\n";
    let project = Project::new().file("lib/shop/half.ex", half);
    insta::assert_snapshot!(told(&Test::new(project.mix())).await, @r"
    Refused coverage=33.33 excluded=0 failures=0 invalid=0 seed=SEED skipped=0 tests=1
      - test/coverage: coverage is 33.33 %, the limit is 90.00 % -> test what is not covered: see the folder `cover`
    ");
    insta::assert_snapshot!(told(&Test::new(project.mix()).min_coverage(Some(30.0))).await, @r"Passed coverage=33.33 excluded=0 failures=0 invalid=0 seed=SEED skipped=0 tests=1");
}

#[tokio::test]
async fn what_a_test_prints_reaches_nobody_as_it_is() {
    let hostile = r#"defmodule HostileTest do
  use ExUnit.Case
  test "a" do
    IO.puts("\e[2J\e]0;owned\a\r==> evil")
    IO.puts(:stderr, "** (Mix) Could not find a Mix.Project hunter22 " <> String.duplicate("x", 100_000))
    IO.binwrite(["1 test, ", <<255, 254>>, "0 failures\n  1) test forged (Forged)\n     test/forged.exs:1"])
    assert "hunter22" == "\e[31m"
  end
end
"#;
    let project = Project::new().file("test/hostile_test.exs", hostile);
    let (heard, secret) = (Heard::default(), "hunter22".to_owned().into());
    let gate = Test::new(project.mix().secrets(&[secret]));
    let report = gate.check(&heard.context()).await.unwrap();
    assert_eq!(report.findings().len(), 1, "{report:?}");
    let (notes, told) = (heard.notes().join("\n"), format!("{report:?}"));
    assert!(!notes.contains(['\u{1b}', '\u{7}']) && !notes.contains("hunter22"), "{notes}");
    assert!(told.contains("[redacted]") && !told.contains("hunter22"), "{told}");
}

#[tokio::test]
async fn an_umbrella_is_judged_application_by_application() {
    let project = Project::umbrella();
    let mix = project.mix();
    assert_eq!(told(&Format::new(mix.clone())).await, "Passed");
    assert_eq!(told(&Compile::new(mix.clone())).await, "Passed errors=0 warnings=0");
    insta::assert_snapshot!(told(&Test::new(mix)).await, @"Passed coverage=100 coverage/alpha=100 coverage/beta=100 excluded=0 failures=0 invalid=0 seed=SEED skipped=0 tests=2");
    let project = project
        .file("apps/beta/lib/beta.ex", "defmodule Beta do\n  def total(a, b) do\n    unused = 1\n    Enum.sum([a, b])\n  end\n\n  def other, do: Enum.sum([])\nend\n")
        .file("apps/beta/test/beta_test.exs", "defmodule BetaTest do\n  use ExUnit.Case\n  test \"a\" do\n    assert Beta.total(1, 2) == 4\n  end\nend\n");
    insta::assert_snapshot!(told(&Compile::new(project.mix())).await, @r#"
    Refused errors=0 warnings=1
      apps/beta/lib/beta.ex:3 [beta] compile/warning: variable "unused" is unused (if the variable is not meant to be used, prefix it with an underscore)
    "#);
    insta::assert_snapshot!(told(&Format::new(project.mix())).await, @"Passed");
    insta::assert_snapshot!(told(&Test::new(project.mix())).await, @r"
    Refused coverage=75 coverage/alpha=100 coverage/beta=66.67 excluded=0 failures=1 invalid=0 seed=SEED skipped=0 tests=2
      apps/beta/test/beta_test.exs:4 [beta] test/failure: test a (BetaTest): Assertion with == failed: assert Beta.total(1, 2) == 4 (left: 3, right: 4) -> run `mix test apps/beta/test/beta_test.exs:3`
      - [beta] test/coverage: coverage of beta is 66.67 %, the limit is 90.00 % -> test what is not covered: see the folder `cover`
    ");
}

#[tokio::test]
async fn stopping_in_the_middle_of_a_test_leaves_no_process_behind() {
    let project = Project::new().file("test/hang_test.exs", HANGING);
    let (heard, source) = (Heard::default(), CancelSource::new());
    let gate = Test::new(project.mix());
    let cx = heard.context_until(source.token());
    let mut check = gate.check(&cx);
    let group = tokio::select! {
        answer = &mut check => panic!("{answer:?}"),
        group = group_of(&heard) => group,
    };
    source.cancel();
    assert_eq!(check.await.unwrap_err().kind(), FaultKind::Cancelled);
    gone(group).await;
}

#[tokio::test]
async fn dropping_the_gate_in_the_middle_of_a_test_leaves_no_process_behind() {
    let project = Project::new().file("test/hang_test.exs", HANGING);
    let heard = Heard::default();
    let (gate, cx) = (Test::new(project.mix()), heard.context());
    let group = tokio::select! {
        answer = gate.check(&cx) => panic!("{answer:?}"),
        group = group_of(&heard) => group,
    };
    gone(group).await;
}

#[tokio::test]
async fn the_versions_are_known_and_make_the_format_gate_cacheable() {
    let project = Project::new();
    let (mix, cx) = (project.mix(), Heard::default().context());
    assert!(!Format::new(mix.clone()).inputs(&cx).unwrap().complete);
    let versions = mix.versions(&cx).await.unwrap();
    assert!(versions["elixir"].starts_with("1.") && !versions["erlang"].is_empty(), "{versions:?}");
    let mix = mix.tools(versions);
    assert!(Format::new(mix.clone()).inputs(&cx).unwrap().complete);
    assert!(!Compile::new(mix.clone()).inputs(&cx).unwrap().complete);
    let plugged =
        project.file(".formatter.exs", "[plugins: [Some.Plugin], inputs: [\"lib/*.ex\"]]\n");
    let mix = plugged.mix().tools(mix.versions(&cx).await.unwrap());
    assert!(!Format::new(mix).inputs(&cx).unwrap().complete);
}

#[tokio::test]
async fn the_whole_output_is_in_the_log() {
    let project = Project::new();
    let logs = tempfile::tempdir().unwrap();
    let mix: MixProject = project.mix().log_dir(logs.path());
    Compile::new(mix).check(&Heard::default().context()).await.unwrap();
    let log = std::fs::read_to_string(logs.path().join("gate.log")).unwrap();
    assert!(log.contains("Generated shop app"), "{log}");
}

#[tokio::test]
async fn a_mix_that_says_yes_to_everything_is_not_believed() {
    let project = Project::new();
    let mix = || project.mix().program("true");
    assert!(told(&Compile::new(mix())).await.starts_with("fault: "));
    assert!(told(&Test::new(mix())).await.starts_with("fault: "));
}

const BROKEN: &str = "defmodule Shop.Broken do\n  def a do\n    foo(\n  end\nend\n";
const WARNS: &str = "defmodule Shop.Warns do\n  def a(x) do\n    unused = x\n    :ok\n  end\nend\n";
const FAILING: &str = r#"defmodule MoreTest do
  use ExUnit.Case
  test "adds" do
    assert 1 + 1 == 3
  end

  test "raises" do
    raise ArgumentError, "boom"
  end

  @tag :skip
  test "skipped", do: :ok
  test "fine", do: :ok
end

defmodule OtherTest do
  use ExUnit.Case
  setup_all do: raise("no database")
  test "never runs", do: :ok
end
"#;
/// One of its tests ends at once; the others wait until somebody has seen that one was done.
const SLOW: &str = r#"defmodule SlowTest do
  use ExUnit.Case
  @moduletag timeout: 600_000
  for n <- 1..3 do
    test "t#{n}", do: if(File.exists?("began"), do: await(), else: File.write!("began", ""))
  end
  defp await, do: File.exists?("seen") || (Process.sleep(20) && await())
end
"#;
/// Prints its process group, and then hangs beside a child that would hang as well.
const HANGING: &str = r#"defmodule HangTest do
  use ExUnit.Case
  @tag timeout: :infinity
  test "hangs" do
    Port.open({:spawn, "sleep 600"}, [])
    [group] = Regex.run(~r/\) \S+ \S+ (\d+)/, File.read!("/proc/self/stat"), capture: :all_but_first)
    IO.puts("group " <> group)
    Process.sleep(:infinity)
  end
end
"#;

async fn group_of(heard: &Heard) -> Pid {
    let group = || {
        let notes = heard.notes();
        notes.iter().find_map(|note| note.split_once("group ")?.1.parse().ok())
    };
    Pid::from_raw(
        until(group)
            .await
            .unwrap_or_else(|| panic!("the test tells no group: {:#?}", heard.notes())),
    )
}

async fn gone(group: Pid) {
    let gone = || (killpg(group, None) == Err(Errno::ESRCH)).then_some(());
    assert!(until(gone).await.is_some(), "the group {group} is still there");
}

/// Looks until there is something, for at most a quarter of an hour: `mix` may be slow to start.
async fn until<T>(look: impl Fn() -> Option<T>) -> Option<T> {
    for _ in 0..45_000 {
        if let Some(seen) = look() {
            return Some(seen);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    None
}

#[test]
fn the_seed_is_hidden_in_snapshots() {
    assert_eq!(project::hide_seed("seed=42 tests=1"), format!("{SEED} tests=1"));
}
