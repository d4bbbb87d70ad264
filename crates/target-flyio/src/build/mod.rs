//! Builders: they make the image of a release and push it where the app's machines pull it from.
//!
//! [`FlyctlBuild`] has flyctl do it, [`DockerBuild`] has `docker buildx` do it. A command line is a value
//! (`command.rs`), what the tool said is read by pure functions (`read.rs`, `trouble.rs`), and only
//! `pipeline-process` starts anything.

mod command;
mod config;
mod docker;
mod error;
mod flyctl;
mod key;
mod known;
mod read;
mod settings;
mod trouble;

pub use config::BuildConfig;
pub use docker::DockerBuild;
pub use error::BuildError;
pub use flyctl::FlyctlBuild;
pub use known::KnownImage;
pub use trouble::Trouble;

use std::path::PathBuf;

use pipeline_core::{Artifact, Context};
use pipeline_process::{Ended, Error, Exit, Output, Tail};

use self::command::Tool;

/// Runs a tool to its good end and gives what it said; everything else is an error that says whose fault it is.
async fn carry_out(tool: &Tool, config: &BuildConfig, cx: &Context) -> Result<String, BuildError> {
    let (program, ended) = start(tool, config, cx).await?;
    let tail = Tail::of(&ended.stdout);
    match ended.exit {
        Exit::Code(0) => Ok(ended.stdout),
        Exit::Code(code) => {
            let trouble = trouble::read(&ended.stdout, code);
            Err(BuildError::Failed { program, trouble, log: config.log.clone(), tail })
        }
        Exit::Signal(signal) => Err(BuildError::Killed { program, signal, tail }),
        Exit::Stopped => Err(BuildError::Stopped),
    }
}

/// Runs the tool under the first of its names that there is.
async fn start(
    tool: &Tool,
    config: &BuildConfig,
    cx: &Context,
) -> Result<(PathBuf, Ended), BuildError> {
    let redactor = key::redactor(&config.token);
    for command in tool.commands() {
        let output = Output::new(&redactor, Some(&config.log), cx)?;
        match pipeline_process::run(&command, output, cx).await {
            Err(Error::NotFound { .. }) => {}
            ended => return Ok((command.program, ended?)),
        }
    }
    Err(BuildError::NotFound { programs: tool.programs.clone(), install: tool.install })
}

/// The image by its digest, so that nobody can move it; else by its label, which no other run uses.
fn artifact(reference: &str, digest: Option<String>, cx: &Context) -> Artifact {
    let Some(digest) = digest else {
        cx.note(format_args!(
            "the builder told no digest: the image goes by its label, {reference}, which no other run uses"
        ));
        return Artifact::new(reference);
    };
    let named = format!("{reference}@{digest}");
    cx.note(format_args!("built {named}"));
    Artifact::new(named)
}

/// Is the Dockerfile there that was named, or, where the tool knows no other way, the one it would look for?
async fn dockerfile_is_there(path: PathBuf) -> Result<(), BuildError> {
    match tokio::fs::metadata(&path).await {
        Ok(found) if found.is_file() => Ok(()),
        _ => Err(BuildError::NoDockerfile { path }),
    }
}

#[cfg(test)]
mod tests {
    use pipeline_core::Phase;
    use pipeline_process::Command;
    use pipeline_testkit::a_run;

    use super::*;

    async fn run_first_of(programs: &[&str]) -> Result<(PathBuf, Ended), BuildError> {
        let dir = tempfile::tempdir().unwrap();
        let mut config = BuildConfig::new("shop", dir.path(), String::new());
        config.log = dir.path().join("build.log");
        let tool = Tool {
            programs: programs.iter().map(PathBuf::from).collect(),
            command: Command::new("", "."),
            install: "install it",
        };
        start(&tool, &config, &a_run("v1").context(Phase::Build, "build")).await
    }

    #[tokio::test]
    async fn the_second_name_is_tried_where_the_first_is_not_there() {
        let (program, ended) = run_first_of(&["no-such-flyctl", "true"]).await.unwrap();
        assert_eq!((program, ended.exit), ("true".into(), Exit::Code(0)));
        let error = run_first_of(&["no-such-flyctl", "no-such-fly"]).await.unwrap_err();
        assert!(error.to_string().starts_with("neither `no-such-flyctl` nor `no-such-fly`"));
    }
}
