//! Each machine of a scene is one letter: `o` as it was and `n` new, both in the pool; `O` and `N` out of it;
//! `s` as it was and sick; `x` as it was and off; `e` an extra machine of the run.

use serde_json::{Value, json};

use super::*;
use crate::goal::Same;
use crate::plan::Place;

const RUN: &str = "run-1";

fn config(group: &str, image: char, served: bool) -> Value {
    let services = if served { json!([{"internal_port": 8080}]) } else { json!([]) };
    json!({"image": image, "metadata": {"fly_process_group": group}, "services": services})
}

fn machine(group: &str, (number, letter): (usize, char)) -> Machine {
    let image = if "nNe".contains(letter) { 'n' } else { 'o' };
    let status = if letter == 's' { "critical" } else { "passing" };
    serde_json::from_value(json!({
        "id": format!("{group}-{number}"), "name": if letter == 'e' { RUN } else { "" },
        "state": if letter == 'x' { "stopped" } else { "started" }, "instance_id": image,
        "cordoned": "ON".contains(letter), "config": config(group, image, group != "worker"),
        "checks": [{"name": "up", "status": status}],
    }))
    .unwrap()
}

fn goal(machine: &Machine) -> Goal {
    let group = group_of(&machine.config);
    Goal {
        place: Place::Machine(machine.id.clone()),
        region: None,
        config: config(&group, 'o', group != "worker"),
        same: Same::Was { instance: "o".into(), image: String::new() },
        wanted: Wanted::Running,
        healthy: true,
        cordoned: Some(false),
        tests: Vec::new(),
    }
}

fn scene(group: &str, letters: &str) -> (Vec<Goal>, Vec<Machine>) {
    let machines: Vec<Machine> = letters.chars().enumerate().map(|it| machine(group, it)).collect();
    let goals = machines.iter().filter(|it| it.name != RUN).map(goal).collect();
    (goals, machines)
}

fn is_extra(machine: &Machine) -> bool {
    machine.name == RUN
}

#[test]
fn users_go_back_at_once_where_enough_machines_are_as_they_were_and_else_as_few_go_first_as_will_do()
 {
    // Ready and astray; needed; calm and busy; whether the ready ones carry, and how many busy ones go first.
    let table = [
        ("ooo", (3, 0), 1, (3, 0), (true, 0)),
        ("onn", (1, 2), 1, (1, 2), (true, 0)),
        ("nnn", (0, 3), 1, (0, 3), (false, 1)),
        // One that is off, sick, or out of the pool anyway comes back without taking anybody down.
        ("nnx", (0, 2), 1, (1, 2), (false, 0)),
        ("nns", (0, 2), 1, (1, 2), (false, 0)),
        ("nnN", (0, 2), 1, (1, 2), (false, 0)),
        ("NNN", (0, 0), 1, (3, 0), (false, 0)),
        // Blue out of the pool, green in it.
        ("OOOeee", (3, 3), 1, (3, 0), (true, 0)),
        ("xxxeee", (0, 3), 1, (3, 0), (false, 0)),
        // Of ten, four may change at a time, and so four have to be there.
        ("nnnnnnnnnn", (0, 10), 4, (0, 10), (false, 4)),
        ("oonnnnnnnn", (2, 8), 4, (2, 8), (false, 2)),
        ("oxxnnnnnnn", (1, 7), 4, (3, 7), (false, 1)),
        ("oooonnnnnn", (4, 6), 4, (4, 6), (true, 0)),
    ];
    for (letters, sides, needed, work, ways) in table {
        let (goals, machines) = scene("app", letters);
        let all = Sides::of(goals, &machines, is_extra, 0.33);
        let [seen] = &all[..] else { panic!("{letters}: {all:?}") };
        assert!(seen.served, "{letters}");
        assert_eq!((seen.ready.len(), seen.astray.len()), sides, "{letters}");
        assert_eq!(seen.needed, needed, "{letters}");
        assert_eq!((seen.calm.len(), seen.busy.len()), work, "{letters}");
        assert_eq!((seen.carries(), seen.first()), ways, "{letters}");
    }
}

#[test]
fn groups_have_sides_of_their_own() {
    let (mut goals, mut machines) = scene("app", "onn");
    let (workers, more) = scene("worker", "nn");
    goals.extend(workers);
    machines.extend(more);
    let all = Sides::of(goals, &machines, is_extra, 0.33);
    let shapes: Vec<_> =
        all.iter().map(|it| (&*it.group, it.served, it.ready.len(), it.astray.len())).collect();
    assert_eq!(shapes, [("app", true, 1, 2), ("worker", false, 0, 0)]);
}
