//! Requirements on versions against the real `elixir`: both say of the same table which versions match. Without `elixir`
//! this test fails.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::process::Command;
use std::time::SystemTime;

use gates_mix::{MixProject, Security, Source};
use pipeline_core::{Gate, Phase};
use pipeline_testkit::a_run;

const REQUIREMENTS: [&str; 40] = [
    "1.0.0",
    "== 1.0.0",
    "==1.0.0",
    "!= 1.0.0",
    "! 1.0.0",
    "> 1.0.0",
    ">1.0.0",
    ">= 1.0.0",
    "< 1.0.0",
    "<= 1.0.0",
    ">= 1.0.0-rc.1",
    "> 1.0.0-rc.1",
    "< 1.0.0-rc.2",
    "== 1.0.0-rc.1",
    "== 1.0.0+build",
    "~> 1.0",
    "~>1.0",
    "~> 0.1",
    "~> 0.0",
    "~> 2.1",
    "~> 1.0-rc.1",
    "~> 1.0.0",
    "~> 1.0.1",
    "~> 0.1.2",
    "~> 1.0.0-rc.1",
    "~> 1.0.0-rc.10",
    "~> 1.2.0-dev",
    "~> 1.0.0+build",
    "  >= 1.0.0  ",
    ">= 1.0.0 and < 2.0.0",
    "> 1.0.0 and < 1.2.3",
    "~> 1.0 and != 1.2.3",
    "~> 1.0 and ~> 1.2",
    "1.0.0 or 2.0.0",
    "< 0.2.0 or >= 2.0.0",
    "~> 0.1.0 or ~> 1.2.0 or 3.0.0",
    ">= 1.0.0 or < 0.5.0 and == 0.1.0",
    ">= 5.0.0 and < 9.0.0 or == 3.0.0",
    "== 3.0.0 or >= 5.0.0 and < 9.0.0",
    ">= 1.0.0 and < 2.0.0 or >= 3.0.0 and < 4.0.0",
];

const VERSIONS: [&str; 24] = [
    "0.0.0",
    "0.0.9",
    "0.1.0",
    "0.1.2",
    "0.2.0-dev",
    "0.9.9",
    "1.0.0-0",
    "1.0.0-alpha",
    "1.0.0-rc.1",
    "1.0.0-rc.2",
    "1.0.0-rc.10",
    "1.0.0",
    "1.0.0+build",
    "1.0.0+other",
    "1.0.1",
    "1.1.0-dev",
    "1.2.0-dev",
    "1.2.3",
    "1.10.0",
    "2.0.0-rc.1",
    "2.0.0",
    "2.1.0",
    "3.0.0",
    "10.0.0",
];

/// Every pair, with the name of the package that stands for it.
fn pairs() -> impl Iterator<Item = (String, &'static str, &'static str)> {
    let pairs =
        VERSIONS.iter().flat_map(|version| REQUIREMENTS.iter().map(move |it| (*version, *it)));
    pairs.enumerate().map(|(at, (version, requirement))| (format!("p{at}"), version, requirement))
}

/// A package for each pair, locked to its version, and an advisory for each that spares what it requires.
async fn ours() -> BTreeSet<String> {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (mut lock, mut spared) = ("%{\n".to_owned(), BTreeSet::new());
    for (package, version, requirement) in pairs() {
        writeln!(lock, "  \"{package}\": {{:hex, :{package}, \"{version}\"}},").expect("text");
        let text = format!(
            "id: {package}\npackage: {package}\nseverity: high\nunaffected_versions:\n  - \"{requirement}\"\n"
        );
        let folder = dir.path().join("packages").join(&package);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("a.yml"), text).expect("a file");
        spared.insert(package);
    }
    fs::write(dir.path().join("mix.lock"), lock + "}\n").expect("a file");
    fs::write(dir.path().join("mix.exs"), "[]").expect("a file");
    let gate = Security::new(MixProject::at(dir.path()), || SystemTime::UNIX_EPOCH);
    let gate = gate.without_retired().source(Source::Folder(dir.path().to_owned()));
    let report =
        gate.check(&a_run("v1").context(Phase::Validate, "security")).await.expect("an answer");
    for finding in report.findings() {
        spared.remove(finding.rule.as_ref().expect("a rule").trim_start_matches("security/"));
    }
    spared
}

/// The pairs that match, as Elixir says.
fn theirs() -> BTreeSet<String> {
    let pairs =
        pairs().map(|(package, version, it)| format!("{{\"{package}\", \"{version}\", \"{it}\"}}"));
    let script = format!(
        "for {{package, version, it}} <- [{}], Version.match?(version, it), do: IO.puts(package)",
        pairs.collect::<Vec<_>>().join(", ")
    );
    let output = Command::new("elixir").args(["-e", &script]).output().expect("elixir is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text").lines().map(ToOwned::to_owned).collect()
}

#[tokio::test]
async fn requirements_match_what_elixir_matches() {
    let (ours, theirs) = (ours().await, theirs());
    assert!(theirs.len() > 200);
    let differ: Vec<_> = pairs()
        .filter(|(package, ..)| ours.contains(package) != theirs.contains(package))
        .map(|(package, version, it)| {
            format!("{version} and `{it}`: Elixir says {}", theirs.contains(&package))
        })
        .collect();
    assert!(differ.is_empty(), "{}", differ.join("\n"));
}
