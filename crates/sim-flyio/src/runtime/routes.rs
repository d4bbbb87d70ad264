//! The proxy's view of the machines: the truth, some time ago.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use tokio::time::Instant;

use crate::world::{MachineKey, Route};

/// What was true of each machine since when, as far back as the proxy can still believe it.
#[derive(Debug)]
pub(super) struct Routes {
    propagation: Duration,
    apps: HashMap<String, Roster>,
}

/// The machines of one app.
#[derive(Debug, Default)]
struct Roster {
    history: BTreeMap<String, VecDeque<(Instant, Route)>>,
    /// What the proxy believes, as of the last look.
    view: Arc<[Route]>,
    /// From when on it believes something else.
    stale: Option<Instant>,
}

impl Routes {
    pub(super) fn new(propagation: Duration) -> Self {
        Self { propagation, apps: HashMap::new() }
    }

    /// Takes down what is true of a machine now; `None` when it was forgotten. That comes minutes
    /// after its end, when the proxy has believed it long since.
    pub(super) fn record(&mut self, now: Instant, key: &MachineKey, truth: Option<Route>) {
        let roster = self.apps.entry(key.app.clone()).or_default();
        let Some(route) = truth else {
            roster.history.remove(&key.machine);
            roster.stale = Some(now);
            if roster.history.is_empty() {
                self.apps.remove(&key.app); // nothing is believed of an app without machines
            }
            return;
        };
        let known = roster.history.entry(key.machine.clone()).or_default();
        if known.back().is_none_or(|(_, last)| *last != route) {
            known.push_back((now, route));
            // Beyond what time can be told: it never learns of it.
            roster.stale = roster.stale.or_else(|| now.checked_add(self.propagation));
        }
    }

    /// What the proxy believes now of the machines of `app`.
    pub(super) fn view(&mut self, app: &str, now: Instant) -> Arc<[Route]> {
        let Some(roster) = self.apps.get_mut(app) else { return Arc::default() };
        if roster.stale.is_some_and(|stale| stale <= now) {
            roster.refresh(now, self.propagation);
        }
        Arc::clone(&roster.view)
    }
}

impl Roster {
    fn refresh(&mut self, now: Instant, propagation: Duration) {
        let known = |since: Instant| now.duration_since(since) >= propagation;
        let mut next: Option<Instant> = None;
        let believed = self.history.values_mut().filter_map(|history| {
            while history.get(1).is_some_and(|(since, _)| known(*since)) {
                history.pop_front();
            }
            let coming = history.iter().map(|(since, _)| *since).find(|since| !known(*since));
            let coming = coming.and_then(|since| since.checked_add(propagation));
            next = [next, coming].into_iter().flatten().min();
            history.front().filter(|(since, _)| known(*since)).map(|(_, route)| route.clone())
        });
        self.view = believed.collect();
        self.stale = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Address;

    fn key(machine: &str) -> MachineKey {
        MachineKey { app: "shop".into(), machine: machine.into() }
    }

    fn route(port: Option<u16>) -> Route {
        Route {
            key: key("a"),
            address: port.map(Address::Loopback),
            cordoned: false,
            healthy: true,
            ..Route::default()
        }
    }

    #[test]
    fn every_change_becomes_visible_when_its_time_has_come() {
        let mut routes = Routes::new(Duration::from_millis(300));
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        routes.record(at(0), &key("a"), Some(route(None)));
        routes.record(at(100), &key("a"), Some(route(Some(1))));
        routes.record(at(150), &key("a"), Some(route(Some(1))));
        routes.record(at(200), &key("a"), Some(route(None)));
        let mut seen = |millis| routes.view("shop", at(millis)).first().map(|it| it.address);
        let table = [
            (299, None),
            (300, Some(None)),
            (399, Some(None)),
            (400, Some(Some(Address::Loopback(1)))),
            (499, Some(Some(Address::Loopback(1)))),
            (500, Some(None)),
        ];
        for (millis, address) in table {
            assert_eq!(seen(millis), address, "after {millis} ms");
        }
        assert!(routes.view("other", at(900)).is_empty());
    }

    #[test]
    fn a_view_is_shared_until_it_changes_and_a_forgotten_machine_leaves_it() {
        let mut routes = Routes::new(Duration::from_millis(300));
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        for machine in ["a", "b"] {
            routes.record(at(0), &key(machine), Some(route(Some(1))));
        }
        let view = routes.view("shop", at(300));
        assert_eq!(view.len(), 2);
        assert!(Arc::ptr_eq(&view, &routes.view("shop", at(900))));
        routes.record(at(1000), &key("b"), None);
        assert_eq!(routes.view("shop", at(1000)).len(), 1);
    }
}
