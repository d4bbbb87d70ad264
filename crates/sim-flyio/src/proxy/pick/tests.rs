use std::sync::Arc;

use super::*;
use crate::world::{Address, MachineKey, Service};

/// A started machine in `ord` with limits of 2 and 4, and its load.
fn machine(name: &str, load: usize) -> (Route, usize) {
    let service = Service { soft_limit: 2, hard_limit: Some(4), ..Service::default() };
    let route = Route {
        key: MachineKey { app: "shop".into(), machine: name.into() },
        address: Some(Address::Loopback(1)),
        healthy: true,
        region: "ord".into(),
        service: Some(Arc::new(service)),
        ..Route::default()
    };
    (route, load)
}

fn in_region(region: &str, (route, load): (Route, usize)) -> (Route, usize) {
    (Route { region: region.into(), ..route }, load)
}

/// The same, stopped, to be started by requests.
fn stopped(name: &str) -> (Route, usize) {
    let (route, load) = machine(name, 0);
    let service = Service { autostart: true, ..Service::default() };
    (Route { address: None, idle: true, service: Some(Arc::new(service)), ..route }, load)
}

fn choose_for(wish: &Wish, machines: &[(Route, usize)]) -> String {
    let look = |place: usize| {
        let (route, load) = &machines[place];
        Seen { route, load: *load, waking: false, refused: false }
    };
    let name = |place: usize| machines[place].0.key.machine.clone();
    match choose((machines.len(), 0), (wish, "ord"), look) {
        Choice::Go(place) => name(place),
        Choice::Wake(place) => format!("wake {}", name(place)),
        other => format!("{other:?}"),
    }
}

#[test]
fn the_least_loaded_machine_below_its_soft_limit_is_chosen_in_the_nearest_region() {
    let a = |load| machine("a", load);
    let b = |load| machine("b", load);
    let far = |load| in_region("ams", machine("far", load));
    let table = [
        (vec![a(1), b(0)], "b"),
        (vec![a(2), b(1)], "b"),
        (vec![a(3), b(2)], "b"),
        (vec![a(4), b(3)], "b"),
        (vec![a(1), far(0)], "a"),
        // Soft limits count within a region only.
        (vec![a(3), far(0)], "a"),
        (vec![a(4), far(1)], "far"),
        (vec![a(4), b(4)], "Queue"),
        (vec![a(4), far(4)], "Queue"),
        (vec![], "Nobody"),
    ];
    for (machines, wanted) in table {
        assert_eq!(choose_for(&Wish::default(), &machines), wanted, "{machines:?}");
    }
}

#[test]
fn traffic_goes_to_started_healthy_machines_that_are_not_cordoned() {
    let (route, _) = machine("a", 0);
    let cordoned = Route { cordoned: true, ..route.clone() };
    let sick = Route { healthy: false, ..route.clone() };
    let gone = Route { address: None, ..route.clone() };
    let pinned = Wish { forced: Some("a".into()), ..Wish::default() };
    let elsewhere = Wish { forced: Some("b".into()), ..Wish::default() };
    let avoided = Wish { avoided: Some("a".into()), ..Wish::default() };
    let worker = Route { service: None, ..route.clone() };
    let table = [
        (&route, ["a", "a", "Nobody", "Nobody"]),
        (&cordoned, ["Nobody", "a", "Nobody", "Nobody"]),
        (&sick, ["Nobody", "a", "Nobody", "Nobody"]),
        (&gone, ["Nobody", "Nobody", "Nobody", "Nobody"]),
        (&worker, ["Nobody", "Nobody", "Nobody", "Nobody"]),
    ];
    for (route, wanted) in table {
        let wishes = [&Wish::default(), &pinned, &elsewhere, &avoided];
        let chosen = wishes.map(|wish| choose_for(wish, &[(route.clone(), 0)]));
        assert_eq!(chosen, wanted, "{route:?}");
    }
}

#[test]
fn wishes_are_granted_as_far_as_there_is_room() {
    let near = || vec![machine("a", 0), machine("b", 1), in_region("ams", machine("far", 3))];
    let full = || vec![machine("a", 0), machine("b", 4), in_region("ams", machine("far", 4))];
    let prefers = |name: &str| Wish { preferred: Some(name.into()), ..Wish::default() };
    let regions = |regions: &[&str], only_there| {
        let regions = regions.iter().map(ToString::to_string).collect();
        Wish { regions, only_there, ..Wish::default() }
    };
    let table = [
        (prefers("b"), near(), "b"),
        (prefers("b"), full(), "a"),
        (prefers("none"), near(), "a"),
        (regions(&["ams"], false), near(), "far"),
        (regions(&["ams"], false), full(), "a"),
        (regions(&["ams"], true), near(), "far"),
        (regions(&["ams"], true), full(), "Queue"),
        (regions(&["sin"], true), near(), "Nobody"),
        (regions(&["sin"], false), near(), "a"),
    ];
    for (wish, machines, wanted) in table {
        assert_eq!(choose_for(&wish, &machines), wanted, "{wish:?}");
    }
}

#[test]
fn a_stopped_machine_is_started_only_when_none_that_runs_is_below_its_soft_limit() {
    let far = || in_region("ams", machine("far", 0));
    let pinned = Wish { forced: Some("z".into()), ..Wish::default() };
    let table = [
        (Wish::default(), vec![stopped("z")], "wake z"),
        (Wish::default(), vec![machine("a", 1), stopped("z")], "a"),
        (Wish::default(), vec![machine("a", 2), stopped("z")], "wake z"),
        (Wish::default(), vec![machine("a", 4), stopped("z")], "wake z"),
        (Wish::default(), vec![machine("a", 4), far(), stopped("z")], "far"),
        (Wish::default(), vec![in_region("ams", stopped("y")), stopped("z")], "wake z"),
        (pinned, vec![machine("a", 0), stopped("z")], "wake z"),
    ];
    for (wish, machines, wanted) in table {
        assert_eq!(choose_for(&wish, &machines), wanted, "{machines:?}");
    }
    let cordoned = Route { cordoned: true, ..stopped("z").0 };
    assert_eq!(choose_for(&Wish::default(), &[(cordoned, 0)]), "Nobody");
    let still = Route { service: machine("z", 0).0.service, ..stopped("z").0 };
    assert_eq!(choose_for(&Wish::default(), &[(still, 0)]), "Nobody", "no autostart");
}

#[test]
fn one_start_at_a_time_is_waited_for_unless_somebody_runs() {
    let (idle, (busy, _)) = (stopped("z").0, machine("a", 3));
    let look = |waking| {
        let (idle, busy) = (&idle, &busy);
        move |place: usize| match place {
            0 => Seen { route: idle, load: 0, waking, refused: false },
            _ => Seen { route: busy, load: 3, waking: false, refused: false },
        }
    };
    let wish = Wish::default();
    assert_eq!(choose((1, 0), (&wish, "ord"), look(true)), Choice::Await);
    assert_eq!(choose((2, 0), (&wish, "ord"), look(true)), Choice::Go(1));
    assert_eq!(choose((2, 0), (&wish, "ord"), look(false)), Choice::Wake(0));
}

#[test]
fn equals_take_turns_and_one_that_refused_is_passed_over() {
    let machines = [machine("a", 1), machine("b", 1), machine("c", 1)];
    let look = |refused: Option<usize>| {
        let machines = &machines;
        move |place: usize| {
            let (route, load) = &machines[place];
            Seen { route, load: *load, waking: false, refused: refused == Some(place) }
        }
    };
    let wish = Wish::default();
    let turns: Vec<Choice> =
        (0..4).map(|turn| choose((3, turn), (&wish, "ord"), look(None))).collect();
    assert_eq!(turns, [Choice::Go(0), Choice::Go(1), Choice::Go(2), Choice::Go(0)]);
    assert_eq!(choose((3, 1), (&wish, "ord"), look(Some(1))), Choice::Go(2));
}
