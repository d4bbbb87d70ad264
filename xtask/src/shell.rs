//! Runs one command after the other, and says which.

use std::process::{Command, Stdio};

/// Runs a command to its end; its output goes where ours goes.
#[expect(clippy::print_stderr, reason = "a chore talks to its terminal")]
pub(crate) fn run(program: &str, args: &[&str]) -> Result<(), String> {
    let line = format!("{program} {}", args.join(" "));
    eprintln!("\n$ {line}");
    let mut command = Command::new(program);
    // Else half of the build folder would be what makes the next build quicker, and CI builds once.
    command.env("CARGO_INCREMENTAL", "0");
    match command.args(args).stdin(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("\n`{line}` ended with {status}{}", full(free_mib()))),
        Err(error) => Err(format!("\n`{line}` could not be started: {error}")),
    }
}

/// What a command prints, if it can be run and ends well.
pub(crate) fn output(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Below this a build is likely to have failed for want of room, whatever the linker or the compiler said of it.
const LITTLE_MIB: u64 = 1024;

/// What to say of a disk that is about full.
fn full(free: Option<u64>) -> String {
    let little = free.filter(|it| *it < LITTLE_MIB);
    let said = little.map(|it| {
        format!(
            "; {it} MiB are free on this disk, and the whole build folder takes about 5 GB\n\
             next: make room and run it again"
        )
    });
    said.unwrap_or_default()
}

/// The room that is left on the disk of this folder.
fn free_mib() -> Option<u64> {
    let said = output("df", &["--output=avail", "--block-size=1M", "."])?;
    said.lines().last()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_named_and_one_with_room_is_not() {
        assert!(full(Some(3)).starts_with("; 3 MiB are free"));
        assert_eq!(full(Some(LITTLE_MIB)), "");
        assert_eq!(full(None), "");
    }
}
