//! One boot of a machine, from its start to its end.

use std::{io, pin::pin, sync::Arc, time::Duration};

use tokio::{
    select,
    sync::mpsc::UnboundedReceiver,
    task::JoinSet,
    time::{Instant, sleep},
};

use super::{
    Platform, checks,
    program::{Program, at},
};
use crate::world::{Boot, Exit, Fact, Order, Ports};

type Orders = UnboundedReceiver<Order>;

/// Boots, runs and ends the program of a machine, and reports each of it to the world.
pub(super) async fn run(platform: &Arc<Platform>, boot: Boot, mut orders: Orders) {
    let number = boot.number;
    let exit = match begin(platform, &boot, &mut orders).await {
        Ok(Some((program, ports))) => {
            let checks = checks::start(platform, &boot, &ports);
            let vm = Vm { program, deadline: None, oom: false };
            let pid = vm.program.pid();
            platform.note(&boot.key, Fact::Booted { boot: number, pid, ports });
            vm.live(&boot, orders, checks).await
        }
        Ok(None) => Exit::default(),
        Err(error) => {
            let why = error.to_string();
            return platform.note(&boot.key, Fact::NotBooted { boot: number, why });
        }
    };
    platform.note(&boot.key, Fact::Exited { boot: number, exit });
}

/// Lets the boot time pass and starts the program; `None` if it was called off before.
async fn begin(
    platform: &Arc<Platform>,
    boot: &Boot,
    orders: &mut Orders,
) -> io::Result<Option<(Program, Ports)>> {
    let time = boot.image.boot_ms.map_or(platform.config.boot, Duration::from_millis);
    select! {
        () = sleep(time) => {}
        _ = orders.recv() => return Ok(None), // before the start, every order means: do not
    }
    Program::start(platform, boot).await.map(Some)
}

struct Vm {
    program: Program,
    deadline: Option<Instant>,
    oom: bool,
}

impl Vm {
    /// Runs until the main process ends; then nothing of its group is left.
    async fn live(mut self, boot: &Boot, mut orders: Orders, mut checks: JoinSet<()>) -> Exit {
        let mut starves = pin!(self.program.starves(boot));
        let exit = loop {
            let deadline = self.deadline;
            let next = select! {
                exit = self.program.ended() => break exit,
                Some(order) = orders.recv() => Next::Order(order),
                () = at(deadline) => Next::Order(Order::Kill),
                () = &mut starves, if !self.oom => Next::OutOfMemory,
            };
            if !matches!(next, Next::Order(Order::Signal(_) | Order::SignalAll(_))) {
                checks.abort_all();
            }
            self.obey(next);
        };
        self.program.signal_all(KILL); // what the main process left behind
        Exit { oom: self.oom, ..exit }
    }

    fn obey(&mut self, next: Next) {
        match next {
            Next::Order(Order::Stop { signal, grace }) => {
                let deadline = Instant::now() + grace;
                self.deadline = Some(self.deadline.map_or(deadline, |old| old.min(deadline)));
                self.program.signal(signal);
            }
            Next::Order(Order::Signal(signal)) => self.program.signal(signal),
            Next::Order(Order::SignalAll(signal)) => self.program.signal_all(signal),
            Next::Order(Order::Kill) => {
                self.deadline = None;
                self.program.signal_all(KILL);
            }
            Next::OutOfMemory => {
                self.oom = true;
                self.program.signal_all(KILL);
            }
        }
    }
}

/// What comes next in a life.
#[derive(Clone, Copy)]
enum Next {
    Order(Order),
    OutOfMemory,
}

const KILL: i32 = nix::sys::signal::Signal::SIGKILL as i32;
