//! Starts processes from a thread of its own. The kernel is asked to kill each process when that
//! thread ends (util-linux `setpriv --pdeathsig`), so that machines die with the simulator, even
//! if it is killed; a thread of the runtime might end while the simulator lives. Only a program
//! that was started a few milliseconds before may not have asked yet.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs::OpenOptions,
    io,
    path::{Path, PathBuf},
    process::{Command as StdCommand, Stdio},
    sync::{OnceLock, mpsc},
    thread,
};

use super::orphans;
use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop, ProcessGroup};

use tokio::{process::Command, runtime::Handle, sync::oneshot};

/// What a container finds when its image sets no `PATH`: Docker's default.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Tells a program which process has to live for it to live: by the time it looks at its parent,
/// that may be another one already.
pub(crate) const SIMULATOR: &str = "SIM_FLYIO_PID";

/// Tells a program what chance follows from.
pub(crate) const SEED: &str = "SIM_FLYIO_SEED";

/// A process in its own process group.
pub(super) type Child = Box<dyn ChildWrapper>;

/// What to start.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) command: Vec<String>,
    /// The whole environment: nothing is inherited, least of all tokens.
    pub(super) env: BTreeMap<String, String>,
    pub(super) workdir: Option<PathBuf>,
    /// Names the file for its output.
    pub(super) machine: String,
}

type Job = (Program, oneshot::Sender<io::Result<Child>>);

/// The thread that starts processes; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Spawner {
    jobs: OnceLock<mpsc::Sender<Job>>,
    log_dir: Option<PathBuf>,
}

impl Spawner {
    pub(super) fn new(log_dir: Option<PathBuf>) -> Self {
        Self { jobs: OnceLock::new(), log_dir }
    }

    pub(super) async fn spawn(&self, program: Program) -> io::Result<Child> {
        let (reply, child) = oneshot::channel();
        let jobs = self.jobs.get_or_init(|| start(self.log_dir.clone(), Handle::current()));
        let gone = || io::Error::other("the thread that starts processes has ended");
        jobs.send((program, reply)).map_err(|_| gone())?;
        child.await.map_err(|_| gone())?
    }
}

fn start(log_dir: Option<PathBuf>, runtime: Handle) -> mpsc::Sender<Job> {
    let (sender, jobs) = mpsc::channel::<Job>();
    let work = move || {
        let _inside = runtime.enter();
        orphans::sweep();
        for (program, reply) in jobs {
            let _ = reply.send(launch(&program, log_dir.as_deref())); // nobody waits: it is killed
        }
    };
    let thread = thread::Builder::new().name("sim-flyio-spawner".to_owned()).spawn(work);
    thread.expect("a host that runs machines can run one more thread");
    sender
}

fn launch(program: &Program, log_dir: Option<&Path>) -> io::Result<Child> {
    let words = command_line(&program.command, setpriv());
    let [name, arguments @ ..] = words.as_slice() else {
        return Err(io::Error::other("neither the image nor the configuration names a command"));
    };
    let first = Path::new(&program.command[0]);
    if first.is_absolute() && !first.is_file() {
        // Under setpriv the kernel's own refusal would be an exit code of setpriv.
        return Err(io::Error::other(format!("no such program: {}", first.display())));
    }
    let (stdout, stderr) = output(log_dir, &program.machine)?;
    let fill = |command: &mut Command| {
        command.args(arguments).env_clear().env("PATH", PATH).env("HOME", std::env::temp_dir());
        command.env(SIMULATOR, orphans::own_name());
        command.envs(&program.env).stdin(Stdio::null()).stdout(stdout).stderr(stderr);
        if let Some(dir) = &program.workdir {
            command.current_dir(dir);
        }
    };
    CommandWrap::with_new(name, fill).wrap(KillOnDrop).wrap(ProcessGroup::leader()).spawn()
}

/// The command as it is run: under `setpriv`, where there is one that can do it.
fn command_line(command: &[String], setpriv: Option<&str>) -> Vec<String> {
    let under = setpriv.filter(|_| !command.is_empty()).into_iter();
    let before = under.flat_map(|setpriv| [setpriv, "--pdeathsig", "KILL", "--"]);
    before.map(str::to_owned).chain(command.iter().cloned()).collect()
}

fn output(log_dir: Option<&Path>, machine: &str) -> io::Result<(Stdio, Stdio)> {
    let Some(dir) = log_dir else { return Ok((Stdio::null(), Stdio::null())) };
    let file = dir.join(format!("{machine}.log"));
    let file = OpenOptions::new().create(true).append(true).open(file)?;
    Ok((file.try_clone()?.into(), file.into()))
}

/// A `setpriv` that knows `--pdeathsig`; that of busybox does not.
fn setpriv() -> Option<&'static str> {
    static FOUND: OnceLock<Option<&str>> = OnceLock::new();
    let works = |path: &&str| {
        let mut probe = StdCommand::new(OsStr::new(path));
        probe.args(["--pdeathsig", "KILL", "--", path, "--version"]);
        let quiet = probe.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        quiet.status().is_ok_and(|status| status.success())
    };
    *FOUND.get_or_init(|| ["/usr/bin/setpriv", "/bin/setpriv"].into_iter().find(works))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_wrapped_where_the_kernel_can_be_asked_to_kill_it() {
        let command = ["/app/run".to_owned(), "--all".to_owned()];
        assert_eq!(command_line(&command, None), command);
        assert_eq!(
            command_line(&command, Some("/usr/bin/setpriv")),
            ["/usr/bin/setpriv", "--pdeathsig", "KILL", "--", "/app/run", "--all"]
        );
        assert!(command_line(&[], Some("/usr/bin/setpriv")).is_empty());
    }
}
