//! Why a gate has no answer.

use std::io;
use std::path::PathBuf;

use pipeline_core::Fault;
use pipeline_process::Tail;

use crate::dependency::Dependency;

/// Why a gate of an Elixir project has no answer. None of these goes away by itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The program could not be run.
    #[error(transparent)]
    Process(#[from] pipeline_process::Error),
    /// Erlang is there without its Dialyzer.
    #[error("Erlang's `{}` was not found", program.display())]
    NoDialyzer {
        /// What was looked for.
        program: PathBuf,
    },
    /// A PLT could not be kept.
    #[error("the PLT {} could not be written or removed", path.display())]
    Plt {
        /// Which file or folder.
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
    /// The lock of a build folder could not be made or asked for.
    #[error("the lock {} could not be taken", path.display())]
    Lock {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A build that was killed could not be taken away.
    #[error("{} is half built", path.display())]
    HalfBuilt {
        /// Which folder.
        path: PathBuf,
        /// Why it could not be removed.
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
    #[error("{}", without_tool(.0))]
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
    /// The tool itself could not go on, and what helps is known.
    #[error("{message}")]
    Tool {
        /// What it could not do.
        message: String,
        /// What to do about it: an imperative sentence.
        hint: String,
    },
    /// What Dialyzer knows of other code cannot be read: its file is cut, or of another version.
    #[error("the PLT {0} cannot be read")]
    Plt(String),
    /// The compiler was told not to keep the code in the modules, so that Dialyzer has nothing to look at.
    #[error("no debug_info in {0}")]
    NoDebugInfo(String),
    /// Anything else, in Mix's words.
    #[error("{0}")]
    Other(String),
}

impl Error {
    /// What to do next: an imperative sentence.
    fn hint(&self) -> String {
        match self {
            Self::Process(pipeline_process::Error::NotFound { .. }) => {
                "install Elixir (elixir-lang.org/install), or say where `mix` is".into()
            }
            Self::Process(other) => other.next_step().into(),
            Self::NoDialyzer { .. } => {
                "install Erlang's dialyzer (Debian: erlang-dialyzer); dialyxir needs it as well"
                    .into()
            }
            Self::Plt { .. } => "make the folder of the PLTs writable, or name another one".into(),
            Self::Scratch { .. } => "make room in the folder for temporary files".into(),
            Self::Lock { .. } => {
                "see that the folder can be written and is on a disk of this machine, or name another one for locks"
                    .into()
            }
            Self::HalfBuilt { path, .. } => format!("remove {}", path.display()),
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
            Self::NoTask(task) => match Dependency::with(task) {
                Some(dependency) => dependency.hint(),
                None => "add the tool to the dependencies in mix.exs".into(),
            },
            Self::ElixirVersion(_) => "install the version that mix.exs asks for".into(),
            Self::Configuration { place, .. } | Self::DoesNotCompile { place, .. } => {
                format!("mend {place}")
            }
            Self::NothingToFormat => "add a .formatter.exs with `inputs`".into(),
            Self::Plt(file) => format!("remove {file} and run it again: it is built anew"),
            Self::NoDebugInfo(_) => {
                "take `debug_info: false` out of `elixirc_options` and `@compile`, and compile anew"
                    .into()
            }
            Self::DoesNotStart(_) => {
                "start what the application needs, such as its database, or mend its start".into()
            }
            Self::Tool { hint, .. } => hint.clone(),
            Self::Other(_) => format!("run `{task}` by hand and look at it"),
        }
    }
}

fn without_tool(task: &str) -> String {
    let missing = Dependency::with(task)
        .map(|it| format!("{} is not among the dependencies: ", it.tool))
        .unwrap_or_default();
    format!("{missing}the task {task} does not exist here")
}

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
