//! The proxy's view of the machines: the truth, some time ago.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use tokio::time::Instant;

use crate::world::{MachineKey, Route};

/// What was true of each machine since when, as far back as the proxy can still believe it.
#[derive(Debug)]
pub(super) struct Routes {
    propagation: Duration,
    history: BTreeMap<MachineKey, VecDeque<(Instant, Route)>>,
}

impl Routes {
    pub(super) fn new(propagation: Duration) -> Self {
        Self { propagation, history: BTreeMap::new() }
    }

    /// Takes the truth of now down.
    pub(super) fn record(&mut self, now: Instant, truth: impl Iterator<Item = Route>) {
        let mut gone: Vec<MachineKey> = self.history.keys().cloned().collect();
        for route in truth {
            gone.retain(|key| *key != route.key);
            let known = self.history.entry(route.key.clone()).or_default();
            if known.back().is_none_or(|(_, last)| *last != route) {
                known.push_back((now, route));
            }
        }
        // The world forgets a machine minutes after its end; the proxy has believed it by then.
        for key in gone {
            self.history.remove(&key);
        }
    }

    /// What the proxy believes now of the machines of `app`.
    pub(super) fn view(&mut self, app: &str, now: Instant) -> Vec<Route> {
        let propagation = self.propagation;
        let known = |since: Instant| now.duration_since(since) >= propagation;
        let machines = self.history.iter_mut().filter(|(key, _)| key.app == app);
        let believed = machines.filter_map(|(_, history)| {
            while history.get(1).is_some_and(|(since, _)| known(*since)) {
                history.pop_front();
            }
            history.front().filter(|(since, _)| known(*since)).map(|(_, route)| route.clone())
        });
        believed.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Address;

    fn route(port: Option<u16>) -> Route {
        let key = MachineKey { app: "shop".into(), machine: "a".into() };
        Route {
            key,
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
        routes.record(at(0), [route(None)].into_iter());
        routes.record(at(100), [route(Some(1))].into_iter());
        routes.record(at(150), [route(Some(1))].into_iter());
        routes.record(at(200), [route(None)].into_iter());
        let mut seen = |millis| routes.view("shop", at(millis)).pop().map(|route| route.address);
        let table = [
            (299, None),
            (300, Some(None)),
            (399, Some(None)),
            (400, Some(Some(1))),
            (499, Some(Some(1))),
            (500, Some(None)),
        ];
        for (millis, port) in table {
            assert_eq!(
                seen(millis),
                port.map(|port| port.map(Address::Loopback)),
                "after {millis} ms"
            );
        }
        assert_eq!(routes.view("other", at(900)), []);
    }
}
