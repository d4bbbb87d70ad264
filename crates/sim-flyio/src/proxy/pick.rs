//! Choosing a machine.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{runtime::lock, world::Route};

/// The machines that a request may go to. A pinned one goes to that machine or to none, even if
/// the machine is cordoned or its checks do not pass, as long as it is started.
pub(super) fn candidates(routes: &[Route], pinned: Option<&str>) -> Vec<Route> {
    let fits = |route: &Route| match pinned {
        Some(machine) => route.key.machine == machine,
        None => route.healthy && !route.cordoned,
    };
    routes.iter().filter(|route| route.address.is_some() && fits(route)).cloned().collect()
}

/// How many requests are under way to each machine.
#[derive(Debug, Default)]
pub(super) struct Loads {
    under_way: Mutex<HashMap<String, usize>>,
    turn: AtomicUsize,
}

impl Loads {
    /// Least loaded first; those that are equal take turns.
    pub(super) fn order(&self, mut candidates: Vec<Route>) -> Vec<Route> {
        if candidates.is_empty() {
            return candidates;
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % candidates.len();
        candidates.rotate_left(turn);
        let under_way = lock(&self.under_way);
        candidates.sort_by_key(|route| under_way.get(&route.key.machine).copied().unwrap_or(0));
        candidates
    }

    /// Counts one more request until the load is dropped.
    pub(super) fn add(self: &Arc<Self>, machine: &str) -> Load {
        *lock(&self.under_way).entry(machine.to_owned()).or_default() += 1;
        Load { loads: Arc::clone(self), machine: machine.to_owned() }
    }
}

/// One request under way.
#[derive(Debug)]
pub(super) struct Load {
    loads: Arc<Loads>,
    machine: String,
}

impl Drop for Load {
    fn drop(&mut self) {
        let mut under_way = lock(&self.loads.under_way);
        let count = under_way.get_mut(&self.machine).expect("it was counted");
        *count -= 1;
        if *count == 0 {
            under_way.remove(&self.machine);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{Address, MachineKey};

    fn route(machine: &str) -> Route {
        let key = MachineKey { app: "shop".into(), machine: machine.into() };
        Route { key, address: Some(Address::Loopback(1)), cordoned: false, healthy: true }
    }

    fn names(routes: Vec<Route>) -> Vec<String> {
        routes.into_iter().map(|route| route.key.machine).collect()
    }

    #[test]
    fn traffic_goes_to_started_healthy_machines_that_are_not_cordoned() {
        let routes = || {
            let cordoned = Route { cordoned: true, ..route("cordoned") };
            let sick = Route { healthy: false, ..route("sick") };
            vec![route("well"), cordoned, sick, Route { address: None, ..route("stopped") }]
        };
        assert_eq!(names(candidates(&routes(), None)), ["well"]);
        let table = [("well", 1), ("cordoned", 1), ("sick", 1), ("stopped", 0), ("unknown", 0)];
        for (pinned, found) in table {
            assert_eq!(candidates(&routes(), Some(pinned)).len(), found, "{pinned}");
        }
    }

    #[test]
    fn the_least_loaded_machine_is_tried_first_and_equals_take_turns() {
        let loads = Arc::new(Loads::default());
        let all = || vec![route("a"), route("b"), route("c")];
        let firsts: Vec<String> = (0..3).map(|_| names(loads.order(all())).remove(0)).collect();
        assert_eq!(firsts, ["a", "b", "c"]);
        let busy = (loads.add("a"), loads.add("a"), loads.add("c"));
        assert_eq!(names(loads.order(all())), ["b", "c", "a"]);
        drop(busy);
        assert!(lock(&loads.under_way).is_empty());
    }
}
