//! Machines that were well once must stay so: a release whose programs die after their checks have passed looks
//! fine each time it is looked at, because the platform starts them again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::api::Machine;
use crate::error::FlyError;

/// The version of a machine, and its last bad exit at the time it was first seen to be well.
#[derive(Debug, Default)]
pub(crate) struct Steady(Mutex<BTreeMap<Version, Option<i64>>>);

/// A machine at one version.
type Version = (String, String);

impl Steady {
    /// Takes down that a machine is well. What its program did before does not count: many a program dies
    /// once at its start, until what it needs is there.
    pub(crate) fn note(&self, machine: &Machine) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(version(machine)).or_insert_with(|| machine.last_abnormal_exit());
    }

    /// The first of the machines whose program has died since it was well.
    pub(crate) fn check(&self, machines: &[Machine]) -> Result<(), FlyError> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let died = |it: &&Machine| {
            let then = known.get(&version(it));
            then.is_some_and(|then| it.last_abnormal_exit() > *then)
        };
        match machines.iter().find(died) {
            None => Ok(()),
            Some(machine) => Err(FlyError::Crashed {
                machine: machine.id.clone(),
                how: machine.last_exit().unwrap_or_default(),
                log: None,
            }),
        }
    }
}

fn version(machine: &Machine) -> Version {
    (machine.id.clone(), machine.instance_id.clone())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn machine(instance: &str, events: &Value) -> Machine {
        serde_json::from_value(json!({"id": "a", "instance_id": instance, "events": events}))
            .unwrap()
    }

    fn exit(at: i64, code: i64) -> Value {
        json!({"type": "exit", "timestamp": at, "request": {"exit_event": {"exit_code": code, "restarting": true}}})
    }

    #[test]
    fn a_program_that_dies_after_it_was_well_is_told_and_one_that_died_before_is_not() {
        let steady = Steady::default();
        let (launch, start) = (json!({"type": "launch"}), json!({"type": "start"}));
        let before = machine("v1", &json!([start, exit(10, 1), start, launch]));
        steady.check(std::slice::from_ref(&before)).unwrap();
        steady.note(&before);
        steady.check(std::slice::from_ref(&before)).unwrap();
        let after = machine("v1", &json!([start, exit(20, 7), start, exit(10, 1), start, launch]));
        let error = steady.check(std::slice::from_ref(&after)).unwrap_err().to_string();
        assert_eq!(error, "machine a does not stay up: it exited with code 7");
        // A stop that was asked for is no death, and another version is another story.
        let ended = machine("v1", &json!([exit(20, 0), start, exit(10, 1), start, launch]));
        steady.check(&[ended]).unwrap();
        let update = json!({"type": "update"});
        steady.check(&[machine("v2", &json!([start, exit(20, 1), update]))]).unwrap();
    }
}
