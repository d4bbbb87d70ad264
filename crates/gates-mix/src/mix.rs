//! One call of `mix` as a value, and what it answered.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

use pipeline_process::{Streams, Tail};

use crate::error::{Error, Trouble};

/// A task of Mix with its arguments and its environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MixTask {
    args: Vec<String>,
    env: BTreeMap<String, OsString>,
    streams: Streams,
    builds: bool,
}

impl MixTask {
    pub(crate) fn new<const N: usize>(args: [&str; N]) -> Self {
        let args = args.map(ToOwned::to_owned).into();
        Self { args, env: BTreeMap::new(), streams: Streams::Joined, builds: true }
    }

    pub(crate) fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// With standard output apart from standard error, for a tool whose output is read by a machine.
    pub(crate) fn apart(self) -> Self {
        Self { streams: Streams::Apart, ..self }
    }

    /// A task that writes nothing into a build folder, and so waits for none.
    pub(crate) fn builds_nothing(self) -> Self {
        Self { builds: false, ..self }
    }

    /// What it sets unless the project says otherwise.
    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.env.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn args(&self) -> &[String] {
        &self.args
    }

    pub(crate) fn environment(&self) -> &BTreeMap<String, OsString> {
        &self.env
    }

    pub(crate) fn builds(&self) -> bool {
        self.builds
    }

    pub(crate) fn streams(&self) -> Streams {
        self.streams
    }
}

impl MixTask {
    /// All of it: the variables that it sets, and every argument.
    pub(crate) fn whole(&self) -> String {
        let set = self.env.iter().map(|(name, value)| format!("{name}={} ", value.display()));
        format!("{}mix {}", set.collect::<String>(), self.args.join(" "))
    }
}

/// What people would type, without what only the gate needs.
impl fmt::Display for MixTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let formatter = self.args.iter().position(|it| it == "--formatter");
        let typed = &self.args[..formatter.unwrap_or(self.args.len())];
        write!(f, "mix {}", typed.join(" "))
    }
}

/// A task that ended by itself: its exit code, and what it said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) task: String,
    pub(crate) code: i32,
    /// All it said in the order it said it; of a task whose streams are apart, its standard output.
    pub(crate) text: String,
    /// Standard error, of a task whose streams are apart.
    pub(crate) stderr: String,
}

impl Answer {
    pub(crate) fn trouble(&self, trouble: Trouble) -> Error {
        Error::Trouble { task: self.task.clone(), trouble, tail: self.tail() }
    }

    pub(crate) fn unreadable(&self, what: impl Into<String>) -> Error {
        let (task, code) = (self.task.clone(), self.code);
        Error::Unreadable { task, code, what: what.into(), tail: self.tail() }
    }

    /// Its last lines, those of standard error last: there tools say what went wrong.
    fn tail(&self) -> Tail {
        Tail::of(&format!("{}\n{}", self.text, self.stderr))
    }
}

/// The versions in the answer to `mix --version`.
pub(crate) fn read_versions(text: &str) -> Option<BTreeMap<String, String>> {
    let version = |prefix: &str| {
        let rest = text.lines().find_map(|line| line.strip_prefix(prefix))?;
        Some(rest.split_whitespace().next()?.to_owned())
    };
    let elixir = version("Mix ")?;
    let erlang = version("Erlang/OTP ")?;
    Some([("elixir".to_owned(), elixir), ("erlang".to_owned(), erlang)].into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_are_those_that_run_not_those_it_was_compiled_with() {
        let text =
            "Erlang/OTP 25 [erts-13.1.5] [64-bit]\n\nMix 1.14.0 (compiled with Erlang/OTP 24)\n";
        let versions = read_versions(text).unwrap();
        assert_eq!(versions["elixir"], "1.14.0");
        assert_eq!(versions["erlang"], "25");
        assert_eq!(read_versions("command not found"), None);
    }
}
