//! A machine's program as a process of this host, in a process group of its own.

use std::{
    collections::BTreeMap, io, os::unix::process::ExitStatusExt, process::ExitStatus,
    time::Duration,
};

use nix::{
    errno::Errno,
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};
use tokio::time::{MissedTickBehavior, interval};

use super::{
    Platform,
    output::Output,
    ports,
    spawner::{Child, Program, SEED},
};
use crate::world::{Address, Boot, Exit, Ports};

/// How often the memory of a process is looked at.
const MEMORY_CHECK: Duration = Duration::from_millis(250);

/// A process that runs.
pub(super) struct Process {
    child: Child,
    pid: Pid,
}

impl Process {
    /// Starts the program of a boot, with a port for each of the machine's.
    pub(super) async fn start(
        platform: &Platform,
        boot: &Boot,
    ) -> io::Result<(Self, Ports, Output)> {
        let ports = choose_ports(&boot.internal_ports)?;
        let program = Program {
            command: boot.command.clone(),
            env: environment(boot, (&ports, platform.config.seed)),
            workdir: boot.image.workdir.clone(),
            machine: boot.key.machine.clone(),
        };
        let (child, output) = platform.spawner.spawn(program).await?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let pid = Pid::from_raw(id.expect("a child that was not waited for has a process id"));
        Ok((Self { child, pid }, ports, output))
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid.as_raw().unsigned_abs()
    }

    pub(super) async fn ended(&mut self) -> Exit {
        let status = self.child.wait().await;
        status.map_or_else(|_| Exit { code: Some(255), ..Exit::default() }, exit)
    }

    /// Its memory, to be watched.
    pub(super) fn watched(&self) -> Memory {
        Memory(self.pid)
    }

    /// The main process has not been waited for, so its id is still its own.
    pub(super) fn signal(&self, signal: i32) {
        self.tell(Signal::try_from(signal).and_then(|signal| kill(self.pid, signal)), signal);
    }

    pub(super) fn signal_all(&self, signal: i32) {
        self.tell(Signal::try_from(signal).and_then(|signal| killpg(self.pid, signal)), signal);
    }

    fn tell(&self, sent: Result<(), Errno>, signal: i32) {
        if let Err(error) = sent {
            tracing::debug!(pid = self.pid.as_raw(), %error, signal, "was not delivered");
        }
    }
}

/// The memory of a process that has not been waited for.
pub(super) struct Memory(Pid);

impl Memory {
    /// Returns when there are more than `limit_mb` MiB of it; never where the kernel does not
    /// tell.
    pub(super) async fn outgrows(&self, limit_mb: u64) {
        let mut tick = interval(MEMORY_CHECK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            match resident_kb(self.0) {
                Some(kb) if kb > limit_mb.saturating_mul(1024) => return,
                Some(_) => {}
                None => std::future::pending().await,
            }
        }
    }
}

fn choose_ports(internal: &[u16]) -> io::Result<Ports> {
    let free = || ports::free().ok_or_else(|| io::Error::other("no loopback port is free"));
    // A program without a service is told a port all the same: most will not start without.
    let internal = if internal.is_empty() { &[0] } else { internal };
    internal.iter().map(|port| Ok((*port, Address::Loopback(free()?)))).collect()
}

/// `PORT` is the main port, `PORT_<internal>` each of them: all machines share one host, so none
/// of them can have the port that its configuration names.
pub(super) fn environment(
    boot: &Boot,
    (ports, seed): (&Ports, Option<u64>),
) -> BTreeMap<String, String> {
    let mut env = boot.env.clone();
    env.extend(seed.map(|seed| (SEED.to_owned(), (seed ^ boot.number).to_string())));
    let main = boot.internal_ports.first().unwrap_or(&0);
    for (inside, address) in ports {
        let Address::Loopback(port) = address else { continue };
        if inside == main {
            env.insert("PORT".to_owned(), port.to_string());
        }
        if *inside > 0 {
            env.insert(format!("PORT_{inside}"), port.to_string());
        }
    }
    env
}

/// How much of the process is in memory, in KiB (proc(5), `VmRSS`).
fn resident_kb(pid: Pid) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn exit(status: ExitStatus) -> Exit {
    Exit { code: status.code(), signal: status.signal(), oom: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::MachineKey;

    #[test]
    fn the_main_port_is_told_as_port_and_every_port_by_its_inner_name() {
        let key = MachineKey { app: "shop".into(), machine: "a".into() };
        let boot = Boot {
            key,
            number: 1,
            image: Box::default(),
            command: vec![],
            memory_mb: 256,
            env: [("A".to_owned(), "b".to_owned())].into(),
            internal_ports: vec![8080, 4000],
            checks: vec![],
        };
        let ports = [(4000, Address::Loopback(16_001)), (8080, Address::Loopback(16_002))];
        let env = environment(&boot, (&ports.into(), Some(8)));
        let env: Vec<String> = env.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(
            env,
            ["A=b", "PORT=16002", "PORT_4000=16001", "PORT_8080=16002", "SIM_FLYIO_SEED=9"]
        );
    }

    #[test]
    fn the_kernel_tells_how_much_memory_a_process_has() {
        let own = resident_kb(Pid::this()).unwrap();
        assert!((1024..10 << 20).contains(&own), "{own} KiB");
        assert_eq!(resident_kb(Pid::from_raw(i32::MAX)), None);
    }
}
