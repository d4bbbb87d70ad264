//! Runs a command in a process group of its own, and lets nothing of it outlive the run.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use futures::future::{Either, join, select};
use nix::sys::signal::Signal;
use pipeline_core::Context;
use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop, ProcessGroup};
use tokio::io::AsyncRead;
use tokio::net::unix::pipe;
use tokio::time::{Instant, timeout};

use crate::error::Error;
use crate::output::{Output, Stream};

/// How long to go on reading after the command ended: what still holds the pipe has left our group.
const DRAIN: Duration = Duration::from_secs(2);

/// What to run, where, and with what.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) program: PathBuf,
    pub(crate) args: Vec<OsString>,
    pub(crate) dir: PathBuf,
    /// Set, or with `None` taken out of, the environment that is handed on.
    pub(crate) env: BTreeMap<String, Option<OsString>>,
    pub(crate) streams: Streams,
    /// How long it may take to end after SIGTERM, before SIGKILL.
    pub(crate) grace: Duration,
}

impl Command {
    fn describe(&self, to: &mut tokio::process::Command) {
        to.args(&self.args).current_dir(&self.dir);
        to.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for (name, value) in &self.env {
            match value {
                Some(value) => to.env(name, value),
                None => to.env_remove(name),
            };
        }
    }
}

/// Whether standard error is read apart from standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Streams {
    /// One after the other in the order they were written, as in a terminal.
    #[default]
    Joined,
    /// Each for itself, for a tool whose standard output is read by a machine.
    Apart,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By a signal that was not ours.
    Signal(i32),
    /// Because we stopped it, whatever its exit code says.
    Stopped,
}

/// A command that ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) exit: Exit,
    /// Standard output; with [`Streams::Joined`], standard error as well.
    pub(crate) stdout: String,
    /// Standard error; with [`Streams::Joined`], nothing.
    #[cfg_attr(not(test), expect(dead_code, reason = "for tools that print JSON"))]
    pub(crate) stderr: String,
    pub(crate) took: Duration,
}

/// Runs it to its end, or until `cx` is cancelled. Each line goes to `output`.
///
/// When this future is dropped, the whole process group is killed.
pub(crate) async fn run(
    command: &Command,
    output: Output<'_>,
    cx: &Context,
) -> Result<Ended, Error> {
    let began = Instant::now();
    let mut group = Group::spawn(command)?;
    let (stdout, stderr) = (group.stdout.take(), group.stderr.take());
    let read = join(output.read(stdout, Stream::Out), output.read(stderr, Stream::Err));
    let exit = match select(pin!(group.end(command.grace, cx)), pin!(read)).await {
        Either::Left((exit, read)) => {
            // Its end is what counts; whoever still holds the pipe is not waited for.
            let _ = timeout(DRAIN, read).await;
            exit
        }
        Either::Right((_, end)) => end.await,
    };
    let exit = exit.map_err(|source| Error::Wait { program: command.program.clone(), source })?;
    let (stdout, stderr) = output.finish()?;
    Ok(Ended { exit, stdout, stderr, took: began.elapsed() })
}

/// Where output is read from.
pub(crate) type Pipe = Box<dyn AsyncRead + Send + Unpin>;

/// A process group that dies with this value.
struct Group {
    child: Box<dyn ChildWrapper>,
    stdout: Option<Pipe>,
    stderr: Option<Pipe>,
}

impl Group {
    fn spawn(command: &Command) -> Result<Self, Error> {
        let failed = |source| Error::spawn(&command.program, &command.dir, source);
        let mut wrap = CommandWrap::with_new(&command.program, |it| command.describe(it));
        wrap.wrap(ProcessGroup::leader()).wrap(KillOnDrop);
        if command.streams == Streams::Apart {
            let mut child = wrap.spawn().map_err(failed)?;
            let stdout = child.stdout().take().map(|it| Box::new(it) as Pipe);
            let stderr = child.stderr().take().map(|it| Box::new(it) as Pipe);
            return Ok(Self { child, stdout, stderr });
        }
        let (reader, writer) = io::pipe().map_err(failed)?;
        let other = writer.try_clone().map_err(failed)?;
        wrap.command_mut().stdout(writer).stderr(other);
        // Made before the child is, so that no error can leave one behind.
        let reader = pipe::Receiver::from_owned_fd(reader.into()).map_err(failed)?;
        let child = wrap.spawn().map_err(failed)?;
        // `wrap` holds the writing ends and goes with this scope: otherwise the pipe would never end.
        Ok(Self { child, stdout: Some(Box::new(reader)), stderr: None })
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
#[path = "process_tests.rs"]
mod tests;
