//! Starts processes from a thread of its own. The kernel is asked to kill each process when that
//! thread ends (util-linux `setpriv --pdeathsig`), so that machines die with the simulator, even
//! if it is killed; a thread of the runtime might end while the simulator lives. Only a program
//! that was started a few milliseconds before may not have asked yet.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    io,
    path::{Path, PathBuf},
    process::{Command as StdCommand, Stdio},
    sync::{
        OnceLock,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
};

use process_wrap::tokio::{ChildWrapper, CommandWrap, KillOnDrop, ProcessGroup};
use tokio::{process::Command, runtime::Handle, sync::oneshot};

use super::{
    orphans::{self, Broom},
    output::Output,
};

/// What a container finds when its image sets no `PATH`: Docker's default.
pub(super) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Tells a program which process has to live for it to live: by the time it looks at its parent,
/// that may be another one already.
pub(crate) const SIMULATOR: &str = "SIM_FLYIO_PID";

/// Tells a program what chance follows from.
pub(crate) const SEED: &str = "SIM_FLYIO_SEED";

/// A process in its own process group.
pub(super) type Child = Box<dyn ChildWrapper>;

/// What to start.
pub(super) struct Program {
    pub(super) command: Vec<String>,
    /// The whole environment: nothing is inherited, least of all tokens.
    pub(super) env: BTreeMap<String, String>,
    pub(super) workdir: Option<PathBuf>,
    /// Names the file for its output.
    pub(super) machine: String,
}

/// A program that was started, and what it prints.
pub(super) type Started = (Child, Output);

type Job = Box<dyn FnOnce() + Send>;

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

    pub(super) async fn spawn(&self, program: Program) -> io::Result<Started> {
        let log_dir = self.log_dir.clone();
        self.on_thread(move || launch(&program, log_dir.as_deref())).await
    }

    /// Lets the thread start something.
    pub(super) async fn on_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let (reply, result) = oneshot::channel();
        let jobs = self.jobs.get_or_init(|| start(Handle::current()));
        let gone = || io::Error::other("the thread that starts processes has ended");
        let job: Job = Box::new(move || drop(reply.send(work()))); // nobody waits: it is killed
        jobs.send(job).map_err(|_| gone())?;
        result.await.map_err(|_| gone())?
    }
}

fn start(runtime: Handle) -> mpsc::Sender<Job> {
    let (sender, jobs) = mpsc::channel::<Job>();
    let work = move || {
        let _inside = runtime.enter();
        let mut broom = Broom::new();
        loop {
            let next = match broom.sweep_if_due() {
                Some(time) => jobs.recv_timeout(time),
                None => jobs.recv().map_err(RecvTimeoutError::from),
            };
            match next {
                Ok(job) => job(),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    };
    let thread = thread::Builder::new().name("sim-flyio-spawner".to_owned()).spawn(work);
    thread.expect("a host that runs machines can run one more thread");
    sender
}

fn launch(program: &Program, log_dir: Option<&Path>) -> io::Result<Started> {
    let words = command_line(&program.command, setpriv());
    let [name, arguments @ ..] = words.as_slice() else {
        return Err(io::Error::other("neither the image nor the configuration names a command"));
    };
    let first = Path::new(&program.command[0]);
    if first.is_absolute() && !first.is_file() {
        // Under setpriv the kernel's own refusal would be an exit code of setpriv.
        return Err(io::Error::other(format!("no such program: {}", first.display())));
    }
    let (stderr, output) = Output::open(log_dir, &program.machine)?;
    let stdout = stderr.try_clone()?;
    let fill = |command: &mut Command| {
        dress(command.args(arguments), program);
        command.stdin(Stdio::null()).stdout(stdout).stderr(stderr);
    };
    let mut command = CommandWrap::with_new(name, fill);
    let child = command.wrap(KillOnDrop).wrap(ProcessGroup::leader()).spawn()?;
    Ok((child, output))
}

/// Gives a command the environment and the folder of a machine.
pub(super) fn dress(command: &mut Command, program: &Program) {
    command.env_clear().env("PATH", PATH).env("HOME", std::env::temp_dir());
    command.env(SIMULATOR, orphans::own_name()).envs(&program.env);
    if let Some(dir) = &program.workdir {
        command.current_dir(dir);
    }
}

/// The command as it is run: under `setpriv`, where there is one that can do it.
pub(super) fn command_line(command: &[String], setpriv: Option<&str>) -> Vec<String> {
    let under = setpriv.filter(|_| !command.is_empty()).into_iter();
    let before = under.flat_map(|setpriv| [setpriv, "--pdeathsig", "KILL", "--"]);
    before.map(str::to_owned).chain(command.iter().cloned()).collect()
}

/// A `setpriv` that knows `--pdeathsig`; that of busybox does not.
pub(super) fn setpriv() -> Option<&'static str> {
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
