//! What the proxy keeps for one app: its view of the machines, the way to each of them, and the
//! ledger.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::{
    lane::{Lane, Queue},
    ledger::Account,
    pick::{Choice, Seen, choose},
    wish::Wish,
};
use crate::{
    runtime::{Platform, lock},
    world::Route,
};

/// How long a view is used before the platform is asked again: nothing to the time that the
/// proxy is behind by, and it spares that question at each request.
const FRESH: Duration = Duration::from_millis(1);

/// One app, as the proxy sees it.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) name: String,
    pub(super) account: Account,
    pub(super) queue: Arc<Queue>,
    lanes: Mutex<HashMap<String, Arc<Lane>>>,
    view: RwLock<Option<Arc<View>>>,
    turn: AtomicUsize,
}

/// A machine and the way to it.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    pub(super) route: Route,
    pub(super) lane: Arc<Lane>,
}

/// The machines of an app, as the proxy believes them to be.
#[derive(Debug)]
pub(super) struct View {
    since: Instant,
    routes: Arc<[Route]>,
    pub(super) seats: Arc<[Seat]>,
}

impl View {
    /// Whether any machine is to be found anywhere.
    pub(super) fn has_addresses(&self) -> bool {
        self.seats.iter().any(|seat| seat.route.address.is_some())
    }
}

impl Site {
    pub(super) fn new(name: &str, account: Account) -> Arc<Self> {
        Arc::new(Self {
            name: name.to_owned(),
            account,
            queue: Arc::default(),
            lanes: Mutex::default(),
            view: RwLock::default(),
            turn: AtomicUsize::new(0),
        })
    }

    /// What the proxy believes now.
    pub(super) fn view(&self, platform: &Platform) -> Arc<View> {
        let now = Instant::now();
        let known = self.view.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        if let Some(view) = &known
            && now.duration_since(view.since) < FRESH
            && !platform.config.propagation.is_zero()
        {
            return Arc::clone(view);
        }
        let routes = platform.routes(&self.name);
        let same = known.filter(|view| Arc::ptr_eq(&view.routes, &routes));
        let seats = same.map_or_else(|| self.seats(&routes), |view| Arc::clone(&view.seats));
        let view = Arc::new(View { since: now, routes, seats });
        let mut kept = self.view.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        *kept = Some(Arc::clone(&view));
        view
    }

    fn seats(&self, routes: &[Route]) -> Arc<[Seat]> {
        let mut lanes = lock(&self.lanes);
        let seat = |route: &Route| {
            let machine = &route.key.machine;
            let lane = lanes.get(machine).cloned().unwrap_or_else(|| {
                let lane = Lane::new(machine, &self.queue);
                lanes.insert(machine.clone(), Arc::clone(&lane));
                lane
            });
            Seat { route: route.clone(), lane }
        };
        let seats: Arc<[Seat]> = routes.iter().map(seat).collect();
        lanes.retain(|_, lane| Arc::strong_count(lane) > 1); // machines that are gone
        seats
    }

    /// Closes connections that nobody used for some time.
    pub(super) fn sweep(&self) {
        let lanes: Vec<Arc<Lane>> = lock(&self.lanes).values().cloned().collect();
        for lane in lanes {
            lane.sweep();
        }
    }

    /// Chooses a machine; `refused` are those that refused this request a moment ago.
    pub(super) fn choose(
        &self,
        view: &View,
        (wish, edge): (&Wish, &str),
        refused: &[Arc<Lane>],
    ) -> Choice {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        choose((view.seats.len(), turn), (wish, edge), |place| {
            let Seat { route, lane } = &view.seats[place];
            Seen {
                route,
                load: lane.load(),
                waking: lane.is_waking(),
                refused: refused.iter().any(|other| Arc::ptr_eq(other, lane)),
            }
        })
    }
}
