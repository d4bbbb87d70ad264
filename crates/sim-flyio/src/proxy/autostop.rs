//! Stopping machines that are not needed (fly.io docs: fly-proxy-autostop-autostart).

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::time::interval;

use super::{Proxy, pick::takes_requests};
use crate::world::{App, Autostop, Route};

/// A pass without a pause would be all that the simulator does.
const SHORTEST: Duration = Duration::from_millis(1);

impl Proxy {
    /// Looks at all apps again and again, for ever.
    pub(super) async fn stop_idle_machines(self: Arc<Self>) {
        let mut tick = interval(self.platform.config.autostop_every.max(SHORTEST));
        tick.tick().await; // the first one comes at once
        loop {
            tick.tick().await;
            let apps = self.platform.read(|world| {
                world.apps.values().map(|app: &App| app.name.clone()).collect::<Vec<_>>()
            });
            for site in apps.iter().filter_map(|app| self.site(app)) {
                let view = site.view(&self.platform);
                let seen = view.seats.iter().map(|seat| (&seat.route, seat.lane.load()));
                for (route, how) in excess(seen) {
                    self.platform.commit(|world| world.autostop(&route.key, how));
                }
            }
        }
    }
}

/// The machines to stop in one pass over an app: one in each region with too many of them, the
/// least loaded one.
fn excess<'a>(seen: impl Iterator<Item = (&'a Route, usize)>) -> Vec<(&'a Route, Autostop)> {
    let mut regions = BTreeMap::<&str, Vec<(&Route, usize)>>::new();
    for (route, load) in seen.filter(|(route, _)| takes_requests(route, false)) {
        regions.entry(&route.region).or_default().push((route, load));
    }
    regions.into_values().filter_map(|running| spare(&running)).collect()
}

/// The machine of one region that can be spared.
fn spare<'a>(running: &[(&'a Route, usize)]) -> Option<(&'a Route, Autostop)> {
    let service = |route: &'a Route| route.service.as_deref();
    let over = running
        .iter()
        .filter(|(route, load)| service(route).is_some_and(|service| *load >= service.soft_limit));
    let too_many = match running {
        [(_, load)] => *load == 0,
        _ => running.len() > over.count() + 1,
    };
    let kept = running.iter().filter_map(|(route, _)| service(route));
    let kept = kept.filter(|service| service.is_primary).map(|service| service.min_running).max();
    if !too_many || running.len() <= kept.unwrap_or(0) {
        return None;
    }
    let stoppable = running.iter().filter_map(|(route, load)| {
        let how = service(route)?.autostop;
        (how != Autostop::Off).then_some((*load, *route, how))
    });
    stoppable.min_by_key(|(load, ..)| *load).map(|(_, route, how)| (route, how))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{Address, MachineKey, Service};

    /// A running machine with a soft limit of 2 that may be stopped.
    fn machine(name: &str, region: &str) -> Route {
        let service = Service { soft_limit: 2, autostop: Autostop::Suspend, ..Service::default() };
        Route {
            key: MachineKey { app: "shop".into(), machine: name.into() },
            address: Some(Address::Loopback(1)),
            healthy: true,
            region: region.into(),
            service: Some(Arc::new(service)),
            ..Route::default()
        }
    }

    fn with(route: Route, change: impl FnOnce(&mut Service)) -> Route {
        let mut service = route.service.as_deref().cloned().unwrap();
        change(&mut service);
        Route { service: Some(Arc::new(service)), ..route }
    }

    fn stopped(machines: &[(Route, usize)]) -> Vec<&str> {
        let seen = machines.iter().map(|(route, load)| (route, *load));
        excess(seen).into_iter().map(|(route, _)| route.key.machine.as_str()).collect()
    }

    #[test]
    fn one_machine_of_a_region_is_stopped_when_the_others_have_room() {
        let table = [
            (vec![("a", 0)], vec!["a"]),
            (vec![("a", 1)], vec![]),
            (vec![("a", 1), ("b", 0)], vec!["b"]),
            (vec![("a", 1), ("b", 1)], vec!["a"]),
            (vec![("a", 2), ("b", 0)], vec![]),
            (vec![("a", 2), ("b", 0), ("c", 1)], vec!["b"]),
            (vec![("a", 2), ("b", 2), ("c", 0)], vec![]),
        ];
        for (machines, wanted) in table {
            let machines: Vec<_> =
                machines.iter().map(|(name, load)| (machine(name, "ord"), *load)).collect();
            assert_eq!(stopped(&machines), wanted, "{machines:?}");
        }
        let both = [(machine("a", "ord"), 0), (machine("b", "ams"), 0)];
        assert_eq!(stopped(&both), ["b", "a"], "one of each region");
    }

    #[test]
    fn what_is_to_be_kept_cordoned_or_not_to_be_stopped_stays() {
        let primary =
            |route| with(route, |service| (service.is_primary, service.min_running) = (true, 1));
        let kept = [(primary(machine("a", "ord")), 0), (machine("b", "ams"), 0)];
        assert_eq!(stopped(&kept), ["b"]);
        let two = [(primary(machine("a", "ord")), 0), (primary(machine("b", "ord")), 1)];
        assert_eq!(stopped(&two), ["a"]);
        let off = with(machine("a", "ord"), |service| service.autostop = Autostop::Off);
        assert_eq!(stopped(&[(off, 0)]), [""; 0]);
        let cordoned = Route { cordoned: true, ..machine("a", "ord") };
        assert_eq!(stopped(&[(cordoned, 0)]), [""; 0]);
    }
}
