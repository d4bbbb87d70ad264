//! The gate `security` with the real `mix`, which runs tasks of a project that answer as the real tools do.

use std::time::SystemTime;

use gates_mix::Security;

use crate::project::{Project, told};

const LOCK: &str =
    "%{\n  \"olddep\": {:hex, :olddep, \"0.1.0\"},\n  \"plug\": {:hex, :plug, \"1.3.0\"},\n}\n";

/// A task of Mix that says this.
fn task(name: &str, said: &str, then: &str) -> String {
    format!(
        "defmodule Mix.Tasks.{name} do\n  use Mix.Task\n\n  def run(_) do\n    IO.puts(~S'''\n{said}\n''')\n    {then}\n  end\nend\n"
    )
}

/// A project whose `mix.exs` speaks of both tools.
fn project(hex: &str) -> Project {
    let audit = r#"{"pass":false,"vulnerabilities":[{"advisory":{"id":"GHSA-a","package":"plug","severity":"high","title":"T","vulnerable_version_ranges":["< 1.3.2"],"first_patched_versions":["1.3.2"]},"dependency":{"package":"plug","version":"1.3.0"}}]}"#;
    let sobelow = "{\n  \"findings\": {\"high_confidence\": [], \"low_confidence\": [{\"file\": \"lib/shop.ex\", \"line\": 1, \
        \"type\": \"XSS.Raw: XSS\"}], \"medium_confidence\": []},\n  \"total_findings\": 1\n}";
    let project = Project::new().file("mix.lock", LOCK);
    project
        .file("lib/tasks/hex.ex", hex)
        .file("lib/tasks/audit.ex", &task("Deps.Audit", audit, "System.stop(1)"))
        .file("lib/tasks/sobelow.ex", &task("Sobelow", sobelow, ":ok"))
}

/// So that the tools count as there.
fn with_tools(project: Project) -> Project {
    let mix_exs = std::fs::read_to_string(project.path().join("mix.exs")).expect("a file");
    project.file("mix.exs", &format!("# :mix_audit and :sobelow\n{mix_exs}"))
}

#[tokio::test]
async fn what_the_tools_of_a_project_say_is_one_answer() {
    let retired = "Retired:\n  olddep 0.1.0 - (deprecated) use another\n";
    let then = "Mix.shell().error(\"Found retired packages\")\n    exit({:shutdown, 1})";
    let project = with_tools(project(&task("Hex.Audit", retired, then)));
    let gate = Security::new(project.mix(), || SystemTime::UNIX_EPOCH);
    insta::assert_snapshot!(told(&gate).await);
}

#[tokio::test]
async fn without_tools_and_without_a_source_nobody_can_tell() {
    // Hex before 2.5 knows nothing of advisories.
    let project = project(&task("Hex.Audit", "No retired packages found", ":ok"));
    let gate = Security::new(project.mix(), || SystemTime::UNIX_EPOCH);
    insta::assert_snapshot!(told(&gate).await);
}
