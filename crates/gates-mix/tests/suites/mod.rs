//! The gate `test` on suites of several kinds, and what it keeps from one run to the next.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use gates_mix::{MixProject, Test};
use pipeline_core::{
    Asked, Earlier, Gate, GateCache, Gates, Recalled, Remembered, Run, Step, Trust, Verdict,
};

use crate::project::{Heard, Project, told};

const SLOW: &str = "defmodule SlowTest do\n  use ExUnit.Case\n  for n <- 1..3 do\n    test \"t#{n}\", do: Process.sleep(400)\n  end\nend\n";

/// Knows how many tests there were last time.
struct LastTime(u32);

#[async_trait]
impl GateCache for LastTime {
    async fn recall(&self, asked: &[Asked], _: &Run) -> Vec<Recalled> {
        let numbers = [("tests".to_owned(), f64::from(self.0))].into();
        let earlier = Some(Earlier { took_ms: 1, numbers });
        asked.iter().map(|_| Recalled { answer: None, earlier: earlier.clone() }).collect()
    }

    async fn keep(&self, _: &Asked, _: &Remembered, _: &Run) {}
}

#[tokio::test]
async fn of_how_many_tests_is_told_as_long_as_there_are_no_more_than_last_time() {
    let project = Project::new().file("test/slow_test.exs", SLOW);
    for (before, last) in [(4, Some(4)), (1, None)] {
        let heard = Heard::default();
        let gate = Step::gate("test", Test::new(project.mix()));
        let gates = Gates::builder().gate(gate).cache(Arc::new(LastTime(before)), Trust::All);
        gates.build().unwrap().check(&heard.run()).await;
        let progress = heard.progress();
        let known = |&(done, _): &(u64, _)| done <= u64::from(before);
        assert_eq!(progress.last().map(|it| it.1), Some(last), "{progress:?}");
        assert!(progress.iter().all(|it| it.1.is_some() == known(it)), "{progress:?}");
    }
}

#[tokio::test]
async fn a_big_suite_of_all_kinds_of_tests_is_counted() {
    let mut project = Project::new().file("lib/sums.ex", &sums());
    for module in 0..20 {
        let test = |it| {
            format!(
                "  test \"sum {it}\", do: assert Sums.s{module}({it}) == {}
",
                it + module
            )
        };
        let tests = (0..10).map(test).collect::<Vec<_>>().concat();
        let text = format!(
            "defmodule Sums{module}Test do\n  use ExUnit.Case, async: {}\n{tests}end\n",
            module % 2 == 0
        );
        project = project.file(&format!("test/sums/s{module}_test.exs"), &text);
    }
    let doctests = "defmodule SumsTest do\n  use ExUnit.Case, async: true\n  doctest Sums\nend\n";
    let project = project.file("test/sums_test.exs", doctests);
    let gate = Test::new(project.mix());
    let report = gate.check(&Heard::default().context()).await.unwrap();
    assert_eq!(report.verdict(), Verdict::Passed, "{report:?}");
    assert_eq!(report.numbers().get("tests"), Some(&202.0));
    let coverage = &report.all_evidence()[0];
    insta::assert_snapshot!(format!("{}: {}", coverage.name, coverage.value), @r#"coverage: {"Shop":100.0,"Sums":100.0}"#);
}

fn sums() -> String {
    let each = |it| format!("  def s{it}(n), do: n + {it}\n");
    let functions = (0..20).map(each).collect::<Vec<_>>().concat();
    format!(
        "defmodule Sums do\n  @doc \"\"\"\n      iex> Sums.s1(1)\n      2\n  \"\"\"\n{functions}end\n"
    )
}

/// Prints as `ExCoveralls` does, and ends as it does below its limit.
const COVERALLS: &str = r#"defmodule ExCoveralls do
  def start(path, _) do
    :cover.start()
    path |> to_charlist() |> :cover.compile_beam_directory()

    fn ->
      IO.puts("----------------\nCOV    FILE                                        LINES RELEVANT   MISSED")
      IO.puts(" 66.7% lib/shop.ex                                     9        3        1\n[TOTAL]  66.7%\n----------------")
      limit = File.read!("limit")
      if limit != "0" do
        IO.puts("FAILED: Expected minimum coverage of #{limit}%, got 66.7%.")
        exit({:shutdown, 1})
      end
    end
  end
end
"#;

#[tokio::test]
async fn another_tool_of_coverage_is_believed() {
    let mix_exs = |tool: &str| {
        format!(
            "defmodule Shop.MixProject do\n  use Mix.Project\n\n  def project do\n    [app: :shop, version: \"0.1.0\", \
             test_coverage: [{tool}], deps: []]\n  end\nend\n"
        )
    };
    let project = Project::new().file("mix.exs", &mix_exs("tool: ExCoveralls"));
    insta::assert_snapshot!(told(&Test::new(project.mix())).await, @r"
    fault: `mix test --cover` could not do its work: function ExCoveralls.start/2 is undefined (module ExCoveralls is not available)
    hint: run `mix test --cover` by hand and look at it
    ");
    let project = project.file("lib/coveralls.ex", COVERALLS).file("limit", "0");
    insta::assert_snapshot!(told(&Test::new(project.mix())).await, @"Passed coverage=66.7 excluded=0 failures=0 invalid=0 seed=SEED skipped=0 tests=1");
    let project = project.file("limit", "90");
    insta::assert_snapshot!(told(&Test::new(project.mix())).await, @r"
    Refused coverage=66.7 excluded=0 failures=0 invalid=0 seed=SEED skipped=0 tests=1
      - test/coverage: coverage is 66.70 %, the limit is 90.00 % -> test what is not covered: see the folder `cover`
    ");
    insta::assert_snapshot!(told(&Test::new(project.mix()).min_coverage(Some(60.0))).await, @"Passed coverage=66.7 excluded=0 failures=0 invalid=0 seed=SEED skipped=0 tests=1");
    let project = Project::new().file("mix.exs", &mix_exs("summary: false"));
    insta::assert_snapshot!(told(&Test::new(project.mix()).min_coverage(Some(60.0))).await, @"Passed coverage=100 excluded=0 failures=0 invalid=0 seed=SEED skipped=0 tests=1");
}

#[tokio::test]
async fn the_formatter_is_compiled_once_for_these_versions() {
    let (project, cache) = (Project::new(), tempfile::tempdir().unwrap());
    let cx = Heard::default().context();
    let versions = project.mix().versions(&cx).await.unwrap();
    let mix = || project.mix().tools(versions.clone());
    passes(mix().cache_dir(cache.path().join("my cache"))).await;
    assert_eq!(entries(cache.path()), 0, "a path with a space cannot be told to the VM");
    passes(mix().cache_dir(cache.path())).await;
    let beam = only(&only(cache.path()));
    let (compiled, good) =
        (fs::metadata(&beam).unwrap().modified().unwrap(), fs::read(&beam).unwrap());
    passes(mix().cache_dir(cache.path())).await;
    assert_eq!(fs::metadata(&beam).unwrap().modified().unwrap(), compiled);
    for damaged in [&good[..100], b""] {
        fs::write(&beam, damaged).unwrap();
        passes(mix().cache_dir(cache.path())).await;
        assert!(size(&beam) > good.len() / 2);
    }
    // Whole by its length, and nothing that a VM can load.
    let mut foreign = good.clone();
    foreign[12..].fill(0);
    fs::write(&beam, foreign).unwrap();
    assert!(passes(mix().cache_dir(cache.path())).await.contains("the tests run again"));
    assert!(!beam.exists());
    assert!(!project.path().join("erl_crash.dump").exists());
    passes(mix().cache_dir(cache.path())).await;
    assert!(size(&beam) > good.len() / 2);
}

#[tokio::test]
async fn two_that_compile_the_formatter_at_once_do_not_disturb_each_other() {
    let (one, two, cache) = (Project::new(), Project::new(), tempfile::tempdir().unwrap());
    let versions = one.mix().versions(&Heard::default().context()).await.unwrap();
    let mix = |project: &Project| project.mix().tools(versions.clone()).cache_dir(cache.path());
    futures::future::join(passes(mix(&one)), passes(mix(&two))).await;
    only(&only(cache.path()));
}

/// Runs the tests, and tells what the gate noted.
async fn passes(mix: MixProject) -> String {
    let heard = Heard::default();
    let report = Test::new(mix).check(&heard.context()).await.expect("an answer");
    assert_eq!(report.verdict(), Verdict::Passed, "{report:?}");
    heard.notes().join("\n")
}

fn size(file: &Path) -> usize {
    fs::read(file).expect("a file").len()
}

fn entries(dir: &Path) -> usize {
    fs::read_dir(dir).expect("a folder").count()
}

fn only(dir: &Path) -> PathBuf {
    assert_eq!(entries(dir), 1, "{}", dir.display());
    fs::read_dir(dir).expect("a folder").flatten().next().expect("an entry").path()
}
