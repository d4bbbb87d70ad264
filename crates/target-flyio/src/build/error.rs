//! Why there is no image, and whether trying again helps.

use std::io;
use std::path::{Path, PathBuf};

use pipeline_core::Fault;
use pipeline_process::Tail;
use thiserror::Error;

use super::trouble::Trouble;

/// Why a build made no image.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The tool is not there.
    #[error("{}, so nothing was built", missing(programs))]
    NotFound {
        /// What was looked for.
        programs: Vec<PathBuf>,
        /// How to get it.
        install: &'static str,
    },
    /// The Dockerfile is not there.
    #[error("there is no Dockerfile at {}", path.display())]
    NoDockerfile {
        /// Where it should be.
        path: PathBuf,
    },
    /// The tool could not be run, or what it said could not be kept.
    #[error(transparent)]
    Process(#[from] pipeline_process::Error),
    /// Docker's settings for this build could not be made.
    #[error("the settings for docker could not be made from {}", path.display())]
    Settings {
        /// The user's own settings, or the folder for the build's.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The tool made no image.
    #[error("{}", headline(program, trouble))]
    Failed {
        /// The tool.
        program: PathBuf,
        /// Why.
        trouble: Trouble,
        /// Where all of its output is.
        log: PathBuf,
        /// Its last lines.
        #[source]
        tail: Tail,
    },
    /// Somebody killed the tool.
    #[error("`{}` was killed by signal {signal}, not by pipeline", program.display())]
    Killed {
        /// The tool.
        program: PathBuf,
        /// The signal.
        signal: i32,
        /// Its last lines.
        #[source]
        tail: Tail,
    },
    /// The tool says that all is well and names another image, or none.
    #[error("the build ended well and did not name the image {wanted}")]
    Unnamed {
        /// What should have been made.
        wanted: String,
        /// Its last lines.
        #[source]
        tail: Tail,
    },
    /// The run was asked to stop.
    #[error("stopped on request")]
    Stopped,
}

impl BuildError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Failed { trouble, .. } => {
                matches!(trouble, Trouble::Push(_) | Trouble::Unreachable(_))
            }
            _ => false,
        }
    }

    fn next_step(&self) -> String {
        match self {
            Self::NotFound { install, .. } => (*install).to_owned(),
            Self::NoDockerfile { .. } => {
                "write one, or name another in [build] dockerfile of pipeline.toml".into()
            }
            Self::Process(error) => error.next_step().into(),
            Self::Settings { path, .. } => format!("mend {}", path.display()),
            Self::Failed { trouble, log, .. } => remedy(trouble, log),
            Self::Killed { .. } => {
                "see who ended it, or whether the machine has enough memory".into()
            }
            Self::Unnamed { .. } => {
                "see what fly.toml's [build] makes flyctl do; pipeline needs an image of this run's own"
                    .into()
            }
            Self::Stopped => String::new(),
        }
    }
}

fn missing(programs: &[PathBuf]) -> String {
    let names: Vec<_> = programs.iter().map(|it| format!("`{}`", it.display())).collect();
    match &names[..] {
        [one] => format!("{one} was not found"),
        all => format!("neither {} was found", all.join(" nor ")),
    }
}

/// What happened; first of all, whose fault it is.
fn headline(program: &Path, trouble: &Trouble) -> String {
    let program = program.file_name().map_or("the builder".into(), |it| it.to_string_lossy());
    match trouble {
        Trouble::Step { step: Some(step), why } => {
            format!("the project does not build: {step}: {why}")
        }
        Trouble::Step { step: None, why } => format!("the project does not build: {why}"),
        Trouble::Base(why) => {
            format!("the project does not build: an image it builds on cannot be had: {why}")
        }
        Trouble::NoDockerfile(why) => format!("the project cannot be built: {why}"),
        Trouble::NotLoggedIn(why) => format!("{program} is not logged in to Fly.io: {why}"),
        Trouble::Denied(why) => format!("the token may not push the image: {why}"),
        Trouble::NoApp(why) => format!("{program} does not find the app: {why}"),
        Trouble::Push(why) => format!("the image was built and could not be pushed: {why}"),
        Trouble::NoSpace(why) => format!("the builder's disk is full: {why}"),
        Trouble::NoEngine(why) => format!("there is no Docker engine to build with: {why}"),
        Trouble::NoBuildx(why) => format!("{program} cannot build with buildx: {why}"),
        Trouble::Unreachable(why) => format!("the builder could not be reached: {why}"),
        Trouble::Other(why) => format!("{program} could not build: {why}"),
    }
}

fn remedy(trouble: &Trouble, log: &Path) -> String {
    let log = log.display();
    match trouble {
        Trouble::Step { why, .. } if why.contains("exit code: 137") => {
            format!("the step was killed, most likely for want of memory; {log} has all of it")
        }
        Trouble::Step { .. } => format!("mend that step; {log} has all of it"),
        Trouble::Base(_) => "check the name after FROM, and that it may be pulled".into(),
        Trouble::NoDockerfile(_) => {
            "write a Dockerfile, or name it in [build] dockerfile of pipeline.toml".into()
        }
        Trouble::NotLoggedIn(_) | Trouble::Denied(_) => {
            "set FLY_API_TOKEN to a token of this app: `fly tokens create deploy` makes one".into()
        }
        Trouble::NoApp(_) => {
            "check `app` in pipeline.toml, and that the token is of its organization".into()
        }
        Trouble::Push(_) | Trouble::Unreachable(_) => {
            format!("try again a little later; {log} has all of it")
        }
        Trouble::NoSpace(_) => {
            "make room: `docker system prune` here, or `fly deploy --recreate-builder` at Fly.io"
                .into()
        }
        Trouble::NoEngine(_) => {
            "start Docker, or build at Fly.io: [build] with = \"flyctl\", remote = true".into()
        }
        Trouble::NoBuildx(_) => "install buildx: https://docs.docker.com/go/buildx/".into(),
        Trouble::Other(_) => format!("read {log}"),
    }
}

impl From<BuildError> for Fault {
    fn from(error: BuildError) -> Self {
        if matches!(error, BuildError::Stopped) {
            return Self::cancelled();
        }
        let (transient, next) = (error.is_transient(), error.next_step());
        let fault = if transient { Self::transient(error) } else { Self::permanent(error) };
        fault.hint(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_push_and_a_builder_out_of_reach_are_worth_another_try() {
        let why = || "why".to_owned();
        for (trouble, transient) in [
            (Trouble::Step { step: None, why: why() }, false),
            (Trouble::Base(why()), false),
            (Trouble::NoDockerfile(why()), false),
            (Trouble::NotLoggedIn(why()), false),
            (Trouble::Denied(why()), false),
            (Trouble::NoApp(why()), false),
            (Trouble::Push(why()), true),
            (Trouble::NoSpace(why()), false),
            (Trouble::NoEngine(why()), false),
            (Trouble::NoBuildx(why()), false),
            (Trouble::Unreachable(why()), true),
            (Trouble::Other(why()), false),
        ] {
            let program = "/opt/flyctl".into();
            let (log, tail) = ("build.log".into(), Tail::of("a\n\nb\n"));
            let shown = format!("{trouble:?}");
            let fault = Fault::from(BuildError::Failed { program, trouble, log, tail });
            assert_eq!(fault.is_transient(), transient, "{shown}");
            assert!(fault.message().ends_with("why") && fault.next_step().is_some(), "{fault:?}");
            assert_eq!(fault.causes(), ["a\nb"]);
        }
    }

    #[test]
    fn a_tool_that_is_missing_is_named_with_how_to_get_it() {
        let programs = vec!["flyctl".into(), "fly".into()];
        let fault = Fault::from(BuildError::NotFound { programs, install: "install it" });
        assert_eq!(fault.message(), "neither `flyctl` nor `fly` was found, so nothing was built");
        assert_eq!(fault.next_step(), Some("install it"));
    }
}
