//! Runs a command in a process group of its own, and lets nothing of it outlive the run.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::pin::pin;
use std::process::ExitStatus;
use std::time::Duration;

use futures::future::{Either, join, select};
use nix::sys::signal::Signal;
use pipeline_core::Context;
use tokio::time::{Instant, timeout};

use crate::command::Command;
use crate::error::Error;
use crate::output::{Output, Stream};
use crate::spawn::Group;

/// How long to go on reading after the command ended: what still holds the pipe has left our group.
const DRAIN: Duration = Duration::from_secs(2);

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this code.
    Code(i32),
    /// By a signal that was not ours.
    Signal(i32),
    /// Because we stopped it, whatever its exit code says.
    Stopped,
}

/// A command that ended, and what it said.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub exit: Exit,
    /// Standard output; with [`Streams::Joined`](crate::Streams::Joined), standard error as well.
    pub stdout: String,
    /// Standard error; with [`Streams::Joined`](crate::Streams::Joined), nothing.
    pub stderr: String,
    /// Standard output as it was, as far as [`Output::whole`] asked for it.
    pub whole: Vec<u8>,
    /// How long it ran.
    pub took: Duration,
}

/// Runs it to its end, or until `cx` is cancelled. Each line goes to `output`.
///
/// When this future is dropped, the whole process group is killed.
pub async fn run(command: &Command, output: Output<'_>, cx: &Context) -> Result<Ended, Error> {
    let began = Instant::now();
    let mut group = Group::spawn(command).await?;
    let (stdout, stderr) = (group.stdout.take(), group.stderr.take());
    let (mut out, mut err) = (output.reader(Stream::Out), output.reader(Stream::Err));
    let read = join(out.read(stdout), err.read(stderr));
    let exit = match select(pin!(group.end(command.grace, cx)), pin!(read)).await {
        Either::Left((exit, read)) => {
            // Its end is what counts; whoever still holds the pipe is not waited for.
            let _ = timeout(DRAIN, read).await;
            exit
        }
        Either::Right((_, end)) => end.await,
    };
    let exit = exit.map_err(|source| Error::Wait { program: command.program.clone(), source })?;
    out.finish();
    err.finish();
    let (stdout, stderr, whole) = output.finish()?;
    Ok(Ended { exit, stdout, stderr, whole, took: began.elapsed() })
}

impl Group {
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
}

fn of_status(status: ExitStatus) -> Exit {
    match status.code() {
        Some(code) => Exit::Code(code),
        None => Exit::Signal(status.signal().unwrap_or_default()),
    }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
