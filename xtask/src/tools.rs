//! What the tests need beyond Rust, from the system's packages. What cannot be had fails the tests:
//! nothing is skipped for want of a tool.

use crate::shell::{output, run};

/// Debian's names. `elixir` brings Erlang, which has its Dialyzer apart; `setpriv` (util-linux) lets what we start die with
/// us; `postgresql` is the server that the store's tests start for themselves, `chromium` looks at the pages of the report,
/// `tmux` is the terminal that the display is looked at in, `zsh` and `fish` read their completions, and `groff` the manual.
const PACKAGES: [&str; 9] = [
    "elixir",
    "erlang-dialyzer",
    "util-linux",
    "postgresql",
    "chromium",
    "tmux",
    "zsh",
    "fish",
    "groff-base",
];

/// What runs, by the name that people know.
fn found() -> [(&'static str, bool); 8] {
    [
        ("elixir", has_elixir()),
        ("dialyzer", has_dialyzer()),
        ("PostgreSQL", has_postgres()),
        ("chromium", has_chromium()),
        ("tmux", has_tmux()),
        ("zsh", has_version("zsh")),
        ("fish", has_version("fish")),
        ("groff", has_version("groff")),
    ]
}

/// Installs what is missing, if this user may.
pub(crate) fn install() -> Result<(), String> {
    if found().iter().all(|(_, runs)| *runs) {
        return Ok(());
    }
    if output("apt-get", &["--version"]).is_none() {
        return Err(missing("this system has no apt-get"));
    }
    let root = output("id", &["-u"]).is_some_and(|id| id.trim() == "0");
    let sudo = !root && output("sudo", &["-n", "true"]).is_some();
    if !root && !sudo {
        return Err(missing("this user may not install packages"));
    }
    let apt = |args: &[&str]| {
        let args = [&["DEBIAN_FRONTEND=noninteractive", "apt-get", "-y", "-qq"], args].concat();
        if root { run("env", &args) } else { run("sudo", &[&["-n", "env"], &args[..]].concat()) }
    };
    apt(&["update"])?;
    apt(&[&["install", "--no-install-recommends"], &PACKAGES[..]].concat())?;
    match found().iter().find(|(_, runs)| !runs) {
        None => Ok(()),
        Some((name, _)) => Err(missing(&format!("the installed {name} does not run"))),
    }
}

/// A `PostgreSQL` server, and a user for it where this one is root: it refuses to run as root.
fn has_postgres() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut versions = versions.filter_map(Result::ok).map(|it| it.path().join("bin/initdb"));
    let program = versions.find(|it| it.is_file()).unwrap_or_else(|| "initdb".into());
    let runs = program.to_str().is_some_and(|it| output(it, &["--version"]).is_some());
    let root = output("id", &["-u"]).is_some_and(|id| id.trim() == "0");
    runs && (!root || output("id", &["-u", "postgres"]).is_some())
}

/// The names that `tests/report` looks for.
fn has_chromium() -> bool {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names.into_iter().any(has_version)
}

fn has_version(program: &str) -> bool {
    output(program, &["--version"]).is_some()
}

fn has_tmux() -> bool {
    output("tmux", &["-V"]).is_some()
}

fn has_dialyzer() -> bool {
    has_version("dialyzer")
}

/// Elixir with the parts of Erlang that compiling, testing with coverage and releasing need.
fn has_elixir() -> bool {
    let parts = "for app <- [:crypto, :tools, :parsetools, :compiler], do: true = is_list(:code.lib_dir(app))";
    output("mix", &["--version"]).is_some() && output("elixir", &["-e", parts]).is_some()
}

fn missing(why: &str) -> String {
    format!(
        "the tests need Elixir 1.14 or newer with its `mix`, Erlang's dialyzer, PostgreSQL's server, Chromium, tmux, zsh, fish and groff, and {why}\n\
         next: install the packages {} (Debian's names), then run `cargo xtask test` again",
        PACKAGES.join(", ")
    )
}
