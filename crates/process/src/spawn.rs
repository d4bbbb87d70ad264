//! Starts commands from a thread that lives as long as the process.
//!
//! The kernel is asked to kill each command when that thread ends (util-linux `setpriv --pdeathsig`), so that commands die
//! with this process even if it is killed; a thread of a runtime might end while the process lives. Only a command
//! that was started a few milliseconds before may not have asked yet.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{OnceLock, mpsc};
use std::thread;

use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop, ProcessGroup};
use tokio::io::AsyncRead;
use tokio::net::unix::pipe;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::command::{Command, Leftovers, Streams};
use crate::error::Error;
use crate::mark::{self, Mark};

/// Where output is read from.
pub(crate) type Pipe = Box<dyn AsyncRead + Send + Unpin>;

/// A process group that dies with this value, and what bears its mark with it.
pub(crate) struct Group {
    mark: Option<Mark>,
    pub(crate) child: Box<dyn ChildWrapper>,
    pub(crate) stdout: Option<Pipe>,
    pub(crate) stderr: Option<Pipe>,
}

impl Group {
    /// Starts the command as the leader of a group of its own.
    pub(crate) async fn spawn(command: &Command) -> Result<Self, Error> {
        let failed = |source| Error::spawn(&command.program, &command.dir, source);
        // Under `setpriv` the kernel's own refusal would be no more than an exit code.
        let path = command.env.get("PATH").map(|it| it.as_deref().unwrap_or_default());
        let program = find(&command.program, &command.dir, path).map_err(failed)?;
        let (command, runtime) = (command.clone(), Handle::current());
        let (reply, started) = oneshot::channel();
        let job: Job = Box::new(move || {
            let _inside = runtime.enter();
            // Where nobody waits any more, the group is dropped here, and so killed.
            drop(
                reply.send(
                    start(&command, &program)
                        .map_err(|source| Error::spawn(&command.program, &command.dir, source)),
                ),
            );
        });
        let gone = || failed(io::Error::other("the thread that starts processes has ended"));
        thread().send(job).map_err(|_| gone())?;
        started.await.map_err(|_| gone())?
    }

    pub(crate) fn kill(&mut self) {
        let _ = self.child.start_kill();
        if let Some(mark) = &self.mark {
            mark.sweep();
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

type Job = Box<dyn FnOnce() + Send>;

/// The thread that starts commands. It never ends.
fn thread() -> mpsc::Sender<Job> {
    static THREAD: OnceLock<mpsc::Sender<Job>> = OnceLock::new();
    let begin = || {
        let (sender, jobs) = mpsc::channel::<Job>();
        // Where it cannot be started, the channel is closed, and each command says so.
        let _ = thread::Builder::new().name("commands".into()).spawn(move || {
            for job in jobs {
                job();
            }
        });
        sender
    };
    THREAD.get_or_init(begin).clone()
}

fn start(command: &Command, program: &Path) -> io::Result<Group> {
    let (first, before) = under(setpriv(), program);
    let mark = mark(command);
    let mut wrap = CommandWrap::with_new(first, |it| {
        it.args(before);
        command.describe(it);
        it.envs(mark.iter().map(|mark| (mark::VARIABLE, mark.text())));
        it.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    });
    wrap.wrap(ProcessGroup::leader()).wrap(KillOnDrop);
    if command.streams == Streams::Apart {
        let mut child = wrap.spawn()?;
        let stdout = child.stdout().take().map(|it| Box::new(it) as Pipe);
        let stderr = child.stderr().take().map(|it| Box::new(it) as Pipe);
        return Ok(Group { mark, child, stdout, stderr });
    }
    let (reader, writer) = io::pipe()?;
    let other = writer.try_clone()?;
    wrap.command_mut().stdout(writer).stderr(other);
    // Made before the child is, so that no error can leave one behind.
    let reader = pipe::Receiver::from_owned_fd(reader.into())?;
    let child = wrap.spawn()?;
    // `wrap` holds the writing ends and goes with this scope: otherwise the pipe would never end.
    Ok(Group { mark, child, stdout: Some(Box::new(reader)), stderr: None })
}

/// The mark of a command whose leftovers are killed. Those of the dead are killed first: they might still build.
fn mark(command: &Command) -> Option<Mark> {
    if command.leftovers == Leftovers::Spared {
        return None;
    }
    mark::sweep_after_the_dead();
    Mark::new()
}

/// What is started, and its first arguments: the program, or `setpriv` that becomes it.
fn under(setpriv: Option<&'static str>, program: &Path) -> (OsString, Vec<OsString>) {
    match setpriv {
        None => (program.into(), Vec::new()),
        Some(setpriv) => {
            let words = ["--pdeathsig", "KILL", "--"].map(OsString::from);
            (setpriv.into(), words.into_iter().chain([program.into()]).collect())
        }
    }
}

/// A `setpriv` that knows `--pdeathsig`; that of busybox does not, and other systems have none.
fn setpriv() -> Option<&'static str> {
    static FOUND: OnceLock<Option<&str>> = OnceLock::new();
    let works = |path: &&str| {
        let mut probe = std::process::Command::new(path);
        probe.args(["--pdeathsig", "KILL", "--", path, "--version"]);
        let quiet = probe.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success())
    };
    *FOUND.get_or_init(|| ["/usr/bin/setpriv", "/bin/setpriv"].into_iter().find(works))
}

/// The file that `program` stands for in `dir`: a path, or a name that `path` finds; without `path`, the `PATH` of this
/// process.
///
/// A file that may not be run is no program: `PermissionDenied` for a path, and `NotFound` for a name.
pub fn find(program: &Path, dir: &Path, path: Option<&OsStr>) -> io::Result<PathBuf> {
    if program.components().count() > 1 {
        return runnable(dir.join(program));
    }
    #[expect(clippy::disallowed_methods, reason = "the kernel would look in the same folders")]
    let own = || std::env::var_os("PATH").unwrap_or_default();
    let path = path.map_or_else(own, OsStr::to_owned);
    let folders = std::env::split_paths(&path).filter(|it| it.as_os_str() != OsStr::new(""));
    let mut files = folders.map(|folder| runnable(dir.join(folder).join(program)));
    files.find_map(Result::ok).ok_or_else(|| io::ErrorKind::NotFound.into())
}

fn runnable(file: PathBuf) -> io::Result<PathBuf> {
    let found = file.metadata()?;
    if found.is_file() && found.permissions().mode() & 0o111 != 0 {
        return std::path::absolute(file);
    }
    Err(io::ErrorKind::PermissionDenied.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_wrapped_where_the_kernel_can_be_asked_to_kill_it() {
        let program = Path::new("/usr/bin/mix");
        assert_eq!(under(None, program), ("/usr/bin/mix".into(), Vec::new()));
        let (first, before) = under(Some("/bin/setpriv"), program);
        assert_eq!((first, before.len()), ("/bin/setpriv".into(), 4));
        assert_eq!(before[3], "/usr/bin/mix");
    }
}
