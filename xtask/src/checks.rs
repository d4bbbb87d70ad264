//! Every check, in order; the cheap ones first.

use crate::shell::{output, run};

/// Crates that `pipeline-core` may bring along with its direct dependencies: none of them does I/O by
/// itself.
const IO_CRATES: [&str; 9] =
    ["reqwest", "hyper", "axum", "sqlx", "mio", "socket2", "rustls", "process-wrap", "nix"];

/// Formatting, lints, documentation, dependencies, packages.
pub(crate) fn lint() -> Result<(), String> {
    cargo(&["fmt", "--all", "--check"])?;
    cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])?;
    core_has_no_io()?;
    run(
        "env",
        &["RUSTDOCFLAGS=-D warnings", "cargo", "doc", "--workspace", "--no-deps", "--quiet"],
    )?;
    crate::packages::check()?;
    if output("cargo", &["deny", "--version"]).is_some() {
        // Advisories change from day to day and need the network: `cargo deny check advisories`.
        cargo(&["deny", "--offline", "check", "bans", "licenses", "sources"])?;
    } else {
        say("cargo-deny is not installed: licences and arrows are not checked");
    }
    Ok(())
}

/// Every test, every example, and the demo.
pub(crate) fn test() -> Result<(), String> {
    cargo(&["test", "--workspace", "--no-fail-fast"])?;
    for example in ["in_memory", "custom_gate", "custom_policy", "custom_deployer", "watch"] {
        cargo(&["run", "--quiet", "--package", "pipeline-examples", "--bin", example])?;
    }
    cargo(&["run", "--quiet", "--", "demo"])
}

/// What the engine costs, what looking for remembered answers costs, how long `trends` takes, what the simulator carries, how long deploys take,
/// how punctual the sender of requests is, and how often the judge of latency is wrong. What the gates of a real project cost is `bench_gates` in `tests/bin`: it needs the project.
pub(crate) fn bench() -> Result<(), String> {
    cargo(&["build", "--release"])?;
    cargo(&["bench", "--quiet", "--package", "gate-cache", "--bench", "recall"])?;
    cargo(&["bench", "--quiet", "--package", "store-sql", "--bench", "store"])?;
    cargo(&["bench", "--quiet", "--package", "pipeline-cli", "--bench", "trends"])?;
    cargo(&["bench", "--quiet", "--package", "sim-flyio"])?;
    cargo(&["bench", "--quiet", "--package", "target-flyio", "--bench", "deploys"])?;
    cargo(&["bench", "--quiet", "--package", "verify-http", "--bench", "sender"])?;
    cargo(&["bench", "--quiet", "--package", "pipeline-stats", "--bench", "operating"])?;
    cargo(&[
        "run",
        "--release",
        "--quiet",
        "--package",
        "pipeline-tests",
        "--bin",
        "bench_overhead",
    ])
}

/// The core stays without network, processes and databases: a fact about its dependency tree.
fn core_has_no_io() -> Result<(), String> {
    let args =
        ["tree", "-p", "pipeline-core", "-e", "normal", "--prefix", "none", "--format", "{p}"];
    let tree = output("cargo", &args).ok_or("`cargo tree -p pipeline-core` failed")?;
    let io = tree.lines().filter_map(|line| line.split(' ').next());
    let found: Vec<&str> = io.filter(|name| IO_CRATES.contains(name)).collect();
    if found.is_empty() {
        say("pipeline-core has no I/O dependency");
        Ok(())
    } else {
        Err(format!("pipeline-core must not depend on {}", found.join(", ")))
    }
}

fn cargo(args: &[&str]) -> Result<(), String> {
    run("cargo", args)
}

#[expect(clippy::print_stderr, reason = "a chore talks to its terminal")]
fn say(text: &str) {
    eprintln!("{text}");
}
