//! One boot of a machine: a real process, from its start to its end.

use std::{os::unix::process::ExitStatusExt, process::ExitStatus, sync::Arc, time::Duration};

use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};
use tokio::{
    select,
    sync::mpsc::UnboundedReceiver,
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};

use super::{
    Platform, checks,
    logs::Diary,
    ports,
    spawner::{Child, Program, Started},
};
use crate::world::{Address, Boot, Exit, Fact, Order, Ports};

type Orders = UnboundedReceiver<Order>;

/// Boots, runs and ends a process, and reports each of it to the world.
pub(super) async fn run(platform: &Arc<Platform>, boot: Boot, mut orders: Orders) {
    let number = boot.number;
    let exit = match begin(platform, &boot, &mut orders).await {
        Ok(Some(((child, output), ports))) => {
            let diary = Diary::new(platform, &boot);
            let mut vm = Vm { pid: pid_of(&child), child, deadline: None };
            let checks = checks::start(platform, &boot, &ports);
            let pid = Some(vm.pid.as_raw().unsigned_abs());
            platform.note(&boot.key, Fact::Booted { boot: number, pid, ports });
            diary.started(&boot.command);
            let exit = output.read_beside(vm.live(orders, checks), |line| diary.says(line)).await;
            diary.ended(exit);
            exit
        }
        Ok(None) => Exit::default(),
        Err(error) => {
            let why = error.to_string();
            Diary::new(platform, &boot).failed(&why);
            return platform.note(&boot.key, Fact::NotBooted { boot: number, why });
        }
    };
    platform.note(&boot.key, Fact::Exited { boot: number, exit });
}

/// Lets the boot time pass and starts the process; `None` if it was called off before.
async fn begin(
    platform: &Platform,
    boot: &Boot,
    orders: &mut Orders,
) -> std::io::Result<Option<(Started, Ports)>> {
    let time = boot.image.boot_ms.map_or(platform.config.boot, Duration::from_millis);
    select! {
        () = sleep(time) => {}
        _ = orders.recv() => return Ok(None), // before the start, every order means: do not
    }
    let ports = choose_ports(&boot.internal_ports)?;
    let (key, command) = (&boot.key, boot.command.clone());
    let program = Program {
        command,
        env: environment(boot, &ports),
        workdir: boot.image.workdir.clone(),
        machine: key.machine.clone(),
    };
    Ok(Some((platform.spawner.spawn(program).await?, ports)))
}

fn choose_ports(internal: &[u16]) -> std::io::Result<Ports> {
    let free = || ports::free().ok_or_else(|| std::io::Error::other("no loopback port is free"));
    // A program without a service is told a port all the same: most will not start without.
    let internal = if internal.is_empty() { &[0] } else { internal };
    internal.iter().map(|port| Ok((*port, Address::Loopback(free()?)))).collect()
}

/// `PORT` is the main port, `PORT_<internal>` each of them: all machines share one host, so none
/// of them can have the port that its configuration names.
fn environment(boot: &Boot, ports: &Ports) -> std::collections::BTreeMap<String, String> {
    let mut env = boot.env.clone();
    let main = boot.internal_ports.first().unwrap_or(&0);
    let loopback = ports.iter().filter_map(|(inside, address)| match address {
        Address::Loopback(port) => Some((inside, port.to_string())),
        Address::Inside(_) => None,
    });
    for (inside, port) in loopback {
        if inside == main {
            env.insert("PORT".to_owned(), port.clone());
        }
        if *inside > 0 {
            env.insert(format!("PORT_{inside}"), port);
        }
    }
    env
}

fn pid_of(child: &Child) -> Pid {
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    Pid::from_raw(id.expect("a child that was not waited for has a process id"))
}

struct Vm {
    child: Child,
    pid: Pid,
    deadline: Option<Instant>,
}

impl Vm {
    /// Runs until the main process ends, however it ends; then nothing of its group is left.
    async fn live(&mut self, mut orders: Orders, mut checks: JoinSet<()>) -> Exit {
        let status = loop {
            let deadline = self.deadline.unwrap_or_else(Instant::now);
            select! {
                status = self.child.wait() => break status,
                Some(order) = orders.recv() => {
                    if matches!(order, Order::Stop { .. } | Order::Kill) {
                        checks.abort_all();
                    }
                    self.obey(order);
                }
                () = sleep_until(deadline), if self.deadline.is_some() => self.obey(Order::Kill),
            }
        };
        let _ = killpg(self.pid, Signal::SIGKILL); // what the main process left behind
        status.map_or_else(|_| Exit { code: Some(255), signal: None }, exit)
    }

    /// The main process has not been waited for, so its id is still its own.
    fn obey(&mut self, order: Order) {
        let sent = match order {
            Order::Stop { signal, grace } => {
                let deadline = Instant::now() + grace;
                self.deadline = Some(self.deadline.map_or(deadline, |old| old.min(deadline)));
                Signal::try_from(signal).and_then(|signal| kill(self.pid, signal))
            }
            Order::Signal(signal) => {
                Signal::try_from(signal).and_then(|signal| kill(self.pid, signal))
            }
            Order::SignalAll(signal) => {
                Signal::try_from(signal).and_then(|signal| killpg(self.pid, signal))
            }
            Order::Kill => {
                self.deadline = None;
                killpg(self.pid, Signal::SIGKILL)
            }
        };
        if let Err(error) = sent {
            tracing::debug!(pid = self.pid.as_raw(), %error, ?order, "was not delivered");
        }
    }
}

fn exit(status: ExitStatus) -> Exit {
    Exit { code: status.code(), signal: status.signal() }
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
            env: [("A".to_owned(), "b".to_owned())].into(),
            internal_ports: vec![8080, 4000],
            checks: vec![],
        };
        let env = environment(
            &boot,
            &[(4000, Address::Loopback(16_001)), (8080, Address::Loopback(16_002))].into(),
        );
        let env: Vec<String> = env.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(env, ["A=b", "PORT=16002", "PORT_4000=16001", "PORT_8080=16002"]);
    }
}
