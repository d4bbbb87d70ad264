//! The gate `dialyzer` against Erlang's real Dialyzer. The PLT of Erlang and Elixir, which takes minutes, is built
//! by the first test that needs it and kept for the next time; without `dialyzer` these tests fail.

#[expect(dead_code, reason = "other tests use the rest")]
mod project;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gates_mix::Dialyzer;
use nix::errno::Errno;
use nix::sys::signal::killpg;
use nix::unistd::Pid;
use pipeline_core::{CancelSource, FaultKind, Gate};
use project::{Heard, Project, told};
use tempfile::TempDir;

#[tokio::test]
async fn warnings_are_found_with_their_place_and_the_plt_is_built_once() {
    let (_turn, spy) = (turn(), Spy::new("exec dialyzer \"$@\""));
    let clean = Project::new().file("lib/shop/wide.ex", WIDE);
    assert_eq!(told(&spy.gate(&clean)).await, "Passed warnings=0");
    let wrong = Project::new().file("lib/shop/wrong.ex", WRONG);
    insta::assert_snapshot!(told(&spy.gate(&wrong)).await, @r"
    Refused warnings=5
      lib/shop/wrong.ex:3 dialyzer/invalid_contract: Invalid type specification for function Shop.Wrong.size/1. The success typing is ([any()]) -> non_neg_integer()
      lib/shop/wrong.ex:5 dialyzer/no_return: Function never/0 has no local return
      lib/shop/wrong.ex:5 dialyzer/call: The call Shop.Wrong.size(:none) will never return since it differs in the 1st argument from the success typing arguments: ([any()])
      lib/shop/wrong.ex:9 dialyzer/pattern_match: The pattern :error can never match the type true
      lib/shop/wrong.ex:13 dialyzer/unknown_function: Unknown function Missing.call/0
    ");
    let builds = spy.calls().iter().filter(|it| it.contains("--build_plt")).count();
    assert!(builds <= 1, "{:#?}", spy.calls());
    assert_eq!(spy.calls().len(), 2 + builds);
}

#[tokio::test]
async fn dependencies_are_known_and_not_looked_at() {
    let (_turn, spy) = (turn(), Spy::new("exec dialyzer \"$@\""));
    let project = Project::new()
        .deps("[{:tiny, path: \"tiny\"}]")
        .file("tiny/mix.exs", &DEPENDENCY.replace("dialyxir", "tiny").replace("Dialyxir", "Tiny"))
        .file("tiny/lib/tiny.ex", &WRONG.replace("Shop.Wrong", "Tiny"))
        .file(
            "lib/shop/uses.ex",
            "defmodule Shop.Uses do\n  def a, do: Tiny.size([])\n  def b, do: Tiny.gone()\nend\n",
        );
    let plts = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(plt_dir()).into_iter().flatten().flatten() {
        fs::copy(entry.path(), plts.path().join(entry.file_name())).unwrap();
    }
    let gate = spy.gate(&project).plt_dir(plts.path());
    let first = told(&gate).await;
    insta::assert_snapshot!(first, @r"
    Refused warnings=1
      lib/shop/uses.ex:3 dialyzer/call_to_missing: Call to missing or unexported function Tiny.gone/0
    ");
    assert_eq!(told(&gate).await, first);
    let builds = spy.calls().iter().filter(|it| it.contains("--add_to_plt")).count();
    assert_eq!(builds, 1, "{:#?}", spy.calls());
}

#[tokio::test]
async fn in_an_umbrella_a_warning_names_its_application() {
    let _turn = turn();
    let wrong = WRONG.replace("Shop.Wrong", "Beta.Wrong");
    let project = Project::umbrella().file("apps/beta/lib/beta/wrong.ex", &wrong);
    let said = told(&Dialyzer::new(project.mix()).plt_dir(plt_dir())).await;
    let line = "\n  apps/beta/lib/beta/wrong.ex:5 [beta] dialyzer/no_return: Function never/0 has no local return";
    assert!(said.contains(line), "{said}");
}

#[tokio::test]
async fn erlang_without_dialyzer_is_a_fault_that_says_what_to_install() {
    let project = Project::new();
    let gate =
        Dialyzer::new(project.mix()).plt_dir(plt_dir()).dialyzer_program("/no/such/dialyzer");
    insta::assert_snapshot!(told(&gate).await, @r"
    fault: Erlang's `/no/such/dialyzer` was not found
    hint: install Erlang's dialyzer (Debian: erlang-dialyzer); dialyxir needs it as well
    ");
}

#[tokio::test]
async fn what_keeps_it_from_looking_is_a_fault() {
    let broken =
        Project::new().file("lib/shop/broken.ex", "defmodule Shop.Broken do\n  def a(\nend\n");
    let said = told(&Dialyzer::new(broken.mix()).plt_dir(plt_dir())).await;
    assert!(
        said.starts_with(
            "fault: `mix compile` could not do its work: lib/shop/broken.ex:3:1 does not compile"
        ),
        "{said}"
    );
    let bare =
        Project::new().file("lib/shop/bare.ex", "defmodule Shop.Bare do\n  def a, do: 1\nend\n");
    let config = "[app: :shop, version: \"0.1.0\", elixirc_options: [debug_info: false], deps: []]";
    let mix_exs = format!(
        "defmodule Shop.MixProject do\n  use Mix.Project\n\n  def project do\n    {config}\n  end\nend\n"
    );
    let bare = bare.file("mix.exs", &mix_exs);
    let said = told(&Dialyzer::new(bare.mix()).plt_dir(plt_dir())).await;
    insta::assert_snapshot!(said, @r"
    fault: `dialyzer` could not do its work: no debug_info in Shop, Shop.Bare
    hint: take `debug_info: false` out of `elixirc_options` and `@compile`, and compile anew
    ");
}

#[tokio::test]
async fn stopped_while_it_builds_a_plt_it_leaves_no_process_and_no_plt() {
    let project = Project::new();
    let spy = Spy::new("echo group $$; exec dialyzer \"$@\"");
    let plts = tempfile::tempdir().unwrap();
    let gate = spy.gate(&project).plt_dir(plts.path());
    let (heard, source) = (Heard::default(), CancelSource::new());
    let cx = heard.context_until(source.token());
    let mut check = gate.check(&cx);
    let group = tokio::select! {
        answer = &mut check => panic!("{answer:?}"),
        group = group_of(&heard) => group,
    };
    source.cancel();
    assert_eq!(check.await.unwrap_err().kind(), FaultKind::Cancelled);
    gone(group).await;
    assert_eq!(fs::read_dir(plts.path()).unwrap().count(), 0);
    assert!(heard.notes().iter().any(|it| it.starts_with("building the PLT of Erlang and Elixir")));

    let heard = Heard::default();
    let cx = heard.context();
    let group = tokio::select! {
        answer = gate.check(&cx) => panic!("{answer:?}"),
        group = group_of(&heard) => group,
    };
    gone(group).await;
    assert_eq!(fs::read_dir(plts.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_plt_that_cannot_be_read_is_built_anew_once() {
    let (project, plts) = (Project::new(), tempfile::tempdir().unwrap());
    let spy = Spy::new(FAKE);
    let gate = spy.gate(&project).plt_dir(plts.path());
    assert_eq!(told(&gate).await, "Passed warnings=0");
    let plt = fs::read_dir(plts.path()).unwrap().next().unwrap().unwrap().path();
    fs::write(&plt, "cut").unwrap();
    assert_eq!(told(&gate).await, "Passed warnings=0");
    assert_eq!(fs::read_to_string(&plt).unwrap(), "whole\n");
    let builds = spy.calls().iter().filter(|it| it.contains("--build_plt")).count();
    assert_eq!(builds, 2, "{:#?}", spy.calls());
}

#[tokio::test]
async fn a_project_with_dialyxir_is_asked_through_it() {
    let project = Project::new()
        .deps("[{:dialyxir, path: \"dialyxir\", runtime: false}]")
        .file("dialyxir/mix.exs", DEPENDENCY)
        .file("dialyxir/lib/task.ex", TASK);
    insta::assert_snapshot!(told(&Dialyzer::new(project.mix())).await, @r"
    Refused skipped=1 warnings=1
      lib/shop.ex:2:3 dialyzer/no_return: Function total/2 has no local return.
    ");
}

#[tokio::test]
async fn dialyxir_of_another_environment_leaves_erlangs_own() {
    let (project, spy) = (Project::new(), Spy::new(FAKE));
    let project = project
        .deps("[{:dialyxir, path: \"dialyxir\", only: :test}]")
        .file("dialyxir/mix.exs", DEPENDENCY);
    let plts = tempfile::tempdir().unwrap();
    let report =
        spy.gate(&project).plt_dir(plts.path()).check(&Heard::default().context()).await.unwrap();
    let way = report.all_evidence().iter().find(|it| it.name == "analysed by").unwrap();
    assert_eq!(way.value, "Erlang's dialyzer");
}

/// A `dialyzer` that writes down how it is called.
struct Spy {
    dir: TempDir,
}

impl Spy {
    fn new(then: &str) -> Self {
        let dir = tempfile::tempdir().expect("a file");
        let program = dir.path().join("dialyzer");
        let calls = dir.path().join("calls");
        let script = format!("#!/bin/sh\necho \"$*\" >> '{}'\n{then}\n", calls.display());
        fs::write(&program, script).expect("a file");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a file");
        Self { dir }
    }

    fn gate(&self, project: &Project) -> Dialyzer {
        let program = self.dir.path().join("dialyzer");
        Dialyzer::new(project.mix()).plt_dir(plt_dir()).dialyzer_program(program)
    }

    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.dir.path().join("calls")).expect("a file");
        calls.lines().map(ToOwned::to_owned).collect()
    }
}

/// Where the PLT of Erlang and Elixir is kept from one run of the tests to the next.
fn plt_dir() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("plt")
}

/// Whose turn it is to use that folder, so that the PLT is built once, by whichever process comes first.
fn turn() -> fs::File {
    let file =
        fs::File::create(Path::new(env!("CARGO_TARGET_TMPDIR")).join("plt.lock")).expect("a file");
    file.lock().expect("a file");
    file
}

async fn group_of(heard: &Heard) -> Pid {
    let group = || heard.notes().iter().find_map(|it| it.strip_prefix("group ")?.parse().ok());
    Pid::from_raw(until(group).await.unwrap_or_else(|| panic!("no group: {:#?}", heard.notes())))
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

/// A protocol without implementations, and types that agree.
const WIDE: &str = r#"defprotocol Shop.Shown do
  @spec show(t) :: String.t()
  def show(it)
end

defmodule Shop.Wide do
  @spec names([%{name: String.t()}]) :: String.t()
  def names(all), do: Enum.map_join(all, ", ", & &1.name)
end
"#;
const WRONG: &str = r"defmodule Shop.Wrong do
  # Says an atom, and is a number.
  @spec size(list) :: atom
  def size(list), do: length(list)
  def never, do: size(:none)

  def sure(x) do
    case is_list([x]) do
      :error -> 1
      true -> 2
    end
  end
  def missing, do: Missing.call()
end
";
/// Builds PLTs that say `whole`, and reads no other ones.
const FAKE: &str = r#"plt= out=
while [ $# -gt 0 ]; do
  case $1 in
    --plt) plt=$2; shift ;;
    --output_plt) out=$2; shift ;;
  esac
  shift
done
if [ -n "$plt" ] && [ "$(cat "$plt")" != whole ]; then
  printf '\ndialyzer: Could not read PLT file %s: not_valid\n\n' "$plt"
  exit 1
fi
[ -z "$out" ] || echo whole > "$out"
echo 'done (passed successfully)'"#;
const DEPENDENCY: &str = "defmodule Dialyxir.MixProject do\n  use Mix.Project\n\n  def project do\n    [app: :dialyxir, \
                          version: \"1.4.0\"]\n  end\nend\n";
/// Says what dialyxir says, where dialyxir says it.
const TASK: &str = r#"defmodule Mix.Tasks.Dialyzer do
  use Mix.Task
  def run(["--format", "github"]) do
    Mix.Task.run("compile")
    Mix.shell().info("Starting Dialyzer")
    Mix.shell().info("Total errors: 2, Skipped: 1, Unnecessary Skips: 0\ndone in 0m1.0s")
    Mix.shell().error("::warning file=lib/shop.ex,line=2,col=3,title=no_return::Function total/2 has no local return.")
    Mix.shell().error("done (warnings were emitted)")
    Mix.shell().error("Halting VM with exit status 2")
    System.halt(2)
  end
end
"#;
