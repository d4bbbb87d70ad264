//! The formulas that the benchmark of deploys compares with.

#[path = "../../benches/deploys/flyctl.rs"]
mod flyctl;
#[path = "../../benches/deploys/minimum.rs"]
mod minimum;

use std::time::Duration;

use target_flyio::Strategy;

use self::minimum::Day;

fn day(limited: bool) -> Day {
    Day {
        propagation: Duration::from_secs(2),
        boot: Duration::from_secs(3),
        grace: Duration::from_secs(5),
        interval: Duration::from_secs(10),
        call: Duration::from_millis(100),
        ending: Duration::from_secs(1),
        max_unavailable: 0.33,
        limited,
    }
}

#[test]
fn the_least_time_follows_from_limits_boots_and_checks() {
    let table = [
        (Strategy::Immediate, 1, 9_400),
        (Strategy::Immediate, 100, 9_400),
        (Strategy::Rolling, 1, 9_400),
        // One alone and then one at a time: three waves of 11.2 s.
        (Strategy::Rolling, 3, 34_000),
        // One alone, then 4, 4 and 1.
        (Strategy::Canary, 10, 45_200),
        (Strategy::Rolling, 100, 45_200),
        (Strategy::BlueGreen, 3, 13_800),
        (Strategy::BlueGreen, 10, 20_800),
    ];
    for (strategy, machines, millis) in table {
        let least = day(true).minimum(strategy, machines);
        assert_eq!(least, Duration::from_millis(millis), "{strategy:?} {machines}");
    }
    let unlimited = day(false).minimum(Strategy::BlueGreen, 100);
    assert_eq!(unlimited, Duration::from_millis(13_800), "without limits all start at once");
}

#[test]
fn what_flyctl_would_take_follows_from_its_smoke_checks_pauses_and_polls() {
    let table = [
        (Strategy::Immediate, 100, 1_600),
        (Strategy::Rolling, 1, 14_400),
        (Strategy::Rolling, 3, 42_600),
        (Strategy::Canary, 3, 50_800),
        (Strategy::BlueGreen, 3, 36_400),
    ];
    for (strategy, machines, millis) in table {
        let estimate = day(true).flyctl(strategy, machines);
        assert_eq!(estimate, Duration::from_millis(millis), "{strategy:?} {machines}");
    }
}
