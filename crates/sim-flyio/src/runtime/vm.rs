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
    logs::Diary,
    program::{Program, Started, at},
};
use crate::world::{Boot, Exit, Fact, Order};

type Orders = UnboundedReceiver<Order>;

/// Boots, runs and ends the program of a machine, and reports each of it to the world.
pub(super) async fn run(platform: &Arc<Platform>, boot: Boot, mut orders: Orders) {
    let number = boot.number;
    let diary = Arc::new(Diary::new(platform, &boot));
    let exit = match begin(platform, (&boot, &diary), &mut orders).await {
        Ok(Some(Started { program, ports, output })) => {
            let checks = checks::start(platform, &boot, &ports);
            let vm = Vm { program, deadline: None, oom: false };
            let pid = vm.program.pid();
            platform.note(&boot.key, Fact::Booted { boot: number, pid, ports });
            diary.started(&boot.command);
            let life = vm.live(&boot, orders, checks);
            let exit = match output {
                Some(output) => output.read_beside(life, |line| diary.says(line)).await,
                None => life.await,
            };
            diary.ended(exit);
            exit
        }
        Ok(None) => Exit::default(),
        Err(error) => {
            let why = error.to_string();
            diary.failed(&why);
            return platform.note(&boot.key, Fact::NotBooted { boot: number, why });
        }
    };
    platform.note(&boot.key, Fact::Exited { boot: number, exit });
}

/// Lets the boot time pass and starts the program; `None` if it was called off before.
async fn begin(
    platform: &Arc<Platform>,
    (boot, diary): (&Boot, &Arc<Diary>),
    orders: &mut Orders,
) -> io::Result<Option<Started>> {
    let time = boot.image.boot_ms.map_or(platform.config.boot, Duration::from_millis);
    // In order, here and wherever two things can come at the same moment of virtual time: a throw of
    // tokio's own dice would make two histories of one seed.
    select! {
        biased;
        () = sleep(time) => {}
        _ = orders.recv() => return Ok(None), // before the start, every order means: do not
    }
    Program::start(platform, boot, diary).await.map(Some)
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
                biased;
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
