//! Machines that run one command to its end: the release command, and machine checks. Their events are the
//! truth about how it ended; the machine goes in all cases.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::Instant;

use crate::api::{Exit, Machine, Power};
use crate::desired::{LAUNCH, RUN, VERSION};
use crate::fly_toml::ReleaseSpec;
use crate::group::TestSpec;

/// What people call the command that runs before a release.
pub(crate) const RELEASE_COMMAND: &str = "release_command";
/// In how many looks an end without an exit may stay unexplained: events come a little late.
const DOUBTS: u32 = 5;
/// How long a machine check may take (flyctl: as a release command).
const TEST: Duration = Duration::from_mins(5);

/// A command that runs once, on a machine of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct OneOff {
    /// What people call it, such as `release_command`.
    pub(crate) name: String,
    /// The command as it was written.
    pub(crate) line: String,
    /// Names its machine: unique to the run.
    pub(crate) launch: String,
    pub(crate) region: Option<String>,
    /// How long it may take; without it, as long as it likes.
    pub(crate) timeout: Option<Duration>,
    /// The whole configuration of its machine.
    pub(crate) config: Value,
}

/// The one thing to do next.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    Create,
    Start,
    Wait,
    Ended(Exit),
    /// It is gone, and nobody knows how it ended.
    Lost,
}

/// What was seen and done on the way.
#[derive(Debug, Default)]
pub(crate) struct Past {
    pub(crate) id: Option<String>,
    /// Since when it has been refused to start.
    pub(crate) refused: Option<Instant>,
    pub(crate) doubts: u32,
    pub(crate) creates: u32,
}

impl OneOff {
    /// The release command of `fly.toml`; its machine is named when a run is planned.
    pub(crate) fn release(spec: &ReleaseSpec, region: Option<&str>) -> Self {
        Self {
            name: RELEASE_COMMAND.to_owned(),
            line: spec.line.clone(),
            launch: String::new(),
            region: region.map(str::to_owned),
            timeout: spec.timeout,
            config: spec.config.clone(),
        }
    }

    /// A machine check of a machine: it runs beside it, and knows its address (flyctl: machinebasedtest.go).
    pub(crate) fn test(spec: &TestSpec, launch: &str, of: &Machine) -> Self {
        let mut config = spec.config.clone();
        if config["image"].is_null() {
            config["image"] = of.config["image"].clone();
        }
        config["env"]["FLY_TEST_MACHINE_IP"] = of.private_ip.as_str().into();
        for key in [RUN, VERSION] {
            config["metadata"][key] = of.config["metadata"][key].clone();
        }
        config["metadata"][LAUNCH] = launch.into();
        let words = config["init"]["cmd"].as_array().into_iter().flatten();
        let line = words.filter_map(Value::as_str).collect::<Vec<_>>().join(" ");
        Self {
            name: format!("{} of machine {}", spec.name, of.id),
            line,
            launch: launch.to_owned(),
            region: Some(of.region.clone()).filter(|it| !it.is_empty()),
            timeout: Some(TEST),
            config,
        }
    }

    /// From what is seen of its machine; pure, so that a run which was cut off goes on from where it was.
    pub(crate) fn step(past: &Past, machine: Option<&Machine>) -> Step {
        let Some(machine) = machine else {
            return match past {
                Past { id: None, .. } => Step::Create,
                // What was just made need not be found at once.
                Past { doubts, .. } if *doubts < DOUBTS => Step::Wait,
                _ => Step::Lost,
            };
        };
        match (machine.ended(), machine.power()) {
            (Some(exit), _) => Step::Ended(exit),
            (None, Power::Down) if !machine.was_started() => Step::Start,
            (None, Power::Moving) if machine.state == "created" => Step::Start,
            (None, Power::Gone | Power::Down) if past.doubts >= DOUBTS => Step::Lost,
            _ => Step::Wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn machine(state: &str, events: &Value) -> Machine {
        serde_json::from_value(json!({"id": "a", "state": state, "events": events})).unwrap()
    }

    fn exit(code: i64) -> Value {
        json!({"type": "exit", "request": {"exit_event": {"exit_code": code}}})
    }

    #[test]
    fn from_every_half_way_state_the_next_step_is_known() {
        let (launch, start) = (json!({"type": "launch"}), json!({"type": "start"}));
        let known = || Past { id: Some("a".into()), ..Past::default() };
        let doubtful = || Past { doubts: DOUBTS, ..known() };
        let table = [
            ("nothing yet", Past::default(), None, Step::Create),
            ("not found", known(), None, Step::Wait),
            ("not found for long", doubtful(), None, Step::Lost),
            ("prepared", known(), Some(machine("created", &json!([launch]))), Step::Start),
            ("settled", known(), Some(machine("stopped", &json!([launch]))), Step::Start),
            ("runs", known(), Some(machine("started", &json!([start, launch]))), Step::Wait),
            ("gone, no news", known(), Some(machine("destroyed", &json!([start]))), Step::Wait),
            (
                "no news for long",
                doubtful(),
                Some(machine("destroyed", &json!([start]))),
                Step::Lost,
            ),
            ("stopped, no news", known(), Some(machine("stopped", &json!([start]))), Step::Wait),
        ];
        for (what, past, machine, step) in table {
            assert_eq!(OneOff::step(&past, machine.as_ref()), step, "{what}");
        }
        for (code, good) in [(0, true), (3, false)] {
            let ended = machine("destroyed", &json!([exit(code), start, launch]));
            let Step::Ended(exit) = OneOff::step(&known(), Some(&ended)) else { panic!("{code}") };
            assert_eq!(exit.is_good(), good);
        }
        // It was started again after it had ended: the old end says nothing.
        let again = machine("started", &json!([start, exit(1), start]));
        assert_eq!(OneOff::step(&known(), Some(&again)), Step::Wait);
    }
}
