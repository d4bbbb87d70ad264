//! A table of steps, and a small platform to show that the steps always end at the goal.

use proptest::prelude::*;
use serde_json::json;

use super::*;

const CHECKED: &str = r#"{"checks": {"up": {"type": "http"}}, "image": "shop:v2", "metadata": {"pipeline_run": "run-1"}}"#;

fn wanted() -> Value {
    serde_json::from_str(CHECKED).unwrap()
}

fn old() -> Value {
    json!({"checks": {"up": {"type": "http"}}, "image": "shop:v1"})
}

fn goal(wanted_power: Wanted) -> Goal {
    Goal {
        place: Place::Machine("a".into()),
        region: None,
        config: wanted(),
        same: Same::Run { run: "run-1".into(), image: "shop:v2".into() },
        wanted: wanted_power,
        healthy: wanted_power == Wanted::Running,
        cordoned: Some(false),
        tests: Vec::new(),
    }
}

fn machine(state: &str, config: &Value, check: &str) -> Machine {
    serde_json::from_value(json!({
        "id": "a", "state": state, "instance_id": "v", "config": config,
        "checks": [{"name": "up", "status": check}],
    }))
    .unwrap()
}

#[test]
fn the_next_step_follows_from_what_is_seen() {
    let (new, old) = (wanted(), old());
    let gone = Step::Fail(Failure::Gone);
    let table = [
        ("started", &old, "passing", Step::Update),
        ("stopped", &old, "critical", Step::Update),
        ("starting", &old, "critical", Step::Update),
        ("replacing", &old, "passing", Step::Settle),
        ("stopping", &old, "critical", Step::Settle),
        ("replacing", &new, "critical", Step::Settle),
        ("starting", &new, "critical", Step::Settle),
        ("started", &new, "critical", Step::Watch),
        ("stopped", &new, "critical", Step::Start),
        ("failed", &new, "critical", Step::Start),
        ("created", &new, "critical", Step::Settle),
        ("started", &new, "passing", Step::Done),
        ("destroyed", &new, "critical", gone.clone()),
        ("destroying", &old, "critical", gone),
    ];
    for (state, config, check, step) in table {
        let seen = machine(state, config, check);
        assert_eq!(goal(Wanted::Running).step(&Memory::default(), Some(&seen)), step, "{state}");
    }
}

#[test]
fn machines_that_rest_stay_off_and_those_that_must_stop_are_stopped() {
    let new = wanted();
    let step = |wanted, state| {
        goal(wanted).step(&Memory::default(), Some(&machine(state, &new, "critical")))
    };
    for state in ["stopped", "created", "suspended", "failed", "started"] {
        assert_eq!(step(Wanted::Resting, state), Step::Done, "{state}");
    }
    assert_eq!(step(Wanted::Resting, "replacing"), Step::Settle);
    assert_eq!(step(Wanted::Stopped, "started"), Step::Stop);
    assert_eq!(step(Wanted::Stopped, "stopping"), Step::Settle);
    assert_eq!(step(Wanted::Stopped, "stopped"), Step::Done);
}

#[test]
fn the_pool_comes_last() {
    let cordoned = Machine { cordoned: true, ..machine("started", &wanted(), "passing") };
    let open = machine("started", &wanted(), "passing");
    let step =
        |pool, seen| goal(Wanted::Running).cordoned(pool).step(&Memory::default(), Some(seen));
    assert_eq!(step(Some(false), &cordoned), Step::Uncordon);
    assert_eq!(step(Some(true), &open), Step::Cordon);
    assert_eq!(step(None, &cordoned), Step::Done);
}

#[test]
fn a_machine_that_settled_at_another_version_is_doubted_once_and_then_reverted() {
    let seen = machine("started", &old(), "passing");
    let mut memory = Memory { held: Some("w".into()), ..Memory::default() };
    let goal = goal(Wanted::Running);
    memory.see(&goal, &seen);
    assert_eq!(goal.step(&memory, Some(&seen)), Step::Settle);
    memory.see(&goal, &seen);
    assert_eq!(goal.step(&memory, Some(&seen)), Step::Fail(Failure::Reverted));
}

#[test]
fn no_action_is_tried_for_ever() {
    let tired = Memory { updates: TRIES, starts: TRIES, creates: TRIES, ..Memory::default() };
    let gave_up = |action| Step::Fail(Failure::GaveUp { action, tries: TRIES });
    let step = |seen: &Machine| goal(Wanted::Running).step(&tired, Some(seen));
    assert_eq!(step(&machine("started", &old(), "passing")), gave_up("updated"));
    assert_eq!(step(&machine("stopped", &wanted(), "critical")), gave_up("started"));
    let place = Place::Launch("run-1.app.0".into());
    assert_eq!(Goal { place, ..goal(Wanted::Running) }.step(&tired, None), gave_up("created"));
}

#[test]
fn a_machine_that_is_still_being_prepared_is_let_alone_for_a_while() {
    let created = machine("created", &wanted(), "critical");
    let step = |stills| {
        let memory = Memory { stills, ..Memory::default() };
        goal(Wanted::Running).step(&memory, Some(&created))
    };
    assert_eq!((step(STUCK - 1), step(STUCK)), (Step::Settle, Step::Start));
}

#[test]
fn a_machine_without_checks_must_stay_up_for_a_while() {
    let config = json!({"image": "shop:v2", "metadata": {"pipeline_run": "run-1"}});
    let mut seen = machine("started", &config, "passing");
    seen.checks.clear();
    let step = |ups| goal(Wanted::Running).step(&Memory { ups, ..Memory::default() }, Some(&seen));
    assert_eq!((step(1), step(STEADY)), (Step::Watch, Step::Done));
}

#[test]
fn a_machine_that_crashed_is_not_waited_for() {
    let mut seen = machine("stopped", &wanted(), "critical");
    let exit = json!({"type": "exit", "request": {"exit_event": {"exit_code": 3}}});
    seen.events = serde_json::from_value(json!([exit, {"type": "update"}])).unwrap();
    let step = goal(Wanted::Running).step(&Memory::default(), Some(&seen));
    assert_eq!(step, Step::Fail(Failure::Crashed("it exited with code 3".into())));
}

#[test]
fn a_restored_machine_whose_tag_has_moved_is_given_its_image_by_digest() {
    let config = json!({"image": "shop:v1"});
    let was = Same::Was { instance: "u".into(), image: "shop:v1@sha256:1".into() };
    let goal = Goal { same: was, config: config.clone(), healthy: false, ..goal(Wanted::Running) };
    let mut seen = machine("started", &config, "passing");
    seen.image_ref.digest = "sha256:2".into();
    let mut memory = Memory { held: Some("v".into()), ..Memory::default() };
    memory.see(&goal, &seen);
    assert_eq!(goal.step(&memory, Some(&seen)), Step::Update);
    seen.config = goal.pinned();
    seen.image_ref.digest = "sha256:1".into();
    memory.see(&goal, &seen);
    assert_eq!(goal.step(&memory, Some(&seen)), Step::Done);
}

/// What the platform makes of a step: an honest model of the documented states.
fn platform(step: &Step, goal: &Goal, seen: Option<Machine>) -> Option<Machine> {
    let mut it = match (step, seen) {
        (Step::Create, None) => {
            let state = if goal.wanted == Wanted::Running { "starting" } else { "created" };
            return Some(machine(state, &goal.config, "critical"));
        }
        (_, seen) => seen?,
    };
    let after = match (step, &*it.state) {
        (Step::Update, "started" | "starting" | "failed") => {
            it.config = goal.config.clone();
            "replacing"
        }
        (Step::Update, _) => {
            it.config = goal.config.clone();
            "stopped"
        }
        (Step::Start, _) | (Step::Settle, "replacing" | "restarting") => "starting",
        (Step::Stop, _) => "stopping",
        (Step::Settle, "starting") => "started",
        (Step::Settle, "stopping" | "created" | "suspending") => "stopped",
        (_, state) => state,
    };
    it.state = after.to_owned();
    match step {
        Step::Cordon => it.cordoned = true,
        Step::Uncordon => it.cordoned = false,
        Step::Watch => it.checks[0].status = "passing".to_owned(),
        _ => {}
    }
    Some(it)
}

fn any_machine() -> impl Strategy<Value = Option<Machine>> {
    let states = [
        "created",
        "starting",
        "started",
        "stopping",
        "stopped",
        "suspending",
        "suspended",
        "restarting",
        "replacing",
        "failed",
    ];
    let known =
        (prop::sample::select(states.to_vec()), any::<bool>(), any::<bool>(), any::<bool>());
    prop::option::weighted(
        0.9,
        known.prop_map(|(state, new, cordoned, passing)| {
            let check = if passing { "passing" } else { "critical" };
            let config = if new { wanted() } else { old() };
            Machine { cordoned, ..machine(state, &config, check) }
        }),
    )
}

proptest! {
    #[test]
    fn from_any_half_way_state_the_steps_end_at_the_goal(
        start in any_machine(),
        power in prop::sample::select(vec![Wanted::Running, Wanted::Resting, Wanted::Stopped]),
        cordoned in any::<bool>(),
    ) {
        let place = Place::Launch("run-1.app.0".into());
        let goal = Goal { place, ..goal(power).cordoned(Some(cordoned)) };
        let (mut seen, mut steps) = (start, 0);
        loop {
            let step = goal.step(&Memory::default(), seen.as_ref());
            if step == Step::Done { break }
            prop_assert!(!matches!(step, Step::Fail(_)), "{step:?} at {seen:?}");
            steps += 1;
            prop_assert!(steps < 12, "no end: {step:?} at {seen:?}");
            seen = platform(&step, &goal, seen);
        }
        let end = seen.unwrap();
        prop_assert!(goal.is_at(&end));
        prop_assert_eq!(end.cordoned, cordoned);
        prop_assert!(power != Wanted::Running || (end.state == "started" && end.is_healthy()));
        prop_assert!(power != Wanted::Stopped || end.power() != Power::Up);
    }
}

#[test]
fn what_the_proxy_has_started_for_users_is_not_stopped_on_the_way_back() {
    let recorded = |services: serde_json::Value, state: &str| -> Recorded {
        serde_json::from_value(json!({
            "id": "a", "name": "", "region": "fra", "state": state, "instance_id": "v",
            "cordoned": false, "healthy": false, "image": "shop:v1", "config": {"services": services},
        }))
        .unwrap()
    };
    let table = [
        (json!([]), "stopped", Wanted::Stopped),
        (json!([{"autostart": false}]), "stopped", Wanted::Stopped),
        (json!([{"autostart": true}]), "stopped", Wanted::Resting),
        (json!([{"autostart": true}]), "suspended", Wanted::Resting),
        (json!([{"autostart": true}]), "started", Wanted::Running),
        (json!([]), "failed", Wanted::Resting),
    ];
    for (services, state, wanted) in table {
        assert_eq!(
            Goal::was(&recorded(services.clone(), state)).wanted,
            wanted,
            "{services} {state}"
        );
    }
}
