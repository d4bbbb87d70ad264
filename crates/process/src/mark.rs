//! Finds what a command started and left behind, wherever it went.
//!
//! A group is not enough: the BEAM starts each of its ports in a session of its own, and so does `erl_child_setup`; nobody
//! tells them when the BEAM is killed, and a program that does not read its standard input stays for ever. So a command
//! carries a mark in its environment, which all that it starts inherits, and `/proc` shows who bears it. The mark
//! names the process that ran the command, by its number and the moment it started, so that what a killed one could
//! not clear away is found by the next one. Where there is no `/proc` nothing is found.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The environment variable that holds the mark.
pub(crate) const VARIABLE: &str = "PIPELINE_COMMAND";
/// While it is looked for, what is found may start more; it is looked for again at most so many times.
const PASSES: usize = 10;
/// How long processes in the middle of `exec` are waited for, all together, and the pause before each look: that takes the kernel
/// a moment.
const IN_EXEC: Duration = Duration::from_millis(400);
const PAUSE: Duration = Duration::from_millis(2);
/// A service of the whole machine, which the first node that needs it starts.
const SPARED: &str = "epmd";

/// The mark of one command: the mark of this process, and a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark(String);

impl Mark {
    /// A mark that no other command has; `None` where processes cannot be told apart.
    pub(crate) fn new() -> Option<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let owner = Owner::this()?;
        Some(Self(format!("{}:{}", owner.text(), NUMBER.fetch_add(1, Ordering::Relaxed))))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Kills all that bears it.
    pub(crate) fn sweep(&self) {
        sweep(|mark| mark == self.0);
    }
}

/// Kills what commands left behind whose own process was killed and could not do so. The first command that is run does
/// that, too; this is for a process that may run none.
pub fn sweep_after_the_dead() {
    let Some(this) = Owner::this() else { return };
    sweep(|mark| {
        let owner = mark.rsplit_once(':').and_then(|(owner, _)| Owner::read(owner));
        // In another namespace the same number is another process.
        owner.is_some_and(|it| it.namespace == this.namespace && !it.lives())
    });
}

/// A process that runs commands: its number may be used again, with another start.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Owner {
    /// The inode of its namespace of process numbers.
    namespace: u64,
    pid: u32,
    /// In ticks since the machine started.
    start: u64,
}

impl Owner {
    /// This process, once and for all.
    fn this() -> Option<&'static Self> {
        static THIS: OnceLock<Option<Owner>> = OnceLock::new();
        let look = || {
            let pid = std::process::id();
            Some(Owner { namespace: crate::machine::namespace()?, pid, start: start(pid)? })
        };
        THIS.get_or_init(look).as_ref()
    }

    fn text(&self) -> String {
        format!("{}:{}:{}", self.namespace, self.pid, self.start)
    }

    fn read(text: &str) -> Option<Self> {
        let mut numbers = text.split(':').map(|it| it.parse::<u64>().ok());
        let (namespace, pid) = (numbers.next()??, u32::try_from(numbers.next()??).ok()?);
        let start = numbers.next()??;
        numbers.next().is_none().then_some(Self { namespace, pid, start })
    }

    fn lives(&self) -> bool {
        start(self.pid) == Some(self.start)
    }
}

/// When the process with this number started; `None` when there is none, or only what its parent has not yet fetched.
fn start(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = fields(&stat)?;
    let dead = matches!(fields.next()?, "Z" | "X");
    fields.nth(18)?.parse().ok().filter(|_| !dead)
}

/// What `/proc/PID/stat` says, from the state on, which is the third field.
fn fields(stat: &str) -> Option<impl Iterator<Item = &str>> {
    // The name before it may hold anything, spaces and parentheses too.
    Some(stat.rsplit_once(") ")?.1.trim_end().split(' '))
}

fn sweep(meant: impl Fn(&str) -> bool) {
    let until = Instant::now() + IN_EXEC;
    for _ in 0..PASSES {
        let found = bearers(&meant, until);
        if found.is_empty() {
            return;
        }
        for pid in found {
            // An error here says that it has just ended.
            let _ = kill(pid, Signal::SIGKILL);
        }
    }
}

/// The processes that bear a mark which is meant. Those of other users do not show theirs.
fn bearers(meant: impl Fn(&str) -> bool, until: Instant) -> Vec<Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let bearer = |entry: fs::DirEntry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let mark = mark_of(&entry.path(), until)?;
        (meant(&mark) && !is_spared(&entry.path())).then_some(Pid::from_raw(pid))
    };
    let this = Pid::this();
    entries.filter_map(bearer).filter(|pid| *pid != this).collect()
}

fn mark_of(process: &Path, until: Instant) -> Option<String> {
    let environment = environment(process, until)?;
    let value = |it: &[u8]| {
        let value = it.strip_prefix(VARIABLE.as_bytes())?.strip_prefix(b"=")?;
        String::from_utf8(value.to_vec()).ok()
    };
    environment.split(|byte| *byte == 0).find_map(value)
}

/// The environment of a process. In the middle of `exec` the old one is gone and the new one not there yet: whoever started
/// it may know of it already, so it is waited for.
fn environment(process: &Path, until: Instant) -> Option<Vec<u8>> {
    loop {
        let environment = fs::read(process.join("environ")).ok()?;
        if !environment.is_empty() || !is_in_exec(process) || Instant::now() >= until {
            return Some(environment);
        }
        thread::sleep(PAUSE);
    }
}

/// Is the environment of this process, which was found empty, one that was not there yet? Threads of the kernel have no
/// program, and an environment that is really empty has a place, where it begins and ends.
fn is_in_exec(process: &Path) -> bool {
    if fs::read_link(process.join("exe")).is_err() {
        return false;
    }
    let Ok(stat) = fs::read_to_string(process.join("stat")) else { return false };
    let Some(mut ends) = fields(&stat).map(|it| it.skip(47)) else { return false };
    match (ends.next(), ends.next()) {
        (Some(start), Some(end)) => start != end || end == "0",
        _ => false,
    }
}

fn is_spared(process: &Path) -> bool {
    fs::read_to_string(process.join("comm")).is_ok_and(|name| name.trim_end() == SPARED)
}

#[cfg(test)]
#[path = "mark_tests.rs"]
mod tests;
