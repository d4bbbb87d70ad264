//! The chores of this repository: `cargo xtask test` is the one way in for tests, here and in CI.

mod checks;
mod packages;
mod shell;
mod tools;

use std::process::ExitCode;

const USAGE: &str = "cargo xtask COMMAND

  test    install what the tests need, then run every check and every test
  check   formatting, lints, documentation, dependencies, packages; no test
  package make the packages as `cargo publish` would, and look into them
  bench   measure what the engine costs";

#[expect(clippy::print_stderr, reason = "a chore talks to its terminal")]
fn main() -> ExitCode {
    let command = std::env::args().nth(1);
    let done = match command.as_deref() {
        Some("test") => {
            tools::install().and_then(|()| checks::lint()).and_then(|()| checks::test())
        }
        Some("check") => checks::lint(),
        Some("package") => packages::check(),
        Some("bench") => checks::bench(),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
