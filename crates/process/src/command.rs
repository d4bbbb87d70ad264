//! A command as a value.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

/// What to run, where, and with what.
#[derive(Clone, Debug)]
pub struct Command {
    /// A path, absolute or relative to `dir`, or a name that the `PATH` finds.
    pub program: PathBuf,
    /// Its arguments, handed on as they are.
    pub args: Vec<OsString>,
    /// The folder it runs in.
    pub dir: PathBuf,
    /// Set, or with `None` taken out of, the environment that is handed on.
    pub env: BTreeMap<String, Option<OsString>>,
    /// Variables whose values must never be seen.
    pub secrets: BTreeMap<String, SecretString>,
    /// Are its streams read apart?
    pub streams: Streams,
    /// What becomes of programs that it started and that left its group?
    pub leftovers: Leftovers,
    /// How long it may take to end after SIGTERM, before SIGKILL.
    pub grace: Duration,
}

impl Command {
    /// A command without arguments, in the environment of this process, with its streams joined and 5 s of grace.
    pub fn new(program: impl Into<PathBuf>, dir: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            dir: dir.into(),
            env: BTreeMap::new(),
            secrets: BTreeMap::new(),
            streams: Streams::Joined,
            leftovers: Leftovers::Spared,
            grace: Duration::from_secs(5),
        }
    }

    pub(crate) fn describe(&self, to: &mut tokio::process::Command) {
        to.args(&self.args).current_dir(&self.dir);
        for (name, value) in &self.env {
            match value {
                Some(value) => to.env(name, value),
                None => to.env_remove(name),
            };
        }
        for (name, value) in &self.secrets {
            to.env(name, value.expose_secret());
        }
    }
}

/// What becomes of programs that a command started in other process groups, such as daemons and the ports of a BEAM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leftovers {
    /// They stay.
    #[default]
    Spared,
    /// They get SIGKILL when the command has ended, and those of processes that were killed before it starts. Spared are
    /// only `epmd`, which serves the whole machine, and what cleared its environment. On Linux only.
    Killed,
}

/// Whether standard error is read apart from standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Streams {
    /// One after the other in the order they were written, as in a terminal.
    #[default]
    Joined,
    /// Each for itself, for a tool whose standard output is read by a machine.
    Apart,
}
