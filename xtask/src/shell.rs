//! Runs one command after the other, and says which.

use std::process::{Command, Stdio};

/// Runs a command to its end; its output goes where ours goes.
#[expect(clippy::print_stderr, reason = "a chore talks to its terminal")]
pub(crate) fn run(program: &str, args: &[&str]) -> Result<(), String> {
    let line = format!("{program} {}", args.join(" "));
    eprintln!("\n$ {line}");
    let status = Command::new(program).args(args).stdin(Stdio::null()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("\n`{line}` ended with {status}")),
        Err(error) => Err(format!("\n`{line}` could not be started: {error}")),
    }
}

/// What a command prints, if it can be run and ends well.
pub(crate) fn output(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
