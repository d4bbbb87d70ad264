//! Builders: they make the image of a release and push it where the app's machines pull it from.
//!
//! [`FlyctlBuild`] has flyctl do it, [`DockerBuild`] has `docker buildx` do it. A command line is a value
//! (`command.rs`), what the tool said is read by pure functions (`read.rs`, `trouble.rs`), and only
//! `process.rs` starts anything.

mod clean;
mod command;
mod config;
mod docker;
mod error;
mod flyctl;
mod known;
mod output;
mod process;
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

use self::clean::Redactor;
pub(crate) use self::clean::{clean, cut};
use self::command::Command;
use self::error::Tail;
use self::output::Output;
use self::process::Exit;

/// Runs a tool to its good end and gives what it said; everything else is an error that says whose fault it is.
async fn carry_out(
    command: &Command,
    config: &BuildConfig,
    cx: &Context,
) -> Result<String, BuildError> {
    let redactor = Redactor::of_token(&config.token);
    let output = Output::new(&redactor, &config.log, cx)?;
    let ended = process::run(command, output, cx).await?;
    let (program, tail) = (ended.program, Tail::of(&ended.text));
    match ended.exit {
        Exit::Code(0) => Ok(ended.text),
        Exit::Code(code) => {
            let trouble = trouble::read(&ended.text, code);
            Err(BuildError::Failed { program, trouble, log: config.log.clone(), tail })
        }
        Exit::Signal(signal) => Err(BuildError::Killed { program, signal, tail }),
        Exit::Stopped => Err(BuildError::Stopped),
    }
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
