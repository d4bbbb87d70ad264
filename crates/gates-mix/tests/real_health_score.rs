//! The health score on projects that a real `mix` has compiled: what is documented, and the project's own score.

#[expect(dead_code, reason = "other tests use the rest of it")]
mod project;

use gates_mix::{Compile, Component, HEARD, HealthScore, ScoreSource, Test, Weights};
use pipeline_core::{Gate, Gates, Report, Step, Verdict};
use serde_json::Value;

use project::{Heard, Project, told};

/// Everything that documentation can be: there, not there, hidden, by a callback, of a protocol, generated.
const DOCUMENTED: &str = r#"defmodule Shop.Behaviour do
  @moduledoc "What a till can do."
  @doc "Opens it."
  @callback open(term) :: :ok
  @callback close(term) :: :ok
end

defmodule Shop.Till do
  @moduledoc "A till."
  @behaviour Shop.Behaviour

  @impl true
  def open(_), do: :ok
  @impl true
  def close(_), do: :ok

  @doc "Counts."
  @spec count([integer]) :: integer
  def count(coins), do: Enum.sum(coins)

  @doc "Counts with more."
  @spec count_with([integer], integer) :: integer
  def count_with(coins, more \\ 0), do: Enum.sum(coins) + more

  def bare(a), do: a
  @doc ""
  def empty(a), do: a
  @doc false
  def hidden(a), do: a
  def _private(a), do: a
  defp inner(a), do: a
  def uses(a), do: inner(a)

  @doc "Twice."
  defmacro twice(a), do: quote(do: unquote(a) + unquote(a))
end

defmodule Shop.Old do
  @moduledoc "A till without @impl: by the behaviour all the same."
  @behaviour Shop.Behaviour
  def open(_), do: :ok
  def close(_), do: :ok
end

defmodule Shop.Server do
  use GenServer
  @impl true
  def init(state), do: {:ok, state}
end

defmodule Shop.Internal do
  @moduledoc false
  def one(a), do: a
  def two(a), do: a
end

defprotocol Shop.Size do
  @moduledoc "How big it is."
  @doc "In units."
  def size(it)
end

defimpl Shop.Size, for: Integer do
  def size(it), do: it
end

Module.create(Shop.Made, quote(do: def(made(), do: :ok)), file: "made/by/a/macro.ex", line: 1)
"#;

/// `mix compile`, by the gate itself.
async fn compiled(project: &Project) -> Report {
    Compile::new(project.mix()).check(&Heard::default().context()).await.expect("an answer")
}

/// The component `documentation` alone.
async fn documentation(project: &Project) -> Value {
    let weights = Weights::custom([(Component::Documentation, 1.0)]).expect("one whole");
    let gate = HealthScore::new(project.mix()).weights(weights);
    let report = gate.check(&Heard::default().context()).await.expect("an answer");
    let table = report.all_evidence().iter().find(|it| it.name == "score").expect("a table");
    table.value["components"][0].clone()
}

async fn how(project: &Project) -> String {
    documentation(project).await["how"].as_str().expect("a text").to_owned()
}

#[tokio::test]
async fn documentation_is_counted_as_it_was_written() {
    let project = Project::new().file("lib/shop.ex", DOCUMENTED);
    compiled(&project).await;
    let counted = documentation(&project).await;
    insta::assert_snapshot!(counted["how"].as_str().unwrap(), @"modules 4 of 5, functions 10 of 13 (with a spec: 7); hidden: modules 1, functions 7; to document: Shop.Server, Shop.Till.bare/1, Shop.Till.empty/1");
    assert_eq!(counted["value"], 1400.0 / 18.0);
}

#[tokio::test]
async fn an_umbrella_is_counted_as_one_and_dependencies_are_not() {
    let project = Project::umbrella();
    compiled(&project).await;
    insta::assert_snapshot!(how(&project).await, @"modules 0 of 2, functions 0 of 2 (with a spec: 0); hidden: modules 0, functions 0; to document: Alpha, Alpha.total/2, Beta");
}

#[tokio::test]
async fn what_is_not_compiled_is_not_measured() {
    let project = Project::new();
    insta::assert_snapshot!(how(&project).await, @"shop is not compiled in _build/dev: run `mix compile`");
    let without = Project::new().file(
        "mix.exs",
        "defmodule Shop.MixProject do\n  use Mix.Project\n  def project do\n    \
         [app: :shop, version: \"0.1.0\", elixirc_options: [docs: false]]\n  end\nend\n",
    );
    compiled(&without).await;
    insta::assert_snapshot!(how(&without).await, @"compiled without documentation, or not readable: 1 modules");
}

#[tokio::test]
async fn no_code_of_the_project_runs_when_its_documentation_is_read() {
    let code = "defmodule Shop.Loud do\n  @moduledoc \"Loud.\"\n  @on_load :shout\n  def shout, do: File.write!(\"loaded\", \"\")\nend\n";
    let project = Project::new().file("lib/loud.ex", code);
    compiled(&project).await;
    let _ = std::fs::remove_file(project.path().join("loaded"));
    assert!(documentation(&project).await["measured"].as_bool().unwrap());
    assert!(!project.path().join("loaded").exists());
}

#[tokio::test]
async fn the_score_is_made_of_what_the_gates_before_it_measured() {
    let project = Project::new();
    let weights = Weights::custom([
        (Component::Compilation, 0.5),
        (Component::Coverage, 0.3),
        (Component::Documentation, 0.2),
    ]);
    let score = HealthScore::new(project.mix()).weights(weights.unwrap()).min_score(80.0);
    let gates = Gates::builder()
        .gate(Step::gate("health-score", score).after(&HEARD).exclusive(&["_build/dev"]))
        .gate(Step::gate("compile", Compile::new(project.mix())).exclusive(&["_build/dev"]))
        .gate(Step::gate("test", Test::new(project.mix())))
        .build()
        .unwrap();
    let answers = gates.check(&Heard::default().run()).await;
    let report = answers[0].outcome.as_ref().unwrap().as_ref().unwrap();
    let numbers: Vec<_> =
        report.numbers().iter().map(|(name, it)| format!("{name}={it}")).collect();
    assert_eq!(numbers, ["compilation=100", "coverage=100", "documentation=0", "score=80"]);
    assert_eq!(report.verdict(), Verdict::Passed, "exactly enough");
}

const OWN_TASK: &str = r#"defmodule Mix.Tasks.Health.Score do
  use Mix.Task
  def run(_) do
    Mix.shell().info("Health score: 71.25 / 100 of 3 checks")
    exit({:shutdown, 1})
  end
end
"#;

#[tokio::test]
async fn a_projects_own_score_is_read_and_one_that_is_not_there_is_a_fault() {
    let gate = |project: &Project| HealthScore::new(project.mix()).source(ScoreSource::Mix);
    let project = Project::new();
    insta::assert_snapshot!(told(&gate(&project)).await, @r#"
    fault: `mix health.score` could not do its work: the project has no such task
    hint: write with = "native" in [gates.health-score]
    "#);
    let project = project.file("lib/task.ex", OWN_TASK);
    insta::assert_snapshot!(told(&gate(&project)).await, @r"
    Refused score=71.3
      - health-score: the health score is 71.3 (C), the limit is 80.0 -> run `mix health.score` and look at it
    ");
}
