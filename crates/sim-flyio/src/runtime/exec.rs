//! Running a command beside the program of a machine: in its environment and its folder, and no
//! longer than it.

use std::{
    convert::Infallible,
    io,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt, copy, sink},
    process::{Child, Command},
    select,
    time::timeout,
};

use super::{
    Platform,
    process::environment,
    spawner::{Program, command_line, dress, setpriv},
};
use crate::world::Running;

/// So much of each output is kept; the rest is thrown away. The simulator's own number.
const OUTPUT_MAX: u64 = 1 << 20;

/// A command to run.
#[derive(Debug)]
pub(crate) struct Exec {
    pub(crate) command: Vec<String>,
    pub(crate) stdin: String,
    pub(crate) timeout: Duration,
}

/// How it ended, and what it wrote.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
}

/// Why there is nothing to tell about a command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExecError {
    #[error("the machine runs inside the simulator and has no process to run a command beside")]
    NoProcess,
    #[error("no such program in the machine: '{0}'")]
    NoProgram(String),
    #[error("the command did not end within {0:?}")]
    TimedOut(Duration),
    #[error("the machine is gone: {0}")]
    Gone(#[from] io::Error),
}

impl Platform {
    /// Runs a command to its end. It is killed with all that it started when it takes too long,
    /// when its caller goes away, and when the program of the machine ends.
    pub(crate) async fn exec(&self, running: &Running, exec: Exec) -> Result<Ran, ExecError> {
        if running.pid.is_none() {
            return Err(ExecError::NoProcess);
        }
        let gone = || io::Error::other("its program has ended");
        let (boot, mut ending) = self.guests.of(running.boot).ok_or_else(gone)?;
        let program = Program {
            command: exec.command,
            env: environment(&boot, (&running.ports, self.config.seed)),
            workdir: boot.image.workdir.clone(),
            machine: boot.key.machine.clone(),
        };
        if !is_there(&program) {
            return Err(ExecError::NoProgram(program.command.first().cloned().unwrap_or_default()));
        }
        let child = self.spawner.on_thread(move || launch(&program)).await?;
        let group = child.id().and_then(|id| i32::try_from(id).ok()).ok_or_else(gone)?;
        let visit = self.guests.join(running.boot, group);
        let ended = async {
            while ending.changed().await.is_ok() {}
            visit.kill();
            std::future::pending::<Infallible>().await // its end is told by the command itself
        };
        select! {
            ran = timeout(exec.timeout, ran(child, exec.stdin)) => {
                Ok(ran.map_err(|_| ExecError::TimedOut(exec.timeout))??)
            }
            never = ended => match never {},
        }
    }
}

fn launch(program: &Program) -> io::Result<Child> {
    let words = command_line(&program.command, setpriv());
    let [name, arguments @ ..] = words.as_slice() else {
        return Err(io::Error::other("there is no command"));
    };
    let mut command = Command::new(name);
    dress(command.args(arguments), program);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.process_group(0).kill_on_drop(true).spawn()
}

async fn ran(mut child: Child, input: String) -> io::Result<Ran> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        if let Some(mut stdin) = stdin {
            let _ = stdin.write_all(input.as_bytes()).await; // a command need not read it
        }
    };
    let ((), stdout, stderr, status) =
        tokio::join!(write, collect(stdout), collect(stderr), child.wait());
    Ok(Ran { status: status?, stdout: stdout?, stderr: stderr? })
}

async fn collect(stream: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut kept = Vec::new();
    if let Some(mut stream) = stream {
        (&mut stream).take(OUTPUT_MAX).read_to_end(&mut kept).await?;
        copy(&mut stream, &mut sink()).await?;
    }
    Ok(kept)
}

/// Whether the machine has the program: asked before, because what the kernel says of it depends
/// on how it is started.
fn is_there(program: &Program) -> bool {
    let Some(name) = program.command.first().filter(|name| !name.is_empty()) else { return false };
    let folder = program.workdir.clone().unwrap_or_else(|| PathBuf::from("."));
    if name.contains('/') {
        return folder.join(name).is_file();
    }
    let path = program.env.get("PATH").map_or(super::spawner::PATH, String::as_str);
    path.split(':').any(|dir| Path::new(dir).join(name).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SimConfig, journal::Journal, world::Ports};

    #[tokio::test]
    async fn nothing_runs_beside_a_program_that_is_inside_the_simulator_or_gone() {
        let platform = Platform::new(SimConfig::default(), Journal::default());
        let run = async |pid| {
            let running = Running { boot: 7, pid, ports: Ports::new() };
            let timeout = Duration::from_secs(1);
            let exec = Exec { command: vec!["true".into()], stdin: String::new(), timeout };
            platform.exec(&running, exec).await.unwrap_err().to_string()
        };
        assert!(run(None).await.contains("inside the simulator"));
        assert_eq!(run(Some(1)).await, "the machine is gone: its program has ended");
    }
}
