//! What the tests need beyond Rust, from the system's packages. What cannot be had fails the tests:
//! nothing is skipped for want of a tool.

use crate::shell::{output, run};

/// Debian's names. `elixir` brings Erlang, which has its Dialyzer apart; `setpriv` (util-linux) lets what we start die with
/// us.
const PACKAGES: [&str; 3] = ["elixir", "erlang-dialyzer", "util-linux"];

/// Installs what is missing, if this user may.
pub(crate) fn install() -> Result<(), String> {
    if has_elixir() && has_dialyzer() {
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
    match (has_elixir(), has_dialyzer()) {
        (true, true) => Ok(()),
        (true, false) => Err(missing("the installed dialyzer does not run")),
        (false, _) => Err(missing("the installed elixir does not run")),
    }
}

fn has_dialyzer() -> bool {
    output("dialyzer", &["--version"]).is_some()
}

/// Elixir with the parts of Erlang that compiling, testing with coverage and releasing need.
fn has_elixir() -> bool {
    let parts = "for app <- [:crypto, :tools, :parsetools, :compiler], do: true = is_list(:code.lib_dir(app))";
    output("mix", &["--version"]).is_some() && output("elixir", &["-e", parts]).is_some()
}

fn missing(why: &str) -> String {
    format!(
        "the tests need Elixir 1.14 or newer with its `mix`, and Erlang's dialyzer, and {why}\n\
         next: install the packages {} (Debian's names), then run `cargo xtask test` again",
        PACKAGES.join(", ")
    )
}
