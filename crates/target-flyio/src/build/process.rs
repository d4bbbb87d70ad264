//! Runs a tool in a process group of its own, and lets nothing of it outlive the run.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use futures::future::{Either, select};
use nix::sys::signal::Signal;
use pipeline_core::Context;
use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop, ProcessGroup};
use tokio::net::unix::pipe;
use tokio::time::timeout;

use super::command::Command;
use super::error::BuildError;
use super::output::Output;

/// How long to go on reading after the tool ended: what still holds the pipe has left our group.
const DRAIN: Duration = Duration::from_secs(2);

/// How a tool ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By a signal that was not ours.
    Signal(i32),
    /// Because we stopped it, whatever its exit code says.
    Stopped,
}

/// A tool that ended, and what it said last.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) program: PathBuf,
    pub(super) exit: Exit,
    pub(super) text: String,
}

/// Runs it to its end, or until `cx` is cancelled. When this future is dropped, the whole group is killed.
pub(super) async fn run(
    command: &Command,
    mut output: Output<'_>,
    cx: &Context,
) -> Result<Ended, BuildError> {
    let (mut group, pipe) = Group::spawn(command)?;
    let ended = {
        let read = pin!(output.read(pipe));
        match select(pin!(group.end(command.grace, cx)), read).await {
            Either::Left((exit, read)) => {
                // Its end is what counts; whoever still holds the pipe is not waited for.
                let _ = timeout(DRAIN, read).await;
                exit
            }
            Either::Right(((), end)) => end.await,
        }
    };
    let program = group.program.clone();
    let exit = ended.map_err(|source| BuildError::Wait { program: program.clone(), source })?;
    Ok(Ended { program, exit, text: output.finish()? })
}

/// A process group that dies with this value.
struct Group {
    program: PathBuf,
    child: Box<dyn ChildWrapper>,
}

impl Group {
    /// The first of the programs that is there.
    fn spawn(command: &Command) -> Result<(Self, pipe::Receiver), BuildError> {
        if !command.dir.is_dir() {
            return Err(BuildError::NoFolder { dir: command.dir.clone() });
        }
        for program in &command.programs {
            let failed = |source| BuildError::Start { program: program.clone(), source };
            let mut wrap = CommandWrap::with_new(program, |it| command.describe(it));
            wrap.wrap(ProcessGroup::leader()).wrap(KillOnDrop);
            let (reader, writer) = io::pipe().map_err(failed)?;
            let other = writer.try_clone().map_err(failed)?;
            wrap.command_mut().stdin(Stdio::null()).stdout(writer).stderr(other);
            // Made before the child is, so that no error can leave one behind.
            let reader = pipe::Receiver::from_owned_fd(reader.into()).map_err(failed)?;
            match wrap.spawn() {
                // `wrap` holds the writing ends and goes here: otherwise the pipe would never end.
                Ok(child) => return Ok((Self { program: program.clone(), child }, reader)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Err(BuildError::NotFound { programs: command.programs.clone(), install: command.install })
    }

    /// Waits for its end. When asked to stop: SIGTERM to the group, grace, SIGKILL to the group.
    async fn end(&mut self, grace: Duration, cx: &Context) -> io::Result<Exit> {
        let ended = match select(self.child.wait(), pin!(cx.cancelled())).await {
            Either::Left((status, _)) => Some(status?),
            Either::Right(_) => None,
        };
        if ended.is_none() {
            // An error here says that it has just ended by itself.
            let _ = self.child.signal(Signal::SIGTERM as i32);
            let _ = timeout(grace, self.child.wait()).await;
            self.kill();
            self.child.wait().await?;
        }
        // The leader is gone; what it left behind goes now.
        self.kill();
        Ok(ended.map_or(Exit::Stopped, of_status))
    }

    fn kill(&mut self) {
        let _ = self.child.start_kill();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

fn of_status(status: ExitStatus) -> Exit {
    match status.code() {
        Some(code) => Exit::Code(code),
        None => Exit::Signal(status.signal().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use pipeline_core::{Phase, Release, Run, RunId};
    use secrecy::SecretString;

    use super::*;
    use crate::build::clean::Redactor;

    async fn run_first_of(programs: &[&str]) -> Result<Ended, BuildError> {
        let command = Command {
            programs: programs.iter().map(PathBuf::from).collect(),
            args: Vec::new(),
            dir: ".".into(),
            env: std::collections::BTreeMap::new(),
            secret: None,
            grace: Duration::from_secs(1),
            install: "install it",
        };
        let dir = tempfile::tempdir().unwrap();
        let redactor = Redactor::of_token(&SecretString::from(String::new()));
        let cx = Run::new(RunId::new("r"), Release::new("v1"), ".").context(Phase::Build, "build");
        run(&command, Output::new(&redactor, &dir.path().join("log"), &cx)?, &cx).await
    }

    #[tokio::test]
    async fn the_second_name_is_tried_where_the_first_is_not_there() {
        let ended = run_first_of(&["no-such-flyctl", "true"]).await.unwrap();
        assert_eq!((ended.program, ended.exit), ("true".into(), Exit::Code(0)));
        let error = run_first_of(&["no-such-flyctl", "no-such-fly"]).await.unwrap_err();
        assert!(error.to_string().starts_with("neither `no-such-flyctl` nor `no-such-fly`"));
    }
}
