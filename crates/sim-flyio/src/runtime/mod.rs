//! The world in motion: applies calls and facts to it, and carries out the effects.

mod changes;
mod checks;
mod current;
mod dial;
mod exec;
mod guests;
mod inject;
mod inside;
mod logs;
mod net;
mod orphans;
mod output;
mod ports;
mod proc;
mod process;
mod program;
mod routes;
mod spawner;
mod tasks;
mod vm;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use hyper::header::HeaderValue;
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{sync::mpsc, time::Instant};

pub(crate) use current::{CurrentCall, during};
pub(crate) use dial::{Connection, Door, Opener};
pub(crate) use exec::{Exec, ExecError, Ran};
pub(crate) use guests::Guests;
pub(crate) use logs::{Line, Logs};
pub(crate) use net::{accept, bind};
pub(crate) use proc::ProcessStat;
pub(crate) use spawner::{SEED, SIMULATOR};
pub(crate) use tasks::Tasks;

use self::{
    changes::{Changes, Waiting},
    dial::Doors,
    routes::Routes,
    spawner::Spawner,
};
use crate::{
    SimConfig,
    clock::Clock,
    dice::{Dice, purpose},
    faults::Catalogue,
    ids::Ids,
    journal::Journal,
    request_id::RequestIds,
    world::{Boot, Effect, Fact, Host, MachineKey, Order, Route, World},
};

/// How long the end of processes that were killed is waited for: a moment, unless the host has
/// much else to do.
const LAST_BREATH: Duration = Duration::from_secs(10);

/// Locks what no panic can leave half-changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The running simulator, without its ports.
#[derive(Debug)]
pub(crate) struct Platform {
    pub(crate) config: SimConfig,
    pub(crate) clock: Clock,
    pub(crate) tasks: Tasks,
    pub(crate) logs: Logs,
    pub(crate) journal: Journal,
    /// Whether there ever was a fault: if not, nobody has to look for one.
    faulty: AtomicBool,
    world: Mutex<World>,
    request_ids: RequestIds,
    routes: Mutex<Routes>,
    orders: Mutex<HashMap<u64, mpsc::UnboundedSender<Order>>>,
    changes: Changes,
    /// Counts changes of the world.
    changed: AtomicU64,
    doors: Arc<Doors>,
    guests: Guests,
    spawner: Spawner,
}

impl Platform {
    /// Must be called within a tokio runtime.
    pub(crate) fn new(config: SimConfig, journal: Journal) -> Arc<Self> {
        let clock = Clock::start(config.starts_at);
        let ids = Ids::new(Dice::new(config.seed, purpose::WORLD));
        let mut host = Host::new(ids, clock.now());
        let dice = Dice::new(config.seed, purpose::REQUESTS);
        let request_ids = RequestIds::new(&config.edge_region, dice);
        host.faults = Catalogue::new(Dice::new(config.seed, purpose::FAULTS).roll());
        Arc::new(Self {
            routes: Mutex::new(Routes::new(config.propagation)),
            spawner: Spawner::new(config.log_dir.clone()),
            config,
            clock,
            journal,
            faulty: AtomicBool::default(),
            tasks: Tasks::default(),
            logs: Logs::default(),
            world: Mutex::new(World::new(host)),
            request_ids,
            orders: Mutex::default(),
            doors: Arc::default(),
            changes: Changes::default(),
            changed: AtomicU64::new(0),
            guests: Guests::default(),
        })
    }

    /// Looks at the world as it is now.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        let mut world = lock(&self.world);
        world.host.now = self.clock.now();
        current::look(&mut world, look)
    }

    /// Changes the world and sets going what follows from it.
    pub(crate) fn commit<T>(self: &Arc<Self>, change: impl FnOnce(&mut World) -> T) -> T {
        let mut world = lock(&self.world);
        world.host.now = self.clock.now();
        world.remember();
        let result = change(&mut world);
        self.report(&mut world);
        let changed = world.changed();
        self.publish(&changed);
        // Still under the lock: the order of effects is the order of changes.
        for effect in world.host.take_effects() {
            self.carry_out(effect);
        }
        self.changed.fetch_add(1, Ordering::Release);
        drop(world);
        for (key, _) in &changed {
            self.changes.tell(key);
        }
        result
    }

    /// Lets the proxy know, later.
    fn publish(&self, changed: &[(MachineKey, Option<Route>)]) {
        let (now, mut routes) = (Instant::now(), lock(&self.routes));
        for (key, route) in changed {
            routes.record(now, key, route.clone());
        }
    }

    pub(crate) fn note(self: &Arc<Self>, key: &MachineKey, fact: Fact) {
        self.commit(|world| world.note(key, fact));
    }

    /// How often the world has changed.
    pub(crate) fn age(&self) -> u64 {
        self.changed.load(Ordering::Acquire)
    }

    /// Waits for changes of a machine.
    pub(crate) fn wait_for(&self, key: MachineKey) -> Waiting<'_> {
        self.changes.wait(key)
    }

    /// The places to send requests for `app` to, as the proxy knows them by now.
    pub(crate) fn routes(&self, app: &str) -> Arc<[Route]> {
        lock(&self.routes).view(app, Instant::now())
    }

    /// A name for a request, to the API or to an app.
    pub(crate) fn request_id(&self) -> HeaderValue {
        self.request_ids.next(self.clock.now())
    }

    fn carry_out(self: &Arc<Self>, effect: Effect) {
        match effect {
            Effect::Boot(boot) => self.boot(*boot),
            Effect::Order { boot, order } => {
                // A process that is gone takes no order; its end is on its way as a fact.
                let _ = lock(&self.orders).get(&boot).map(|vm| vm.send(order));
            }
            Effect::Later { key, serial, lapse } => {
                self.come_back(key, self.config.boot, Fact::Lapsed { serial, lapse });
            }
            Effect::After { key, time, fact } => self.come_back(key, time, *fact),
        }
    }

    fn come_back(self: &Arc<Self>, key: MachineKey, time: Duration, fact: Fact) {
        let platform = Arc::clone(self);
        self.tasks.spawn(async move {
            tokio::time::sleep(time).await;
            if let Fact::Lapsed { serial, lapse } = fact {
                logs::note_lapse(&platform, &key, (serial, lapse));
            }
            platform.note(&key, fact);
        });
    }

    fn boot(self: &Arc<Self>, boot: Boot) {
        let (sender, orders) = mpsc::unbounded_channel();
        let number = boot.number;
        self.guests.enter(&boot);
        lock(&self.orders).insert(number, sender);
        let platform = Arc::clone(self);
        self.tasks.spawn(async move {
            vm::run(&platform, boot, orders).await;
            lock(&platform.orders).remove(&number);
            platform.guests.leave(number);
        });
    }

    /// The same as [`Self::close`]; returns when it is done, processes included, or after
    /// [`LAST_BREATH`] for those.
    pub(crate) async fn end(&self) {
        if let Some(mut tasks) = self.tasks.take() {
            tasks.shutdown().await;
        }
        self.close();
        self.killed().await;
    }

    /// Kills all processes and stops all work. Nothing can be started afterwards.
    pub(crate) fn close(&self) {
        self.tasks.close();
        for group in self.groups() {
            let _ = killpg(group, Signal::SIGKILL); // already gone is as good
        }
    }

    /// Returns when the killed processes are gone, or when that takes too long.
    async fn killed(&self) {
        let gone = |group: &Pid| killpg(*group, None).is_err();
        let all = async {
            while !self.groups().iter().all(gone) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let _ = tokio::time::timeout(LAST_BREATH, all).await; // they are killed all the same
    }

    fn groups(&self) -> Vec<Pid> {
        let world = lock(&self.world);
        let pids = world.machines().filter_map(|machine| machine.vm.as_ref()?.pid);
        let pids = pids.filter_map(|pid| i32::try_from(pid).ok());
        pids.chain(self.guests.all_groups()).map(Pid::from_raw).collect()
    }
}
