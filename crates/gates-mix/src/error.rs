//! Why a gate has no answer.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use pipeline_core::Fault;

/// How many lines of output a fault carries.
const TAIL_LINES: usize = 40;

/// Why a gate of an Elixir project has no answer. None of these goes away by itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The program is not there.
    #[error("`{}` was not found", program.display())]
    NotFound {
        /// What was looked for.
        program: PathBuf,
    },
    /// The project's folder is not there.
    #[error("the project's folder {} does not exist", dir.display())]
    NoFolder {
        /// Where it should be.
        dir: PathBuf,
    },
    /// The program is there and could not be started.
    #[error("`{}` could not be started", program.display())]
    Start {
        /// What was started.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The operating system did not say how the program ended.
    #[error("`{}` could not be waited for", program.display())]
    Wait {
        /// What was started.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The log of the output could not be written.
    #[error("the log {} could not be written", path.display())]
    Log {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The files that the gate needs for its own use could not be written or read.
    #[error("a temporary file of the gate could not be used")]
    Scratch {
        /// Why.
        #[from]
        source: io::Error,
    },
    /// We stopped it, because the run was asked to stop or the gate ran into its limit.
    #[error("`{task}` was stopped")]
    Stopped {
        /// What ran.
        task: String,
    },
    /// Somebody else killed it.
    #[error("`{task}` was killed by signal {signal}")]
    Killed {
        /// What ran.
        task: String,
        /// The signal's number.
        signal: i32,
        /// What it said last.
        #[source]
        tail: Tail,
    },
    /// It ran, and could not do what it was asked to.
    #[error("`{task}` could not do its work: {trouble}")]
    Trouble {
        /// What ran.
        task: String,
        /// Why not.
        trouble: Trouble,
        /// What it said last.
        #[source]
        tail: Tail,
    },
    /// It ended in a way that says nothing: an exit code without words that explain it.
    #[error("`{task}` ended with exit code {code}, and {what}")]
    Unreadable {
        /// What ran.
        task: String,
        /// Its exit code.
        code: i32,
        /// What is missing.
        what: String,
        /// What it said last.
        #[source]
        tail: Tail,
    },
}

/// What keeps Mix from its work, as its own words say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Trouble {
    /// The folder has no `mix.exs`.
    #[error("there is no mix.exs")]
    NotAProject,
    /// `mix.exs` or a configuration file could not be evaluated.
    #[error("{place}: {message}")]
    Configuration {
        /// `file:line:column`, as far as known.
        place: String,
        /// What is wrong with it.
        message: String,
    },
    /// Dependencies are not there, or not the locked ones.
    #[error("dependencies are missing or out of date: {0}")]
    Dependencies(String),
    /// A dependency does not compile.
    #[error("the dependency {0} does not compile")]
    DependencyBroken(String),
    /// Hex or rebar3 is not installed.
    #[error("{0} is not installed")]
    NoInstaller(String),
    /// The task belongs to a tool that is not among the dependencies.
    #[error("the task {0} does not exist here")]
    NoTask(String),
    /// The project asks for another version of Elixir.
    #[error("{0}")]
    ElixirVersion(String),
    /// A file could not be parsed or compiled, so that nobody can tell more about it.
    #[error("{place} does not compile: {message}")]
    DoesNotCompile {
        /// `file:line:column`, as far as known.
        place: String,
        /// What is wrong with it.
        message: String,
    },
    /// The formatter has nothing to look at.
    #[error("no .formatter.exs says which files to format")]
    NothingToFormat,
    /// The application did not start.
    #[error("{0}")]
    DoesNotStart(String),
    /// Anything else, in Mix's words.
    #[error("{0}")]
    Other(String),
}

/// The last lines of an output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail(String);

impl Error {
    /// A command did not start: the folder, the program, or something else.
    pub(crate) fn spawn(program: &Path, dir: &Path, source: io::Error) -> Self {
        match source.kind() {
            _ if !dir.is_dir() => Self::NoFolder { dir: dir.to_owned() },
            io::ErrorKind::NotFound => Self::NotFound { program: program.to_owned() },
            _ => Self::Start { program: program.to_owned(), source },
        }
    }

    /// What to do next: an imperative sentence.
    fn hint(&self) -> String {
        match self {
            Self::NotFound { .. } => {
                "install Elixir (elixir-lang.org/install), or say where `mix` is".into()
            }
            Self::NoFolder { .. } => "say in which folder the Elixir project is".into(),
            Self::Start { .. } | Self::Wait { .. } => {
                "check that it is a program that this user may run".into()
            }
            Self::Log { .. } => "make the folder writable, or name another one for logs".into(),
            Self::Scratch { .. } => "make room in the folder for temporary files".into(),
            Self::Stopped { .. } => "run it again".into(),
            Self::Killed { .. } => {
                "look for whoever killed it; signal 9 often means that memory ran out".into()
            }
            Self::Trouble { task, trouble, .. } => trouble.hint(task),
            Self::Unreadable { task, .. } => format!("run `{task}` by hand and look at it"),
        }
    }
}

impl Trouble {
    fn hint(&self, task: &str) -> String {
        match self {
            Self::NotAProject => "run it in the folder that holds mix.exs".into(),
            Self::Dependencies(_) => "run `mix deps.get`".into(),
            Self::DependencyBroken(app) => format!("run `mix deps.compile {app}` and look at it"),
            Self::NoInstaller(name) if name == "Hex" => "run `mix local.hex --force`".into(),
            Self::NoInstaller(_) => "run `mix local.rebar --force`".into(),
            Self::NoTask(_) => "add the tool to the dependencies in mix.exs".into(),
            Self::ElixirVersion(_) => "install the version that mix.exs asks for".into(),
            Self::Configuration { place, .. } | Self::DoesNotCompile { place, .. } => {
                format!("mend {place}")
            }
            Self::NothingToFormat => "add a .formatter.exs with `inputs`".into(),
            Self::DoesNotStart(_) => {
                "start what the application needs, such as its database, or mend its start".into()
            }
            Self::Other(_) => format!("run `{task}` by hand and look at it"),
        }
    }
}

impl Tail {
    /// The last lines of this text.
    pub(crate) fn of(text: &str) -> Self {
        let lines: Vec<_> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = &lines[lines.len().saturating_sub(TAIL_LINES)..];
        Self(if last.is_empty() { "it said nothing".into() } else { last.join("\n") })
    }
}

impl fmt::Display for Tail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Tail {}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        if let Error::Stopped { .. } = error {
            return Self::cancelled();
        }
        let hint = error.hint();
        Self::permanent(error).hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use pipeline_core::FaultKind;

    use super::*;

    #[test]
    fn a_fault_carries_the_last_lines_and_says_what_to_do() {
        let text: String = (0..100).flat_map(|it| [it.to_string(), "\n\n".into()]).collect();
        let trouble = Trouble::Dependencies("plug".into());
        let task = "mix test --cover".to_owned();
        let fault = Fault::from(Error::Trouble { task, trouble, tail: Tail::of(&text) });
        assert_eq!(fault.kind(), FaultKind::Permanent);
        assert_eq!(fault.next_step(), Some("run `mix deps.get`"));
        assert!(fault.causes()[0].starts_with("60\n61\n") && fault.causes()[0].ends_with("\n99"));
    }

    #[test]
    fn what_we_stopped_is_cancelled_and_what_others_killed_is_not() {
        let task = || "mix test".to_owned();
        assert_eq!(Fault::from(Error::Stopped { task: task() }).kind(), FaultKind::Cancelled);
        let killed = Error::Killed { task: task(), signal: 9, tail: Tail::of("") };
        assert_eq!(Fault::from(killed).kind(), FaultKind::Permanent);
    }
}
