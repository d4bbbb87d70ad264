//! Processes: started so that they outlive the run, and found again by a mark in their environment.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pipeline_core::{Context, Fault};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

use crate::error::Error;
use crate::folder::{Folder, Instance};

const MARK: &str = "PROCESSES_INSTANCE";
const POLL: Duration = Duration::from_millis(20);

/// Starts it, unless it runs.
pub(crate) async fn start(folder: &Folder, instance: &Instance) -> Result<(), Error> {
    if !processes(folder, instance).is_empty() {
        return Ok(());
    }
    let program = folder.program(&instance.version)?;
    let log = folder.log(&instance.id);
    let opened = fs::create_dir_all(folder.0.join("logs")).and_then(|()| File::create(&log));
    let out = opened.map_err(|error| Error::File(log.clone(), error))?;
    let err = out.try_clone().map_err(|error| Error::File(log, error))?;
    let release = program.parent().unwrap_or(&folder.0);
    let mut command = Command::new(&program);
    command
        .current_dir(release)
        .env("PORT", instance.port.to_string())
        .env(MARK, folder.instance_file(&instance.id))
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        // A group of its own: Ctrl-C is for the run, not for what it deploys.
        .process_group(0);
    let wrong = |error| Error::NotStarted(program.clone(), error);
    let mut child = command.spawn().map_err(wrong)?;
    // For a moment a process that has just begun carries no mark yet.
    while child.try_wait().map_err(wrong)?.is_none() && processes(folder, instance).is_empty() {
        sleep(POLL).await;
    }
    Ok(())
}

/// Waits until it listens.
pub(crate) async fn is_up(
    folder: &Folder,
    instance: &Instance,
    patience: Duration,
    cx: &Context,
) -> Result<(), Fault> {
    let (id, port) = (instance.id.clone(), instance.port);
    let until = Instant::now() + patience;
    loop {
        if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return Ok(());
        }
        if processes(folder, instance).is_empty() {
            let said = fs::read_to_string(folder.log(&id)).unwrap_or_default();
            let last = said.lines().last().unwrap_or("(nothing)").to_owned();
            return Err(Error::Ended { id, port, last }.into());
        }
        if cx.is_cancelled() {
            return Err(Fault::cancelled());
        }
        if Instant::now() > until {
            return Err(Error::Deaf { id, port }.into());
        }
        sleep(POLL).await;
    }
}

/// Asks it to end, and kills it if it does not. Whoever is connected to it is served first, if that does not take too long.
pub(crate) async fn stop(
    folder: &Folder,
    instance: &Instance,
    patience: Duration,
) -> Result<(), Error> {
    drained(folder, instance, patience).await;
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        let until = Instant::now() + patience;
        for pid in processes(folder, instance) {
            // Whoever is gone by now has done what was asked.
            let _ = kill(pid, signal);
        }
        while Instant::now() < until {
            if processes(folder, instance).is_empty() {
                return Ok(());
            }
            sleep(POLL).await;
        }
    }
    Err(Error::Immortal(instance.id.clone()))
}

/// Waits until nobody is connected to it, in two looks one after the other: users whose way led here before it changed may be between
/// both. One that has ended has no users: its port may be another's by now.
async fn drained(folder: &Folder, instance: &Instance, patience: Duration) {
    let (port, until) = (instance.port, Instant::now() + patience);
    let mut quiet = 0;
    while quiet < 2 && Instant::now() < until && !processes(folder, instance).is_empty() {
        let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
        let users = tables.map(|it| connected(&fs::read_to_string(it).unwrap_or_default(), port));
        quiet = if users == [0, 0] { quiet + 1 } else { 0 };
        sleep(POLL).await;
    }
}

/// How many connections to this local port are open, those that nobody has accepted yet among them. In a table of Linux the second
/// column is the local address, its port in hexadecimal, and the fourth is the state: 01 is "established", and 08 that the other side
/// has said all, and still listens.
fn connected(table: &str, port: u16) -> usize {
    let here = format!(":{port:04X}");
    let is_one = |line: &&str| {
        let mut columns = line.split_whitespace().skip(1);
        columns.next().is_some_and(|it| it.ends_with(&here))
            && columns.nth(1).is_some_and(|it| ["01", "08"].contains(&it))
    };
    table.lines().filter(is_one).count()
}

/// The processes that carry the mark, as Linux tells it; those that have ended carry nothing. The mark is the path of the
/// instance's file, so that two folders on one machine do not stop each other's processes.
fn processes(folder: &Folder, instance: &Instance) -> Vec<Pid> {
    let mark = format!("{MARK}={}", folder.instance_file(&instance.id).display());
    let carries = |pid: &i32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|it| *it == 0).any(|it| it == mark.as_bytes())
    };
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|it| it.file_name().to_str()?.parse().ok());
    pids.filter(carries).map(Pid::from_raw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_open_connections_to_the_port_itself_count() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000
   1: 0100007F:1F90 0100007F:D2A4 01 00000000:00000000
   2: 0100007F:D2A4 0100007F:1F90 01 00000000:00000000
   3: 0100007F:1F90 0100007F:D2A6 06 00000000:00000000
   4: 0100007F:1F90 0100007F:D2A8 08 00000000:00000000
";
        assert_eq!(connected(table, 8080), 2);
        assert_eq!(connected(table, 0xD2A4), 1);
        assert_eq!(connected(table, 80), 0);
        assert_eq!(connected("", 8080), 0);
    }
}
