//! Waiting for a state: what may be waited for, and whether it has come.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    list::value_of,
    machine::{Fate, Machine},
    refusal::Refusal,
};
use crate::ids::is_ulid;

/// What can be waited for (fly.io API description: machines wait).
const WAITABLE: [&str; 6] = ["started", "stopped", "suspended", "destroyed", "failed", "settled"];
/// How long to wait when the request does not say; also the longest wait.
const LONGEST: u64 = 60;

/// A wait request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WaitFor {
    pub(crate) states: Vec<String>,
    pub(crate) timeout: Duration,
    version: Option<String>,
    from_event_id: Option<String>,
}

/// Where a wait stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Reached {
    /// The reply.
    Yes(Value),
    NotYet,
    /// The machine is destroyed, which was not what was waited for.
    Never,
}

impl WaitFor {
    /// Reads the query of a wait request. `state` may be repeated or hold a list.
    pub(crate) fn read(query: &[(String, String)]) -> Result<Self, Refusal> {
        let states = query.iter().filter(|(key, _)| key == "state");
        let mut states: Vec<String> =
            states.flat_map(|(_, list)| list.split(',').map(str::to_owned)).collect();
        if states.is_empty() {
            states.push("started".to_owned());
        }
        if let Some(unknown) = states.iter().find(|state| !WAITABLE.contains(&state.as_str())) {
            let why = format!("invalid WaitMachineRequest.State: '{unknown}'");
            return Err(Refusal::invalid(why));
        }
        let version = value_of(query, "version").or_else(|| value_of(query, "instance_id"));
        if let Some(bad) = version.filter(|version| !is_ulid(version)) {
            let why = format!("invalid WaitMachineRequest.Version: '{bad}'");
            return Err(Refusal::invalid(why));
        }
        let timeout = timeout(value_of(query, "timeout"))?;
        Ok(Self {
            states,
            timeout,
            version: version.map(str::to_owned),
            from_event_id: value_of(query, "from_event_id").map(str::to_owned),
        })
    }

    /// Whether `machine` is where this request wants it.
    pub(crate) fn look(&self, machine: &Machine) -> Reached {
        let last = machine.events.last().map(|event| event.id.as_str());
        let state = self.state_of(machine);
        let wanted = self.states.iter().any(|wanted| match wanted.as_str() {
            "settled" => state == machine.state.as_str() && machine.state.is_settled(),
            wanted => wanted == state,
        });
        let news = self.from_event_id.as_deref().is_none_or(|from| last > Some(from));
        if wanted && news {
            return Reached::Yes(json!({
                "ok": true,
                "state": state,
                "version": machine.version().id,
                "event_id": last,
            }));
        }
        if machine.is_destroyed() { Reached::Never } else { Reached::NotYet }
    }

    /// The refusal when the time is over.
    pub(crate) fn missed(&self, machine: &Machine) -> Refusal {
        let (wanted, state) = (self.states.join(","), self.state_of(machine));
        Refusal::deadline(format!(
            "machine failed to reach desired state, {wanted}, currently {state}"
        ))
    }

    /// The state of the version that is waited for: a version that is not the current one has
    /// an end of its own, which nothing that can be waited for equals.
    fn state_of(&self, machine: &Machine) -> &'static str {
        let asked = self.version.as_ref();
        let Some(version) = asked.filter(|asked| **asked != machine.version().id) else {
            return machine.state.as_str();
        };
        match machine.versions.iter().find(|known| known.id == *version).map(|known| known.fate) {
            Some(Fate::LaunchFailed) => "launch_failed",
            Some(Fate::Replaced | Fate::Current) => "replaced",
            None => "unknown",
        }
    }
}

fn timeout(text: Option<&str>) -> Result<Duration, Refusal> {
    let seconds = text.map_or(Some(LONGEST), |text| text.parse().ok());
    let inside = seconds.filter(|seconds| (1..=LONGEST).contains(seconds));
    inside.map(Duration::from_secs).ok_or_else(|| {
        Refusal::invalid(
            "invalid WaitMachineRequest.Timeout: value must be inside range [1s, 1m0s]",
        )
    })
}
