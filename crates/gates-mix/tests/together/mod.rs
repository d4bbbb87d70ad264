//! What all gates share with each other and with other processes: the versions, the build folders, the machine.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use gates_mix::{Compile, Test};
use pipeline_core::{Gate, Report, Verdict};

use crate::project::{Heard, Project};

#[tokio::test]
async fn the_versions_on_disk_are_those_that_mix_tells() {
    let (project, cx) = (Project::new(), Heard::default().context());
    let on_disk = project.mix().versions(&cx).await.unwrap();
    let project = project.file("bin/mix", "#!/bin/sh\nexec mix \"$@\"\n");
    let shim = project.path().join("bin/mix");
    fs::set_permissions(&shim, fs::Permissions::from_mode(0o755)).unwrap();
    let asked = project.mix().program(&shim).versions(&cx).await.unwrap();
    assert_eq!(on_disk["elixir"], asked["elixir"]);
    assert!(on_disk["erlang"].starts_with(&asked["erlang"]), "{on_disk:?} {asked:?}");
}

#[tokio::test]
async fn two_that_build_in_one_folder_take_turns() {
    let project = Project::new();
    let locks = project.path().join(".pipeline/locks");
    // Each has lanes of its own, as another process would.
    let compile = || Compile::new(project.mix().lock_dir(&locks));
    let (one, two) = (Heard::default(), Heard::default());
    let (first, second) = (compile(), compile());
    let (one_cx, two_cx) = (one.context(), two.context());
    let answers = futures::join!(first.check(&one_cx), second.check(&two_cx));
    for answer in [answers.0, answers.1] {
        assert_eq!(answer.as_ref().map(Report::verdict), Ok(Verdict::Passed), "{answer:?}");
    }
    let waits = "waiting: another pipeline builds in _build/dev";
    let waited = |heard: &Heard| heard.notes().iter().filter(|it| *it == waits).count();
    assert_eq!((waited(&one), waited(&two)), (0, 1));
}

#[tokio::test]
async fn a_build_that_was_killed_is_begun_anew_and_not_taken_for_a_warning() {
    let slow = "defmodule Slow do\n  Process.sleep(3000)\n  def one, do: 1\nend\n";
    let uses = "defmodule Uses do\n  @one Slow.one()\n  def one, do: @one\nend\n";
    let project = Project::new().file("lib/slow.ex", slow).file("lib/uses.ex", uses);
    let compile = Compile::new(project.mix().lock_dir(project.path().join("locks")));
    let passes = async |heard: &Heard| {
        let answer = compile.check(&heard.context()).await;
        assert_eq!(answer.as_ref().map(Report::verdict), Ok(Verdict::Passed), "{answer:?}");
    };
    passes(&Heard::default()).await;
    let lib = project.path().join("_build/dev/lib/shop");
    let compiled = fs::read(lib.join("ebin/Elixir.Slow.beam")).unwrap();
    let killed = Heard::default();
    let cx = killed.context();
    let says_something = async {
        while killed.notes().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    match select(pin!(compile.check(&cx)), pin!(says_something)).await {
        Either::Left((answer, _)) => panic!("{answer:?}"),
        Either::Right(((), _killed_here)) => {}
    }
    // As it may be when the kill comes late: a module is there, Mix knows nothing of it, and warns when it is compiled again.
    let _ = fs::remove_file(lib.join(".mix/compile.elixir"));
    fs::write(lib.join("ebin/Elixir.Slow.beam"), compiled).unwrap();
    let heard = Heard::default();
    passes(&heard).await;
    let told = "_build/dev was left half built: the project is compiled anew";
    assert!(heard.notes().iter().any(|it| it == told), "{:?}", heard.notes());
}

/// Its programs do not read their standard input, so that they stay when their BEAM goes.
const LEAVES: &str = "defmodule LeavesTest do
  use ExUnit.Case

  @tag timeout: :infinity
  test \"leaves a program and a BEAM behind\" do
    sleep = System.find_executable(\"sleep\")
    Port.open({:spawn_executable, sleep}, args: [\"600\"])
    code = ~s[IO.puts(\"up\"); Process.sleep(:infinity)]
    elixir = System.find_executable(\"elixir\")
    port = Port.open({:spawn_executable, elixir}, [:binary, args: [\"-e\", code]])
    assert_receive {^port, {:data, \"up\\n\"}}, 600_000
  end
end
";

#[tokio::test]
async fn what_the_tests_left_running_is_gone_when_the_gate_has_its_answer() {
    let project = Project::new().file("test/leaves_test.exs", LEAVES);
    let answer = Test::new(project.mix()).check(&Heard::default().context()).await;
    assert_eq!(answer.as_ref().map(Report::verdict), Ok(Verdict::Passed), "{answer:?}");
    // What was killed may take a moment to be gone.
    let mut left = working_in(project.path());
    for _ in 0..12_000 {
        if left.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        left = working_in(project.path());
    }
    panic!("still there: {left:?}");
}

/// The names of the processes that work in this folder or below it.
fn working_in(folder: &Path) -> Vec<String> {
    let processes = fs::read_dir("/proc").expect("Linux").flatten().map(|it| it.path());
    let here = |process: &PathBuf| {
        fs::read_link(process.join("cwd")).is_ok_and(|dir| dir.starts_with(folder))
    };
    processes.filter(here).filter_map(|it| fs::read_to_string(it.join("comm")).ok()).collect()
}
