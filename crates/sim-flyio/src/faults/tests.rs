//! The language of faults, their timing and their luck.

use std::time::Duration;

use proptest::prelude::*;

use super::{catalogue::Catalogue, *};
use crate::Phase;

fn fault(text: &str) -> Fault {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// One of each effect, as it is written.
const WRITTEN: &[&str] = &[
    "any=401",
    "get@1=404",
    "create@2=408-before",
    "create@2=408-after",
    "update=409-lease",
    "lease=409-lease:2s",
    "update%0.1=409-replacing",
    "start=412",
    "create[region=ams]=422-capacity",
    "POST /v1/apps/*/machines/*/start@1-3=429",
    "any@every7=500",
    "any@3-=502",
    "any=503-after",
    "any=504",
    "create=reset-before",
    "create=reset-after",
    "wait=slow:1500ms",
    "wait=slow-after:2s",
    "list@1=empty",
    "get@3=stale:5s",
    "list=malformed",
    "lease=skew:-30s",
    "lease=skew:+250ms",
    "create=lag",
    "create=lag:3",
    "create=lag:2s",
    "update=lease-lost",
    "lease=lease-lost:2s",
    "get[machine=0a*]=host-unreachable",
    "boot=host-unreachable:10s",
    "update=pull-fails",
    "create=stuck",
    "boot=stuck",
    "boot@1=crash",
    "boot[app=shop,image=*:v2,group=web]=crash:500ms",
    "boot=crash:500ms:7",
    "boot=oom",
    "boot=oom:2s",
    "boot=flap:1s",
    "boot=unhealthy",
    "boot=traffic:503",
    "boot=unseen",
    "uncordon=unseen",
    "update@1=autostop",
    "destroy=hangs",
    "destroy=hangs:1s",
    "release-update@1=500",
    "PATCH|PUT /api/**=502",
];

/// What is refused, and how.
const REFUSED: &[(&str, &str)] = &[
    (
        "create",
        "the fault 'create' is not POINT[SCOPE]TIMING=EFFECT; write for example create@2=408-after",
    ),
    (
        "crate=500",
        "a fault has no point 'crate'; write boot, the name of an action such as create, list or update, or METHOD /PATH",
    ),
    (
        "GRAB /v1=500",
        "a fault has no point 'GRAB /v1'; write boot, the name of an action such as create, list or update, or METHOD /PATH",
    ),
    (
        "create[zone=ams]=500",
        "a fault has no scope 'zone=ams'; write KEY=PATTERN with one of app, machine, region, image and group",
    ),
    (
        "create@0=500",
        "a fault has no timing '@0'; write @2, @1-3, @3-, @every5, or %0.1 with a number from 0 to 1",
    ),
    (
        "create@3-1=500",
        "a fault has no timing '@3-1'; write @2, @1-3, @3-, @every5, or %0.1 with a number from 0 to 1",
    ),
    (
        "create%1.5=500",
        "a fault has no timing '%1.5'; write @2, @1-3, @3-, @every5, or %0.1 with a number from 0 to 1",
    ),
    (
        "create=501",
        "a fault has no effect '501'; write for example 503, 409-lease:30s, reset-after, slow:2s or crash:500ms",
    ),
    (
        "create=slow:soon",
        "a fault has no effect 'slow:soon'; write for example 503, 409-lease:30s, reset-after, slow:2s or crash:500ms",
    ),
    (
        "create=408",
        "the effect '408' does not say whether the call takes effect; write 408-before or 408-after",
    ),
    ("list=crash", "'crash' cannot happen at 'list'; put it at boot"),
    ("boot=503", "'503' cannot happen at 'boot'; put it at a call"),
    ("create=empty", "'empty' cannot happen at 'create'; put it at a call with the method GET"),
    (
        "create=409-lease",
        "'409-lease' cannot happen at 'create'; put it at a call that names a machine",
    ),
    ("get=pull-fails", "'pull-fails' cannot happen at 'get'; put it at create or update"),
    ("start=unseen", "'unseen' cannot happen at 'start'; put it at uncordon or boot"),
];

#[test]
fn every_effect_is_written_as_it_is_read() {
    for text in WRITTEN {
        assert_eq!(fault(text).to_string(), *text);
    }
    assert_eq!(fault("create @2 = 408-after").to_string(), "create@2=408-after");
}

#[test]
fn what_cannot_be_is_refused_with_a_way_out() {
    for (text, error) in REFUSED {
        assert_eq!(text.parse::<Fault>().unwrap_err().to_string(), *error);
    }
    let broken = FaultEffect::Answer { status: 200, phase: Phase::Before };
    assert!(matches!(Fault::new("get", broken), Err(FaultError::Effect { .. })));
}

#[test]
fn a_fault_made_of_values_is_the_one_that_is_written() {
    let crash = FaultEffect::Crash { after: Duration::from_millis(500), code: 1 };
    let made = Fault::new("boot", crash).unwrap().only("image", "*:v2").unwrap();
    let made = made.at(FaultTiming::Between(2, 2)).unwrap();
    assert_eq!(made, fault("boot[image=*:v2]@2=crash:500ms"));
}

#[test]
fn every_action_is_documented_and_no_call_has_two() {
    let documented = include_str!("fault.rs");
    let missing: Vec<_> =
        FaultPoint::actions().filter(|name| !documented.contains(&format!("`{name}`"))).collect();
    assert_eq!(missing, [""; 0]);
    let points: Vec<FaultPoint> =
        FaultPoint::actions().skip(1).map(|name| name.parse().unwrap()).collect();
    for point in &points {
        let path = point.sample().1.replace('*', "x");
        let takers: Vec<_> = points
            .iter()
            .filter(|other| point.sample().0.split('|').any(|method| other.takes(method, &path)))
            .map(FaultPoint::to_string)
            .collect();
        assert_eq!(takers, [point.to_string()]);
    }
}

/// Which of the first twelve calls a fault strikes.
fn struck(catalogue: &mut Catalogue, id: FaultId) -> Vec<u64> {
    let subject = Subject::default();
    let call = Meeting { method: "POST", path: "/graphql", subject: &subject, has_machine: false };
    let fired = |all: &Catalogue| all.status().iter().find(|it| it.id == id).unwrap().fired;
    let mut hits = Vec::new();
    for count in 1..=12 {
        let before = fired(catalogue);
        catalogue.meet(call);
        if fired(catalogue) > before {
            hits.push(count);
        }
    }
    hits
}

#[test]
fn timings_count_what_comes_to_the_point() {
    let table: [(&str, Vec<u64>); 6] = [
        ("", (1..=12).collect()),
        ("@2", vec![2]),
        ("@2-4", vec![2, 3, 4]),
        ("@11-", vec![11, 12]),
        ("@every5", vec![5, 10]),
        ("%0", vec![]),
    ];
    for (timing, wanted) in table {
        let mut catalogue = Catalogue::new(1);
        let id = catalogue.inject(fault(&format!("graphql{timing}=slow:1s")));
        assert_eq!(struck(&mut catalogue, id), wanted, "{timing}");
        assert_eq!(catalogue.status()[0].met, 12);
    }
}

#[test]
fn luck_follows_from_the_seed_and_not_from_other_faults() {
    let luck = |seed: u64, other: &str| {
        let mut catalogue = Catalogue::new(seed);
        let id = catalogue.inject(fault("graphql%0.5=slow:1s"));
        catalogue.inject(fault(other));
        struck(&mut catalogue, id)
    };
    assert_eq!(luck(1, "any%0.5=slow:1s"), luck(1, "boot=stuck"));
    assert_ne!(luck(1, "boot=stuck"), luck(2, "boot=stuck"));
    let mut always = Catalogue::new(3);
    let id = always.inject(fault("graphql%1=slow:1s"));
    assert_eq!(struck(&mut always, id).len(), 12);
}

#[test]
fn a_call_that_has_ended_is_not_met_by_later_faults() {
    let mut catalogue = Catalogue::new(1);
    for text in ["graphql=slow:1s", "graphql@1=503", "graphql@1=500"] {
        catalogue.inject(fault(text));
    }
    let subject = Subject::default();
    let call = Meeting { method: "POST", path: "/graphql", subject: &subject, has_machine: false };
    let names = |all: &mut Catalogue| -> Vec<String> {
        all.meet(call).into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names(&mut catalogue), ["graphql=slow:1s", "graphql@1=503"]);
    assert_eq!(names(&mut catalogue), ["graphql=slow:1s", "graphql@1=500"]);
    let counts: Vec<_> = catalogue.status().iter().map(|it| (it.met, it.fired)).collect();
    assert_eq!(counts, [(2, 2), (2, 1), (1, 1)]);
}

fn spans() -> impl Strategy<Value = Duration> {
    (1_u64..10_000_000).prop_map(Duration::from_millis)
}

fn timings() -> impl Strategy<Value = FaultTiming> {
    prop_oneof![
        Just(FaultTiming::Always),
        (1_u64..50, 0_u64..50).prop_map(|(from, more)| FaultTiming::Between(from, from + more)),
        (1_u64..50).prop_map(|from| FaultTiming::Between(from, u64::MAX)),
        (1_u64..50).prop_map(FaultTiming::Every),
        (0.0..=1.0_f64).prop_map(FaultTiming::Chance),
    ]
}

fn effects() -> impl Strategy<Value = (&'static str, FaultEffect)> {
    prop_oneof![
        spans().prop_map(|ttl| ("update", FaultEffect::LeaseHeld { ttl })),
        spans().prop_map(|age| ("get", FaultEffect::Stale { age })),
        (spans(), 0..256).prop_map(|(after, code)| ("boot", FaultEffect::Crash { after, code })),
        spans().prop_map(|time| ("create", FaultEffect::LagFor { time })),
        (1_u32..9).prop_map(|calls| ("create", FaultEffect::Lag { calls })),
        (-1_000_000_i64..1_000_000).prop_map(|ms| ("any", FaultEffect::Skew { ms })),
        (500_u16..600).prop_map(|status| ("boot", FaultEffect::TrafficFails { status })),
        spans().prop_map(|time| ("destroy", FaultEffect::Hangs { time: Some(time) })),
    ]
}

proptest! {
    #[test]
    fn every_fault_survives_writing_and_reading(
        (point, effect) in effects(),
        timing in timings(),
        pattern in "[a-z0-9*:./-]{1,12}",
    ) {
        let made = Fault::new(point, effect).unwrap();
        let made = made.at(timing).unwrap().only("image", &pattern).unwrap();
        prop_assert_eq!(fault(&made.to_string()), made);
    }

    #[test]
    fn no_text_whatever_makes_the_reader_panic(text in ".{0,60}") {
        let _ = text.parse::<Fault>();
    }

    #[test]
    fn nothing_near_a_fault_makes_the_reader_panic(
        text in r"(boot|create|GET /)(\[[a-z=,*]{0,9}\]?)?[@%]?[0-9.a-z-]{0,6}=[0-9a-zµ+:.-]{0,12}",
    ) {
        if let Ok(read) = text.parse::<Fault>() {
            prop_assert_eq!(fault(&read.to_string()), read);
        }
    }
}

#[test]
fn calls_have_the_names_that_faults_have_for_them() {
    let machine = "/v1/apps/shop/machines/1";
    let table = [
        ("GET", "/v1/apps/shop/machines", Some("list")),
        ("POST", "/v1/apps/shop/machines", Some("create")),
        ("POST", machine, Some("update")),
        ("GET", &format!("{machine}/wait"), Some("wait")),
        ("POST", &format!("{machine}/lease"), Some("lease")),
        ("DELETE", &format!("{machine}/lease"), Some("lease-release")),
        ("PUT", &format!("{machine}/metadata"), Some("metadata-patch")),
        ("POST", &format!("{machine}/metadata/key"), Some("metadata-set")),
        ("GET", "/api/v1/releases/all_current", Some("release-all-current")),
        ("POST", "/graphql", Some("graphql")),
        ("GET", "/v1/apps/shop/certificates", None),
    ];
    for (method, path, name) in table {
        assert_eq!(FaultPoint::action(method, path), name, "{method} {path}");
    }
}

#[test]
fn every_form_of_an_effect_can_happen_somewhere() {
    for form in FaultEffect::forms() {
        let points = ["get", "create", "update", "boot", "destroy", "uncordon"];
        let mut faults = points.iter().map(|point| format!("{point}={form}").parse::<Fault>());
        assert!(faults.any(|fault| fault.is_ok()), "{form}");
    }
}
