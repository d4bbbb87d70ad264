//! Machines that outlived their simulator. The kernel kills the processes of one that is killed, but
//! a process that was started a few milliseconds before may not have asked for that yet. Whatever is
//! left of simulators that are gone is killed when the next one starts its first process, and again
//! some time later: a process that is just becoming the program of a machine has no name yet.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::Path,
    process,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Pid, Uid},
};

use super::SIMULATOR;

/// How this process calls itself in the environment of its machines: process id and start time,
/// since another process may get the id later.
pub(super) fn own_name() -> String {
    let id = process::id();
    format!("{id}:{}", started(id).unwrap_or_default())
}

/// After how long it is swept, from the first process on. On a host with much else to do, one that
/// has begun may take its time to become what it is to be.
const SWEEPS: [Duration; 3] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(10)];

/// The sweeps that a simulator has before it.
#[derive(Debug)]
pub(super) struct Broom {
    began: Instant,
    done: usize,
}

impl Broom {
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), done: 0 }
    }

    /// Sweeps if it is time to; returns after how long it will be again, if ever.
    pub(super) fn sweep_if_due(&mut self) -> Option<Duration> {
        let before = self.began.elapsed();
        let due = SWEEPS.iter().filter(|after| **after <= before).count();
        if due > self.done {
            sweep();
            self.done = due;
        }
        SWEEPS.get(self.done).map(|next| next.saturating_sub(self.began.elapsed()))
    }
}

/// Kills the machines of simulators that are gone.
fn sweep() {
    let Ok(entries) = fs::read_dir("/proc") else { return }; // not Linux: nobody to ask
    for entry in entries.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        if owner(&entry.path()).is_some_and(|owner| is_gone(&owner)) {
            tracing::info!(pid, "killed: its simulator is gone");
            let _ = kill(Pid::from_raw(pid), Signal::SIGKILL); // already gone is as good
        }
    }
}

/// The simulator that a process belongs to, if it is of this user and counts processes as this one
/// does: in a container, the same id is somebody else's.
fn owner(process: &Path) -> Option<String> {
    let own = fs::metadata(process).is_ok_and(|it| it.uid() == Uid::effective().as_raw());
    let space = |of: &Path| fs::read_link(of.join("ns/pid")).ok();
    let here = own && space(process).is_some_and(|it| Some(it) == space(Path::new("/proc/self")));
    let environment = fs::read(process.join("environ")).ok().filter(|_| here)?;
    let prefix = format!("{SIMULATOR}=");
    let mut variables = environment.split(|byte| *byte == 0);
    let value = variables.find_map(|it| it.strip_prefix(prefix.as_bytes()))?;
    String::from_utf8(value.to_vec()).ok()
}

fn is_gone(owner: &str) -> bool {
    let Some((id, start)) = owner.split_once(':') else { return false };
    id.parse().is_ok_and(|id| started(id).is_none_or(|now| now != start))
}

/// When a process was started, in ticks since the boot of the host (proc(5), `stat`, field 22).
fn started(id: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    // The second field is the name in parentheses, which may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(19).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulator_that_lives_is_told_from_one_that_is_gone() {
        assert!(!is_gone(&own_name()));
        let reused = format!("{}:1", process::id());
        assert!(is_gone(&reused), "another process has the id now");
        assert!(is_gone(&format!("{}:1", i32::MAX)));
        assert!(!is_gone("no name"), "what cannot be read is left alone");
    }
}
